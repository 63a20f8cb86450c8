"""Execute chapters: several at once, each with a line in the terminal, and name a cell that fails.

A chapter's cells run while Sphinx reads it, so chapters that are read in parallel execute in parallel.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import threading
import time
from pathlib import Path

from docutils import nodes
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError

from cartbook.sphinxext.compat import ExecutionError, Parser, allow_parallel_reading

CELL = re.compile(r"^```{code-cell}.*\n(?:---\n(?:.*\n)*?---\n|(?::.*\n)*)\n?", re.MULTILINE)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
#: pages to read, and pages read so far; all processes of a build count here
TOTAL, DONE = multiprocessing.Value("i"), multiprocessing.Value("i")


class CellError(SphinxError):
    """A cell failed; the message is one line with chapter, cell and line."""


class ChapterParser(Parser):  # type: ignore[misc]  # it has no types
    """The notebook parser; it reports its page, and raises :class:`CellError` for a cell that fails."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        began = time.perf_counter()
        try:
            super().parse(inputstring, document)
        except ExecutionError as error:
            if error.__cause__ is not None:
                print(ANSI.sub("", str(error.__cause__)).strip(), file=sys.stderr, flush=True)
            path, top = Path(str(error)), Path(self.env.srcdir)
            name = path.relative_to(top) if path.is_relative_to(top) else path
            text = path.read_text(encoding="utf-8")
            raise CellError(f"{name}{locate(error.__cause__, text)}") from None
        name, seconds = self.env.docname, time.perf_counter() - began
        with DONE.get_lock():
            DONE.value += 1
            done, left = f"{DONE.value}/{TOTAL.value}", TOTAL.value - DONE.value
            print(f"[{done}] {name}: {seconds:.1f} s, {left} left", flush=True)


def locate(cause: BaseException | None, text: str) -> str:
    """Return the cell and line of a chapter's ``text`` in which an execution failed, and why."""
    if isinstance(cause, CellTimeoutError):
        return ": a cell ran longer than the time that _config.yml allows (execute: timeout)"
    if not isinstance(cause, CellExecutionError):
        return f": {type(cause).__name__}: {' '.join(str(cause).split())}"
    trace = ANSI.sub("", cause.traceback)
    reason = f"{cause.ename}: {cause.evalue.partition(chr(10))[0]}"
    if cause.ename == "NoneType":  # IPython's name for an error while an output is formatted
        reason = re.findall(r"^\w+(?:Error|Exception): .*", f"{reason}\n{trace}", re.MULTILINE)[-1]
    if found := re.search(r"Cell In\[(\d+)\], line (\d+)", trace):
        cell, line = int(found[1]), int(found[2])
        starts = [match.end() for match in CELL.finditer(text)]
        before = text[: starts[cell - 1]].count("\n") if cell <= len(starts) else 0
        place = f" (line {before + line} of the file)" if before else ""
        return f", cell {cell}, line {line}{place}: {reason}"
    first = re.search(r"^-+\n(.*)", trace, re.MULTILINE)  # nbclient quotes the cell here
    at = text.find(first[1]) if first else -1
    place = f", the cell at line {text.count(chr(10), 0, at) + 1} of the file" if at >= 0 else ""
    return f"{place}: {reason}"


def _before(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Deal the pages out, since Sphinx gives each process one slice of the list; count them."""
    docnames[:] = [
        name for start in range(app.parallel) for name in docnames[start :: app.parallel]
    ]
    allow_parallel_reading(app)
    TOTAL.value, DONE.value = len(docnames), 0
    if not docnames:
        print("Nothing has changed: no chapter executes.", flush=True)


def _exit_with_parent() -> None:
    """Exit a worker when its build exits, so that a killed build leaves no process behind."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def setup(app: Sphinx) -> None:
    """Register the parser and the order of pages."""
    app.add_source_parser(ChapterParser, override=True)
    if app.parallel > 1 and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_exit_with_parent)
    app.connect("env-before-read-docs", _before)
