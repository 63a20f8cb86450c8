"""Validate the tables in ``data/``.

Each file is read once, with the dialect that ``datapackage.json`` declares. Frictionless checks types, constraints
and keys; :mod:`cartbook.sanitize` checks the text of each cell, :mod:`cartbook.rules` what cells must agree on.
"""

from __future__ import annotations

import difflib
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from cartbook import rules
from cartbook.checks import Row, numbered
from cartbook.datapackage import (
    DESCRIPTOR,
    Descriptor,
    Table,
    UnreadableTable,
    read_descriptor,
    read_table,
    table_hash,
)
from cartbook.findings import Finding, condense
from cartbook.sanitize import MISSING, look_alikes, unsafe

MAX_ERRORS = 1_000_000  # all of them, so that the line that sums them up says how many
FIX_HINTS = {
    "type-error": "write a value of the column's type, or one of: " + ", ".join(MISSING),
    "constraint-error": f"correct the value, or extend the column's constraints in {DESCRIPTOR}",
    "primary-key": "give the row a key of its own, or remove the copy",
    "foreign-key": "write a key that the other table has, or add the row there first",
    "unique-error": "correct the value: this column contains no value twice",
}


def check_tables(
    descriptor: Descriptor, tables: Mapping[str, Table], only: Collection[str] | None = None
) -> list[Finding]:
    """Return every finding about these tables, in memory.

    With `only`, check those tables, the references to them and the rules that read them; the others are taken as correct.
    """
    resources = {one["name"]: one for one in descriptor["resources"] if one["name"] in tables}
    checked = [name for name in resources if only is None or name in only]
    found = [one for name in checked for one in _check_cells(resources[name], tables[name])]
    ragged = {one.file for one in found if one.kind == "ragged"}
    whole = {name: tables[name] for name, one in resources.items() if one["path"] not in ragged}
    rows = {name: as_rows(table) for name, table in whole.items()}
    found += _check_spelling(resources, rows, only)
    found += _check_schema(
        {name: resources[name] for name in whole}, whole, _affected(resources, only)
    )
    wrong = {one.file for one in found}
    right = {name: rows[name] for name in rows if resources[name]["path"] not in wrong}
    for broken, one in rules.broken(right, only):
        path = resources[broken.tables[0]]["path"]
        problem = f"{one.problem} ({_sentence(broken.sentence)})"
        found.append(Finding(path, one.row, one.column, problem, one.fix, broken.name))
    return condense(found)


def _affected(
    resources: Mapping[str, Mapping[str, Any]], only: Collection[str] | None
) -> set[str] | None:
    """Return the tables in `only` and those that refer to them; None for all tables."""
    if only is None:
        return None
    return {name for name, one in resources.items() if name in only or _references(one) & set(only)}


def _sentence(text: str) -> str:
    """Return a sentence as a part of another one."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def as_rows(table: Table) -> list[Row]:
    """Return the rows below the header as dictionaries."""
    return [dict(zip(table[0], cells, strict=True)) for cells in table[1:]]


def _references(resource: Mapping[str, Any]) -> set[str]:
    """Return the tables to which a table's foreign keys point."""
    return {key["reference"]["resource"] for key in resource["schema"].get("foreignKeys", [])}


def quotes(column: str) -> bool:
    """Return whether a column repeats a source word for word."""
    return "printed" in column or column in ("review_says", "title")


def _check_cells(resource: Mapping[str, Any], table: Table) -> Iterator[Finding]:
    """Yield rows of another length than the header, and cells whose text is unsafe or is no value."""
    path, header = resource["path"], table[0]
    kinds = [
        (
            field["name"],
            field["type"] != "string",
            quotes(field["name"]),
            field.get("constraints", {}).get("enum", ()),
        )
        for field in resource["schema"]["fields"]
    ]
    for row, cells in enumerate(table[1:], start=2):
        if len(cells) != len(header):
            yield _ragged(path, row, len(cells), len(header))
            continue
        for (column, number, quoted, allowed), cell in zip(kinds, cells, strict=True):
            if cell in MISSING or cell in allowed:
                continue
            if (
                near := cell[:1] in ("n", "N")
                and len(cell) < 20
                and difflib.get_close_matches(cell.lower(), MISSING, cutoff=0.85)
            ):
                yield Finding(
                    path,
                    row,
                    column,
                    f"{cell!r} is nearly a missing-value word",
                    f"write {near[0]}",
                    "missing",
                )
            elif wrong := unsafe(cell, number=number, quoted=quoted):
                kind = re.sub(r"'[^']*'|\d+", "", wrong.problem)
                yield Finding(path, row, column, wrong.problem, wrong.fix, kind)


def _ragged(path: str, row: int, cells: int, columns: int) -> Finding:
    if not cells:
        return Finding(path, row, "-", "the line is empty", "remove it", "ragged")
    fix = (
        "fill the last columns"
        if cells < columns
        else "put quotation marks around text that contains a comma"
    )
    return Finding(
        path, row, "-", f"the row has {cells} cells, the header {columns}", fix, "ragged"
    )


class _Shared(list[Any]):
    """A list that is not copied with what contains it: Frictionless copies each description, with its data, several times."""

    def __deepcopy__(self, memo: object) -> _Shared:
        return self


def _check_schema(
    resources: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Table],
    only: Collection[str] | None,
) -> Iterator[Finding]:
    """Yield what Frictionless finds: types, constraints, primary and foreign keys."""
    from frictionless import (
        FrictionlessException,
        Package,
        system,
    )  # here, because importing it takes time

    names = [name for name in tables if only is None or name in only]
    needed = {*names, *(other for name in names for other in _references(resources[name]))}
    descriptor = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "resources": [
            {
                "name": name,
                "dialect": {"header": True},
                "data": _Shared(tables[name]),
                "schema": _plain_schema(resources[name], tables),
            }
            for name in tables
            if name in needed
        ],
    }
    try:
        with system.use_context(trusted=True):
            package = Package.from_descriptor(descriptor)
            reports = (
                [package.validate(limit_errors=MAX_ERRORS)]
                if only is None
                else [package.validate(name=name, limit_errors=MAX_ERRORS) for name in names]
            )
    except FrictionlessException as error:
        note = "; ".join(reason.note for reason in error.reasons) or error.error.note
        yield Finding(DESCRIPTOR, "-", "-", note, "correct the description there")
        return
    for task in (task for report in reports for task in report.tasks):
        for found in task.errors:
            yield _schema_finding(resources.get(task.name), found)


def _plain_schema(resource: Mapping[str, Any], tables: Mapping[str, Table]) -> dict[str, Any]:
    """Return the schema without its prose, and without keys into tables that are not there."""
    schema = resource["schema"]
    fields = [
        {
            "name": field["name"],
            "type": field["type"],
            "constraints": _shared(field.get("constraints", {})),
        }
        for field in schema["fields"]
    ]
    keys = [
        key
        for key in schema.get("foreignKeys", [])
        if (key["reference"]["resource"] or resource["name"]) in tables
    ]
    return {**schema, "fields": fields, "foreignKeys": keys}


def _shared(constraints: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _Shared(value) if isinstance(value, list) else value
        for name, value in constraints.items()
    }


def _schema_finding(resource: Mapping[str, Any] | None, error: Any) -> Finding:
    """Return an error of Frictionless as a finding."""
    row = getattr(error, "row_number", None)
    if resource is None or row is None:
        return Finding(
            resource["path"] if resource else DESCRIPTOR,
            "-",
            "-",
            error.note.rstrip("."),
            "correct the description there",
        )
    column, cell = getattr(error, "field_name", None), getattr(error, "cell", None)
    problem = error.note.rstrip(".")
    if error.type == "primary-key":
        column = ", ".join(resource["schema"]["primaryKey"])
    elif error.type == "foreign-key":
        column = ", ".join(error.field_names)
        values = ", ".join(repr(value) for value in error.field_cells)
        problem = f"{values} is not in {error.reference_name or resource['name']}.csv, column {', '.join(error.reference_field_names)}"
    elif error.type == "type-error":
        kind = next(
            field["type"] for field in resource["schema"]["fields"] if field["name"] == column
        )
        problem = f"{cell!r} is not of the type {kind}"
    elif error.type == "constraint-error" and problem.startswith('constraint "enum"'):
        allowed = next(
            field["constraints"]["enum"]
            for field in resource["schema"]["fields"]
            if field["name"] == column
        )
        near = difflib.get_close_matches(str(cell), allowed, n=1)
        problem = f"{cell!r} is not an allowed value" + (
            f"; the nearest is {near[0]!r}" if near else ""
        )
    elif cell not in (None, ""):
        problem = f"{cell!r} does not fit: {problem}"
    return Finding(
        resource["path"],
        row,
        column or "-",
        problem,
        FIX_HINTS.get(error.type, "correct the file"),
        error.type + (column or ""),
    )


def _check_spelling(
    resources: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, list[Row]],
    only: Collection[str] | None,
) -> Iterator[Finding]:
    """Yield values that look like another value of their column, in this table or in another with a column of that name."""
    columns: dict[str, list[str]] = defaultdict(list)
    for name in tables:
        for field in resources[name]["schema"]["fields"]:
            if field["type"] == "string" and not quotes(field["name"]):
                columns[field["name"]].append(name)
    for column, names in columns.items():
        if only is not None and not set(only) & set(names):
            continue
        cells = [
            (row[column], resources[name]["path"], line)
            for name in names
            for line, row in numbered(tables[name])
        ]
        twins = look_alikes((value, f"row {line} of {path}") for value, path, line in cells)
        for value, path, line in cells if twins else ():
            if value in twins:
                usual, place = twins[value]
                problem = (
                    f"{value!r} looks like {usual!r} in {place}, but is spelled in another way"
                )
                yield Finding(
                    path, line, column, problem, "spell one thing in one way", f"spelling {value}"
                )


def validate_table(folder: Path, resource: Mapping[str, Any]) -> list[Finding]:
    """Return every finding about one table by itself, without its relations to others; none if a build has validated it."""
    try:
        table = read_table(folder, resource)
    except UnreadableTable as unreadable:
        return [unreadable.args[0]]
    if table_hash(folder, resource) in os.environ.get("CARTBOOK_VALIDATED", "").split():
        return []
    return check_tables({"resources": [resource]}, {resource["name"]: table})


def validate(folder: Path) -> list[Finding]:
    """Return every finding about the tables in `folder`; an empty list if they are valid.

    Raises DataError if ``datapackage.json`` cannot be used.
    """
    descriptor = read_descriptor(folder)
    tables: dict[str, Table] = {}
    found: list[Finding] = []
    for resource in descriptor["resources"]:
        try:
            tables[resource["name"]] = read_table(folder, resource)
        except UnreadableTable as unreadable:
            found.append(unreadable.args[0])
    stray = {path.name for path in folder.glob("*.csv")} - {
        resource["path"] for resource in descriptor["resources"]
    }
    found += [
        Finding(name, "-", "-", f"{DESCRIPTOR} does not describe the file", "describe or remove it")
        for name in sorted(stray)
    ]
    return found + check_tables(descriptor, tables)
