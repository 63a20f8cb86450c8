"""Reject text that a page, a spreadsheet or a reader would take for something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

#: the words that stand for a value which is not there
MISSING = ("not reported", "not reached", "not applicable")
ONE_OF = "one of: " + ", ".join(MISSING)
MAX_CELL_CHARS = 2_000  # the longest cell lists the rows of a pooled finding, under 1,200
FORMULA = ("=", "+", "-", "@")
MARKUP = re.compile(r"<[a-zA-Z/!?]|\bjavascript:", re.IGNORECASE)
HIDDEN = (
    "Cc",
    "Cf",
    "Co",
    "Cn",
    "Cs",
    "Zl",
    "Zp",
)  # control and format characters, direction marks, unassigned ones
NUMBER = re.compile(
    r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
)  # one way to write a number, so that every program reads the same one
MAX_DIGITS = 15  # that every program keeps
SPREADSHEET_ERROR = re.compile(
    r"#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA)|#{3,}|Err:\d{3}",
    re.IGNORECASE,
)
#: ways in which people and programs write that a value is missing, case-folded
PLACEHOLDERS = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "<na>",
        "nan",
        "nat",
        "nr",
        "n.r.",
        "n.r",
        "ne",
        "n.e.",
        "nd",
        "n.d.",
        "null",
        "nil",
        "none",
        "tbd",
        "tba",
        "tbc",
        "unknown",
        "undefined",
        "missing",
        "inf",
        "-inf",
        "infinity",
        "-",
        "--",
        "---",
        "–",
        "—",
        "−",
        "?",
        "??",
        "???",
        ".",
        "..",
        "...",
        "…",
        "*",
        "x",
        "xx",
        "xxx",
    ]
) | {
    "not available",
    "no data",
    "not known",
    "not stated in source",
    "to be determined",
    "to be confirmed",
    "to do",
    "todo",
}
MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"
SPREADSHEET_DATE = re.compile(
    rf"\d{{1,2}}-{MONTH}(-\d{{2,4}})?|{MONTH}-\d{{2}}|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{4}}",
    re.IGNORECASE,
)
SERIAL_DATE = re.compile(r"[2-5]\d{4}(\.\d+)?")  # days since 1900, for dates from 1954 to 2064
SPACES = re.compile(r"[^\S ]")
DASHES = re.compile("[\u00ad\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]")
#: letters of other scripts that look like Latin ones
HOMOGLYPHS = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁһԛԝ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιρ" + "ıɡɑ",
    "ABESIJKMHOPCTYXaesijopcyxdhqw" + "ABEZHIKMNOPTYXovip" + "iga",
)
LATIN_LIKE = frozenset(map(chr, HOMOGLYPHS)) - frozenset(
    "νιρ"
)  # Greek small letters that texts on biology use stay allowed


class Problem(NamedTuple):
    """What is wrong with a cell, and what to do about it."""

    problem: str
    fix: str


def unsafe(cell: str, number: bool = False, quoted: bool = False) -> Problem | None:
    """Return what is wrong with a cell whatever its column means, or None.

    `number`: the column holds numbers, so a cell may begin with a sign. `quoted`: the column repeats
    a source word for word, so that abbreviations for missing values and odd spaces are allowed.
    """
    return _dangerous(cell, number) or (_number(cell) if number else _text(cell, quoted))


@lru_cache(maxsize=100_000)
def _dangerous(cell: str, number: bool) -> Problem | None:
    if len(cell) > MAX_CELL_CHARS:
        return Problem(
            f"the cell has {len(cell):,} characters, more than {MAX_CELL_CHARS:,}", "shorten it"
        )
    if not cell.isascii() or not cell.isprintable():
        hidden = next((char for char in cell if unicodedata.category(char) in HIDDEN), None)
        if hidden is not None:
            return Problem(
                f"the cell contains the invisible character U+{ord(hidden):04X}", "remove it"
            )
        if digit := next((char for char in cell if char.isdecimal() and not char.isascii()), None):
            return Problem(f"{digit!r} is a digit of another script", "write 0 to 9")
    if not cell.strip():
        return Problem("the cell is blank", "write the value, or " + ONE_OF)
    if cell != cell.strip():
        return Problem(f"space around {cell!r}", "remove it")
    if found := SPREADSHEET_ERROR.search(cell):
        return Problem(
            f"{found[0]!r} is a spreadsheet's error value",
            "write the value that the formula should have given",
        )
    if not number and cell.startswith(FORMULA) and cell.casefold() not in PLACEHOLDERS:
        return Problem(
            f"{cell[:40]!r} begins with {cell[0]}, which a spreadsheet takes for a formula",
            "begin it with a letter or a digit",
        )
    if found := MARKUP.search(cell):
        return Problem(
            f"{found[0]!r} begins markup or code",
            "write plain text; put a space after a 'less than' sign",
        )
    return None


def _number(cell: str) -> Problem | None:
    if not NUMBER.fullmatch(cell):
        return Problem(
            f"{cell!r} is not a plain number",
            "write digits, with a point before decimals, and nothing else",
        )
    if sum(char.isdigit() for char in cell) > MAX_DIGITS:
        return Problem(f"{cell!r} has more than {MAX_DIGITS} digits", "round it")
    return None


@lru_cache(maxsize=100_000)
def _text(cell: str, quoted: bool) -> Problem | None:
    if (
        cell.casefold() in PLACEHOLDERS
        and cell != "none"
        and (not quoted or cell.casefold() in ("nan", "null", "<na>", "nat"))
    ):
        return Problem(f"{cell!r} stands for a missing value", "write " + ONE_OF)
    if SPREADSHEET_DATE.fullmatch(cell) or (not quoted and SERIAL_DATE.fullmatch(cell)):
        return Problem(
            f"{cell!r} looks like a date made by a spreadsheet",
            "restore what the source says, and format the column as text before editing",
        )
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
        try:
            date.fromisoformat(cell)
        except ValueError as error:
            return Problem(
                f"{cell!r} is not a date: {error}", "write a day that is in the calendar"
            )
    return None if cell.isascii() else _foreign(cell, quoted)


def _foreign(cell: str, quoted: bool) -> Problem | None:
    """Return what is wrong with the characters beyond ASCII of a cell."""
    if "\ufffd" in cell:
        return Problem(
            "a character was lost and replaced by U+FFFD",
            "restore it from the source, and save the file as UTF-8",
        )
    if broken := mojibake(cell):
        return Problem(
            f"{broken[0]!r} is {broken[1]!r} read in the wrong encoding",
            f"write {broken[1]!r}, and save the file as UTF-8",
        )
    if not unicodedata.is_normalized("NFC", cell):
        return Problem(
            f"an accent of {cell[:40]!r} is a character of its own",
            "write the letter and its accent as one character (Unicode NFC)",
        )
    if not quoted and (space := SPACES.search(cell)):
        return Problem(
            f"{cell[:40]!r} contains the space U+{ord(space[0]):04X}",
            "write a plain space; the pages set their own no-break spaces",
        )
    for word in re.findall(r"[^\W\d_]+", cell):
        alien = next((char for char in word if char in LATIN_LIKE), None)
        if (alien and any(char.isascii() for char in word)) or (
            alien and unicodedata.name(alien).startswith("CYRILLIC")
        ):
            return Problem(
                f"{word!r} contains {unicodedata.name(alien)}, which looks like a Latin letter",
                "write the Latin letter",
            )
    return None


def mojibake(text: str) -> tuple[str, str] | None:
    """Return the first characters of UTF-8 that were decoded as Windows-1252, with what they stand for; None if there are none."""
    for start in range(len(text)):
        if not "\u00c2" <= text[start] <= "\u00f4":
            continue
        for length in (2, 3, 4):
            piece = text[start : start + length]
            try:
                meant = b"".join(_byte(char) for char in piece).decode("utf-8")
            except ValueError:
                continue
            if len(meant) == 1 and re.match(
                "[\u00a0-\u017f\u0370-\u03ff\u2010-\u2044\u20ac\u2100-\u22ff\ufeff\U0001f000-\U0001faff]",
                meant,
            ):
                return piece, meant
    return None


def _byte(char: str) -> bytes:
    """Return the byte that Windows-1252 has for a character, or Latin-1 where Windows-1252 has none."""
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        return char.encode("latin-1")


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Return what a reader sees of a text: without case, accents, kinds of dash and space, look-alike letters or a final dot."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", DASHES.sub("-", text)).translate(HOMOGLYPHS)
        text = "".join(
            char
            for char in text
            if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
        )
    return " ".join(text.casefold().split()).strip(" .")


def look_alikes(cells: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return each value that looks like an earlier, more frequent one, with that value and the place where it was first.

    `cells` are pairs of a value and its place.
    """
    count: dict[str, dict[str, int]] = {}
    first: dict[str, str] = {}
    for value, place in cells:
        spellings = count.setdefault(fold(value), {})
        spellings[value] = spellings.get(value, 0) + 1
        first.setdefault(value, place)
    found: dict[str, tuple[str, str]] = {}
    for spellings in count.values():
        if len(spellings) > 1:
            usual = max(spellings, key=lambda value: spellings[value])
            found |= {value: (usual, first[usual]) for value in spellings if value != usual}
    return found
