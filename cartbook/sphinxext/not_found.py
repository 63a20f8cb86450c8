"""Write 404.html, the page that a host shows for an address that leads nowhere.

A host shows it at any depth, so its links cannot be relative to it. With a public address, links
begin at the host's root. Without one, a small script that the page looks for in its own folder and
in those above finds the site's root. The page has its own style, and says what to do if neither works.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from sphinx.application import Sphinx

from cartbook.csp import IN_PAGE
from cartbook.render import render
from cartbook.sphinxext.metadata import book_metadata
from cartbook.theme import FONT, HUES, INK

MAX_DEPTH = 5  # folders above the page in which the script is looked for


def not_found(book: str, pages: dict[str, str], address: str = "") -> str:
    """Return the page, with a link to each of ``pages`` (name in the site: title)."""
    colours = [
        {"link": HUES["blue"][side], **{name: pair[side] for name, pair in INK.items()}}
        for side in (0, 1)
    ]
    options = {"book": book, "pages": pages, "address": address, "root": urlsplit(address).path}
    style = {"font": FONT, "light": colours[0], "dark": colours[1]}
    return render("404.html", depth=MAX_DEPTH, policy=IN_PAGE, **options, **style)


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    names = [name for name in app.config.external_site_map if name in app.env.found_docs]
    titles = {name: book_metadata(app.env, name).get("title") for name in names}
    pages = {name: title or app.env.titles[name].astext() for name, title in titles.items()}
    text = not_found(str(app.config.html_title), pages, app.config.html_baseurl)
    (Path(app.outdir) / "404.html").write_text(text + "\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the step."""
    app.connect("build-finished", _build_finished)
