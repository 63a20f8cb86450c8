"""Private interfaces of other packages, and corrections of what they write; each with its reason."""

from __future__ import annotations

from html import unescape
from typing import Any

from docutils import nodes
from myst_nb.core.execute.base import ExecutionError as ExecutionError  # raised by its parser
from myst_nb.sphinx_ import HideCodeCellNode as HideCodeCellNode  # wraps code that a page folds
from myst_nb.sphinx_ import Parser as Parser  # to report pages and failing cells (execution)
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def allow_parallel_reading(app: Sphinx) -> None:
    """Declare sphinx-multitoc-numbering 0.1 safe, which sphinx-external-toc loads: it reads nothing."""
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def correct_ids(doctree: nodes.document) -> None:
    """Number the ids of exercises and solutions: sphinx-exercise 1.2 gives all of them the same."""
    for number, node in enumerate(doctree.findall(nodes.section), start=1):
        node["ids"] = [
            f"{one}-{number}" if one.endswith("-content") else one for one in node["ids"]
        ]


def correct_addresses(doctree: nodes.document) -> None:
    """Take back how MyST-Parser 3 escapes the addresses of links for HTML: each builder does that."""
    for node in doctree.findall(nodes.reference):
        if "&" in node.get("refuri", ""):
            node["refuri"] = unescape(node["refuri"])


def correct_html(body: str) -> str:
    """Correct what docutils 0.21 writes: a role that ARIA has withdrawn, column headers without scope."""
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')
    return body.replace('<th class="head', '<th scope="col" class="head')


def had_warnings(app: Sphinx) -> bool:
    """Return whether the build has warned so far: Sphinx 7.4 counts, but tells no extension."""
    return bool(app._warncount)


def pages_with_index_entries(env: BuildEnvironment) -> list[str]:
    """Return the pages that have index entries, for these are always written.

    Sphinx 7.4 keeps the search index of pages that it does not write, but loses their index entries
    (``sphinx.search.IndexBuilder.load``).
    """
    entries: dict[str, Any] = env.domaindata["index"]["entries"]
    return [docname for docname, found in entries.items() if found]
