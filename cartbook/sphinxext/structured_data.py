"""Describe pages to machines: previews, schema.org data, preview cards, sitemap.

The site's address is one setting: ``html: baseurl:`` in _config.yml, or $CARTBOOK_BASE_URL. Without
it there is no canonical address, no card and no sitemap, and addresses in the data are relative.
"""

from __future__ import annotations

import json
import os
import posixpath
import shutil
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import vl_convert
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from cartbook.render import render
from cartbook.sphinxext import evidence
from cartbook.sphinxext.feed import NAME as FEED
from cartbook.sphinxext.metadata import book_metadata
from cartbook.sphinxext.nodes import records
from cartbook.sphinxext.open_data import CATALOGUES
from cartbook.theme import FONT, INK, colour

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
REVIEW = {
    "@type": "ScholarlyArticle",
    "name": "Clinical development of chimeric antigen receptor-T cell therapy for hematological malignancies",
    "identifier": "doi:10.1097/CM9.0000000000002549",
    "url": "https://doi.org/10.1097/CM9.0000000000002549",
}
TOPICS = ("CAR-T cell therapy", "blood cancers", "clinical trials")
DICTIONARY = "chapters/data-dictionary"
SIZE = {"width": 1200, "height": 630}  # px of a card, as the sites that show previews ask for
DATABASE = {
    "title": "All tables as one SQLite file",
    "description": "Every table of the book in one database.",
    "path": "car-t-in-numbers.sqlite",
    "mediatype": "application/vnd.sqlite3",
}
DESCRIPTOR = {
    "title": "Description of the tables",
    "description": "Every table and column, as a Frictionless data package.",
    "path": "datapackage.json",
    "mediatype": "application/json",
}


def public_address(setting: str) -> str:
    """Return the site's address with a slash at its end, "" for none. Raise ConfigError if it is not one."""
    setting = setting.strip()
    if not setting:
        return ""
    parts = urlsplit(setting)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(
            f"the public address {setting!r} (CARTBOOK_BASE_URL, or html: baseurl: in _config.yml) "
            "is not one like https://example.org/book/"
        )
    return setting.rstrip("/") + "/"


def _config_inited(app: Sphinx, config: Config) -> None:
    setting = os.environ.get("CARTBOOK_BASE_URL") or config.html_baseurl or ""
    config.html_baseurl = public_address(setting)


def card(title: str, foot: str, picture: Mapping[str, Any]) -> bytes:
    """Draw a PNG that shows a page's title beside one of its charts, with a line at the foot."""
    lines, font_size = textwrap.wrap(title, 21), 54
    if len(lines) > 6:
        lines, font_size = textwrap.wrap(title, 27), 42
    words = {"lines": lines, "foot": textwrap.wrap(foot, 34), "font": FONT.replace('"', "")}
    ink = {name: light for name, (light, _) in INK.items()} | {"blue": colour("blue")}
    svg = render("card.svg", picture=picture, font_size=font_size, ink=ink, **SIZE, **words)
    return bytes(vl_convert.svg_to_png(svg, scale=1))


def describe(app: Sphinx, name: str, title: str, doctree: nodes.document | None) -> dict[str, Any]:
    """Return what the template head.html says of a page; draw its card if the site has an address."""
    book, base = str(app.config.html_title), app.config.html_baseurl
    root, own = app.config.root_doc, book_metadata(app.env, name)
    if name in app.env.titles:
        title = app.env.titles[name].astext()
    page = {
        "book": book,
        "title": title.strip() or book,
        "description": own.get("description")
        or book_metadata(app.env, root).get("description", book),
        "chapter": own.get("title") if "minutes" in own else None,
        "kind": "website" if name == root else "article",
        "own": "description" in own,
        "text": f"{Path(name).name}.txt",
        **SIZE,
    }

    def to(target: str) -> str:
        return (
            urljoin(base, target)
            if base
            else posixpath.relpath(target, posixpath.dirname(name) or ".")
        )

    page["feed"] = to(FEED)
    page["url"] = to(f"{name}.html") if base else ""
    if base:
        page["image"], page["image_alt"] = "cards/index.png", f"A chart of the book {book}"
        if figure := next(records(doctree, "figure"), None) if doctree else None:
            foot = book if page["title"] != book else f"{page['description'].split('. ')[0]}."
            path = Path(app.outdir) / "cards" / f"{Path(name).name}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(card(page["title"], foot, figure["narrow"]))
            page["image"], page["image_alt"] = f"cards/{path.name}", f"Chart: {figure['title']}"
        page["image"] = to(page["image"])
    return page | {"data": _data(app, name, page, own, to)}


def _data(
    app: Sphinx,
    name: str,
    page: Mapping[str, Any],
    own: Mapping[str, Any],
    to: Callable[[str], str],
) -> dict[str, Any] | None:
    """Return a page in schema.org's terms; None if it is neither the book, a chapter nor the data."""
    work = {
        "@context": "https://schema.org",
        "name": page["title"],
        "description": page["description"],
        "url": to(f"{name}.html"),
        "inLanguage": "en-GB",
        "license": LICENCE,
        "author": {"@type": "Organization", "name": str(app.config.author)},
        "isAccessibleForFree": True,
        "isBasedOn": REVIEW,
    }
    topics = [{"@type": "Thing", "name": one} for one in TOPICS]
    part = {"isPartOf": {"@type": "Book", "name": page["book"], "url": to("index.html")}}
    if name == app.config.root_doc:
        books = {one: book_metadata(app.env, one) for one in app.config.external_site_map}
        chapters = [(one, book) for one, book in books.items() if "minutes" in book]
        return work | {
            "@type": "Book",
            "name": page["book"],
            "bookFormat": "https://schema.org/EBook",
            "copyrightYear": int(str(app.config.copyright)[:4]),
            "about": topics,
            "hasPart": [
                {
                    "@type": ["Chapter", "LearningResource"],
                    "name": book["title"],
                    "url": to(f"{one}.html"),
                    "position": place,
                }
                for place, (one, book) in enumerate(chapters, start=1)
            ],
        }
    if name == DICTIONARY:
        descriptor = Path(app.srcdir) / "data" / "datapackage.json"
        package = json.loads(descriptor.read_text(encoding="utf-8"))
        files = [
            {
                "@type": "DataDownload",
                "name": one["title"],
                "description": one["description"],
                "contentUrl": to(f"data/{one['path']}"),
                "encodingFormat": one["mediatype"],
            }
            for one in [*package["resources"], DATABASE, DESCRIPTOR, *CATALOGUES]
        ]
        names = {"name": package["title"], "description": package["description"]}
        return work | part | names | {"@type": "Dataset", "distribution": files}
    if "minutes" not in own:
        return None
    before = (book_metadata(app.env, f"chapters/{one}") for one in own.get("prerequisites", []))
    forms = {f"chapters/{page['text']}": "text/plain"}
    forms[f"downloads/{Path(name).name}.ipynb"] = "application/x-ipynb+json"
    return (
        work
        | part
        | {
            "@type": ["Chapter", "LearningResource"],
            "headline": page["title"],
            "name": own["title"],
            "learningResourceType": ["lesson", "quiz", "exercise"],
            "educationalLevel": own["level"],
            "timeRequired": f"PT{sum(own['minutes'].values())}M",
            "teaches": own["objectives"],
            "competencyRequired": [one["title"] for one in before if one],
            "about": [{"@type": "Thing", "name": own["title"]}, *topics],
            "encoding": [
                {"@type": "MediaObject", "contentUrl": to(path), "encodingFormat": kind}
                for path, kind in forms.items()
            ],
        }
    )


def outline(app: Sphinx) -> str:
    """Return llms.txt: what the book is, its pages as plain text, and its data, each with an address."""
    own = book_metadata(app.env, str(app.config.root_doc))
    names = [name for name in app.config.external_site_map if name in app.env.found_docs]
    pages = [
        {"name": name, **about}
        for name in names
        if "minutes" in (about := book_metadata(app.env, name))
    ]
    package = json.loads((Path(app.srcdir) / "data" / DESCRIPTOR["path"]).read_text("utf-8"))
    tables = [DESCRIPTOR, DATABASE, *package["resources"]]
    base = app.config.html_baseurl
    return render(
        "llms.txt", book=app.config.html_title, own=own, pages=pages, tables=tables, base=base
    )


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    """Write llms.txt, the sitemap, and robots.txt where a crawler looks for it: at a host's root."""
    if error or app.builder.name != "html":
        return
    out, base = Path(app.outdir), app.config.html_baseurl
    (out / "llms.txt").write_text(f"{outline(app)}\n", encoding="utf-8")
    for name in ("sitemap.xml", "robots.txt"):
        (out / name).unlink(missing_ok=True)
    if not base:
        shutil.rmtree(out / "cards", ignore_errors=True)
        return
    names = [one for one in app.config.external_site_map if one in app.env.found_docs]
    pages = [f"{base}{one}.html" for one in [*names, *evidence.pages(app.env)]]
    (out / "sitemap.xml").write_text(render("sitemap.xml", pages=pages), encoding="utf-8")
    if urlsplit(base).path == "/":
        text = f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n"
        (out / "robots.txt").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the steps."""
    app.connect("config-inited", _config_inited)
    app.connect("build-finished", _build_finished)
