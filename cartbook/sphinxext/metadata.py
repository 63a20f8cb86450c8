"""Read the metadata of pages: what their front matter has under ``book:``."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from sphinx.environment import BuildEnvironment


def front_matter(text: str) -> dict[str, Any]:
    """Return the front matter of a page's source; an empty dictionary if it has none."""
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return (yaml.safe_load(found[1]) if found else None) or {}


def book_metadata(env: BuildEnvironment, docname: str) -> dict[str, Any]:
    """Return a page's ``book:`` metadata, which Sphinx keeps as JSON; a chapter's has ``minutes``."""
    found: dict[str, Any] = json.loads(env.metadata.get(docname, {}).get("book", "{}"))
    return found
