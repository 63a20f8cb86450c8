"""A quiz in the forms that learning platforms import: Moodle XML and GIFT.

Words become text, never markup, whatever they hold: they are escaped as HTML, then for the format.
An order has no plain type of its own in either format, so it becomes matching: each item with its place.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

Quiz = dict[str, Any]
#: what XML 1.0 cannot hold
CONTROL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _html(words: str) -> str:
    return escape(CONTROL.sub(" ", words), quote=False)


def _asked(one: Quiz) -> str:
    """A question with what its kind adds to it."""
    if one["kind"] == "number" and one["unit"]:
        return f"{one['stem']} (in {one['unit']})"
    return f"{one['stem']} ({one['by']})" if one["kind"] == "order" else str(one["stem"])


def _listed(one: Quiz) -> str:
    """The feedback to an order: the items as they should stand, and why."""
    return "; ".join(f"{place}. {item['text']}: {item['why'].rstrip('.')}" for place, item in enumerate(one["items"], start=1)) + "."


def _category(title: str) -> str:
    """Where a platform files a chapter's questions: a plain name; a slash within it is doubled."""
    name = re.sub(r"[<>]", "", " ".join(CONTROL.sub(" ", title).split())).replace("/", "//")
    return f"$course$/top/CAR-T in Numbers/{name}"


def _number(value: float) -> str:
    return f"{value:.8g}"


def _text(parent: ET.Element, tag: str, words: str, **attributes: str) -> ET.Element:
    one = ET.SubElement(parent, tag, attributes)
    ET.SubElement(one, "text").text = CONTROL.sub(" ", words)
    return one


def _answer(question: ET.Element, fraction: int, words: str, why: str, form: str) -> ET.Element:
    answer = _text(question, "answer", words, fraction=str(fraction), format=form)
    _text(answer, "feedback", _html(why), format="html")
    return answer


def _moodle_question(root: ET.Element, name: str, one: Quiz) -> None:
    kinds = {"choose": "multichoice", "spot": "multichoice", "number": "numerical", "order": "matching"}
    question = ET.SubElement(root, "question", type=kinds[one["kind"]])
    _text(question, "name", f"{name} {one['stem']}"[:120])
    _text(question, "questiontext", f"<p>{_html(_asked(one))}</p>", format="html")
    general = _listed(one) if one["kind"] == "order" else one.get("why", "")
    _text(question, "generalfeedback", f"<p>{_html(general)}</p>" if general else "", format="html")
    for tag, words in {"defaultgrade": "1", "penalty": "0.3333333", "hidden": "0", "idnumber": f"cartbook-{name}"}.items():
        ET.SubElement(question, tag).text = words
    if one["kind"] == "number":
        for value, fraction, why in [(one["answer"], 100, one["why"]), *((slip["value"], 0, slip["why"]) for slip in one["slips"])]:
            ET.SubElement(_answer(question, fraction, _number(value), why, "moodle_auto_format"), "tolerance").text = _number(
                one["tolerance"]
            )
        ET.SubElement(_answer(question, 0, "*", one["hint"], "moodle_auto_format"), "tolerance").text = "0"
        for tag, words in {"unitgradingtype": "0", "unitpenalty": "0.1", "showunits": "3", "unitsleft": "0"}.items():
            ET.SubElement(question, tag).text = words
    elif one["kind"] == "order":
        ET.SubElement(question, "shuffleanswers").text = "true"
        for place, item in enumerate(one["items"], start=1):
            _text(_text(question, "subquestion", _html(item["text"]), format="html"), "answer", f"place {place}")
    else:
        for tag, words in {"single": "true", "shuffleanswers": "true", "answernumbering": "abc"}.items():
            ET.SubElement(question, tag).text = words
        for choice in one["choices"]:
            _answer(question, 100 if choice["right"] else 0, _html(choice["text"]), choice["why"], "html")


def moodle(quizzes: list[tuple[str, Quiz]]) -> str:
    """Moodle XML of quizzes, each in a category named by its chapter's title."""
    root = ET.Element("quiz")
    for title, quiz in quizzes:
        question = ET.SubElement(root, "question", type="category")
        _text(question, "category", _category(title))
        for number, one in enumerate(quiz["questions"], start=1):
            _moodle_question(root, f"{quiz['id']}-{number}", one)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _gift(words: str) -> str:
    """Words in which GIFT finds no mark of its own."""
    text = re.sub(r"\s+", " ", _html(words)).strip()
    text = re.sub(r"^([%\[])", lambda found: f"&#{ord(found[1])};", text)  # a weight or a format would begin so
    return re.sub(r"([\\~=#{}:])", r"\\\1", text)


def _gift_answers(one: Quiz) -> list[str]:
    if one["kind"] == "number":
        slips = [(0, slip["value"], slip["why"]) for slip in one["slips"]]
        lines = [
            f"=%{share}%{_number(value)}:{_number(one['tolerance'])}#{_gift(why)}"
            for share, value, why in [(100, one["answer"], one["why"]), *slips]
        ]
        return [*lines, f"~#{_gift(one['hint'])}"]
    if one["kind"] == "order":
        pairs = [f"={_gift(item['text'])} -> place {place}" for place, item in enumerate(one["items"], start=1)]
        return [*pairs, f"####{_gift(_listed(one))}"]
    return [f"{'=' if choice['right'] else '~'}{_gift(choice['text'])}#{_gift(choice['why'])}" for choice in one["choices"]]


def gift(quizzes: list[tuple[str, Quiz]]) -> str:
    """GIFT of quizzes, each in a category named by its chapter's title."""
    blocks = []
    for title, quiz in quizzes:
        blocks.append(f"$CATEGORY: {_category(title)}")
        for number, one in enumerate(quiz["questions"], start=1):
            answers = "".join(f"\n\t{line}" for line in _gift_answers(one))
            blocks.append(f"::{quiz['id']}-{number}::[html]{_gift(_asked(one))} {{{'#' if one['kind'] == 'number' else ''}{answers}\n}}")
    return "\n\n".join(blocks) + "\n"
