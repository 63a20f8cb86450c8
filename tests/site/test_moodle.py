"""Moodle XML: read back, it says what the quizzes say, and no word becomes markup; and what holds over the whole book's quizzes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest
from helpers import TOP, asked_in, from_moodle, seen, words

from cartbook import Choice, Number, Order, Spot, Stem, quiz
from cartbook.export import moodle
from cartbook.quizzes import MIME, SALT

EXECUTED = TOP / "_build" / "work" / "jupyter_execute" / "chapters"
HOSTILE = "<script>alert(1)</script> ]]> \x00\x08\x1b\ufffe a~b=c#d{e}f:g \"q\" 'r' \\n %50% -> // ####\n\n$CATEGORY: x\n::y:: & &lt;"
PNG = b"\x89PNG\r\n\x1a\n"
Quizzes = list[tuple[str, dict[str, Any]]]


def of_the_book() -> Quizzes:
    """The quizzes of the executed notebooks, each with the name of its chapter."""
    found: Quizzes = []
    for path in sorted(EXECUTED.glob("*.ipynb")):
        if (TOP / "chapters" / f"{path.stem}.md").is_file():
            cells = nbformat.read(path, as_version=4).cells
            found += [
                (path.stem, o.data[MIME])
                for cell in cells
                for o in cell.get("outputs", [])
                if MIME in o.get("data", {})
            ]
    assert len(found) >= 19, "run make book first"
    return found


def questions_of_the_book() -> list[tuple[str, dict[str, Any]]]:
    return [(chapter, one) for chapter, made in of_the_book() for one in made["questions"]]


def hostile() -> Quizzes:
    """A quiz of every kind in which every word is hostile."""
    said = [f"{'abcdefghijkl'[place]} {HOSTILE}" for place in range(12)]
    asked: dict[Any, Any] = {
        said[0]: [
            Choice(said[1], True, said[2]),
            Choice(f"%50%{HOSTILE}", False, said[3]),
            Choice(f"[html]{HOSTILE}", False, said[4]),
        ],
        said[5]: Spot([Choice(said[6], True, HOSTILE), Choice(said[7], False, HOSTILE)]),
        said[8]: Number(-12.5, HOSTILE, HOSTILE, 0.25, HOSTILE, {7: HOSTILE}),
        said[9]: Order([(said[10], HOSTILE), (said[11], HOSTILE), ("=x", HOSTILE)], HOSTILE),
    }
    return [(HOSTILE, json.loads(json.dumps(quiz("hostile", asked).to_record())))]


def xml(quizzes: Quizzes) -> str:
    """Moodle XML of quizzes, with a picture for every figure that they name."""
    chapters = []
    for title, made in quizzes:
        pictures = {
            one["figure"]: moodle.Picture("A title", "An alternative", PNG)
            for one in made["questions"]
            if one["figure"]
        }
        chapters.append(moodle.Chapter(title, [made], pictures))
    return str(moodle.moodle_xml(chapters))


def expected(quizzes: Quizzes) -> list[tuple[Any, ...]]:
    """Each question as an export should give it: kind, words, answers with share and feedback."""
    told: list[tuple[Any, ...]] = []
    for _, made in quizzes:
        for one in made["questions"]:
            if one["kind"] == "number":
                answers = [(float(one["shown"]), one["tolerance"], True, seen(one["why"]))]
                answers += [
                    (slip["value"], one["tolerance"], False, seen(slip["why"]))
                    for slip in one["slips"]
                ]
                told.append(
                    (
                        "number",
                        seen(f"{one['stem']} {one['asked']}"),
                        [*answers, ("*", 0.0, False, seen(one["hint"]))],
                    )
                )
            elif one["kind"] == "order":
                pairs = [
                    (seen(item["text"]), f"place {at}") for at, item in enumerate(one["items"], 1)
                ]
                told.append(("order", seen(f"{one['stem']} Order: {one['by']}."), pairs))
            else:
                told.append(
                    (
                        "choose",
                        seen(one["stem"]),
                        [(seen(c["text"]), c["right"], seen(c["why"])) for c in one["choices"]],
                    )
                )
    return told


@pytest.mark.parametrize("quizzes", [of_the_book, hostile], ids=["book", "hostile"])
def test_moodle_xml_says_what_the_quizzes_say(quizzes: Any) -> None:
    given = quizzes()
    told, wanted = from_moodle(xml(given)), expected(given)
    assert len(told) == len(wanted)
    for one, other in zip(told, wanted, strict=True):
        assert one[:2] == other[:2]
        for answer, right in zip(one[2], other[2], strict=True):
            assert answer == tuple(
                pytest.approx(part, rel=1e-7) if isinstance(part, float) else part for part in right
            )
    assert xml(given) == xml(given)


def test_an_order_comes_with_its_feedback() -> None:
    general = words(
        next(one for one in asked_in(xml(hostile())) if one.get("type") == "matching").findtext(
            "generalfeedback/text"
        )
    )
    assert general.count("alert(1)") == 5  # two items and three reasons
    (order,) = quiz(
        "q", {"In order?": Order([("A.", "First."), ("B", "Second."), ("C?", "Third.")], "by age")}
    ).to_record()["questions"]
    (made,) = asked_in(xml([("T", {"id": "q", "questions": [order]})]))
    assert words(made.findtext("generalfeedback/text")) == "A. First. B. Second. C? Third."


def test_names_end_with_a_word_and_are_unique_with_a_stable_id_number() -> None:
    book = asked_in(xml(of_the_book()))
    names = [one.findtext("name/text") or "" for one in book]
    records = [one for _, one in questions_of_the_book()]
    for name, record in zip(names, records, strict=True):
        given = re.sub(r"^[a-z-]+ \d+: ", "", name).removesuffix(" …")
        whole = " ".join(record["stem"].split())
        assert whole == given or (whole.startswith(given + " ") and name.endswith(" …")), name
        assert len(name) <= 100
    assert len(set(names)) == len(names) > 100
    numbers = [one.findtext("idnumber") for one in book]
    assert numbers == [f"cartbook-{one['id']}" for one in records]
    assert len(set(numbers)) == len(numbers)


def test_a_number_is_shown_as_precise_as_it_is_asked_for() -> None:
    asked = {
        "Of 104?": Number(100 * 77 / 104, "Why.", "Hint.", 0.5, "%"),
        "Times?": Number(5 / 3, "Why.", "Hint.", 0.1, "times"),
        "People?": Number(3, "Why.", "Hint.", unit="people"),
    }
    made = asked_in(xml([("T", quiz("q", asked).to_record())]))
    assert [one.findtext("answer/text") for one in made] == ["74", "1.7", "3"]
    assert [one.findtext("answer/tolerance") for one in made] == ["0.5", "0.1", "0"]
    stems = [words(one.findtext("questiontext/text")) for one in made]
    assert stems[0] == "Of 104? Unit: %. Round to the nearest whole number."
    assert stems[1] == "Times? Unit: times. Round to one decimal place."
    assert stems[2] == "People? Unit: people. A whole number."


def test_a_question_on_a_figure_brings_its_picture_and_says_where_it_is() -> None:
    asked = {
        Stem("Use the chart. Which?", figure="a-figure"): [
            Choice("A", True, "Yes."),
            Choice("B", False, "No."),
        ]
    }
    record = quiz("q", asked).to_record()
    picture = moodle.Picture(
        'Title & "more"',
        'Alt "text" <b>',
        PNG,
        "https://example.org/book/chapters/x.html#fig-a-figure",
    )
    for address in (picture.address, ""):
        shown = moodle.Picture(picture.title, picture.alt, PNG, address)
        (made,) = asked_in(
            moodle.moodle_xml([moodle.Chapter("A <chapter>", [record], {"a-figure": shown})])
        )
        text = made.findtext("questiontext/text") or ""
        assert '<img src="@@PLUGINFILE@@/a-figure.png" alt="Alt &quot;text&quot; &lt;b&gt;"' in text
        assert "in CAR-T in Numbers, chapter “A &lt;chapter&gt;”" in text
        assert (f'<a href="{address}">“Title &amp; "more"”</a>' in text) == bool(address)
        file = made.find("questiontext/file")
        assert file is not None
        assert b64decode(file.text or "") == PNG
    with pytest.raises(
        ValueError,
        match=r"question q-\w+ names the figure 'a-figure', which its chapter “T” does not have",
    ):
        moodle.moodle_xml([moodle.Chapter("T", [record])])


# --- The whole book


def test_the_book_asks_in_every_kind() -> None:
    assert {one["kind"] for _, one in questions_of_the_book()} == {
        "choose",
        "number",
        "order",
        "spot",
    }


def test_no_position_holds_more_than_two_fifths_of_the_right_answers() -> None:
    keys = [
        [choice["right"] for choice in one["choices"]].index(True)
        for _, one in questions_of_the_book()
        if "choices" in one
    ]
    shares = {
        "ABCDEFGH"[place]: count / len(keys) for place, count in sorted(Counter(keys).items())
    }
    assert len(keys) > 100
    assert max(shares.values()) <= 0.4, (
        f"{shares}: set SALT in cartbook/quizzes.py to {SALT + 1}, build again, and so on"
    )


def test_no_question_is_asked_twice_in_the_book() -> None:
    book = questions_of_the_book()
    same: dict[Any, list[str]] = {}
    for chapter, one in book:
        same.setdefault(("id", one["id"]), []).append(chapter)
        same.setdefault(
            (
                "words",
                re.sub(r"[\d\W_]+", " ", one["stem"].casefold()).strip() + str(one.get("choices")),
            ),
            [],
        ).append(chapter)
        if one["kind"] == "number" and one["answer"] != round(
            one["answer"]
        ):  # two computed numbers do not agree by chance
            same.setdefault(("answer", one["unit"], round(one["answer"], 9)), []).append(chapter)
    assert {key: chapters for key, chapters in same.items() if len(chapters) > 1} == {}


def test_a_question_that_speaks_of_a_chart_names_it() -> None:
    unnamed = [
        (chapter, one["stem"])
        for chapter, one in questions_of_the_book()
        if re.search(
            r"\b(?:use|using|in|on|see|look at|from) the (?:\w+ )?(?:chart|slider|figure|plot|drawing)\b",
            one["stem"],
            re.IGNORECASE,
        )
        and not one["figure"]
    ]
    assert unnamed == []


def test_no_text_refers_to_an_option_by_its_position() -> None:
    """Options are shuffled, so what is said to one cannot count on its place."""
    ordinal = r"(?:first|second|third|fourth|last)"
    place = re.compile(
        rf"\b{ordinal} (?:option|choice|answer|claim|sentence|statement)|\b(?:option|choice|answer) (?:[A-D1-4])\b|\b(?:above|below) are"
        rf"|\bthe (?:option|choice|answer|claim|sentence)s? (?:above|below)\b|\b(?:all|none|both) of the above\b",
        re.IGNORECASE,
    )
    found = [
        (chapter, text)
        for chapter, one in questions_of_the_book()
        for choice in one.get("choices", [])
        for text in (choice["text"], choice["why"])
        if place.search(text)
    ]
    assert found == []


# --- A number follows its data


def key(data: Path) -> dict[str, Any]:
    """The number that chapter 8 asks for, from its cells run with these tables."""
    text = (TOP / "chapters" / "08-b-cell.md").read_text(encoding="utf-8")
    cells = "\n".join(
        re.findall(
            r"^```{code-cell}[^\n]*\n(?::[^\n]*\n)*(.*?)^```", text, re.DOTALL | re.MULTILINE
        )
    )
    cells = cells.replace('\nquiz("b-cell"', '\nasked = quiz("b-cell"')
    done = subprocess.run(
        [sys.executable, "-c", f"{cells}\nimport json; print(json.dumps(asked.to_record()))"],
        env={**os.environ, "CARTBOOK_DATA": str(data), "PYTHONPATH": str(TOP)},
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = next(
        one
        for one in json.loads(done.stdout.splitlines()[-1])["questions"]
        if one["kind"] == "number"
    )
    return found


def test_a_changed_row_changes_the_key(tmp_path: Path) -> None:
    changed = tmp_path / "data"
    shutil.copytree(TOP / "data", changed)
    path = changed / "outcomes.csv"
    text = path.read_text(encoding="utf-8")
    old, new = ",74,percent,77,104,", ",73,percent,76,104,"
    assert text.count(old) == 1
    path.write_text(
        text.replace(old, new).replace("74% (77/104)", "73% (76/104)"), encoding="utf-8"
    )
    before, after = key(TOP / "data"), key(changed)
    assert before["answer"] == pytest.approx(100 * 77 / 104)
    assert after["answer"] == pytest.approx(100 * 76 / 104)
    assert [
        re.search(r"<text>(7\d)</text>", xml([("x", {"id": "b-cell", "questions": [one]})]))[1]
        for one in (before, after)
    ] == [
        "74",
        "73",
    ]  # type: ignore[index]
    assert before["id"] == after["id"]
