"""A build checks each table once; a table that changes after that is checked again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from scripts import TOP

from cartbook import check


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(TOP / "data", tmp_path / "data"))
    tables = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    monkeypatch.setenv("CARTBOOK_SOUND", " ".join(check.mark(folder, table) for table in tables))
    return folder


def studies(folder: Path) -> dict[str, object]:
    tables = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    return next(table for table in tables if table["name"] == "studies")


def test_a_table_with_its_mark_is_not_checked_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        pytest.fail("checked again")

    monkeypatch.setattr(check, "_sense", never)
    assert check.check_table(data, studies(data)) == []


def test_a_table_that_changed_since_is(data: Path) -> None:
    path = data / "studies.csv"
    path.write_bytes(path.read_bytes().replace(b",2022,ZUMA-7", b",MMXXII,ZUMA-7", 1))
    assert "MMXXII" in check.check_table(data, studies(data))[0]


def test_so_is_every_table_when_the_rules_changed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = data / "datapackage.json"
    rules.write_text(rules.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    seen = []
    monkeypatch.setattr(check, "_sense", lambda *_: seen.append("checked") or [])
    check.check_table(data, studies(data))
    assert seen
