"""What machines read of a page: preview cards, schema.org data, and addresses where the public one is known.

The public address is one setting: ``html: baseurl:`` in _config.yml, or CARTBOOK_ADDRESS. Where it is empty,
there is no canonical address, no preview picture and no sitemap, and addresses in the data are relative.
All of it is made from front matter, doctrees and records.
"""

from __future__ import annotations

import json
import os
import posixpath
import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import vl_convert
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from cartbook.sphinxext import evidence
from cartbook.sphinxext.nodes import records
from cartbook.theme import FONT, INK, colour

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
REVIEW = {
    "@type": "ScholarlyArticle",
    "name": "Clinical development of chimeric antigen receptor-T cell therapy for hematological malignancies",
    "identifier": "doi:10.1097/CM9.0000000000002549",
    "url": "https://doi.org/10.1097/CM9.0000000000002549",
}
TOPICS = ("CAR-T cell therapy", "blood cancers", "clinical trials")
GLOSSARY, DICTIONARY = "chapters/21-glossary", "chapters/22-data-dictionary"
WIDE, HIGH = 1200, 630  # px of a card, as the sites that show previews ask for


def public_address(setting: str) -> str:
    """The site's public address with its last slash; empty if there is none. Raises ConfigError if it is not one."""
    setting = setting.strip()
    if not setting:
        return ""
    parts = urlsplit(setting)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(
            f"the public address {setting!r} (CARTBOOK_ADDRESS, or html: baseurl: in _config.yml) is not one like https://example.org/book/"
        )
    return setting.rstrip("/") + "/"


def _address(app: Sphinx, config: Config) -> None:
    config.html_baseurl = public_address(
        os.environ.get("CARTBOOK_ADDRESS") or config.html_baseurl or ""
    )


def _lines(lines: list[str]) -> str:
    return "".join(
        f'<tspan x="64" dy="{1.2 if number else 0}em">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )


def card(title: str, under: str, picture: Mapping[str, Any]) -> bytes:
    """Draw a PNG that shows a page's question beside one of its charts, with ``under`` at the foot."""
    lines = textwrap.wrap(title, 21)
    size = 54 if len(lines) <= 6 else 42
    lines = lines if size == 54 else textwrap.wrap(title, 27)
    foot = textwrap.wrap(under, 34)
    words = f'font-family="{FONT.replace(chr(34), "")}"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}">'
        f'<rect width="{WIDE}" height="{HIGH}" fill="{INK["paper"][0]}"/><rect width="16" height="{HIGH}" fill="{colour("blue")}"/>'
        f'<text {words} font-size="{size}" font-weight="600" fill="{INK["text"][0]}" y="{64 + size}">{_lines(lines)}</text>'
        f'<text {words} font-size="28" fill="{INK["quiet"][0]}" y="{HIGH - 50 - 34 * (len(foot) - 1)}">{_lines(foot)}</text>'
        f'<svg x="620" y="50" width="540" height="{HIGH - 100}" viewBox="0 0 {picture["width"]:g} {picture["height"]:g}" preserveAspectRatio="xMidYMid meet" {words}>{picture["body"]}</svg></svg>'
    )
    return bytes(vl_convert.svg_to_png(svg, scale=1))


def written(data: dict[str, Any]) -> str:
    """JSON-LD in its element; no string of it can end the element."""
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/ld+json">{text}</script>'


class Page:
    """What is known of one page while it is written."""

    def __init__(self, app: Sphinx, name: str, title: str, doctree: nodes.document | None) -> None:
        self.app, self.name, self.doctree = app, name, doctree
        self.about: dict[str, Any] = getattr(app.env, "cartbook_about", {}).get(name, {})
        self.book = str(app.config.html_title)
        self.title = (
            app.env.titles[name].astext() if name in app.env.titles else title
        ).strip() or self.book
        self.summary = str(
            self.about.get("description") or self.page("index").get("description", self.book)
        )

    def page(self, name: str) -> dict[str, Any]:
        """The front matter of any page."""
        found: dict[str, Any] = getattr(self.app.env, "cartbook_about", {}).get(name, {})
        return found

    def to(self, target: str) -> str:
        """Where a file of the site lies: absolute if the public address is known, else from this page."""
        address = self.app.config.html_baseurl
        return (
            urljoin(address, target)
            if address
            else posixpath.relpath(target, posixpath.dirname(self.name) or ".")
        )

    def common(self) -> dict[str, Any]:
        """What is true of every work in the book."""
        return {
            "name": self.title,
            "description": self.summary,
            "url": self.to(f"{self.name}.html"),
            "inLanguage": "en-GB",
            "license": LICENCE,
            "author": {"@type": "Organization", "name": str(self.app.config.author)},
            "isAccessibleForFree": True,
        }

    def part(self) -> dict[str, str]:
        return {"@type": "Book", "name": self.book, "url": self.to("index.html")}

    def data(self) -> dict[str, Any] | None:
        """The page in schema.org's words; None where it is none of the kinds that the book describes."""
        if self.name == self.app.config.root_doc:
            return self._book()
        if self.name == GLOSSARY:
            return {
                "@type": "DefinedTermSet",
                **self.common(),
                "isPartOf": self.part(),
                "hasDefinedTerm": list(self._terms()),
            }
        if self.name == DICTIONARY:
            return self._dataset()
        return self._chapter() if "minutes" in self.about else None

    def _book(self) -> dict[str, Any]:
        chapters = [
            name for name in self.app.config.external_site_map if "minutes" in self.page(name)
        ]
        return {
            "@type": "Book",
            **self.common(),
            "name": self.book,
            "bookFormat": "https://schema.org/EBook",
            "copyrightYear": int(str(self.app.config.copyright)[:4]),
            "about": [{"@type": "Thing", "name": one} for one in TOPICS],
            "isBasedOn": REVIEW,
            "hasPart": [
                {
                    "@type": ["Chapter", "LearningResource"],
                    "name": self.page(one)["title"],
                    "url": self.to(f"{one}.html"),
                    "position": place,
                }
                for place, one in enumerate(chapters, start=1)
            ],
        }

    def _chapter(self) -> dict[str, Any]:
        stem = Path(self.name).name
        forms = {
            f"chapters/{stem}.txt": "text/plain",
            f"downloads/{stem}.ipynb": "application/x-ipynb+json",
        }
        return {
            "@type": ["Chapter", "LearningResource"],
            **self.common(),
            "headline": self.title,
            "name": self.about["title"],
            "learningResourceType": ["lesson", "quiz", "exercise"],
            "educationalLevel": self.about["level"],
            "timeRequired": f"PT{sum(self.about['minutes'].values())}M",
            "teaches": self.about["objectives"],
            "competencyRequired": [
                self.page(f"chapters/{one}").get("title", one)
                for one in self.about.get("prerequisites", [])
            ],
            "about": [{"@type": "Thing", "name": one} for one in (self.about["title"], *TOPICS)],
            "isBasedOn": REVIEW,
            "isPartOf": self.part(),
            "encoding": [
                {"@type": "MediaObject", "contentUrl": self.to(one), "encodingFormat": kind}
                for one, kind in forms.items()
            ],
        }

    def _terms(self) -> Iterator[dict[str, Any]]:
        lists = (
            [
                one
                for one in self.doctree.findall(nodes.definition_list)
                if "glossary" in one["classes"]
            ]
            if self.doctree
            else []
        )
        for item in (item for one in lists for item in one.findall(nodes.definition_list_item)):
            terms = [term for term in item.children if isinstance(term, nodes.term)]
            first, *others = (term.astext() for term in terms)
            said = " ".join(
                " ".join(one.astext().split())
                for one in item.children
                if isinstance(one, nodes.definition)
            )
            found = {"description": said, "url": f"{self.to(self.name)}.html#{terms[0]['ids'][0]}"}
            yield {
                "@type": "DefinedTerm",
                "name": first,
                **found,
                **({"alternateName": others} if others else {}),
            }

    def _dataset(self) -> dict[str, Any]:
        package = json.loads(
            (Path(self.app.srcdir) / "data" / "datapackage.json").read_text(encoding="utf-8")
        )
        files = [
            (one["title"], one["description"], one["path"], one["mediatype"])
            for one in package["resources"]
        ]
        files += [
            (
                "All tables as one SQLite file",
                "Every table of the book in one database.",
                "car-t-in-numbers.sqlite",
                "application/vnd.sqlite3",
            ),
            (
                "Description of the tables",
                "Every table and column, as a Frictionless data package.",
                "datapackage.json",
                "application/json",
            ),
        ]
        return {
            "@type": "Dataset",
            **self.common(),
            "name": package["title"],
            "description": package["description"],
            "isPartOf": self.part(),
            "isBasedOn": REVIEW,
            "distribution": [
                {
                    "@type": "DataDownload",
                    "name": title,
                    "description": said,
                    "contentUrl": self.to(f"data/{path}"),
                    "encodingFormat": kind,
                }
                for title, said, path, kind in files
            ],
        }

    def picture(self) -> tuple[str, str]:
        """Draw the page's card; return its file and what it shows: the book's where the page has no figure."""
        found = next(records(self.doctree, "figure"), None) if self.doctree else None
        if not found:
            return "cards/index.png", f"A chart of the book {self.book}"
        under = self.book if self.title != self.book else self.summary.split(". ")[0] + "."
        path = Path(self.app.outdir) / "cards" / f"{Path(self.name).name}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(card(self.title, under, found["narrow"]))
        return f"cards/{path.name}", f"Chart: {found['title']}"

    def tags(self) -> str:
        """Return the elements of the page's head. A preview needs absolute addresses, so only a site with a public one has pictures."""
        named = {
            "og:title": self.title,
            "og:description": self.summary,
            "og:type": "website" if self.name == self.app.config.root_doc else "article",
            "og:site_name": self.book,
            "og:locale": "en_GB",
        }
        cards = {
            "twitter:card": "summary",
            "twitter:title": self.title,
            "twitter:description": self.summary,
        }
        if self.app.config.html_baseurl:
            picture, shows = self.picture()
            size = {
                "og:image:type": "image/png",
                "og:image:width": str(WIDE),
                "og:image:height": str(HIGH),
            }
            named |= {
                "og:url": self.to(f"{self.name}.html"),
                "og:image": self.to(picture),
                **size,
                "og:image:alt": shows,
            }
            cards |= {
                "twitter:card": "summary_large_image",
                "twitter:image": self.to(picture),
                "twitter:image:alt": shows,
            }
        lines = [
            f'<meta property="{name}" content="{escape(said, quote=True)}">'
            for name, said in named.items()
        ]
        lines += [
            f'<meta name="{name}" content="{escape(said, quote=True)}">'
            for name, said in cards.items()
        ]
        data = self.data()
        return "\n".join([*lines, *([written(data)] if data else [])]) + "\n"


def _page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    if app.builder.name == "html":
        context["metatags"] = (
            context.get("metatags", "")
            + Page(app, pagename, str(context.get("title", "")), doctree).tags()
        )


def _finished(app: Sphinx, error: Exception | None) -> None:
    """Write the sitemap, and robots.txt where a crawler would look for it: at the root of a host."""
    if error or app.builder.name != "html":
        return
    out, address, pages = (
        Path(app.outdir),
        app.config.html_baseurl,
        list(app.config.external_site_map),
    )
    kept = {Path(one).name for one in pages} if address else set()
    for path in (out / "cards").glob("*.png"):
        if path.stem not in kept:
            path.unlink()
    site = {}
    if address:
        places = "".join(
            f"  <url><loc>{escape(urljoin(address, one))}.html</loc></url>\n"
            for one in [*filter(app.env.found_docs.__contains__, pages), *evidence.pages(app.env)]
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        site["sitemap.xml"] = f"{head}{places}</urlset>\n"
    if address and urlsplit(address).path == "/":
        site["robots.txt"] = f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.xml\n"
    for name in ("sitemap.xml", "robots.txt"):
        if name in site:
            (out / name).write_text(site[name], encoding="utf-8")
        else:
            (out / name).unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.sphinxext)."""
    app.connect("config-inited", _address)
    app.connect("html-page-context", _page, priority=950)
    app.connect("build-finished", _finished)
