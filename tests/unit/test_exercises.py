"""A learner's answer is compared with the key, and a common mistake is named."""

from __future__ import annotations

import pytest

from cartbook import exercises
from cartbook.exercises import check
from cartbook.stats import difference, proportion

KEYS = {
    "share": {
        "expected": 0.55,
        "tolerance": 0.005,
        "right": "All who enrolled are counted.",
        "mistakes": [{"answer": 0.71, "feedback": "That is the rate of those infused."}],
        "hint": "Who is counted?",
    },
    "word": {"expected": "Immortal time bias", "right": "Yes."},
}


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exercises, "_answers", lambda: KEYS)


@pytest.mark.parametrize(
    ("answer", "words", "correct"),
    [
        (0.549, "Correct. All who enrolled are counted.", True),
        (proportion(39, 71), "Correct. All who enrolled are counted.", True),
        (proportion(39, 55), "Not yet. That is the rate of those infused.", False),
        (difference(proportion(9, 10), proportion(1, 10)), "Not yet. Who is counted?", False),
        (..., "Replace the dots by your answer and run the cell again.", False),
    ],
)
def test_an_answer_gets_feedback(answer: object, words: str, correct: bool) -> None:
    found = check("share", answer)
    assert (repr(found), found.correct) == (words, correct)


def test_words_are_compared_without_regard_to_case() -> None:
    assert check("word", " immortal time BIAS ").correct
    assert not check("word", "censoring").correct


def test_an_unknown_exercise_names_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="there are: share, word"):
        check("shares", 1)
