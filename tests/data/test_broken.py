"""A broken table gets a clear error: file, row, column, rule, and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cartbook.check import DataError, check

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def replace(old: str, new: str, row: int) -> Callable[[bytes], bytes]:
    """Change one row of the file (counted from 1, the header)."""

    def change(body: bytes) -> bytes:
        lines = body.split(b"\n")
        assert old.encode() in lines[row - 1], "the test's row has another content"
        lines[row - 1] = lines[row - 1].replace(old.encode(), new.encode(), 1)
        return b"\n".join(lines)

    return change


def double_row(body: bytes) -> bytes:
    lines = body.split(b"\n")
    return b"\n".join([*lines[:3], lines[2], *lines[3:]])


CASES = {
    "wrong type": ("studies", replace(",2022,ZUMA-7", ",MMXXII,ZUMA-7", 2), "row 2", "year", "MMXXII"),
    "unknown end point": ("outcomes", replace(",participants,", ",participant,", 2), "row 2", "endpoint", "participant"),
    "events above the denominator": ("outcomes", replace(",157,170,", ",177,170,", 14), "row 14", "events", "177 events of 170"),
    "percentage that does not follow": ("outcomes", replace(",92,percent,157", ",82,percent,157", 14), "row 14", "value", "92.35 %"),
    "duplicate key": ("outcomes", double_row, "row 4", "outcome_id", ""),
    "stray column": ("studies", lambda body: body.replace(b"\n", b",extra\n", 1), "row 1", "", "extra"),
    "missing column": ("studies", lambda body: body.replace(b",note\n", b"\n", 1), "row 1", "note", ""),
    "byte order mark": ("outcomes", lambda body: b"\xef\xbb\xbf" + body, "row 1", "", "byte order mark"),
    "CRLF": ("outcomes", lambda body: body.replace(b"\n", b"\r\n"), "row 1", "", "CRLF"),
    "not UTF-8": ("outcomes", lambda body: body.replace(b"\n", b"\n\xff", 1), "row 2", "", "UTF-8"),
    "half-written": ("outcomes", lambda body: body[: len(body) // 2], "", "", "half-written"),
    "10 MB of junk": ("outcomes", lambda _: b"\x00junk,\n" * 1_500_000, "", "", "bytes"),
    "blank cell": ("outcomes", replace(",359,patients", ",,patients", 2), "row 2", "value", "blank"),
    "study that nobody has": (
        "outcomes",
        replace("locke2022.all.participants.text,locke2022", "locke1999.all.participants.text,locke1999", 2),
        "row 2",
        "study_id",
        "locke1999",
    ),
    "impossible share": ("outcomes", replace(",92,percent,157", ",920,percent,157", 14), "row 14", "value", "920"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_table_names_file_row_column_rule_and_cure(copy: Path, case: str) -> None:
    name, change, row, column, rule = CASES[case]
    path = copy / f"{name}.csv"
    path.write_bytes(change(path.read_bytes()))
    findings = check(copy)
    assert findings, f"{case} went unnoticed"
    fitting = [one for one in findings if f"data/{name}.csv" in one and row in one and column in one and rule in one]
    assert fitting, findings[:3]
    assert all("To mend it: " in one for one in findings)


def test_a_missing_table_is_named(copy: Path) -> None:
    (copy / "studies.csv").unlink()
    assert any("data/studies.csv" in one and "missing" in one for one in check(copy))


def test_a_table_that_nobody_describes_is_named(copy: Path) -> None:
    (copy / "more.csv").write_text("a\n1\n", encoding="utf-8")
    assert any("data/more.csv" in one and "does not describe" in one for one in check(copy))


@pytest.mark.parametrize("body", ["", "{", '{"resources": [', "\x00"])
def test_a_broken_description_is_named(copy: Path, body: str) -> None:
    (copy / "datapackage.json").write_text(body, encoding="utf-8")
    with pytest.raises(DataError, match=r"datapackage\.json.*To mend it"):
        check(copy)


def test_a_percentage_that_does_follow_may_not_be_flagged(copy: Path) -> None:
    path = copy / "outcomes.csv"
    path.write_bytes(replace(",92 (157/170),none,", ",92 (157/170),percentage does not follow,", 14)(path.read_bytes()))
    assert any("remove the flag" in one for one in check(copy))


def test_the_description_is_json_that_keeps_its_tables(copy: Path) -> None:
    package = json.loads((copy / "datapackage.json").read_text(encoding="utf-8"))
    assert {"studies", "outcomes"} <= {one["name"] for one in package["resources"]}
