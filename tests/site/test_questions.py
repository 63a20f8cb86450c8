"""Questions as Moodle XML, QTI package and cards for Anki: read back, each says what the quizzes say, and no word becomes markup; and what holds over the whole book's quizzes."""

from __future__ import annotations

import csv
import html
import json
import re
from base64 import b64decode
from collections import Counter
from xml.etree import ElementTree

import nbformat
import pytest
from helpers import TOP

from cartbook import Choice, Number, Order, Spot, Stem, quiz, variants
from cartbook.export import anki, moodle, qti
from cartbook.quizzes import FEWEST, MIME, SALT, asked_once
from cartbook.render import amount

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
    """A quiz of every kind, one of them in variants, in which every word is hostile."""
    said = [f"{letter} {HOSTILE}" for letter in "abcdefghijkl"]
    wrong = (Choice(f"%50%{HOSTILE}", False, said[3]), Choice(f"[html]{HOSTILE}", False, said[4]))
    asked = {
        said[0]: [Choice(said[1], True, said[2]), *wrong],
        said[5]: Spot([Choice(said[6], True, HOSTILE), Choice(said[7], False, HOSTILE)]),
        said[8]: Number(-12.5, HOSTILE, HOSTILE, 0.25, HOSTILE, {7: HOSTILE}),
        Stem(f"{{word}} {{n}} {said[8].replace('{', '').replace('}', '')}", id="several"): variants(
            [{"word": HOSTILE, "n": n} for n in range(1, 8)],
            lambda one: Number(one["n"], HOSTILE, HOSTILE, 0.1, HOSTILE, {99: HOSTILE}),
        ),
        said[9]: Order([(said[10], HOSTILE), (said[11], HOSTILE), ("=x", HOSTILE)], HOSTILE),
    }
    return [(HOSTILE, json.loads(json.dumps(quiz("hostile", asked).to_record())))]


def chapters_of(quizzes):
    """Quizzes as chapters, with a picture for every figure that they name."""
    chapters = []
    for title, made in quizzes:
        figures = {one["figure"] for one in made["questions"] if one["figure"]}
        pictures = {name: moodle.Picture("A title", "An alternative", PNG) for name in figures}
        chapters.append(moodle.Chapter(title, [made], pictures))
    return chapters


def xml(quizzes):
    """Moodle XML of quizzes."""
    return moodle.moodle_xml(chapters_of(quizzes))


def each(made):
    """The records of a quiz as Moodle lists them: those with variants at the end, each variant by itself."""
    alone = [one for one in made["questions"] if "variants" not in one]
    return alone + [one for question in made["questions"] for one in question.get("variants", [])]


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
    records = [one for _, made in given for one in each(made)]
    assert [from_moodle(one) for one in elements(text)] == [expected(one) for one in records]
    assert xml(given) == text


def test_an_order_comes_with_its_feedback():
    items = [("A.", "First."), ("B", "Second."), ("C?", "Third.")]
    record = quiz("q", {"In order?": Order(items, "by age")}).to_record()
    (made,) = elements(xml([("T", record)]))
    assert shown(made.findtext("generalfeedback/text")) == "A. First. B. Second. C? Third."


def test_names_end_with_a_word_and_are_unique_with_a_stable_id_number(of_the_book):
    book = elements(xml(of_the_book))
    names = [one.findtext("name/text") for one in book]
    records = [one for _, made in of_the_book for one in each(made)]
    for name, record in zip(names, records, strict=True):
        given = re.sub(r"^[a-z-]+ \d+: ", "", name).removesuffix(" …")
        whole = " ".join(record["stem"].split())
        assert whole == given or (whole.startswith(given + " ") and name.endswith(" …")), name
        assert len(name) <= 100
    assert len(set(names)) == len(names) > 100
    numbers = [one.findtext("idnumber") for one in book]
    assert numbers == [f"cartbook-{one['id']}" for one in records]
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


def test_variants_ask_the_same_of_other_rows_in_eight_chapters(questions):
    several = [(chapter, one) for chapter, one in questions if "variants" in one]
    assert len({chapter for chapter, _ in several}) >= 8
    for _, one in several:
        cases = one["variants"]
        assert len(cases) >= FEWEST
        assert len({case["stem"] for case in cases}) == len(cases)
        assert len({case["shown"] for case in cases}) == len(cases)
        assert {case["unit"] for case in cases} == {one["unit"]}
        assert all(one[name] == cases[0][name] for name in ("stem", "answer", "why", "slips"))
        assert all(len(case["slips"]) >= 2 for case in cases)


def test_variants_have_a_category_of_their_own_for_a_random_question(hostile):
    kinds = [one.get("type") for one in ElementTree.fromstring(xml(hostile).encode())]
    last = len(kinds) - 1 - kinds[::-1].index("category")
    assert kinds.count("category") == 2
    assert set(kinds[last + 1 :]) == {"numerical"}
    assert len(kinds[last + 1 :]) >= FEWEST


NAMES = {"q": qti.QTI, "p": qti.PACKAGE}
#: the order of the parts of an item in the schema of QTI 2.1
ORDER = [
    "responseDeclaration",
    "outcomeDeclaration",
    "itemBody",
    "responseProcessing",
    "modalFeedback",
]


def packed(quizzes):
    """A QTI package of quizzes, read back: its items by identifier, its tests, and the names of its files."""
    files = qti.package(chapters_of(quizzes))
    roots = {
        name: ElementTree.fromstring(body) for name, body in files.items() if name.endswith(".xml")
    }
    items = {
        one.get("identifier"): one for one in roots.values() if one.tag.endswith("assessmentItem")
    }
    tests = [one for one in roots.values() if one.tag.endswith("assessmentTest")]
    return roots["imsmanifest.xml"], items, tests, set(files)


def respond(item, response):
    """The score and the feedback that an item's own rules give to a response: a number, or identifiers."""
    correct = [
        one.text for one in item.findall("q:responseDeclaration/q:correctResponse/q:value", NAMES)
    ]

    def holds(test):
        if test.tag.endswith("match"):
            return response == correct
        low, high = map(float, test.get("tolerance").split())
        value = float(test.findtext("q:baseValue", namespaces=NAMES))
        return value - low <= response <= value + high

    outcome = {"SCORE": "0", "FEEDBACK": None}

    def run(rules):
        for rule in rules:
            if rule.tag.endswith("responseCondition"):
                run(
                    next(
                        (
                            branch
                            for branch in rule
                            if branch.tag.endswith("Else") or holds(branch[0])
                        ),
                        [],
                    )
                )
            elif rule.tag.endswith("setOutcomeValue"):
                given = rule.find("q:baseValue", NAMES)
                outcome[rule.get("identifier")] = response[0] if given is None else given.text

    run(item.find("q:responseProcessing", NAMES))
    shown = [
        "".join(one.itertext())
        for one in item.findall("q:modalFeedback", NAMES)
        if one.get("identifier") == outcome["FEEDBACK"]
    ]
    return float(outcome["SCORE"]), " ".join(" ".join(shown).split())


@pytest.mark.parametrize("which", ["of_the_book", "hostile"])
def test_a_qti_package_answers_as_the_quizzes_do(which, request):
    given = request.getfixturevalue(which)
    _, items, _, _ = packed(given)
    records = {
        f"cartbook-{one['id']}": one
        for _, made in given
        for question in made["questions"]
        for one in asked_once(question)
    }
    assert set(items) == set(records)
    for name, record in records.items():
        item = items[name]
        tags = [one.tag.partition("}")[2] for one in item]
        assert tags == sorted(tags, key=ORDER.index)
        words = plain(" ".join(one.text or "" for one in item.findall("q:itemBody/q:p", NAMES)))
        assert words.startswith(plain(record["stem"]))
        if record["kind"] == "number":
            assert respond(item, record["answer"]) == (1, plain(record["why"]))
            assert respond(item, float(record["shown"])) == (1, plain(record["why"]))
            for slip in record["slips"]:
                assert respond(item, slip["value"]) == (0, plain(slip["why"]))
            assert respond(item, 1e12) == (0, plain(record["hint"]))
        elif record["kind"] == "order":
            order = [f"item-{place}" for place, _ in enumerate(record["items"], start=1)]
            assert respond(item, order)[0] == 1
            assert respond(item, order[::-1])[0] == 0
            shown = [one.text for one in item.iter(f"{{{qti.QTI}}}simpleChoice")]
            assert sorted(map(plain, shown)) == sorted(
                plain(one["text"]) for one in record["items"]
            )
            assert shown != [one["text"] for one in record["items"]]
        else:
            choices = list(item.iter(f"{{{qti.QTI}}}simpleChoice"))
            for choice, option in zip(choices, record["choices"], strict=True):
                assert plain(choice.text) == plain(option["text"])
                assert respond(item, [choice.get("identifier")]) == (
                    option["right"],
                    plain(option["why"]),
                )


def test_a_qti_package_lists_its_files_and_draws_one_variant(of_the_book):
    manifest, items, tests, files = packed(of_the_book)
    resources = manifest.findall("p:resources/p:resource", NAMES)
    listed = {
        one.get("href") for resource in resources for one in resource.findall("p:file", NAMES)
    }
    assert listed == files - {"imsmanifest.xml"}
    names = {one.get("identifier") for one in resources}
    needed = {one.get("identifierref") for one in manifest.iter(f"{{{qti.PACKAGE}}}dependency")}
    assert needed == set(items) < names
    kinds = {one.get("type") for one in resources}
    assert kinds == {"imsqti_item_xmlv2p1", "imsqti_test_xmlv2p1"}
    asked = [
        one.get("href") for test in tests for one in test.iter(f"{{{qti.QTI}}}assessmentItemRef")
    ]
    assert sorted(asked) == sorted(f"{one}.xml" for one in items)
    drawn = [
        one
        for test in tests
        for one in test.iter(f"{{{qti.QTI}}}assessmentSection")
        if one.find("q:selection", NAMES) is not None
    ]
    several = [one for _, made in of_the_book for one in made["questions"] if "variants" in one]
    assert [len(one.findall("q:assessmentItemRef", NAMES)) for one in drawn] == [
        len(one["variants"]) for one in several
    ]
    assert {one.find("q:selection", NAMES).get("select") for one in drawn} == {"1"}
    identifiers = re.compile(r"[A-Za-z_][\w.-]*")
    assert all(identifiers.fullmatch(one) for one in names)


@pytest.mark.parametrize("which", ["of_the_book", "hostile"])
def test_cards_for_anki_say_what_the_quizzes_and_the_glossary_say(which, request):
    given = request.getfixturevalue(which)
    with (TOP / "data" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        glossary = list(csv.DictReader(file))
    text = anki.cards(glossary, [moodle.Chapter(title, [made]) for title, made in given])
    lines = text.removeprefix(anki.HEADER).splitlines()
    notes = {guid: rest for guid, *rest in (line.split("\t") for line in lines)}
    assert all(len(rest) == 4 for rest in notes.values())
    assert len(notes) == len(lines), "each card has an id of its own"
    for row in glossary:
        name = re.sub(r"\W+", "-", row["term"].casefold())
        _, front, back, _ = notes[f"cartbook-term-{name}"]
        assert front.startswith(html.escape(row["term"]))
        assert html.unescape(back) == row["definition"]
    questions = [one for _, made in given for one in made["questions"] if not one["figure"]]
    records = [one for question in questions for one in asked_once(question)]
    assert len(notes) == len(glossary) + len(records)
    for record in records:
        deck, front, back, _ = notes[f"cartbook-{record['id']}"]
        assert deck.count("::") == 1
        assert shown_card(front).startswith(plain(record["stem"]))
        if record["kind"] == "number":
            assert shown_card(back) == plain(f"{amount(record)}. {record['why']}")
        elif "choices" in record:
            (right,) = [one for one in record["choices"] if one["right"]]
            assert plain(right["text"]).rstrip(".") in shown_card(back)
            assert shown_card(back).endswith(plain(right["why"]))
            assert not any(
                plain(one["why"]) in shown_card(front)
                for one in record["choices"]
                if which != "hostile"
            )


def shown_card(side):
    """What Anki shows of a side, which may contain nothing but lists, lines and bold words."""
    inner = re.sub(r"</?(?:ul|ol|li|b|i|br)>", " ", side)
    assert "<" not in inner, f"markup in {inner!r}"
    return plain(html.unescape(inner))
