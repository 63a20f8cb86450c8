"""The worked example of CONTRIBUTING.md works: its rows show in the explorer, and in Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import TOP, build

LIVE = ("explorer",)


TABLES = ("sources", "studies", "outcomes")


def example() -> list[str]:
    """The rows for each of these tables, as CONTRIBUTING.md prints them."""
    return re.findall(
        r"```csv\n(.*?)```", (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a copy of the book with the example's rows; chapters that have no part in it are stubs."""
    book = tmp_path_factory.mktemp("grown") / "book"
    shutil.copytree(
        TOP,
        book,
        ignore=shutil.ignore_patterns(
            ".venv", "_build", ".git", ".*_cache", "__pycache__", "tests"
        ),
    )
    for page in (book / "chapters").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        if page.stem not in LIVE and "{code-cell}" in text:
            headings = "\n\n".join(
                line for line in text.splitlines() if line.startswith("## ")
            )  # other pages link to them
            about = f"---\nbook:\n  title: {page.stem}\n  description: A stub in the place of {page.stem}.\n---\n\n# {page.stem}\n\n{headings}\n"
            page.write_text(about, encoding="utf-8")
    for name, rows in zip(TABLES, example(), strict=True):
        with (book / "data" / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(rows)
    done = build(book)
    assert done.returncode == 0, done.stderr[-3000:]
    return book / "_build" / "html"


def test_the_explorer_lists_it(site: Path) -> None:
    rows = (site / "_static" / "evidence.js").read_text(encoding="utf-8")
    assert "made-up-cel phase II" in rows
    assert "80% (40/50)" in rows


def test_it_can_be_quoted(site: Path) -> None:
    """The tables that go with the site load in Python, with the new rows in place."""
    code = "from cartbook import history, quote; print(quote('example2027.crs-severe').full)"
    code += "; print(history('example2027', 'CR or stringent CR')['source_doi'].item())"
    environment = {**os.environ, "CARTBOOK_DATA": str(site / "data")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["3 of 50 (6%, 95% CI 2–16)", "10.9999/example.2027"]


def test_the_data_that_goes_with_the_site_has_it(site: Path) -> None:
    assert "example2027" in (site / "data" / "studies.csv").read_text(encoding="utf-8")
