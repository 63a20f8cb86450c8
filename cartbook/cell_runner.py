"""Run a chapter's cells one after the other, as a notebook does, and say what each shows.

The Python that runs in a page (see cartbook.sphinxext.pyodide) speaks to the book through this module.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import traceback
from typing import Any

from cartbook import render
from cartbook.figures import LIVE_MIME, MIME, Figure, from_record, live
from cartbook.quizzes import MIME as QUIZ_MIME


class _Printed(io.TextIOBase):
    """Takes what a cell prints, and sets it among its other outputs."""

    def __init__(self, outputs: list[dict[str, str]]) -> None:
        self.outputs = outputs

    def write(self, text: str) -> int:
        if self.outputs and "printed" in self.outputs[-1]:
            self.outputs[-1]["printed"] += text
        else:
            self.outputs.append({"printed": text})
        return len(text)


def forms(value: Any) -> dict[str, str]:
    """What a page shows for a value: ``html`` with the ``csv`` of a figure, ``html`` alone, or ``text``."""
    if hasattr(value, "_repr_mimebundle_"):
        found = value._repr_mimebundle_()
        data = found[0] if isinstance(found, tuple) else found
        if MIME in data:
            record = from_record(data[MIME])
            if isinstance(record, Figure):
                return {
                    "html": render.html(data[MIME], root="{root}", excel=False),
                    "csv": record.table.csv,
                }
            return {"html": render.html(data[MIME])}
        if QUIZ_MIME in data:
            return {"html": render.html({"kind": "quiz", **data[QUIZ_MIME]})}
        if LIVE_MIME in data:
            return {"html": _chart(data[LIVE_MIME])}
    if hasattr(value, "_repr_html_") and (html := value._repr_html_()):
        return {"html": str(html)}
    return {"text": repr(value)}


def _chart(spec: dict[str, Any]) -> str:
    """A chart that was given no words, as a figure."""
    words = str(spec.get("description") or "A chart without a written alternative")
    return render.html({"kind": "figure", "alt": words, "live": live(spec)}, "bare")


class Session:
    """The names that cells have made so far."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, number: int, source: str) -> str:
        """Run one cell. JSON: its ``outputs``, the error's last line as ``failed``, a lacking module as ``missing``."""
        outputs: list[dict[str, str]] = []
        answer: dict[str, Any] = {"outputs": outputs, "failed": "", "missing": ""}
        self.names["display"] = lambda *values: outputs.extend(map(forms, values))
        name = f"cell {number}"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        printed: Any = _Printed(outputs)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                value = self._value(source, name)
                if value is not None and not source.rstrip().endswith(";"):
                    outputs.append(forms(value))
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                told = traceback.TracebackException.from_exception(error)
                cell = [
                    place
                    for place, frame in enumerate(told.stack)
                    if frame.filename.startswith("cell ")
                ]
                told.stack = traceback.StackSummary.from_list(
                    list(told.stack)[cell[0] :] if cell else []
                )
                answer["failed"] = "".join(told.format_exception_only()).strip().splitlines()[-1]
                answer["missing"] = (
                    (error.name or "").split(".")[0]
                    if isinstance(error, ModuleNotFoundError)
                    else ""
                )
                outputs.append({"error": "".join(told.format())})
        return json.dumps(answer, ensure_ascii=False)

    def _value(self, source: str, name: str) -> Any:
        """The value of the cell's last line, where that is an expression."""
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), self.names)
        return (
            eval(compile(ast.Expression(last.value), name, "eval"), self.names)
            if isinstance(last, ast.Expr)
            else None
        )
