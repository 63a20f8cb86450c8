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
import os
import re
import sys
import tomllib
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TARGET = Path(__file__).resolve().parent.parent / "data" / "recount.csv"
WINDOW = (date(2018, 1, 1), date(2022, 3, 31))
TRIALS, SITES, ANCHORS = "trials.csv", "sites.csv", "first_posted_anchors.csv"
NEEDED = {
    TRIALS: "NCTId BriefTitle OverallStatus Phase EnrollmentCount Branch DiseaseCategory TargetCategory"
    " LeadSponsorClass StdAges MaxAge StartDate SnapshotDate",
    SITES: "NCTId City Country",
    ANCHORS: "nct first_posted",
}
TERMS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("registry_terms.toml").read_text(encoding="utf-8")
)
DIMENSIONS = [
    "year",
    "disease",
    "target",
    "phase",
    "enrolment",
    "centres",
    "spread",
    "sponsor",
    "status",
    "ages",
    "oldest",
    "registered",
]
STATUSES = {word: name for name, words in TERMS["statuses"].items() for word in words}
COUNTRIES = {word: name for name, words in TERMS["countries"].items() for word in words}
ERROR = 4  # days by which an estimated date may be wrong
HALF_YEAR = 183
FRESH = "take a fresh copy of the snapshot"


class SnapshotError(ValueError):
    """The snapshot cannot be counted; the message is one line: file, row, column, value and fix."""

    def __init__(self, place: str, problem: str, fix: str) -> None:
        super().__init__(f"{place} {problem}. Fix: {fix}")


def text(cell: str) -> str:
    """Return a cell with one kind of space and dash, and none around it."""
    return " ".join(
        re.sub("[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFKC", cell)).split()
    )


def phases(cell: str) -> str:
    """Return the group of a phase: PHASE1|PHASE2, Phase 1/Phase 2, Phase I/II. Raise KeyError if unknown."""
    numerals = {"I": "1", "II": "2", "III": "3", "IV": "4"}
    found = []
    for part in re.split(r"[|/,;]", re.sub(r"\bN/A\b|NOT APPLICABLE", "NA", text(cell).upper())):
        part = re.sub(r"(IV|I{1,3})$", lambda roman: numerals[roman[0]], re.sub(r"[ _-]", "", part))
        found.append(f"PHASE{part}" if part in numerals.values() else part)
    return str(TERMS["phases"][" ".join(found)])


def status(cell: str) -> str:
    """Return a status as the registry's API spells it. Raise KeyError if unknown."""
    word = re.sub(r"[^A-Z]+", "_", text(cell).upper()).strip("_")
    if word not in STATUSES:
        raise KeyError(cell)
    return word


def branch(cell: str) -> bool:
    """Return whether a branch counts as blood cancer. Raise KeyError if unknown."""
    return bool(TERMS["branches"][re.sub(r"[ _]", "-", text(cell).lower())])


def country(cell: str) -> str:
    """Return a country by one name; raise KeyError for an unusual spelling of China or the United States."""
    key = text(cell).lower()
    unclear = re.search(r"\bchina\b|united states|\bu\.?s\.?a?\b", key)
    if unclear and key not in COUNTRIES:
        raise KeyError(cell)
    return str(COUNTRIES.get(key, text(cell)))


def enrolment(cell: str) -> int | None:
    """Return a number of patients (1200, 1200.0, 1,200), None if blank. Raise KeyError if it is none."""
    word = text(cell)
    if not word:
        return None
    if not re.fullmatch(r"\d+(\.0+)?|\d{1,3}(,\d{3})+", word):
        raise KeyError(cell)
    return int(float(word.replace(",", "")))


def enrolment_group(size: int | None) -> str:
    """Return the group of a number of patients."""
    if size is None:
        return "not stated"
    return "40 or fewer" if size <= 40 else "41 to 100" if size <= 100 else "more than 100"


def sponsor(cell: str) -> str:
    """Return the group of a lead sponsor. Raise KeyError if its class is unknown."""
    return str(TERMS["sponsors"][re.sub(r"[^A-Z]+", "_", text(cell).upper()).strip("_")])


def ages(cell: str) -> str:
    """Return whom a trial takes: CHILD|ADULT, ADULT|OLDER_ADULT. Raise KeyError if unknown."""
    groups = {part for part in text(cell).upper().split("|") if part}
    if not groups <= {"CHILD", "ADULT", "OLDER_ADULT"}:
        raise KeyError(cell)
    if not groups:
        return "not stated"
    if "CHILD" not in groups:
        return "adults"
    return "children alone" if groups == {"CHILD"} else "children and adults"


def oldest(cell: str) -> str:
    """Return the group of the highest age that a trial takes (70 Years or blank). Raise KeyError if it is none."""
    word = text(cell).lower()
    if not word:
        return "no limit"
    found = re.fullmatch(r"(\d+) (year|month|week|day)s?", word)
    if not found:
        raise KeyError(cell)
    years = int(found[1]) if found[2] == "year" else 0
    limits = {65: "up to 65 years", 70: "66 to 70 years", 75: "71 to 75 years"}
    return next((name for limit, name in limits.items() if years <= limit), "above 75 years")


def start(cell: str) -> date | None:
    """Return the start of a trial as `day` does, None if the registry has none."""
    return day(cell) if text(cell) else None


def registered(posted: date, started: date | None) -> str:
    """Return how long after the start of a trial it was posted; outside the window the date is not known."""
    if window(posted) != "in":
        return "posting date not known"
    if started is None:
        return "start not stated"
    late = (posted - started).days
    if late <= ERROR:
        return "by the start"
    return "within 6 months of the start" if late <= HALF_YEAR else "later"


def day(cell: str) -> date:
    """Return a date, or the middle of a month: 2019-03-05, 2019-03, March 5, 2019, March 2019. Raise KeyError."""
    for form in ("%Y-%m-%d", "%B %d, %Y", "%Y-%m", "%B %Y"):
        try:
            found = datetime.strptime(text(cell), form).date()
        except ValueError:
            continue
        return found if "%d" in form else found.replace(day=15)
    raise KeyError(cell)


#: what a cell of a column means, what it is not if that fails, and how to fix it
MEANINGS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "Branch": (
        branch,
        "a known branch",
        f"write one of {', '.join(TERMS['branches'])}, or add it to this script",
    ),
    "OverallStatus": (
        status,
        "a known status",
        "write it as the registry's API does, or add it to this script",
    ),
    "Phase": (
        phases,
        "a known phase",
        "write it as the registry's API does, or add it to this script",
    ),
    "EnrollmentCount": (enrolment, "a number of patients", "write digits, or leave it blank"),
    "LeadSponsorClass": (
        sponsor,
        "a known class of sponsor",
        "write it as the registry's API does, or add it to this script",
    ),
    "StdAges": (ages, "a known group of ages", "write CHILD, ADULT or OLDER_ADULT, with | between"),
    "MaxAge": (oldest, "an age", "write a number and its unit (70 Years), or leave it blank"),
    "StartDate": (start, "a date as YYYY-MM-DD or YYYY-MM", "write the year first"),
    "Country": (country, "a known spelling of a country", "write China or United States"),
    "first_posted": (
        day,
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


def group(value: str, groups: dict[str, str], other: str) -> str:
    """Return the first group whose pattern is found in the value."""
    word = text(value)
    found = (name for name, pattern in groups.items() if re.search(pattern, word, re.IGNORECASE))
    return next(found, other)


def country_group(countries: set[str]) -> str:
    """Return the group of the countries of a trial."""
    if {"China", "United States"} <= countries:
        return "China and United States"
    other = "other countries" if countries else "not stated"
    return next((one for one in ("China", "United States") if one in countries), other)


def size_group(centres: int) -> str:
    """Return the group of a number of centres."""
    sizes = {0: "not stated", 1: "one"}
    return sizes.get(centres, "2 to 10" if centres <= 10 else "more than 10")


def window(posted: date) -> str:
    """Return where a date lies: before, in or after the review's window."""
    return "before" if posted < WINDOW[0] else "after" if posted > WINDOW[1] else "in"


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
    where = [countries.get(one, set()) for one in trials["NCTId"]]
    centres = by_trial.size().reindex(trials["NCTId"], fill_value=0)
    posted = estimate_dates(trials["NCTId"], tables[ANCHORS])
    years = {"before": f"before {WINDOW[0].year}", "after": f"after {WINDOW[1]:%B %Y}"}
    kinds = [group(title, TERMS["kinds"], "trial") for title in trials["BriefTitle"]]
    withdrawn = trials["OverallStatus"].isin(
        [word for name in ("withdrawn", "access programme") for word in TERMS["statuses"][name]]
    )
    return pd.DataFrame(
        {
            "year": [years.get(window(one), str(one.year)) for one in posted],
            "window": [window(one) for one in posted],
            "country_group": [country_group(one) for one in where],
            "record_kind": np.where(withdrawn, "withdrawn", kinds),
            "disease": [
                group(one, TERMS["diseases"], "other") for one in trials["DiseaseCategory"]
            ],
            "target": [group(one, TERMS["targets"], "other") for one in trials["TargetCategory"]],
            "phase": trials["Phase"],
            "enrolment": [enrolment_group(one) for one in trials["EnrollmentCount"]],
            "participants": [one or 0 for one in trials["EnrollmentCount"]],
            "centres": [size_group(int(one)) for one in centres],
            "sponsor": trials["LeadSponsorClass"],
            "status": [STATUSES[one] for one in trials["OverallStatus"]],
            "ages": trials["StdAges"],
            "oldest": trials["MaxAge"],
            "registered": [
                registered(one, began)
                for one, began in zip(posted, trials["StartDate"], strict=True)
            ],
            "spread": [
                ("several countries" if len(one) > 1 else "one country") if one else "not stated"
                for one in where
            ],
        }
    )


def count(trials: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Return counts in long form: by year alone, and by each grouping within the review's window and after it."""
    by = ["window", "country_group", "record_kind"]
    parts = [
        trials.groupby([dimension, *by])
        .agg(trials=("participants", "size"), participants=("participants", "sum"))
        .reset_index()
        .rename(columns={dimension: "value"})
        .assign(dimension=dimension)
        for dimension in DIMENSIONS
    ]
    keys = ["dimension", "value", *by]
    table = (
        pd.concat(parts)[[*keys, "trials", "participants"]]
        .sort_values(keys, kind="stable")
        .assign(as_of=as_of)
    )
    table.insert(0, "recount_id", [f"R{number:04d}" for number in range(1, len(table) + 1)])
    return table.reset_index(drop=True)


def main(folder: Path, target: Path = TARGET) -> pd.DataFrame:
    """Read, count, and replace the table in one step; exit with one line if the snapshot cannot be counted."""
    try:
        tables = read(folder)
        dates = set(tables[TRIALS]["SnapshotDate"])
        if len(dates) != 1 or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", next(iter(dates))):
            place = f"{folder / TRIALS}, column SnapshotDate"
            raise SnapshotError(place, f"has {len(dates)} dates", "give one day, as YYYY-MM-DD")
        table = count(classify(tables), dates.pop())
    except SnapshotError as error:
        sys.exit(f"error: {error}; nothing was written")
    new = target.with_suffix(".new")
    table.to_csv(new, index=False, lineterminator="\n")
    os.replace(new, target)
    trials = table.loc[table["dimension"] == "year", "trials"].sum()
    print(f"{target}: {len(table)} rows, {trials} trials; read through it, then run make sign-off")
    return table


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("error: give the folder of the snapshot: python scripts/count_registry.py FOLDER")
    main(Path(sys.argv[1]))
