"""Validate the tables in ``data/``: ``python -m cartbook.validate``.

Each file is read once, with the dialect that ``datapackage.json`` declares. Frictionless checks types, constraints
and keys; :mod:`cartbook.sanitize` checks the text of each cell, :mod:`cartbook.rules` what cells must agree on.

Validation cannot detect a transcription error, so the ``hash`` of each table in ``datapackage.json`` is that of the table
as it was last read against its sources. ``python -m cartbook.validate sign-off`` writes the hashes; a table
that has changed since is a warning, and an error with ``--signed``.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import hashlib
import io
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from cartbook import rules
from cartbook.checks import Row, numbered
from cartbook.sanitize import MISSING, look_alikes, unsafe

__all__ = [
    "MISSING",
    "DataError",
    "Finding",
    "read_descriptor",
    "table_hash",
    "unsigned",
    "validate",
    "validate_table",
]

DESCRIPTOR = "datapackage.json"
MAX_BYTES = 10_000_000  # a hundred times the outcomes of 2026 take 7 million bytes
MAX_LINES = 5  # findings of one kind in one column that are listed one by one
MAX_ERRORS = 1_000_000  # all of them, so that the line that sums them up says how many
RESTORE = "restore the file (git checkout)"
UNREADABLE_HINT = "it must be a file that you may read: check its permissions, or " + RESTORE
SIGN_OFF_HINT = "restore it, or read the row against its source once more and run make sign-off"
ENCODINGS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
FIX_HINTS = {
    "type-error": "write a value of the column's type, or one of: " + ", ".join(MISSING),
    "constraint-error": f"correct the value, or extend the column's constraints in {DESCRIPTOR}",
    "primary-key": "give the row a key of its own, or remove the copy",
    "foreign-key": "write a key that the other table has, or add the row there first",
    "unique-error": "correct the value: this column contains no value twice",
}

#: rows of cells; the first is the header
Table = list[list[str]]
Descriptor = dict[str, Any]


class DataError(ValueError):
    """A table breaks a rule. The message has one line per finding: file, row, column, problem and fix."""


@dataclass(frozen=True)
class Finding:
    """Where a file is wrong, and what to do about it; the header is row 1."""

    file: str
    row: int | str
    column: str
    problem: str
    fix: str
    kind: str = ""

    def __str__(self) -> str:
        problem = self.problem if len(self.problem) <= 300 else f"{self.problem[:300]} …"
        return _printable(
            f"data/{self.file}, row {self.row}, column {self.column}: {problem}. Fix: {self.fix}."
        )


def _printable(text: str) -> str:
    """Return text as one line, with unprintable characters escaped."""
    text = re.sub(r"\s+", " ", text)
    return (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in text)
    )


def condense(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without repetition: one per cell, and of one kind in one column the first few and the number of the others."""
    cells: dict[object, Finding] = {}
    for found in findings:
        cells.setdefault(
            (found.file, found.row, found.column) if isinstance(found.row, int) else found, found
        )
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for found in cells.values():
        groups[found.file, found.column, found.kind or found.problem].append(found)
    kept: list[Finding] = []
    for group in groups.values():
        more = len(group) - MAX_LINES
        kept += group[: MAX_LINES - 1] if more > 0 else group
        if more > 0:
            last = group[MAX_LINES - 1]
            kept.append(
                replace(
                    last, problem=f"{last.problem[:300]}; {more} more rows have the same problem"
                )
            )
    return kept


# Reading


def read_descriptor(folder: Path) -> Descriptor:
    """Return the content of ``datapackage.json``.

    Raises DataError if it cannot be read, or lacks what the book needs.
    """
    try:
        text = (folder / DESCRIPTOR).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(Finding(DESCRIPTOR, "-", "-", "the file is missing", RESTORE)) from None
    except OSError as error:
        raise DataError(
            Finding(DESCRIPTOR, "-", "-", f"it cannot be read: {error.strerror}", UNREADABLE_HINT)
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            Finding(DESCRIPTOR, "-", "-", str(error), "write valid JSON in UTF-8")
        ) from None
    return _parse_descriptor(text)


@cache
def _parse_descriptor(text: str) -> Descriptor:
    from jsonschema import (
        Draft202012Validator,
        FormatChecker,
    )  # here, because importing it takes time

    try:
        descriptor: Descriptor = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(
            Finding(DESCRIPTOR, getattr(error, "lineno", "-"), "-", str(error), "write valid JSON")
        ) from None
    schema = json.loads(
        Path(__file__).with_name("datapackage.schema.json").read_text(encoding="utf-8")
    )
    wrong = next(
        Draft202012Validator(schema, format_checker=FormatChecker(["regex"])).iter_errors(
            descriptor
        ),
        None,
    )
    if wrong:
        place = "/".join(map(str, wrong.absolute_path)) or "-"
        raise DataError(
            Finding(DESCRIPTOR, "-", place, wrong.message, "correct the description there")
        )
    for key in ("name", "path"):
        word, times = Counter(resource[key] for resource in descriptor["resources"]).most_common(1)[
            0
        ]
        if times > 1:
            raise DataError(
                Finding(
                    DESCRIPTOR,
                    "-",
                    "resources",
                    f"the {key} {word!r} is there {times} times",
                    "describe each table once",
                )
            )
    return descriptor


class _Shared(list[Any]):
    """A list that is not copied with what contains it: Frictionless copies each description, with its data, several times."""

    def __deepcopy__(self, memo: object) -> _Shared:
        return self


class _Unreadable(Exception):
    """A file is not a table; the argument is the finding."""


def read_table(folder: Path, resource: Mapping[str, Any]) -> Table:
    """Return header and rows of a table, read with its declared dialect.

    Raises _Unreadable with the one finding that explains why the file is not such a table.
    """
    name = resource["path"]

    def fail(row: int | str, column: str, problem: str, fix: str) -> _Unreadable:
        return _Unreadable(Finding(name, row, column, problem, fix))

    text = _read_text(folder / name, fail)
    dialect = resource["dialect"]
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect["delimiter"],
        quotechar=dialect["quoteChar"],
        doublequote=dialect["doubleQuote"],
        skipinitialspace=dialect["skipInitialSpace"],
        strict=True,
    )
    table: Table = []
    csv.field_size_limit(MAX_BYTES)
    try:
        for cells in reader:
            table.append(cells)
            if any("\n" in cell for cell in cells):
                fix = "close its quotation mark (and double each one inside the text), or write the text on one line"
                raise fail(len(table), "-", "a quoted cell continues over the end of the line", fix)
    except csv.Error as error:
        fix = (
            'put quotation marks around the whole cell, and double each one inside it: "say ""so"""'
        )
        raise fail(
            len(table) + 1, "-", f"the quotation marks do not match ({error})", fix
        ) from None
    wrong = _header_problem(
        table[0], [field["name"] for field in resource["schema"]["fields"]], text.partition("\n")[0]
    )
    if wrong:
        raise fail(1, *wrong)
    return table


def _read_text(path: Path, fail: Any) -> str:
    """Return the text of a file whose bytes are as they must be."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise fail(
                "-",
                "-",
                f"the file has more than {MAX_BYTES:,} bytes",
                "this is not a table of the book: " + RESTORE,
            )
        body = path.read_bytes()
    except FileNotFoundError:
        raise fail(
            "-", "-", "the file is missing", f"{RESTORE}, or remove it from {DESCRIPTOR}"
        ) from None
    except OSError as error:
        raise fail("-", "-", f"it cannot be read: {error.strerror}", UNREADABLE_HINT) from None
    if not body:
        raise fail(1, "-", "the file is empty", RESTORE)
    wide = next((name for mark, name in ENCODINGS.items() if body.startswith(mark)), "")
    if not wide and body[:200].count(b"\0") > len(body[:200]) // 3:
        wide = "UTF-16 or UTF-32"
    if wide:
        raise fail(
            1,
            "-",
            f"the text is {wide}",
            "open the file in the program that saved it, and save it again as CSV in UTF-8",
        )
    if body.startswith(b"\xef\xbb\xbf"):
        raise fail(1, "-", "the file begins with a byte order mark", "save it as UTF-8 without BOM")
    if b"\0" in body:
        raise fail(
            body[: body.index(b"\0")].count(b"\n") + 1,
            "-",
            "the file contains NUL bytes",
            "remove them, or " + RESTORE,
        )
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        row = body[: error.start].count(b"\n") + 1
        raise fail(
            row,
            "-",
            f"byte 0x{body[error.start]:02x} is not UTF-8",
            "save the file again as CSV in UTF-8",
        ) from None
    if "\r" in text:
        row = text[: text.index("\r")].count("\n") + 1
        raise fail(
            row,
            "-",
            "the line ends in CR or CRLF",
            "save the file with LF line ends (in Git: git config core.autocrlf input)",
        )
    if not text.endswith("\n"):
        raise fail(
            text.count("\n") + 1,
            "-",
            "the last line has no end",
            "the file may be half-written: complete or restore it",
        )
    return text


def _header_problem(header: list[str], names: list[str], line: str) -> tuple[str, str, str] | None:
    """Return column, problem and fix if the header does not name the columns in their order."""
    if header == names:
        return None
    fix = f"the header must name the columns of {DESCRIPTOR}, in their order"
    for delimiter, word in {";": "semicolons", "\t": "tabs", "|": "bars"}.items():
        if line.count(delimiter) >= len(names) - 1 > 0:
            return "-", f"the columns are separated by {word}", "save the file as CSV with commas"
    for cell in header:
        if cell not in names and cell.strip() in names:
            return cell.strip(), f"space around the column name {cell!r}", "remove it"
    for name, times in Counter(header).items():
        if times > 1:
            return (
                name or "-",
                f"the column {name!r} is there {times} times",
                "name each column once",
            )
    extra, absent = (
        [name for name in header if name not in names],
        [name for name in names if name not in header],
    )
    if extra and absent:
        return absent[0], f"the column is named {extra[0]!r}", fix
    if extra:
        return (
            extra[0] or "-",
            f"the column {extra[0]!r} is not described",
            f"remove the column, or describe it in {DESCRIPTOR}",
        )
    if absent:
        return absent[0], "the column is missing", f"add the column, in the order of {DESCRIPTOR}"
    wrong, right = next(pair for pair in zip(header, names, strict=True) if pair[0] != pair[1])
    return wrong, f"the column is where {right} belongs", fix


# Checking


def check_tables(
    descriptor: Descriptor, tables: Mapping[str, Table], only: Collection[str] | None = None
) -> list[Finding]:
    """Return every finding about these tables, in memory.

    With `only`, check those tables, the references to them and the rules that read them; the others are taken as correct.
    """
    resources = {
        resource["name"]: resource
        for resource in descriptor["resources"]
        if resource["name"] in tables
    }
    checked = [name for name in resources if only is None or name in only]
    found = [one for name in checked for one in _check_cells(resources[name], tables[name])]
    ragged = {one.file for one in found if one.kind == "ragged"}
    whole = {
        name: table
        for name, table in tables.items()
        if name in resources and resources[name]["path"] not in ragged
    }
    referring = {
        name for name, resource in resources.items() if only and _references(resource) & set(only)
    }
    rows = {name: as_rows(table) for name, table in whole.items()}
    found += _check_spelling(resources, rows, only)
    found += _check_schema(
        {name: resources[name] for name in whole},
        whole,
        None if only is None else {*checked, *referring},
    )
    wrong = {one.file for one in found}
    for broken, one in rules.broken(
        {name: rows[name] for name in rows if resources[name]["path"] not in wrong}, only
    ):
        path = resources[broken.tables[0]]["path"]
        found.append(
            Finding(
                path,
                one.row,
                one.column,
                f"{one.problem} ({_sentence(broken.sentence)})",
                one.fix,
                broken.name,
            )
        )
    return condense(found)


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
        "resources": [
            {
                "name": name,
                "dialect": {"header": True},
                "data": _Shared(tables[name]),
                "schema": _plain_schema(resources[name], tables),
            }
            for name in tables
            if name in needed
        ]
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


def table_hash(folder: Path, resource: Mapping[str, Any]) -> str:
    """Return the hash of a table and its description.

    A build puts those of all valid tables into ``$CARTBOOK_VALIDATED``, so that its kernels do not validate them again.
    """
    return hashlib.sha256(
        (folder / DESCRIPTOR).read_bytes() + (folder / resource["path"]).read_bytes()
    ).hexdigest()


def validate_table(folder: Path, resource: Mapping[str, Any]) -> list[Finding]:
    """Return every finding about one table by itself, without its relations to others; none if a build has validated it."""
    try:
        table = read_table(folder, resource)
    except _Unreadable as unreadable:
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
        except _Unreadable as unreadable:
            found.append(unreadable.args[0])
    stray = {path.name for path in folder.glob("*.csv")} - {
        resource["path"] for resource in descriptor["resources"]
    }
    found += [
        Finding(name, "-", "-", f"{DESCRIPTOR} does not describe the file", "describe or remove it")
        for name in sorted(stray)
    ]
    return found + check_tables(descriptor, tables)


# Signing off


def unsigned(folder: Path) -> list[Finding]:
    """Return what has changed in valid tables since they were signed off, cell by cell where Git has the signed state."""
    found: list[Finding] = []
    for resource in read_descriptor(folder)["resources"]:
        body = (folder / resource["path"]).read_bytes()
        if resource.get("hash") != _hash(body):
            found += _changes(folder, resource, body)
    return condense(found)


def _hash(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _changes(folder: Path, resource: Mapping[str, Any], body: bytes) -> list[Finding]:
    """Return the cells and rows of a table that differ from the signed state, or one finding where that is not known."""
    name, key = resource["path"], resource["schema"]["primaryKey"]
    signed = _committed(folder, name, resource.get("hash", ""))
    if signed is None:
        problem = (
            "the table has changed since it was signed off"
            if "hash" in resource
            else "the table was never signed off"
        )
        return [
            Finding(
                name,
                "-",
                "-",
                problem,
                "restore it, or read its new rows against their sources and run make sign-off",
            )
        ]
    before = {
        tuple(row[column] for column in key): row
        for row in csv.DictReader(io.StringIO(signed.decode("utf-8"), newline=""))
    }
    found = []
    for line, row in enumerate(
        csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")), start=2
    ):
        names = tuple(row[column] for column in key)
        old = before.pop(names, None)
        if old is None:
            problem = f"the row {', '.join(names)!r} is new since the table was signed off"
            found.append(
                Finding(
                    name,
                    line,
                    "-",
                    problem,
                    "read the row against its source and run make sign-off",
                    "new",
                )
            )
        for column in row if old else ():
            if old and row[column] != old.get(column):
                problem = f"{row[column]!r} was {old.get(column)!r} when the table was signed off"
                found.append(Finding(name, line, column, problem, SIGN_OFF_HINT, "changed"))
    found += [
        Finding(
            name,
            "-",
            "-",
            f"the row {', '.join(names)!r} was removed since the table was signed off",
            "restore it, or run make sign-off",
        )
        for names in before
    ]
    return found or [
        Finding(
            name,
            "-",
            "-",
            "the order or quoting of rows has changed since the table was signed off",
            SIGN_OFF_HINT,
        )
    ]


def _committed(folder: Path, name: str, signed: str) -> bytes | None:
    """Return the newest committed content of a table that has the signed hash; None without Git, or where there is none."""
    import subprocess

    def git(*arguments: str) -> bytes:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=True, timeout=30
        ).stdout

    try:
        for commit in git("log", "-n", "100", "--format=%H", "--", name).decode().split():
            body = git("show", f"{commit}:./{name}")
            if _hash(body) == signed:
                return body
    except (OSError, subprocess.SubprocessError):
        pass
    return None


def sign_off(folder: Path) -> list[str]:
    """Write hash and size of each table into ``datapackage.json``; return a line for each change that this accepts."""
    accepted = [
        f"data/{one.file}, row {one.row}, column {one.column}: {one.problem}; signed off"
        for one in unsigned(folder)
    ]
    descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    for place, resource in enumerate(descriptor["resources"]):
        body = (folder / resource["path"]).read_bytes()
        signed = {**resource, "hash": _hash(body), "bytes": len(body)}
        schema = signed.pop("schema")
        descriptor["resources"][place] = {**signed, "schema": schema}  # the long part stays last
    new = folder / f"{DESCRIPTOR}.new"
    new.write_text(
        json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n"
    )
    os.replace(new, folder / DESCRIPTOR)
    return [*accepted, f"{len(descriptor['resources'])} tables are signed off."]


def main(folder: Path, arguments: list[str] | None = None) -> int:
    """Validate, and sign off if asked to; return 0 if there is no error."""
    parser = argparse.ArgumentParser(
        prog="python -m cartbook.validate", description="Validate the tables in data/."
    )
    parser.add_argument("command", nargs="?", choices=["check", "sign-off"], default="check")
    parser.add_argument(
        "--signed", action="store_true", help="fail if a table has changed since it was signed off"
    )
    options = parser.parse_args(arguments)
    signing = options.command == "sign-off"
    try:
        errors = [str(found) for found in validate(folder)]
        changes = [] if errors or signing else [str(found) for found in unsigned(folder)]
        if signing and not errors:
            print("\n".join(sign_off(folder)))
            return 0
    except DataError as error:
        errors, changes = [str(error)], []
    except OSError as error:
        errors, changes = (
            [
                str(
                    Finding(
                        DESCRIPTOR,
                        "-",
                        "-",
                        f"it cannot be written: {error.strerror}",
                        "check permissions and disk",
                    )
                )
            ],
            [],
        )
    if signing:
        errors.append("error: nothing was signed off; correct the rows above first")
    print(
        "\n".join([*errors, *(line if options.signed else f"warning: {line}" for line in changes)]),
        end="",
        file=sys.stderr,
    )
    if errors or changes:
        print(file=sys.stderr)
    if errors or (changes and options.signed):
        return 1
    print(
        "data/: every table is valid"
        + ("; the changes above are not signed off." if changes else " and signed off.")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent.parent / "data"))
