"""Search in British and American spelling, with results that lead to the section.

Sphinx's own search finds the pages. This adds, through Sphinx's public hooks,

- a search language (:meth:`Sphinx.add_search_language`) that gives both spellings of a word one stem;
- ``_static/sections.js`` with the text of every section, and ``html_search_scorer`` = search.js, which
  takes each result to the section with the words, and shows them in their sentence. No page is
  fetched for it, so results look the same where the book is opened from a disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from cartbook.render import compact_json
from cartbook.sphinxext.spelling import normalize, script

#: parts of a section that are not its prose, or are sections of their own
SKIPPED = (
    nodes.section,
    nodes.definition_list,
    nodes.title,
    nodes.literal_block,
    nodes.raw,
    nodes.comment,
)
#: parts whose text does not run into the next one's
BLOCKS = (nodes.paragraph, nodes.entry, nodes.term, nodes.line, nodes.rubric)


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
        return str(super().stem(normalize(word.lower())))


def _text(node: nodes.Node) -> str:
    """Return the prose of a node without that of the sections in it."""
    if isinstance(node, nodes.Text):
        return str(node)
    if isinstance(node, SKIPPED) or "cell_input" in node.get("classes", ()):
        return ""
    return "".join(map(_text, node.children)) + (" " if isinstance(node, BLOCKS) else "")


def sections(doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """Yield id, title and text of every section of a page and of every term that it defines."""
    for node in doctree.findall(nodes.Element):
        if isinstance(node, nodes.section | nodes.definition_list_item):
            kind = nodes.title if isinstance(node, nodes.section) else nodes.term
            text = "".join(_text(one) for one in node.children if not isinstance(one, kind))
            for title in (one for one in node.children if isinstance(one, kind)):
                if ids := (node if kind is nodes.title else title)["ids"]:
                    yield ids[0], title.astext(), " ".join(text.split())


def _config_inited(app: Sphinx, config: Any) -> None:
    config.html_search_scorer = str(Path(__file__).with_name("search.js"))
    config.html_show_search_summary = False  # it would fetch each page that it finds


def _store(app: Sphinx, docname: str) -> Path:
    """Return where the sections of a page are kept until the page is written again."""
    return Path(app.doctreedir) / "sections" / f"{docname}.json"


def _doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.name == "html":
        path = _store(app, docname)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(compact_json(list(sections(doctree))), encoding="utf-8")


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    if not error and app.builder.name == "html":
        pages = ",".join(
            f"{json.dumps(name)}:{_store(app, name).read_text(encoding='utf-8')}"
            for name in sorted(app.env.found_docs)
        )
        path = Path(app.outdir) / "_static" / "sections.js"
        path.write_text(f"var bookSections = {{{pages}}};\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register the language, and connect the steps."""
    app.add_search_language(BothEnglishes)
    app.connect("config-inited", _config_inited)
    app.connect("doctree-resolved", _doctree_resolved)
    app.connect("build-finished", _build_finished)
