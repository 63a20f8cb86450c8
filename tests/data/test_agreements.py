"""What tables must agree on is found where it does not hold, and a sealed cell does not change unseen."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from cartbook import seal
from cartbook.agreement import Agreements
from cartbook.check import MISSING, check, describe, main

DATA = Path(__file__).resolve().parents[2] / "data"

ROWS = [
    {"id": "one.a", "trial": "ONE", "statistic": "median", "events": "not applicable", "see": "one.a", "value": "4"},
    {"id": "one.b", "trial": "ONE", "statistic": "proportion", "events": "12", "see": "one.a; two.a", "value": "12"},
    {"id": "two.a", "trial": "TWO", "statistic": "proportion", "events": "7", "see": "not reported", "value": "7"},
]
SIZES = [{"trial": "ONE", "n": "12"}, {"trial": "TWO", "n": "7"}]

#: an agreement, and a change (row, column, cell) that breaks it
AGREEMENTS: dict[str, tuple[dict[str, Any], tuple[int, str, str]]] = {
    "same": ({"by": ["id head"], "columns": ["trial"]}, (1, "trial", "TWO")),
    "when": ({"if": {"statistic": ["median"]}, "then": {"events": ["not applicable"]}}, (0, "events", "3")),
    "when a number": ({"if": {"statistic": ["not", "median"]}, "then": {"events": ["#"]}}, (2, "events", "seven")),
    "when a pattern": ({"if": {}, "then": {"id": ["~[a-z]+[.][a-z]"]}}, (2, "id", "two-a")),
    "equal": ({"columns": ["events", "value"], "if": {"statistic": ["proportion"]}}, (1, "events", "13")),
    "copied": ({"by": "trial", "from": "sizes", "key": "trial", "columns": {"value": "n"}, "if": {"events": ["#"]}}, (2, "value", "8")),
    "listed": ({"column": "see", "in": [["rows", "id"]]}, (1, "see", "one.a; two.b")),
    "listed of a trial": ({"column": "value", "with": "trial", "in": [["sizes", "n"]], "or": ["4"]}, (1, "value", "7")),
    "made": ({"column": "id", "of": ["trial"]}, (0, "id", "won.a")),
    "sums": ({"column": "value", "over": "statistic", "by": ["see"], "if": {"see": ["one.a"]}}, (1, "see", "one.a")),
}


def broken(agreement: dict[str, Any], kind: str, rows: list[dict[str, str]]) -> list[tuple[str, int, str, str]]:
    one = {"table": "rows", "kind": kind.split()[0], "says": "so it is", **agreement}
    return list(Agreements({"rows": rows, "sizes": SIZES}, MISSING).broken(one))


@pytest.mark.parametrize("kind", AGREEMENTS)
def test_an_agreement_holds_until_a_cell_breaks_it(kind: str) -> None:
    agreement, (row, column, cell) = AGREEMENTS[kind]
    rows = [dict(one) for one in ROWS]
    assert broken(agreement, kind, rows) == []
    rows[row][column] = cell
    found = broken(agreement, kind, rows)
    assert found
    assert all(table == "rows" and "so it is" in rule for table, _, _, rule in found)
    if kind != "sums":  # a sum does not know which of its rows is wrong
        assert (row + 2, column) in [(number, name) for _, number, name, _ in found]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def corrupted(cell: str, others: list[str], rng: random.Random) -> str:
    """A cell as a slip of the hand leaves it: a letter lost or changed, another row's cell, nothing at all."""
    at = rng.randrange(len(cell))
    letter = str((int(cell[at]) + rng.randrange(1, 10)) % 10) if cell[at].isdigit() else rng.choice("abcdefghijklmnopqrstuvwxyz")
    slips = [cell[:at] + cell[at + 1 :], cell[:at] + letter + cell[at + 1 :], rng.choice(others), ""]
    return rng.choice([slip for slip in slips if slip != cell])


def slips(number: int, seed: int) -> list[tuple[dict[str, Any], int, str, str]]:
    """Table, row (from 0), column and new cell of random slips, every cell of the data as likely as any other."""
    rng, tables = random.Random(seed), describe(DATA)["resources"]
    cells = [(table, at, column) for table in tables for at, row in enumerate(rows_of(DATA / table["path"])) for column in row]
    made = []
    for table, at, column in rng.sample(cells, number):
        rows = rows_of(DATA / table["path"])
        made.append((table, at, column, corrupted(rows[at][column], [row[column] for row in rows], rng)))
    return made


def unseen(copy: Path, number: int, seed: int, found: Callable[[dict[str, Any]], Iterable[object]]) -> list[tuple[str, int, str, str, str]]:
    """Those of so many slips, made one at a time in a copy of the data, of which nothing is found; each is undone before the next."""
    missed = []
    for table, at, column, cell in slips(number, seed):
        path = copy / table["path"]
        rows = rows_of(path)
        was, rows[at][column] = rows[at][column], cell
        write(path, rows)
        if not list(found(table)):
            missed.append((table["name"], at + 2, column, was, cell))
        shutil.copy(DATA / table["path"], path)
    return missed


def test_no_slip_of_the_hand_goes_unseen(copy: Path) -> None:
    assert unseen(copy, 400, 20261124, lambda table: seal.broken(copy, [table])) == []


def test_four_in_five_slips_break_a_rule_even_without_a_seal(copy: Path) -> None:
    """The rules by themselves: what protects a row that is new, and has no seal yet."""
    missed = unseen(copy, 40, 7, lambda _: check(copy, sealed=False))
    assert len(missed) <= 10, missed


def test_every_row_of_the_book_is_sealed() -> None:
    sealed = seal.kept(DATA)
    assert sealed == seal.seals(DATA, describe(DATA)["resources"])


def test_a_plausible_slip_is_named_by_cell_and_says_what_to_do(copy: Path) -> None:
    path = copy / "outcomes.csv"
    rows = rows_of(path)
    rows[0]["note"] = "Another note."
    write(path, rows)
    (line,) = check(copy)
    assert "data/outcomes.csv, row 2, column note: 'Another note.' is not what was sealed" in line
    assert "make seal" in line
    assert check(copy, sealed=False) == []


def test_a_row_that_went_missing_is_named(copy: Path) -> None:
    path = copy / "glossary.csv"
    rows = rows_of(path)
    gone = rows.pop(next(at for at, row in enumerate(rows) if row["term"] not in " ".join(one["see_also"] for one in rows)))
    write(path, rows)
    assert any(repr(gone["term"]) in line and "is gone" in line for line in check(copy))


def test_sealing_accepts_a_change_and_says_which(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "outcomes.csv"
    rows = rows_of(path)
    rows[0]["note"] = "Another note."
    write(path, rows)
    assert main(copy, sealing=True) == 0
    assert "row 2, column note: 'Another note.'" in capsys.readouterr().out
    assert check(copy) == []


def test_what_breaks_a_rule_is_not_sealed(copy: Path) -> None:
    before = (copy / seal.NAME).read_bytes()
    path = copy / "outcomes.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",359,patients", ",,patients", 1), encoding="utf-8")
    assert main(copy, sealing=True) == 1
    assert (copy / seal.NAME).read_bytes() == before


def test_a_broken_file_of_seals_is_named(copy: Path) -> None:
    (copy / seal.NAME).write_text("nothing of the kind\n", encoding="utf-8")
    assert check(copy) == [
        "data/seals.txt, row -, column -: line 1 is no seal. To mend it: restore the file (git checkout), or run make seal."
    ]
