"""Random errors of transcription are found."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from helpers import changed, to_bytes

from cartbook.datapackage import Table
from cartbook.validate import check_tables

SEED, NUMBER = 20261130, 200
#: of how many the rules alone are tried, a second for each, and how many they must find without the hash, which is what
#: protects a new row: they find about 48, and the sample changes with the data (standard deviation 3)
TRIED, FLOOR = 60, 39

Mutation = tuple[str, int, str, str]


def corrupted(cell: str, others: list[str], rng: random.Random) -> str:
    """A cell with a letter lost or changed, another row's cell, or nothing."""
    at = rng.randrange(len(cell))
    letter = (
        str((int(cell[at]) + rng.randrange(1, 10)) % 10)
        if cell[at].isdigit()
        else rng.choice("abcdefghijklmnopqrstuvwxyz")
    )
    choices = [
        cell[:at] + cell[at + 1 :],
        cell[:at] + letter + cell[at + 1 :],
        rng.choice(others),
        "",
    ]
    return rng.choice([one for one in choices if one != cell])


def mutations(tables: dict[str, Table]) -> list[Mutation]:
    """Table, row, column and new cell of random changes, every cell of the data as likely as any other."""
    rng = random.Random(SEED)
    cells = [
        (name, row, place)
        for name, table in tables.items()
        for row in range(1, len(table))
        for place in range(len(table[0]))
    ]
    made = []
    for name, row, place in rng.sample(cells, NUMBER):
        table = tables[name]
        made.append(
            (
                name,
                row + 1,
                table[0][place],
                corrupted(table[row][place], [one[place] for one in table[1:]], rng),
            )
        )
    return made


def test_rules_alone_find_most_random_changes(
    package: dict[str, Any], tables: dict[str, Table]
) -> None:
    missed = [
        (name, row, column, cell)
        for name, row, column, cell in mutations(tables)[:TRIED]
        if not check_tables(
            package, {**tables, name: changed(tables[name], row, **{column: cell})}, {name}
        )
    ]
    assert TRIED - len(missed) >= FLOOR, missed


def test_the_hash_finds_every_random_change(
    package: dict[str, Any], tables: dict[str, Table]
) -> None:
    signed = {resource["name"]: resource["hash"] for resource in package["resources"]}
    for name, row, column, cell in mutations(tables):
        body = to_bytes(changed(tables[name], row, **{column: cell}))
        assert f"sha256:{hashlib.sha256(body).hexdigest()}" != signed[name]
    for name, table in tables.items():  # so the hash is not different for another reason
        assert f"sha256:{hashlib.sha256(to_bytes(table)).hexdigest()}" == signed[name]
