"""Every rule holds in the data and can be broken; contradictions between cells are named."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from helpers import changed, row_of

from cartbook import checks, rules
from cartbook.datapackage import Table
from cartbook.findings import Finding
from cartbook.printed import printed_numbers
from cartbook.validate import as_rows, check_tables

Check = Callable[..., list[Finding]]


@pytest.fixture(scope="session")
def rows(tables: dict[str, Table]) -> dict[str, list[rules.Row]]:
    return {name: as_rows(table) for name, table in tables.items()}


class Recording(dict[str, str]):
    """A row that notes which of its columns are read."""

    def __init__(self, read: set[str], row: rules.Row) -> None:
        super().__init__(row)
        self.read = read

    def __getitem__(self, column: str) -> str:
        self.read.add(column)
        return super().__getitem__(column)


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: f"{rule.name}-{rule.tables[0]}")
def test_a_rule_holds_and_can_be_broken(rule: rules.Rule, rows: dict[str, list[rules.Row]]) -> None:
    """A rule that no change of a cell breaks would protect nothing."""
    assert len(rule.sentence.split()) >= 4
    assert list(rule.check(*(rows[name] for name in rule.tables))) == []
    rng, name, read = random.Random(rule.name), rule.tables[0], set[str]()
    recording = [Recording(read, row) for row in rows[name]]
    assert list(rule.check(recording, *(rows[other] for other in rule.tables[1:]))) == []
    for _ in range(4000):
        table = list(rows[name])
        place, column = rng.randrange(len(table)), rng.choice(sorted(read) or list(table[0]))
        cells = [
            rng.choice(table)[column],
            "not applicable",
            "not reported",
            "99999",
            "0",
            "none",
            "month",
            "year",
            table[place][column][:-1],
        ]
        table[place] = {**table[place], column: rng.choice(cells)}
        if rng.random() < 0.2:
            table.append({**table[place], next(iter(table[0])): "another-key"})
        found = list(
            rule.check(
                table, *(rows[other] if other != name else table for other in rule.tables[1:])
            )
        )
        if found:
            assert all(one.problem and one.fix and one.row >= 1 for one in found)
            return
    pytest.fail("nothing breaks it")


def said(found: list[Finding], row: int, column: str, problem: str) -> bool:
    return any((one.row, one.column) == (row, column) and problem in one.problem for one in found)


@pytest.mark.parametrize(
    ("study", "cells", "column", "problem"),
    [
        ("munshi2021", {"enrolled": "127"}, "infused", "128 infused of 127 enrolled"),
        ("munshi2021", {"apheresed": "127"}, "infused", "128 infused of 127 apheresed"),
        ("munshi2021", {"apheresed": "141"}, "apheresed", "141 apheresed of 140 enrolled"),
        ("munshi2021", {"evaluable": "141"}, "evaluable", "141 evaluable of 140 enrolled"),
    ],
)
def test_groups_of_a_study_shrink(
    check: Check,
    tables: dict[str, Table],
    study: str,
    cells: dict[str, str],
    column: str,
    problem: str,
) -> None:
    row = row_of(tables["studies"], study_id=study)
    found = check("studies", row, **cells)
    assert said(found, row, column, problem), found


#: outcome, other cells of its row, the column that is named, and what is said
OUTCOMES = {
    "events above the denominator": (
        "locke2022.axi-cel.cytokine-release-syndrome.any-grade-table-1",
        {"events": "177", "printed": "92 (177/170)"},
        "events",
        "177 events of 170",
    ),
    "percentage that does not follow": (
        "locke2022.axi-cel.cytokine-release-syndrome.any-grade-table-1",
        {"value": "82", "printed": "82 (157/170)"},
        "value",
        "92.35%, printed is 82%",
    ),
    "percentage that does follow, flagged": (
        "locke2022.axi-cel.cytokine-release-syndrome.any-grade-table-1",
        {"flag": "percentage does not follow", "note": "Why."},
        "value",
        "92.35%",
    ),
    "impossible percentage": (
        "locke2022.axi-cel.complete-response.text",
        {"value": "650", "printed": "650%"},
        "value",
        "650 per cent",
    ),
    "infused above randomised": (
        "locke2022.axi-cel.cytokine-release-syndrome.any-grade-table-1",
        {"events": "167", "denominator": "181", "printed": "92 (167/181)"},
        "denominator",
        "181 patients, of 180 who were enrolled or randomised",
    ),
    "evaluable above enrolled": (
        "yan2019.single-group.objective-response.text",
        {"events": "21", "denominator": "22", "printed": "95% (21/22)"},
        "denominator",
        "22 patients, of 21",
    ),
    "severe above any grade": (
        "zhao2018.single-group.neurotoxicity.grade-3-table-2",
        {
            "value": "4",
            "events": "2",
            "printed": "4 (2/57)",
            "denominator_basis": "printed with the number",
            "flag": "none",
            "note": "none",
        },
        "value",
        "2 patients with grade '3 or higher', 'any' in row",
    ),
    "subset above its set": (
        "munshi2021.single-group.cr-or-stringent-cr.text",
        {"value": "74", "events": "95", "printed": "74% (95/128)"},
        "value",
        "95 patients with endpoint 'CR or stringent CR', 'objective response' in row",
    ),
    "12 for 12·8": (
        "shah2021.single-group.duration-of-response.text-all",
        {"value": "12", "printed": "12·8 months"},
        "value",
        "12 is not in the printed string '12·8 months'",
    ),
    "234 for 1,234": (
        "locke2022.all.participants.text",
        {"value": "234", "printed": "1,234 patients"},
        "value",
        "not in the printed string",
    ),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_a_contradiction_between_outcomes_is_named(
    check: Check, tables: dict[str, Table], case: str
) -> None:
    outcome, cells, column, problem = OUTCOMES[case]
    row = row_of(tables["outcomes"], outcome_id=outcome)
    found = check("outcomes", row, **cells)
    assert said(found, row, column, problem), found


def test_a_contradiction_between_published_numbers_is_named(
    check: Check, tables: dict[str, Table]
) -> None:
    outcomes = tables["outcomes"]
    row = row_of(outcomes, outcome_id="den-eliana.infused")
    assert said(check("outcomes", row, events="98", value="98"), row, "events", "98 events of 97")
    assert said(check("outcomes", row, denominator="98"), row, "denominator", "98 patients, of 97")
    low = next(
        number
        for number, one in enumerate(as_rows(outcomes), start=2)
        if checks.number(one["low"]) is not None
    )
    assert said(check("outcomes", low, low="99999"), low, "low", "the interval runs from 99999 to")
    landscape = row_of(tables["landscape"], count_id="trials-china")
    assert said(
        check("landscape", landscape, numerator="434", denominator="277"),
        landscape,
        "numerator",
        "434 events of 277",
    )


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("outcomes", {"outcome_id": "locke2022.all.participants.text-again"}),
        (
            "studies",
            {"study_id": "locke2022-b", "label": "ZUMA-7 again", "reference": "not applicable"},
        ),
        ("sources", {"source_id": "yang2023-again"}),
        ("products", {"product_id": "axi-2", "product": "another name", "short_name": "axi-2"}),
        ("recount", {"recount_id": "R1169", "trials": "40"}),
    ],
)
def test_a_row_pasted_under_a_new_key_is_refused(
    package: dict[str, Any], tables: dict[str, Table], name: str, cells: dict[str, str]
) -> None:
    table = tables[name]
    pasted = changed(table, 2, **cells)[1]
    found = check_tables(package, {**tables, name: [*table, pasted]}, {name})
    assert any("repeats row 2 under another key" in one.problem for one in found), found


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("12·8 months", "12.8"),
        ("12.8 months", "12.8"),
        ("Thirty-two patients", "32"),
        ("thirty two patients", "32"),
        ("one hundred and five", "105"),
        ("1,234 patients", "1234"),
        ("1\u2009234 patients", "1234"),
        ("1 234 patients", "1234"),
        (".5", "0.5"),
        ("P<0.001", "0.001"),
        ("5–8", "8"),
        ("12,8 months", "12.8"),
        ("none of 20", "0"),
        ("n = 17", "17"),
    ],
)
def test_a_number_may_stand_as_its_source_prints_it(
    check: Check, tables: dict[str, Table], printed: str, value: str
) -> None:
    row = row_of(tables["outcomes"], outcome_id="locke2022.all.follow-up.text")
    found = check("outcomes", row, printed=printed, value=value)
    assert [one for one in found if one.file == "outcomes.csv"] == []


def test_numbers_in_print_are_read_whole() -> None:
    assert printed_numbers("12·8 months") == {12.8}
    assert printed_numbers("1,234 of 5,678") == {1234, 5678}
    assert printed_numbers("92 (157/170)") == {92, 157, 170}
    assert printed_numbers("Thirty-two of forty patients") == {32, 40}
    assert printed_numbers("two hundred and twelve, three") == {212, 3}
    assert printed_numbers(".5–1.5") == {0.5, 1.5}
    assert printed_numbers("no number") == set()


@pytest.mark.parametrize("wider", [rules.RESPONSES, rules.GRADES], ids=["responses", "grades"])
def test_what_includes_a_wider_thing_includes_the_narrower(
    wider: dict[str, tuple[str, ...]],
) -> None:
    for narrow, including in wider.items():
        for one in including:
            assert set(wider.get(one, ())) <= set(including), f"{narrow} is within {one}"
