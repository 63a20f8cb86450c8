"""Check a learner's answer to an exercise, and name the mistake that a wrong one shows.

``answers.json`` has, for each exercise, the expected answer, how far a number may be from it, what to
say of the right answer, a hint, and the answers that common mistakes give:

- ``mistakes``: an answer with its feedback; ``from`` is the expression that gives it;
- ``usual``: names of :data:`USUAL`, mistakes whose answer follows from the right one.

A chapter's solution computes its answer from the data and checks it, so a key that is out of date
fails a build. A right answer is never shown before it is given, and a hint only on request.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cartbook.stats import Difference, Proportion

BLANK = "Replace the dots by your answer and run the cell again."
#: the part of an exercise's points that an answer earns which shows a common mistake
PART = 0.25
#: what a mistake makes of the right answer, the factor of its tolerance, and its feedback
USUAL: dict[str, tuple[Callable[[float], float], float, str]] = {
    "percent": (
        lambda right: 100 * right,
        100,
        "The answer is right in per cent; give it as a number without the factor of a hundred.",
    ),
    "proportion": (
        lambda right: right / 100,
        0.01,
        "The answer is right as a proportion; the question asks for a number out of a hundred.",
    ),
    "complement": (
        lambda right: (1 if right <= 1 else 100) - right,
        1,
        "That is the complement: the share of all the others. The question asks for the rest.",
    ),
    "sign": (
        lambda right: -right,
        1,
        "Right size, wrong sign: subtract the other way round.",
    ),
    "reciprocal": (
        lambda right: 1 / right,
        1,
        "That is the ratio the other way round: exchange numerator and denominator.",
    ),
}


class Mistake(NamedTuple):
    """An answer that a common mistake gives, how far an answer may be from it, and its feedback."""

    answer: Any
    tolerance: float
    feedback: str


@cache
def _answers() -> dict[str, dict[str, Any]]:
    return json.loads(files("cartbook").joinpath("answers.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


class Feedback(str):
    """A sentence about an answer, shown without quotation marks.

    ``correct`` says whether the answer is right, ``mistake`` whether it shows a common mistake, and
    ``score`` is the part of the points that it earns: 1, :data:`PART` or 0.
    """

    correct: bool
    mistake: bool
    exercise: str

    def __new__(
        cls, words: str, correct: bool, mistake: bool = False, exercise: str = ""
    ) -> Feedback:
        made = super().__new__(cls, words)
        made.correct, made.mistake, made.exercise = correct, mistake, exercise
        return made

    @property
    def score(self) -> float:
        return 1.0 if self.correct else PART if self.mistake else 0.0

    def __repr__(self) -> str:
        return str(self)


def mistakes(exercise: str) -> Iterator[Mistake]:
    """Yield the mistakes that an exercise names, in the order in which an answer is compared."""
    key = _answers()[exercise]
    tolerance = key.get("tolerance", 0)
    for one in key.get("mistakes", []):
        yield Mistake(one["answer"], one.get("tolerance", tolerance), one["feedback"])
    for name in key.get("usual", []):
        made, factor, feedback = USUAL[name]
        yield Mistake(made(key["expected"]), factor * tolerance, feedback)


def check(exercise: str, answer: object = ..., *, hint: bool = False) -> Feedback:
    """Compare an answer with the expected one; return a sentence that says what is wrong, if something is.

    ``answer`` is a number, a proportion, a difference (compared by their estimate) or words, which
    are compared without regard to case. ``...`` means that there is no answer yet. ``hint=True``
    adds the hint. Raise ValueError if there is no such exercise.
    """
    if exercise not in _answers():
        raise ValueError(f"there is no exercise {exercise!r}; there are: {', '.join(_answers())}")
    key = _answers()[exercise]
    found, problem = _given(answer, isinstance(key["expected"], str))
    if not problem and _same(found, key["expected"], key.get("tolerance", 0)):
        return Feedback(f"Correct. {key['right']}", True, exercise=exercise)
    shown = "" if problem else next(_named(exercise, found), "")
    words = problem or f"Not yet. {shown or 'This is none of the usual mistakes.'}"
    more = f"Hint: {key['hint']}" if hint else f'For a hint: check("{exercise}", answer, hint=True)'
    return Feedback(f"{words} {more}", False, bool(shown), exercise)


def _named(exercise: str, found: str | float) -> Iterator[str]:
    """Yield the feedback to the mistakes that an answer shows."""
    for mistake in mistakes(exercise):
        if _same(found, mistake.answer, mistake.tolerance):
            yield mistake.feedback


def _given(answer: object, words: bool) -> tuple[str | float, str]:
    """Return an answer as words or a number, and what is wrong with it if it is neither."""
    if answer is ... or answer is None:
        return "", BLANK
    if words:
        if not isinstance(answer, str):
            return "", 'Give words in quotation marks, such as "a".'
        return re.sub(r"^\((.*)\)$|\.$", r"\1", answer.strip()), ""
    if isinstance(answer, str):
        return "", "Give a number, without quotation marks."
    try:
        found = float(
            answer.estimate if isinstance(answer, Proportion | Difference) else answer  # type: ignore[arg-type]
        )
    except (TypeError, ValueError):
        return "", f"Give one number; this is a {type(answer).__name__}."
    return found, "" if math.isfinite(found) else "Give a number; this one is not finite."


def _same(found: str | float, expected: str | float, tolerance: float) -> bool:
    if isinstance(expected, str) or isinstance(found, str):
        return str(found).strip().casefold() == str(expected).strip().casefold()
    return abs(found - expected) <= tolerance + 1e-12
