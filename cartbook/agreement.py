"""What cells must agree on: within a row, within a table, and from table to table.

The agreements stand in ``datapackage.json``, each with a sentence that says it to people (``says``).
They are about kinds of rows, never about one of them, so that a new row is held to them as the old ones are.

- ``same``: rows alike in ``by`` are alike in ``columns`` (a key may be cut: ``since_id head`` is what stands before its last dot)
- ``when``: where the cells of ``if`` have these values, those of ``then`` have theirs
- ``equal``: two cells of a row say the same number or word
- ``copied``: a row found in another table by its key says the same there
- ``listed``: every item of a cell ("a; b") is a value of one of these columns, of the same key where ``with`` names one
- ``made``: the id holds what these columns say
- ``sums``: the column adds up to the same for every value of ``over``, within each group of ``by``

A value may be ``#`` (any number) or a pattern (``~[0-9]{4}``); a list that begins with ``not`` turns round.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

Row = dict[str, str]
#: table, row (the header is 1), column, what is wrong
Finding = tuple[str, int, str, str]


def slug(words: str) -> str:
    """Words as an id has them: "CR or CRi" is ``cr-or-cri``."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _is(cell: str, wanted: list[str]) -> bool:
    """Whether a cell has one of the values, which may be words, ``#`` or patterns."""
    if wanted and wanted[0] == "not":
        return not _is(cell, wanted[1:])
    for one in wanted:
        if one == "#":
            if re.fullmatch(r"-?\d+(\.\d+)?", cell):
                return True
        elif one.startswith("~"):
            if re.fullmatch(one[1:], cell):
                return True
        elif cell == one:
            return True
    return False


def _all(row: Row, wanted: dict[str, list[str]]) -> bool:
    return all(_is(row[column], values) for column, values in wanted.items())


def _key(row: Row, column: str) -> str:
    return row[column.removesuffix(" head")].rpartition(".")[0] if column.endswith(" head") else row[column]


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


class Agreements:
    """The tables of a package, and what of them does not agree."""

    def __init__(self, tables: dict[str, list[Row]], missing: tuple[str, ...]) -> None:
        self.tables, self.missing = tables, missing

    def broken(self, one: dict[str, Any]) -> Iterator[Finding]:
        """Every cell that breaks an agreement."""
        rows = list(enumerate(self.tables[one["table"]], start=2))
        rows = [(number, row) for number, row in rows if _all(row, one.get("if", {}))]
        for number, column, rule in getattr(self, f"_{one['kind']}")(one, rows):
            yield one["table"], number, column, f"{rule}; {one['says']}"

    def _same(self, one: dict[str, Any], rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
        for column in one["columns"]:
            groups: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
            for number, row in rows:
                groups[tuple(_key(row, by) for by in one["by"])].append((number, row[column]))
            for key, cells in groups.items():
                words = [cell for _, cell in cells]
                usual = max(dict.fromkeys(words), key=words.count)
                if set(key) & set(self.missing):
                    continue
                for number, cell in cells:
                    if cell != usual:
                        yield number, column, f"{cell!r}, but {usual!r} in the other rows of {', '.join(key) or 'the table'}"

    def _when(self, one: dict[str, Any], rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
        for number, row in rows:
            for column, values in one["then"].items():
                if not _is(row[column], values):
                    yield number, column, f"{row[column]!r} where {' and '.join(f'{name} is {row[name]!r}' for name in one['if'])}"

    def _equal(self, one: dict[str, Any], rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
        first, second = one["columns"]
        for number, row in rows:
            here, there = _number(row[first]), _number(row[second])
            words = row[first].lower() != row[second].lower() and not one.get("numbers")
            if (here != there) if here is not None and there is not None else words:
                yield number, first, f"{row[first]!r}, but {second} is {row[second]!r}"

    def _copied(self, one: dict[str, Any], rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
        known = {row[one["key"]]: row for row in self.tables[one["from"]]}
        for number, row in rows:
            other = known.get(row[one["by"]])
            for column, there in one["columns"].items() if other else ():
                if other and row[column] != other[there] and not {row[column], other[there]} & set(self.missing):
                    yield number, column, f"{row[column]!r}, but {other[there]!r} in {one['from']}.csv for {row[one['by']]}"

    def _listed(self, one: dict[str, Any], rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
        key = one.get("with")
        known: set[tuple[str, str]] = set()
        for name, column in one["in"]:
            known |= {(row[key] if key else "", row[column]) for row in self.tables[name]}
        for number, row in rows:
            for item in row[one["column"]].split("; "):
                if item not in self.missing and item not in one.get("or", []) and (row[key] if key else "", item) not in known:
                    yield number, one["column"], f"{item!r} is not known" + (f" of {row[key]}" if key else "")

    def _made(self, one: dict[str, Any], rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
        for number, row in rows:
            for piece in one["of"]:
                column, _, length = piece.partition(":")
                word = one.get("words", {}).get(row[column], slug(row[column][: int(length)] if length else row[column]))
                held = not word or f"-{word}-" in f"-{slug(row[one['column']])}-"
                if row[column] not in self.missing and not held:
                    yield number, one["column"], f"{row[one['column']]!r} does not name {word!r}, its {column}"

    def _sums(self, one: dict[str, Any], rows: list[tuple[int, Row]]) -> Iterator[tuple[int, str, str]]:
        sums: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for number, row in rows:
            value = _number(row[one["column"]])
            if value is None:
                yield number, one["column"], f"{row[one['column']]!r} cannot be added up"
            else:
                sums[tuple(row[by] for by in one["by"])][row[one["over"]]] += value
        kinds = {row[one["over"]] for _, row in rows}
        for key, found in sums.items():
            totals = {kind: found.get(kind, 0.0) for kind in sorted(kinds)}
            if len(set(totals.values())) > 1:
                yield (
                    1,
                    one["column"],
                    f"{', '.join(key)} adds up to " + ", ".join(f"{total:g} by {kind}" for kind, total in totals.items()),
                )
