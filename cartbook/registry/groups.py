"""The groups in which registered trials are counted, and the one spelling of each word of the registry.

``terms.toml`` has the words and patterns. A word that is in none of its lists raises KeyError: what
is unknown is not counted as something else.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

#: the dates between which the review counts trials
WINDOW = (date(2018, 1, 1), date(2022, 3, 31))
TERMS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("terms.toml").read_text(encoding="utf-8")
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


@dataclass(frozen=True)
class Record:
    """What is known of a registered trial; texts of the registry are already in their one spelling."""

    posted: date
    started: date | None
    countries: set[str]
    centres: int
    kind: str
    disease: str
    target: str
    phase: str
    patients: int | None
    sponsor: str
    status: str
    ages: str
    oldest: str


def grouped(records: Iterable[Record]) -> pd.DataFrame:
    """Return one row per trial, with the groups by which `count` counts."""
    return pd.DataFrame(
        {
            "year": year_group(one.posted),
            "window": window(one.posted),
            "country_group": country_group(one.countries),
            "record_kind": one.kind,
            "disease": one.disease,
            "target": one.target,
            "phase": one.phase,
            "enrolment": enrolment_group(one.patients),
            "participants": one.patients or 0,
            "centres": size_group(one.centres),
            "sponsor": one.sponsor,
            "status": STATUSES[one.status],
            "ages": one.ages,
            "oldest": one.oldest,
            "registered": registered(one.posted, one.started),
            "spread": spread_group(one.countries),
        }
        for one in records
    )


def kind(title: str, status: str) -> str:
    """Return what a record is of; *withdrawn* is a trial that never began, or no trial."""
    if STATUSES[status] in ("withdrawn", "access programme"):
        return "withdrawn"
    return group(title, TERMS["kinds"], "trial")


def spread_group(countries: set[str]) -> str:
    """Return whether a trial is in one country or in several."""
    if not countries:
        return "not stated"
    return "several countries" if len(countries) > 1 else "one country"


def year_group(posted: date) -> str:
    """Return the year in which a trial was posted, if it lies in the review's window."""
    outside = {"before": f"before {WINDOW[0].year}", "after": f"after {WINDOW[1]:%B %Y}"}
    return outside.get(window(posted), str(posted.year))
