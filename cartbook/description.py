"""The shape of ``datapackage.json``: what the rest of cartbook takes for granted about it.

Frictionless says what a table's schema means; this says what of it the book uses, and how an agreement is written,
so that a slip in the description is named where it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
WORDS = {"type": "array", "items": {"type": "string"}}
SOME = {**WORDS, "minItems": 1}
CELLS = {"type": "object", "additionalProperties": SOME}
NUMBER = {"type": "number"}
COUNT = {"type": "integer", "minimum": 0}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


CONSTRAINTS = {
    "required": {"type": "boolean"},
    "unique": {"type": "boolean"},
    "enum": SOME,
    "pattern": {"type": "string", "format": "regex"},
    "minimum": NUMBER,
    "maximum": NUMBER,
    "minLength": COUNT,
    "maxLength": COUNT,
}
FIELD = _object(
    ["name", "type"],
    name=NAME,
    type={"enum": ["string", "integer", "number"]},
    constraints={"type": "object", "properties": CONSTRAINTS, "additionalProperties": False},
)
KEY = _object(["fields", "reference"], fields=SOME, reference=_object(["resource", "fields"], resource={"type": "string"}, fields=SOME))
SCHEMA = _object(
    ["fields", "primaryKey", "missingValues"],
    fields={"type": "array", "items": FIELD, "minItems": 1},
    primaryKey=SOME,
    missingValues=WORDS,
    foreignKeys={"type": "array", "items": KEY},
)
RESOURCE = _object(
    ["name", "title", "path", "schema"],
    name=NAME,
    title={"type": "string"},
    path={"type": "string", "pattern": "^[a-z][a-z0-9_]*[.]csv$"},
    schema=SCHEMA,
)
#: what each kind of agreement says beside its kind, its table and its sentence (see cartbook.agreement)
AGREEMENTS = {
    "same": _object(["by", "columns"], by=WORDS, columns=SOME),
    "when": _object(["if", "then"], then=CELLS),
    "equal": _object(["columns"], columns={**WORDS, "minItems": 2, "maxItems": 2}, numbers={"type": "boolean"}),
    "copied": _object(
        ["by", "from", "key", "columns"],
        by={"type": "string"},
        key={"type": "string"},
        columns={"type": "object", "additionalProperties": {"type": "string"}},
        **{"from": {"type": "string"}},
    ),
    "listed": _object(
        ["column", "in"],
        column={"type": "string"},
        **{"in": {"type": "array", "items": {**WORDS, "minItems": 2, "maxItems": 2}}, "with": {"type": "string"}, "or": WORDS},
    ),
    "made": _object(
        ["column", "of"],
        column={"type": "string"},
        of={"type": "array", "items": {"type": "string", "pattern": "^[a-z0-9_]+(:[0-9]+)?$"}},
        words={"type": "object", "additionalProperties": {"type": "string"}},
    ),
    "sums": _object(["column", "over", "by"], column={"type": "string"}, over={"type": "string"}, by=SOME),
}
AGREEMENT = {
    **_object(["kind", "table", "says"], kind={"enum": [*AGREEMENTS]}, table={"type": "string"}, says={"type": "string"}, **{"if": CELLS}),
    "allOf": [{"if": _object(["kind"], kind={"const": kind}), "then": rest} for kind, rest in AGREEMENTS.items()],
}
SHAPE = _object(
    ["resources"],
    resources={"type": "array", "items": RESOURCE, "minItems": 1},
    places={"type": "object", "additionalProperties": COUNT},
    agreements={"type": "array", "items": AGREEMENT},
)


def slips(package: Any) -> Iterator[tuple[str, str]]:
    """Where the description is not as it must be, and what is wrong there; nothing if all is well."""
    from jsonschema import Draft202012Validator, FormatChecker  # here, because whoever reads no table does without

    found = [
        ("/".join(map(str, error.absolute_path)) or "-", error.message)
        for error in Draft202012Validator(SHAPE, format_checker=FormatChecker(["regex"])).iter_errors(package)
    ]
    yield from found or _names(package)


def _names(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names that stand twice, or that nothing has."""
    resources = package["resources"]
    columns = {one["name"]: [field["name"] for field in one["schema"]["fields"]] for one in resources}
    for kind in ("name", "path"):
        for word, times in Counter(one[kind] for one in resources).items():
            if times > 1:
                yield "resources", f"the {kind} {word!r} stands {times} times"
    for table in resources:
        place, schema = f"resources/{table['name']}/schema", table["schema"]
        for word, times in Counter(columns[table["name"]]).items():
            if times > 1:
                yield f"{place}/fields", f"the name {word!r} stands {times} times"
        for word in set(schema["primaryKey"]) - set(columns[table["name"]]):
            yield f"{place}/primaryKey", f"there is no column {word!r}"
        for field in schema["fields"]:
            limits = field.get("constraints", {})
            if field["type"] == "string" and {"minimum", "maximum"} & set(limits):
                yield f"{place}/fields/{field['name']}", "a column of words has no minimum and no maximum"
            if field["type"] != "string" and {"pattern", "minLength", "maxLength"} & set(limits):
                yield f"{place}/fields/{field['name']}", "a column of numbers has no pattern and no length"
        for key in schema.get("foreignKeys", []):
            there = key["reference"]["resource"] or table["name"]
            if there not in columns:
                yield f"{place}/foreignKeys", f"there is no table {there!r}"
            elif set(key["fields"]) - set(columns[table["name"]]) or set(key["reference"]["fields"]) - set(columns[there]):
                yield f"{place}/foreignKeys", f"{', '.join(key['fields'])} or {', '.join(key['reference']['fields'])} is no column"
            elif len(key["fields"]) != len(key["reference"]["fields"]):
                yield f"{place}/foreignKeys", "the two sides have not as many columns"
    for number, one in enumerate(package.get("agreements", [])):
        for wanted in [value for cells in (one.get("if", {}), one.get("then", {})) for values in cells.values() for value in values]:
            try:
                re.compile(wanted[1:] if wanted.startswith("~") else "")
            except re.error as error:
                yield f"agreements/{number}", f"{wanted!r} is no pattern: {error}"
