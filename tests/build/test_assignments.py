"""Notebooks for classes: no solution reaches a student, nothing else is lost, and nbgrader finds what it asks for."""

from __future__ import annotations

import ast
import builtins
import json
import re
import symtable

import html5lib
import nbformat
import pytest
from helpers import TOP
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import cartbook
from cartbook.cell_runner import Session
from cartbook.exercises import BLANK, PART, _answers, mistakes
from cartbook.export import assignments, teaching
from cartbook.quizzes import MIME, packed_quiz
from cartbook.sphinxext.notebooks import SOLVED

SOLUTION = re.compile(r"^:::\{solution-start\}.*?\n:::\{solution-end\}", re.DOTALL | re.MULTILINE)
STARTED = re.compile(r"^:::\{exercise-end\}.*?\n:::\{solution-start\}", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"```{code-cell}[^\n]*\n(?::[^\n]*\n)*(.*?)\n```", re.DOTALL)
TEXTS = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((TOP / "chapters").glob("*.md"))
}
CHAPTERS = [name for name, text in TEXTS.items() if "{solution-start}" in text]
FLAGS = ("grade", "solution", "locked", "task")


@pytest.fixture(scope="module")
def made(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("teaching") / "out"
    teaching.write(to=folder)
    return folder


def solutions(name):
    """The code of a chapter's solutions, from its source."""
    return [CODE.search(one)[1] for one in SOLUTION.findall(TEXTS[name])]


def starting(name):
    """The cells from which a chapter's exercises start, from its source."""
    found = [CODE.search(one) for one in STARTED.findall(TEXTS[name])]
    return [cell[1].strip() for cell in found if cell]


def read(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    return book


def defined_and_used(code):
    """The names that code defines, and all that it uses."""
    top = symtable.symtable(code, "cell", "exec")
    given = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    used = {one.get_name() for one in top.get_symbols() if one.is_referenced()}
    inner = list(top.get_children())
    while inner:
        scope = inner.pop()
        used |= {one.get_name() for one in scope.get_symbols() if one.is_global()}
        inner += scope.get_children()
    return given, used


def missing_names(code):
    """The names that code uses and does not define."""
    given, used = defined_and_used(code)
    return used - given - set(dir(builtins))


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_student_gets_a_cell_for_each_exercise(made, site, name):
    book = read(made / "notebooks" / "students" / f"{name}.ipynb")
    wanted, started = solutions(name), starting(name)
    code = [cell.source for cell in book.cells if cell.cell_type == "code"]
    text = "\n".join(cell.source for cell in book.cells)
    assert set(started) <= set(code)
    assert code.count("") + len(started) == len(wanted) == text.count("### Exercise ") >= 3
    assert not [one for one in wanted if one in code]
    assert "#### Solution" not in text
    assert SOLVED not in text
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book.cells)
    assert sum("quiz(" in one for one in code) == 1
    for heading in re.findall(r"^## .+$", TEXTS[name], re.MULTILINE):
        assert heading.partition("{")[0] in text
    for cell in read(site / "downloads" / f"{name}.ipynb").cells:
        if cell.cell_type == "code" and cell.source not in wanted:
            kept = assignments.without_assertions(cell.source)
            assert kept in code or not kept, "only assertions and solutions are left out"
    assert not missing_names("\n".join(code)), "a cell needs a solution: write it as an assertion"


@pytest.mark.parametrize("name", CHAPTERS)
def test_nbgrader_finds_what_it_asks_for(made, name):
    """The rules of nbgrader's metadata, version 3, as its documentation gives them."""
    folder = made / "notebooks" / "nbgrader" / "source" / name
    assert list(folder.glob("cartbook-*.whl"))
    cells = read(folder / f"{name}.ipynb").cells
    marked = [(cell, cell.metadata["nbgrader"]) for cell in cells if "nbgrader" in cell.metadata]
    ids = [about["grade_id"] for _, about in marked]
    checked = [one for one in solutions(name) if "check(" in one]
    assert len(ids) == len(set(ids)) == 2 * len(solutions(name)) + len(checked)
    assert all(re.fullmatch(r"[A-Za-z0-9_\-]+", one) for one in ids)
    for cell, about in marked:
        assert set(about) - {"points"} == {"schema_version", "grade_id", *FLAGS}
        assert about["schema_version"] == 3
        flags = tuple(about[flag] for flag in FLAGS)
        assert ("points" in about) == about["grade"]
        if about["solution"]:
            by_hand = "check(" not in cell.source
            assert (cell.cell_type, *flags) == ("code", by_hand, True, False, False)
            lines = cell.source.splitlines()
            assert by_hand or lines.pop(0).startswith("answer = ...")
            assert (lines[0], lines[-1]) == ("### BEGIN SOLUTION", "### END SOLUTION")
            assert cell.source.count("SOLUTION") == 2
            ast.parse(cell.source)
        elif about["grade"]:
            assert (cell.cell_type, *flags) == ("code", True, False, True, False)
        else:
            assert flags == (False, False, True, False)
            assert cell.source.startswith("### Exercise ")
    sources = [cell.source for cell, _ in marked]
    assert all(any(one in source for source in sources) for one in solutions(name))


def grade(cell, answer):
    """What a grading cell prints of an answer, and the points that nbgrader takes from its last value."""
    found = json.loads(Session({"answer": answer}).run(1, cell.source))
    assert not found["failed"]
    printed, value = found["outputs"]
    return printed["printed"], float(value["text"])


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_right_answer_earns_the_point_a_named_mistake_a_part_and_a_blank_nothing(made, name):
    cells = read(made / "notebooks" / "nbgrader" / "source" / name / f"{name}.ipynb").cells
    tests = [
        one for one in cells if one.metadata.get("nbgrader", {}).get("grade_id", "")[:4] == "test"
    ]
    assert len(tests) >= 3
    for cell in tests:
        exercise = re.search(r'check\("(.+?)", answer\)', cell.source)[1]
        key = _answers()[exercise]
        said, points = grade(cell, key["expected"])
        assert (said, points) == (f"Correct. {key['right']}\n", cell.metadata["nbgrader"]["points"])
        for mistake in mistakes(exercise):
            said, points = grade(cell, mistake.answer)
            assert mistake.feedback in said
            assert points == PART
        said, points = grade(cell, ...)
        assert BLANK in said
        assert points == 0


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_quiz_key_is_readable_in_code(made, site, name):
    """Neither in released notebooks nor in the cells that a page runs."""
    quizzes = [
        output.data[MIME]
        for cell in code_cells(teaching.EXECUTED / "chapters" / f"{name}.ipynb")
        for output in cell.outputs
        if MIME in output.get("data", {})
    ]
    assert quizzes
    questions = [one for quiz in quizzes for one in quiz["questions"]]
    keys = [
        words
        for one in questions
        for part in (one, *one.get("choices", []), *one.get("slips", []), *one.get("items", []))
        if (words := part.get("why", ""))
    ]
    assert len(keys) > len(questions)
    folder = made / "notebooks"
    paths = [
        folder / "students" / f"{name}.ipynb",
        folder / "nbgrader" / "source" / name / f"{name}.ipynb",
        site / "downloads" / f"{name}.ipynb",
    ]
    codes = [[cell.source for cell in code_cells(path)] for path in paths]
    page = html5lib.parse((site / "chapters" / f"{name}.html").read_text("utf-8"))
    for script in page.iter("{http://www.w3.org/1999/xhtml}script"):
        if script.get("class") == "cb-run-cells":
            codes.append([cell["source"] for cell in json.loads(script.text)])
    assert len(codes) == 4
    assert "# The quiz, which stays as it is" in codes[3]
    for place, cells in enumerate(codes):
        text = "\n".join(cells)
        assert not re.search(r"\b(Choice|Number|Order|Spot|quiz)\(", text)
        assert not [words for words in keys if words in text]
        if place == 3:
            continue  # the page has the quiz itself
        packed = [one for one in cells if "packed_quiz(" in one]
        shown = [eval(one.split("\n\n", 1)[1], {"packed_quiz": packed_quiz}) for one in packed]
        assert [one.to_record() for one in shown] == quizzes


def visible(cell):
    return not cell.metadata.get("jupyter", {}).get("source_hidden")


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_exercise_needs_code_that_its_notebook_does_not_show(site, name):
    shown, hidden = set(dir(builtins)), set()
    for kind, group in assignments.parts(read(site / "downloads" / f"{name}.ipynb")):
        for cell in group:
            if cell.cell_type == "code":
                given, used = defined_and_used(cell.source)
                if kind != "text":
                    assert not used - given - shown, cell.source
                (shown if visible(cell) else hidden).update(given)
            elif kind != "text":
                named = re.findall(r"`([a-z_]\w*)", cell.source)
                known = shown | set(cartbook.__all__)
                assert not [one for one in named if one in hidden - known], cell.source


def test_the_index_links_every_file(made):
    links = re.findall(r'href="([^"]+)"', (made / "index.html").read_text(encoding="utf-8"))
    assert len(links) == len(set(links))
    assert all((made / one).is_file() for one in links)
    kinds = (".ipynb", ".html", ".xml", ".txt")
    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.suffix in kinds}
    assert files - set(links) == {"index.html", "slides/assets/reveal-LICENSE.txt"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["### Exercise 7\n\nDo.", "#### Solution\n\nDone."], "the last solution does not end"),
        (["#### Solution\n\nDone.", SOLVED], "'#### Solution' is within a part that is text"),
        (["### Exercise 7\n\nDo.", SOLVED], "is within a part that is exercise"),
    ],
)
def test_marks_that_do_not_pair_are_named(cells, said):
    made = [new_markdown_cell(one) for one in cells]
    for make in (assignments.student, assignments.graded):
        with pytest.raises(ValueError, match=said):
            make(new_notebook(cells=made))


def test_an_exercise_keeps_its_starting_cell_in_place_of_an_empty_one():
    cells = [
        new_markdown_cell("### Exercise 7\n\nDo."),
        new_code_cell("answer = ..."),
        new_markdown_cell("**Hint.** Look.\n\n#### Solution"),
        new_code_cell("answer = 1"),
        new_markdown_cell(SOLVED),
    ]
    for make, end in ((assignments.student, 0), (assignments.graded, 1)):
        words, starting, *solution = (one.source for one in make(new_notebook(cells=cells)).cells)
        assert "Hint" in words
        assert starting == "answer = ..."
        assert len(solution) == end


def test_a_book_that_is_not_built_ends_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(teaching, "SITE", tmp_path)
    assert teaching.main() == "error: 01-reading-a-trial is not built; run make book first"
