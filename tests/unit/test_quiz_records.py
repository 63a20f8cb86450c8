"""Quizzes: what is refused, the order of options, ids, and what pages, notebooks and text get."""

from __future__ import annotations

import itertools
import json
from html import unescape
from typing import Any

import html5lib
import numpy as np
import pytest

from cartbook import Choice, Number, Order, Spot, Stem, quiz, variants
from cartbook.quizzes import MIME, Quiz, Variants, asked_once, packed_cell, packed_quiz
from cartbook.render import html, quiz_text, sentence

HOSTILE = "\"><script>alert(1)</script> ]]> &amp; '"
ITEMS = [("A", "First."), ("B", "Second."), ("C", "Third.")]
OPTIONS = [
    Choice("Yes", True, "So."),
    Choice("No", False, "Not so."),
    Choice("Perhaps", False, "Neither."),
]


def number(**other: Any) -> Quiz:
    given: dict[str, Any] = {
        "why": "So.",
        "hint": "Divide.",
        "tolerance": 0.5,
        "unit": "%",
        "slips": {40: "The other way round."},
    }
    return quiz("q", {"How many?": Number(other.pop("answer", 62.5), **(given | other))})


def of_every_kind(text: str = "Word") -> Quiz:
    return quiz(
        "q",
        {
            f"one {text}": [Choice(text, True, text), Choice("No", False, "Since not.")],
            f"two {text}": Spot([Choice(text, True, text), Choice("No", False, text)]),
            f"three {text}": Number(1, text, text, 0.1, text, {5: text}),
            f"four {text}": Order([(text, text), ("B", text), ("C", text)], text),
        },
    )


def texts(made: Quiz, number: int = 0) -> list[str]:
    return [one["text"] for one in made.to_record()["questions"][number]["choices"]]


@pytest.mark.parametrize("notebook", [False, True])
def test_words_stay_words_in_every_kind(notebook: bool) -> None:
    found = html(of_every_kind(HOSTILE).to_record(), notebook=notebook)
    tree = html5lib.parse(found, namespaceHTMLElements=False)
    assert not list(tree.iter("script"))
    shown = "".join(
        "".join(one.itertext())
        for one in tree.iter("div")
        if one.get("class", "").startswith("cb-quiz")
    )
    assert shown.count("alert(1)") == shown.count(HOSTILE) >= 16
    if not notebook:
        form = next(tree.iter("form"))
        assert json.loads(form.get("data-slips", "")) == [{"value": 5.0, "why": HOSTILE}]
        assert form.get("data-why") == form.get("data-hint") == form.get("data-unit") == HOSTILE
        assert [one.get("data-why") for one in tree.iter("li") if one.get("data-why")] == [
            HOSTILE
        ] * 3


def test_numpy_numbers_become_plain_numbers() -> None:
    found = html(number(answer=np.float64(62.5), slips={np.int64(40): "Why."}).to_record())
    assert 'data-answer="62.5"' in found
    assert '[{"value":40.0,"why":"Why."}]' in unescape(found)


def test_without_scripts_every_kind_shows_its_answer() -> None:
    made = quiz(
        "q",
        {
            "How many?": Number(62.5, "Five of eight.", "Divide.", 0.05, "%"),
            "In order?": Order(ITEMS, "by age"),
        },
    )
    for notebook in (False, True):
        tree = html5lib.parse(
            html(made.to_record(), notebook=notebook), namespaceHTMLElements=False
        )
        answers = ["".join(one.itertext()) for one in tree.iter("details")]
        assert "62.5%. Five of eight." in answers[0]
        assert (
            answers[1].index("A. First.")
            < answers[1].index("B. Second.")
            < answers[1].index("C. Third.")
        )
        assert [one.get("hidden") for one in tree.iter("form")] == ([] if notebook else [""])


def test_notebook_form_is_complete_by_itself() -> None:
    page = of_every_kind()._repr_html_()
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    assert "list-style" in "".join(next(tree.iter("style")).itertext())
    assert [one.get("type") for one in tree.iter("ol")] == ["A", "A", "A", None]
    assert not list(tree.iter("form")) + list(tree.iter("input")) + list(tree.iter("script"))
    assert "<style>" not in html(of_every_kind().to_record())


def test_options_have_one_order_whatever_their_source_order_and_key() -> None:
    orders = {
        tuple(texts(quiz("q", {"Which?": list(one)}))) for one in itertools.permutations(OPTIONS)
    }
    assert len(orders) == 1
    for right in range(3):
        again = [Choice(one.text, place == right, one.why) for place, one in enumerate(OPTIONS)]
        assert tuple(texts(quiz("q", {"Which?": again}))) in orders
    assert sorted(next(iter(orders))) == ["No", "Perhaps", "Yes"]


def test_order_of_options_differs_between_questions() -> None:
    made = quiz(
        "q",
        {
            f"Which one is {word}?": OPTIONS
            for word in ("red", "green", "blue", "black", "white", "grey", "brown", "pink")
        },
    )
    assert len({tuple(texts(made, place)) for place in range(8)}) > 2


def test_every_form_has_the_options_in_the_order_of_the_record() -> None:
    made = quiz("q", {"Which?": OPTIONS})
    wanted = texts(made)
    for notebook in (False, True):
        tree = html5lib.parse(
            html(made.to_record(), notebook=notebook), namespaceHTMLElements=False
        )
        assert ["".join(one.itertext()) for one in tree.iter("summary")] == wanted
    for lines in (
        repr(made).splitlines()[1:],
        quiz_text(made.to_record(), answers=True).splitlines()[1:4],
    ):
        assert lines == [f"   {letter}. {text}" for letter, text in zip("ABC", wanted, strict=True)]


def test_plain_text_can_give_the_answers() -> None:
    given = quiz_text(of_every_kind().to_record(), answers=True)
    assert "Right. Word" in given
    assert "Well spotted. Word" in given
    assert "1.0 Word. Word" in given
    assert "1. Word. Word" in given
    assert "Answer" not in quiz_text(of_every_kind().to_record())


def test_items_are_never_shown_in_the_right_order() -> None:
    for letters in ("ABC", "BCA", "XYZ", "abcdefg"):
        order = Order([(one, "Why.") for one in letters], "by name")
        assert sorted(order.mixed) == list(range(len(letters)))
        assert order.mixed != sorted(order.mixed)


def ids(questions: Any) -> list[str]:
    return [one.id for one in quiz("q", questions).questions]


def test_ids_survive_changed_numbers_order_and_answers() -> None:
    (first,) = ids({"Of 71 patients 55 responded (77%). Which rate?": OPTIONS})
    assert first.startswith("q-")
    assert (
        ids({"Another?": OPTIONS, "Of 72 patients 56 responded (77.8%). Which rate?": OPTIONS[:2]})[
            1
        ]
        == first
    )
    assert ids({"Of 71 adults 55 responded (77%). Which rate?": OPTIONS}) != [first]
    assert ids({Stem("Any words", id="rate"): OPTIONS}) == ["q-rate"]


@pytest.mark.parametrize(
    "twice",
    [
        {"None of 3?": OPTIONS, "None of 4?": OPTIONS},
        {Stem("One", id="a"): OPTIONS, Stem("Two", id="a"): OPTIONS},
    ],
)
def test_two_questions_with_one_id_are_refused(twice: Any) -> None:
    with pytest.raises(ValueError, match=r"quiz 'q', questions 1 and 2: .*give one of them an id"):
        quiz("q", twice)


@pytest.mark.parametrize(
    ("answer", "tolerance", "shown", "asked"),
    [
        (100 * 77 / 104, 0.5, "74", "Unit: %. Round to the nearest whole number."),
        (62.5, 0.5, "63", "Unit: %. Round to the nearest whole number."),
        (8.571, 0.3, "8.6", "Unit: %. Round to one decimal place."),
        (1.25, 0.05, "1.3", "Unit: %. Round to one decimal place."),
        (0.1234, 0.005, "0.12", "Unit: %. Round to 2 decimal places."),
        (26.9, 20, "27", "Unit: %. Round to the nearest whole number."),
        (3, 0, "3", "Unit: %. A whole number."),
        (-0.25, 0, "-0.25", "Unit: %. Round to 2 decimal places."),
    ],
)
def test_precision_wanted_is_the_coarsest_that_is_always_right(
    answer: float, tolerance: float, shown: str, asked: str
) -> None:
    one = Number(answer, "Why.", "Hint.", tolerance, "%")
    assert (one.shown, one.asked) == (shown, asked)
    assert abs(float(shown) - answer) <= tolerance + 1e-9
    found = html(quiz("q", {"How many?": one}).to_record())
    assert asked in found
    assert f"<strong>{shown}%.</strong>" in found


@pytest.mark.parametrize("text", ["One", "Two.", "Three?", "“Four.”", "Five…"])
def test_no_sentence_ends_twice(text: str) -> None:
    assert sentence(text) == ("One." if text == "One" else text)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: number(slips={62.9: "Near."}),
            r"question 1 \('How many\?'\): a slip lies further .* \[62\.9\]",
        ),
        (lambda: number(answer=float("nan")), "finite numbers; found"),
        (lambda: number(tolerance=-1), "not below 0; found -1"),
        (lambda: number(answer=2 / 3, tolerance=0, slips={}), "needs a tolerance"),
        (lambda: number(why=" "), "why it is right; give why="),
        (lambda: number(hint=" "), "hint for any other number; give hint="),
        (lambda: number(slips={40: ""}), r"every slip says why it is wrong; give feedback to \[40"),
        (
            lambda: quiz("q", {"In order?": Order(ITEMS[:2], "by age")}),
            "three different items; found 2",
        ),
        (
            lambda: quiz("q", {"In order?": Order([*ITEMS, ITEMS[0]], "by age")}),
            "three different items; found 3 of 4",
        ),
        (lambda: quiz("q", {"In order?": Order(ITEMS, "")}), "from what to what; give by="),
        (
            lambda: quiz("q", {"In order?": Order([*ITEMS, ("D", " ")], "by age")}),
            r"its place; give feedback to \['D'\]",
        ),
        (
            lambda: quiz("q", {"Which?": Spot([Choice("A", True, "x"), Choice("B", True, "y")])}),
            r"exactly one option is right; found 2",
        ),
        (
            lambda: quiz("q", {"Which?": [Choice("A", True, "x"), Choice("A ", False, "y")]}),
            r"differs from the others; change \['A'\]",
        ),
        (
            lambda: quiz("q", {"Which?": [Choice("A", True, "x"), Choice("B", False, " ")]}),
            r"give feedback to \['B'\]",
        ),
        (
            lambda: quiz("q", {"Fine?": OPTIONS, "Which?": OPTIONS[:1]}),
            r"question 2 \('Which\?'\): there are at least two options; found 1",
        ),
        (
            lambda: number(hint="See [1](https://example.org)."),
            r"plain text, .*; change \['See \[1\]",
        ),
        (
            lambda: quiz("q", {"In order?": Order([*ITEMS, ("`D`", "Why.")], "by age")}),
            r"plain text, .*; change \['`D`'\]",
        ),
        (lambda: quiz("q", {" ": OPTIONS}), "a question has words"),
        (lambda: quiz("q", {Stem("Which?", id="No 1"): OPTIONS}), "an id is a letter"),
        (lambda: quiz("Q 1", {"Which?": OPTIONS}), "an id is a letter"),
        (lambda: quiz("q", {}), "at least one question"),
    ],
)
def test_a_question_that_breaks_a_rule_is_named_with_rule_and_fix(wrong: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()


def test_a_record_is_plain_data() -> None:
    for made in (of_every_kind(HOSTILE), quiz("q", {Stem("Which?", figure="a"): OPTIONS})):
        record = made.to_record()
        assert json.loads(json.dumps(record)) == record


def test_a_notebook_gets_html_text_and_the_record() -> None:
    bundle = number()._repr_mimebundle_()
    assert set(bundle) == {MIME, "text/html", "text/plain"}
    (record,) = json.loads(json.dumps(bundle[MIME]))["questions"]
    assert record == {
        "id": record["id"],
        "kind": "number",
        "stem": "How many?",
        "figure": "",
        "answer": 62.5,
        "tolerance": 0.5,
        "unit": "%",
        "slips": [{"value": 40.0, "why": "The other way round."}],
        "decimals": 0,
        "shown": "63",
        "asked": "Unit: %. Round to the nearest whole number.",
        "why": "So.",
        "hint": "Divide.",
    }
    assert "____" in bundle["text/plain"]


def test_a_packed_quiz_shows_the_same_and_hides_its_words() -> None:
    made = of_every_kind("Word é < &")
    cell = packed_cell(made.to_record())
    assert not any(word in cell for word in ("Word", "right", "answer", "true"))
    shown = eval(cell.split("\n\n", 1)[1], {"packed_quiz": packed_quiz})
    assert shown._repr_mimebundle_() == made._repr_mimebundle_()
    assert repr(shown) == repr(made)


@pytest.mark.parametrize("broken", ["", "eJw", "not base64!", "AAAA"])
def test_a_packed_quiz_that_is_not_whole_is_refused_in_one_line(broken: str) -> None:
    with pytest.raises(ValueError, match="not a packed quiz") as caught:
        packed_quiz(broken)
    assert "\n" not in str(caught.value)


ROWS = [{"label": f"Trial {k}", "events": k, "patients": 40.0} for k in range(1, 13)]
STEM = Stem("{label}: {events} of {patients}. What percentage?", id="share")


def share(one: Any) -> Number:
    rate = 100 * one["events"] / one["patients"]
    return Number(rate, "So.", "Divide.", 0.5, "%", {100 - rate: "The others.", 10: "Ten."})


def test_variants_are_the_same_question_of_rows_that_a_seed_chooses() -> None:
    made = quiz("q", {STEM: variants(ROWS, share)}).to_record()["questions"][0]
    assert (made["kind"], made["stem"], made["answer"]) == (
        "number",
        made["variants"][0]["stem"],
        made["variants"][0]["answer"],
    )
    assert len(made["variants"]) == len({one["stem"] for one in made["variants"]}) == 6
    assert [one["id"] for one in made["variants"]] == [f"q-share-{place}" for place in range(1, 7)]
    for one in asked_once(made):
        events = int(one["stem"].split()[1].rstrip(":"))
        assert one["stem"] == f"Trial {events}: {events} of 40. What percentage?"
        assert one["answer"] == 2.5 * events
        assert one["slips"][0] == {"value": 100 - 2.5 * events, "why": "The others."}
    assert variants(ROWS, share) == variants(ROWS[::-1], share)
    assert variants(ROWS, share) != variants(ROWS, share, seed=2)


def test_two_mistakes_that_an_answer_could_both_show_are_refused() -> None:
    with pytest.raises(ValueError, match="two slips lie further from each other"):
        number(slips={40: "The other way round.", 40.4: "Of all."})
    assert number(slips={40: "The other way round.", 40.6: "Of all."})


def test_a_row_whose_mistake_is_nearly_right_is_no_variant() -> None:
    stems = [words["label"] for words, _ in variants(ROWS, share, most=99).cases]
    assert len(stems) == 11
    assert "Trial 4" not in stems, "ten per cent is its right answer"


def test_variants_need_five_rows_and_a_stem_that_names_columns() -> None:
    with pytest.raises(ValueError, match="needs 5 rows with different answers, and has 3"):
        variants(ROWS[:3], share)
    with pytest.raises(ValueError, match="needs 5 rows"):
        variants(ROWS[:1] * 9, share)
    with pytest.raises(ValueError, match="there is no trial; a row has events, label, patients"):
        quiz("q", {"{trial}?": variants(ROWS, share)})
    with pytest.raises(ValueError, match="names columns in braces"):
        quiz("q", {"How many?": variants(ROWS, share)})
    assert isinstance(variants(ROWS, share), Variants)


def test_a_notebook_folds_the_other_variants() -> None:
    record = quiz("q", {STEM: variants(ROWS, share)}).to_record()
    found = html(record, notebook=True)
    assert all(one["stem"] in found for one in record["questions"][0]["variants"])
    assert "Ask it with other numbers" in found
    page = html(record)
    assert page.count("Show the answer") == 1
    assert "data-variants" in page
