"""Builders for paper and e-readers: an EPUB, and one long page from which a browser prints the PDF.

Both write the doctrees that the site was written from. Records have a print form, :class:`PrintForm`
takes folded code and raw HTML out of the doctree, and the visitors of :mod:`cartbook.sphinxext.nodes`
write nothing of a ``screen`` node.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from docutils import nodes
from docutils.io import StringOutput
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

from cartbook.render import TEMPLATES, Record, html, render, svg
from cartbook.sphinxext import compat
from cartbook.sphinxext.metadata import book_metadata
from cartbook.sphinxext.nodes import PRINT, record

STYLE = TEMPLATES / "print.css"
EDGE = 20  # px beside a chart: a reader's font may be wider than the one that the chart was measured with
PAPER = "#ffffff"  # behind pictures: their dark letters vanish where an e-reader turns pages dark
NOT_PRINTED = frozenset({"chapters/changes", "chapters/downloads"})
TIME = (2026, 1, 1, 0, 0, 0)  # one time for all files, so that the same book is the same bytes


@dataclass(frozen=True)
class PrintPage:
    """A page of the printed book; ``part`` may be empty, and ``number`` is that of a chapter."""

    docname: str
    part: str
    title: str
    number: int


def contents(app: Sphinx) -> list[PrintPage]:
    """Return the printed pages in the order of the table of contents."""
    toc = app.config.external_site_map
    listed = [(toc.root.docname, "")]
    listed += [(str(item), tree.caption or "") for tree in toc.root.subtrees for item in tree.items]
    printed = [
        (name, part)
        for name, part in listed
        if name in app.env.found_docs and name not in NOT_PRINTED
    ]
    return [
        PrintPage(name, part, toc[name].title or "", number)
        for number, (name, part) in enumerate(printed)
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
    return render(
        "cover.html", citation=found, review=found["references"][0], author=author, day=day
    )


class PrintForm(SphinxPostTransform):
    """Take out of a page what paper and e-readers have no use for, and set its heading."""

    default_priority = 900  # links are resolved, and folded cells are wrapped
    builders = PRINT

    def run(self, **_: Any) -> None:
        """Apply the steps; cells that show nothing are removed once their code is."""
        for fold in list(self.document.findall(compat.HideCodeCellNode)):
            shown = [one for one in fold.children if one.get("nb_element") != "cell_code_source"]
            _put(fold, shown)
        for raw in list(self.document.findall(nodes.raw)):  # for the site, unless it has a text
            words = raw.get("plain")
            _put(raw, [nodes.literal_block(words, words)] if words else [])
        self._remove(
            lambda node: (
                isinstance(node, nodes.section)
                and isinstance(node.parent, nodes.section)
                and any(
                    "sd-stretched-link" in one["classes"] for one in node.findall(nodes.reference)
                )
            )
        )
        for box in self.document.findall(nodes.Element):
            box["classes"] = [one for one in box["classes"] if one != "dropdown"]
        self._remove(
            lambda node: (
                node.get("nb_element") == "cell_code"
                and not node.astext().strip()
                and not any(isinstance(one, record | nodes.image) for one in node.findall())
            )
        )
        self._links()
        self._heading()

    def _remove(self, unwanted: Callable[[nodes.Element], bool]) -> None:
        for node in list(self.document.findall(nodes.Element)):
            if unwanted(node):
                node.parent.remove(node)

    def _links(self) -> None:
        """Keep links to pages of the book and to other hosts; a link to a file becomes its words."""
        builder: Any = self.app.builder
        known = {
            builder.get_relative_uri(self.env.docname, one.docname) for one in contents(self.app)
        }
        for link in list(self.document.findall(nodes.reference)):
            address = link.get("refuri", "")
            if re.match(r"[a-z]+:", address):
                link["refuri"] = quote(
                    address, safe="%/:?#[]@!$&'()*+,;=~"
                )  # an old DOI has < and >
            elif address and builder.page_of(address) not in known:
                _put(link, [nodes.inline("", "", *link.children)])

    def _heading(self) -> None:
        """Give a chapter its number and title as heading, with its question under it."""
        heading = self.document.next_node(nodes.title)
        for page in contents(self.app):
            if page.docname == self.env.docname and page.title and heading is not None:
                words = title_of(page, self.app)
                question = nodes.paragraph("", "", *heading.children, classes=["cb-question-of"])
                heading.replace_self([nodes.title(words, words), question])


def _put(node: nodes.Element, others: list[nodes.Node]) -> None:
    """Put other nodes in the place of one, whose classes and ids go with it."""
    place = node.parent.index(node)
    node.parent[place : place + 1] = others


class PrintRecords:
    """What both builders share: pictures in files, and the print form of records."""

    app: Any
    outdir: Any
    prefix = ""  # of ids on the current page

    def page_of(self, address: str) -> str:
        """Return the page to which a relative address leads."""
        return address.partition("#")[0]

    def place(self, target: str, page: str) -> str:
        """Return the address of a file, from a page."""
        return relative_uri(page, target)

    def link(self, docname: str, anchor: str = "") -> str:
        """Return the address of a place in the book, from the current page."""
        raise NotImplementedError

    def print_record(self, data: Record, page: str) -> str:
        """Return a record's print form, and write its picture."""
        chart, base = data["kind"] == "figure", self.app.config.html_baseurl
        paged = isinstance(self, PrintBuilder)
        options: dict[str, Any] = {"prefix": self.prefix, "paged": paged, "link": self.link}
        if picture := data.get("wide") or data.get("picture"):
            image = f"images/{data['id'] if chart else 'drawing-' + data['id']}.svg"
            path = Path(self.outdir) / image
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(svg(picture, edge=EDGE if chart else 0, paper=PAPER), encoding="utf-8")
            options["image"] = self.place(image, page)
        if chart:
            options["chooses"] = any("bind" in signal for signal in data["live"].get("signals", []))
            options["address"] = f"{base}figures/{data['id']}.csv" if base else ""
        return html(data, "print", **options)


class EpubBuilder(PrintRecords, Epub3Builder):
    """Sphinx's EPUB builder, with the book's title page, contents and accessibility metadata."""

    name = "epub"
    template_dir = str(TEMPLATES / "epub")
    html_tag = (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        'lang="en-GB" xml:lang="en-GB">'
    )

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
        place = f"#{anchor}" if anchor else ""
        return self.get_relative_uri(self.current_docname, docname) + place

    def copy_static_files(self, *_: Any) -> None:
        """Copy the print styles without those for paper alone."""
        folder = Path(self.outdir) / "_static"
        folder.mkdir(exist_ok=True)
        style = STYLE.read_text(encoding="utf-8").partition("/* paper alone */")[0]
        (folder / STYLE.name).write_text(style, encoding="utf-8")

    def _write(self, name: str, template: str, **options: Any) -> None:
        text = render(f"epub/{template}", lang="en-GB", **options)
        (Path(self.outdir) / name).write_text(text, encoding="utf-8")

    def get_toc(self) -> None:
        """List the title page and all pages; leave out the styles that extensions have put beside ours."""
        for path in (Path(self.outdir) / "_static").iterdir():
            if path.name != STYLE.name:
                path.unlink()
        listed = {"cover.xhtml": "Title page"}
        listed |= {f"{one.docname}.xhtml": title_of(one, self.app) for one in contents(self.app)}
        self.refnodes = [{"level": 1, "refuri": uri, "text": text} for uri, text in listed.items()]
        title = self.citation["title"]
        self._write("cover.xhtml", "cover.xhtml", title=title, cover=cover(self.citation))

    def content_metadata(self) -> dict[str, Any]:
        found, author = self.citation, self.citation["authors"][0]["name"]
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"car-t-in-numbers/{found['version']}")
        summary = book_metadata(self.env, self.config.root_doc).get("description", found["title"])
        words = {"title": found["title"], "author": author, "publisher": author}
        words["description"] = " ".join(summary.split())
        return {
            **super().content_metadata(),
            **{key: escape(text) for key, text in words.items()},
            "lang": "en-GB",
            "id": f"urn:uuid:{name}",
            "date": f"{found['date-released']}T00:00:00Z",
        }

    def build_navigation_doc(self) -> None:
        """Write the contents by part."""
        pages = contents(self.app)
        parts = [
            (
                part,
                [
                    {"uri": f"{one.docname}.xhtml", "title": title_of(one, self.app)}
                    for one in group
                ],
            )
            for part, group in itertools.groupby(pages, key=lambda page: page.part)
        ]
        self._write("nav.xhtml", "nav.xhtml.jinja", parts=parts, first=f"{pages[0].docname}.xhtml")
        self.files.append("nav.xhtml")

    def build_toc(self) -> None:
        """Write no contents in the form of EPUB 2."""

    def build_epub(self) -> None:
        """Pack the files, each with the same time."""
        out = Path(self.outdir)
        names = ["mimetype", "META-INF/container.xml", "content.opf", *sorted(self.files)]
        with zipfile.ZipFile(out / f"{self.config.epub_basename}.epub", "w") as packed:
            for name in names:
                entry = zipfile.ZipInfo(name, TIME)
                entry.external_attr = 0o644 << 16
                entry.compress_type = (
                    zipfile.ZIP_DEFLATED if name != "mimetype" else zipfile.ZIP_STORED
                )
                packed.writestr(entry, (out / name).read_bytes())


class PrintBuilder(PrintRecords, StandaloneHTMLBuilder):
    """Write ``book.json``: every page's title, part and body, with ids that are unique in the book."""

    name = "print"
    epilog = "The printed pages are in %(outdir)s."
    copysource = search = download_support = add_permalinks = allow_parallel = False
    embedded = True

    def init(self) -> None:
        super().init()
        self.use_index = False
        self.pages: list[dict[str, Any]] = []

    def anchor(self, docname: str) -> str:
        """Return the id of a page in the whole book."""
        return f"page-{Path(docname).name}"

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
        return self.get_target_uri(docname) + (f"--{anchor}" if anchor else "")

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Keep the body of a page."""
        page = next((one for one in contents(self.app) if one.docname == docname), None)
        if page is None:
            return
        self.current_docname, self.prefix = docname, f"{self.anchor(docname)}--"
        self.fignumbers, self.secnumbers = self.env.toc_fignumbers.get(docname, {}), {}
        self._own_ids(doctree)
        doctree.settings = self.docsettings
        doctree.settings.initial_header_level = 2 if page.part else 1
        self.docwriter.write(doctree, StringOutput(encoding="utf-8"))
        self.docwriter.assemble_parts()
        body = compat.correct_html(self.docwriter.parts["fragment"])
        words = {"part": page.part, "title": title_of(page, self.app), "body": body}
        self.pages.append({"number": page.number, "anchor": self.anchor(docname), **words})

    def _own_ids(self, doctree: nodes.document) -> None:
        """Let every id of a page, and every link, be unique in the whole book."""
        prefix = self.prefix
        for node in doctree.findall(nodes.Element):
            for key in ("ids", "backrefs"):
                if node.get(key):
                    node[key] = [f"{prefix}{one}" for one in node[key]]
            if "refid" in node:
                node["refid"] = f"{prefix}{node['refid']}"
            if str(node.get("refuri", "")).startswith("#page-"):
                page, _, place = node["refuri"][1:].partition("#")
                node["refuri"] = f"#{page}--{place}" if place else f"#{page}"
        self.fignumbers = {
            kind: numbers | {f"{prefix}{name}": number for name, number in numbers.items()}
            for kind, numbers in self.fignumbers.items()
        }

    def finish(self) -> None:
        """Write the bodies in the order of the book."""
        pages = sorted(self.pages, key=lambda page: page["number"])
        path = Path(self.outdir) / "book.json"
        path.write_text(json.dumps(pages, ensure_ascii=False), encoding="utf-8")


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let a page of the EPUB load the print styles alone."""
    if app.builder.name == "epub":
        context["css_files"], context["script_files"] = [f"_static/{STYLE.name}"], []
        context["metatags"] = ""
        context["body"] = compat.correct_html(context.get("body", ""))


def setup(app: Sphinx) -> None:
    """Register the builders."""
    app.add_builder(EpubBuilder, override=True)
    app.add_builder(PrintBuilder)
    app.add_post_transform(PrintForm)
    app.connect("html-page-context", _page, priority=990)
