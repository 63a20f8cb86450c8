"""Private interfaces of Sphinx and its extensions, and corrections of the HTML that they write.

Each entry says why it is here and what would make it unnecessary. docs/architecture.md lists the private
interfaces that other modules still use.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def mended(body: str) -> str:
    """Return a page's body with what other packages' writers get wrong put right.

    - docutils marks references with ``doc-biblioentry``, a role that ARIA has withdrawn (docutils 0.21);
    - sphinx-exercise gives every exercise and solution the same id (1.2);
    - Sphinx has no setting for ``rel`` on links that leave the site (7.4).
    """
    body, count = body.replace('role="doc-biblioentry"', 'role="listitem"'), itertools.count(1)
    body = re.sub(
        r'(\bid="[^"]*\b(?:exercise|solution)-content)"',
        lambda found: f'{found[1]}-{next(count)}"',
        body,
    )
    return re.sub(
        r'<a (?=[^>]*href="https?://)(?![^>]*\brel=)', '<a rel="noopener noreferrer" ', body
    )


def had_warnings(app: Sphinx) -> bool:
    """Return whether the build has warned so far. Sphinx 7.4 counts warnings, but offers the number to nobody."""
    return bool(app._warncount)


def pages_with_index_entries(env: BuildEnvironment) -> list[str]:
    """Return the pages that have index entries.

    Sphinx keeps the search index of pages that it does not write, but loses their index entries, so
    these pages are always written (Sphinx 7.4, ``sphinx.search.IndexBuilder.load``).
    """
    entries: dict[str, Any] = env.domaindata["index"]["entries"]
    return [docname for docname, found in entries.items() if found]
