"""Builders for paper and e-readers: an EPUB, and one long page from which a browser prints the PDF.

Both write the doctrees that the site was written from, so nothing executes again. What is for a screen alone
has no place in them: records have a print form, :class:`PrintForm` takes folded code and raw HTML out of the
doctree, and the visitors of :mod:`cartbook.sphinxext.nodes` write nothing of a ``screen`` node.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from docutils import nodes
from docutils.io import StringOutput
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

from cartbook.quiz_render import VERDICTS
from cartbook.render import ENVIRONMENT, TEMPLATES, Record, html, svg
from cartbook.sphinxext import compat
from cartbook.sphinxext.nodes import PRINT, record

STYLE = TEMPLATES / "print.css"
EDGE = 20  # px beside a chart: a reader's font may be wider than the one that the chart was measured with
PAPER = "#ffffff"  # behind pictures: their dark letters vanish where an e-reader turns pages dark
NOT_PRINTED = frozenset({"chapters/26-downloads"})
TIME = (2026, 1, 1, 0, 0, 0)  # one time for all files, so that the same book is the same bytes


@dataclass(frozen=True)
class PrintPage:
    """A page of the printed book: the part that it is in (which may be none), its title, and its number if it is a chapter."""

    docname: str
    part: str
    title: str
    number: int


def contents(app: Sphinx) -> list[PrintPage]:
    """Return the printed pages in the order of the table of contents."""
    toc = app.config.external_site_map
    listed = [(toc.root.docname, "")] + [
        (str(item), tree.caption or "") for tree in toc.root.subtrees for item in tree.items
    ]
    pages = [
        (name, part)
        for name, part in listed
        if name in app.env.found_docs and name not in NOT_PRINTED
    ]
    return [
        PrintPage(name, part, toc[name].title or "", number)
        for number, (name, part) in enumerate(pages)
    ]


def title_of(page: PrintPage, app: Sphinx) -> str:
    """Return a page's title as the contents list it: a chapter's with its number."""
    return f"{page.number} {page.title}" if page.title else app.env.titles[page.docname].astext()


def citation(top: Path) -> dict[str, Any]:
    """Return what CITATION.cff says of the book."""
    found: dict[str, Any] = yaml.safe_load((top / "CITATION.cff").read_text(encoding="utf-8"))
    return found


def cover(found: dict[str, Any]) -> str:
    """Return the title page."""
    author = found["authors"][0]["name"].lower().replace("car-t in numbers", "CAR-T in Numbers")
    day = f"{found['date-released']:%-d %B %Y}"
    return ENVIRONMENT.get_template("cover.html").render(
        citation=found, review=found["references"][0], author=author, day=day
    )


class PrintForm(SphinxPostTransform):
    """Take out of a page what paper and e-readers have no use for, and set its heading."""

    default_priority = 900  # links are resolved, and folded cells are wrapped
    builders = PRINT

    def run(self, **_: Any) -> None:
        for step in (
            self._screen,
            self._code,
            self._raw,
            self._cards,
            self._folds,
            self._cells,
            self._links,
            self._heading,
        ):
            step()

    def _screen(self) -> None:
        """Leave out what an author has marked with the class ``cb-screen``."""
        for one in [
            one
            for one in self.document.findall(nodes.Element)
            if "cb-screen" in one.get("classes", ())
        ]:
            one.parent.remove(one)

    def _code(self) -> None:
        """Leave out code that the site folds; an output that it folds stays."""
        for fold in list(self.document.findall(HideCodeCellNode)):
            shown = [one for one in fold.children if one.get("nb_element") != "cell_code_source"]
            _put(fold, shown)

    def _raw(self) -> None:
        """Put plain text in the place of an output's HTML; other raw HTML is for the site."""
        for raw in list(self.document.findall(nodes.raw)):
            words = raw.get("plain")
            _put(raw, [nodes.literal_block(words, words, language="none")] if words else [])

    def _cards(self) -> None:
        """Leave out sections of cards that lead to pages."""
        links = [
            one
            for one in self.document.findall(nodes.reference)
            if "sd-stretched-link" in one["classes"]
        ]
        sections = [
            next((one for one in _parents(link) if isinstance(one, nodes.section)), None)
            for link in links
        ]
        for section in dict.fromkeys(sections):
            if section is not None and isinstance(section.parent, nodes.section):
                section.parent.remove(section)

    def _folds(self) -> None:
        for box in self.document.findall(nodes.Element):
            if "dropdown" in box.get("classes", ()):
                box["classes"] = [one for one in box["classes"] if one != "dropdown"]

    def _cells(self) -> None:
        """Leave out cells that show nothing."""
        for cell in [
            one
            for one in self.document.findall(nodes.container)
            if one.get("nb_element") == "cell_code"
        ]:
            if not cell.astext().strip() and not any(
                True for _ in cell.findall(lambda one: isinstance(one, record | nodes.image))
            ):
                cell.parent.remove(cell)

    def _links(self) -> None:
        """Let links lead to pages of the book and to other hosts; a link to a file of the site becomes its words."""
        here, builder = self.env.docname, self.app.builder
        known = {builder.get_relative_uri(here, page.docname) for page in contents(self.app)}
        for link in list(self.document.findall(nodes.reference)):
            address = link.get("refuri", "")
            inside = address and not re.match(r"[a-z]+:", address)
            if address and not inside:
                link["refuri"] = quote(
                    address, safe="%/:?#[]@!$&'()*+,;=~"
                )  # an old DOI has < and >
            if (
                inside
                and isinstance(builder, PrintRecords)
                and builder.page_of(address) not in known
            ):
                _put(link, [nodes.inline("", "", *link.children)])

    def _heading(self) -> None:
        """Give a chapter its number and title as heading, with its question under it."""
        page = next(
            (one for one in contents(self.app) if one.docname == self.env.docname and one.title),
            None,
        )
        heading = self.document.next_node(nodes.title)
        if page is None or heading is None:
            return
        words = title_of(page, self.app)
        question = nodes.paragraph("", "", *heading.children, classes=["cb-question-of"])
        heading.parent.insert(heading.parent.index(heading) + 1, question)
        heading.replace_self(nodes.title(words, words))


def _put(node: nodes.Element, others: list[nodes.Node]) -> None:
    """Put other nodes in the place of one, whose classes and ids go with it."""
    place = node.parent.index(node)
    node.parent[place : place + 1] = others


def _parents(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


class PrintRecords:
    """What both builders share: pictures in files, and the print form of records."""

    app: Sphinx
    name: str
    outdir: Any

    def prefix(self) -> str:
        """Return what an id on the current page begins with."""
        return ""

    def page_of(self, address: str) -> str:
        """Return the page to which a relative address leads."""
        return address.partition("#")[0]

    def place(self, target: str, page: str) -> str:
        """Return the address of a file, from a page."""
        return relative_uri(page, target)

    def print_record(self, data: Record, page: str) -> str:
        """Return a record's print form, and write its picture."""
        options: dict[str, Any] = {
            "prefix": self.prefix(),
            "paged": self.name == "print",
            "verdicts": VERDICTS,
        }
        chart, base = data["kind"] == "figure", self.app.config.html_baseurl
        if picture := data.get("wide") or data.get("picture"):
            image = f"images/{data['id'] if chart else 'drawing-' + data['id']}.svg"
            path = Path(self.outdir) / image
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(svg(picture, edge=EDGE if chart else 0, paper=PAPER), encoding="utf-8")
            options["image"] = self.place(image, page)
        if chart:
            options["chooses"] = any("bind" in signal for signal in data["live"].get("signals", []))
            options["address"] = f"{base}figures/{data['id']}.csv" if base else ""
        if data["kind"] in ("lesson",):
            options["link"] = self.link
        return html(data, "print", **options)

    def link(self, docname: str, anchor: str = "") -> str:
        """Return the address of a place in the book, from the current page."""
        raise NotImplementedError


class EpubBuilder(PrintRecords, Epub3Builder):
    """Sphinx's EPUB builder, with the book's title page, contents by part, and accessibility metadata."""

    name = "epub"
    template_dir = str(TEMPLATES / "epub")
    html_tag = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en-GB" xml:lang="en-GB">'

    def init(self) -> None:
        self.config.templates_path = []  # the site's layout loads its scripts
        super().init()
        self.use_index = False
        self.citation = citation(Path(self.srcdir))
        self.config.version = self.citation["version"]  # Sphinx warns without one

    def get_outdated_docs(self) -> Iterator[str]:
        return iter(self.env.found_docs)

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        if docname not in NOT_PRINTED:
            super().write_doc(docname, doctree)

    def link(self, docname: str, anchor: str = "") -> str:
        return self.get_relative_uri(self.current_docname, docname) + (
            f"#{anchor}" if anchor else ""
        )

    def copy_static_files(self, *_: Any) -> None:
        folder = Path(self.outdir) / "_static"
        folder.mkdir(exist_ok=True)
        style = STYLE.read_text(encoding="utf-8")
        (folder / STYLE.name).write_text(style.partition("/* paper alone */")[0], encoding="utf-8")

    def get_toc(self) -> None:
        """List the title page and all pages; leave out the styles that extensions have put beside ours."""
        for path in (Path(self.outdir) / "_static").iterdir():
            if path.name != STYLE.name:
                path.unlink()
        cover_page = {"level": 1, "refuri": "cover.xhtml", "text": "Title page"}
        listed = [
            {"level": 1, "refuri": f"{page.docname}.xhtml", "text": title_of(page, self.app)}
            for page in contents(self.app)
        ]
        self.refnodes = [cover_page, *listed]
        words = {"lang": "en-GB", "title": self.citation["title"], "cover": cover(self.citation)}
        text = ENVIRONMENT.get_template("epub/cover.xhtml").render(**words)
        (Path(self.outdir) / "cover.xhtml").write_text(text, encoding="utf-8")

    def content_metadata(self) -> dict[str, Any]:
        found, day = self.citation, f"{self.citation['date-released']}T00:00:00Z"
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"car-t-in-numbers/{found['version']}")
        words = {
            "title": found["title"],
            "author": found["authors"][0]["name"],
            "publisher": found["authors"][0]["name"],
        }
        escaped = {
            key: str(ENVIRONMENT.from_string("{{ words }}").render(words=one))
            for key, one in words.items()
        }
        front = self.env.cartbook_about["index"]  # type: ignore[attr-defined]
        summary = " ".join(front.get("description", found["title"]).split())
        about = str(ENVIRONMENT.from_string("{{ words }}").render(words=summary))
        return {
            **super().content_metadata(),
            **escaped,
            "description": about,
            "lang": "en-GB",
            "id": f"urn:uuid:{name}",
            "date": day,
        }

    def build_navigation_doc(self) -> None:
        pages = contents(self.app)
        parts = [
            (
                part,
                [
                    {"uri": f"{one.docname}.xhtml", "title": title_of(one, self.app)}
                    for one in found
                ],
            )
            for part, found in itertools.groupby(pages, key=lambda one: one.part)
        ]
        text = ENVIRONMENT.get_template("epub/nav.xhtml.jinja").render(
            lang="en-GB", parts=parts, first=f"{pages[0].docname}.xhtml"
        )
        (Path(self.outdir) / "nav.xhtml").write_text(text, encoding="utf-8")
        self.files.append("nav.xhtml")

    def build_toc(self) -> None:
        """Write no contents in the form of EPUB 2."""

    def build_epub(self) -> None:
        out = Path(self.outdir)
        with zipfile.ZipFile(
            out / f"{self.config.epub_basename}.epub", "w", zipfile.ZIP_DEFLATED
        ) as packed:
            for name in ["mimetype", "META-INF/container.xml", "content.opf", *sorted(self.files)]:
                entry = zipfile.ZipInfo(name, TIME)
                entry.external_attr = 0o644 << 16
                entry.compress_type = (
                    zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
                )
                packed.writestr(entry, (out / name).read_bytes())


class PrintBuilder(PrintRecords, StandaloneHTMLBuilder):
    """Write ``book.json``: every page's title, part and body, with ids that are unique in the whole book."""

    name = "print"
    epilog = "The printed pages are in %(outdir)s."
    copysource = search = download_support = add_permalinks = allow_parallel = False
    embedded = True

    def init(self) -> None:
        super().init()
        self.use_index = False
        self.bodies: dict[str, str] = {}

    @cached_property
    def pages(self) -> dict[str, PrintPage]:
        """The printed pages by name."""
        return {page.docname: page for page in contents(self.app)}

    def anchor(self, docname: str) -> str:
        """Return the id of a page in the whole book."""
        return f"leaf-{Path(docname).name}"

    def prefix(self) -> str:
        return f"{self.anchor(self.current_docname)}--"

    def get_outdated_docs(self) -> Iterator[str]:
        return iter(self.env.found_docs)

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        return f"#{self.anchor(docname)}"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        return self.get_target_uri(to)

    def page_of(self, address: str) -> str:
        return "#".join(address.split("#")[:2])

    def place(self, target: str, page: str) -> str:
        return target

    def link(self, docname: str, anchor: str = "") -> str:
        return (
            f"{self.get_target_uri(docname)}--{anchor}" if anchor else self.get_target_uri(docname)
        )

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        if docname not in self.pages:
            return
        self.current_docname = docname
        self.fignumbers, self.secnumbers = self.env.toc_fignumbers.get(docname, {}), {}
        self._own_ids(doctree, self.prefix())
        doctree.settings = self.docsettings
        doctree.settings.initial_header_level = 2 if self.pages[docname].part else 1
        self.docwriter.write(doctree, StringOutput(encoding="utf-8"))
        self.docwriter.assemble_parts()
        self.bodies[docname] = compat.mended(self.docwriter.parts["fragment"])

    def _own_ids(self, doctree: nodes.document, prefix: str) -> None:
        """Let every id of a page, and every link, hold in the whole book."""
        for node in doctree.findall(nodes.Element):
            for key in ("ids", "backrefs"):
                if node.get(key):
                    node[key] = [f"{prefix}{one}" for one in node[key]]
            if "refid" in node:
                node["refid"] = f"{prefix}{node['refid']}"
            if str(node.get("refuri", "")).startswith("#leaf-"):
                page, _, place = node["refuri"][1:].partition("#")
                node["refuri"] = f"#{page}--{place}" if place else f"#{page}"
        for numbers in self.fignumbers.values():
            numbers.update(
                {
                    f"{prefix}{name}": number
                    for name, number in list(numbers.items())
                    if not name.startswith("leaf-")
                }
            )

    def finish(self) -> None:
        pages = [
            {
                "anchor": self.anchor(name),
                "part": page.part,
                "title": title_of(page, self.app),
                "body": self.bodies[name],
            }
            for name, page in self.pages.items()
        ]
        (Path(self.outdir) / "book.json").write_text(
            json.dumps(pages, ensure_ascii=False), encoding="utf-8"
        )


def _page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Let a page of the EPUB load the print styles alone."""
    if app.builder.name == "epub":
        context["css_files"], context["script_files"], context["metatags"] = (
            [f"_static/{STYLE.name}"],
            [],
            "",
        )
        if "body" in context:
            context["body"] = compat.mended(context["body"])


def setup(app: Sphinx) -> None:
    """Register the builders (called by the extension's setup)."""
    app.add_builder(EpubBuilder, override=True)
    app.add_builder(PrintBuilder)
    app.add_post_transform(PrintForm)
    app.connect("html-page-context", _page, priority=990)
