"""Run a chapter in its page: what the button needs, and where it comes from.

``cartbook_runtime`` in _config.yml says where a page's Python, Pyodide, comes from:

- ``none``: there is no button;
- a folder: an unpacked Pyodide release, of which the site takes what the chapters need;
- an address that begins with https:// and ends with a slash: that host, asked after the click only.

A page with the button holds the sources of its cells, hidden ones too, as JSON. The script run.js
does the rest, with run-worker.js, ``run/packages.zip`` (this package with its tables, and the
Altair that the build used) and cartbook.cell_runner.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterable
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from cartbook.escape import in_page
from cartbook.sphinxext.exports import archive, wheel_of
from cartbook.sphinxext.nodes import screen

LOG = logging.getLogger(__name__)
CORE = ("pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
CORE_SCRIPT = (
    "pyodide.asm.js",
    "pyodide.asm.mjs",
)  # older releases have the one, newer ones the other
FROM_RUNTIME = (
    "pandas",
    "jinja2",
    "jsonschema",
    "packaging",
)  # what Altair and the book need of a Pyodide release
FROM_BUILD = (
    "altair",
    "narwhals",
    "typing_extensions",
)  # pure Python: taken from the build, so that both draw alike
ON_DEMAND = {
    "scipy": r'^\s*(from|import) scipy\b|method="exact"'
}  # large, and only cells like these ask for it
AT_A_HOST = {
    "": 15.4,
    "scipy": 15.3,
}  # MB of Pyodide 0.27.7 as a host sends it, compressed: measured, for a build asks no host
PLACE = "<!-- run this chapter -->"


def runtime(app: Sphinx) -> str | Path | None:
    """The setting, checked: an address, a folder, or None for no button."""
    said = str(app.config.cartbook_runtime).strip()
    if said in ("", "none"):
        return None
    if "://" in said:
        if not re.fullmatch(r"https://[^\s?#]+/", said):
            raise ExtensionError(
                f"cartbook_runtime in _config.yml: an address begins with https:// and ends with a slash; {said!r} does not"
            )
        return said
    folder = Path(app.srcdir) / said
    if lacking := [name for name in CORE if not (folder / name).is_file()]:
        raise ExtensionError(
            f"cartbook_runtime in _config.yml: {folder} is no Pyodide release: it lacks {', '.join(lacking)}"
        )
    return folder


def files_of(folder: Path, packages: Iterable[str]) -> list[Path]:
    """The files of a Pyodide release that its core and these packages need. Raises ExtensionError for one that is not there."""
    entries: dict[str, dict[str, Any]] = json.loads(
        (folder / "pyodide-lock.json").read_text(encoding="utf-8")
    )["packages"]
    wanted, todo = set(), list(packages)
    while todo:
        name = todo.pop()
        if name not in entries:
            raise ExtensionError(
                f"cartbook_runtime in _config.yml: the Pyodide release in {folder} has no {name}"
            )
        if entries[name]["file_name"] not in wanted:
            wanted.add(entries[name]["file_name"])
            todo += entries[name]["depends"]
    files = [folder / name for name in [*CORE, *sorted(wanted)]] + [
        path for name in CORE_SCRIPT if (path := folder / name).is_file()
    ]
    if lacking := [path.name for path in files if not path.is_file()]:
        raise ExtensionError(
            f"cartbook_runtime in _config.yml: {folder} lacks {', '.join(lacking)}"
        )
    return files


def packages(book: Path) -> dict[str, bytes]:
    """The files of run/packages.zip: the book's package, and those of the build that a runtime has in other versions."""
    with zipfile.ZipFile(book) as packed:
        files = {
            name: packed.read(name)
            for name in packed.namelist()
            if not name.startswith(("cartbook/export/", "cartbook/sphinxext/", "cartbook/static/"))
        }
    for name in FROM_BUILD:
        for path in distribution(name).files or []:
            if (path.suffix in (".py", ".json") or path.name == "METADATA") and not {
                "..",
                "__pycache__",
            } & set(path.parts):
                files[str(path)] = path.read_binary()
    return files


def cells(notebook: Path) -> list[dict[str, Any]]:
    """The code cells of an executed chapter in their order, and whether each has a place in the page."""
    tagged = [
        (cell.source, cell.metadata.get("tags", []))
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.cell_type == "code"
    ]
    return [{"source": source, "placed": "remove-cell" not in tags} for source, tags in tagged]


def _place(app: Sphinx, doctree: nodes.document) -> None:
    """Keep a place for the button, under a chapter's answer and its facts."""
    answer = next(
        (one for one in doctree.findall(nodes.admonition) if "answer" in one["classes"]), None
    )
    about = app.env.cartbook_about.get(app.env.docname, {})  # type: ignore[attr-defined]
    if answer is not None and "minutes" in about:
        answer.parent.insert(
            answer.parent.index(answer) + 2, screen("", nodes.raw(text=PLACE, format="html"))
        )


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Put the button and the cells into the page."""
    body = context.get("body", "")
    notebook = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    source = runtime(app)
    if app.builder.name != "html" or PLACE not in body or source is None or not notebook.is_file():
        return
    found = cells(notebook)
    if len(re.findall(r'<div class="cell[ "]', body)) != sum(cell["placed"] for cell in found):
        LOG.warning(
            "%s: its cells and their places in the page do not pair; see cartbook/sphinxext/pyodide.py",
            pagename,
            type="cartbook",
        )
    root = "../" * pagename.count("/")
    code = "\n".join(cell["source"] for cell in found)
    extra = [name for name, asking in ON_DEMAND.items() if re.search(asking, code, re.MULTILINE)]
    if isinstance(source, Path):
        size = sum(path.stat().st_size for path in files_of(source, [*FROM_RUNTIME, *extra])) / 1e6
        address, host = f"{root}run/runtime/", "this site"
    else:
        size, address, host = (
            sum(AT_A_HOST[name] for name in ["", *extra]),
            source,
            urlsplit(source).netloc,
        )
    size += _packed(app).stat().st_size / 1e6
    context["body"] = body.replace(PLACE, button(address, host, root, size, found))
    app.add_js_file("run.js", loading_method="defer")


def button(address: str, host: str, root: str, size: float, found: list[dict[str, Any]]) -> str:
    """The button and what its script needs; hidden, for without scripts it could do nothing."""
    where = "this site" if host == "this site" else f"{host} and this site"
    data = {"runtime": address, "host": host, "root": root, "loads": " ".join(FROM_RUNTIME)}
    marks = "".join(f' data-{name}="{escape(value, quote=True)}"' for name, value in data.items())
    return (
        f'<section class="cb-run" aria-label="Run this chapter"{marks} hidden>'
        '<button type="button" class="cb-run-start">Run this chapter here</button>'
        f'<p class="cb-run-offer">Change its code and see what changes, with nothing to install. A click loads Python, about {size:.0f} MB, from {escape(where)}.</p>'
        '<div class="cb-run-bar"><p role="status"></p></div>'
        f'<script type="application/json" class="cb-run-cells">{in_page(found)}</script></section>'
    )


def _packed(app: Sphinx) -> Path:
    """Where packages.zip lies until the site is written."""
    return Path(app.doctreedir) / "made-for-running" / "packages.zip"


def _prepare(app: Sphinx) -> None:
    """Check the setting before anything executes, and pack the packages, for pages name their size."""
    if runtime(app) is None:
        return
    _packed(app).parent.mkdir(parents=True, exist_ok=True)
    archive(_packed(app), packages(wheel_of(app)))


def write(app: Sphinx) -> None:
    """Write the site's run/ folder: packages.zip, and the runtime where it is the site's own."""
    out, source = Path(app.outdir) / "run", runtime(app)
    shutil.rmtree(out, ignore_errors=True)
    if source is None:
        return
    out.mkdir()
    shutil.copy(_packed(app), out)
    if isinstance(source, Path):
        (out / "runtime").mkdir()
        for path in files_of(source, [*FROM_RUNTIME, *ON_DEMAND]):
            shutil.copyfile(path, out / "runtime" / path.name)


def setup(app: Sphinx) -> None:
    """Called by cartbook.sphinxext, after it has connected its own steps."""
    app.add_config_value("cartbook_runtime", "none", "html", [str])
    app.connect("builder-inited", _prepare)
    app.connect("doctree-read", _place)
    app.connect("html-page-context", _page)
