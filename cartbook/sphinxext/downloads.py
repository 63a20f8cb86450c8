"""The page that lists every download with its size.

PDF, EPUB and the packed site are made after a build (cartbook.export). A build offers them if
``$CARTBOOK_PRINT_DIR`` names their folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from cartbook.datapackage import read_descriptor
from cartbook.sphinxext.metadata import front_matter
from cartbook.sphinxext.nodes import node_of, records, screen, section
from cartbook.sphinxext.notebooks import ZIP_NAME
from cartbook.sphinxext.open_data import CATALOGUES

LOG = logging.getLogger(__name__)
PRINTED = {
    "car-t-in-numbers.pdf": ("The book as PDF", "to print, and to read as pages"),
    "car-t-in-numbers.epub": (
        "The book as EPUB",
        "for e-readers, and for phones without a network",
    ),
    "car-t-in-numbers-site.zip": (
        "The site as one zip",
        "unpack it and open index.html: every chart is live, with no server and no network",
    ),
}
NOTEBOOKS = ("All notebooks as one zip", "with the data and the package that they need")
TABLES = {
    "car-t-in-numbers.sqlite": ("All tables as one SQLite file", "to ask questions in SQL"),
    "datapackage.json": ("The data package", "tells a machine what every column means"),
    **{one["path"]: (one["title"], one["use"]) for one in CATALOGUES},
}
Items = dict[str, tuple[str, str]]  # path in the site: title, use


def print_files(top: Path) -> list[Path]:
    """Return the printed books that this build offers."""
    folder = os.environ.get("CARTBOOK_PRINT_DIR")
    paths = [top / folder / name for name in PRINTED] if folder else []
    return [path for path in paths if path.is_file()]


class Downloads(SphinxDirective):
    """``{downloads}``: every file that a reader can take away."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # the list follows the contents, the tables, and what is offered
        top = Path(self.env.srcdir)
        books = {f"downloads/{path.name}": PRINTED[path.name] for path in print_files(top)}
        if os.environ.get("CARTBOOK_PRINT_DIR") and not books:
            LOG.warning(
                "$CARTBOOK_PRINT_DIR names no folder with a printed book; run make dist",
                location=self.get_location(),
            )
        notebooks: Items = {f"downloads/{ZIP_NAME}": NOTEBOOKS}
        for docname in self.config.external_site_map:
            path = top / f"{docname}.md"
            source = path.read_text(encoding="utf-8") if path.is_file() else ""
            if "```{code-cell}" in source:
                title = front_matter(source).get("book", {}).get("title", docname)
                name = f"downloads/{Path(docname).name}.ipynb"
                notebooks[name] = (title, "notebook with its outputs")
        tables = {f"data/{name}": words for name, words in TABLES.items()}
        typed: Items = {}
        for table in read_descriptor(top / "data")["resources"]:
            tables[f"data/{table['path']}"] = (table["path"], table["title"])
            name = f"{table['name']}.parquet"
            typed[f"data/{name}"] = (name, table["title"])
        parts = {
            "The whole book": books,
            "Chapters as notebooks": notebooks,
            "Data": tables,
            "Data with types, as Parquet": typed,
        }
        return [_section(title, items) for title, items in parts.items() if items]


def _section(title: str, items: Items) -> nodes.section:
    listed = [{"path": path, "title": name, "use": use} for path, (name, use) in items.items()]
    return section(title, screen("", node_of({"kind": "downloads", "items": listed})))


def size(path: Path) -> str:
    """Return a file's size as a reader sees it."""
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def _doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Note the sizes of the files, which exports has written by now."""
    if app.builder.name == "html":
        for record in records(doctree, "downloads"):
            for item in record["items"]:
                path = Path(app.outdir) / item["path"]
                item["size"] = size(path) if path.is_file() else ""  # none after warnings


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("downloads", Downloads)
    app.connect("doctree-resolved", _doctree_resolved)
