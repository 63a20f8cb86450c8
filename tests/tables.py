"""The tables of the book in memory, and changes to them."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import Any

from scripts import TOP

from cartbook.validate import Table, read_table

DATA = TOP / "data"


@cache
def package() -> dict[str, Any]:
    return json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))


@cache
def all_tables() -> dict[str, Table]:
    return {resource["name"]: read_table(DATA, resource) for resource in package()["resources"]}


def changed(table: Table, row: int, **cells: str) -> Table:
    """A table with other cells in one row; the header is row 1."""
    columns = table[0]
    new = [list(one) if place == row - 1 else one for place, one in enumerate(table)]
    for column, cell in cells.items():
        new[row - 1][columns.index(column)] = cell
    return new


def row_of(table: Table, **cells: str) -> int:
    """The number of the first row with these cells."""
    places = {table[0].index(column): cell for column, cell in cells.items()}
    return next(
        row
        for row, one in enumerate(table, start=1)
        if all(one[place] == cell for place, cell in places.items())
    )


def to_bytes(table: Table) -> bytes:
    """A table as the bytes of its file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode("utf-8", "surrogatepass")
