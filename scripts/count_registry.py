"""Count CAR-T trials in blood cancers from a registry snapshot: ``python scripts/count_registry.py FOLDER``.

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
- Spellings are normalised before they are counted (`text`, `phases`, `status`, `country`, `enrolment`, `day`);
  a value that is then still unknown ends the run with one line, and nothing is written.
- Where the registry gives a month alone, the middle of the month is taken; a day before its month
  (05/03/2019) can be read in two ways and is refused.
- ``participants`` adds up the enrolment, planned or reached; a trial that states none adds none.
- Status, enrolment, ages, start and sites are as of the snapshot, not of the year in which a trial was posted.
- ``registered`` compares the estimated first-posted date with the start date, which may be a plan;
  up to four days before it count as on time, because the estimate may be wrong by as many.
- ``sponsor`` is the class of the lead sponsor. Who pays is another question: a company may pay for
  the trial of a hospital.
- Records that a careful counter may leave out are kept apart in ``record_kind``: withdrawn,
  long-term follow-up, observational, supportive care; a record that fits several has the first.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cartbook.registry import groups
from cartbook.registry.groups import TERMS, text
from cartbook.whole_files import write_whole

TARGET = Path(__file__).resolve().parent.parent / "data" / "recount.csv"
TRIALS, SITES, ANCHORS = "trials.csv", "sites.csv", "first_posted_anchors.csv"
NEEDED = {
    TRIALS: "NCTId BriefTitle OverallStatus Phase EnrollmentCount Branch DiseaseCategory TargetCategory"
    " LeadSponsorClass StdAges MaxAge StartDate SnapshotDate",
    SITES: "NCTId City Country",
    ANCHORS: "nct first_posted",
}
FRESH = "take a fresh copy of the snapshot"


class SnapshotError(ValueError):
    """The snapshot cannot be counted; the message is one line: file, row, column, value and fix."""

    def __init__(self, place: str, problem: str, fix: str) -> None:
        super().__init__(f"{place} {problem}. Fix: {fix}")


#: what a cell of a column means, what it is not if that fails, and how to fix it
MEANINGS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "Branch": (
        groups.branch,
        "a known branch",
        f"write one of {', '.join(TERMS['branches'])}, or add it to this script",
    ),
    "OverallStatus": (
        groups.status,
        "a known status",
        "write it as the registry's API does, or add it to this script",
    ),
    "Phase": (
        groups.phases,
        "a known phase",
        "write it as the registry's API does, or add it to this script",
    ),
    "EnrollmentCount": (
        groups.enrolment,
        "a number of patients",
        "write digits, or leave it blank",
    ),
    "LeadSponsorClass": (
        groups.sponsor,
        "a known class of sponsor",
        "write it as the registry's API does, or add it to this script",
    ),
    "StdAges": (
        groups.ages,
        "a known group of ages",
        "write CHILD, ADULT or OLDER_ADULT, with | between",
    ),
    "MaxAge": (
        groups.oldest,
        "an age",
        "write a number and its unit (70 Years), or leave it blank",
    ),
    "StartDate": (groups.start, "a date as YYYY-MM-DD or YYYY-MM", "write the year first"),
    "Country": (groups.country, "a known spelling of a country", "write China or United States"),
    "first_posted": (
        groups.day,
        "a date as YYYY-MM-DD or YYYY-MM",
        "write the year first: 05/03/2019 has two readings",
    ),
}


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the three files, each cell as what it means. Raise SnapshotError at the first that has no meaning."""
    return {name: read_file(folder / name, columns.split()) for name, columns in NEEDED.items()}


def read_file(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return the needed columns of a file. Raise SnapshotError if it is no such table."""
    csv.field_size_limit(10_000_000)  # summaries are long
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True)) or [[]]
    except FileNotFoundError:
        fix = f"give the folder of a snapshot with {', '.join(NEEDED)}"
        raise SnapshotError(str(path), "is missing", fix) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = f"cannot be read as CSV ({' '.join(str(error).split())})"
        raise SnapshotError(str(path), problem, FRESH) from None
    header = [text(name) for name in rows[0]]
    if absent := [column for column in columns if column not in header]:
        raise SnapshotError(f"{path}, row 1", f"has no column {', '.join(absent)}", FRESH)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            problem = f"has {len(row)} cells, the header {len(header)}"
            raise SnapshotError(f"{path}, row {number}", problem, FRESH)
    table = pd.DataFrame(rows[1:], columns=header, dtype=str)[columns]
    ids = table[columns[0]] = table[columns[0]].map(text)
    wrong = ~ids.str.fullmatch(r"NCT\d{8}") | (ids.duplicated() & (path.name != SITES))
    for place in ids.index[wrong]:
        at = f"{path}, row {place + 2}, column {columns[0]}: {ids[place]!r}"
        fix = "correct the number, or remove the copy"
        raise SnapshotError(at, "is not a trial number, or is there twice", fix)
    for column in table.columns.intersection(list(MEANINGS)):
        meaning, what, fix = MEANINGS[column]
        found: list[Any] = []
        for number, cell in enumerate(table[column], start=2):
            try:
                found.append(meaning(cell))
            except KeyError:
                at = f"{path}, row {number}, column {column}: {cell!r}"
                raise SnapshotError(at, f"is not {what}", fix) from None
        table[column] = pd.Series(found, dtype=object)
    return table


def estimate_dates(ids: pd.Series, anchors: pd.DataFrame) -> pd.Series:
    """Return first-posted dates (datetime.date) interpolated from NCT numbers between anchors of known date."""
    if len(anchors) < 2:
        fix = "give at least two, to estimate the others between them"
        raise SnapshotError(ANCHORS, f"has {len(anchors)} dates", fix)
    known = pd.DataFrame(
        {
            "number": anchors["nct"].str[3:].astype(int),
            "day": anchors["first_posted"].map(date.toordinal),
        }
    ).sort_values("number")
    days = np.interp(ids.str[3:].astype(int), known["number"], known["day"])
    return pd.Series([date.fromordinal(round(one)) for one in days], index=ids.index)


def classify(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per trial that counts, with the groups by which it is counted."""
    trials, sites = tables[TRIALS], tables[SITES]
    killer = trials["TargetCategory"].map(text).str.match(r"CAR-?(NK|γδ)", case=False)
    trials = trials[trials["Branch"].astype(bool) & ~killer]
    if trials.empty:
        raise SnapshotError(f"{TRIALS}:", "no trial of CAR-T cells has the branch Heme-onc", FRESH)
    sites = sites[sites["Country"] != ""].assign(City=sites["City"].map(text).str.lower())
    by_trial = sites.drop_duplicates().groupby("NCTId")
    countries = by_trial["Country"].agg(set)
    centres = by_trial.size()
    posted = estimate_dates(trials["NCTId"], tables[ANCHORS])
    return groups.grouped(
        groups.Record(
            posted=day,
            started=one["StartDate"],
            countries=countries.get(one["NCTId"], set()),
            centres=int(centres.get(one["NCTId"], 0)),
            kind=groups.kind(one["BriefTitle"], one["OverallStatus"]),
            disease=groups.group(one["DiseaseCategory"], TERMS["diseases"], "other"),
            target=groups.group(one["TargetCategory"], TERMS["targets"], "other"),
            phase=one["Phase"],
            patients=one["EnrollmentCount"],
            sponsor=one["LeadSponsorClass"],
            status=one["OverallStatus"],
            ages=one["StdAges"],
            oldest=one["MaxAge"],
        )
        for day, (_, one) in zip(posted, trials.iterrows(), strict=True)
    )


def main(folder: Path, target: Path = TARGET) -> pd.DataFrame:
    """Read, count, and replace the table in one step; exit with one line if the snapshot cannot be counted."""
    try:
        tables = read(folder)
        dates = set(tables[TRIALS]["SnapshotDate"])
        if len(dates) != 1 or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", next(iter(dates))):
            place = f"{folder / TRIALS}, column SnapshotDate"
            raise SnapshotError(place, f"has {len(dates)} dates", "give one day, as YYYY-MM-DD")
        table = groups.count(classify(tables), dates.pop())
    except SnapshotError as error:
        sys.exit(f"error: {error}; nothing was written")
    write_whole({target: table.to_csv(index=False, lineterminator="\n")})
    trials = table.loc[table["dimension"] == "year", "trials"].sum()
    print(f"{target}: {len(table)} rows, {trials} trials; read through it, then run make sign-off")
    return table


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("error: give the folder of the snapshot: python scripts/count_registry.py FOLDER")
    main(Path(sys.argv[1]))
