"""An answer to an exercise is compared with the key, and a common mistake is named."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd
import pytest
from helpers import TOP

import cartbook
from cartbook import exercises
from cartbook.cell_runner import to_output
from cartbook.exercises import PART, check, mistakes
from cartbook.stats import difference, proportion

KEYS = {
    "share": {
        "expected": 0.55,
        "tolerance": 0.005,
        "right": "All who enrolled are counted.",
        "usual": ["percent", "complement"],
        "mistakes": [{"answer": 0.71, "feedback": "That is the rate of those infused."}],
        "hint": "Who is counted?",
    },
    "word": {"expected": "Immortal time bias", "right": "Yes.", "hint": "Who cannot die?"},
    "letter": {"expected": "b", "right": "Yes.", "hint": "Read on."},
}
ASK = 'For a hint: check("share", answer, hint=True)'
ALL = exercises._answers()
#: names that the expressions of the key use
NAMES = {name: getattr(cartbook, name) for name in cartbook.__all__} | {
    "exp": math.exp,
    "log": math.log,
}
COMPUTED = [
    (name, one) for name, key in ALL.items() for one in key.get("mistakes", []) if "from" in one
]
TEXTS = "\n".join(path.read_text(encoding="utf-8") for path in (TOP / "chapters").glob("*.md"))


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exercises, "_answers", lambda: KEYS)


@pytest.mark.usefixtures("_few")
@pytest.mark.parametrize(
    ("answer", "words", "score"),
    [
        (0.549, "Correct. All who enrolled are counted.", 1),
        (proportion(39, 71), "Correct. All who enrolled are counted.", 1),
        (proportion(39, 55), f"Not yet. That is the rate of those infused. {ASK}", PART),
        (55, f"Not yet. {exercises.USUAL['percent'][2]} {ASK}", PART),
        (0.45, f"Not yet. {exercises.USUAL['complement'][2]} {ASK}", PART),
        (
            difference(proportion(9, 10), proportion(1, 10)),
            f"Not yet. This is none of the usual mistakes. {ASK}",
            0,
        ),
        (..., f"{exercises.BLANK} {ASK}", 0),
        ("0.55", f"Give a number, without quotation marks. {ASK}", 0),
        (float("nan"), f"Give a number; this one is not finite. {ASK}", 0),
        (pd.Series([0.55, 0.55]), f"Give one number; this is a Series. {ASK}", 0),
    ],
)
def test_an_answer_gets_feedback(answer: object, words: str, score: float) -> None:
    found = check("share", answer)
    assert (repr(found), found.correct, found.score) == (words, score == 1, score)


@pytest.mark.usefixtures("_few")
def test_a_hint_is_given_on_request_only() -> None:
    assert "Who is counted?" not in check("share", 0.71) + check("share", 3) + check("share")
    assert check("share", hint=True) == f"{exercises.BLANK} Hint: Who is counted?"
    assert check("share", 0.71, hint=True).endswith("those infused. Hint: Who is counted?")
    assert "Hint" not in check("share", 0.55, hint=True)


@pytest.mark.usefixtures("_few")
def test_words_are_compared_without_regard_to_case_and_letters_without_brackets() -> None:
    assert check("word", " immortal time BIAS ").correct
    assert not check("word", "censoring").correct
    assert all(check("letter", one).correct for one in ("b", "B", "(b)", "b."))
    assert check("letter", 2).startswith("Give words in quotation marks")


@pytest.mark.usefixtures("_few")
def test_an_unknown_exercise_names_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="there are: share, word, letter"):
        check("shares", 1)


@pytest.mark.usefixtures("_few")
def test_a_page_knows_which_exercise_was_solved() -> None:
    found = to_output(check("share", 0.55))
    assert (found["exercise"], found["correct"]) == ("share", True)
    assert to_output(check("share", 0.71))["correct"] is False


def _bounds(answer: Any, tolerance: float) -> tuple[Any, Any]:
    if isinstance(answer, str):
        return answer.casefold(), answer.casefold()
    return answer - tolerance, answer + tolerance


@pytest.mark.parametrize("name", ALL)
def test_every_exercise_names_two_mistakes_and_none_is_taken_for_another(name: str) -> None:
    key = ALL[name]
    named = list(mistakes(name))
    assert len(named) >= 2
    assert key["hint"].strip()
    assert key["right"].strip()
    assert all(one.feedback.strip() for one in named)
    assert check(name, key["expected"]).score == 1
    spans = [_bounds(key["expected"], key.get("tolerance", 0))]
    for one in named:
        found = check(name, one.answer)
        assert (found.score, one.feedback in found) == (PART, True)
        low, high = _bounds(one.answer, one.tolerance)
        clash = [other for other in spans if low <= other[1] and other[0] <= high]
        assert not clash, f"{one.answer} is taken for {clash}"
        spans.append((low, high))


@pytest.mark.parametrize("name", ALL)
def test_no_feedback_to_a_wrong_answer_gives_the_right_one(name: str) -> None:
    key = ALL[name]
    shown = f"{key['expected']:.4g}" if isinstance(key["expected"], float) else key["expected"]
    if isinstance(shown, str) and len(shown) > 1:
        said = " ".join(one.feedback for one in mistakes(name))
        assert not re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.]*\d)", said)


@pytest.mark.parametrize(("name", "mistake"), COMPUTED)
def test_an_answer_of_a_mistake_is_what_the_data_give(name: str, mistake: dict[str, Any]) -> None:
    found = float(eval(mistake["from"], dict(NAMES)))
    tolerance = mistake.get("tolerance", ALL[name].get("tolerance", 0))
    assert found == pytest.approx(mistake["answer"], abs=tolerance / 2 + 1e-9)


def test_most_mistakes_in_numbers_are_computed() -> None:
    numbers = [
        one
        for key in ALL.values()
        if not isinstance(key["expected"], str)
        for one in key.get("mistakes", [])
    ]
    assert len(COMPUTED) >= 0.6 * len(numbers)


def test_every_exercise_is_in_a_chapter_and_its_solution_is_checked() -> None:
    asked = set(re.findall(r'^check\("([^"]+)", answer\)$', TEXTS, re.MULTILINE))
    solved = re.findall(
        r'^assert check\("([^"]+)", answer\)\.correct\b'
        r'|^result = check\("([^"]+)", answer\)\nassert result\.correct$',
        TEXTS,
        re.MULTILINE,
    )
    assert asked == {one or other for one, other in solved} == set(ALL)
