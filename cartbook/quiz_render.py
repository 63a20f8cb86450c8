"""Render the record of a quiz as HTML and as plain text.

A record is what :meth:`cartbook.quizzes.Quiz.to_record` returns, or the same read back from JSON.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

Record = Mapping[str, Any]

TEMPLATES = Path(__file__).parent / "templates"
LETTERS = "ABCDEFGH"
WIDTH = 100  # characters of a line of plain text
#: what a page says first to a right and to a wrong choice, by kind of question
VERDICTS = {"choose": ("Right.", "Not quite."), "spot": ("Well spotted.", "This one is accurate.")}


def sentence(text: str) -> str:
    """Return the text with a full stop, unless it already ends a sentence."""
    return text if text.rstrip("”’\"')").endswith((".", "!", "?", "…")) else f"{text}."


def amount(question: Record) -> str:
    """Return the answer to a number question with its unit: ``74%``, ``3 patients``."""
    unit = str(question["unit"])
    return f"{question['shown']}{unit}" if unit == "%" else f"{question['shown']} {unit}".rstrip()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )
    found.filters |= {"json": _json, "amount": amount, "sentence": sentence}
    return found


def render_html(record: Record, *, notebook: bool = False) -> str:
    """Return a quiz as HTML.

    By default it is the form of the book's pages, whose style sheet and script add entry, moving and marks.
    With ``notebook`` it is complete by itself: a short ``<style>``, and answers to open; no script is needed.
    """
    style = (
        Markup((TEMPLATES / "quiz-notebook.css").read_text(encoding="utf-8")) if notebook else ""
    )
    return (
        _environment()
        .get_template("quiz.html")
        .render(quiz=record, notebook=notebook, style=style, verdicts=VERDICTS)
        .strip()
    )


def _asked(question: Record) -> list[str]:
    """What there is to choose from, to type, or to put in order."""
    if question["kind"] == "number":
        return [question["asked"], "____"]
    if question["kind"] == "order":
        items = [question["items"][place]["text"] for place in question["mixed"]]
        return [f"Order: {question['by']}.", *_lettered(items)]
    return _lettered([choice["text"] for choice in question["choices"]])


def _lettered(texts: Sequence[str]) -> list[str]:
    return [f"{letter}. {text}" for letter, text in zip(LETTERS, texts, strict=False)]


def _answered(question: Record) -> list[str]:
    if question["kind"] == "number":
        return [f"{amount(question)}. {question['why']}"]
    if question["kind"] == "order":
        return [
            f"{place}. {sentence(item['text'])} {item['why']}"
            for place, item in enumerate(question["items"], start=1)
        ]
    right, wrong = VERDICTS[question["kind"]]
    return _lettered(
        [f"{right if choice['right'] else wrong} {choice['why']}" for choice in question["choices"]]
    )


def render_text(record: Record, *, answers: bool = False) -> str:
    """Return a quiz as plain text: its questions and, with ``answers``, under each what is right and why."""
    lines: list[str] = []
    for number, question in enumerate(record["questions"], start=1):
        lines += [f"{number}. {question['stem']}", *(f"   {line}" for line in _asked(question))]
        if answers:
            lines += [
                "   Answer" if question["kind"] == "number" else "   Answers",
                *(f"      {line}" for line in _answered(question)),
            ]
    return "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False)
        for line in lines
    )
