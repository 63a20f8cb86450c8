"""The recount counts what it says, on a small made-up snapshot, and refuses a broken one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scripts import count_registry as registry

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
    for name, text in (
        ("trials.csv", TRIALS),
        ("sites.csv", SITES),
        ("first_posted_anchors.csv", ANCHORS),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def counts(snapshot: Path, dimension: str) -> pd.DataFrame:
    table = registry.main(snapshot, snapshot / "recount.csv")
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
    anchors = registry.read(snapshot)["first_posted_anchors.csv"]
    dates = registry.estimate_dates(pd.Series(["NCT00000200"]), anchors)
    assert dates.iloc[0].isoformat() == "2020-01-02"


def test_kinds_of_records_are_kept_apart(snapshot: Path) -> None:
    kinds = (
        counts(snapshot, "year").set_index("record_kind")["trials"].groupby(level=0).sum().to_dict()
    )
    assert kinds == {"trial": 3, "long-term follow-up": 1, "supportive care": 1, "withdrawn": 1}


def test_groups_are_the_named_ones(snapshot: Path) -> None:
    diseases = (
        counts(snapshot, "disease").set_index("value")["trials"].groupby(level=0).sum().to_dict()
    )
    assert diseases["T-cell malignancies"] == 1
    assert diseases["multiple myeloma"] == 1
    enrolment = (
        counts(snapshot, "enrolment").set_index("value")["trials"].groupby(level=0).sum().to_dict()
    )
    assert enrolment == {"40 or fewer": 4, "more than 100": 1, "not stated": 1}
    centres = (
        counts(snapshot, "centres").set_index("value")["trials"].groupby(level=0).sum().to_dict()
    )
    assert centres == {"one": 4, "2 to 10": 1, "not stated": 1}


def test_every_grouping_counts_every_trial(snapshot: Path) -> None:
    table = registry.main(snapshot, snapshot / "recount.csv")
    assert set(table.groupby("dimension")["trials"].sum()) == {6}
    assert set(table["as_of"]) == {"2030-01-01"}


def test_no_row_of_the_snapshot_is_in_the_table(snapshot: Path) -> None:
    registry.main(snapshot, snapshot / "recount.csv")
    text = (snapshot / "recount.csv").read_text(encoding="utf-8")
    assert "NCT" not in text
    assert "Killer" not in text


#: a spelling that the registry or a spreadsheet gives, and one that counts as the same
SAME = {
    "phase in words": ("trials.csv", ",PHASE1|PHASE2,", ",Phase 1/Phase 2,"),
    "phase in Roman numerals": ("trials.csv", ",PHASE1|PHASE2,", ",Phase I/II,"),
    "phase not applicable": ("trials.csv", ",NA,,", ",N/A,,"),
    "status in another case": ("trials.csv", ",WITHDRAWN,", ",Withdrawn,"),
    "status in words": ("trials.csv", ",RECRUITING,PHASE2,", ",Not yet recruiting,PHASE2,"),
    "label in another case": ("trials.csv", "CAR-NK_CD33", "Car-nk_CD33"),
    "label with another hyphen": ("trials.csv", "CAR-NK_CD33", "CAR\u2011NK_CD33"),
    "branch in another case": ("trials.csv", "20,Heme-onc", "20,heme-onc "),
    "country with a blank": ("sites.csv", "Shanghai,China", "Shanghai,China "),
    "country in another case": ("sites.csv", "Shanghai,China", "Shanghai,CHINA"),
    "country in full": (
        "sites.csv",
        "NCT00000310,Boston,United States",
        "NCT00000310,Boston,United States of America",
    ),
    "number with a comma": ("trials.csv", ",PHASE1|PHASE2,120,", ',PHASE1|PHASE2,"1,200",'),
    "number with a decimal": ("trials.csv", ",PHASE1|PHASE2,120,", ",PHASE1|PHASE2,120.0,"),
    "date in words": ("first_posted_anchors.csv", "2021-01-01", '"January 1, 2021"'),
    "byte order mark": ("trials.csv", "NCTId", "\ufeffNCTId"),
}


@pytest.mark.parametrize("case", SAME)
def test_known_spellings_count_as_one(snapshot: Path, case: str) -> None:
    before = registry.main(snapshot, snapshot / "recount.csv")
    name, old, new = SAME[case]
    path = snapshot / name
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    pd.testing.assert_frame_equal(registry.main(snapshot, snapshot / "recount.csv"), before)


def test_a_month_without_a_day_is_its_middle(snapshot: Path) -> None:
    assert (
        registry.day("2019-03").isoformat()
        == registry.day("March 2019").isoformat()
        == "2019-03-15"
    )
    path = snapshot / "first_posted_anchors.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("2021-01-01", "2021-01"), encoding="utf-8"
    )
    assert set(counts(snapshot, "year")["trials"]) >= {1}


#: file, what stands there, what is written instead, and where and how the error names it
BROKEN = {
    "missing file": ("sites.csv", None, "", "sites.csv is missing"),
    "missing column": ("trials.csv", "Branch", "Branches", "row 1 has no column Branch"),
    "short id": ("trials.csv", "NCT00000300", "NCT300", "row 4, column NCTId: 'NCT300'"),
    "id twice": ("trials.csv", "NCT00000300", "NCT00000200", "row 4, column NCTId: 'NCT00000200'"),
    "two dates": ("trials.csv", "2030-01-01", "2031-01-01", "SnapshotDate has 2 dates"),
    "unmatched quotation mark": (
        "trials.csv",
        "CD19 cells",
        '"CD19 cells',
        "cannot be read as CSV",
    ),
    "short row": ("sites.csv", "Shanghai,China", "Shanghai", "sites.csv, row 5 has 2 cells"),
    "unknown phase": (
        "trials.csv",
        ",PHASE1|PHASE2,",
        ",PHASE1-2a,",
        "row 3, column Phase: 'PHASE1-2a'",
    ),
    "unknown status": (
        "trials.csv",
        ",WITHDRAWN,",
        ",Withdrawn by sponsor,",
        "row 6, column OverallStatus: 'Withdrawn by sponsor'",
    ),
    "unknown branch": (
        "trials.csv",
        "20,Heme-onc",
        "20,Haematology",
        "row 2, column Branch: 'Haematology'",
    ),
    "unclear country": (
        "sites.csv",
        "Shanghai,China",
        "Shanghai,China (PRC)",
        "sites.csv, row 5, column Country: 'China (PRC)'",
    ),
    "enrolment in words": (
        "trials.csv",
        ",PHASE1|PHASE2,120,",
        ",PHASE1|PHASE2,about 120,",
        "row 3, column EnrollmentCount: 'about 120'",
    ),
    "day first": (
        "first_posted_anchors.csv",
        "2021-01-01",
        "05/03/2021",
        "row 4, column first_posted: '05/03/2021'",
    ),
    "impossible day": (
        "first_posted_anchors.csv",
        "2021-01-01",
        "2021-02-30",
        "row 4, column first_posted: '2021-02-30'",
    ),
    "blank date": ("first_posted_anchors.csv", "2021-01-01", "", "row 4, column first_posted: ''"),
    "no trial that counts": ("trials.csv", "Heme-onc", "Solid-onc", "no trial of CAR-T cells"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_snapshot_ends_in_one_line_and_writes_nothing(snapshot: Path, case: str) -> None:
    name, old, new, said = BROKEN[case]
    path, target = snapshot / name, snapshot / "recount.csv"
    target.write_text("as it was", encoding="utf-8")
    if old is None:
        path.unlink()
    else:
        body = path.read_text(encoding="utf-8")
        assert old in body
        path.write_text(
            body.replace(old, new, -1 if case == "no trial that counts" else 1), encoding="utf-8"
        )
    with pytest.raises(SystemExit) as stopped:
        registry.main(snapshot, target)
    message = str(stopped.value)
    assert message.startswith("error: ")
    assert said in message
    assert "Fix: " in message
    assert len(message.splitlines()) == 1
    assert target.read_text(encoding="utf-8") == "as it was"
    assert not target.with_suffix(".new").exists()
