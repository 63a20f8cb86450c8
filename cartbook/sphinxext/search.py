"""Search in British and American spelling, with results that lead to the section.

Sphinx's own search finds the pages. This adds, through Sphinx's public hooks,

- a search language (:meth:`Sphinx.add_search_language`) that gives both spellings of a word one stem;
- ``_static/sections.js`` with the text of every section, and ``html_search_scorer`` = search.js, which takes each
  result to the section in which the words are, and shows them in their sentence. No page is fetched for it, so
  that results look the same where the book is opened from a disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from cartbook.sphinxext.spelling import script, spelled

SCORER = Path(__file__).with_name("search.js")
#: parts of a section that are not its prose, or are sections of their own
SKIPPED = (nodes.section, nodes.literal_block, nodes.comment, nodes.title, nodes.definition_list)


class BothEnglishes(SearchEnglish):
    """English whose stems do not depend on the spelling."""

    lang = "en_GB"
    language_name = "English (British and American spelling)"
    js_stemmer_code = (
        f"{script()}{SearchEnglish.js_stemmer_code}\n"
        "Stemmer = (Porter => function () {\n"
        "  const porter = new Porter();\n"
        "  this.stemWord = word => porter.stemWord(bookSpelling(word));\n"
        "})(Stemmer);\n"
    )

    def stem(self, word: str) -> str:
        """Return the stem of a word, the same for both spellings."""
        return str(super().stem(spelled(word.lower())))


def _text(node: nodes.Node) -> str:
    """Return the prose of a node without that of the sections in it."""
    if isinstance(node, nodes.Text):
        return str(node)
    if isinstance(node, nodes.raw):
        return f"{node.get('words', '')} "
    if isinstance(node, SKIPPED) or "cell_input" in getattr(node, "attributes", {}).get(
        "classes", []
    ):
        return ""
    apart = isinstance(node, nodes.paragraph | nodes.entry | nodes.term | nodes.line | nodes.rubric)
    return "".join(map(_text, node.children)) + (" " if apart else "")


def sections(doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """Yield id, title and text of every section of a page and of every term that it defines, in their order."""
    for node in doctree.findall(
        lambda one: isinstance(one, nodes.section | nodes.definition_list_item)
    ):
        assert isinstance(node, nodes.Element)
        titles = nodes.title if isinstance(node, nodes.section) else nodes.term
        text = " ".join(
            "".join(_text(one) for one in node.children if not isinstance(one, titles)).split()
        )
        for title in (one for one in node.children if isinstance(one, titles)):
            ids = (node if isinstance(node, nodes.section) else title)["ids"]
            if ids:
                yield ids[0], title.astext(), text


def _store(app: Sphinx) -> Path:
    """Return the folder that keeps the sections of each page, so that a page that is not written again keeps them."""
    return Path(app.doctreedir) / "sections"


def _resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.name != "html":
        return
    path = _store(app) / f"{docname}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(list(sections(doctree)), ensure_ascii=False, separators=(",", ":")),
        encoding="utf-8",
    )


def _configure(app: Sphinx, config: Any) -> None:
    config.html_search_scorer = str(SCORER)
    config.html_show_search_summary = False  # it would fetch each page that it finds


def _finished(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    paths = {name: _store(app) / f"{name}.json" for name in sorted(app.env.found_docs)}
    for name in (
        name for name, path in paths.items() if not path.is_file()
    ):  # a page that an earlier version wrote
        app.env.get_and_resolve_doctree(name, app.builder)
    pages = ",".join(
        f"{json.dumps(name)}:{path.read_text(encoding='utf-8')}" for name, path in paths.items()
    )
    (Path(app.outdir) / "_static" / "sections.js").write_text(
        f"var bookSections = {{{pages}}};\n", encoding="utf-8"
    )


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.sphinxext)."""
    app.add_search_language(BothEnglishes)
    app.connect("config-inited", _configure)
    app.connect("doctree-resolved", _resolved)
    app.connect("build-finished", _finished)
