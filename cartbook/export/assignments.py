"""Chapters as notebooks for classes: without their solutions, or with them marked for nbgrader.

They are made from the notebooks that readers download, whose sentences carry their values.
"""

from __future__ import annotations

import ast
import copy
import re
import symtable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from cartbook.sphinxext.exports import ZIP_NAME
from cartbook.sphinxext.notebooks import ASIDE, SOLVED

MARKS = re.compile(rf"^(### Exercise \d+|#### Solution|{re.escape(SOLVED)})$", re.MULTILINE)
#: what nbgrader asks of a cell (its metadata format, version 3)
FORMAT = {"schema_version": 3, "task": False}


def parts(book: NotebookNode) -> list[tuple[str, list[NotebookNode]]]:
    """The cells in order, parted into ``text``, ``exercise`` and ``solution``. Raises ValueError if the marks do not pair."""
    found: list[tuple[str, list[NotebookNode]]] = []
    kind = "text"

    def put(cell: NotebookNode) -> None:
        if not found or found[-1][0] != kind:
            found.append((kind, []))
        found[-1][1].append(cell)

    for cell in book.cells:
        if cell.cell_type != "markdown":
            put(copy.deepcopy(cell))  # within an exercise: the cell from which it starts
            continue
        for piece in MARKS.split(cell.source):
            if MARKS.fullmatch(piece):
                steps = {
                    "### Exercise": ("text", "exercise"),
                    "#### Solution": ("exercise", "solution"),
                    SOLVED: ("solution", "text"),
                }
                before, after = next(steps[start] for start in steps if piece.startswith(start))
                if kind != before:
                    raise ValueError(f"{piece} stands where {kind} should go on")
                kind = after
                if kind == "exercise":
                    put(new_markdown_cell(piece))  # with its number
            elif piece.strip():
                put(new_markdown_cell(piece.strip()))
    if kind != "text":
        raise ValueError(f"an {kind} does not end")
    return found


def names(code: str) -> tuple[set[str], set[str]]:
    """The names that a cell gives to others, and those that it uses, whoever gives them."""
    top = symtable.symtable(code, "cell", "exec")
    given = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    used = {one.get_name() for one in top.get_symbols() if one.is_referenced()}
    inner = list(top.get_children())
    while inner:
        scope = inner.pop()
        used |= {one.get_name() for one in scope.get_symbols() if one.is_global()}
        inner += scope.get_children()
    return given, used


def _statements(code: str) -> list[str]:
    """A cell's statements, each with the comments before it; joined, they are the cell."""
    lines, began, found = code.splitlines(keepends=True), 0, []
    for node in ast.parse(code).body:
        found.append("".join(lines[began : node.end_lineno]))
        began = node.end_lineno or began
    return [one for one in [*found, "".join(lines[began:])] if one]


def _without_solutions(
    groups: list[tuple[str, list[NotebookNode]]],
) -> list[tuple[str, list[NotebookNode]]]:
    """Leave out the statements that hold a solution's words to its numbers: without the solution they could not run."""

    def given(codes: list[str]) -> set[str]:
        return set().union(*(names(code)[0] for code in codes))

    code = {
        kind: [
            cell.source
            for found, group in groups
            for cell in group
            if cell.cell_type == "code" and found == kind
        ]
        for kind, _ in groups
    }
    kept, gone = (
        [one for cell in code.get("text", []) for one in _statements(cell)],
        given(code.get("solution", [])),
    )
    while lost := [one for one in kept if names(one)[1] & (gone - given(kept))]:
        gone |= given(lost)
        kept = [one for one in kept if one not in lost]
    for kind, group in groups:
        for cell in group:
            if kind == "text" and cell.cell_type == "code":
                cell.source = "".join(one for one in _statements(cell.source) if one in kept).strip(
                    "\n"
                )
    return [(kind, [cell for cell in group if cell.source]) for kind, group in groups]


def _blank(cell: NotebookNode) -> NotebookNode:
    """A cell as nobody has run it yet."""
    if cell.cell_type == "code":
        return new_code_cell(
            cell.source, metadata=copy.deepcopy(cell.metadata)
        )  # set-up code stays folded
    source = cell.source.replace(ASIDE.format(zip=ZIP_NAME), "")
    return new_markdown_cell(source.replace(", with its outputs.", ", to work through."))


def _book(cells: list[NotebookNode], like: NotebookNode) -> NotebookNode:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # the same book gives the same bytes
    return NotebookNode(
        cells=cells, metadata=copy.deepcopy(like.metadata), nbformat=4, nbformat_minor=5
    )


def student(book: NotebookNode) -> NotebookNode:
    """The notebook without solutions and outputs; an exercise without a starting cell gets an empty one."""
    cells: list[NotebookNode] = []
    started = False
    for kind, group in _without_solutions(parts(book)):
        if kind == "solution":
            cells += [] if started else [new_code_cell("")]
        elif kind == "exercise":
            words, starting = _exercise(group)
            started = bool(starting)
            cells += [words, *starting]
        else:
            cells += [_blank(cell) for cell in group]
    return _book(cells, book)


def _exercise(group: list[NotebookNode]) -> tuple[NotebookNode, list[NotebookNode]]:
    """Return the words of an exercise, its hint included, and the cells from which it starts."""
    words = [one.source for one in group if one.cell_type == "markdown"]
    starting = [_blank(one) for one in group if one.cell_type == "code"]
    return new_markdown_cell("\n\n".join(words)), starting


def _solution(group: list[NotebookNode]) -> str:
    """A solution as one piece of code, its words as comments, between nbgrader's marks."""
    lines = ["### BEGIN SOLUTION"]
    for cell in group:
        lines += (
            cell.source.splitlines()
            if cell.cell_type == "code"
            else [f"# {line}".rstrip() for line in cell.source.splitlines()]
        )
    return "\n".join([*lines, "### END SOLUTION"])


def graded(book: NotebookNode) -> NotebookNode:
    """The notebook as nbgrader's ``source`` takes it: exercises locked, solutions marked, a point each, graded by hand."""
    cells: list[NotebookNode] = []
    number = 0
    for kind, group in _without_solutions(parts(book)):
        if kind == "text":
            cells += [_blank(cell) for cell in group]
        elif kind == "exercise":
            number += 1
            cell, starting = _exercise(group)
            cell.metadata["nbgrader"] = {
                **FORMAT,
                "grade": False,
                "solution": False,
                "locked": True,
                "grade_id": f"exercise-{number}",
            }
            cells += [cell, *starting]
        else:
            cell = new_code_cell(_solution(group))
            cell.metadata["nbgrader"] = {
                **FORMAT,
                "grade": True,
                "solution": True,
                "locked": False,
                "points": 1,
                "grade_id": f"solution-{number}",
            }
            cells.append(cell)
    return _book(cells, book)
