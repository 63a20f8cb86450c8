"""Cards at the links to terms and citations: beside their page, a script with what each of them says.

``chapters/glossary.js`` has the definition of every term of chapters/glossary.html, and the script of
the bibliography every reference. static/card.js loads them when a reader points at such a link.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from cartbook.escape import in_page
from cartbook.render import html

CLASS = "preview"  # of the links


def _terms(doctree: nodes.document) -> Iterator[dict[str, Any]]:
    """Yield a record for each term that a page defines, with the keys of all its names."""
    for item in doctree.findall(nodes.definition_list_item):
        names = [one for one in item.children if isinstance(one, nodes.term)]
        definition = item.next_node(nodes.definition)
        text = " ".join(definition.astext().split()) if definition is not None else ""
        keys = [key for one in names for key in one["ids"] if key.startswith("term-")]
        if keys:
            title = ", ".join(one.astext() for one in names)
            place = {"place": "In the glossary", "links": []}
            yield {"key": keys[0], "also": keys[1:], "title": title, "text": text, **place}


def _citations(doctree: nodes.document) -> Iterator[dict[str, Any]]:
    """Yield a record for each reference of a page, its links apart from its text."""
    for citation in doctree.findall(nodes.citation):
        links = list(citation.findall(nodes.reference))
        parts = [
            str(one)
            for block in citation.findall(nodes.paragraph)
            for one in block.findall(nodes.Text)
            if not isinstance(one.parent, nodes.reference)
        ]
        yield {
            "key": citation["ids"][0],
            "also": citation["ids"][1:],
            "title": "Reference",
            "text": f"{' '.join(''.join(parts).split()).rstrip(' .')}.",
            "place": "In the list of references",
            "links": [(one.astext(), one["refuri"]) for one in links if "refuri" in one],
        }


def is_preview(link: nodes.reference) -> bool:
    """Return whether a link leads to a term or a citation of another page."""
    inside = link.next_node(nodes.inline)
    term = inside is not None and "std-term" in inside["classes"]
    return "#" in link.get("refuri", "") and (
        term or "bibtex-citation" in getattr(link.parent, "attributes", {}).get("classes", ())
    )


def _doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Mark a page's links, and write the cards of what it defines."""
    if app.builder.name != "html":
        return
    for link in doctree.findall(nodes.reference):
        if is_preview(link):
            link["classes"].append(CLASS)
            # not for a pointer alone: the card says it, and plain text (cartbook.sphinxext.text)
            link["reference"] = link.attributes.pop("reftitle", "")
    cards: dict[str, str] = {}
    for one in (*_terms(doctree), *_citations(doctree)):
        cards[one["key"]] = html({"kind": "preview", **one})
        cards |= dict.fromkeys(one["also"], f"#{one['key']}")
    path = Path(app.outdir) / f"{docname}.js"
    if cards:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"bookEvidence({in_page(cards)},{{}});\n", encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    """Connect the step."""
    app.connect("doctree-resolved", _doctree_resolved)
