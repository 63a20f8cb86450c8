"""Quizzes: what is refused, what a page gets, and that a number on it is the number of the data."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import html5lib
import numpy as np
import pytest

from cartbook import Choice, Number, Order, Spot, quiz
from cartbook.quizzes import MIME, Quiz

HOSTILE = "\"><script>alert(1)</script> ]]> &amp; '"
ITEMS = [("A", "First."), ("B", "Second."), ("C", "Third.")]


def number(**other: Any) -> Quiz:
    given: dict[str, Any] = {"why": "So.", "hint": "Divide.", "tolerance": 0.5, "unit": "%", "slips": {40: "The other way round."}}
    return quiz("q", {"How many?": Number(other.pop("answer", 62.5), **(given | other))})


def test_words_stay_words_in_every_kind() -> None:
    html = quiz(
        "q",
        {
            f"1 {HOSTILE}": [Choice(HOSTILE, True, HOSTILE), Choice("No", False, "Since not.")],
            f"2 {HOSTILE}": Spot([Choice(HOSTILE, True, HOSTILE), Choice("No", False, HOSTILE)]),
            f"3 {HOSTILE}": Number(1, HOSTILE, HOSTILE, 0.1, HOSTILE, {5: HOSTILE}),
            f"4 {HOSTILE}": Order([(HOSTILE, HOSTILE), ("B", HOSTILE), ("C", HOSTILE)], HOSTILE),
        },
    )._repr_html_()
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    assert not list(tree.iter("script"))
    form = next(tree.iter("form"))
    assert json.loads(form.get("data-slips", "")) == [[5.0, HOSTILE]]
    assert form.get("data-why") == form.get("data-hint") == HOSTILE
    assert [one.get("data-why") for one in tree.iter("li") if one.get("data-why")] == [HOSTILE] * 3
    shown = "".join(tree.itertext())
    assert shown.count("alert(1)") == shown.count(HOSTILE) == html.count("alert(1)") - 6  # six stand in those attributes


def test_numbers_of_numpy_become_plain_ones() -> None:
    html = number(answer=np.float64(62.5), slips={np.int64(40): "Why."})._repr_html_()
    assert 'data-answer="62.5"' in html
    assert '[[40.0,"Why."]]' in unescape(html)


def test_without_scripts_every_kind_tells_its_answer() -> None:
    tree = html5lib.parse(
        quiz("q", {"How many?": Number(62.5, "Five of eight.", "Divide.", 0.1, "%"), "In order?": Order(ITEMS, "by age")})._repr_html_(),
        namespaceHTMLElements=False,
    )
    told = ["".join(one.itertext()) for one in tree.iter("details")]
    assert "62.5 %. Five of eight." in told[0]
    assert told[1].index("A. First.") < told[1].index("B. Second.") < told[1].index("C. Third.")
    assert next(tree.iter("form")).get("hidden") is not None


def test_an_order_is_never_laid_out_in_order() -> None:
    for letters in ("ABC", "BCA", "XYZ", "abcdefg"):
        order = Order([(one, "Why.") for one in letters], "by name")
        assert sorted(order.mixed) == list(range(len(letters)))
        assert order.mixed != sorted(order.mixed)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: number(slips={62.9: "Near."}), "so near the answer"),
        (lambda: number(answer=float("nan")), "are numbers"),
        (lambda: number(tolerance=-1), "not below 0"),
        (lambda: number(answer=2 / 3, tolerance=0, slips={}), "needs a tolerance"),
        (lambda: number(why=" "), "says why"),
        (lambda: number(hint=" "), "a hint"),
        (lambda: number(slips={40: ""}), "every slip"),
        (lambda: quiz("q", {"In order?": Order(ITEMS[:2], "by age")}), "three different"),
        (lambda: quiz("q", {"In order?": Order([*ITEMS, ITEMS[0]], "by age")}), "three different"),
        (lambda: quiz("q", {"In order?": Order(ITEMS, "")}), "from what to what"),
        (lambda: quiz("q", {"Which?": Spot([Choice("A", True, "x"), Choice("B", True, "y")])}), "exactly one"),
        (lambda: quiz("q", {"Which?": [Choice("A", True, "x"), Choice("A", False, "y")]}), "differs"),
        (lambda: quiz("Q 1", {"Which?": []}), "an id of"),
    ],
)
def test_a_question_without_one_right_answer_is_refused(wrong: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wrong()


def test_a_notebook_gets_the_quiz_as_data_too() -> None:
    bundle = number()._repr_mimebundle_()
    assert set(bundle) == {MIME, "text/html", "text/plain"}
    (told,) = json.loads(json.dumps(bundle[MIME]))["questions"]
    assert told == {
        "kind": "number",
        "stem": "How many?",
        "answer": 62.5,
        "shown": "62.5",
        "tolerance": 0.5,
        "unit": "%",
        "why": "So.",
        "hint": "Divide.",
        "slips": [{"value": 40.0, "why": "The other way round."}],
    }
    assert "____ %" in bundle["text/plain"]
