"""Execute chapters on changed tables, and say what changes in them: sentences, numbers and figures.

A chapter's assertions hold its sentences. Here all its cells are executed, also after one fails, so
that every sentence that a change makes untrue is named, and not the first alone.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cartbook.figures import MIME, csv_of
from cartbook.isolation import kernel_environment
from cartbook.paths import TOP
from cartbook.sphinxext.metadata import front_matter

VALUE = re.compile(r"\{eval\}`([^`]+)`")
TIMEOUT = 300  # seconds of a cell
#: what the last cell of a run prints: each value of the prose, or the error that it raises
READ_VALUES = """
import json as _json
def _value(code):
    try:
        return str(eval(code, globals()))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
print("cartbook-values " + _json.dumps([_value(one) for one in _json.loads(CODES)]))
"""


@dataclass(frozen=True)
class Untrue:
    """A line of a chapter whose assertion, or other code, fails."""

    page: str
    line: int
    code: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}: {self.code} ({self.reason})"


@dataclass(frozen=True)
class Reading:
    """What a chapter shows: the values of its prose by line, its figures' numbers, what fails."""

    values: tuple[tuple[int, str, str], ...]
    figures: dict[str, str]
    untrue: tuple[Untrue, ...]


def pages_that_read(tables: Collection[str], top: Path = TOP) -> list[Path]:
    """Return the pages with cells that declare one of the tables, in the order of their names."""
    found = []
    for path in [top / "index.md", *sorted((top / "chapters").glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        declared = {Path(one).stem for one in front_matter(text).get("book", {}).get("data", [])}
        if declared & set(tables) and "{code-cell}" in text:
            found.append(path)
    return found


def read(page: Path, data: Path, top: Path = TOP) -> Reading:
    """Execute a page with the tables of the folder ``data``."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    text = page.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="md:myst")
    codes = VALUE.findall(text)
    last = READ_VALUES.replace("CODES", repr(json.dumps(codes)))
    notebook.cells.append(nbformat.v4.new_code_cell(last))
    with tempfile.TemporaryDirectory() as scratch:
        environment = kernel_environment(top, Path(scratch)) | {"CARTBOOK_DATA": str(data)}
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=TIMEOUT,
            allow_errors=True,
            resources={"metadata": {"path": str(page.parent)}},
        )
        client.execute(env=environment)
    outputs = [(cell, one) for cell in notebook.cells for one in cell.get("outputs", [])]
    figures = {}
    for _, one in outputs:
        record = one.get("data", {}).get(MIME)
        record = json.loads(record) if isinstance(record, str) else record
        if record and record["kind"] == "figure":
            figures[record["id"]] = csv_of(record["table"])
    lines = [text.count("\n", 0, found.start()) + 1 for found in VALUE.finditer(text)]
    values = tuple(zip(lines, codes, _values(notebook), strict=True))
    name = page.relative_to(top).as_posix()
    return Reading(values, figures, tuple(_untrue(name, text, outputs)))


def _values(notebook: Any) -> list[str]:
    printed = "".join(one.get("text", "") for one in notebook.cells[-1].outputs)
    found: list[str] = json.loads(printed.partition("cartbook-values ")[2])
    return found


def _untrue(name: str, text: str, outputs: Sequence[tuple[Any, Any]]) -> Iterator[Untrue]:
    """Yield the line of the page on which each cell failed."""
    for cell, output in outputs:
        if output.get("output_type") != "error":
            continue
        trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
        found = re.search(r"Cell In\[\d+\], line (\d+)", trace)
        place = int(found[1]) if found else 1
        start = text.find(cell.source)
        line = text.count("\n", 0, max(start, 0)) + place
        code = cell.source.splitlines()[place - 1].strip()
        why = f"{output['ename']}: {output['evalue']}".rstrip(": ")
        yield Untrue(name, line, code, " ".join(why.split()))


def compare(page: str, before: Reading, after: Reading) -> list[str]:
    """Return a line for each sentence, number and figure of a page that a change affects."""
    known = {(one.line, one.code) for one in before.untrue}
    lines = [f"no longer true: {one}" for one in after.untrue if (one.line, one.code) not in known]
    for (line, _, old), (_, _, new) in zip(before.values, after.values, strict=True):
        if old != new:
            lines.append(f"number: {page}, line {line}: {old} becomes {new}")
    for name in sorted(before.figures.keys() | after.figures.keys()):
        if before.figures.get(name) != after.figures.get(name):
            lines.append(f"figure: {page}, {name}")
    return lines


def effects(tables: Collection[str], old: Path, new: Path, top: Path = TOP) -> list[str]:
    """Return what changes in the book when the tables in ``old`` become those in ``new``."""
    lines = []
    for page in pages_that_read(tables, top):
        name = page.relative_to(top).as_posix()
        lines += compare(name, read(page, old, top), read(page, new, top))
    return lines
