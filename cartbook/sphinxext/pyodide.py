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
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.errors import ExtensionError
from sphinx.util import logging

from cartbook import quizzes
from cartbook.sphinxext.exports import archive, wheel_of
from cartbook.sphinxext.nodes import record

LOG = logging.getLogger(__name__)
CORE = ("pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
CORE_SCRIPT = ("pyodide.asm.js", "pyodide.asm.mjs")  # older releases have the one, newer the other
#: what Altair and the book need of a Pyodide release
FROM_RUNTIME = ("pandas", "jinja2", "jsonschema", "packaging")
#: pure Python: taken from the build, so that both draw alike
FROM_BUILD = ("altair", "narwhals", "typing_extensions")
#: large, and only cells like these need it
ON_DEMAND = {
    "scipy": r'^\s*(from|import) scipy\b|method="exact"|\b(pool|summary_rows|summary_of_findings|evidence_profile)\('
}
#: MB of Pyodide 0.27.7 as a host sends it, compressed: measured, for a build asks no host
AT_A_HOST = {"": 15.4, "scipy": 15.3}
SITE_ONLY = ("cartbook/export/", "cartbook/sphinxext/", "cartbook/static/")  # no chapter needs it


def _fail(problem: str) -> ExtensionError:
    return ExtensionError(f"cartbook_runtime in _config.yml: {problem}")


def runtime(app: Sphinx) -> str | Path | None:
    """Return the setting: an address, a folder, or None for no button. Raise ExtensionError if it is wrong."""
    setting = str(app.config.cartbook_runtime).strip()
    if setting in ("", "none"):
        return None
    if "://" in setting:
        if not re.fullmatch(r"https://[^\s?#]+/", setting):
            raise _fail(
                f"an address begins with https:// and ends with a slash; {setting!r} does not"
            )
        return setting
    folder = Path(app.srcdir) / setting
    if absent := [name for name in CORE if not (folder / name).is_file()]:
        raise _fail(f"{folder} is no Pyodide release: it lacks {', '.join(absent)}")
    return folder


def files_of(folder: Path, packages: Iterable[str]) -> list[Path]:
    """Return the files of a Pyodide release for its core and these packages.

    Raise ExtensionError for one that is not there.
    """
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted, todo = set(), list(packages)
    while todo:
        name = todo.pop()
        if name not in lock:
            raise _fail(f"the Pyodide release in {folder} has no {name}")
        if lock[name]["file_name"] not in wanted:
            wanted.add(lock[name]["file_name"])
            todo += lock[name]["depends"]
    scripts = [name for name in CORE_SCRIPT if (folder / name).is_file()]
    files = [folder / name for name in (*CORE, *sorted(wanted), *scripts)]
    if absent := [path.name for path in files if not path.is_file()]:
        raise _fail(f"{folder} lacks {', '.join(absent)}")
    return files


def packages(wheel: Path) -> dict[str, bytes]:
    """Return the files of run/packages.zip: the book's package, and those of the build that it needs."""
    with zipfile.ZipFile(wheel) as packed:
        names = [name for name in packed.namelist() if not name.startswith(SITE_ONLY)]
        files = {name: packed.read(name) for name in names}
    for name in FROM_BUILD:
        for path in distribution(name).files or []:
            needed = path.suffix in (".py", ".json") or path.name == "METADATA"
            if needed and not {"..", "__pycache__"} & set(path.parts):
                files[str(path)] = path.read_binary()
    return files


def _archive(app: Sphinx) -> Path:
    return Path(app.outdir) / "run" / "packages.zip"


def _source(cell: nbformat.NotebookNode) -> str:
    """Return the code of a cell for the page, which has the quiz already and keeps it without its answers in code."""
    return "# The quiz, which stays as it is" if quizzes.shown_by(cell) else str(cell.source)


def _doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give the button of a page the sources of its cells, hidden ones too; or remove it."""
    notebook = Path(app.outdir).parent / "jupyter_execute" / f"{docname}.ipynb"
    for node in list(doctree.findall(record)):
        if node["record"]["kind"] == "run" and app.builder.name == "html":
            if (source := runtime(app)) is None or not notebook.is_file():
                node.parent.remove(node)
                continue
            cells: list[dict[str, Any]] = [
                {
                    "source": _source(cell),
                    "placed": "remove-cell" not in cell.metadata.get("tags", []),
                }
                for cell in nbformat.read(notebook, as_version=4).cells
                if cell.cell_type == "code"
            ]
            places = (
                one
                for one in doctree.findall(nodes.container)
                if one.get("nb_element") == "cell_code"
            )
            if len(list(places)) != sum(cell["placed"] for cell in cells):
                LOG.warning("%s: its cells and their places in the page do not pair", docname)
            node["record"] |= button(source, cells, _archive(app).stat().st_size / 1e6)


def button(source: str | Path, cells: list[dict[str, Any]], size: float) -> dict[str, Any]:
    """Return the record of the button: where Python comes from, and how many MB a click loads."""
    code = "\n".join(cell["source"] for cell in cells)
    extra = [name for name, asking in ON_DEMAND.items() if re.search(asking, code, re.MULTILINE)]
    if isinstance(source, Path):
        files = files_of(source, [*FROM_RUNTIME, *extra])
        size += sum(path.stat().st_size for path in files) / 1e6
        host, address = "this site", "../run/runtime/"
    else:
        size += sum(AT_A_HOST[name] for name in ("", *extra))
        host, address = urlsplit(source).netloc, source
    loads = " ".join(FROM_RUNTIME)
    place = {"host": host, "runtime": address, "loads": loads}
    return {"kind": "run", "cells": cells, "size": size, **place}


def _write_started(app: Sphinx, builder: Builder) -> None:
    """Write the site's folder run/: packages.zip, and the runtime where it is the site's own."""
    if builder.name != "html":
        return
    folder, source = _archive(app).parent, runtime(app)
    shutil.rmtree(folder, ignore_errors=True)
    if source is not None:
        folder.mkdir(parents=True)
        archive(_archive(app), packages(wheel_of(app)))
    if isinstance(source, Path):
        (folder / "runtime").mkdir()
        for path in files_of(source, [*FROM_RUNTIME, *ON_DEMAND]):
            shutil.copyfile(path, folder / "runtime" / path.name)


def setup(app: Sphinx) -> None:
    """Register the setting; check it before anything executes."""
    app.add_config_value("cartbook_runtime", "none", "html", [str])
    app.add_js_file("run.js", loading_method="defer")
    app.connect("builder-inited", runtime)
    app.connect("doctree-resolved", _doctree_resolved)
    app.connect("write-started", _write_started)
