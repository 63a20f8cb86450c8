"""Check a learner's answer to an exercise, and say what a wrong one overlooks.

``answers.json`` has, for each exercise, the expected number, how far an answer may be from it, what
to say of the right answer, and what to say of numbers that a common mistake gives. A chapter's
solution computes its answer from the data and checks it, so a key that is out of date fails a build.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from cartbook.stats import Difference, Proportion


@cache
def _answers() -> dict[str, dict[str, Any]]:
    return json.loads(files("cartbook").joinpath("answers.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


class Feedback(str):
    """A sentence about an answer, shown without quotation marks; ``correct`` says whether it is right."""

    correct: bool

    def __new__(cls, words: str, correct: bool) -> Feedback:
        made = super().__new__(cls, words)
        made.correct = correct
        return made

    def __repr__(self) -> str:
        return str(self)


def check(exercise: str, answer: object) -> Feedback:
    """Compare an answer with the expected one; return a sentence that helps.

    ``answer`` is a number, a proportion, a difference (compared by their estimate) or words, which
    are compared without regard to case. ``...`` means that there is no answer yet.
    Raise ValueError if there is no such exercise.
    """
    if exercise not in _answers():
        raise ValueError(f"there is no exercise {exercise!r}; there are: {', '.join(_answers())}")
    key = _answers()[exercise]
    if answer is ... or answer is None:
        return Feedback("Replace the dots by your answer and run the cell again.", False)
    found = answer.estimate if isinstance(answer, Proportion | Difference) else answer
    if _same(found, key["expected"], key.get("tolerance", 0)):
        return Feedback(f"Correct. {key['right']}", True)
    for mistake in key.get("mistakes", []):
        if _same(found, mistake["answer"], mistake.get("tolerance", key.get("tolerance", 0))):
            return Feedback(f"Not yet. {mistake['feedback']}", False)
    return Feedback(f"Not yet. {key.get('hint', 'Look at the hint and try again.')}", False)


def _same(found: object, expected: object, tolerance: float) -> bool:
    if isinstance(expected, str) or isinstance(found, str):
        return str(found).strip().casefold() == str(expected).strip().casefold()
    return abs(float(found) - float(expected)) <= tolerance + 1e-12  # type: ignore[arg-type]
