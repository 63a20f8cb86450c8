"""Count CAR-T trials in blood cancers from a registry snapshot: ``python builders/recount.py FOLDER``.

It reads ``trials.csv``, ``sites.csv`` and ``first_posted_anchors.csv`` of the folder and writes
``data/recount.csv``, aggregate counts only. No row of the snapshot enters the book.

The snapshot behind the committed table is ClinicalTrials.gov (API v2) as frozen on 2026-08-22 in
github.com/ptjeong/ONC-CAR-T-Trials-Monitor, commit 15fcc6f5e092ec4d2a0a77cc8476d12d8e1caf25
(P. Jeong, CAR-T Oncology Trials Monitor, doi:10.5281/zenodo.19738097, MIT). Registry content is
courtesy of the U.S. National Library of Medicine; it is not current, and no endorsement is implied.

What is counted, and how sure it is:

- Blood cancers (``Branch`` Heme-onc), CAR-T cells only (no CAR-NK or CAR-γδ).
- The snapshot has no first-posted date. NCT numbers are handed out in order of time, so the date is
  interpolated between trials whose date is known (the anchors); it is an estimate.
  Years are given within the review's window only: the anchors end soon after it.
- Diseases and targets are the labels of the snapshot's classifier, some set by a language model.
- Status, enrolment and sites are as of the snapshot, not of the year in which a trial was posted.
- Records that a careful counter may leave out are kept apart in ``record_kind``: withdrawn,
  long-term follow-up, observational, supportive care; a record that fits several has the first.
"""

from __future__ import annotations

import os
import re
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

TARGET = Path(__file__).resolve().parent.parent / "data" / "recount.csv"
WINDOW = (date(2018, 1, 1), date(2022, 3, 31))
NEEDED = {
    "trials.csv": [
        "NCTId",
        "BriefTitle",
        "OverallStatus",
        "Phase",
        "EnrollmentCount",
        "Branch",
        "DiseaseCategory",
        "TargetCategory",
        "SnapshotDate",
    ],
    "sites.csv": ["NCTId", "City", "Country"],
    "first_posted_anchors.csv": ["nct", "first_posted"],
}
KINDS = {  # the order matters: the first that fits is the record's kind
    "long-term follow-up": r"long[- ]?term (?:follow|safety|outcome|surveill|monitor|extension)|\bLTFU\b|\b15[- ]year|rollover|roll-over",
    "observational": r"registry|observational|retrospective|real[- ]world|non[- ]?interventional|biobank|natural history|post[- ]?market|epidemiolog",
    "supportive care": (
        r"prophyla|prevent|tocilizumab|anakinra|siltuximab|emapalumab|quality of life|exercise|rehabilit|imaging|\bPET\b|palliative|"
        r"supportive|cognitive|cardiovascular|temperature|wearable|telehealth|remote|nutrition|microbio|vaccin|immunoglobulin|eltrombopag|"
        r"itacitinib|patient-reported|febrile|biological samples"
    ),
}
DISEASES = {
    "T-cell malignancies": r"^T-|T-cell|PTCL|CTCL",
    "lymphoma": r"NHL|Hodgkin|lymphoma|DLBCL",
    "acute lymphoblastic leukaemia": r"B-ALL|^ALL",
    "multiple myeloma": r"myeloma|plasma",
    "acute myeloid leukaemia": r"AML|myeloid",
    "chronic lymphocytic leukaemia": r"CLL",
    "several diseases": r"basket|multi",
}
TARGETS = {
    "not stated": r"unspecified|unknown|^$",
    "two or more targets": r"dual|/|tri",
    "CD19": r"^CD19$",
    "BCMA": r"^BCMA$",
    "CD22 or CD20": r"^CD2[02]$",
    "CD7 or CD5": r"^CD[57]$",
    "CD33, CD123 or CLL-1": r"^CD33$|^CD123$|^CLL-?1|CLEC12A",
    "GPRC5D": r"^GPRC5D$",
    "CD30": r"^CD30$",
}
PHASES = {
    "EARLY_PHASE1": "early phase 1",
    "PHASE1": "phase 1",
    "PHASE1|PHASE2": "phase 1/2",
    "PHASE2": "phase 2",
    "PHASE2|PHASE3": "phase 2/3",
    "PHASE3": "phase 3",
    "PHASE4": "phase 4",
}


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The three files, with the columns that counting needs; SystemExit with one line if one is not as it should be."""
    tables = {}
    for name, columns in NEEDED.items():
        path = folder / name
        try:
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
        except FileNotFoundError:
            sys.exit(f"error: {path} is missing; give the folder of a snapshot that holds {', '.join(NEEDED)}")
        except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            sys.exit(f"error: {path} cannot be read as CSV ({' '.join(str(error).split())}); take a fresh copy of the snapshot")
        if absent := [column for column in columns if column not in table]:
            sys.exit(f"error: {path}, row 1 has no column {', '.join(absent)}; is this another snapshot's format?")
        tables[name] = table
    ids = tables["trials.csv"]["NCTId"]
    if not ids.is_unique or not ids.str.fullmatch(r"NCT\d{8}").all():
        row = int(np.flatnonzero(ids.duplicated() | ~ids.str.fullmatch(r"NCT\d{8}"))[0]) + 2
        sys.exit(
            f"error: {folder / 'trials.csv'}, row {row}, column NCTId: {ids.iloc[row - 2]!r} is doubled or no NCT id; mend the snapshot"
        )
    return tables


def estimate_dates(ids: pd.Series, anchors: pd.DataFrame) -> pd.Series:
    """First-posted dates (datetime.date) interpolated from NCT numbers between anchors of known date."""
    known = anchors.assign(
        number=anchors["nct"].str[3:].astype(int), day=pd.to_datetime(anchors["first_posted"]).map(pd.Timestamp.toordinal)
    )
    known = known.sort_values("number")
    days = np.interp(ids.str[3:].astype(int), known["number"], known["day"])
    return pd.Series([date.fromordinal(round(day)) for day in days], index=ids.index)


def group(value: str, groups: dict[str, str], other: str) -> str:
    """The first group whose pattern is found in the value."""
    return next((name for name, pattern in groups.items() if re.search(pattern, value, re.IGNORECASE)), other)


def classify(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a trial that counts, with the groups by which it is counted."""
    trials = tables["trials.csv"]
    trials = trials[(trials["Branch"] == "Heme-onc") & ~trials["TargetCategory"].str.match(r"CAR-NK|CAR-γδ")].copy()
    sites = tables["sites.csv"]
    countries = sites.groupby("NCTId")["Country"].agg(set)
    centres = sites.drop_duplicates(["NCTId", "City", "Country"]).groupby("NCTId").size()
    posted = estimate_dates(trials["NCTId"], tables["first_posted_anchors.csv"])
    where = [countries.get(one, set()) for one in trials["NCTId"]]
    size = pd.to_numeric(trials["EnrollmentCount"], errors="coerce")
    places = [int(centres.get(one, 0)) for one in trials["NCTId"]]
    gone = trials["OverallStatus"].isin(
        ["WITHDRAWN", "NO_LONGER_AVAILABLE", "APPROVED_FOR_MARKETING", "AVAILABLE", "TEMPORARILY_NOT_AVAILABLE"]
    )
    return pd.DataFrame(
        {
            "year": ["before 2018" if one < WINDOW[0] else "after March 2022" if one > WINDOW[1] else str(one.year) for one in posted],
            "window": ["before" if one < WINDOW[0] else "after" if one > WINDOW[1] else "in" for one in posted],
            "country_group": [
                "China and United States"
                if {"China", "United States"} <= one
                else "China"
                if "China" in one
                else "United States"
                if "United States" in one
                else "other countries"
                if one
                else "not stated"
                for one in where
            ],
            "record_kind": [
                "withdrawn" if out else group(title, KINDS, "trial") for out, title in zip(gone, trials["BriefTitle"], strict=True)
            ],
            "disease": [group(one, DISEASES, "other") for one in trials["DiseaseCategory"]],
            "target": [group(one, TARGETS, "other") for one in trials["TargetCategory"]],
            "phase": [PHASES.get(one, "not applicable" if one == "NA" else "not stated") for one in trials["Phase"]],
            "enrolment": [
                "not stated" if np.isnan(n) else "40 or fewer" if n <= 40 else "41 to 100" if n <= 100 else "more than 100" for n in size
            ],
            "centres": ["not stated" if n == 0 else "one" if n == 1 else "2 to 10" if n <= 10 else "more than 10" for n in places],
            "spread": ["several countries" if len(one) > 1 else "one country" if one else "not stated" for one in where],
        }
    )


def count(trials: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Aggregate counts in long form: by year alone, and by each grouping within the review's window and after it."""
    parts = [
        trials.groupby(["year", "window", "country_group", "record_kind"])
        .size()
        .reset_index(name="trials")
        .assign(dimension="year", value=lambda t: t["year"])
    ]
    for dimension in ("disease", "target", "phase", "enrolment", "centres", "spread"):
        grouped = trials.groupby([dimension, "window", "country_group", "record_kind"]).size().reset_index(name="trials")
        parts.append(grouped.rename(columns={dimension: "value"}).assign(dimension=dimension))
    table = pd.concat(parts)[["dimension", "value", "window", "country_group", "record_kind", "trials"]].assign(as_of=as_of)
    table = table.sort_values(list(table.columns[:5]), kind="stable").reset_index(drop=True)
    table.insert(0, "recount_id", [f"R{number:04d}" for number in range(1, len(table) + 1)])
    return table


def main(folder: Path, target: Path = TARGET) -> pd.DataFrame:
    """Read, check, count, and put the table in place in one step."""
    tables = read(folder)
    dates = set(tables["trials.csv"]["SnapshotDate"])
    if len(dates) != 1:
        sys.exit(f"error: {folder / 'trials.csv'}, column SnapshotDate has {len(dates)} dates; a snapshot has one")
    table = count(classify(tables), dates.pop())
    new = target.with_suffix(".new")
    table.to_csv(new, index=False, lineterminator="\n")
    os.replace(new, target)
    print(
        f"{target}: {len(table)} rows, {table.loc[table['dimension'] == 'year', 'trials'].sum()} trials; look through it, then: make seal"
    )
    return table


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("error: give the folder of the snapshot: python builders/recount.py FOLDER")
    main(Path(sys.argv[1]))
