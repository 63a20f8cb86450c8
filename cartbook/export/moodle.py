"""Write quizzes as Moodle XML, for Moodle's question bank.

Words become text, never markup: they are escaped as HTML, then as XML. Moodle has no plain question type for an
order, so an order becomes matching: each item with its place.
"""

from __future__ import annotations

import re
import textwrap
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

from cartbook.render import sentence

Record = Mapping[str, Any]
TYPES = {"choose": "multichoice", "spot": "multichoice", "number": "numerical", "order": "matching"}
#: characters that XML 1.0 does not allow
CONTROL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAME_LENGTH = 100


@dataclass(frozen=True)
class Picture:
    """A figure of a chapter as questions show it."""

    title: str
    alt: str
    png: bytes
    address: str = ""  # of the figure on the public site


@dataclass(frozen=True)
class Chapter:
    """A chapter's quizzes, as records, and the figures that their questions name, by id."""

    title: str
    quizzes: Sequence[Record]
    pictures: Mapping[str, Picture] = field(default_factory=dict)

    def picture(self, question: Record) -> Picture | None:
        """Return the figure that a question names, if it names one. Raise ValueError if the chapter lacks it."""
        name = question["figure"]
        if name and name not in self.pictures:
            raise ValueError(
                f"question {question['id']} names the figure {name!r}, which its chapter “{self.title}” does not have"
            )
        return self.pictures.get(name)


def _html(words: str) -> str:
    return escape(CONTROL.sub(" ", words), quote=False)


def _category(title: str) -> str:
    """The question category of a chapter: a plain name, in which Moodle wants a slash doubled."""
    name = re.sub(r"[<>]", "", " ".join(CONTROL.sub(" ", title).split())).replace("/", "//")
    return f"$course$/top/CAR-T in Numbers/{name}"


def _name(quiz_id: str, number: int, stem: str) -> str:
    """The question's name in Moodle's lists, cut between words."""
    words = " ".join(CONTROL.sub(" ", stem).split())
    return textwrap.shorten(
        f"{quiz_id} {number}: {words}", NAME_LENGTH, placeholder=" …", break_on_hyphens=False
    )


def asked(question: Record) -> list[str]:
    """The question's paragraphs: its stem, and what its kind adds."""
    more = {"number": question.get("asked", ""), "order": f"Order: {question.get('by', '')}."}.get(
        question["kind"]
    )
    return [question["stem"], *([more] if more else [])]


def _order_feedback(question: Record) -> str:
    """The items in the right order, with their feedback."""
    return "".join(
        f"<li>{_html(sentence(item['text']))} {_html(item['why'])}</li>"
        for item in question["items"]
    )


def _text(parent: ET.Element, tag: str, words: str, **attributes: str) -> ET.Element:
    one = ET.SubElement(parent, tag, attributes)
    ET.SubElement(one, "text").text = CONTROL.sub(" ", words)
    return one


def _answer(question: ET.Element, fraction: int, words: str, why: str, form: str) -> ET.Element:
    answer = _text(question, "answer", words, fraction=str(fraction), format=form)
    _text(answer, "feedback", _html(why), format="html")
    return answer


def _question_text(
    question: ET.Element, record: Record, title: str, picture: Picture | None
) -> None:
    paragraphs = "".join(f"<p>{_html(one)}</p>" for one in asked(record))
    if picture is None:
        _text(question, "questiontext", paragraphs, format="html")
        return
    name = f"{record['figure']}.png"
    shown = _html(f"“{picture.title}”")
    link = f'<a href="{escape(picture.address)}">{shown}</a>' if picture.address else shown
    alt = escape(CONTROL.sub(" ", picture.alt))
    paragraphs += f'<p><img src="@@PLUGINFILE@@/{name}" alt="{alt}" style="max-width:100%"></p>'
    paragraphs += f"<p>Figure {link} in CAR-T in Numbers, chapter {_html(f'“{title}”')}. In the book its controls work.</p>"
    text = _text(question, "questiontext", paragraphs, format="html")
    ET.SubElement(text, "file", name=name, path="/", encoding="base64").text = b64encode(
        picture.png
    ).decode()


def _number(question: ET.Element, record: Record) -> None:
    """A numerical answer, rounded as the question asks; any number that rounds to it is within the tolerance too."""
    answers = [
        (record["shown"], 100, record["why"]),
        *((f"{one['value']:.8g}", 0, one["why"]) for one in record["slips"]),
    ]
    for value, fraction, why in answers:
        ET.SubElement(
            _answer(question, fraction, value, why, "moodle_auto_format"), "tolerance"
        ).text = f"{record['tolerance']:.8g}"
    ET.SubElement(
        _answer(question, 0, "*", record["hint"], "moodle_auto_format"), "tolerance"
    ).text = "0"
    _settings(question, unitgradingtype="0", unitpenalty="0.1", showunits="3", unitsleft="0")


def _order(question: ET.Element, record: Record) -> None:
    _settings(question, shuffleanswers="true")
    for place, item in enumerate(record["items"], start=1):
        _text(
            _text(question, "subquestion", _html(item["text"]), format="html"),
            "answer",
            f"place {place}",
        )


def _choices(question: ET.Element, record: Record) -> None:
    _settings(question, single="true", shuffleanswers="true", answernumbering="ABCD")
    for choice in record["choices"]:
        _answer(
            question, 100 if choice["right"] else 0, _html(choice["text"]), choice["why"], "html"
        )


def _settings(question: ET.Element, **values: str) -> None:
    for tag, words in values.items():
        ET.SubElement(question, tag).text = words


def _question(root: ET.Element, name: str, record: Record, chapter: Chapter) -> None:
    kind, picture = record["kind"], chapter.picture(record)
    question = ET.SubElement(root, "question", type=TYPES[kind])
    _text(question, "name", name)
    _question_text(question, record, chapter.title, picture)
    general = (
        f"<ol>{_order_feedback(record)}</ol>"
        if kind == "order"
        else f"<p>{_html(record['why'])}</p>"
        if kind == "number"
        else ""
    )
    _text(question, "generalfeedback", general, format="html")
    _settings(
        question,
        defaultgrade="1",
        penalty="0.3333333",
        hidden="0",
        idnumber=f"cartbook-{record['id']}",
    )
    {"number": _number, "order": _order}.get(kind, _choices)(question, record)


def _category_of(root: ET.Element, name: str) -> None:
    """Begin a category, to which the questions that follow belong."""
    _text(ET.SubElement(root, "question", type="category"), "category", name)


def moodle_xml(chapters: Sequence[Chapter]) -> str:
    """Return Moodle XML of all quizzes, a question category for each chapter.

    The variants of a question have a category of their own, for Moodle's *random question*.

    Raises ValueError if a question names a figure that its chapter does not have.
    """
    root = ET.Element("quiz")
    for chapter in chapters:
        for quiz in chapter.quizzes:
            questions = list(enumerate(quiz["questions"], start=1))
            _category_of(root, _category(chapter.title))
            for number, record in questions:
                if "variants" not in record:
                    name = _name(quiz["id"], number, record["stem"])
                    _question(root, name, record, chapter)
            for number, record in questions:
                if "variants" in record:
                    place = f"{_category(chapter.title)}/{quiz['id']} {number}, one of several"
                    _category_of(root, place)
                    for one in record["variants"]:
                        _question(root, _name(quiz["id"], number, one["stem"]), one, chapter)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
