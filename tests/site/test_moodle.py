"""Moodle XML: read back, it says what the quizzes say, and no word becomes markup; and what holds over the whole book's quizzes."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode
from collections import Counter
from xml.etree import ElementTree

import nbformat
import pytest
from helpers import TOP

from cartbook import Choice, Number, Order, Spot, Stem, quiz
from cartbook.export import moodle
from cartbook.quizzes import MIME, SALT

EXECUTED = TOP / "_build" / "work" / "jupyter_execute" / "chapters"
HOSTILE = "<script>alert(1)</script> ]]> \x00\x08\x1b\ufffe a~b=c#d{e}f:g \"q\" 'r' \\n %50% -> // ####\n\n$CATEGORY: x\n::y:: & &lt;"
PNG = b"\x89PNG\r\n\x1a\n"
KINDS = {"numerical": "number", "matching": "order", "multichoice": "choose"}
CHART = re.compile(
    r"\b(?:use|using|in|on|see|look at|from) the (?:\w+ )?(?:chart|slider|figure|plot|drawing)\b",
    re.IGNORECASE,
)
THING = r"(?:option|choice|answer|claim|sentence|statement)"
PLACE = re.compile(
    rf"\b(?:first|second|third|fourth|last) {THING}|\b(?:option|choice|answer) (?:[A-D1-4])\b|\b(?:above|below) are"
    rf"|\bthe {THING}s? (?:above|below)\b|\b(?:all|none|both) of the above\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def of_the_book(site):
    """The quizzes of the executed notebooks, each with the name of its chapter."""
    found = []
    for path in sorted(EXECUTED.glob("*.ipynb")):
        if (TOP / "chapters" / f"{path.stem}.md").is_file():
            cells = nbformat.read(path, as_version=4).cells
            data = [one.get("data", {}) for cell in cells for one in cell.get("outputs", [])]
            found += [(path.stem, one[MIME]) for one in data if MIME in one]
    assert len(found) >= 20, "run make book first"
    return found


@pytest.fixture(scope="module")
def questions(of_the_book):
    return [(chapter, one) for chapter, made in of_the_book for one in made["questions"]]


@pytest.fixture(scope="module")
def hostile():
    """A quiz of every kind in which every word is hostile."""
    said = [f"{letter} {HOSTILE}" for letter in "abcdefghijkl"]
    wrong = (Choice(f"%50%{HOSTILE}", False, said[3]), Choice(f"[html]{HOSTILE}", False, said[4]))
    asked = {
        said[0]: [Choice(said[1], True, said[2]), *wrong],
        said[5]: Spot([Choice(said[6], True, HOSTILE), Choice(said[7], False, HOSTILE)]),
        said[8]: Number(-12.5, HOSTILE, HOSTILE, 0.25, HOSTILE, {7: HOSTILE}),
        said[9]: Order([(said[10], HOSTILE), (said[11], HOSTILE), ("=x", HOSTILE)], HOSTILE),
    }
    return [(HOSTILE, json.loads(json.dumps(quiz("hostile", asked).to_record())))]


def xml(quizzes):
    """Moodle XML of quizzes, with a picture for every figure that they name."""
    chapters = []
    for title, made in quizzes:
        figures = {one["figure"] for one in made["questions"] if one["figure"]}
        pictures = {name: moodle.Picture("A title", "An alternative", PNG) for name in figures}
        chapters.append(moodle.Chapter(title, [made], pictures))
    return moodle.moodle_xml(chapters)


def elements(text):
    return [one for one in ElementTree.fromstring(text.encode()) if one.get("type") != "category"]


def plain(words):
    return " ".join(re.sub("[\x00\x08\x1b\ufffe]", " ", words).split())


def shown(text):
    """What a browser shows of HTML that may contain nothing but paragraphs, lists and the book's picture."""
    inner = re.sub(r"</?(?:p|ol|li)>", " ", re.sub(r"<p><img [^<>]*></p>.*", "", text or ""))
    assert "<" not in inner, f"markup in {inner!r}"
    return plain(html.unescape(inner))


def expected(record):
    """A question as an export should give it: kind, words, answers with tolerance or share and feedback."""
    stem = record["stem"]
    if record["kind"] == "number":
        given = [(float(record["shown"]), True, record["why"])]
        given += [(slip["value"], False, slip["why"]) for slip in record["slips"]]
        answers = [
            (pytest.approx(value, rel=1e-7), pytest.approx(record["tolerance"]), right, plain(why))
            for value, right, why in given
        ]
        return (
            "number",
            plain(f"{stem} {record['asked']}"),
            [*answers, ("*", 0.0, False, plain(record["hint"]))],
        )
    if record["kind"] == "order":
        pairs = [(plain(one["text"]), f"place {at}") for at, one in enumerate(record["items"], 1)]
        return "order", plain(f"{stem} Order: {record['by']}."), pairs
    answers = [(plain(one["text"]), one["right"], plain(one["why"])) for one in record["choices"]]
    return "choose", plain(stem), answers


def from_moodle(one):
    kind, answers = KINDS[one.get("type")], []
    for answer in one.findall("answer"):
        value, right = answer.findtext("text"), answer.get("fraction") == "100"
        feedback = shown(answer.findtext("feedback/text"))
        if kind == "number":
            number = value if value == "*" else float(value)
            answers.append((number, float(answer.findtext("tolerance")), right, feedback))
        else:
            assert answer.get("format") == "html"
            answers.append((shown(value), right, feedback))
    pairs = one.findall("subquestion")
    answers += [(shown(pair.findtext("text")), pair.findtext("answer/text")) for pair in pairs]
    return kind, shown(one.findtext("questiontext/text")), answers


@pytest.mark.parametrize("which", ["of_the_book", "hostile"])
def test_moodle_xml_says_what_the_quizzes_say(which, request):
    given = request.getfixturevalue(which)
    text = xml(given)
    records = [one for _, made in given for one in made["questions"]]
    assert [from_moodle(one) for one in elements(text)] == [expected(one) for one in records]
    assert xml(given) == text


def test_an_order_comes_with_its_feedback():
    items = [("A.", "First."), ("B", "Second."), ("C?", "Third.")]
    record = quiz("q", {"In order?": Order(items, "by age")}).to_record()
    (made,) = elements(xml([("T", record)]))
    assert shown(made.findtext("generalfeedback/text")) == "A. First. B. Second. C? Third."


def test_names_end_with_a_word_and_are_unique_with_a_stable_id_number(of_the_book, questions):
    book = elements(xml(of_the_book))
    names = [one.findtext("name/text") for one in book]
    for name, (_, record) in zip(names, questions, strict=True):
        given = re.sub(r"^[a-z-]+ \d+: ", "", name).removesuffix(" …")
        whole = " ".join(record["stem"].split())
        assert whole == given or (whole.startswith(given + " ") and name.endswith(" …")), name
        assert len(name) <= 100
    assert len(set(names)) == len(names) > 100
    numbers = [one.findtext("idnumber") for one in book]
    assert numbers == [f"cartbook-{one['id']}" for _, one in questions]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("number", "shown_as", "tolerance", "asked"),
    [
        (
            Number(100 * 77 / 104, "W", "H", 0.5, "%"),
            "74",
            "0.5",
            "Unit: %. Round to the nearest whole number.",
        ),
        (
            Number(5 / 3, "W", "H", 0.1, "times"),
            "1.7",
            "0.1",
            "Unit: times. Round to one decimal place.",
        ),
        (Number(3, "W", "H", unit="people"), "3", "0", "Unit: people. A whole number."),
    ],
)
def test_a_number_is_shown_as_precise_as_it_is_asked_for(number, shown_as, tolerance, asked):
    (made,) = elements(xml([("T", quiz("q", {"How many?": number}).to_record())]))
    assert (made.findtext("answer/text"), made.findtext("answer/tolerance")) == (
        shown_as,
        tolerance,
    )
    assert shown(made.findtext("questiontext/text")) == f"How many? {asked}"


def test_a_question_on_a_figure_brings_its_picture_and_says_where_it_is():
    options = [Choice("A", True, "Yes."), Choice("B", False, "No.")]
    record = quiz("q", {Stem("Use the chart. Which?", figure="a-figure"): options}).to_record()
    for address in ("https://example.org/book/chapters/x.html#fig-a-figure", ""):
        picture = moodle.Picture('Title & "more"', 'Alt "text" <b>', PNG, address)
        chapter = moodle.Chapter("A <chapter>", [record], {"a-figure": picture})
        (made,) = elements(moodle.moodle_xml([chapter]))
        text = made.findtext("questiontext/text")
        assert '<img src="@@PLUGINFILE@@/a-figure.png" alt="Alt &quot;text&quot; &lt;b&gt;"' in text
        assert "in CAR-T in Numbers, chapter “A &lt;chapter&gt;”" in text
        assert (f'<a href="{address}">“Title &amp; "more"”</a>' in text) == bool(address)
        assert b64decode(made.findtext("questiontext/file")) == PNG
    with pytest.raises(
        ValueError, match=r"question q-\w+ names the figure 'a-figure', which its chapter “T”"
    ):
        moodle.moodle_xml([moodle.Chapter("T", [record])])


def test_the_book_asks_in_every_kind_and_right_answers_are_spread(questions):
    assert {one["kind"] for _, one in questions} == {"choose", "number", "order", "spot"}
    choices = [one["choices"] for _, one in questions if "choices" in one]
    keys = [[one["right"] for one in group].index(True) for group in choices]
    shares = {
        "ABCDEFGH"[place]: count / len(keys) for place, count in sorted(Counter(keys).items())
    }
    assert len(keys) > 100
    retry = f"set SALT in cartbook/quizzes.py to {SALT + 1}, build again, and so on"
    assert max(shares.values()) <= 0.4, f"{shares}: {retry}"


def test_no_question_is_asked_twice_in_the_book(questions):
    same = Counter()
    for _, one in questions:
        words = re.sub(r"[\d\W_]+", " ", one["stem"].casefold()).strip()
        same.update([("id", one["id"]), ("words", words, str(one.get("choices")))])
        if one["kind"] == "number" and one["answer"] != round(one["answer"]):
            same[("answer", one["unit"], round(one["answer"], 9))] += 1  # no two agree by chance
    assert [key for key, count in same.items() if count > 1] == []


def test_a_question_that_speaks_of_a_chart_names_it_and_none_names_a_place(questions):
    stems = [(chapter, one["stem"]) for chapter, one in questions if not one["figure"]]
    assert [(chapter, stem) for chapter, stem in stems if CHART.search(stem)] == []
    choices = [
        (chapter, one) for chapter, question in questions for one in question.get("choices", [])
    ]
    texts = [(chapter, one[key]) for chapter, one in choices for key in ("text", "why")]
    assert [one for one in texts if PLACE.search(one[1])] == [], "options are shuffled"
