"""The register of rules, and the kinds of checks from which rules are made."""

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


class Rule(NamedTuple):
    """A rule over tables; its findings are about the first of them."""

    name: str
    tables: tuple[str, ...]
    sentence: str
    check: Check


RULES: list[Rule] = []


def rule(*tables: str) -> Callable[[Check], Check]:
    """Register a function as one rule that takes the rows of all these tables."""

    def register(check: Check) -> Check:
        sentence = (check.__doc__ or "").strip().rstrip(".")
        RULES.append(Rule(check.__name__, tables, sentence, check))
        return check

    return register


def state(tables: str, sentence: str, check: Check) -> None:
    """Register a check of a known kind as a rule of these tables."""
    name = slug(sentence).replace("-", "_")
    RULES.append(Rule(name, tuple(tables.split()), sentence, check))


def broken(
    tables: Mapping[str, Rows], only: Collection[str] | None = None
) -> Iterator[tuple[Rule, Break]]:
    """Yield each break of the rules whose tables are all there; with `only`, of those tables."""
    for one in RULES:
        if not all(name in tables for name in one.tables):
            continue
        if only is None or not set(only).isdisjoint(one.tables):
            try:
                for found in one.check(*(tables[name] for name in one.tables)):
                    yield one, found
            except KeyError as error:  # the descriptor is without a column that the rule reads
                problem = "the rule needs this column, which is not described"
                yield one, Break(1, str(error.args[0]), problem, "describe the column")


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


#: how many steps each rating of a domain lowers certainty, in GRADE's words
STEPS_DOWN = {"not serious": 0, "serious": 1, "very serious": 2}


def steps_down(rating: str) -> int:
    """Return by how many steps a rating lowers certainty. Raise ValueError for another word."""
    if rating not in STEPS_DOWN:
        raise ValueError(f"a domain is {', '.join(STEPS_DOWN)}, not {rating!r}")
    return STEPS_DOWN[rating]


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


def agree(key: Callable[[Row], tuple[str, ...]], *columns: str) -> Check:
    """Return a check: rows of one key have one value in each of these columns."""

    def check(rows: Rows) -> Iterator[Break]:
        for group, column in itertools.product(grouped(rows, key), columns):
            words = [row[column] for _, row in group]
            usual = max(dict.fromkeys(words), key=words.count)
            for line, row in group:
                if row[column] != usual:
                    where = ", ".join(key(row)) or "the table"
                    problem = f"{row[column]!r}, but {usual!r} in other rows of {where}"
                    yield Break(line, column, problem)

    return check


def copied(key: str, table: str, there: str, **columns: str) -> Check:
    """Return a check of two tables: cells are those of the row of `table` with that key."""

    def check(rows: Rows, other: Rows) -> Iterator[Break]:
        known = {row[there]: row for row in other}
        for line, row in numbered(rows):
            match = known.get(row[key], {})
            for column, theirs in columns.items():
                cell, wanted = row[column], match.get(theirs, row[column])
                if cell != wanted and not {cell, wanted} & set(MISSING):
                    problem = f"{cell!r}, but {wanted!r} in {table}.csv for {row[key]}"
                    yield Break(line, column, problem)

    return check


def listed(column: str, what: str, *keys: str, known: Collection[str] = ()) -> Check:
    """Return a check: each item ("a; b") of a cell is a value of a column of the other tables.

    `keys` are the columns of each of those tables; `known` are further values.
    """

    def check(rows: Rows, *others: Rows) -> Iterator[Break]:
        values = {*MISSING, *known}
        for other, names in zip(others, keys, strict=True):
            values |= {row[name] for row in other for name in names.split()}
        for line, row in numbered(rows):
            for item in row[column].split("; "):
                if item not in values:
                    yield Break(line, column, f"{item!r} is not {what}")

    return check


def named(key: str, *columns: str, words: Mapping[str, str] | None = None) -> Check:
    """Return a check: ids contain what these columns say; `words`: as ids abbreviate it."""

    def check(rows: Rows) -> Iterator[Break]:
        for (line, row), column in itertools.product(numbered(rows), columns):
            word = (words or {}).get(row[column], slug(row[column]))
            if row[column] not in MISSING and word and f"-{word}-" not in f"-{slug(row[key])}-":
                yield Break(line, key, f"{row[key]!r} does not name {word!r}, its {column}")

    return check


def repeated(*own: str) -> Check:
    """Return a check: no row repeats another, but for its first column and those of its `own`."""

    def check(rows: Rows) -> Iterator[Break]:
        seen: dict[tuple[str, ...], int] = {}
        for line, row in numbered(rows):
            key = next(iter(row))
            cells = tuple(cell for column, cell in row.items() if column not in (key, *own))
            first = seen.setdefault(cells, line)
            if first != line:
                problem = f"{row[key]!r} repeats row {first} under another key"
                yield Break(line, key, problem, "remove the copy, or correct its cells")

    return check


def sequence(column: str, form: str) -> Check:
    """Return a check: rows are numbered 1, 2, 3 in this form."""

    def check(rows: Rows) -> Iterator[Break]:
        for place, row in enumerate(rows, start=1):
            if row[column] != form.format(place):
                problem = f"{row[column]!r} where {form.format(place)!r} comes"
                fix = "number the rows in their order, without a gap"
                yield Break(place + 1, column, problem, fix)

    return check


def implies(when: Mapping[str, str], then: Mapping[str, str]) -> Check:
    """Return a check: rows that match `when` match `then`; patterns are of whole cells."""

    def check(rows: Rows) -> Iterator[Break]:
        for line, row in numbered(rows):
            if all(re.fullmatch(pattern, row[column]) for column, pattern in when.items()):
                for column, pattern in then.items():
                    if not re.fullmatch(pattern, row[column]):
                        where = " and ".join(f"{name} is {row[name]!r}" for name in when)
                        yield Break(line, column, f"{row[column]!r} where {where}")

    return check
