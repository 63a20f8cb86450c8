"""Docutils nodes that carry records, and what HTML builders write of them.

myst-nb asks :class:`RecordRenderer` for nodes while a chapter is read, whatever the builder. What a
node becomes is decided when a page is written, so one reading (and one execution of the chapters)
serves the site, plain text, EPUB and print. Sphinx's search index reads a record's children: the
record as plain text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

from cartbook.figures import LIVE_MIME, MIME
from cartbook.quizzes import MIME as QUIZ_MIME
from cartbook.render import Record, chart_version, html, paragraphs
from cartbook.sphinxext.entries import address
from cartbook.tables import QUOTE_MIME

#: builders that lay the book out for paper and e-readers: no scripts, no forms, pictures as files
PRINT = ("epub", "print")
FORMS = ("text/html", "image/svg+xml", "image/png", "text/plain")


class record(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types here
    """A record: a figure, a table, a drawing, or another kind that cartbook.render knows."""


class screen(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types here
    """What is for a screen alone, such as download links: only the site shows its children."""


class paper(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types here
    """What paper and plain text show in the place of something that needs a screen."""


def node_of(data: Record) -> record:
    """Return the node of a record; its children are the record as plain text."""
    node = record("", record=dict(data))
    for text in paragraphs(data):
        block = "\n" in text
        node += nodes.literal_block(text, text) if block else nodes.paragraph(text, text)
    return node


def section(title: str, *children: nodes.Node, id: str = "") -> nodes.section:
    """Return a section; its id is made from its title unless it is given."""
    names = [nodes.fully_normalize_name(title)]
    heading = nodes.title(text=title)
    return nodes.section("", heading, *children, ids=[id or nodes.make_id(title)], names=names)


def records(doctree: nodes.Node, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the records of one kind in a page, in their order."""
    return (node["record"] for node in doctree.findall(record) if node["record"]["kind"] == kind)


def quoted(key: str, words: str) -> addnodes.pending_xref:
    """Return the node of a quoted number, which on the site links to its entry (sphinxext.evidence)."""
    text = nodes.inline(words, words, classes=["output", "text_plain"])
    kind = {"refdomain": "evidence", "reftype": "outcome", "refexplicit": True, "refwarn": True}
    return addnodes.pending_xref("", text, reftarget=key, **kind)


class RecordRenderer:
    """Return nodes for outputs that are records (myst-nb finds this class by its entry point)."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int]]] = [
        ("*", MIME, 1),
        ("*", QUIZ_MIME, 1),
        ("*", QUOTE_MIME, 1),
        *(("print", form, place) for place, form in enumerate(FORMS, start=30)),
    ]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return a record's node, nothing for its other forms, and None for outputs of other kinds."""
        if renderer.renderer.sphinx_env is None:
            return None
        if data.mime_type in (MIME, QUIZ_MIME):
            content = json.loads(data.content) if isinstance(data.content, str) else data.content
            return [node_of({"kind": "quiz", **content})]
        if data.mime_type == QUOTE_MIME:
            return [quoted(data.content["key"], data.content["text"])]
        return [] if data.mime_type == LIVE_MIME or "cartbook" in data.output_metadata else None


def visit_record_html(translator: Any, node: record) -> None:
    """Write a record into a page of the site, or into a page of print."""
    data, builder = node["record"], translator.builder
    page = str(builder.get_target_uri(builder.current_docname))
    if builder.name in PRINT:
        text = builder.print_record(data, page)
    else:

        def link(docname: str, anchor: str = "") -> str:
            place = f"#{anchor}" if anchor else ""
            return relative_uri(page, str(builder.get_target_uri(docname))) + place

        def entry(key: str) -> str:
            return relative_uri(page, "") + address(key)

        version = chart_version(data) if data["kind"] == "figure" else ""
        text = html(data, root=relative_uri(page, ""), link=link, entry=entry, version=version)
        if data["kind"] in ("table", "drawing", "findings"):
            text = f'<div class="output text_html">{text}</div>'
    translator.body.append(f"{text}\n")
    raise nodes.SkipNode


def visit_screen_html(translator: Any, node: screen) -> None:
    """Write the children on the site only."""
    if translator.builder.name in PRINT:
        raise nodes.SkipNode


def visit_paper_html(translator: Any, node: paper) -> None:
    """Write the children in print only."""
    if translator.builder.name not in PRINT:
        raise nodes.SkipNode


def depart(translator: Any, node: nodes.Element) -> None:
    """Write nothing after the children of a node."""


class KeepPlainText(SphinxPostTransform):
    """Keep an output's plain text beside its HTML, before myst-nb selects one of them."""

    default_priority = 3

    def run(self, **_: Any) -> None:
        """Note the text of each output that has both."""
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") == "mime_bundle":
                forms = {one.get("mime_type"): one for one in bundle.children}
                if {"text/html", "text/plain"} <= set(forms):
                    for raw in forms["text/html"].findall(nodes.raw):
                        raw["plain"] = forms["text/plain"].astext()


def setup(app: Sphinx) -> None:
    """Register the nodes."""
    app.add_node(record, html=(visit_record_html, depart))
    app.add_node(screen, html=(visit_screen_html, depart))
    app.add_node(paper, html=(visit_paper_html, depart))
    app.add_post_transform(KeepPlainText)
