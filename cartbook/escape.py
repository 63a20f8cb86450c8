"""Escape text for the places where it is shown."""

from __future__ import annotations

import json
import re
from typing import Any


def in_page(data: Any) -> str:
    """Return data as JSON that is safe inside ``<script>``: no string of it ends the element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def as_markdown(text: str) -> str:
    """Return Markdown that shows just this text."""
    return re.sub(r"[\\`*_{}\[\]<>&$~#|]", r"\\\g<0>", text)
