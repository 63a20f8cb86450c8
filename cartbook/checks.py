"""Kinds of checks on the rows of a table, from which :mod:`cartbook.rules` makes its rules."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from cartbook.sanitize import MISSING, NUMBER

Row = dict[str, str]
Rows = Sequence[Row]

REVIEW = "yang2023"  # the source_id of the review's own numbers

AGREE = "correct the cell, or the one that it must agree with"


class Break(NamedTuple):
    """A cell that breaks a rule: its row (the header is row 1), its column, and what is wrong."""

    row: int
    column: str
    problem: str
    fix: str = AGREE


Check = Callable[..., Iterator[Break]]


def numbered(rows: Rows) -> Iterable[tuple[int, Row]]:
    """Rows with the numbers that an editor shows; the header is row 1."""
    return enumerate(rows, start=2)


@lru_cache(maxsize=100_000)
def number(cell: str) -> float | None:
    """Return a cell as a number, or None where it is a word."""
    return float(cell) if NUMBER.fullmatch(cell) else None


def slug(words: str) -> str:
    """Return words as an id has them: "CR or CRi" is ``cr-or-cri``."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def follows(percent: str, events: float, denominator: float) -> bool:
    """Return whether a fraction gives the percentage at the precision with which it is printed."""
    digits = len(percent.partition(".")[2])
    return abs(100 * events / denominator - float(percent)) <= 0.5 * 10.0**-digits + 1e-9


def same_value(first: str, second: str) -> bool:
    """Return whether two cells are one number, as far as the coarser rounding can tell.

    >>> same_value("74", "73.5"), same_value("74", "76")
    (True, False)
    """
    here, there = number(first), number(second)
    if here is None or there is None:
        return first == second
    digits = min(len(cell.partition(".")[2]) for cell in (first, second))
    return abs(here - there) <= 10.0**-digits + 1e-9


def share(row: Row, events: str, value: str) -> str:
    """Return what a fraction gives beside the percentage that is written."""
    exact = 100 * float(row[events]) / float(row["denominator"])
    return f"{row[events]} of {row['denominator']} is {exact:.2f}%, printed is {row[value]}%"


# Kinds of rules


def by(*columns: str) -> Callable[[Row], tuple[str, ...]]:
    """Return a function that gives these cells of a row."""
    return lambda row: tuple(row[column] for column in columns)


def grouped(
    rows: Rows, key: Callable[[Row], tuple[str, ...]], whole: bool = False
) -> list[list[tuple[int, Row]]]:
    """Return numbered rows in groups of one key; a key with a missing part only with `whole`."""
    groups: dict[tuple[str, ...], list[tuple[int, Row]]] = defaultdict(list)
    for line, row in numbered(rows):
        groups[key(row)].append((line, row))
    return [group for name, group in groups.items() if whole or not set(name) & set(MISSING)]


def agree(rows: Rows, key: Callable[[Row], tuple[str, ...]], *columns: str) -> Iterator[Break]:
    """Yield cells that differ from the usual one among the rows of one key."""
    for group, column in itertools.product(grouped(rows, key), columns):
        words = [row[column] for _, row in group]
        usual = max(dict.fromkeys(words), key=words.count)
        for line, row in group:
            if row[column] != usual:
                where = ", ".join(key(row)) or "the table"
                yield Break(
                    line, column, f"{row[column]!r}, but {usual!r} in other rows of {where}"
                )


def copied(
    rows: Rows, key: str, other: Rows, there: str, name: str, **columns: str
) -> Iterator[Break]:
    """Yield cells that differ from the row with that key in table `name`; `columns`: ours=theirs."""
    known = {row[there]: row for row in other}
    for line, row in numbered(rows):
        match = known.get(row[key], {})
        for column, theirs in columns.items():
            cell, wanted = row[column], match.get(theirs, row[column])
            if cell != wanted and not {cell, wanted} & set(MISSING):
                yield Break(line, column, f"{cell!r}, but {wanted!r} in {name}.csv for {row[key]}")


def listed(rows: Rows, column: str, known: Collection[str], what: str) -> Iterator[Break]:
    """Yield cells with an item ("a; b") that is not among the known ones."""
    for line, row in numbered(rows):
        for item in row[column].split("; "):
            if item not in MISSING and item not in known:
                yield Break(line, column, f"{item!r} is not {what}")


def named(
    rows: Rows, key: str, *columns: str, words: Mapping[str, str] | None = None
) -> Iterator[Break]:
    """Yield ids that do not contain what these columns say; `words`: as ids abbreviate it."""
    for line, row in numbered(rows):
        for column in columns:
            word = (words or {}).get(row[column], slug(row[column]))
            if row[column] not in MISSING and word and f"-{word}-" not in f"-{slug(row[key])}-":
                yield Break(line, key, f"{row[key]!r} does not name {word!r}, its {column}")


def everywhere(tables: Iterable[tuple[Rows, str]]) -> set[str]:
    """Return all values of these columns."""
    return {row[column] for rows, column in tables for row in rows}


def repeated(rows: Rows, key: str, *own: str) -> Iterator[Break]:
    """Yield rows that repeat an earlier one, but for their key and the columns of their `own`."""
    seen: dict[tuple[str, ...], int] = {}
    for line, row in numbered(rows):
        cells = tuple(cell for column, cell in row.items() if column not in (key, *own))
        first = seen.setdefault(cells, line)
        if first != line:
            problem = f"{row[key]!r} repeats row {first} under another key"
            yield Break(line, key, problem, "remove the copy, or correct its cells")


def sequence(rows: Rows, column: str, form: str) -> Iterator[Break]:
    """Yield rows that are not numbered 1, 2, 3 in this form."""
    for place, row in enumerate(rows, start=1):
        if row[column] != form.format(place):
            problem = f"{row[column]!r} where {form.format(place)!r} comes"
            yield Break(place + 1, column, problem, "number the rows in their order, without a gap")


def imply(rows: Rows, when: Mapping[str, str], then: Mapping[str, str]) -> Iterator[Break]:
    """Yield cells that do not match `then` in rows that match `when` (patterns of whole cells)."""
    for line, row in numbered(rows):
        if all(re.fullmatch(pattern, row[column]) for column, pattern in when.items()):
            for column, pattern in then.items():
                if not re.fullmatch(pattern, row[column]):
                    where = " and ".join(f"{name} is {row[name]!r}" for name in when)
                    yield Break(line, column, f"{row[column]!r} where {where}")
