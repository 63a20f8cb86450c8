"""Write cards for Anki: the glossary, and the questions of the quizzes.

The file is Anki's text format, which needs no library. Each card has an id of its own, so that a later
import changes the cards that are there and keeps what a learner has learned of them. Words are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from cartbook.export.moodle import Chapter, asked
from cartbook.quizzes import asked_once
from cartbook.render import amount, sentence

Record = Mapping[str, Any]
DECK = "CAR-T in Numbers"
HEADER = """#separator:tab
#html:true
#notetype:Basic
#guid column:1
#deck column:2
#tags column:5
"""


def _html(words: str) -> str:
    """Return words as HTML in one line, without the tabs that separate fields."""
    return escape(re.sub(r"[\s\x00-\x1f]+", " ", words).strip())


def _list(tag: str, items: Iterable[str]) -> str:
    return f"<{tag}>{''.join(f'<li>{_html(one)}</li>' for one in items)}</{tag}>"


def _sides(question: Record) -> tuple[str, str]:
    """Return both sides of a card of a question."""
    front = "<br>".join(map(_html, asked(question)))
    if question["kind"] == "number":
        return front, f"<b>{_html(amount(question))}.</b> {_html(question['why'])}"
    if question["kind"] == "order":
        items = question["items"]
        mixed = _list("ul", (items[place]["text"] for place in question["mixed"]))
        return front + mixed, _list(
            "ol", (f"{sentence(one['text'])} {one['why']}" for one in items)
        )
    right = next(one for one in question["choices"] if one["right"])
    options = _list("ul", (one["text"] for one in question["choices"]))
    return front + options, f"<b>{_html(sentence(right['text']))}</b> {_html(right['why'])}"


def _line(guid: str, deck: str, front: str, back: str, tag: str) -> str:
    place = re.sub(r"[\s:]+", " ", deck)  # two colons would begin a deck within the deck
    return "\t".join((f"cartbook-{guid}", f"{DECK}::{place}", front, back, tag))


def _terms(glossary: Iterable[Mapping[str, str]]) -> Iterator[str]:
    for row in glossary:
        also = f"<br><i>{_html(row['also'])}</i>" if row["also"] else ""
        name = re.sub(r"\W+", "-", row["term"].casefold())
        tag = re.sub(r"\W+", "-", row["group"])
        yield _line(
            f"term-{name}", "Glossary", f"{_html(row['term'])}{also}", _html(row["definition"]), tag
        )


def _questions(chapters: Sequence[Chapter]) -> Iterator[str]:
    for chapter in chapters:
        for quiz in chapter.quizzes:
            for question in quiz["questions"]:
                if question["figure"]:
                    continue  # a card has no room for its chart
                for one in asked_once(question):
                    yield _line(one["id"], chapter.title, *_sides(one), quiz["id"])


def cards(glossary: Iterable[Mapping[str, str]], chapters: Sequence[Chapter]) -> str:
    """Return the file: a card for each term, question and variant, in a deck for the glossary and each chapter."""
    return HEADER + "\n".join([*_terms(glossary), *_questions(chapters)]) + "\n"
