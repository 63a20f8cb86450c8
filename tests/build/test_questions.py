"""Questions for learning platforms: every export, read back, says what the quizzes say, and no word becomes a mark."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import nbformat
import pytest
from scripts import TOP, load_script

from cartbook import Choice, Number, Order, Spot, quiz
from cartbook.quizzes import MIME

EXECUTED = TOP / "_build" / "work" / "jupyter_execute" / "chapters"
questions = load_script("questions")
HOSTILE = "<script>alert(1)</script> ]]> \x00\x08\x1b\ufffe a~b=c#d{e}f:g \"q\" 'r' \\n %50% -> // ####\n\n$CATEGORY: x\n::y:: & &lt;"
#: the same as a reader would see it: marks kept, what XML cannot hold gone, runs of spaces one
SEEN = " ".join(re.sub("[\x00\x08\x1b\ufffe]", " ", HOSTILE).split())
Quizzes = list[tuple[str, dict[str, Any]]]


def of_the_book() -> Quizzes:
    """What the executed notebooks hold."""
    found: Quizzes = []
    for path in sorted(EXECUTED.glob("*.ipynb")):
        if (TOP / "chapters" / f"{path.stem}.md").is_file():
            cells = nbformat.read(path, as_version=4).cells
            found += [(path.stem, o.data[MIME]) for cell in cells for o in cell.get("outputs", []) if MIME in o.get("data", {})]
    assert len(found) >= 19, "run make book first"
    return found


def hostile() -> Quizzes:
    """A quiz of every kind in which every word is hostile."""
    said = [f"{place} {HOSTILE}" for place in range(12)]
    asked = {
        said[0]: [Choice(said[1], True, said[2]), Choice(f"%50%{HOSTILE}", False, said[3]), Choice(f"[html]{HOSTILE}", False, said[4])],
        said[5]: Spot([Choice(said[6], True, HOSTILE), Choice(said[7], False, HOSTILE)]),
        said[8]: Number(-12.5, HOSTILE, HOSTILE, 0.25, HOSTILE, {7: HOSTILE}),
        said[9]: Order([(said[10], HOSTILE), (said[11], HOSTILE), ("=x", HOSTILE)], HOSTILE),
    }
    return [(HOSTILE, json.loads(json.dumps(quiz("hostile", asked).data())))]


def seen(words: str) -> str:
    return " ".join(re.sub("[\x00\x08\x1b\ufffe]", " ", words).split())


def asked(one: dict[str, Any]) -> str:
    extra = one.get("by") or one.get("unit")
    return seen(one["stem"] + (f" ({'in ' if one['kind'] == 'number' else ''}{extra})" if extra else ""))


def expected(quizzes: Quizzes) -> list[tuple[Any, ...]]:
    """Each question as both formats should tell it: kind, words, answers with share and feedback, general feedback."""
    told: list[tuple[Any, ...]] = []
    for _, one_quiz in quizzes:
        for one in one_quiz["questions"]:
            if one["kind"] == "number":
                answers = [(one["answer"], one["tolerance"], True, seen(one["why"]))]
                answers += [(slip["value"], one["tolerance"], False, seen(slip["why"])) for slip in one["slips"]]
                told.append(("number", asked(one), [*answers, ("*", 0.0, False, seen(one["hint"]))]))
            elif one["kind"] == "order":
                told.append(("order", asked(one), [(seen(item["text"]), f"place {at}") for at, item in enumerate(one["items"], 1)]))
            else:
                told.append(("choose", asked(one), [(seen(c["text"]), c["right"], seen(c["why"])) for c in one["choices"]]))
    return told


def words(text: str | None) -> str:
    """What a browser shows of HTML that may hold nothing but paragraphs."""
    inner = re.sub(r"</?p>", "", text or "")
    assert "<" not in inner, f"markup in {inner!r}"
    return seen(html.unescape(inner))


def from_moodle(text: str) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    for one in ET.fromstring(text.encode()):
        kind = one.get("type")
        if kind == "category":
            continue
        stem = words(one.findtext("questiontext/text"))
        answers: list[Any] = []
        for answer in one.findall("answer"):
            feedback, right = words(answer.findtext("feedback/text")), answer.get("fraction") == "100"
            value = answer.findtext("text") or ""
            if kind == "numerical":
                answers.append((value if value == "*" else float(value), float(answer.findtext("tolerance") or "nan"), right, feedback))
            else:
                assert answer.get("format") == "html"
                answers.append((words(value), right, feedback))
        answers += [(words(pair.findtext("text")), pair.findtext("answer/text")) for pair in one.findall("subquestion")]
        told.append(({"numerical": "number", "matching": "order", "multichoice": "choose"}[str(kind)], stem, answers))
    return told


def plain(text: str) -> str:
    """Escaped marks back as themselves, and entities too."""
    return seen(html.unescape(re.sub("[\ue000-\ue0ff]", lambda found: chr(ord(found[0]) - 0xE000), text)))


def from_gift(text: str) -> list[tuple[Any, ...]]:
    """A reader of GIFT's rules as far as the exports use them; an unescaped mark where none belongs fails."""
    assert "<" not in text
    told: list[tuple[Any, ...]] = []
    for block in re.sub(r"\\([\\~=#{}:])", lambda found: chr(0xE000 + ord(found[1])), text).strip().split("\n\n"):
        if block.startswith("$CATEGORY: "):
            assert "\n" not in block
            continue
        found = re.fullmatch(r"::([a-z0-9-]+)::\[html\]([^~=#{}:]*) \{(#?)\n([^{}]*)\n\}", block)
        assert found, block
        stem, numeric, lines = plain(found[2]), bool(found[3]), [line.removeprefix("\t") for line in found[4].split("\n")]
        if numeric:
            answers: list[Any] = []
            for line in lines[:-1]:
                share, value, tolerance, why = re.fullmatch(r"=%(100|0)%([-\d.e]+):([\d.e-]+)#([^~=#:]*)", line).groups()  # type: ignore[union-attr]
                answers.append((float(value), float(tolerance), share == "100", plain(why)))
            hint = re.fullmatch(r"~#([^~=#:]*)", lines[-1])
            assert hint
            told.append(("number", stem, [*answers, ("*", 0.0, False, plain(hint[1]))]))
        elif " -> " in lines[0]:
            assert re.fullmatch(r"####[^~=#:]*", lines[-1])
            pairs = [re.fullmatch(r"=([^~=#:]*) -> (place \d)", line) for line in lines[:-1]]
            told.append(("order", stem, [(plain(pair[1]), pair[2]) for pair in pairs if pair]))
            assert all(pairs)
        else:
            choices = [re.fullmatch(r"([=~])(?!%|\[)([^~=#:]*)#([^~=#:]*)", line) for line in lines]
            assert all(choices), lines
            told.append(("choose", stem, [(plain(one[2]), one[1] == "=", plain(one[3])) for one in choices if one]))
    return told


def close(told: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> None:
    assert len(told) == len(wanted)
    for one, other in zip(told, wanted, strict=True):
        assert one[:2] == other[:2]
        for answer, right in zip(one[2], other[2], strict=True):
            assert answer == tuple(pytest.approx(part, rel=1e-7) if isinstance(part, float) else part for part in right)


@pytest.mark.parametrize("quizzes", [of_the_book, hostile], ids=["book", "hostile"])
@pytest.mark.parametrize(("write", "read"), [(questions.moodle, from_moodle), (questions.gift, from_gift)], ids=["moodle", "gift"])
def test_an_export_says_what_the_quizzes_say(quizzes: Any, write: Any, read: Any) -> None:
    given = quizzes()
    close(read(write(given)), expected(given))
    assert write(given) == write(given)


def test_the_book_asks_in_every_kind_and_words_differ() -> None:
    kinds = {one["kind"] for _, told in of_the_book() for one in told["questions"]}
    assert kinds == {"choose", "number", "order", "spot"}
    assert seen(HOSTILE) == SEEN
    assert "&lt;" in SEEN  # an entity in the words is words too


def test_an_order_comes_with_its_reasons() -> None:
    root = ET.fromstring(questions.moodle(hostile()).encode())
    general = words(next(one for one in root if one.get("type") == "matching").findtext("generalfeedback/text"))
    assert general.count("alert(1)") == 5  # two items and three reasons


def test_ids_are_unique_so_that_a_new_import_meets_the_old_question() -> None:
    ids = [one.text for one in ET.fromstring(questions.moodle(of_the_book()).encode()).iter("idnumber")]
    assert len(ids) == len(set(ids)) > 60


def key(data: Path) -> dict[str, Any]:
    """The number that chapter 8 asks for, from its cells run with these tables."""
    text = (TOP / "chapters" / "08-b-cell.md").read_text(encoding="utf-8")
    cells = "\n".join(re.findall(r"^```{code-cell}[^\n]*\n(?::[^\n]*\n)*(.*?)^```", text, re.DOTALL | re.MULTILINE))
    cells = cells.replace('\nquiz("b-cell"', '\nasked = quiz("b-cell"')
    done = subprocess.run(
        [sys.executable, "-c", f"{cells}\nimport json; print(json.dumps(asked.data()))"],
        env={**os.environ, "CARTBOOK_DATA": str(data), "PYTHONPATH": str(TOP)},
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = next(one for one in json.loads(done.stdout.splitlines()[-1])["questions"] if one["kind"] == "number")
    return found


def test_a_changed_row_changes_the_key(tmp_path: Path) -> None:
    changed = tmp_path / "data"
    shutil.copytree(TOP / "data", changed)
    path = changed / "outcomes.csv"
    text = path.read_text(encoding="utf-8")
    old, new = ",74,percent,77,104,", ",73,percent,76,104,"
    assert text.count(old) == 1
    path.write_text(text.replace(old, new).replace("74% (77/104)", "73% (76/104)"), encoding="utf-8")
    before, after = key(TOP / "data"), key(changed)
    assert before["answer"] == pytest.approx(100 * 77 / 104)
    assert after["answer"] == pytest.approx(100 * 76 / 104)
    for write in (questions.moodle, questions.gift):
        old_text, new_text = (write([("x", {"id": "b-cell", "questions": [one]})]) for one in (before, after))
        assert "74.038462" in old_text
        assert "74.038462" not in new_text
        assert "73.076923" in new_text
