"""The page that lists every download with its size.

PDF, EPUB and the packed site are made after a build (cartbook.export). A build offers them when
``$CARTBOOK_OFFERS`` names their folder; without it, the page lists what every build makes.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from cartbook.sphinxext.directives import front_matter
from cartbook.sphinxext.exports import ZIP_NAME
from cartbook.sphinxext.nodes import node_of, screen
from cartbook.validate import read_descriptor

LOG = logging.getLogger(__name__)
FOLDER = "CARTBOOK_OFFERS"
OFFERS = {
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
SIZE = re.compile(r'(<span data-size-of="([^"]+)">)[^<]*(</span>)')


def offered(top: Path) -> list[Path]:
    """The bound books that this build offers."""
    named = os.environ.get(FOLDER)
    return (
        [top / named / name for name in OFFERS if (top / named / name).is_file()] if named else []
    )


def _item(path: str, title: str, use: str) -> dict[str, str]:
    return {"path": path, "title": title, "use": use}


class Downloads(SphinxDirective):
    """``{downloads}``: every file that a reader can take away."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # the list follows the table of contents, the tables, and what is offered
        top = Path(self.env.srcdir)
        books = [_item(f"downloads/{path.name}", *OFFERS[path.name]) for path in offered(top)]
        if os.environ.get(FOLDER) and not books:
            LOG.warning(
                "$%s names no folder with a bound book; run make dist",
                FOLDER,
                location=self.get_location(),
            )
        notebooks = [
            _item(
                f"downloads/{ZIP_NAME}",
                "All notebooks as one zip",
                "with the data and the package that they need",
            )
        ]
        for docname in list(self.config.external_site_map):
            path = top / f"{docname}.md"
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            if "```{code-cell}" in text:
                title = front_matter(text).get("book", {}).get("title", docname)
                notebooks.append(
                    _item(
                        f"downloads/{Path(docname).name}.ipynb", title, "notebook with its outputs"
                    )
                )
        tables = [
            _item(
                "data/car-t-in-numbers.sqlite",
                "All tables as one SQLite file",
                "to ask questions in SQL",
            ),
            _item(
                "data/datapackage.json",
                "The data package",
                "tells a machine what every column means",
            ),
        ]
        tables += [
            _item(f"data/{one['path']}", one["path"], one["title"])
            for one in read_descriptor(top / "data")["resources"]
        ]
        parts = {"The whole book": books, "Chapters as notebooks": notebooks, "Data": tables}
        return [_part(title, items) for title, items in parts.items() if items]


def _part(title: str, items: list[dict[str, str]]) -> nodes.section:
    listed = screen("", node_of({"kind": "downloads", "items": items}))
    return nodes.section(
        "",
        nodes.title(text=title),
        listed,
        ids=[nodes.make_id(title)],
        names=[nodes.fully_normalize_name(title)],
    )


def size(path: Path) -> str:
    """A file's size as a reader sees it."""
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def finish(app: Sphinx) -> None:
    """Put what is offered into the site, and write every file's size beside it. Raises FileNotFoundError if one is not there."""
    out = Path(app.outdir)
    for path in offered(Path(app.srcdir)):
        shutil.copyfile(path, out / "downloads" / path.name)
    for docname in app.env.found_docs:
        page = out / f"{docname}.html"
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        if "data-size-of=" in text:
            page.write_text(
                SIZE.sub(lambda m: f"{m[1]}{size(out / m[2])}{m[3]}", text), encoding="utf-8"
            )
