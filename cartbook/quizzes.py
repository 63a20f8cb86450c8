"""Define quizzes as records: questions, answers, and what to say to each answer.

Four kinds of question: choose one (a list of :class:`Choice`), type a number (:class:`Number`), put in order
(:class:`Order`), find the claim that misleads (:class:`Spot`).

A quiz gives a notebook HTML for readers, plain text, and its record (:data:`MIME`), from which the site and
every export are rendered (:mod:`cartbook.quiz_render`). Options are in one pseudo-random order everywhere,
whatever their order in the source and whichever is right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any

from cartbook.quiz_render import render_html, render_text

#: the record of a quiz: questions, answers and feedback as data
MIME = "application/vnd.cartbook.quiz+json"
#: Decides the order of all options. If a position comes to hold too many of the right answers, count it up.
SALT = 1
ID = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Stem:
    """The words of a question with an id, or with the figure that it needs.

    ``id`` is unique in the quiz and survives any change of the words. Without one, it is derived from the words
    (not from the numbers in them). ``figure`` is the id of a figure of the chapter: exports show it.
    """

    text: str
    id: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Choice:
    """An option: its text, whether it is the right one, and the feedback to a reader who chooses it."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Number:
    """A number to type, right within ``tolerance``.

    ``slips`` maps common wrong answers to their feedback; ``hint`` is the feedback to any other wrong answer.
    """

    answer: float
    why: str
    hint: str
    tolerance: float = 0.0
    unit: str = ""
    slips: Mapping[float, str] = field(default_factory=dict)

    @property
    def decimals(self) -> int:
        """The decimal places that are asked for: the fewest to which every right answer may be rounded."""
        if self.tolerance:
            return max(0, math.ceil(-math.log10(2 * self.tolerance) - 1e-9))
        return max(0, -int(Decimal(f"{self.answer:.10g}").normalize().as_tuple().exponent))

    @property
    def shown(self) -> str:
        """The answer, rounded to the decimal places that are asked for (half up, as readers round)."""
        return str(
            Decimal(repr(self.answer)).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        )

    @property
    def asked(self) -> str:
        """The unit and the precision wanted, in words."""
        places = {0: "the nearest whole number", 1: "one decimal place"}.get(
            self.decimals, f"{self.decimals} decimal places"
        )
        precision = f"Round to {places}." if self.tolerance or self.decimals else "A whole number."
        return f"Unit: {self.unit}. {precision}" if self.unit else precision


@dataclass(frozen=True)
class Order:
    """Items to put in order, given in the right order with their feedback; ``by`` names the order: "from … to …"."""

    items: Sequence[tuple[str, str]]
    by: str

    @property
    def mixed(self) -> list[int]:
        """The places of the items as they are shown first: the same on every build, and never the right order."""
        places = sorted(range(len(self.items)), key=lambda place: _digest(self.items[place][0]))
        return places if places != sorted(places) else [*places[1:], places[0]]


@dataclass(frozen=True)
class Spot:
    """Claims of which exactly one misleads; that one is the right :class:`Choice`."""

    claims: Sequence[Choice]


Answer = Sequence[Choice] | Number | Order | Spot


@dataclass(frozen=True)
class Question:
    """A question of a quiz, its options in the order in which every page and export shows them."""

    id: str  # unique in the book
    stem: str
    answer: Answer
    figure: str = ""

    @property
    def kind(self) -> str:
        """The kind of question: ``choose``, ``number``, ``order`` or ``spot``."""
        return {Number: "number", Order: "order", Spot: "spot"}.get(type(self.answer), "choose")

    def to_record(self) -> dict[str, Any]:
        """Return the question as plain data."""
        record: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "stem": self.stem,
            "figure": self.figure,
        }
        answer = self.answer
        if isinstance(answer, Number):
            slips = [{"value": value, "why": why} for value, why in answer.slips.items()]
            record |= {
                "answer": answer.answer,
                "tolerance": answer.tolerance,
                "unit": answer.unit,
                "slips": slips,
            }
            record |= {
                "decimals": answer.decimals,
                "shown": answer.shown,
                "asked": answer.asked,
                "why": answer.why,
                "hint": answer.hint,
            }
        elif isinstance(answer, Order):
            items = [{"text": text, "why": why} for text, why in answer.items]
            record |= {"by": answer.by, "items": items, "mixed": answer.mixed}
        else:
            choices = answer.claims if isinstance(answer, Spot) else answer
            record["choices"] = [
                {"text": one.text, "right": one.right, "why": one.why} for one in choices
            ]
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Question:
        """Return the question that :meth:`to_record` wrote."""
        kind = record["kind"]
        answer: Answer | None = None
        if kind == "number":
            slips = {one["value"]: one["why"] for one in record["slips"]}
            answer = Number(
                record["answer"],
                record["why"],
                record["hint"],
                record["tolerance"],
                record["unit"],
                slips,
            )
        elif kind == "order":
            answer = Order(
                tuple((one["text"], one["why"]) for one in record["items"]), record["by"]
            )
        elif kind in ("choose", "spot"):
            choices = tuple(
                Choice(one["text"], one["right"], one["why"]) for one in record["choices"]
            )
            answer = Spot(choices) if kind == "spot" else choices
        if answer is None:
            raise ValueError(
                f"question {record['id']!r} is of kind {kind!r}; the kinds are choose, number, order and spot"
            )
        return cls(record["id"], record["stem"], answer, record["figure"])


@dataclass(frozen=True)
class Quiz:
    """Questions with their answers."""

    id: str
    questions: tuple[Question, ...]

    def to_record(self) -> dict[str, Any]:
        """Return the quiz as plain data."""
        return {
            "kind": "quiz",
            "id": self.id,
            "questions": [one.to_record() for one in self.questions],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Quiz:
        """Return the quiz that :meth:`to_record` wrote."""
        return cls(record["id"], tuple(Question.from_record(one) for one in record["questions"]))

    def _repr_html_(self) -> str:
        return render_html(self.to_record(), notebook=True)

    def __repr__(self) -> str:
        return render_text(self.to_record())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: self.to_record(), "text/html": self._repr_html_(), "text/plain": repr(self)}


def _digest(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode()).digest()


def _shuffled(choices: Sequence[Choice], id: str) -> tuple[Choice, ...]:
    """The options in an order that follows from the question and their texts alone."""
    return tuple(sorted(choices, key=lambda one: _digest(str(SALT), id, one.text)))


def _words(text: str) -> str:
    """The words of a stem without its numbers, which change with the data."""
    return re.sub(r"[\d\W_]+", " ", text.casefold()).strip()


class _Checks:
    """Refuse a question that breaks a rule: the message names the question, the rule, and the fix."""

    def __init__(self, where: str) -> None:
        self.where = where

    def refuse(self, broken: bool, rule: str, fix: str) -> None:
        if broken:
            raise ValueError(f"{self.where}: {rule}; {fix}")

    def number(self, one: Number) -> None:
        numbers = [one.answer, one.tolerance, *one.slips]
        self.refuse(
            not all(map(math.isfinite, numbers)),
            "the answer, its tolerance and the slips are finite numbers",
            f"found {numbers}",
        )
        self.refuse(one.tolerance < 0, "a tolerance is not below 0", f"found {one.tolerance:g}")
        self.refuse(
            not one.tolerance and one.decimals > 4,
            f"an answer of {one.answer!r} needs a tolerance, or fewer digits",
            "a tolerance of 0.5 asks for a whole number, 0.05 for one decimal place",
        )
        near = [slip for slip in one.slips if abs(slip - one.answer) <= 2 * one.tolerance]
        self.refuse(
            bool(near),
            "a slip lies further from the answer than twice the tolerance",
            f"remove {near}, which could be right, or narrow the tolerance {one.tolerance:g}",
        )
        self.refuse(not one.why.strip(), "the answer says why it is right", "give why=")
        self.refuse(not one.hint.strip(), "there is a hint for any other number", "give hint=")
        mute = [slip for slip, why in one.slips.items() if not why.strip()]
        self.refuse(bool(mute), "every slip says why it is wrong", f"give feedback to {mute}")

    def order(self, one: Order) -> None:
        texts = [text.strip() for text, _ in one.items]
        self.refuse(
            len(set(texts)) < max(3, len(texts)),
            "an order has at least three different items",
            f"found {len(set(texts))} of {len(texts)}",
        )
        self.refuse(not one.by.strip(), "an order says from what to what", 'give by="from … to …"')
        mute = [text for text, why in one.items if not why.strip()]
        self.refuse(bool(mute), "every item says why it has its place", f"give feedback to {mute}")

    def choices(self, choices: Sequence[Choice]) -> None:
        right = [one.text for one in choices if one.right]
        self.refuse(len(choices) < 2, "there are at least two options", f"found {len(choices)}")
        self.refuse(len(right) != 1, "exactly one option is right", f"found {len(right)}: {right}")
        texts = [one.text.strip() for one in choices]
        twice = sorted({text for text in texts if texts.count(text) > 1})
        self.refuse(bool(twice), "every option differs from the others", f"change {twice}")
        mute = [one.text for one in choices if not one.why.strip()]
        self.refuse(
            bool(mute), "every option says why it is right or wrong", f"give feedback to {mute}"
        )


def _question(quiz_id: str, number: int, stem: Stem, answer: Answer) -> Question:
    checks = _Checks(f"quiz {quiz_id!r}, question {number} ({stem.text[:60]!r})")
    checks.refuse(not stem.text.strip(), "a question has words", "write its stem")
    checks.refuse(
        bool(stem.id) and not ID.fullmatch(stem.id),
        "an id is a letter, then a-z, 0-9 and hyphens",
        f"found {stem.id!r}",
    )
    id = f"{quiz_id}-{stem.id or _digest(_words(stem.text)).hex()[:6]}"
    if isinstance(answer, Number):
        slips = {
            float(value): why for value, why in answer.slips.items()
        }  # numbers of pandas and NumPy too
        answer = Number(
            float(answer.answer),
            answer.why,
            answer.hint,
            float(answer.tolerance),
            answer.unit,
            slips,
        )
        checks.number(answer)
    elif isinstance(answer, Order):
        answer = Order(tuple((str(text), str(why)) for text, why in answer.items), answer.by)
        checks.order(answer)
    else:
        choices = answer.claims if isinstance(answer, Spot) else answer
        checks.choices(choices)
        choices = _shuffled(choices, id)
        answer = Spot(choices) if isinstance(answer, Spot) else choices
    return Question(id, stem.text.strip(), answer, stem.figure)


def quiz(id: str, questions: Mapping[str | Stem, Answer] | Mapping[str, Answer]) -> Quiz:
    """Return a quiz of questions and their answers, in the order given.

    A question is its words, or a :class:`Stem`. An answer is a list of :class:`Choice` (exactly one right),
    a :class:`Number`, an :class:`Order` or a :class:`Spot`. ``id`` is unique in the book.

    Raises ValueError, which names the question, unless every question has one right answer, every option has
    feedback, and ids differ.
    """
    if not ID.fullmatch(id):
        raise ValueError(f"quiz {id!r}: an id is a letter, then a-z, 0-9 and hyphens; change it")
    if not questions:
        raise ValueError(f"quiz {id!r}: a quiz has at least one question; it has none")
    stems = [one if isinstance(one, Stem) else Stem(one) for one in questions]
    found = [
        _question(id, number, stem, answer)
        for number, (stem, answer) in enumerate(
            zip(stems, questions.values(), strict=True), start=1
        )
    ]
    numbers: dict[str, int] = {}
    for number, one in enumerate(found, start=1):
        if one.id in numbers:
            raise ValueError(
                f"quiz {id!r}, questions {numbers[one.id]} and {number}: they have the same id, since they have the same words"
                f' or differ in numbers alone; give one of them an id of its own: Stem("{one.stem[:30]}…", id="…")'
            )
        numbers[one.id] = number
    return Quiz(id, tuple(found))
