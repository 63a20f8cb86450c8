"""The tables of the book, read once, to change in memory or in a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import helpers
import pytest

from cartbook.validate import Finding, Table, check_tables

Check = Callable[..., list[Finding]]


@pytest.fixture(scope="session")
def package() -> dict[str, Any]:
    """The descriptor of the book's tables; not to be changed."""
    return helpers.package()


@pytest.fixture(scope="session")
def tables() -> dict[str, Table]:
    """Header and rows of every table; not to be changed."""
    return helpers.all_tables()


@pytest.fixture(scope="session")
def check(package: dict[str, Any], tables: dict[str, Table]) -> Check:
    """Findings about a table with other cells: ``check("studies", 2, enrolled="9")``."""

    def run(name: str, row: int, **cells: str) -> list[Finding]:
        return check_tables(
            package, {**tables, name: helpers.changed(tables[name], row, **cells)}, {name}
        )

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of data/."""
    return Path(shutil.copytree(helpers.DATA, tmp_path / "data"))
