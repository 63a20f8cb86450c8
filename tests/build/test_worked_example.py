"""The worked example of CONTRIBUTING.md works: its rows show in chart, table, explorer and prose."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from helpers import TOP, build

from cartbook import load

LIVE = ("19-conclusions", "20-evidence-explorer")


def example() -> tuple[str, str]:
    """The rows for studies.csv and for outcomes.csv, as CONTRIBUTING.md prints them."""
    study, outcomes = re.findall(
        r"```csv\n(.*?)```", (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
    )
    return study, outcomes


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
    for name, rows in zip(("studies.csv", "outcomes.csv"), example(), strict=True):
        with (book / "data" / name).open("a", encoding="utf-8") as file:
            file.write(rows)
    done = build(book)
    assert done.returncode == 0, done.stderr[-3000:]
    return book / "_build" / "html"


def test_the_prose_counts_it(site: Path) -> None:
    outcomes = load("outcomes")
    before = outcomes.loc[outcomes["value"].notna(), "study_id"].nunique()
    words = re.sub(r"<[^>]+>", "", (site / "index.html").read_text(encoding="utf-8"))
    assert f"that it reports from {before + 1} studies" in words


def test_a_chart_and_its_table_have_it(site: Path) -> None:
    page = (site / "chapters" / "19-conclusions.html").read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="cb-figure".*?</figure>', page, re.DOTALL)
    drawn = [
        one
        for one in figures
        if "made-up-cel phase II" in re.search(r'class="cb-spec">(.*?)</script>', one, re.DOTALL)[1]
        or "Example" in one
    ]
    assert drawn
    assert any(
        re.search(r"<table>.*(?:made-up-cel|Example).*</table>", one, re.DOTALL) for one in drawn
    )


def test_the_explorer_lists_it_with_its_interval(site: Path) -> None:
    page = (site / "chapters" / "20-evidence-explorer.html").read_text(encoding="utf-8")
    row = next(
        one
        for one in re.findall(r"<tr data-.*?</tr>", page, re.DOTALL)
        if "made-up-cel phase II" in one and "stringent" in one
    )
    assert "40 of 50" in row
    assert 'data-low="67.0"' in row
    assert 'data-high="88.8"' in row


def test_the_data_that_goes_with_the_site_has_it(site: Path) -> None:
    assert "example2027" in (site / "data" / "studies.csv").read_text(encoding="utf-8")
