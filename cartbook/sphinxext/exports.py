"""What readers can take with them: notebooks, the package with its tables, one archive of all, one database."""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from cartbook.sphinxext import notebooks
from cartbook.validate import MISSING, read_descriptor

EPOCH = "1767225600"  # 2026-01-01: archives carry one fixed time, so that the same book is the same bytes
ZIP_NAME = "car-t-in-numbers-notebooks.zip"
README = """CAR-T in Numbers: every chapter as a notebook, with the tables and the package.

It needs Python 3.11 or newer. In this folder, once:

  Linux, macOS
    python3 -m venv .venv
    .venv/bin/python -m pip install ./{wheel} jupyterlab

  Windows
    py -m venv .venv
    .venv\\Scripts\\python -m pip install .\\{wheel} jupyterlab

Then, each time:

  Linux, macOS
    .venv/bin/jupyter lab

  Windows
    .venv\\Scripts\\jupyter lab

Open a chapter and choose Run, then Run All Cells.
"""


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the values that {eval} wrote into a page, in their order."""
    shown = [
        node.astext()
        for node in doctree.findall(nodes.inline)
        if node["classes"] == ["output", "text_plain"]
    ]
    app.env.cartbook_values[app.env.docname] = shown  # type: ignore[attr-defined]


def wheel(top: Path, out: Path) -> Path:
    """Build the package's wheel, with tables and drawings inside, through the build backend that pip would use."""
    code = "import sys; sys.path.insert(0, 'scripts'); import flit_with_data; print(flit_with_data.build_wheel(sys.argv[1]))"
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
        for table in read_descriptor(data)["resources"]:
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
                        values += (
                            [None, word]
                            if word in MISSING and field["type"] in ("integer", "number")
                            else [word]
                        )
                        values += (
                            [None]
                            if word not in MISSING and field["type"] in ("integer", "number")
                            else []
                        )
                    base.execute(
                        f'INSERT INTO "{table["name"]}" VALUES ({", ".join("?" * len(values))})',
                        values,
                    )
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
    for old in target.iterdir():
        old.unlink()
    package = wheel_of(app)
    shutil.copy(package, target)
    files: dict[str, bytes] = {}
    pages = {
        docname: values
        for docname, values in sorted(app.env.cartbook_values.items())  # type: ignore[attr-defined]
        if (executed / f"{docname}.ipynb").is_file()
    }
    book = notebooks.Book(package.name, ZIP_NAME, address=app.config.html_baseurl)
    for bibliography in app.config.bibtex_bibfiles:
        book.citations |= notebooks.citations(top / bibliography)
    for docname in pages:
        book.add(Path(docname).name, Path(app.env.doc2path(docname)).read_text(encoding="utf-8"))
    for docname, values in pages.items():
        about = app.env.cartbook_about.get(docname, {})  # type: ignore[attr-defined]
        numbers = {
            label: number[0]
            for label, number in app.env.toc_fignumbers.get(docname, {}).get("exercise", {}).items()
        }
        text = notebooks.notebook(
            executed / f"{docname}.ipynb", about.get("title", docname), values, book, numbers
        )
        name = f"{Path(docname).name}.ipynb"
        (target / name).write_text(text, encoding="utf-8")
        files[name] = text.encode()
    files[package.name] = package.read_bytes()
    files |= {
        f"data/{path.name}": path.read_bytes()
        for path in (top / "data").iterdir()
        if path.suffix in (".csv", ".json")
    }
    files["README.txt"] = README.format(wheel=package.name).encode()
    archive(target / ZIP_NAME, files)
    database(top / "data", out / "data" / "car-t-in-numbers.sqlite")
