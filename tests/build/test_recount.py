"""The recount counts what it says, on a small made-up snapshot, and refuses a broken one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scripts import load_script

recount = load_script("recount")

TRIALS = """NCTId,BriefTitle,OverallStatus,Phase,EnrollmentCount,Branch,DiseaseCategory,TargetCategory,SnapshotDate
NCT00000100,CD19 cells,COMPLETED,PHASE1,20,Heme-onc,B-ALL,CD19,2030-01-01
NCT00000200,BCMA cells,RECRUITING,PHASE1|PHASE2,120,Heme-onc,Multiple myeloma,BCMA,2030-01-01
NCT00000200X,,,,,,,,
NCT00000300,Long-Term Follow-up of patients,RECRUITING,NA,,Heme-onc,Basket/Multidisease,CAR-T_unspecified,2030-01-01
NCT00000310,Anakinra for the Prevention of CRS,RECRUITING,PHASE2,30,Heme-onc,B-NHL,CD19,2030-01-01
NCT00000320,Never begun,WITHDRAWN,PHASE1,0,Heme-onc,AML,CD33,2030-01-01
NCT00000330,Killer cells,RECRUITING,PHASE1,10,Heme-onc,AML,CAR-NK_CD33,2030-01-01
NCT00000340,Solid,RECRUITING,PHASE1,10,Solid-onc,GI,CLDN18.2,2030-01-01
NCT00000900,Late,RECRUITING,PHASE1,10,Heme-onc,T-ALL,CD7,2030-01-01
""".replace("NCT00000200X,,,,,,,,\n", "")
SITES = """NCTId,City,Country
NCT00000100,Beijing,China
NCT00000200,Boston,United States
NCT00000200,Boston,United States
NCT00000200,Shanghai,China
NCT00000300,Paris,France
NCT00000310,Boston,United States
NCT00000900,Beijing,China
"""
ANCHORS = """nct,first_posted
NCT00000000,2017-01-01
NCT00000100,2019-01-01
NCT00000300,2021-01-01
NCT00000400,2022-01-01
NCT00000800,2023-01-01
"""


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    for name, text in (("trials.csv", TRIALS), ("sites.csv", SITES), ("first_posted_anchors.csv", ANCHORS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def counts(snapshot: Path, dimension: str) -> pd.DataFrame:
    table = recount.main(snapshot, snapshot / "recount.csv")
    return table[table["dimension"] == dimension]


def test_killer_cells_and_solid_cancers_do_not_count(snapshot: Path) -> None:
    assert counts(snapshot, "year")["trials"].sum() == 6


def test_a_trial_in_both_countries_stands_apart(snapshot: Path) -> None:
    years = counts(snapshot, "year")
    assert years.set_index("country_group")["trials"].groupby(level=0).sum().to_dict() == {
        "China": 2,
        "China and United States": 1,
        "United States": 1,
        "not stated": 1,
        "other countries": 1,
    }


def test_dates_are_interpolated_between_anchors(snapshot: Path) -> None:
    years = counts(snapshot, "year").set_index("value")["trials"].groupby(level=0).sum().to_dict()
    assert years == {"2019": 1, "2020": 1, "2021": 3, "after March 2022": 1}
    dates = recount.estimate_dates(pd.Series(["NCT00000200"]), pd.read_csv(snapshot / "first_posted_anchors.csv"))
    assert dates.iloc[0].isoformat() == "2020-01-02"


def test_kinds_of_records_are_kept_apart(snapshot: Path) -> None:
    kinds = counts(snapshot, "year").set_index("record_kind")["trials"].groupby(level=0).sum().to_dict()
    assert kinds == {"trial": 3, "long-term follow-up": 1, "supportive care": 1, "withdrawn": 1}


def test_groups_are_the_named_ones(snapshot: Path) -> None:
    diseases = counts(snapshot, "disease").set_index("value")["trials"].groupby(level=0).sum().to_dict()
    assert diseases["T-cell malignancies"] == 1
    assert diseases["multiple myeloma"] == 1
    enrolment = counts(snapshot, "enrolment").set_index("value")["trials"].groupby(level=0).sum().to_dict()
    assert enrolment == {"40 or fewer": 4, "more than 100": 1, "not stated": 1}
    centres = counts(snapshot, "centres").set_index("value")["trials"].groupby(level=0).sum().to_dict()
    assert centres == {"one": 4, "2 to 10": 1, "not stated": 1}


def test_every_grouping_counts_every_trial(snapshot: Path) -> None:
    table = recount.main(snapshot, snapshot / "recount.csv")
    assert set(table.groupby("dimension")["trials"].sum()) == {6}
    assert set(table["as_of"]) == {"2030-01-01"}


def test_no_row_of_the_snapshot_is_in_the_table(snapshot: Path) -> None:
    recount.main(snapshot, snapshot / "recount.csv")
    text = (snapshot / "recount.csv").read_text(encoding="utf-8")
    assert "NCT" not in text
    assert "Killer" not in text


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("sites.csv", lambda _: None, "sites.csv is missing"),
        ("trials.csv", lambda text: text.replace("Branch", "Branches", 1), "no column Branch"),
        ("trials.csv", lambda text: text.replace("NCT00000300", "NCT300", 1), "row 4, column NCTId"),
        ("trials.csv", lambda text: text.replace("2030-01-01", "2031-01-01", 1), "SnapshotDate has 2 dates"),
        ("trials.csv", lambda _: "", "cannot be read as CSV"),
    ],
)
def test_a_broken_snapshot_ends_in_one_line_and_leaves_the_table_alone(snapshot: Path, name: str, change: object, said: str) -> None:
    path, target = snapshot / name, snapshot / "recount.csv"
    target.write_text("as it was", encoding="utf-8")
    new = change(path.read_text(encoding="utf-8"))  # type: ignore[operator]
    if new is None:
        path.unlink()
    else:
        path.write_text(new, encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        recount.main(snapshot, target)
    assert str(stopped.value).startswith("error: ")
    assert said in str(stopped.value)
    assert target.read_text(encoding="utf-8") == "as it was"
