"""Docutils nodes that carry records, and what each builder writes of them.

myst-nb asks :class:`RecordRenderer` for nodes while a chapter is read; it never asks which builder is
at work. What a node becomes is decided when a page is written, so one reading (and one execution of the
chapters) serves the site, plain text and EPUB. A builder without a visitor of its own, such as LaTeX,
writes the node's children: the record as plain text. Sphinx's search index reads them too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxTranslator
from sphinx.util.osutil import relative_uri

from cartbook.figures import LIVE_MIME, MIME, Figure, from_record
from cartbook.quizzes import MIME as QUIZ_MIME
from cartbook.render import Record, html, paragraphs
from cartbook.sphinxext.entries import address
from cartbook.tables import QUOTE_MIME

#: builders that lay the book out for paper and e-readers: no scripts, no forms, pictures as files
PRINT = ("epub", "print")


class record(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types here
    """A record: a figure, a table, a drawing, or another kind that cartbook.render knows."""


class screen(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types here
    """What is for a screen alone, such as buttons and download links: only the site shows its children."""


class paper(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types here
    """What stands on paper and in plain text in the place of something that needs a screen."""


def node_of(data: Record) -> record:
    """Return the node of a record; its children say the same in plain text."""
    made = record("", record=dict(data))
    for words in paragraphs(data):
        made += (
            nodes.literal_block(words, words, language="none")
            if "\n" in words
            else nodes.paragraph(words, words)
        )
    return made


def records(doctree: nodes.Node, *kinds: str) -> Iterator[dict[str, Any]]:
    """Yield a page's records of some kinds, in their order."""
    return (node["record"] for node in doctree.findall(record) if node["record"]["kind"] in kinds)


def quoted(key: str, words: str) -> addnodes.pending_xref:
    """Return the node of a quoted number, which on the site links to its entry (sphinxext.evidence)."""
    text = nodes.inline(words, words, classes=["output", "text_plain"])
    kind = {"refdomain": "evidence", "reftype": "outcome", "refexplicit": True, "refwarn": True}
    return addnodes.pending_xref("", text, reftarget=key, **kind)


class RecordRenderer:
    """What a page shows of an output that is a record (myst-nb finds this class through its entry point)."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int]]] = [
        ("*", MIME, 1),
        ("*", QUIZ_MIME, 1),
        ("*", QUOTE_MIME, 1),
        *(
            ("print", form, place)
            for place, form in enumerate(
                ("text/html", "image/svg+xml", "image/png", "text/plain"), start=30
            )
        ),
    ]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the node of a record, no nodes for its other forms, and None for outputs of other kinds."""
        if renderer.renderer.sphinx_env is None:
            return None
        if data.mime_type in (MIME, QUIZ_MIME):
            content = json.loads(data.content) if isinstance(data.content, str) else data.content
            return [node_of({"kind": "quiz", **content})]
        if data.mime_type == QUOTE_MIME:
            return [quoted(data.content["key"], data.content["text"])]
        return [] if data.mime_type == LIVE_MIME or "cartbook" in data.output_metadata else None


# Visitors


def _page(translator: SphinxTranslator) -> str:
    """Return where the page that is being written is in the output, relative to the output's root."""
    builder = translator.builder
    return str(builder.get_target_uri(getattr(builder, "current_docname", builder.config.root_doc)))


def visit_record_html(translator: Any, node: record) -> None:
    """Write a record into an HTML page, or into a page of print."""
    data, builder = node["record"], translator.builder
    if builder.name in PRINT:
        written = builder.print_record(data, _page(translator))
    else:
        here = _page(translator)

        def link(docname: str, anchor: str = "") -> str:
            return relative_uri(here, str(builder.get_target_uri(docname))) + (
                f"#{anchor}" if anchor else ""
            )

        root = relative_uri(here, "")
        written = html(data, root=root, link=link, entry=lambda key: f"{root}{address(key)}")
        if data["kind"] in ("table", "drawing"):
            written = f'<div class="output text_html">{written}</div>'
    translator.body.append(f"{written}\n")
    raise nodes.SkipNode


def visit_screen_html(translator: Any, node: screen) -> None:
    """Write the children on the site only."""
    if translator.builder.name in PRINT:
        raise nodes.SkipNode


def visit_paper_html(translator: Any, node: paper) -> None:
    """Write the children in print only."""
    if translator.builder.name not in PRINT:
        raise nodes.SkipNode


def skip(translator: Any, node: nodes.Element) -> None:
    """Write nothing of a node."""
    raise nodes.SkipNode


def nothing(translator: Any, node: nodes.Element) -> None:
    """Write nothing around the children of a node."""


class KeepPlainText(SphinxPostTransform):
    """Keep an output's plain text beside its HTML, for the text of a chapter, before myst-nb selects one of them."""

    default_priority = 3

    def run(self, **_: Any) -> None:
        """Note the text of each output that has both."""
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") == "mime_bundle":
                forms = {
                    one["mime_type"]: one
                    for one in bundle.children
                    if isinstance(one, nodes.Element)
                }
                if {"text/html", "text/plain"} <= set(forms):
                    for raw in forms["text/html"].findall(nodes.raw):
                        raw["plain"] = forms["text/plain"].astext()


class FigureCollector(EnvironmentCollector):
    """Keep each page's figures, by id, with their numbers as CSV."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        _figures(env).pop(docname, None)

    def merge_other(
        self, app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
    ) -> None:
        _figures(env).update(
            {name: _figures(other)[name] for name in docnames if name in _figures(other)}
        )

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        found = {one["id"]: from_record(one) for one in records(doctree, "figure")}
        if found:
            _figures(app.env)[app.env.docname] = {
                name: one.table.csv for name, one in found.items() if isinstance(one, Figure)
            }


def _figures(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    if not hasattr(env, "cartbook_figures"):
        env.cartbook_figures = {}  # type: ignore[attr-defined]  # an environment keeps what extensions put into it
    found: dict[str, dict[str, str]] = env.cartbook_figures  # type: ignore[attr-defined]
    return found


def figures(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return every page's figures: page, id, CSV."""
    return _figures(env)


def setup(app: Sphinx) -> None:
    """Register the nodes (called by the extension's setup)."""
    app.add_node(
        record,
        html=(visit_record_html, nothing),
        latex=(nothing, nothing),
        man=(nothing, nothing),
        texinfo=(nothing, nothing),
    )
    app.add_node(
        screen,
        html=(visit_screen_html, nothing),
        latex=(skip, nothing),
        man=(skip, nothing),
        texinfo=(skip, nothing),
    )
    app.add_node(
        paper,
        html=(visit_paper_html, nothing),
        latex=(nothing, nothing),
        man=(nothing, nothing),
        texinfo=(nothing, nothing),
    )
    app.add_post_transform(KeepPlainText)
    app.add_env_collector(FigureCollector)
