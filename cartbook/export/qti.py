"""Write quizzes as a QTI 2.1 package, for learning platforms that read the standard.

The package has an item for each question, and a test for each chapter, with the variants of a question
as a section of which one is selected. Each item gives the same feedback as the page. Words become
text, never markup. Libraries that write QTI (text2qti, qti-package-maker) have no tolerance with
feedback to named mistakes, or write version 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from cartbook.export.moodle import CONTROL, Chapter, asked
from cartbook.quizzes import asked_once
from cartbook.render import sentence

Record = Mapping[str, Any]
QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
AT = f"{QTI} http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"
TYPE = "imsqti_{}_xmlv2p1"


def _add(parent: ET.Element, tag: str, words: str = "", /, **attributes: str) -> ET.Element:
    """Add an element of the namespace of its parent."""
    space = parent.tag.partition("}")[0] + "}"
    one = ET.SubElement(parent, space + tag, attributes)
    one.text = CONTROL.sub(" ", words) or None
    return one


def _root(space: str, tag: str, **attributes: str) -> ET.Element:
    return ET.Element(f"{{{space}}}{tag}", attributes)


def _bytes(root: ET.Element) -> bytes:
    """Return an element as a file, its own namespace without a prefix."""
    ET.register_namespace("", root.tag[1:].partition("}")[0])
    ET.register_namespace("xsi", SCHEMA[1:].partition("}")[0])
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _respond(item: ET.Element, cardinality: str, kind: str, right: Sequence[str]) -> None:
    """Declare the response with the right one, the score, and which feedback is shown."""
    response = _add(
        item, "responseDeclaration", identifier="RESPONSE", cardinality=cardinality, baseType=kind
    )
    correct = _add(response, "correctResponse")
    for value in right:
        _add(correct, "value", value)
    score = _add(
        item, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float"
    )
    _add(_add(score, "defaultValue"), "value", "0")
    _add(
        item,
        "outcomeDeclaration",
        identifier="FEEDBACK",
        cardinality="single",
        baseType="identifier",
    )


def _then(branch: ET.Element, feedback: str, score: str = "") -> None:
    """Say what a branch of the response processing sets."""
    if score:
        _add(
            _add(branch, "setOutcomeValue", identifier="SCORE"),
            "baseValue",
            score,
            baseType="float",
        )
    _add(
        _add(branch, "setOutcomeValue", identifier="FEEDBACK"),
        "baseValue",
        feedback,
        baseType="identifier",
    )


def _matches(branch: ET.Element) -> None:
    match = _add(branch, "match")
    _add(match, "variable", identifier="RESPONSE")
    _add(match, "correct", identifier="RESPONSE")


def _near(branch: ET.Element, value: float, tolerance: float) -> None:
    """Add the test whether a typed number is within the tolerance of a value."""
    span = f"{tolerance + 1e-9:.10g}"
    near = _add(branch, "equal", toleranceMode="absolute", tolerance=f"{span} {span}")
    _add(near, "variable", identifier="RESPONSE")
    _add(near, "baseValue", repr(float(value)), baseType="float")


def _choose(item: ET.Element, body: ET.Element, record: Record) -> dict[str, str]:
    choices = {f"choice-{place}": one for place, one in enumerate(record["choices"], start=1)}
    _respond(item, "single", "identifier", [name for name, one in choices.items() if one["right"]])
    asks = _add(
        body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true", maxChoices="1"
    )
    for name, one in choices.items():
        _add(asks, "simpleChoice", one["text"], identifier=name)
    item.append(body)
    condition = _add(_add(item, "responseProcessing"), "responseCondition")
    right = _add(condition, "responseIf")
    _matches(right)
    _add(_add(right, "setOutcomeValue", identifier="SCORE"), "baseValue", "1", baseType="float")
    chosen = _add(item[-1], "setOutcomeValue", identifier="FEEDBACK")
    _add(chosen, "variable", identifier="RESPONSE")
    return {name: one["why"] for name, one in choices.items()}


def _number(item: ET.Element, body: ET.Element, record: Record) -> dict[str, str]:
    _respond(item, "single", "float", [record["shown"]])
    line = _add(body, "p")
    _add(line, "textEntryInteraction", responseIdentifier="RESPONSE", expectedLength="10")
    item.append(body)
    condition = _add(_add(item, "responseProcessing"), "responseCondition")
    right = _add(condition, "responseIf")
    _near(right, record["answer"], record["tolerance"])
    _then(right, "right", "1")
    feedback = {"right": record["why"]}
    for place, slip in enumerate(record["slips"], start=1):
        branch = _add(condition, "responseElseIf")
        _near(branch, slip["value"], record["tolerance"])
        _then(branch, f"mistake-{place}")
        feedback[f"mistake-{place}"] = slip["why"]
    _then(_add(condition, "responseElse"), "other")
    return feedback | {"other": record["hint"]}


def _order(item: ET.Element, body: ET.Element, record: Record) -> dict[str, str]:
    items = {f"item-{place}": one for place, one in enumerate(record["items"], start=1)}
    _respond(item, "ordered", "identifier", list(items))
    asks = _add(body, "orderInteraction", responseIdentifier="RESPONSE", shuffle="true")
    for place in record["mixed"]:
        _add(asks, "simpleChoice", record["items"][place]["text"], identifier=f"item-{place + 1}")
    item.append(body)
    condition = _add(_add(item, "responseProcessing"), "responseCondition")
    right = _add(condition, "responseIf")
    _matches(right)
    _then(right, "right", "1")
    _then(_add(condition, "responseElse"), "other")
    reasons = " ".join(f"{sentence(one['text'])} {one['why']}" for one in items.values())
    return {"right": reasons, "other": "At least one item is not in its place."}


KINDS = {"number": _number, "order": _order}


def item(record: Record, chapter: Chapter) -> ET.Element:
    """Return a question as an item. Raise ValueError if its chapter does not have the figure that it names."""
    name = f"cartbook-{record['id']}"
    made = _root(
        QTI,
        "assessmentItem",
        identifier=name,
        title=CONTROL.sub(" ", record["stem"])[:100],
        adaptive="false",
        timeDependent="false",
    )
    made.set(SCHEMA, AT)
    body = _root(QTI, "itemBody")
    for words in asked(record):
        _add(body, "p", words)
    if picture := chapter.picture(record):
        alternative = CONTROL.sub(" ", picture.alt)
        _add(_add(body, "p"), "img", src=_picture(record), alt=alternative)
    feedback = KINDS.get(record["kind"], _choose)(made, body, record)
    for identifier, words in feedback.items():
        shown = _add(
            made,
            "modalFeedback",
            outcomeIdentifier="FEEDBACK",
            identifier=identifier,
            showHide="show",
        )
        _add(shown, "p", words)
    return made


def _section(parent: ET.Element, name: str, title: str, *, visible: str) -> ET.Element:
    return _add(parent, "assessmentSection", identifier=name, title=title, visible=visible)


def _test(name: str, chapter: Chapter) -> tuple[ET.Element, list[Record]]:
    """Return the test of a chapter, and the records of its items."""
    test = _root(QTI, "assessmentTest", identifier=name, title=CONTROL.sub(" ", chapter.title))
    test.set(SCHEMA, AT)
    part = _add(
        test, "testPart", identifier="part", navigationMode="nonlinear", submissionMode="individual"
    )
    records: list[Record] = []
    for quiz in chapter.quizzes:
        section = _section(part, f"quiz-{quiz['id']}", quiz["id"], visible="true")
        for question in quiz["questions"]:
            several, place = asked_once(question), section
            if len(several) > 1:
                name = f"one-of-{question['id']}"
                place = _section(section, name, question["id"], visible="false")
                _add(place, "selection", select="1")
            for one in several:
                file = f"cartbook-{one['id']}"
                _add(place, "assessmentItemRef", identifier=file, href=f"{file}.xml")
            records += several
    return test, records


def package(chapters: Sequence[Chapter]) -> dict[str, bytes]:
    """Return the files of a QTI 2.1 package of all quizzes, by their paths in it."""
    manifest = _root(PACKAGE, "manifest", identifier="car-t-in-numbers")
    about = _add(manifest, "metadata")
    _add(about, "schema", "QTIv2.1 Package")
    _add(about, "schemaversion", "1.0.0")
    _add(manifest, "organizations")
    resources = _add(manifest, "resources")
    files: dict[str, bytes] = {}
    for place, chapter in enumerate(chapters, start=1):
        if not chapter.quizzes:
            continue
        name = f"test-{place:02}"
        test, records = _test(name, chapter)
        files[f"{name}.xml"] = _bytes(test)
        listed = _resource(resources, name, "test")
        for record in records:
            file = f"cartbook-{record['id']}"
            files[f"{file}.xml"] = _bytes(item(record, chapter))
            own = _resource(resources, file, "item")
            if picture := chapter.picture(record):
                files[_picture(record)] = picture.png
                _add(own, "file", href=_picture(record))
            _add(listed, "dependency", identifierref=file)
    return {"imsmanifest.xml": _bytes(manifest), **files}


def _picture(record: Record) -> str:
    """Return the path of the picture that a question names."""
    return f"figures/{record['figure']}.png"


def _resource(parent: ET.Element, name: str, kind: str) -> ET.Element:
    made = _add(parent, "resource", identifier=name, type=TYPE.format(kind), href=f"{name}.xml")
    _add(made, "file", href=f"{name}.xml")
    return made
