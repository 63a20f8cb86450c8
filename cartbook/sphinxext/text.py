"""Write chapters as plain text, with Sphinx's own text writer and the book's nodes.

``sphinx-build -b text`` uses :class:`PlainText`. The site has a text of each chapter, too: it is
written from the doctree of the page when the page is written, without a second pass over the book.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.text import TextTranslator

from cartbook.render import text
from cartbook.sphinxext.metadata import book_metadata
from cartbook.sphinxext.nodes import record

FOLDED = ("input", "input+output", "all")  # where a page folds a cell's code


class PlainText(TextTranslator):
    """Sphinx's text, with records, boxes under their titles, and addresses behind their links."""

    def visit_record(self, node: record) -> None:
        self._add_lines(text(node["record"]))
        raise nodes.SkipNode

    def visit_screen(self, node: nodes.Element) -> None:
        raise nodes.SkipNode

    def visit_paper(self, node: nodes.Element) -> None:
        pass

    def visit_raw(self, node: nodes.Element) -> None:
        if node.get("plain"):  # see nodes.KeepPlainText
            self._add_lines(node["plain"])
        super().visit_raw(node)

    def visit_container(self, node: nodes.Element) -> None:
        """Leave out code that a page folds (for the site, myst-nb has wrapped it by now)."""
        if node.get("hide_mode") in FOLDED:
            self.visit_HideCodeCellNode(node)

    def visit_HideCodeCellNode(self, node: nodes.Element) -> None:
        for child in list(node.children):
            if child.get("nb_element") == "cell_code_source":
                node.remove(child)

    def visit_admonition(self, node: nodes.Element) -> None:
        title = next((one.astext() for one in node.children if isinstance(one, nodes.title)), "")
        if node["ids"] and not title:  # an exercise has a number instead
            numbers = self.builder.env.toc_fignumbers.get(str(self.builder.current_docname), {})
            number = numbers.get("exercise", {}).get(node["ids"][0], ())
            title = str(self.config.numfig_format["exercise"]) % ".".join(map(str, number))
        self._add_lines(f"[{title}]", end=None)
        self.new_state(2)

    def depart_admonition(self, node: nodes.Element) -> None:
        self.end_state()

    def visit_title(self, node: nodes.Element) -> None:
        if isinstance(node.parent, nodes.Admonition):
            raise nodes.SkipNode
        super().visit_title(node)

    def visit_inline(self, node: nodes.Element) -> None:
        """Write linked terms as plain words: Sphinx would set them in asterisks."""

    def depart_reference(self, node: nodes.Element) -> None:
        address = node.get("refuri", "")
        if address.startswith(("http://", "https://")) and address not in node.astext():
            self.add_text(f" <{address}>")

    depart_paper = depart_HideCodeCellNode = depart_inline = visit_inline
    visit_exercise_node = visit_exercise_enumerable_node = visit_solution_node = visit_admonition
    depart_exercise_node = depart_exercise_enumerable_node = depart_admonition
    depart_solution_node = depart_admonition

    def _add_lines(self, words: str, **options: Any) -> None:
        self.new_state(0)
        self.add_text(words)
        self.end_state(wrap=False, **options)


def works_cited(doctree: nodes.document) -> list[str]:
    """Return the works that a page cites, each once, in the order of their first citation."""
    titles = (
        link.get("reference") or link.get("reftitle", "")
        for one in doctree.findall(nodes.inline)
        if "bibtex-citation" in one["classes"]
        for link in one.findall(nodes.reference)
    )
    return [work for work in dict.fromkeys(" ".join(one.split()) for one in titles) if work]


def plain_text(app: Sphinx, docname: str, doctree: nodes.document) -> str:
    """Return a page as text, with the works that it cites and the book's licence at its end."""
    copy = doctree.deepcopy()
    if cited := works_cited(doctree):
        items = [nodes.list_item("", nodes.paragraph(text=one)) for one in cited]
        title = nodes.title(text="Works cited")
        copy += nodes.section("", title, nodes.bullet_list("", *items), ids=["works-cited"])
    translator = PlainText(copy, app.builder)  # type: ignore[arg-type]  # it reads the configuration
    copy.walkabout(translator)
    address = f" {app.config.html_baseurl}{docname}.html" if app.config.html_baseurl else ""
    body = re.sub(r"[ \t]+$", "", translator.body.strip("\n"), flags=re.MULTILINE)
    return (
        re.sub(r"\n{3,}", "\n\n", body) + f"\n\nFrom {app.config.html_title}.{address}\n"
        "Words and figures CC BY 4.0, code MIT. Not medical advice; not yet clinically reviewed.\n"
    )


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Write a chapter's text beside its page."""
    chapter = "minutes" in book_metadata(app.env, pagename)
    if chapter and doctree is not None and app.builder.name == "html":
        path = Path(app.outdir) / f"{pagename}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        # by the byte order mark a browser knows UTF-8, also where the file is opened from a disk
        path.write_text(plain_text(app, pagename, doctree), encoding="utf-8-sig")


def _use_translator(app: Sphinx) -> None:
    """Use the book's translator where plain text is built, and there alone.

    With any translator registered, the pydata theme extends that one and leaves the HTML builder's
    as it is.
    """
    if app.builder.name == "text":
        app.set_translator("text", PlainText)


def setup(app: Sphinx) -> None:
    """Connect the steps."""
    app.connect("builder-inited", _use_translator)
    app.connect("html-page-context", _page)
