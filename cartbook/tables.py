"""Read the book's tables.

A table comes typed as ``data/datapackage.json`` says. In a column of numbers, *not reported*,
*not reached* and *not applicable* become missing values, and the column ``NAME_missing`` beside
it keeps which of them it was; in a column of words they stay as they are.
"""

from __future__ import annotations

import io
import os
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from cartbook.stats import Proportion, implied_events, proportion
from cartbook.validate import MISSING, DataError, read_descriptor, validate_table

HERE = Path(__file__).parent
INSTALLED = HERE / "data"  # a wheel carries the tables here; a checkout has them in data/
#: the tables: those named by $CARTBOOK_DATA, those inside the installed package, or those of the checkout
FOLDER = Path(
    os.environ.get("CARTBOOK_DATA") or (INSTALLED if INSTALLED.is_dir() else HERE.parent / "data")
)
TYPES = {"integer": "Int64", "number": "Float64"}


def _check_folder() -> None:
    """Raise DataError with the right advice if there are no tables where they should be."""
    if (FOLDER / "datapackage.json").is_file():
        return
    if os.environ.get("CARTBOOK_DATA"):
        raise DataError(
            f"$CARTBOOK_DATA names {FOLDER}, which has no datapackage.json: name a folder with the book's tables, or unset it"
        )
    if (HERE.parent / "pyproject.toml").is_file():
        raise DataError(f"{FOLDER} has no datapackage.json: restore it (git checkout data)")
    raise DataError(
        "this installation of cartbook has no tables: install it again, from its wheel or with pip install . in a checkout"
    )


def _bytes(path: Path) -> bytes:
    """Return the bytes of a file, none if it cannot be read (validation then says why)."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@lru_cache(maxsize=64)
def _read(folder: Path, name: str, body: bytes, description: bytes) -> pd.DataFrame:
    """Validate and type a table. ``body`` and ``description`` are the files' bytes: a changed file is read anew in a live kernel."""
    resource = next(one for one in read_descriptor(folder)["resources"] if one["name"] == name)
    # the tables inside an installed package were checked when it was packed
    findings = validate_table(folder, resource) if folder != INSTALLED else []
    if findings:
        raise DataError("\n".join(map(str, findings)))
    table = pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False)
    typed: dict[str, pd.Series[Any]] = {}
    for field in resource["schema"]["fields"]:
        words = table[field["name"]]
        if field["type"] not in TYPES:
            typed[field["name"]] = words
            continue
        gone = words.isin(MISSING)
        typed[field["name"]] = pd.to_numeric(words.mask(gone)).astype(TYPES[field["type"]])
        if gone.any():
            typed[f"{field['name']}_missing"] = words.where(gone, "")
    return pd.DataFrame(typed)


def load(name: str) -> pd.DataFrame:
    """Return a table of the book, named as its file without ``.csv``; a copy, so change it freely.

    Raises DataError, with file, row, column, problem and fix, if the table breaks a rule.
    """
    _check_folder()
    paths = {
        resource["name"]: FOLDER / resource["path"]
        for resource in read_descriptor(FOLDER)["resources"]
    }
    if name not in paths:
        raise DataError(f"there is no table {name!r}; there are: {', '.join(paths)}")
    declared = os.environ.get("CARTBOOK_DECLARED_TABLES")
    if declared is not None and name not in declared.split():
        raise DataError(
            f"the chapter reads data/{name}.csv but its front matter does not say so: add {name}.csv to book: data:"
        )
    return _read(FOLDER, name, _bytes(paths[name]), _bytes(FOLDER / "datapackage.json")).copy()


def evidence(**wanted: Any) -> pd.DataFrame:
    """Outcomes joined with their studies, one row a reported number, in the tables' order.

    Keywords keep the rows whose column has that value, or one of a list of values:
    ``evidence(section="table-1", endpoint="cytokine release syndrome", grade="any")``.
    The studies' columns keep their names; where both tables have one, the study's gets ``study_``.
    Raises DataError for a column that does not exist or a value that no row has.
    """
    studies = load("studies")
    outcomes = load("outcomes")
    both = set(studies.columns) & set(outcomes.columns) - {"study_id"}
    rows = outcomes.merge(
        studies.rename(columns={name: f"study_{name}" for name in both}),
        on="study_id",
        how="left",
        validate="many_to_one",
    )
    for column, value in wanted.items():
        if column not in rows:
            raise DataError(f"there is no column {column!r} in outcomes or studies")
        values = list(value) if isinstance(value, list | tuple | set) else [value]
        absent = [one for one in values if one not in set(rows[column].dropna())]
        if absent:
            raise DataError(f"no outcome has {column} = {', '.join(map(repr, absent))}")
        rows = rows[rows[column].isin(values)]
    return rows.reset_index(drop=True)


class Words(str):
    """Text that shows without quotation marks where a chapter's prose asks for it."""

    def __repr__(self) -> str:
        return str(self)


class Reported:
    """One number that the review reports, ready to stand in a sentence.

    ``{eval}`zuma7.percent``` prints "65 %"; ``.fraction`` "77 of 104"; ``.full`` the fraction,
    the percentage and its 95 % interval. A value that is not there prints as its word.
    """

    def __init__(self, row: pd.Series[Any]) -> None:
        if "numerator" in row:  # a landscape count: what is counted is the number itself
            row = row.rename({"numerator": "value", "numerator_missing": "value_missing"})
            row["events"], row["unit"] = row["value"], ""
        self.row = row

    def __repr__(self) -> str:
        return self.text

    @property
    def value(self) -> float:
        """The number as printed, without its unit."""
        return float(self.row["value"])

    @property
    def number(self) -> Words:
        """The number without its unit, or the word for why there is none."""
        return Words(self.row.get("value_missing", "") or f"{self.value:g}".replace("-", "−"))

    @property
    def text(self) -> Words:
        """The number with its unit: "65 %", "24.9 months", "17 patients", "not reached"."""
        if pd.isna(self.row["value"]):
            return self.number
        unit = {"percent": "%"}.get(self.row["unit"], self.row["unit"])
        unit = unit.removesuffix("s") if self.value == 1 else unit
        return Words(f"{self.number}\N{NO-BREAK SPACE}{unit}".rstrip("\N{NO-BREAK SPACE}"))

    percent = text

    @property
    def denominator(self) -> int:
        """How many patients the proportion is of."""
        return int(self.row["denominator"])

    @property
    def events(self) -> int:
        """How many patients had the event; where only a percentage is printed, the number it stands for."""
        if pd.notna(self.row["events"]):
            return int(self.row["events"])
        return implied_events(self.value, self.denominator)[0]

    @property
    def fraction(self) -> Words:
        """ "77 of 104"; with *about* where a coarse percentage is all that is printed."""
        sure = pd.notna(self.row["events"]) or implied_events(self.value, self.denominator)[1]
        return Words(f"{'' if sure else 'about '}{self.events} of {self.denominator}")

    @cached_property
    def proportion(self) -> Proportion:
        """The proportion with its Wilson interval."""
        return proportion(self.events, self.denominator)

    @property
    def interval(self) -> Words:
        """The 95 % Wilson interval in per cent: "65–81 %"."""
        return Words(
            f"{100 * self.proportion.low:.0f}–{100 * self.proportion.high:.0f}\N{NO-BREAK SPACE}%"
        )

    @property
    def share(self) -> Words:
        """The fraction in per cent, computed, without decimals: "78 %"."""
        return Words(f"{100 * self.proportion.estimate:.0f}\N{NO-BREAK SPACE}%")

    @property
    def full(self) -> Words:
        """ "77 of 104 (74 %, 95 % CI 65–81 %)"."""
        return Words(f"{self.fraction} ({self.share}, 95\N{NO-BREAK SPACE}% CI {self.interval})")


def _quoted(table: str, key: str, wanted: str) -> Reported:
    rows = load(table).set_index(key)
    if wanted not in rows.index:
        near = [one for one in rows.index if one.split(".")[0] == wanted.split(".")[0]]
        raise DataError(
            f"data/{table}.csv has no {key} {wanted!r}; with that beginning there are: {', '.join(near) or 'none'}"
        )
    row = rows.loc[wanted]
    assert isinstance(row, pd.Series)  # the key is unique: validate_table checked it
    return Reported(row)


def reported(outcome_id: str) -> Reported:
    """A number of the review, to be quoted in prose. Raises DataError if there is no such outcome."""
    return _quoted("outcomes", "outcome_id", outcome_id)


def counted(count_id: str) -> Reported:
    """A count of the review's landscape sections, to be quoted in prose. Raises DataError if there is none."""
    return _quoted("landscape", "count_id", count_id)


def paper(paper_id: str) -> Reported:
    """A number that a cited paper or an agency gives, to be quoted beside the review's. Raises DataError if there is none."""
    return _quoted("papers", "paper_id", paper_id)


def since(since_id: str) -> Reported:
    """A number published after the review, to be quoted in prose. Raises DataError if there is none."""
    return _quoted("since", "since_id", since_id)
