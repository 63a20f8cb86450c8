"""Read ``datapackage.json`` and the tables that it describes, or say why a file is not such a table."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cartbook.findings import DataError, Finding

DESCRIPTOR = "datapackage.json"
SCHEMA = "datapackage.schema.json"
MAX_BYTES = 10_000_000  # a hundred times the outcomes of 2026 take 7 million bytes
RESTORE = "restore the file (git checkout)"
UNREADABLE_HINT = "it must be a file that you may read: check its permissions, or " + RESTORE
ENCODINGS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
#: characters that no table contains: what is wrong then, and what to do
UNWANTED = (
    ("\0", "the file contains NUL bytes", "remove them, or " + RESTORE),
    (
        "\r",
        "the line ends in CR or CRLF",
        "save the file with LF line ends (in Git: git config core.autocrlf input)",
    ),
)

#: rows of cells; the first is the header
Table = list[list[str]]
Descriptor = dict[str, Any]


def read_descriptor(folder: Path) -> Descriptor:
    """Return the content of ``datapackage.json``.

    Raises DataError if it cannot be read, or lacks what the book needs.
    """
    try:
        return _parse_descriptor((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _wrong("the file is missing", RESTORE) from None
    except OSError as error:
        raise _wrong(f"it cannot be read: {error.strerror}", UNREADABLE_HINT) from None
    except UnicodeDecodeError as error:
        raise _wrong(str(error), "write valid JSON in UTF-8") from None


def _wrong(problem: str, fix: str, *, line: int | str = "-", place: str = "-") -> DataError:
    return DataError(Finding(DESCRIPTOR, line, place, problem, fix))


@cache
def _parse_descriptor(text: str) -> Descriptor:
    from jsonschema import Draft202012Validator, FormatChecker  # here: importing it takes time

    try:
        descriptor: Descriptor = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _wrong(str(error), "write valid JSON", line=getattr(error, "lineno", "-")) from None
    schema = json.loads(Path(__file__).with_name(SCHEMA).read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["regex"]))
    for wrong in validator.iter_errors(descriptor):
        place = "/".join(map(str, wrong.absolute_path)) or "-"
        raise _wrong(wrong.message, "correct the description there", place=place)
    for key in ("name", "path"):
        words = Counter(resource[key] for resource in descriptor["resources"])
        word, times = words.most_common(1)[0]
        if times > 1:
            problem = f"the {key} {word!r} is there {times} times"
            raise _wrong(problem, "describe each table once", place="resources")
    return descriptor


class UnreadableTable(Exception):
    """A file is not a table; the argument is the finding."""


class _Reader:
    """Reads one file; each problem is an UnreadableTable that names the file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def error(self, row: int | str, problem: str, fix: str, column: str = "-") -> UnreadableTable:
        return UnreadableTable(Finding(self.name, row, column, problem, fix))

    def read(self, path: Path) -> bytes:
        """Return the bytes of a file that is there and not larger than a table can be."""
        try:
            if path.stat().st_size > MAX_BYTES:
                fix = "this is not a table of the book: " + RESTORE
                raise self.error("-", f"the file has more than {MAX_BYTES:,} bytes", fix)
            return path.read_bytes()
        except FileNotFoundError:
            fix = f"{RESTORE}, or remove it from {DESCRIPTOR}"
            raise self.error("-", "the file is missing", fix) from None
        except OSError as error:
            problem = f"it cannot be read: {error.strerror}"
            raise self.error("-", problem, UNREADABLE_HINT) from None

    def text(self, body: bytes) -> str:
        """Return the text of bytes that are UTF-8 with LF line ends."""
        if not body:
            raise self.error(1, "the file is empty", RESTORE)
        wide = next((name for mark, name in ENCODINGS.items() if body.startswith(mark)), "")
        if not wide and body[:200].count(b"\0") > len(body[:200]) // 3:
            wide = "UTF-16 or UTF-32"
        if wide:
            fix = "open the file in the program that saved it, and save it again as CSV in UTF-8"
            raise self.error(1, f"the text is {wide}", fix)
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            row = body.count(b"\n", 0, error.start) + 1
            problem = f"byte 0x{body[error.start]:02x} is not UTF-8"
            raise self.error(row, problem, "save the file again as CSV in UTF-8") from None
        if text.startswith("\ufeff"):
            problem = "the file begins with a byte order mark"
            raise self.error(1, problem, "save it as UTF-8 without BOM")
        for char, problem, fix in UNWANTED:
            if (at := text.find(char)) >= 0:
                raise self.error(text.count("\n", 0, at) + 1, problem, fix)
        if not text.endswith("\n"):
            fix = "the file may be half-written: complete or restore it"
            raise self.error(text.count("\n") + 1, "the last line has no end", fix)
        return text

    def rows(self, text: str, dialect: Mapping[str, Any]) -> Table:
        """Return the cells of CSV in which no cell continues over the end of its line."""
        table: Table = []
        csv.field_size_limit(MAX_BYTES)
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=dialect["delimiter"],
            quotechar=dialect["quoteChar"],
            doublequote=dialect["doubleQuote"],
            skipinitialspace=dialect["skipInitialSpace"],
            strict=True,
        )
        try:
            for cells in reader:
                table.append(cells)
                if any("\n" in cell for cell in cells):
                    problem = "a quoted cell continues over the end of the line"
                    fix = "close its quotation mark (and double each one inside the text), or write the text on one line"
                    raise self.error(len(table), problem, fix)
        except csv.Error as error:
            fix = 'put quotation marks around the whole cell, and double each one inside it: "say ""so"""'
            problem = f"the quotation marks do not match ({error})"
            raise self.error(len(table) + 1, problem, fix) from None
        return table


def read_table(folder: Path, resource: Mapping[str, Any]) -> Table:
    """Return header and rows of a table, read with its declared dialect.

    Raises UnreadableTable with the one finding that explains why the file is not such a table.
    """
    reader = _Reader(resource["path"])
    text = reader.text(reader.read(folder / resource["path"]))
    table = reader.rows(text, resource["dialect"])
    names = [field["name"] for field in resource["schema"]["fields"]]
    if table[0] != names:
        column, problem, fix = _header_problem(table[0], names, text.partition("\n")[0])
        raise reader.error(1, problem, fix, column)
    return table


def _header_problem(header: list[str], names: list[str], line: str) -> tuple[str, str, str]:
    """Return column, problem and fix of a header that does not name the columns in their order."""
    for delimiter, word in SEPARATORS.items():
        if line.count(delimiter) >= len(names) - 1 > 0:
            return "-", f"the columns are separated by {word}", "save the file as CSV with commas"
    for cell, times in Counter(header).items():
        if cell not in names and cell.strip() in names:
            return cell.strip(), f"space around the column name {cell!r}", "remove it"
        if times > 1:
            problem = f"the column {cell!r} is there {times} times"
            return cell or "-", problem, "name each column once"
    extra = next((name for name in header if name not in names), None)
    absent = next((name for name in names if name not in header), None)
    order = f"the header must name the columns of {DESCRIPTOR}, in their order"
    if extra is not None and absent is not None:
        return absent, f"the column is named {extra!r}", order
    if extra is not None:
        fix = f"remove the column, or describe it in {DESCRIPTOR}"
        return extra or "-", f"the column {extra!r} is not described", fix
    if absent is not None:
        return absent, "the column is missing", f"add the column, in the order of {DESCRIPTOR}"
    wrong, right = next(pair for pair in zip(header, names, strict=True) if pair[0] != pair[1])
    return wrong, f"the column is where {right} belongs", order


def table_hash(folder: Path, resource: Mapping[str, Any]) -> str:
    """Return the hash of a table and its description.

    A build puts those of all valid tables into ``$CARTBOOK_VALIDATED``, so that its kernels do not validate them again.
    """
    return hashlib.sha256(
        (folder / DESCRIPTOR).read_bytes() + (folder / resource["path"]).read_bytes()
    ).hexdigest()
