"""Check the tables in ``data/`` against ``datapackage.json``, and say plainly what is wrong.

``python -m cartbook.check`` checks every table; the build does so before anything else.
``python -m cartbook.check seal`` seals what has passed (see :mod:`cartbook.seal`).
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import itertools
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from cartbook.agreement import Agreements, slug
from cartbook.description import slips
from cartbook.inert import danger
from cartbook.seal import NAME as SEALS
from cartbook.seal import broken as unsealed
from cartbook.seal import write as write_seals

#: the words that stand for a value which is not there, and which are kept apart everywhere
MISSING = ("not reported", "not reached", "not applicable")
LARGEST = 10_000_000  # bytes; a hundred times the outcomes of 2026 take 7 million, so anything above is not one of ours

WORDS = {
    word: number
    for number, word in enumerate(
        (
            *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
            *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
        )
    )
}
#: end points that have a severity
GRADED = ("cytokine release syndrome", "neurotoxicity")

CURE = {
    "type-error": "write a value of the column's type, or one of: " + ", ".join(MISSING),
    "constraint-error": "see the column's constraints in datapackage.json; correct the value, or extend the constraint",
    "incorrect-label": "the header must name the columns of datapackage.json, in its order",
    "missing-label": "add the column, in the order of datapackage.json",
    "extra-label": "remove the column, or describe it in datapackage.json",
    "duplicate-label": "name each column once",
    "blank-label": "name the column",
    "blank-header": "write the header row",
    "missing-cell": "the row is cut short: fill its last columns",
    "extra-cell": "the row has a cell too many: quote text that holds a comma",
    "blank-row": "remove the empty line",
    "primary-key": "give the row a key of its own, or remove the copy",
    "foreign-key": "write a key that the other table has, or add the row there first",
    "unique-error": "this column holds no value twice",
}


RIGHTS = "it must be a file that you may read: check its rights, or restore it (git checkout)"
PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")  # how a number is written, so that everyone reads the same number
DIGITS = 15  # that every program keeps


class DataError(ValueError):
    """A table breaks a rule. The message has one line a finding: file, row, column, rule, cure."""


def finding(file: str, row: int | str, column: str, rule: str, cure: str) -> str:
    """One line that tells where a table is wrong and what to do; rows count from 1, the header."""
    short = rule if len(rule) <= 300 else f"{rule[:300]} …"
    column = column if column.isprintable() else repr(column)
    return f"data/{file}, row {row}, column {column}: {short}. To mend it: {cure}."


def _line(words: str) -> str:
    """Words of somebody else as one line that can be read."""
    words = re.sub(r"\s+", " ", words)
    return words if words.isprintable() else "".join(one if one.isprintable() else f"U+{ord(one):04X}" for one in words)


def describe(folder: Path) -> dict[str, Any]:
    """The data package's description, or a DataError that says why it cannot be read or used."""
    path = folder / "datapackage.json"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(finding(path.name, "-", "-", "the file is missing", "restore it (git checkout)")) from None
    except OSError as error:
        raise DataError(finding(path.name, "-", "-", f"it cannot be read: {error.strerror}", RIGHTS)) from None
    except UnicodeDecodeError as error:
        raise DataError(finding(path.name, "-", "-", str(error), "write valid JSON")) from None
    return _described(text)


@cache
def _described(text: str) -> dict[str, Any]:
    try:
        package: dict[str, Any] = json.loads(text)
        slip = next(slips(package), None)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(finding("datapackage.json", getattr(error, "lineno", "-"), "-", str(error), "write valid JSON")) from None
    if slip:
        raise DataError(finding("datapackage.json", "-", *slip, "correct the description there (cartbook/description.py says its shape)"))
    return package


def _raw(path: Path) -> Iterator[str]:
    """What is wrong with the file's bytes, before anyone reads it as a table."""
    name = path.name
    try:
        large = path.stat().st_size > LARGEST
        body = b"" if large else path.read_bytes()
    except FileNotFoundError:
        yield finding(name, "-", "-", "the file is missing", "restore it (git checkout), or remove it from datapackage.json")
        return
    except OSError as error:
        yield finding(name, "-", "-", f"it cannot be read: {error.strerror}", RIGHTS)
        return
    if large:
        yield finding(name, "-", "-", f"the file has more than {LARGEST:,} bytes", "this is not a table of the book: restore it")
        return
    if body.startswith(b"\xef\xbb\xbf"):
        yield finding(name, 1, "-", "the file begins with a byte order mark", "save it as UTF-8 without BOM")
    if b"\r" in body:
        row = body[: body.index(b"\r")].count(b"\n") + 1
        yield finding(name, row, "-", "the line ends in CR or CRLF", "save the file with LF line ends")
    if b"\0" in body:
        yield finding(name, "-", "-", "the file holds NUL bytes", "this is not text: restore it (git checkout)")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        row = body[: error.start].count(b"\n") + 1
        yield finding(name, row, "-", "the text is not UTF-8", "save the file as UTF-8")
    if not body.endswith(b"\n"):
        yield finding(name, body.count(b"\n") + 1, "-", "the last line has no end", "the file may be half-written: restore or finish it")


def mark(folder: Path, resource: dict[str, Any]) -> str:
    """A mark of one table and of the rules for it. A build puts those of all sound tables into $CARTBOOK_SOUND, and checks each once."""
    return hashlib.sha256((folder / "datapackage.json").read_bytes() + (folder / resource["path"]).read_bytes()).hexdigest()


def check_table(folder: Path, resource: dict[str, Any]) -> list[str]:
    """Every finding about one table; an empty list if it is sound."""
    path = folder / resource["path"]
    found = list(_raw(path))
    if found:
        return found
    if mark(folder, resource) in os.environ.get("CARTBOOK_SOUND", "").split():
        return []
    from frictionless import (
        Detector,
        FrictionlessException,
        Resource,
        Schema,
        system,
    )  # here, because whoever only reads tables does without

    schema = {**resource["schema"], "foreignKeys": []}  # between tables: see check()
    try:
        with system.use_context(trusted=True):
            table = Resource(
                path=str(path),
                schema=Schema.from_descriptor(schema),
                format="csv",
                encoding="utf-8",
                detector=Detector(field_missing_values=schema.get("missingValues", [""])),
            )
            report = table.validate(limit_errors=50)
    except FrictionlessException as refusal:
        return [finding("datapackage.json", "-", f"resources/{resource['name']}", _line(str(refusal)), "correct the description there")]
    for error in (e for task in report.tasks for e in task.errors):
        row = getattr(error, "row_number", None) or 1
        column = getattr(error, "field_name", None) or getattr(error, "label", None) or "-"
        rule = _line(error.note or error.message).rstrip(".")
        cell = getattr(error, "cell", None)
        if error.type == "type-error":
            kind = next(field["type"] for field in schema["fields"] if field["name"] == column)
            rule = f"{cell!r} is no {kind}" if cell else "the cell is blank"
        elif cell not in (None, "") and str(cell) not in rule:
            rule = f"{rule} (found {cell!r})"
        found.append(finding(path.name, row, column, rule, CURE.get(error.type, "correct the file")))
    return found or [*_sense(path, resource)]


def _sense(path: Path, resource: dict[str, Any]) -> Iterator[str]:
    """What a schema cannot say: blank cells, and cells of one table that contradict each other."""
    rows: list[dict[str, str]] = []
    texts = {field["name"] for field in resource["schema"]["fields"] if field["type"] not in ("integer", "number")}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            for column, cell in row.items():
                if not cell.strip():
                    yield finding(path.name, number, column, "the cell is blank", "write the value, or one of: " + ", ".join(MISSING))
                elif cell != cell.strip():
                    yield finding(path.name, number, column, f"space around {cell!r}", "remove it")
                elif cell not in MISSING and cell.startswith(("n", "N")) and difflib.get_close_matches(cell, MISSING, cutoff=0.85):
                    yield finding(path.name, number, column, f"{cell!r} is nearly a set word", "write one of: " + ", ".join(MISSING))
                elif wrong := danger(cell, number=column not in texts) or _figures(cell, number=column not in texts):
                    yield finding(path.name, number, column, *wrong)
            for column, rule, cure in _rules(resource["name"], row):
                yield finding(path.name, number, column, rule, cure)
            rows.append(row)
    package = describe(path.parent)
    for number, column, rule, cure in [*_order(resource["name"], rows), *_places(resource, rows, package.get("places", {}))]:
        yield finding(path.name, number, column, rule, cure)


def _figures(cell: str, number: bool) -> tuple[str, str] | None:
    """What is wrong with the digits of a cell, and the cure: a number that could be read in two ways, a day that never was."""
    if other := next((one for one in cell if one.isdecimal() and not one.isascii()), None):
        return f"{other!r} is a digit of another script", "write 0 to 9"
    if number and cell not in MISSING:
        if not PLAIN.fullmatch(cell):
            return f"{cell!r} is no number as numbers are written here", "write digits, with a point before decimals, and nothing else"
        if sum(one.isdigit() for one in cell) > DIGITS:
            return f"{cell!r} has more than {DIGITS} digits", "round it"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
        try:
            date.fromisoformat(cell)
        except ValueError as error:
            return f"{cell!r} is no date: {error}", "write a day that is in the calendar"
    return None


def _number(word: str) -> float | None:
    """The cell as a number, or None if it is a word."""
    try:
        return float(word)
    except ValueError:
        return None


def _follows(percent: str, events: float, denominator: float) -> bool:
    """Whether the fraction gives the percentage at the precision with which it is printed."""
    digits = len(percent.partition(".")[2])
    return abs(100 * events / denominator - float(percent)) <= 0.5 * 10.0**-digits + 1e-9


def _rules(table: str, row: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """What is wrong between the cells of one row: column, rule and cure."""
    events, denominator = _number(row.get("events", row.get("numerator", ""))), _number(row.get("denominator", ""))
    part = "events" if "events" in row else "numerator"
    if table in ("outcomes", "papers", "since") and events is not None and denominator is not None and events > denominator:
        yield part, f"{row[part]} events of {row['denominator']} patients", "events cannot be more than the denominator"
    if "unit" in row and row["unit"] == "percent" and (value := _number(row["value"])) is not None and not 0 <= value <= 100:
        yield "value", f"{row['value']} per cent", "a share lies between 0 and 100"
    low, high = _number(row.get("low", "")), _number(row.get("high", ""))
    if low is not None and high is not None and low > high:
        yield "low", f"the interval runs from {row['low']} to {row['high']}", "write the lower end first"
    if table in ("papers", "since"):
        yield from _published(row, events, denominator)
    if table == "outcomes":
        yield from _outcome(row, events, denominator)
    elif table == "landscape":
        yield from _count(row, events, denominator)


def _published(row: dict[str, str], events: float | None, denominator: float | None) -> Iterator[tuple[str, str, str]]:
    value, low, high = (_number(row[column]) for column in ("value", "low", "high"))
    share = row["statistic"] == "proportion" and row["unit"] == "percent" and value is not None and " rounds " not in row["note"]
    if share and events is not None and denominator and not _follows(row["value"], events, denominator):
        rule = f"{row['events']} of {row['denominator']} is {100 * events / denominator:.2f} %, the value is {row['value']} %"
        yield "value", rule, "correct the cell, or say in the note how the source rounds"
    if row["statistic"] == "count" and value is not None and events is not None and value != events:
        yield "events", f"{row['events']} events, but the value counts {row['value']}", "the two are one number"
    if value is not None and low is not None and high is not None and not low <= value <= high:
        yield "low", f"{row['value']} does not lie between {row['low']} and {row['high']}", "correct the value or an end of its interval"
    if (low is None) != (high is None) and row["high"] != "not reached":
        yield "low", f"the interval runs from {row['low']} to {row['high']}", "write both ends, or not applicable for both"
    if row["grade"] == "not applicable" and row["endpoint"] in GRADED and row["statistic"] == "proportion":
        yield "grade", f"no grade with the end point {row['endpoint']!r}", "harms have a grade"


def _outcome(row: dict[str, str], events: float | None, denominator: float | None) -> Iterator[tuple[str, str, str]]:
    if not row["outcome_id"].startswith(f"{row['study_id']}."):
        yield (
            "outcome_id",
            f"{row['outcome_id']!r} does not begin with the study {row['study_id']!r}",
            "build the id as study.arm.end-point.suffix",
        )
    words = [
        slug(row["endpoint"]),
        *(["standard-care"] if row["arm"] == "standard care" else ["single-group"] if row["arm"] == "single group" else []),
    ]
    for word in words:
        if word not in row["outcome_id"]:
            yield (
                "outcome_id",
                f"{row['outcome_id']!r} does not name {word!r}",
                "the id names arm and end point: correct the id or the cell",
            )
    if row["unit"] == "percent" and events is not None and denominator and _number(row["value"]) is not None:
        follows, flagged = _follows(row["value"], events, denominator), "percentage does not follow" in row["flag"]
        if follows == flagged:
            rule = f"{row['events']} of {row['denominator']} is {100 * events / denominator:.2f} %, printed is {row['value']} %"
            yield "value", rule, "correct the cell, or flag that the percentage does not follow" if not flagged else "remove the flag"
    if row["unit"] == "patients" and events is not None and (value := _number(row["value"])) is not None and value != events:
        yield "events", f"{row['events']} events, but the value counts {row['value']} patients", "the two are one number"
    printed = _printed_numbers(row["printed"])
    said = ["value", *(["events", "denominator"] if row["denominator_basis"] == "printed with the number" else [])]
    for column in said:
        number = _number(row[column])
        if number is not None and number not in printed and "10^" not in row["printed"] and "×" not in row["printed"]:
            yield (
                column,
                f"{row[column]} does not stand in the printed string {row['printed']!r}",
                "copy the number as the review prints it",
            )
    if row["denominator_basis"] == "printed with the number" and denominator is None and events is None:
        yield "denominator_basis", "nothing is printed with the number", "say where the denominator comes from"
    if (row["grade"] == "not applicable") != (row["endpoint"] not in GRADED):
        yield "grade", f"grade {row['grade']!r} with the end point {row['endpoint']!r}", "harms have a grade, other end points have none"
    if row["statistic"] == "landmark rate" and row["at_month"] == "not applicable":
        yield "at_month", "a landmark rate without its month", "write the month, or not reported"
    if row["statistic"] == "named without a number" and row["value"] != "not reported":
        yield "value", f"a number, {row['value']}, is said not to be named", "correct the statistic or the value"
    if row["flag"] != "none" and row["note"] == "none":
        yield "note", f"flag {row['flag']!r} without a reason", "say in the note why the row is flagged"


def _count(row: dict[str, str], numerator: float | None, denominator: float | None) -> Iterator[tuple[str, str, str]]:
    percent = _number(row["percent_printed"])
    known = percent is not None and numerator is not None and denominator
    claimed = row["follows"] in ("yes", "cannot follow")
    if known and claimed and numerator is not None and denominator is not None:
        share = 100 * numerator / denominator
        if _follows(row["percent_printed"], numerator, denominator) != (row["follows"] == "yes"):
            rule = f"{row['numerator']} of {row['denominator']} is {share:.2f} %, printed is {row['percent_printed']} %"
            yield "follows", rule, "correct the cells, or the verdict"
    printed = _printed_numbers(row["printed"])
    for column in ("numerator", "percent_printed"):
        number = _number(row[column])
        if number is not None and printed and row["printed"] not in MISSING and number not in printed:
            yield (
                column,
                f"{row[column]} does not stand in the printed string {row['printed']!r}",
                "copy the number as the review prints it",
            )


def _printed_numbers(printed: str) -> list[float]:
    """The numbers in a printed string, digits and small number words alike."""
    found = [float(one) for one in re.findall(r"\d+(?:\.\d+)?", printed)]
    return found + [float(WORDS[one]) for one in re.findall(r"[a-z]+", printed.lower()) if one in WORDS]


def _order(name: str, rows: list[dict[str, str]]) -> Iterator[tuple[int, str, str, str]]:
    """What is wrong between the rows of one table: row, column, rule and cure."""
    counted = {
        "findings": ("finding_id", "F{:03d}"),
        "references": ("reference", "{}"),
        "trial_ids": ("order", "{}"),
        "recount": ("recount_id", "R{:04d}"),
    }
    if name in counted:
        column, form = counted[name]
        for number, row in enumerate(rows, start=1):
            if row[column] != form.format(number):
                yield (
                    number + 1,
                    column,
                    f"{row[column]!r} where {form.format(number)!r} comes",
                    "number the rows in their order, without a gap",
                )
    if name == "glossary":
        terms = [row["term"].lower().replace("γ", "g") for row in rows]
        for number, (one, other) in enumerate(itertools.pairwise(terms), start=3):
            if one >= other:
                yield number, "term", f"{other!r} stands after {one!r}", "sort the terms, and keep each once"
    if name == "references":
        for number, row in enumerate(rows, start=2):
            family = unicodedata.normalize("NFKD", row["first_author_printed"].rsplit(" ", 1)[0].lower())
            family = "".join(letter for letter in family if letter.isalpha())
            if not row["key"].startswith(family[:3]) or row["year"] not in row["key"]:
                yield (
                    number,
                    "key",
                    f"{row['key']!r} is not {row['first_author_printed']} {row['year']}",
                    "the key is made of family name and year",
                )
    if name == "outcomes":
        groups: dict[tuple[str, ...], list[tuple[int, dict[str, str]]]] = {}
        for number, row in enumerate(rows, start=2):
            same = ("study_id", "arm", "endpoint", "statistic", "grade", "population", "unit", "at_month")
            groups.setdefault(tuple(row[column] for column in same), []).append((number, row))
        for group in groups.values():
            values = {float(row["value"]) for _, row in group if _number(row["value"]) is not None}
            if (
                len(values) > 1
                and max(values) - min(values) > 0.5
                and not all("text and table disagree" in row["flag"] for _, row in group)
            ):
                number, row = group[-1]
                yield (
                    number,
                    "value",
                    f"{row['value']}, but another row of the same has another value",
                    "correct it, or flag that text and table disagree",
                )


def _places(resource: dict[str, Any], rows: list[dict[str, str]], paragraphs: dict[str, int]) -> Iterator[tuple[int, str, str, str]]:
    """Places that the section does not have."""
    for number, row in enumerate(rows, start=2):
        found = re.fullmatch(r"paragraph (\d+)", row.get("place", ""))
        if found and int(found[1]) > paragraphs.get(row["section"], 0):
            yield (
                number,
                "place",
                f"{row['section']} has no {row['place']}",
                "count the section's paragraphs; a paragraph broken by a page counts once",
            )
        if row.get("section", "").startswith("table-") and row.get("place", "").startswith("paragraph"):
            yield number, "place", f"a table has no {row['place']}", "name row and column"


def _keys(folder: Path, resource: dict[str, Any], tables: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Keys that point to a row which another table does not have."""
    import pandas as pd

    def read(one: dict[str, Any]) -> pd.DataFrame:
        return pd.read_csv(folder / one["path"], dtype=str, keep_default_na=False)

    def names(value: str | list[str]) -> list[str]:
        return [value] if isinstance(value, str) else value

    here = read(resource)
    for key in resource["schema"].get("foreignKeys", []):
        fields, there = names(key["fields"]), names(key["reference"]["fields"])
        other = read(tables[key["reference"]["resource"]] if key["reference"]["resource"] else resource)
        known = set(other[there].itertuples(index=False, name=None))
        for number, row in enumerate(here[fields].itertuples(index=False, name=None), start=2):
            if row not in known and not set(row) <= set(MISSING):
                rule = f"{', '.join(row)!r} is no {' and '.join(there)} of {key['reference']['resource'] or resource['name']}"
                yield finding(resource["path"], number, ", ".join(fields), rule, CURE["foreign-key"])


def _agreements(folder: Path, package: dict[str, Any]) -> Iterator[str]:
    """What the tables say of each other, or of themselves, and what does not agree."""
    tables: dict[str, list[dict[str, str]]] = {}
    for resource in package["resources"]:
        with (folder / resource["path"]).open(encoding="utf-8", newline="") as file:
            tables[resource["name"]] = list(csv.DictReader(file))
    agreements = Agreements(tables, MISSING)
    for one in package.get("agreements", []):
        try:
            for name, number, column, rule in agreements.broken(one):
                yield finding(f"{name}.csv", number, column, rule, "correct the cell, or the one that it must agree with")
        except KeyError as error:
            yield finding("datapackage.json", "-", "-", f"an agreement names {error}, which is not there: {one}", "correct the agreement")


def check(folder: Path, sealed: bool = True) -> list[str]:
    """Every finding about every table of the package in ``folder``; empty if all is sound.

    With ``sealed``, a cell that has changed since its row was sealed is a finding too.
    """
    package = describe(folder)
    tables = {resource["name"]: resource for resource in package["resources"]}
    found = [line for resource in tables.values() for line in check_table(folder, resource)]
    stray = {path.name for path in folder.glob("*.csv")} - {resource["path"] for resource in tables.values()}
    found += [finding(name, "-", "-", "datapackage.json does not describe the file", "describe or remove it") for name in sorted(stray)]
    if not found:
        found = [line for resource in tables.values() for line in _keys(folder, resource, tables)]
    found = found or [*_agreements(folder, package)]
    if sealed and not found:
        cure = "restore the cell; or, if the change is meant, read the row against its source once more and run make seal"
        try:
            found = [finding(name, number, column, rule, cure) for name, number, column, rule in unsealed(folder, package["resources"])]
        except (OSError, ValueError) as error:
            found = [finding(SEALS, "-", "-", str(error), "restore the file (git checkout), or run make seal")]
    return found


def main(folder: Path, sealing: bool = False) -> int:
    """Check, and seal what has passed if told to; 0 if nothing was found."""
    try:
        findings = check(folder, sealed=not sealing)
        if not findings:
            said = [*write_seals(folder, describe(folder)["resources"])] if sealing else ["data/: every table agrees with datapackage.json"]
            print("\n".join(said))
            return 0
    except DataError as error:
        findings = [str(error)]
    except OSError as error:
        findings = [finding(SEALS, "-", "-", f"it cannot be written: {error.strerror}", "check the rights of data/ and the disk")]
    print("\n".join([*findings, *(["error: nothing was sealed; mend the rows above first"] if sealing else [])]), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent.parent / "data", sealing=sys.argv[1:] == ["seal"]))
