"""Seals: what every row said when it was last read against its source.

Rules find cells that contradict each other; no rule finds 54 where the source has 45. So each row carries a seal,
kept in ``seals.txt`` beside the tables: table, key, and three hexadecimal digits a cell, set apart by tabs. A cell that has changed since is a finding
until its row has been read again and sealed (``make seal``). New rows need no seal to be built.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

NAME = "seals.txt"
DIGITS = 3
#: table to row key to seal
Seals = dict[str, dict[str, str]]


def _rows(folder: Path, table: dict[str, Any]) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Line (the header is 1), key and cells of each row."""
    keys = table["schema"]["primaryKey"]
    with (folder / table["path"]).open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            yield number, " ".join(row[key] for key in ([keys] if isinstance(keys, str) else keys)), row


def _seal(row: dict[str, str]) -> str:
    return "".join(sha256(f"{column}\0{cell}".encode()).hexdigest()[:DIGITS] for column, cell in row.items())


def seals(folder: Path, tables: list[dict[str, Any]]) -> Seals:
    """The seals of the tables as they are now."""
    return {table["name"]: {key: _seal(row) for _, key, row in _rows(folder, table)} for table in tables}


def kept(folder: Path) -> Seals:
    """The seals that were kept, none where there is no file; ValueError where a line is none."""
    path, found = folder / NAME, dict[str, dict[str, str]]()
    if not path.exists():
        return {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        match line.split("\t"):
            case [name, key, seal]:
                found.setdefault(name, {})[key] = seal
            case _:
                raise ValueError(f"line {number} is no seal")
    return found


def broken(folder: Path, tables: list[dict[str, Any]]) -> Iterator[tuple[str, int | str, str, str]]:
    """File, row, column and what is wrong, for every cell that is not as it was sealed."""
    sealed = kept(folder)
    for table in tables:
        left = dict(sealed.get(table["name"], {}))
        for number, key, row in _rows(folder, table):
            was, now = left.pop(key, None), _seal(row)
            if was is None or was == now:
                continue
            if len(was) != len(now):
                yield table["path"], number, "-", "the row has other columns than when it was sealed"
                continue
            for place, column in enumerate(row):
                part = slice(place * DIGITS, (place + 1) * DIGITS)
                if was[part] != now[part]:
                    yield table["path"], number, column, f"{row[column]!r} is not what was sealed for {key!r}"
        for key in left:
            yield table["path"], "-", "-", f"the row {key!r} was sealed and is gone"


def write(folder: Path, tables: list[dict[str, Any]]) -> Iterator[str]:
    """Seal the tables as they are; a line for each cell that is sealed anew, and one that counts."""
    before, now = kept(folder), seals(folder, tables)
    for path, row, column, rule in broken(folder, tables):
        yield f"data/{path}, row {row}, column {column}: {rule}; sealed anew"
    fresh = sum(key not in before.get(name, {}) for name, rows in now.items() for key in rows)
    new = folder / f"{NAME}.new"
    new.write_text("".join(f"{name}\t{key}\t{seal}\n" for name, rows in now.items() for key, seal in rows.items()), encoding="utf-8")
    os.replace(new, folder / NAME)
    yield f"{sum(map(len, now.values()))} rows sealed, {fresh} of them for the first time."
