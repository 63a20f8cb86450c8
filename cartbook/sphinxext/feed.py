"""Write ``changes.atom``: what each version of the data changed, as an Atom feed (RFC 4287).

The identifiers are made from names, not from addresses, so they stay when the site moves. Without a
public address the links are relative to the feed, and it does not name its own address.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from sphinx.application import Sphinx

from cartbook.changes import Version, versions
from cartbook.render import render

NAME = "changes.atom"
PAGE = "chapters/changes.html"


def identifier(name: str) -> str:
    """Return the permanent identifier of the feed, or of one of its entries."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'car-t-in-numbers/changes/{name}')}"


def feed(found: Sequence[Version], *, book: str, author: str, base: str) -> str:
    """Return the feed; ``base`` is the site's public address, or empty."""
    entries = [
        {
            "id": identifier(one.anchor),
            "title": f"{one.title} ({one.day})",
            "updated": f"{one.date}T00:00:00Z",
            "link": f"{base}{PAGE}#{one.anchor}",
            "tables": one.tables,
        }
        for one in found
    ]
    return render(
        "changes.atom",
        id=identifier("feed"),
        book=book,
        author=author,
        entries=entries,
        page=f"{base}{PAGE}",
        own=f"{base}{NAME}" if base else "",
    )


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    text = feed(
        versions(Path(app.srcdir) / "data"),
        book=str(app.config.html_title),
        author=str(app.config.author),
        base=app.config.html_baseurl,
    )
    (Path(app.outdir) / NAME).write_text(f"{text}\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the step."""
    app.connect("build-finished", _build_finished)
