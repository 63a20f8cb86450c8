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
- Status, enrolment and sites are as of the snapshot, not of the year in which a trial was posted.
- Records that a careful counter may leave out are kept apart in ``record_kind``: withdrawn,
  long-term follow-up, observational, supportive care; a record that fits several has the first.
"""

from __future__ import annotations

import csv
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

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
    ("EARLYPHASE1",): "early phase 1",
    ("PHASE1",): "phase 1",
    ("PHASE1", "PHASE2"): "phase 1/2",
    ("PHASE2",): "phase 2",
    ("PHASE2", "PHASE3"): "phase 2/3",
    ("PHASE3",): "phase 3",
    ("PHASE4",): "phase 4",
    ("NA",): "not applicable",
    (): "not stated",
}
BRANCHES = {
    "heme-onc": True,
    "solid-onc": False,
    "mixed": False,
    "unknown": False,
}  # whether it counts
WITHDRAWN = {
    "WITHDRAWN",
    "NO_LONGER_AVAILABLE",
    "APPROVED_FOR_MARKETING",
    "AVAILABLE",
    "TEMPORARILY_NOT_AVAILABLE",
}
STATUSES = WITHDRAWN | {
    *(
        "ACTIVE_NOT_RECRUITING",
        "COMPLETED",
        "ENROLLING_BY_INVITATION",
        "NOT_YET_RECRUITING",
        "RECRUITING",
        "SUSPENDED",
        "TERMINATED",
    ),
    *("UNKNOWN", "UNKNOWN_STATUS", "WITHHELD"),
}
COUNTRIES = {
    **dict.fromkeys(
        ("china", "people's republic of china", "pr china", "p.r. china", "mainland china"), "China"
    ),
    **dict.fromkeys(
        ("united states", "united states of america", "usa", "us", "u.s.", "u.s.a."),
        "United States",
    ),
}
OTHER_PLACES = {"united states minor outlying islands", "united states virgin islands"}
PATTERNS = {"NCTId": r"NCT\d{8}", "nct": r"NCT\d{8}"}
MIDDLE = 15  # the day of a month that is given without one


class SnapshotError(ValueError):
    """The snapshot cannot be counted; the message is one line: file, row, column, value and fix."""


# Spellings


def text(cell: str) -> str:
    """Return a cell with one kind of space and dash, and none around it."""
    return " ".join(
        re.sub("[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFKC", cell)).split()
    )


def phases(cell: str) -> str:
    """Return the group of a phase, however it is spelled: PHASE1|PHASE2, Phase 1/Phase 2, Phase I/II. Raises KeyError."""
    numerals = {"I": "1", "II": "2", "III": "3", "IV": "4"}
    found = []
    for part in re.split(r"[|/,;]", re.sub(r"\bN/A\b|NOT APPLICABLE", "NA", text(cell).upper())):
        part = re.sub(r"(IV|I{1,3})$", lambda roman: numerals[roman[0]], re.sub(r"[ _-]", "", part))
        found += [f"PHASE{part}" if part in numerals.values() else part] if part else []
    return PHASES[tuple(found)]


def status(cell: str) -> str:
    """Return a status as the registry's API spells it. Raises KeyError."""
    word = re.sub(r"[^A-Z]+", "_", text(cell).upper()).strip("_")
    if word not in STATUSES:
        raise KeyError(cell)
    return word


def branch(cell: str) -> bool:
    """Return whether a branch counts as blood cancer. Raises KeyError."""
    return BRANCHES[re.sub(r"[ _]", "-", text(cell).lower())]


def country(cell: str) -> str:
    """Return a country; the two that are counted apart are recognised in their usual spellings. Raises KeyError for others of theirs."""
    word = text(cell)
    key = word.lower()
    if (
        key not in COUNTRIES
        and key not in OTHER_PLACES
        and re.search(r"\bchina\b|united states|\bu\.?s\.?a?\b", key)
    ):
        raise KeyError(cell)
    return COUNTRIES.get(key, word)


def enrolment(cell: str) -> str:
    """Return the group of a number of patients: 1200, 1200.0 or 1,200; blank is not stated. Raises KeyError."""
    word = text(cell)
    if not word:
        return "not stated"
    if not re.fullmatch(r"\d+(\.0+)?|\d{1,3}(,\d{3})+", word):
        raise KeyError(cell)
    size = float(word.replace(",", ""))
    return "40 or fewer" if size <= 40 else "41 to 100" if size <= 100 else "more than 100"


def day(cell: str) -> date:
    """Return a date, or the middle of a month: 2019-03-05, 2019-03, March 5, 2019, March 2019. Raises KeyError."""
    word = text(cell)
    for form in ("%Y-%m-%d", "%B %d, %Y", "%Y-%m", "%B %Y"):
        try:
            found = datetime.strptime(word, form).date()
        except ValueError:
            continue
        return found if "%d" in form else found.replace(day=MIDDLE)
    raise KeyError(cell)


# Reading


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the three files, with the columns that counting needs, row numbers as index (the header is row 1).

    Raises SnapshotError if one is missing or is no such table.
    """
    return {name: _read(folder / name, columns) for name, columns in NEEDED.items()}


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    csv.field_size_limit(10_000_000)  # summaries are long
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except FileNotFoundError:
        raise SnapshotError(
            f"{path} is missing. Fix: give the folder of a snapshot with {', '.join(NEEDED)}"
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SnapshotError(
            f"{path} cannot be read as CSV ({' '.join(str(error).split())}). Fix: take a fresh copy of the snapshot"
        ) from None
    header = [text(name) for name in rows[0]] if rows else []
    if absent := [column for column in columns if column not in header]:
        raise SnapshotError(
            f"{path}, row 1 has no column {', '.join(absent)}. Fix: take a snapshot of the format that this script reads"
        )
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise SnapshotError(
                f"{path}, row {number} has {len(row)} cells, the header {len(header)}. Fix: take a fresh copy of the snapshot"
            )
    table = pd.DataFrame(
        rows[1:], columns=header, index=pd.RangeIndex(2, len(rows) + 1), dtype=str
    )[columns]
    key = columns[0]
    table[key] = [text(cell) for cell in table[key]]
    wrong = ~table[key].str.fullmatch(PATTERNS[key]) | (
        table[key].duplicated() if path.name != "sites.csv" else False
    )
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        raise _refused(
            path,
            place + 2,
            key,
            str(table[key].iloc[place]),
            "a trial number, or is there twice",
            "correct the number, or remove the copy",
        )
    return table


def _refused(path: Path, row: Any, column: str, cell: str, what: str, fix: str) -> SnapshotError:
    return SnapshotError(f"{path}, row {row}, column {column}: {cell!r} is not {what}. Fix: {fix}")


def _each(
    path: Path, cells: pd.Series, meaning: Callable[[str], Any], what: str, fix: str
) -> list[Any]:
    """Return the meaning of each cell of a column; raise SnapshotError for the first that has none."""

    def read() -> Iterator[Any]:
        for row, cell in cells.items():
            try:
                yield meaning(cell)
            except KeyError:
                raise _refused(path, row, str(cells.name), cell, what, fix) from None

    return list(read())


# Counting


def estimate_dates(
    ids: pd.Series, anchors: pd.DataFrame, path: Path = Path("first_posted_anchors.csv")
) -> pd.Series:
    """Return first-posted dates (datetime.date) interpolated from NCT numbers between anchors of known date."""
    if len(anchors) < 2:
        raise SnapshotError(
            f"{path} has {len(anchors)} dates. Fix: give at least two, to estimate the others between them"
        )
    known = _each(
        path,
        anchors["first_posted"],
        day,
        "a date as YYYY-MM-DD or YYYY-MM",
        "write the year first: 05/03/2019 has two readings",
    )
    numbers = anchors["nct"].str[3:].astype(int).to_numpy()
    order = np.argsort(numbers)
    days = np.interp(
        ids.str[3:].astype(int), numbers[order], np.array([one.toordinal() for one in known])[order]
    )
    return pd.Series([date.fromordinal(round(one)) for one in days], index=ids.index)


def group(value: str, groups: dict[str, str], other: str) -> str:
    """Return the first group whose pattern is found in the value."""
    return next(
        (
            name
            for name, pattern in groups.items()
            if re.search(pattern, text(value), re.IGNORECASE)
        ),
        other,
    )


def country_group(countries: set[str]) -> str:
    """Return the group of the countries of a trial."""
    if {"China", "United States"} <= countries:
        return "China and United States"
    return next(
        (one for one in ("China", "United States") if one in countries),
        "other countries" if countries else "not stated",
    )


def size_group(centres: int) -> str:
    """Return the group of a number of centres."""
    return (
        "not stated"
        if centres == 0
        else "one"
        if centres == 1
        else "2 to 10"
        if centres <= 10
        else "more than 10"
    )


def classify(tables: dict[str, pd.DataFrame], folder: Path = Path()) -> pd.DataFrame:
    """Return one row per trial that counts, with the groups by which it is counted.

    Raises SnapshotError for a value that is not known.
    """
    trials, sites, path = tables["trials.csv"], tables["sites.csv"].copy(), folder / "trials.csv"

    def column(name: str, meaning: Callable[[str], Any], what: str, fix: str) -> list[Any]:
        return _each(path, trials[name], meaning, what, fix)

    known = "write it as the registry's API does, or add it to this script"
    blood = pd.Series(
        column(
            "Branch",
            branch,
            "a known branch",
            f"write one of {', '.join(BRANCHES)}, or add it to this script",
        ),
        trials.index,
    )
    trials = trials[
        blood.astype(bool)
        & ~trials["TargetCategory"].map(text).str.match(r"CAR-?(NK|γδ)", case=False)
    ].copy()
    if trials.empty:
        raise SnapshotError(
            f"{path}: no trial of CAR-T cells has the branch Heme-onc. Fix: take a fresh copy of the snapshot"
        )
    sites["Country"] = _each(
        folder / "sites.csv",
        sites["Country"],
        country,
        "a known spelling of a country",
        "write China or United States",
    )
    sites["City"] = sites["City"].map(lambda cell: text(cell).lower())
    sites = sites[sites["Country"] != ""]
    countries = sites.groupby("NCTId")["Country"].agg(set)
    centres = sites.drop_duplicates(["NCTId", "City", "Country"]).groupby("NCTId").size()
    posted = estimate_dates(
        trials["NCTId"], tables["first_posted_anchors.csv"], folder / "first_posted_anchors.csv"
    )
    where = [countries.get(one, set()) for one in trials["NCTId"]]
    states = column("OverallStatus", status, "a known status", known)
    return pd.DataFrame(
        {
            "year": [
                "before 2018"
                if one < WINDOW[0]
                else "after March 2022"
                if one > WINDOW[1]
                else str(one.year)
                for one in posted
            ],
            "window": [
                "before" if one < WINDOW[0] else "after" if one > WINDOW[1] else "in"
                for one in posted
            ],
            "country_group": [country_group(one) for one in where],
            "record_kind": [
                "withdrawn" if state in WITHDRAWN else group(title, KINDS, "trial")
                for state, title in zip(states, trials["BriefTitle"], strict=True)
            ],
            "disease": [group(one, DISEASES, "other") for one in trials["DiseaseCategory"]],
            "target": [group(one, TARGETS, "other") for one in trials["TargetCategory"]],
            "phase": column("Phase", phases, "a known phase", known),
            "enrolment": column(
                "EnrollmentCount",
                enrolment,
                "a number of patients",
                "write digits, or leave it blank",
            ),
            "centres": [size_group(int(centres.get(one, 0))) for one in trials["NCTId"]],
            "spread": [
                "several countries" if len(one) > 1 else "one country" if one else "not stated"
                for one in where
            ],
        }
    )


def count(trials: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Return aggregate counts in long form: by year alone, and by each grouping within the review's window and after it."""
    parts = [
        trials.groupby(["year", "window", "country_group", "record_kind"])
        .size()
        .reset_index(name="trials")
        .assign(dimension="year", value=lambda t: t["year"])
    ]
    for dimension in ("disease", "target", "phase", "enrolment", "centres", "spread"):
        grouped = (
            trials.groupby([dimension, "window", "country_group", "record_kind"])
            .size()
            .reset_index(name="trials")
        )
        parts.append(grouped.rename(columns={dimension: "value"}).assign(dimension=dimension))
    table = pd.concat(parts)[
        ["dimension", "value", "window", "country_group", "record_kind", "trials"]
    ].assign(as_of=as_of)
    table = table.sort_values(list(table.columns[:5]), kind="stable").reset_index(drop=True)
    table.insert(0, "recount_id", [f"R{number:04d}" for number in range(1, len(table) + 1)])
    return table


def main(folder: Path, target: Path = TARGET) -> pd.DataFrame:
    """Read, count, and put the table in place in one step; exit with one line if the snapshot cannot be counted."""
    try:
        tables = read(folder)
        dates = set(tables["trials.csv"]["SnapshotDate"])
        if len(dates) != 1 or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", next(iter(dates))):
            raise SnapshotError(
                f"{folder / 'trials.csv'}, column SnapshotDate has {len(dates)} dates. Fix: give one day, as YYYY-MM-DD"
            )
        table = count(classify(tables, folder), dates.pop())
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
