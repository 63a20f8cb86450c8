"""The tables are whole, described, and say what the review says."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from frictionless import Package, system

from cartbook import evidence
from cartbook.checks import REVIEW
from cartbook.rules import GRADED
from cartbook.sanitize import MISSING
from cartbook.signoff import unsigned
from cartbook.validate import validate

DATA = Path(__file__).resolve().parents[2] / "data"
PACKAGE = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
TABLES = {one["name"]: one for one in PACKAGE["resources"]}


def read(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


OUTCOMES = [row for row in read("outcomes") if row["source_id"] == REVIEW]
STUDIES = {row["study_id"]: row for row in read("studies")}


def outcome(name: str) -> dict[str, str]:
    return next(row for row in OUTCOMES if row["outcome_id"] == name)


def test_every_table_is_valid() -> None:
    assert validate(DATA) == []


def test_every_table_is_signed_off() -> None:
    assert [str(found) for found in unsigned(DATA)] == []


def test_frictionless_finds_the_package_valid() -> None:
    with system.use_context(trusted=True):
        report = Package(str(DATA / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])[:5]


@pytest.mark.parametrize("name", TABLES)
def test_every_column_says_what_it_means(name: str) -> None:
    table = TABLES[name]
    assert table["title"]
    assert len(table["description"]) > 20
    assert table["sources"]
    assert table["licenses"]
    assert table["schema"]["primaryKey"]
    for field in table["schema"]["fields"]:
        assert field["title"], field["name"]
        assert len(field["description"].split()) >= 4, (
            f"{name}.{field['name']} is described in too few words"
        )
        assert field["type"]


def test_the_two_tables_of_the_review_are_complete() -> None:
    for section, studies, columns in (("table-1", 6, 7), ("table-2", 5, 7)):
        rows = [row for row in OUTCOMES if row["section"] == section]
        assert len({row["study_id"] for row in rows}) == studies
        assert len(rows) == studies * columns, f"{section}: one row a printed cell"


def test_every_number_has_a_place() -> None:
    for row in OUTCOMES:
        assert re.fullmatch(
            r"paragraph \d+|row [^,]+, column .+|reference \d+|panel [A-D]", row["place"]
        ), row


def test_harms_are_of_the_graded_kind_and_any_is_never_rarer_than_severe() -> None:
    graded: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in OUTCOMES:
        if (
            row["endpoint"] in GRADED
            and row["section"] in ("table-1", "table-2")
            and row["value"] not in MISSING
        ):
            graded.setdefault((row["study_id"], row["endpoint"], row["section"]), {})[
                row["grade"]
            ] = float(row["value"])
    assert len(graded) == 21
    for where, rates in graded.items():
        assert rates["any"] >= rates["3 or higher"], where


# The traps of the two tables, each as the review prints it and as it must be read.


def test_zuma7_arms_are_the_randomised_and_harms_are_of_the_treated() -> None:
    sizes = {
        row["arm"]: int(row["value"])
        for row in OUTCOMES
        if row["study_id"] == "locke2022" and row["outcome_id"].endswith("participants.text")
    }
    assert sizes["all"] == 359 == sizes["axicabtagene ciloleucel"] + sizes["standard of care"]
    assert (sizes["axicabtagene ciloleucel"], sizes["standard of care"]) == (180, 179)
    harms = [
        row for row in OUTCOMES if row["study_id"] == "locke2022" and row["endpoint"] in GRADED
    ]
    assert {row["denominator"] for row in harms} == {"170"}
    assert STUDIES["locke2022"]["infused"] == "not reported"
    for endpoint in ("complete-response", "overall-survival"):
        assert outcome(f"locke2022.axi-cel.{endpoint}.table-1")["arm"] == "axicabtagene ciloleucel"


def test_zuma5_keeps_both_complete_response_rates() -> None:
    text, table = (
        outcome("jacobson2022.single-group.complete-response.text"),
        outcome("jacobson2022.single-group.complete-response.table-1"),
    )
    assert (text["value"], text["events"], text["denominator"]) == ("74", "77", "104")
    assert (table["value"], table["events"], table["denominator"]) == (
        "76",
        "not reported",
        "not reported",
    )
    assert "text and table disagree" in text["flag"]
    assert "text and table disagree" in table["flag"]


def test_relma_cel_has_one_patient_more_for_harms_than_for_response() -> None:
    response = outcome("ying2021.single-group.complete-response.table-1")
    harms = {
        row["denominator"]
        for row in OUTCOMES
        if row["study_id"] == "ying2021"
        and row["section"] == "table-1"
        and row["endpoint"] in GRADED
    }
    assert response["denominator"] == "58"
    assert harms == {"59"}


@pytest.mark.parametrize(
    ("study", "endpoint"),
    [
        ("locke2022", "complete response"),
        ("shah2021", "CR or CRi"),
        ("roddie2021", "MRD-negative complete response"),
        ("siddiqi2022", "CR or CRi"),
        ("munshi2021", "CR or stringent CR"),
        ("xu2019", "stringent CR"),
        ("berdeja2021", "stringent CR"),
    ],
)
def test_the_column_cr_rate_holds_what_it_really_is(study: str, endpoint: str) -> None:
    row = next(
        row
        for row in OUTCOMES
        if row["study_id"] == study and row["endpoint_printed"] == "CR rate (%)"
    )
    assert row["endpoint"] == endpoint
    assert endpoint == "complete response" or "label does not fit" in row["flag"]


def test_a_count_of_patients_under_a_percent_sign_can_get_no_interval() -> None:
    row = next(
        row
        for row in OUTCOMES
        if row["study_id"] == "berdeja2021" and row["endpoint_printed"] == "CR rate (%)"
    )
    assert row["value"] == "65"
    assert row["denominator"] == "not reported"


def test_the_survival_column_holds_landmarks_with_their_month() -> None:
    rows = [row for row in OUTCOMES if row["endpoint_printed"].startswith("OS rate (median OS)")]
    assert len(rows) == 11
    months = {row["study_id"]: row["at_month"] for row in rows if row["value"] not in MISSING}
    assert months == {
        "locke2022": "24",
        "jacobson2022": "18",
        "shah2021": "12",
        "roddie2021": "12",
        "xu2019": "12",
        "berdeja2021": "12",
    }
    assert {row["statistic"] for row in rows} == {"landmark rate"}


def test_a_bare_zero_is_none_of_the_stated_patients() -> None:
    zeros = {row["study_id"]: row for row in OUTCOMES if row["printed"] == "0"}
    assert {name: row["denominator"] for name, row in zeros.items()} == {
        "roddie2021": "20",
        "zhao2018": "57",
    }
    assert all(
        row["events"] == "0" and "denominator not printed" in row["flag"] for row in zeros.values()
    )


def test_not_available_is_not_reported() -> None:
    rows = [row for row in OUTCOMES if row["printed"] == "NA"]
    assert rows
    assert all(row["value"] == "not reported" for row in rows)


def test_the_trials_of_the_landscape_do_not_add_up_and_the_data_says_so() -> None:
    counts = {row["count_id"]: row["numerator"] for row in read("landscape")}
    parts = sum(int(counts[name]) for name in ("trials-china", "trials-us", "trials-other"))
    assert (int(counts["trials-all"]), parts) == (434, 433)


def test_all_ids_and_references_of_the_review_are_there() -> None:
    ids = read("trial_ids")
    assert len(ids) == 34
    assert [row["nct_printed"] for row in ids if row["well_formed"] == "no"] == ["NCT0403756"]
    assert all(
        re.fullmatch(r"NCT\d{8}", row["nct_id"]) for row in ids if row["well_formed"] == "yes"
    )
    assert [int(row["reference"]) for row in read("references")] == list(range(1, 98))


def test_every_study_is_a_reference_and_a_bibliography_entry() -> None:
    references = {row["key"]: row for row in read("references")}
    entries = set(
        re.findall(
            r"^@\w+\{([^,]+),",
            (DATA.parent / "chapters" / "references.bib").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    assert set(references) <= entries
    assert len(entries) == len(
        re.findall(
            r"^@",
            (DATA.parent / "chapters" / "references.bib").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    for name, study in STUDIES.items():
        if study["reference"] not in MISSING:
            assert references[name]["reference"] == study["reference"]


def test_a_number_of_no_study_says_so_in_every_column_of_words() -> None:
    rows = evidence()
    alone = rows[rows["study_id"].eq("not applicable")]
    assert len(alone) > 0
    words = alone.select_dtypes(exclude="number")
    assert not words.isna().any(axis=None)
    assert set(alone["disease"]) == {"not applicable"}
