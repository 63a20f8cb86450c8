"""Text that would be taken for something else is refused, and text that sources print is not."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import changed

from cartbook.sanitize import MISSING, fold, mojibake, unsafe
from cartbook.validate import Table, check_tables

REFUSED = {
    "begins with =, which a spreadsheet takes for a formula": ["=1+1", "=HYPERLINK(1)"],
    "begins with +, which": ["+44 20"],
    "begins with -, which": ["-cel"],
    "begins with @, which": ["@SUM(A1)"],
    "begins markup or code": [
        "<b>bold</b>",
        "a <script>",
        "</td>",
        "javascript:alert(1)",
        "<!-- x -->",
    ],
    "invisible character": [
        "a\u200bb",
        "a\u202eb",
        "a\tb",
        "a\u00adb",
        "\ufeffa",
        "a\x07b",
        "a\u2028b",
    ],
    "digit of another script": ["٣ patients", "１２"],
    "the cell is blank": ["", " ", "\u00a0"],
    "space around": [" axi-cel", "axi-cel ", "axi-cel\u00a0"],
    "more than 2,000": ["x" * 2001],
    "spreadsheet's error value": [
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NUM!",
        "a; #REF!",
        "########",
        "Err:502",
    ],
    "stands for a missing value": [
        *(
            "NaN",
            "nan",
            "NR",
            "n.r.",
            "N.R.",
            "N/A",
            "n/a",
            "NA",
            "na",
            "null",
            "NULL",
            "None",
            "nil",
            "-",
            "--",
            "–",
            "—",
            "?",
            "TBD",
        ),
        *("tbd", "unknown", "Unknown", "missing", "NaT", "inf", "."),
    ],
    "date made by a spreadsheet": [
        "02-Jan",
        "2-Mar",
        "Jan-02",
        "Sep-22",
        "02-Jan-2022",
        "1-SEP",
        "3/12/2021",
        "03.12.2021",
        "44927",
    ],
    "is not a date": ["2022-02-30", "2022-13-01", "2022-00-00"],
    "read in the wrong encoding": [
        "dasatinib cafÃ©",
        "58â€“72",
        "Â±",
        "Ã—",
        "â€™s",
        "Î³Î´",
        "â‰¥3",
        "MÃ¼ller",
    ],
    "replaced by U+FFFD": ["M\ufffdller"],
    "is a character of its own": ["Mu\u0308ller", "cafe\u0301"],
    "contains the space": ["axi\u00a0cel", "1\u202f234", "a\u2009b"],
    "looks like a Latin letter": ["\u0430xi-cel", "СD19", "CD19 \u0421AR", "ΒCMA", "t\u0456sa-cel"],
}
SOURCES = [
    *(
        "12·8 months",
        "1,234 patients",
        "Thirty-two patients",
        ".5",
        "5–8",
        "<0.001",
        "< 0.001",
        "3%",
        "≥3",
        "P = .03",
        "1 234",
        "−2.5",
    ),
    *("NR", "NA", "NE", "–", "n.r.", "12\u20098", "2019", "44927", "10⁶ cells/kg"),
]
PLAIN = [
    *(
        "CAR-γδ T cells",
        "IFN-γ",
        "TGFβ",
        "IL-2Rα",
        "Müller; Søren",
        "café",
        "≥3",
        "none",
        "4-1BB",
        "CD3ζ",
        "no data yet",
        "a < b",
        "É",
        "2019",
        "not stated",
    ),
    *(
        "https://example.org/a?b=1&c=2",
        "Nanotech",
        "10.1000/x",
        "May",
        "March 2020",
        "2020-03-01",
        "β2-microglobulin",
        "μg",
        "naïve",
        "Ångström",
        "Łódź",
    ),
]


@pytest.mark.parametrize(
    ("said", "cell"), [(said, cell) for said, cells in REFUSED.items() for cell in cells]
)
def test_unsafe_text_is_refused(said: str, cell: str) -> None:
    found = unsafe(cell)
    assert found is not None
    assert said in found.problem
    assert found.fix


@pytest.mark.parametrize("cell", [*PLAIN, *MISSING])
def test_plain_text_is_not_refused(cell: str) -> None:
    assert unsafe(cell) is None


@pytest.mark.parametrize("cell", SOURCES)
def test_what_sources_print_may_be_quoted(cell: str) -> None:
    assert unsafe(cell, quoted=True) is None


@pytest.mark.parametrize(
    "cell", ["#REF!", "02-Jan", "=1", "nan", "null", "5â€“8", "\ufeff12", "Jan-02"]
)
def test_what_only_programs_write_may_not_be_quoted(cell: str) -> None:
    assert unsafe(cell, quoted=True) is not None


@pytest.mark.parametrize(
    "cell",
    [
        "NaN",
        "Infinity",
        "1e999",
        "1_000",
        "1,000",
        "9" * 400,
        "9" * 16,
        "007",
        "+5",
        "1e2",
        "1.",
        ".5",
        "0x1",
        "12·8",
        "NR",
        "5%",
    ],
)
def test_a_number_has_one_form(cell: str) -> None:
    assert unsafe(cell, number=True) is not None


@pytest.mark.parametrize("cell", ["0", "5", "12.80", "-3", "-0.5", "123456789"])
def test_plain_numbers_are_not_refused(cell: str) -> None:
    assert unsafe(cell, number=True) is None


def test_mojibake_is_named_with_what_it_stands_for() -> None:
    assert mojibake("58â€“72") == ("â€“", "–")
    assert mojibake("Ã©") == ("Ã©", "é")
    assert mojibake("Müller & Söhne, “Öl”, 58–72, naïve, Ångström") is None


TWINS = [
    "Axi-Cel",
    "axi\u2011cel",
    "axi\u2013cel",
    "axi-cel.",
    "axi-cel\u00a0",
    "\u0430xi-cel",
    "ａxi-cel",
    "axi-c\u00e9l",
    "axi-ce\u0301l",
]


@pytest.mark.parametrize("twin", TWINS)
def test_a_reader_sees_look_alikes_as_one(twin: str) -> None:
    assert fold(twin) == fold("axi-cel")


@pytest.mark.parametrize(
    ("name", "column", "cell", "twin"),
    [
        ("products", "short_name", "liso-cel", "Liso-cel"),
        ("products", "short_name", "liso-cel", "liso\u2011cel"),
        ("products", "product", "lisocabtagene maraleucel", "lisocabtagene maraleucel."),
        ("studies", "product", "axicabtagene ciloleucel", "Axicabtagene ciloleucel"),
        ("studies", "trial_name", "ZUMA-7", "ZUMA\u20137"),
        ("studies", "trial_name", "ZUMA-7", "Zuma-7"),
        ("products", "company", "Novartis", "NOVARTIS"),
        ("glossary", "term", "plasma cell", "Plasma cell"),
    ],
)
def test_two_spellings_of_one_thing_are_refused_with_both_places(
    package: dict[str, Any], tables: dict[str, Table], name: str, column: str, cell: str, twin: str
) -> None:
    """A row like another one, in which the thing is spelled in another way, in this table or another one."""
    table = tables[name]
    place = table[0].index(column)
    row = next(number for number, one in enumerate(table, start=1) if one[place] == cell)
    rows = (
        changed(table, row, **{column: twin})
        if sum(one[place] == cell for one in table) > 1
        else [*table, changed(table, row, **{column: twin})[row - 1]]
    )
    line = row if len(rows) == len(table) else len(rows)
    found = check_tables(package, {**tables, name: rows}, {name})
    named = [one for one in found if one.row == line and one.column == column]
    assert named, found
    assert any(
        ("looks like" in one.problem and " row " in one.problem) or "allowed value" in one.problem
        for one in named
    ), named
