"""Notebooks for classes: no solution reaches a student, nothing else is lost, and nbgrader finds what it asks for."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from helpers import TOP
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cartbook.export import assignments, teaching
from cartbook.sphinxext.notebooks import SOLVED

GUARDS = (
    "assert ",
    "gap, low, high = difference(cn, am)",
)  # lines that hold the words of a solution to its numbers
CHAPTERS = [
    page
    for page in sorted((TOP / "chapters").glob("*.md"))
    if "{solution-start}" in page.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("teaching") / "out"
    teaching.write(to=folder)
    return folder


def solutions(page: Path) -> list[str]:
    """The code of a chapter's solutions, from its source."""
    found = re.findall(
        r"^:::\{solution-start\}.*?\n:::\{solution-end\}",
        page.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    return [
        re.search(r"```{code-cell}[^\n]*\n(?::[^\n]*\n)*(.*?)\n```", one, re.DOTALL)[1]
        for one in found
    ]  # type: ignore[index]


def read(folder: Path, page: Path) -> Any:
    book = nbformat.read(folder / f"{page.stem}.ipynb", as_version=4)
    nbformat.validate(book)
    return book


def starting(page: Path) -> list[str]:
    """The cells from which a chapter's exercises start, from its source."""
    found = re.findall(
        r"^:::\{exercise-end\}.*?\n:::\{solution-start\}",
        page.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    cells = [
        re.search(r"```{code-cell}[^\n]*\n(?::[^\n]*\n)*(.*?)\n```", one, re.DOTALL)
        for one in found
    ]
    return [cell[1].strip() for cell in cells if cell]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_student_gets_a_cell_for_each_exercise(made: Path, page: Path) -> None:
    book = read(made / "notebooks" / "students", page)
    wanted = solutions(page)
    started = starting(page)
    code = [cell.source for cell in book.cells if cell.cell_type == "code"]
    words = "\n".join(cell.source for cell in book.cells)
    assert code.count("") + len(started) == len(wanted) == words.count("### Exercise ") >= 3
    assert set(started) <= set(code)
    assert not [one for one in wanted if one in code]
    assert "#### Solution" not in words
    assert SOLVED not in words
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book.cells)
    whole = nbformat.read(teaching.SITE / "downloads" / f"{page.stem}.ipynb", as_version=4)
    for cell in (
        one for one in whole.cells if one.cell_type == "code" and one.source not in wanted
    ):
        lost = [
            line
            for line in cell.source.splitlines()
            if line.strip() and line not in words.splitlines()
        ]
        assert all(line.startswith(GUARDS) for line in lost), lost
    assert sum("quiz(" in one for one in code) == 1
    for heading in re.findall(r"^## .+$", page.read_text(encoding="utf-8"), re.MULTILINE):
        assert heading.partition("{")[0] in words


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_what_a_student_runs_does_not_need_a_solution(made: Path, page: Path) -> None:
    book = read(made / "notebooks" / "students", page)
    given, used = assignments.names(
        "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    )
    assert used - given <= set(dir(builtins))


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_nbgrader_finds_what_it_asks_for(made: Path, page: Path) -> None:
    """The rules of nbgrader's metadata, version 3, as its documentation gives them."""
    folder = made / "notebooks" / "nbgrader" / "source" / page.stem
    assert list(folder.glob("cartbook-*.whl"))
    marked = [cell for cell in read(folder, page).cells if "nbgrader" in cell.metadata]
    ids = [cell.metadata["nbgrader"]["grade_id"] for cell in marked]
    assert len(ids) == len(set(ids)) == 2 * len(solutions(page))
    assert all(re.fullmatch(r"[A-Za-z0-9_\-]+", one) for one in ids)
    for cell in marked:
        about = cell.metadata["nbgrader"]
        assert about["schema_version"] == 3
        assert {type(about[name]) for name in ("grade", "solution", "locked", "task")} == {bool}
        assert not about["task"]
        assert set(about) - {"points"} == {
            "schema_version",
            "grade",
            "solution",
            "locked",
            "task",
            "grade_id",
        }
        assert ("points" in about) == about["grade"]
        if about["solution"]:
            assert cell.cell_type == "code"
            assert about["grade"]
            assert not about["locked"]
            lines = cell.source.splitlines()
            assert [
                at
                for at, line in enumerate(lines)
                if line in ("### BEGIN SOLUTION", "### END SOLUTION")
            ] == [0, len(lines) - 1]
            ast.parse(cell.source)
        else:
            assert about["locked"]
            assert cell.source.startswith("### Exercise ")
    assert [one for one in solutions(page) if not any(one in cell.source for cell in marked)] == []


def test_all_is_listed_and_the_same_twice(made: Path, tmp_path: Path) -> None:
    index = (made / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) == len(set(links))
    assert all((made / one).is_file() for one in links)
    files = {
        str(path.relative_to(made))
        for path in made.rglob("*")
        if path.suffix in (".ipynb", ".html", ".xml", ".txt")
    }
    assert files - set(links) == {"index.html", "slides/assets/reveal-LICENSE.txt"}
    teaching.write(to=tmp_path / "again")
    for path in made.rglob("*"):
        if path.is_file():
            assert (
                path.read_bytes() == (tmp_path / "again" / path.relative_to(made)).read_bytes()
            ), path.name


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["### Exercise 7\n\nDo.", "#### Solution\n\nDone."], "does not end"),
        (["#### Solution\n\nDone.", SOLVED], "should go on"),
        (["### Exercise 7\n\nDo.", SOLVED], "should go on"),
    ],
)
def test_marks_that_do_not_pair_are_named(cells: list[str | None], said: str) -> None:
    book = new_notebook(
        cells=[new_code_cell("1") if one is None else new_markdown_cell(one) for one in cells]
    )
    for make in (assignments.student, assignments.graded):
        with pytest.raises(ValueError, match=said):
            make(book)


def test_an_exercise_keeps_its_starting_cell_in_place_of_an_empty_one() -> None:
    book = new_notebook(
        cells=[
            new_markdown_cell("### Exercise 7\n\nDo."),
            new_code_cell("answer = ...", outputs=[]),
            new_markdown_cell("**Hint.** Look.\n\n#### Solution"),
            new_code_cell("answer = 1"),
            new_markdown_cell(SOLVED),
        ]
    )
    for make, last in ((assignments.student, []), (assignments.graded, ["BEGIN"])):
        cells = [cell.source for cell in make(book).cells]
        assert "Hint" in cells[0]
        assert cells[1] == "answer = ..."
        assert [one for one in last if one in cells[-1]] == last
        assert len(cells) == 2 + len(last)


def test_a_book_that_is_not_built_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(teaching, "SITE", tmp_path)
    with pytest.raises(ValueError, match="run make book first"):
        teaching.write(to=tmp_path / "out")
    assert not (tmp_path / "out").exists()
