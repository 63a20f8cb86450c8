"""How chapters are read: several at once where the machine can, each with its line in the terminal, and a failing cell named.

A chapter's cells run while Sphinx reads it, so chapters that are read side by side run side by side.
Sphinx hands each of its processes one part of the list of chapters; :func:`dealt` orders the list so
that these parts take about as long.
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
from myst_nb.core.execute.base import ExecutionError
from myst_nb.sphinx_ import Parser
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util.parallel import make_chunks

CELL = re.compile(r"^```{code-cell}.*\n(?:---\n(?:.*\n)*?---\n|(?::.*\n)*)\n?", re.MULTILINE)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
PER_CHAPTER = (
    "cartbook_figures",
    "cartbook_about",
    "cartbook_values",
)  # what the environment holds of each chapter

#: Jupyter Book's own; they do not say whether chapters may be read side by side, and do nothing while one is read: the one is for LaTeX, the other numbers sections afterwards
UNDECLARED = ("sphinx_jupyterbook_latex", "sphinx_multitoc_numbering")


class CellError(SphinxError):
    """A cell failed; the message is one line with chapter, cell and line."""


class NamingParser(Parser):  # type: ignore[misc]  # myst-nb's parser has no types here
    """The notebook parser, with :class:`CellError` for a cell that fails; its trace goes to stderr."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        try:
            super().parse(inputstring, document)
        except ExecutionError as error:
            if error.__cause__ is not None:
                print(ANSI.sub("", str(error.__cause__)).strip(), file=sys.stderr, flush=True)
            raise CellError(
                where(Path(str(error)), Path(self.env.srcdir), error.__cause__)
            ) from None


def where(chapter: Path, top: Path, cause: BaseException | None) -> str:
    """One line with the chapter, the cell and its line, and what failed there."""
    name = (
        chapter.relative_to(top)
        if chapter.is_absolute() and chapter.is_relative_to(top)
        else chapter
    )
    if isinstance(cause, CellTimeoutError):
        return f"{name}: a cell ran longer than the time that _config.yml allows (execute: timeout)"
    if not isinstance(cause, CellExecutionError):
        return f"{name}: {type(cause).__name__}: {' '.join(str(cause).split())}"
    trace, text = ANSI.sub("", cause.traceback), chapter.read_text(encoding="utf-8")
    said = f"{cause.ename}: {cause.evalue.splitlines()[0] if cause.evalue else ''}"
    if cause.ename == "NoneType":  # so IPython calls what fails while an output is made
        said = [said, *re.findall(r"^\w+(?:Error|Exception): .*", trace, re.MULTILINE)][-1]
    if found := re.search(r"Cell In\[(\d+)\], line (\d+)", trace):
        cell, line = int(found[1]), int(found[2])
        starts = [match.end() for match in CELL.finditer(text)]
        place = (
            f" (line {text[: starts[cell - 1]].count(chr(10)) + line} of the file)"
            if cell <= len(starts)
            else ""
        )
        return f"{name}, cell {cell}, line {line}{place}: {said}"
    first = re.search(
        r"^-+\n(.*)", trace, re.MULTILINE
    )  # the cell stands there as nbclient quotes it
    at = text.find(first[1]) if first else -1
    return f"{name}{f', the cell at line {text[:at].count(chr(10)) + 1} of the file' if at >= 0 else ''}: {said}"


def dealt(costs: dict[str, int], jobs: int) -> list[str]:
    """Names in an order whose parts, as Sphinx cuts them for so many processes, cost about the same.

    ``costs`` gives each name's cost, 0 for one that costs next to nothing. Sphinx may cut one part
    more than there are processes; the first ones share what costs, and the last has the rest.
    """
    sizes = [len(part) for part in make_chunks(sorted(costs), jobs)]
    parts: list[list[str]] = [[] for _ in sizes]
    for name in sorted(costs, key=lambda one: (-costs[one], one)):
        room = [place for place, size in enumerate(sizes) if len(parts[place]) < size]
        if costs[name]:
            first = [place for place in room if place < jobs] or room
            parts[min(first, key=lambda place: sum(costs[one] for one in parts[place]))].append(
                name
            )
        else:
            parts[room[-1]].append(name)
    return [name for part in parts for name in part]


class Progress:
    """Lines that tell a reader of the terminal which chapter was executed, how long it took, and how many are left."""

    def __init__(self) -> None:
        self.total = 0
        self.done = multiprocessing.Value("i")  # all processes of a build count here
        self.began = 0.0

    def start(self, total: int) -> None:
        self.total, self.done.value = total, 0
        if not total:
            print("Nothing has changed: no chapter executes.", flush=True)

    def chapter(self) -> None:
        self.began = time.perf_counter()

    def end(self, name: str) -> None:
        with self.done.get_lock():
            self.done.value += 1
            done = self.done.value
            print(
                f"[{done}/{self.total}] {name}: {time.perf_counter() - self.began:.1f} s, {self.total - done} left",
                flush=True,
            )


PROGRESS = Progress()


def _cost(path: Path) -> int:
    """About how long a page takes to read: a kernel that starts is worth ten cells."""
    cells = len(CELL.findall(path.read_text(encoding="utf-8")))
    return 10 + cells if cells else 0


def _before(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    for kept in PER_CHAPTER:
        if not hasattr(env, kept):
            setattr(env, kept, {})
    for name in UNDECLARED:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True
    PROGRESS.start(len(docnames))
    if app.parallel > 1:
        docnames[:] = dealt(
            {name: _cost(Path(env.doc2path(name))) for name in docnames}, app.parallel
        )


def _begin(app: Sphinx, docname: str, source: list[str]) -> None:
    PROGRESS.chapter()


def _end(app: Sphinx, doctree: nodes.document) -> None:
    PROGRESS.end(app.env.docname)


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    for kept in PER_CHAPTER:
        getattr(env, kept, {}).pop(docname, None)


def _merge(
    app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment
) -> None:
    """Take over what another process kept of the chapters that it read."""
    for kept in PER_CHAPTER:
        getattr(env, kept).update(
            {name: of for name, of in getattr(other, kept).items() if name in docnames}
        )


def _end_with_the_build() -> None:
    """In a process of the build: end when the build is no more, so that one that is killed leaves nothing at work."""
    build = os.getppid()

    def watch() -> None:
        while os.getppid() == build:
            time.sleep(0.1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.sphinxext, before it connects steps that need what is kept of each chapter)."""
    app.add_source_parser(NamingParser, override=True)
    if app.parallel > 1 and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_end_with_the_build)
    app.connect("env-before-read-docs", _before)
    app.connect("source-read", _begin)
    app.connect("doctree-read", _end, priority=900)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
