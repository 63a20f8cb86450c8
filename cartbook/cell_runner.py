"""Run a chapter's cells one after the other, as a notebook does, and return what each shows.

The Python that runs in a page (see cartbook.sphinxext.pyodide) uses the book through this module.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import traceback
from collections.abc import Mapping
from typing import Any

from cartbook.exercises import Feedback
from cartbook.figures import LIVE_MIME, MIME, compile_spec, csv_of
from cartbook.quizzes import MIME as QUIZ_MIME
from cartbook.render import html


class _Output(io.TextIOBase):
    """Add what a cell prints to its outputs, in order."""

    def __init__(self, outputs: list[dict[str, Any]]) -> None:
        self.outputs = outputs

    def write(self, text: str) -> int:
        if self.outputs and "printed" in self.outputs[-1]:
            self.outputs[-1]["printed"] += text
        else:
            self.outputs.append({"printed": text})
        return len(text)


def to_output(value: Any) -> dict[str, Any]:
    """Return what a page shows of a value: ``html``, with the ``csv`` of a figure, or ``text``.

    Feedback to an exercise also says which one it is, and whether the answer is ``correct``.
    """
    if isinstance(value, Feedback):
        return {"text": repr(value), "exercise": value.exercise, "correct": value.correct}
    if hasattr(value, "_repr_mimebundle_"):
        found = value._repr_mimebundle_()
        data = found[0] if isinstance(found, tuple) else found
        if LIVE_MIME in data and data.get(MIME, {}).get("kind") != "figure":  # without words
            spec = data[LIVE_MIME]
            alt = str(spec.get("description") or "A chart without a written alternative")
            record = {"kind": "figure", "alt": alt, "live": compile_spec(spec)}
            return {"html": html(record, "bare")}
        if MIME in data:
            output = {"html": html(data[MIME], root="{root}", files=False)}
            return output | ({"csv": csv_of(data[MIME]["table"])} if "table" in data[MIME] else {})
        if QUIZ_MIME in data:
            return {"html": html(data[QUIZ_MIME])}
    if hasattr(value, "_repr_html_") and (text := value._repr_html_()):
        return {"html": str(text)}
    return {"text": repr(value)}


class Session:
    """The names that cells have defined so far."""

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", **(names or {})}

    def run(self, number: int, source: str) -> str:
        """Run one cell; return JSON with its ``outputs``.

        ``failed`` is the last line of an error, ``missing`` the module that an import lacks.
        """
        outputs: list[dict[str, Any]] = []
        result: dict[str, Any] = {"outputs": outputs, "failed": "", "missing": ""}
        self.names["display"] = lambda *values: outputs.extend(map(to_output, values))
        name = f"cell {number}"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        stream: Any = _Output(outputs)
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            try:
                value = self._value(source, name)
                if value is not None and not source.rstrip().endswith(";"):
                    outputs.append(to_output(value))
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                trace = traceback.TracebackException.from_exception(error)
                frames = list(trace.stack)
                while frames and not frames[0].filename.startswith("cell "):
                    del frames[0]  # frames of this module
                trace.stack = traceback.StackSummary.from_list(frames)
                result["failed"] = "".join(trace.format_exception_only()).strip().splitlines()[-1]
                if isinstance(error, ModuleNotFoundError):
                    result["missing"] = (error.name or "").partition(".")[0]
                outputs.append({"error": "".join(trace.format())})
        return json.dumps(result, ensure_ascii=False)

    def _value(self, source: str, name: str) -> Any:
        """Run a cell; return the value of its last line if that is an expression."""
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), self.names)
        if not isinstance(last, ast.Expr):
            return None
        return eval(compile(ast.Expression(last.value), name, "eval"), self.names)
