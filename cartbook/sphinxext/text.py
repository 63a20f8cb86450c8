"""Write chapters as plain text, with Sphinx's own text writer and the book's nodes.

``sphinx-build -b text`` uses :class:`PlainText`. The site has a text of each chapter too: it is written from
the doctree of the page when the page is written, so it costs no second pass over the book.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.text import TextTranslator

from cartbook.render import text
from cartbook.sphinxext.nodes import record


class PlainText(TextTranslator):
    """Sphinx's text, with records, boxes under their titles, and addresses behind the words that link to them."""

    def visit_record(self, node: record) -> None:
        self._lines(text(node["record"]))
        raise nodes.SkipNode

    def visit_screen(self, node: nodes.Element) -> None:
        raise nodes.SkipNode

    def visit_paper(self, node: nodes.Element) -> None:
        pass

    depart_paper = visit_paper

    def visit_raw(self, node: nodes.Element) -> None:
        if node.get("plain"):  # see KeepPlainText
            self._lines(node["plain"])
        super().visit_raw(node)

    def visit_container(self, node: nodes.Element) -> None:
        """Leave out code that a page folds away, not its outputs (for the site, myst-nb has wrapped it by now)."""
        if node.get("nb_element") == "cell_code" and node.get("hide_mode") in (
            "input",
            "input+output",
            "all",
        ):
            _without_source(node)

    def visit_HideCodeCellNode(self, node: nodes.Element) -> None:
        _without_source(node)

    def depart_HideCodeCellNode(self, node: nodes.Element) -> None:
        pass

    def visit_admonition(self, node: nodes.Element) -> None:
        self.new_state(0)
        self.add_text(f"[{self._box_title(node)}]")
        self.end_state(wrap=False, end=None)
        self.new_state(2)

    def depart_admonition(self, node: nodes.Element) -> None:
        self.end_state()

    visit_exercise_node = visit_exercise_enumerable_node = visit_solution_node = visit_admonition
    depart_exercise_node = depart_exercise_enumerable_node = depart_solution_node = (
        depart_admonition
    )

    def _box_title(self, node: nodes.Element) -> str:
        title = next((one.astext() for one in node.children if isinstance(one, nodes.title)), "")
        if title or not node["ids"]:
            return title
        docname = getattr(self.builder, "current_docname", "")
        number = (
            self.builder.env.toc_fignumbers.get(docname, {})
            .get("exercise", {})
            .get(node["ids"][0], ())
        )
        return str(self.config.numfig_format["exercise"]) % ".".join(map(str, number))

    def visit_title(self, node: nodes.Element) -> None:
        if isinstance(node.parent, nodes.Admonition):
            raise nodes.SkipNode
        super().visit_title(node)

    def visit_inline(self, node: nodes.Element) -> None:
        """Write linked terms as plain words: Sphinx would set them in asterisks."""

    depart_inline = visit_inline

    def depart_reference(self, node: nodes.Element) -> None:
        address = node.get("refuri", "")
        if address.startswith(("http://", "https://")) and address not in node.astext():
            self.add_text(f" <{address}>")

    def _lines(self, words: str) -> None:
        self.new_state(0)
        self.add_text(words)
        self.end_state(wrap=False)


def _without_source(node: nodes.Element) -> None:
    for source in [
        one
        for one in node.children
        if isinstance(one, nodes.Element) and one.get("nb_element") == "cell_code_source"
    ]:
        node.remove(source)


def works_cited(doctree: nodes.document) -> list[str]:
    """Return the works that a page cites, each once, in the order of their first citation."""
    links = (
        link
        for one in doctree.findall(nodes.inline)
        if "bibtex-citation" in one["classes"]
        for link in one.findall(nodes.reference)
    )
    return list(
        dict.fromkeys(" ".join(link["reftitle"].split()) for link in links if link.get("reftitle"))
    )


def plain_text(app: Sphinx, docname: str, doctree: nodes.document) -> str:
    """Return a page as text, with the works that it cites and the book's licence at its end."""
    copy = doctree.deepcopy()
    if cited := works_cited(doctree):
        items = nodes.bullet_list(
            "", *(nodes.list_item("", nodes.paragraph(text=one)) for one in cited)
        )
        copy += nodes.section("", nodes.title(text="Works cited"), items, ids=["works-cited"])
    translator = PlainText(copy, app.builder)  # type: ignore[arg-type]  # it reads the builder's configuration only
    copy.walkabout(translator)
    address = f" {app.config.html_baseurl}{docname}.html" if app.config.html_baseurl else ""
    body = "\n".join(line.rstrip() for line in translator.body.strip("\n").split("\n"))
    while "\n\n\n" in body:
        body = body.replace("\n\n\n", "\n\n")
    return (
        f"{body}\n\nFrom {app.config.html_title}.{address}\n"
        "Words and figures CC BY 4.0, code MIT. Not medical advice; not yet clinically reviewed.\n"
    )


def _page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write a chapter's text beside its page, and name it in the page's head."""
    about = getattr(app.env, "cartbook_about", {}).get(pagename, {})
    if "minutes" not in about or doctree is None or app.builder.name != "html":
        return
    path = Path(app.outdir) / f"{pagename}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    # The byte order mark tells a browser that this is UTF-8, also where the page is opened from a disk.
    path.write_text(plain_text(app, pagename, doctree), encoding="utf-8-sig")
    title = f"{about['title']}, as plain text".replace('"', "&quot;")
    context["metatags"] = (
        context.get("metatags", "")
        + f'<link rel="alternate" type="text/plain" title="{title}" href="{path.name}">\n'
    )


def _finished(app: Sphinx, error: Exception | None) -> None:
    """Remove the text of chapters that the book no longer has."""
    if error is None and app.builder.name == "html":
        for path in (Path(app.outdir) / "chapters").glob("*.txt"):
            if "minutes" not in app.env.cartbook_about.get(f"chapters/{path.stem}", {}):  # type: ignore[attr-defined]
                path.unlink()


def _use_translator(app: Sphinx) -> None:
    """Use the book's translator where plain text is built, and there alone.

    With any translator registered, the pydata theme extends that one and leaves the HTML builder's as it is.
    """
    if app.builder.name == "text":
        app.set_translator("text", PlainText)


def setup(app: Sphinx) -> None:
    """Register the text of chapters (called by the extension's setup)."""
    app.connect("builder-inited", _use_translator)
    app.connect("html-page-context", _page, priority=940)
    app.connect("build-finished", _finished)
