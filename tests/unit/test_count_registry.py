"""The count of the registry counts what it says, on a small made-up snapshot, and refuses a broken one."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from cartbook.registry import groups
from scripts import count_registry as registry

TRIALS = """NCTId,BriefTitle,OverallStatus,Phase,EnrollmentCount,Branch,DiseaseCategory,TargetCategory,LeadSponsorClass,StdAges,MaxAge,StartDate,SnapshotDate
NCT00000100,CD19 cells,COMPLETED,PHASE1,20,Heme-onc,B-ALL,CD19,OTHER,CHILD|ADULT,25 Years,2019-01-05,2030-01-01
NCT00000200,BCMA cells,RECRUITING,PHASE1|PHASE2,1200,Heme-onc,Multiple myeloma,BCMA,INDUSTRY,ADULT|OLDER_ADULT,,2019-10-01,2030-01-01
NCT00000300,Long-Term Follow-up of patients,RECRUITING,NA,,Heme-onc,Basket/Multidisease,CAR-T_unspecified,INDUSTRY,CHILD|ADULT|OLDER_ADULT,,2019-01-01,2030-01-01
NCT00000310,Anakinra for the Prevention of CRS,RECRUITING,PHASE2,30,Heme-onc,B-NHL,CD19,NIH,ADULT|OLDER_ADULT,75 Years,2021-02-09,2030-01-01
NCT00000320,Never begun,WITHDRAWN,PHASE1,0,Heme-onc,AML,CD33,OTHER_GOV,ADULT,70 Years,,2030-01-01
NCT00000330,Killer cells,RECRUITING,PHASE1,10,Heme-onc,AML,CAR-NK_CD33,OTHER,ADULT,70 Years,2021-01-01,2030-01-01
NCT00000340,Solid,RECRUITING,PHASE1,10,Solid-onc,GI,CLDN18.2,OTHER,ADULT,70 Years,2021-01-01,2030-01-01
NCT00000900,Late,UNKNOWN,PHASE1,10,Heme-onc,T-ALL,CD7,OTHER,ADULT,80 Years,2024-01-01,2030-01-01
"""
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
def snapshot(tmp_path):
    for name, text in (
        (registry.TRIALS, TRIALS),
        (registry.SITES, SITES),
        (registry.ANCHORS, ANCHORS),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def edit(snapshot, name, old, new, count=1):
    path = snapshot / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


@pytest.mark.parametrize(
    ("dimension", "column", "expected"),
    [
        ("year", "value", {"2019": 1, "2020": 1, "2021": 3, "after March 2022": 1}),
        (
            "year",
            "country_group",
            {
                "China": 2,
                "China and United States": 1,
                "United States": 1,
                "not stated": 1,
                "other countries": 1,
            },
        ),
        (
            "year",
            "record_kind",
            {"trial": 3, "long-term follow-up": 1, "supportive care": 1, "withdrawn": 1},
        ),
        ("enrolment", "value", {"40 or fewer": 4, "more than 100": 1, "not stated": 1}),
        ("centres", "value", {"one": 4, "2 to 10": 1, "not stated": 1}),
        ("sponsor", "value", {"hospital, university or public body": 4, "industry": 2}),
        ("status", "value", {"completed": 1, "open": 3, "withdrawn": 1, "unknown": 1}),
        ("ages", "value", {"adults": 4, "children and adults": 2}),
        (
            "oldest",
            "value",
            {
                "up to 65 years": 1,
                "66 to 70 years": 1,
                "71 to 75 years": 1,
                "above 75 years": 1,
                "no limit": 2,
            },
        ),
        (
            "registered",
            "value",
            {
                "by the start": 2,
                "posting date not known": 1,
                "within 6 months of the start": 1,
                "later": 1,
                "start not stated": 1,
            },
        ),
    ],
)
def test_trials_are_counted_by_group(snapshot, dimension, column, expected):
    table = registry.main(snapshot, snapshot / "recount.csv")
    counts = table[table["dimension"] == dimension].groupby(column)["trials"].sum()
    assert counts.to_dict() == expected


def test_participants_are_added_up_and_a_trial_without_a_number_adds_none(snapshot):
    table = registry.main(snapshot, snapshot / "recount.csv")
    by_size = table[table["dimension"] == "enrolment"].groupby("value")["participants"].sum()
    assert by_size.to_dict() == {"40 or fewer": 60, "more than 100": 1200, "not stated": 0}


def test_each_grouping_counts_every_trial_and_no_row_of_the_snapshot_is_published(snapshot):
    table = registry.main(snapshot, snapshot / "recount.csv")
    assert set(table.groupby("dimension")["trials"].sum()) == {6}, (
        "no killer cells, no solid cancers"
    )
    assert set(table["as_of"]) == {"2030-01-01"}
    assert {"T-cell malignancies", "multiple myeloma"} <= set(table["value"])
    text = (snapshot / "recount.csv").read_text(encoding="utf-8")
    assert "NCT" not in text
    assert "Killer" not in text


@pytest.mark.parametrize(
    ("days", "group"),
    [
        (0, "by the start"),
        (groups.ERROR, "by the start"),
        (groups.ERROR + 1, "within 6 months of the start"),
        (groups.HALF_YEAR + 1, "later"),
    ],
)
def test_a_trial_posted_within_the_error_of_the_estimate_counts_as_on_time(days, group):
    started = date(2020, 1, 1)
    assert groups.registered(started + timedelta(days), started) == group


def test_nothing_is_said_of_when_a_trial_outside_the_window_was_posted():
    """The known dates end soon after the window, so later dates are not estimated."""
    later = groups.WINDOW[1] + timedelta(1)
    assert groups.registered(later, date(2024, 1, 1)) == "posting date not known"


def test_dates_are_interpolated_and_a_month_is_its_middle(snapshot):
    anchors = registry.read(snapshot)[registry.ANCHORS]
    dates = registry.estimate_dates(pd.Series(["NCT00000200"]), anchors)
    assert dates.iloc[0].isoformat() == "2020-01-02"
    for month in ("2019-03", "March 2019"):
        assert groups.day(month).isoformat() == "2019-03-15"


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
    "number with a comma": ("trials.csv", ",PHASE1|PHASE2,1200,", ',PHASE1|PHASE2,"1,200",'),
    "number with a decimal": ("trials.csv", ",PHASE1|PHASE2,1200,", ",PHASE1|PHASE2,1200.0,"),
    "age in another case": ("trials.csv", ",75 Years,", ",75 years,"),
    "sponsor in another case": ("trials.csv", ",INDUSTRY,ADULT", ",Industry,ADULT"),
    "date in words": ("first_posted_anchors.csv", "2021-01-01", '"January 1, 2021"'),
    "byte order mark": ("trials.csv", "NCTId", "\ufeffNCTId"),
}


@pytest.mark.parametrize("case", SAME)
def test_known_spellings_count_as_one(snapshot, case):
    before = registry.main(snapshot, snapshot / "recount.csv")
    edit(snapshot, *SAME[case])
    pd.testing.assert_frame_equal(registry.main(snapshot, snapshot / "recount.csv"), before)


#: file, what is there, what is written instead, and how the error names it
BROKEN = [
    ("trials.csv", "Branch", "Branches", "row 1 has no column Branch"),
    ("trials.csv", "NCT00000300", "NCT300", "row 4, column NCTId: 'NCT300'"),
    ("trials.csv", "NCT00000300", "NCT00000200", "row 4, column NCTId: 'NCT00000200'"),
    ("trials.csv", "2030-01-01", "2031-01-01", "SnapshotDate has 2 dates"),
    ("trials.csv", "CD19 cells", '"CD19 cells', "cannot be read as CSV"),
    ("sites.csv", "Shanghai,China", "Shanghai", "sites.csv, row 5 has 2 cells"),
    ("trials.csv", ",PHASE1|PHASE2,", ",PHASE1-2a,", "row 3, column Phase: 'PHASE1-2a'"),
    ("trials.csv", ",WITHDRAWN,", ",Halted,", "row 6, column OverallStatus: 'Halted'"),
    ("trials.csv", "20,Heme-onc", "20,Blood", "row 2, column Branch: 'Blood'"),
    ("sites.csv", "Shanghai,China", "Shanghai,China (PRC)", "row 5, column Country: 'China (PRC)'"),
    (
        "trials.csv",
        "PHASE2,1200,",
        "PHASE2,about 1200,",
        "row 3, column EnrollmentCount: 'about 1200'",
    ),
    ("trials.csv", ",NIH,", ",Club,", "row 5, column LeadSponsorClass: 'Club'"),
    ("trials.csv", ",75 Years,", ",old,", "row 5, column MaxAge: 'old'"),
    ("trials.csv", "CHILD|ADULT,", "BABY,", "row 2, column StdAges: 'BABY'"),
    ("trials.csv", "2019-10-01", "10/01/2019", "row 3, column StartDate: '10/01/2019'"),
    (
        "first_posted_anchors.csv",
        "2021-01-01",
        "05/03/2021",
        "row 4, column first_posted: '05/03/2021'",
    ),
    (
        "first_posted_anchors.csv",
        "2021-01-01",
        "2021-02-30",
        "row 4, column first_posted: '2021-02-30'",
    ),
    ("first_posted_anchors.csv", "2021-01-01", "", "row 4, column first_posted: ''"),
]


def refusal(snapshot):
    """The line that ends a count; the table is as it was."""
    target = snapshot / "recount.csv"
    target.write_text("as it was", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        registry.main(snapshot, target)
    assert [path.name for path in snapshot.glob("recount*")] == ["recount.csv"]
    assert target.read_text(encoding="utf-8") == "as it was"
    (line,) = str(stopped.value).splitlines()
    assert line.startswith("error: ")
    assert "Fix: " in line
    return line


@pytest.mark.parametrize(("name", "old", "new", "said"), BROKEN)
def test_a_broken_snapshot_ends_in_one_line_and_writes_nothing(snapshot, name, old, new, said):
    edit(snapshot, name, old, new)
    assert said in refusal(snapshot)


def test_a_missing_file_and_a_snapshot_without_trials_are_refused(snapshot):
    edit(snapshot, "trials.csv", "Heme-onc", "Solid-onc", -1)
    assert "no trial of CAR-T cells" in refusal(snapshot)
    (snapshot / "sites.csv").unlink()
    assert "sites.csv is missing" in refusal(snapshot)
