"""What readers can take with them: notebooks, the package with its tables, one archive of all, one database.

A downloaded notebook is what a chapter showed: executed, with the values of its sentences filled in and the
book's own marks turned into plain Markdown, so that any Jupyter can show and run it.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx

from cartbook.check import MISSING, describe
from cartbook.figures import MIME as FIGURE_MIME
from cartbook.inert import as_markdown
from cartbook.quizzes import MIME as QUIZ_MIME

EPOCH = "1767225600"  # 2026-01-01: archives carry one fixed time, so that the same book is the same bytes
CONTAINER = re.compile(r"^(:{3,})\{([a-z-]+)\}[ ]?(.*)\n((?::[a-z-]+:.*\n)*)", re.MULTILINE)
SOLVED = "<!-- the solution ends here -->"  # not shown; whoever makes a notebook without solutions finds where to cut
ZIP_NAME = "car-t-in-numbers-notebooks.zip"
FIRST = """*{title}*, a chapter of CAR-T in Numbers, with its outputs.
To run it, install the book's package from beside it, once:

```
pip install ./{wheel}
```

Words and figures CC BY 4.0, code MIT. Not medical advice; not yet clinically reviewed."""


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the values that {eval} wrote into a page, in their order."""
    shown = [node.astext() for node in doctree.findall(nodes.inline) if node["classes"] == ["output", "text_plain"]]
    app.env.cartbook_values[app.env.docname] = shown  # type: ignore[attr-defined]


def plain(text: str, values: list[str], names: dict[str, str]) -> str:
    """MyST as plain Markdown: values filled in (taken from the front of the list), roles and boxes undone."""
    text = re.sub(r"{eval}`[^`]*`", lambda _: as_markdown(values.pop(0)), text)
    text = re.sub(r"{term}`([^`<]*?)(?: <[^`]*>)?`", r"\1", text)
    text = re.sub(r"{cite:t}`([^`]*)`", lambda m: ", ".join(names.get(one.strip(), one) for one in m[1].split(",")), text)
    text = re.sub(r"{cite(?::p)?}`([^`]*)`", lambda m: "(" + "; ".join(names.get(one.strip(), one) for one in m[1].split(",")) + ")", text)
    text = CONTAINER.sub(lambda m: _opening(m[2], m[3]), text)
    text = re.sub(r"^:{3,}$\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"\]\((\d\d-[a-z0-9-]+)\.md", r"](\1.ipynb", text)
    return text.replace("](../data/", "](data/")


def _opening(kind: str, title: str) -> str:
    words = {"exercise-start": "**Exercise**", "solution-start": "**Solution**"}
    if kind == "solution-end":
        return f"{SOLVED}\n\n"
    if kind == "exercise-end":
        return ""
    return f"{words.get(kind, f'**{title}**' if title else '')}\n\n"


def notebook(path: Path, title: str, values: list[str], names: dict[str, str], wheel: str) -> str:
    """A downloaded notebook, from the one that the build executed. Raises ValueError if a value is left over or lacking."""
    book = nbformat.read(path, as_version=4)
    rest = list(values)
    for cell in book.cells:
        if cell.cell_type == "markdown":
            try:
                cell.source = plain(cell.source, rest, names)
            except IndexError:
                raise ValueError(f"{path.stem}: the page shows fewer values than its text asks for") from None
        elif cell.cell_type == "code":
            cell.metadata = NotebookNode()
            for output in cell.outputs:
                if "data" in output:
                    output.metadata = NotebookNode()
                    for kind in (FIGURE_MIME, QUIZ_MIME):
                        output.data.pop(kind, None)
    if rest:
        raise ValueError(f"{path.stem}: {len(rest)} values of the page are left over")
    book.cells.insert(0, NotebookNode(cell_type="markdown", metadata=NotebookNode(), source=FIRST.format(title=title, wheel=wheel)))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book.metadata = NotebookNode(kernelspec=kernel, language_info={"name": "python"})
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"
    return str(nbformat.writes(book)) + "\n"


def wheel(top: Path, out: Path) -> Path:
    """Build the package's wheel, with tables and drawings inside, through the build backend that pip would use."""
    code = "import sys; sys.path.insert(0, 'builders/backend'); import flit_with_data; print(flit_with_data.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out.resolve())],
        cwd=top,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    packed = out / done.stdout.split()[-1]
    packed.chmod(0o644)
    return packed


def wheel_of(app: Sphinx) -> Path:
    """The wheel of this build; it is made once, for whichever part of the build asks first."""
    if not hasattr(app, "cartbook_wheel"):
        folder = Path(app.doctreedir) / "wheel"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        app.cartbook_wheel = wheel(Path(app.srcdir), folder)  # type: ignore[attr-defined]
    return Path(app.cartbook_wheel)  # type: ignore[attr-defined]


def database(data: Path, out: Path) -> None:
    """All tables as one SQLite file; a number that is not there is NULL, and NAME_missing says why."""
    out.unlink(missing_ok=True)
    # one transaction, begun by hand: in a Turkish locale Python does not see that an INSERT is one, and commits every row
    with sqlite3.connect(out, isolation_level=None) as base:
        base.execute("BEGIN")
        for table in describe(data)["resources"]:
            columns: list[str] = []
            for field in table["schema"]["fields"]:
                kind = {"integer": "INTEGER", "number": "REAL"}.get(field["type"], "TEXT")
                columns.append(f'"{field["name"]}" {kind}')
                columns += [f'"{field["name"]}_missing" TEXT'] if kind != "TEXT" else []
            base.execute(f'CREATE TABLE "{table["name"]}" ({", ".join(columns)})')
            with (data / table["path"]).open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    values: list[Any] = []
                    for field in table["schema"]["fields"]:
                        word = row[field["name"]]
                        values += [None, word] if word in MISSING and field["type"] in ("integer", "number") else [word]
                        values += [None] if word not in MISSING and field["type"] in ("integer", "number") else []
                    base.execute(f'INSERT INTO "{table["name"]}" VALUES ({", ".join("?" * len(values))})', values)
    base.close()


def archive(path: Path, files: dict[str, bytes]) -> None:
    """A zip whose bytes depend on its files alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, body in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            zipped.writestr(entry, body)


def write(app: Sphinx) -> None:
    """Write the site's downloads/ folder and its database."""
    top, out = Path(app.srcdir), Path(app.outdir)
    executed = out.parent / "jupyter_execute"
    target = out / "downloads"
    target.mkdir(exist_ok=True)
    with (top / "data" / "references.csv").open(encoding="utf-8", newline="") as file:
        names = {row["key"]: f"{row['first_author_printed'].split()[0]} {row['year']}" for row in csv.DictReader(file)}
    for old in target.iterdir():
        old.unlink()
    package = wheel_of(app)
    shutil.copy(package, target)
    files = {}
    for docname, values in sorted(app.env.cartbook_values.items()):  # type: ignore[attr-defined]
        source = executed / f"{docname}.ipynb"
        if not source.is_file():
            continue
        about = app.env.cartbook_about.get(docname, {})  # type: ignore[attr-defined]
        text = notebook(source, about.get("title", docname), values, names, package.name)
        name = f"{Path(docname).name}.ipynb"
        (target / name).write_text(text, encoding="utf-8")
        files[name] = text.encode()
    files[package.name] = package.read_bytes()
    files |= {f"data/{path.name}": path.read_bytes() for path in (top / "data").iterdir() if path.suffix in (".csv", ".json")}
    files["README.txt"] = (
        "CAR-T in Numbers: every chapter as a notebook, with the tables and the package.\n"
        f"  python -m venv .venv && .venv/bin/pip install ./{package.name} jupyterlab\n"
        "  .venv/bin/jupyter lab\n"
    ).encode()
    archive(target / ZIP_NAME, files)
    database(top / "data", out / "data" / "car-t-in-numbers.sqlite")
