"""Short quizzes that work with a keyboard, a screen reader, and without scripts.

Four kinds of question: choose one (:class:`Choice`), type a number (:class:`Number`), put in order
(:class:`Order`), spot the claim that misleads (:class:`Spot`). Without scripts each is a disclosure:
opening it is answering. The page's script adds entry, moving and marks, which stay in the reader's browser.

A quiz tells a notebook the same twice: HTML for readers, and :data:`MIME` for what is made from it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from typing import Any

#: questions, answers and feedback as data; the exports for teachers are made from it
MIME = "application/vnd.cartbook.quiz+json"


@dataclass(frozen=True)
class Choice:
    """One answer: its words, whether it is the one asked for, and what to say to whoever chose it."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Number:
    """A number to type: right within the tolerance; a slip is a number that many give, with what to say to them."""

    answer: float
    why: str
    hint: str
    tolerance: float = 0.0
    unit: str = ""
    slips: Mapping[float, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The answer as readers see it, no more exact than its tolerance."""
        return shown(self.answer, self.tolerance)


@dataclass(frozen=True)
class Order:
    """Things to put in order, given in the right one: what each is, and why it stands there; ``by`` says from what to what."""

    items: Sequence[tuple[str, str]]
    by: str

    @property
    def mixed(self) -> list[int]:
        """The places of the items as they are laid out at first: the same on every build, and never the right order."""
        places = sorted(range(len(self.items)), key=lambda one: sha256(self.items[one][0].encode()).digest())
        return places if places != sorted(places) else [*places[1:], places[0]]


@dataclass(frozen=True)
class Spot:
    """Claims of which just one misleads; a claim is a :class:`Choice`, and the misleading one is the right one to choose."""

    claims: Sequence[Choice]


Answer = Sequence[Choice] | Number | Order | Spot
SAID = {"choose": ("Right.", "Not quite."), "spot": ("Well spotted.", "This one holds.")}


def shown(value: float, tolerance: float) -> str:
    """A number with as many digits as its tolerance lets one ask for."""
    digits = max(0, -math.floor(math.log10(tolerance))) if tolerance else 4
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _kind(answer: Answer) -> str:
    return {Number: "number", Order: "order", Spot: "spot"}.get(type(answer), "choose")


def _choices(answer: Answer) -> Sequence[Choice]:
    return answer.claims if isinstance(answer, Spot) else answer if not isinstance(answer, Number | Order) else ()


def _data(value: Any) -> str:
    return escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")), quote=True)


def _disclosed(choices: Iterable[Choice], kind: str) -> str:
    yes, no = SAID[kind]
    return "".join(
        f'<details class="cb-choice {"cb-right" if one.right else "cb-wrong"}"><summary>{escape(one.text)}</summary>'
        f"<p><strong>{yes if one.right else no}</strong> {escape(one.why)}</p></details>"
        for one in choices
    )


def _number(one: Number, label: str) -> str:
    slips = [[value, why] for value, why in one.slips.items()]
    unit = f' <span id="{label}-unit">{escape(one.unit)}</span>' if one.unit else ""
    says = f"{label} {label}-unit" if one.unit else label
    return (
        f'<form class="cb-entry" hidden data-answer="{one.answer!r}" data-tolerance="{one.tolerance!r}" data-slips="{_data(slips)}"'
        f' data-why="{escape(one.why, quote=True)}" data-hint="{escape(one.hint, quote=True)}">'
        f'<input type="text" inputmode="decimal" autocomplete="off" aria-labelledby="{says}">{unit} <button type="submit">Check</button></form>'
        f'<p class="cb-verdict" role="status"></p>'
        f'<details class="cb-reveal"><summary>Show the answer<span class="cb-hidden">, a number</span></summary>'
        f"<p><strong>{escape(f'{one.shown} {one.unit}'.strip())}.</strong> {escape(one.why)}</p></details>"
    )


def _order(one: Order, label: str) -> str:
    mixed = "".join(
        f'<li data-place="{place}" data-why="{escape(one.items[place][1], quote=True)}"><span>{escape(one.items[place][0])}</span></li>'
        for place in one.mixed
    )
    right = "".join(f"<li><strong>{escape(text)}.</strong> {escape(why)}</li>" for text, why in one.items)
    return (
        f'<p class="cb-by" id="{label}-by">Order: {escape(one.by)}.</p><ul class="cb-order" role="list" aria-labelledby="{label} {label}-by">{mixed}</ul>'
        f'<p class="cb-verdict" role="status"></p>'
        f'<details class="cb-reveal"><summary>Show the order<span class="cb-hidden">, {escape(one.by)}</span></summary><ol>{right}</ol></details>'
    )


@dataclass(frozen=True)
class Quiz:
    """Questions with their answers, as a page shows them."""

    id: str
    questions: tuple[tuple[str, Answer], ...]

    def _repr_html_(self) -> str:
        parts = []
        for number, (stem, answer) in enumerate(self.questions, start=1):
            label, kind = f"quiz-{self.id}-{number}", _kind(answer)
            body = (
                _number(answer, label)
                if isinstance(answer, Number)
                else _order(answer, label)
                if isinstance(answer, Order)
                else _disclosed(_choices(answer), kind)
            )
            parts.append(
                f'<div class="cb-question" role="group" aria-labelledby="{label}" data-kind="{kind}"><p id="{label}"><span class="cb-count">{number}</span> {escape(stem)}</p>{body}</div>'
            )
        return f'<div class="cb-quiz" data-quiz="{self.id}">{"".join(parts)}</div>'

    def __repr__(self) -> str:
        lines: list[str] = []
        for number, (stem, answer) in enumerate(self.questions, start=1):
            lines.append(f"{number}. {stem}")
            lines += [f"   ( ) {one.text}" for one in _choices(answer)]
            lines += [f"   ____ {answer.unit}".rstrip()] if isinstance(answer, Number) else []
            lines += [f"   [ ] {answer.items[place][0]}" for place in answer.mixed] if isinstance(answer, Order) else []
        return "\n".join(lines)

    def data(self) -> dict[str, Any]:
        """The quiz as plain data, complete."""
        told: list[dict[str, Any]] = []
        for stem, answer in self.questions:
            one: dict[str, Any] = {"kind": _kind(answer), "stem": stem}
            if isinstance(answer, Number):
                one |= {"answer": answer.answer, "shown": answer.shown, "tolerance": answer.tolerance, "unit": answer.unit}
                one |= {
                    "why": answer.why,
                    "hint": answer.hint,
                    "slips": [{"value": value, "why": why} for value, why in answer.slips.items()],
                }
            elif isinstance(answer, Order):
                one |= {"by": answer.by, "items": [{"text": text, "why": why} for text, why in answer.items], "mixed": answer.mixed}
            else:
                one |= {"choices": [{"text": choice.text, "right": choice.right, "why": choice.why} for choice in _choices(answer)]}
            told.append(one)
        return {"id": self.id, "questions": told}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: self.data(), "text/html": self._repr_html_(), "text/plain": repr(self)}


def _check_number(stem: str, one: Number) -> None:
    numbers = [one.answer, one.tolerance, *one.slips]
    if not all(math.isfinite(number) for number in numbers) or one.tolerance < 0:
        raise ValueError(f"{stem!r}: the answer, its tolerance and the slips are numbers, and the tolerance is not below 0")
    if any(abs(slip - one.answer) <= 2 * one.tolerance for slip in one.slips):
        raise ValueError(f"{stem!r}: a slip lies so near the answer that it could be right")
    if abs(float(one.shown) - one.answer) > one.tolerance:
        raise ValueError(f"{stem!r}: the answer {one.answer!r} needs a tolerance, or fewer digits")
    if not all(words.strip() for words in (one.why, one.hint, *one.slips.values())):
        raise ValueError(f"{stem!r}: the answer says why, every slip says why not, and there is a hint for any other number")


def _check_order(stem: str, one: Order) -> None:
    texts = [text for text, _ in one.items]
    if len(texts) < 3 or len(set(texts)) < len(texts) or not one.by.strip() or not all(why.strip() for _, why in one.items):
        raise ValueError(
            f"{stem!r}: an order has at least three different items, says from what to what, and why each stands where it does"
        )


def _check_choices(stem: str, choices: Sequence[Choice]) -> None:
    if len(choices) < 2 or sum(one.right for one in choices) != 1:
        raise ValueError(f"{stem!r} needs at least two choices, exactly one of them right")
    if any(not one.why.strip() for one in choices) or len({one.text for one in choices}) < len(choices):
        raise ValueError(f"{stem!r}: every choice differs and says why it is right or not")


def quiz(id: str, questions: Mapping[str, Answer]) -> Quiz:
    """A quiz from questions and their answers, in the order given.

    An answer is a list of :class:`Choice` (just one right), a :class:`Number`, an :class:`Order` or a :class:`Spot`.

    Raises ValueError unless every question has one right answer, and every option has feedback of its own.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", id) or not questions:
        raise ValueError("a quiz has an id of a-z, 0-9 and hyphens, and at least one question")
    settled: list[tuple[str, Answer]] = []
    for stem, answer in questions.items():
        if isinstance(answer, Number):
            plain = {float(value): why for value, why in answer.slips.items()}  # numbers of pandas and NumPy too
            answer = Number(float(answer.answer), answer.why, answer.hint, float(answer.tolerance), answer.unit, plain)
            _check_number(stem, answer)
        elif isinstance(answer, Order):
            answer = Order(tuple((str(text), str(why)) for text, why in answer.items), answer.by)
            _check_order(stem, answer)
        else:
            _check_choices(stem, _choices(answer))
            answer = Spot(tuple(answer.claims)) if isinstance(answer, Spot) else tuple(answer)
        settled.append((stem, answer))
    return Quiz(id, tuple(settled))
