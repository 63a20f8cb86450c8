"""Chapters as notebooks for classes: without their solutions, or with them marked for nbgrader.

They are made from the notebooks that readers download, whose sentences carry their values.
"""

from __future__ import annotations

import ast
import copy
import re
from itertools import groupby
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from cartbook.exercises import PART
from cartbook.sphinxext.notebooks import ASIDE, SOLVED, ZIP_NAME

MARKS = re.compile(rf"^(### Exercise \d+|#### Solution|{re.escape(SOLVED)})$", re.MULTILINE)
#: begin of a mark: the part that it ends, and the one that it begins
STEPS = {
    "### Exercise": ("text", "exercise"),
    "#### Solution": ("exercise", "solution"),
    SOLVED: ("solution", "text"),
}
CHECKED = re.compile(r'\bcheck\("([^"]+)", answer\)')
#: nbgrader takes the last value of a cell that grades as the points
GRADED = """# Grades the answer above: a point if it is right, {part} if it shows a common mistake.
from cartbook import check

feedback = check("{exercise}", answer)
print(feedback)
feedback.score"""
Group = tuple[str, list[NotebookNode]]


def without_assertions(code: str) -> str:
    """Return a cell without its assertions, which tie sentences to numbers, some to those of a solution."""
    lines = code.splitlines(keepends=True)
    for node in reversed(ast.parse(code).body):
        if isinstance(node, ast.Assert):
            del lines[node.lineno - 1 : node.end_lineno]
    return "".join(lines).strip("\n")


def parts(book: NotebookNode) -> list[Group]:
    """Return the cells in order, in groups of ``text``, ``exercise`` and ``solution``.

    Raise ValueError if the marks of exercises and solutions do not pair.
    """
    found: list[tuple[str, NotebookNode]] = []
    kind = "text"
    for cell in book.cells:
        if cell.cell_type != "markdown":
            found.append(
                (kind, copy.deepcopy(cell))
            )  # in an exercise: the cell from which it starts
            continue
        for piece in MARKS.split(cell.source):
            if MARKS.fullmatch(piece):
                before, after = next(STEPS[start] for start in STEPS if piece.startswith(start))
                if kind != before:
                    raise ValueError(f"{piece!r} is within a part that is {kind}, not {before}")
                kind = after
                if kind == "exercise":
                    found.append((kind, new_markdown_cell(piece)))  # with its number
            elif piece.strip():
                found.append((kind, new_markdown_cell(piece.strip())))
    if kind != "text":
        raise ValueError(f"the last {kind} does not end")
    groups = groupby(found, key=lambda one: one[0])
    return [(kind, [cell for _, cell in group]) for kind, group in groups]


def _as_new(cell: NotebookNode) -> NotebookNode:
    """Return a cell of the text as before it is run; set-up code stays folded."""
    if cell.cell_type == "code":
        return new_code_cell(without_assertions(cell.source), metadata=copy.deepcopy(cell.metadata))
    source = cell.source.replace(ASIDE.format(zip=ZIP_NAME), "")
    return new_markdown_cell(source.replace(", with its outputs.", ", to work through."))


def _notebook(cells: list[NotebookNode], like: NotebookNode) -> NotebookNode:
    cells = [cell for cell in cells if cell.source or "blank" in cell.metadata]
    for number, cell in enumerate(cells):
        cell.metadata.pop("blank", None)
        cell["id"] = f"cell-{number}"  # the same book gives the same bytes
    metadata = copy.deepcopy(like.metadata)
    return NotebookNode(cells=cells, metadata=metadata, nbformat=4, nbformat_minor=5)


def _exercise(group: list[NotebookNode]) -> list[NotebookNode]:
    """Return the words of an exercise, its hint included, and the cells from which it starts."""
    words = [one.source for one in group if one.cell_type == "markdown"]
    starting = [_as_new(one) for one in group if one.cell_type == "code"]
    return [new_markdown_cell("\n\n".join(words)), *starting]


def student(book: NotebookNode) -> NotebookNode:
    """Return the notebook without solutions and outputs; an exercise without a starting cell gets an empty one."""
    cells: list[NotebookNode] = []
    for kind, group in parts(book):
        if kind == "text":
            cells += map(_as_new, group)
        elif kind == "exercise":
            cells += _exercise(group)
        elif cells[-1].cell_type == "markdown":
            cells.append(new_code_cell("", metadata={"blank": True}))
    return _notebook(cells, book)


def _solution(group: list[NotebookNode]) -> str:
    """Return a solution as one cell of code between nbgrader's marks, its words as comments."""
    lines = ["### BEGIN SOLUTION"]
    for cell in group:
        start = "" if cell.cell_type == "code" else "# "
        lines += [f"{start}{line}".rstrip() if start else line for line in cell.source.splitlines()]
    return "\n".join([*lines, "### END SOLUTION"])


def _marked(cell: NotebookNode, grade_id: str, **flags: Any) -> NotebookNode:
    """Give a cell nbgrader's metadata, version 3; what ``flags`` does not name is false."""
    about = {"grade": False, "solution": False, "locked": False, "task": False} | flags
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **about}
    return cell


def _answered(number: int, solution: str) -> list[NotebookNode]:
    """Return the cell for an answer, and where ``check`` knows the exercise a cell that grades it."""
    found = CHECKED.search(solution)
    name = f"solution-{number}"
    if not found:  # graded by hand
        return [_marked(new_code_cell(solution), name, grade=True, solution=True, points=1)]
    answer = new_code_cell(f"answer = ...  # yours; the next cell grades it\n{solution}")
    test = new_code_cell(GRADED.format(exercise=found[1], part=f"{PART:g}"))
    return [
        _marked(answer, name, solution=True),
        _marked(test, f"test-{number}", grade=True, locked=True, points=1),
    ]


def graded(book: NotebookNode) -> NotebookNode:
    """Return the notebook as nbgrader's ``source`` takes it: exercises locked, solutions marked, a point each.

    An exercise that ``check`` knows is graded by nbgrader, with a part of the point for a common mistake.
    """
    cells: list[NotebookNode] = []
    number = 0
    for kind, group in parts(book):
        if kind == "text":
            cells += map(_as_new, group)
        elif kind == "exercise":
            number += 1
            words, *starting = _exercise(group)
            cells += [_marked(words, f"exercise-{number}", locked=True), *starting]
        else:
            cells += _answered(number, _solution(group))
    return _notebook(cells, book)
