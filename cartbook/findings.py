"""What is wrong with a file of ``data/``: where, what and how to put it right."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

MAX_LINES = 5  # findings of one kind in one column that are listed one by one


class DataError(ValueError):
    """A table breaks a rule. The message has one line per finding: file, row, column, problem and fix."""


@dataclass(frozen=True)
class Finding:
    """Where a file is wrong, and what to do about it; the header is row 1."""

    file: str
    row: int | str
    column: str
    problem: str
    fix: str
    kind: str = ""

    def __str__(self) -> str:
        problem = self.problem if len(self.problem) <= 300 else f"{self.problem[:300]} …"
        return _printable(
            f"data/{self.file}, row {self.row}, column {self.column}: {problem}. Fix: {self.fix}."
        )


def _printable(text: str) -> str:
    """Return text as one line, with unprintable characters escaped."""
    text = re.sub(r"\s+", " ", text)
    return (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in text)
    )


def condense(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without repetition: one per cell, and of one kind in one column the first few and the number of the others."""
    cells: dict[object, Finding] = {}
    for found in findings:
        cells.setdefault(
            (found.file, found.row, found.column) if isinstance(found.row, int) else found, found
        )
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for found in cells.values():
        groups[found.file, found.column, found.kind or found.problem].append(found)
    kept: list[Finding] = []
    for group in groups.values():
        more = len(group) - MAX_LINES
        kept += group[: MAX_LINES - 1] if more > 0 else group
        if more > 0:
            last = group[MAX_LINES - 1]
            kept.append(
                replace(
                    last, problem=f"{last.problem[:300]}; {more} more rows have the same problem"
                )
            )
    return kept
