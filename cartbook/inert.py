"""What a cell of text may not hold, because a page, a spreadsheet or an eye would take it for something else."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

LONGEST = 1_000  # characters; the longest cell has under 300
FORMULA = ("=", "+", "-", "@")
MARKUP = re.compile(r"<[a-zA-Z/!?]|\bjavascript:", re.IGNORECASE)
HIDDEN = ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp")  # control and format characters, direction marks, unassigned ones


def in_page(data: Any) -> str:
    """Data as JSON for an element of a page; no string of it ends the element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def as_markdown(text: str) -> str:
    """Markdown that shows just this text."""
    return re.sub(r"[\\`*_{}\[\]<>&$~#|]", r"\\\g<0>", text)


def danger(cell: str, number: bool = False) -> tuple[str, str] | None:
    """What is wrong with a cell, and its cure; None if it is plain. A column of numbers may begin with a sign."""
    if len(cell) > LONGEST:
        return f"the cell has {len(cell):,} characters, more than {LONGEST:,}", "shorten it"
    hidden = next((one for one in cell if unicodedata.category(one) in HIDDEN), None)
    if hidden is not None:
        return f"the cell holds the invisible character U+{ord(hidden):04X}", "remove it"
    if not number and cell.startswith(FORMULA):
        return f"{cell[:40]!r} begins with {cell[0]}, which a spreadsheet takes for a formula", "begin it with a letter or a digit"
    if found := MARKUP.search(cell):
        return f"{found[0]!r} begins markup or code", "write plain text; put a space after a 'less than' sign"
    return None
