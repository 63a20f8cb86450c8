"""Read the book's tables, and quote their numbers.

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

from cartbook.checks import REVIEW, same_value
from cartbook.datapackage import read_descriptor
from cartbook.findings import DataError
from cartbook.sanitize import MISSING
from cartbook.stats import Proportion, implied_events, proportion
from cartbook.validate import validate_table

HERE = Path(__file__).parent
INSTALLED = HERE / "data"  # a wheel carries the tables here; a checkout has them in data/
#: the tables: those named by $CARTBOOK_DATA, those inside the installed package, or those of the checkout
FOLDER = Path(
    os.environ.get("CARTBOOK_DATA") or (INSTALLED if INSTALLED.is_dir() else HERE.parent / "data")
)
#: the media type of a quoted number in a notebook's outputs
QUOTE_MIME = "application/vnd.cartbook.quote+json"
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


def _path(name: str) -> Path:
    """Return the file of a table that the running chapter may read."""
    _check_folder()
    paths = {one["name"]: FOLDER / one["path"] for one in read_descriptor(FOLDER)["resources"]}
    if name not in paths:
        raise DataError(f"there is no table {name!r}; there are: {', '.join(paths)}")
    declared = os.environ.get("CARTBOOK_DECLARED_TABLES")
    if declared is not None and name not in declared.split():
        raise DataError(
            f"the chapter reads data/{name}.csv but its front matter does not say so: "
            f"add {name}.csv to book: data:"
        )
    return Path(paths[name])


def load(name: str) -> pd.DataFrame:
    """Return a table of the book, named as its file without ``.csv``; a copy, so change it freely.

    Raises DataError, with file, row, column, problem and fix, if the table breaks a rule.

    >>> load("products").loc[0, "product"]
    'axicabtagene ciloleucel'
    """
    path = _path(name)
    return _read(FOLDER, name, _bytes(path), _bytes(FOLDER / "datapackage.json")).copy()


def evidence(**filters: Any) -> pd.DataFrame:
    """Return reported numbers with the facts of their study and source, one row per number.

    Each keyword keeps the rows whose column has that value, or one of a list of values.
    ``source`` takes ``"review"``, a kind of source such as ``"label"``, or a key of the table of
    sources. The columns of outcomes and studies keep their names, where both have one, the
    study's gets ``study_``; all columns of sources get ``source_``;
    ``source_citation`` names the document in a few words. A number that is of no study,
    such as a price, has *not applicable* in the study's columns and its source as ``label``.

    Raises DataError for a column that does not exist or a value that no row has.

    >>> rows = evidence(source="review", endpoint="complete response", section="table-2")
    >>> rows[["label", "value", "denominator"]].head(2)
                  label  value  denominator
    0   ide-cel phase I   45.0           33
    1  LCAR-B38M (Zhao)   68.0           57
    >>> evidence(source="article", trial_name="ZUMA-1")["product"].unique().tolist()
    ['axicabtagene ciloleucel']
    """
    rows = _joined()
    for column, wanted in filters.items():
        values = list(wanted) if isinstance(wanted, list | tuple | set) else [wanted]
        if column == "source":
            names = [REVIEW if one == "review" else one for one in values]
            known = rows["source_id"].isin(names) | rows["source_kind"].isin(names)
            absent = set(names) - set(rows["source_id"]) - set(rows["source_kind"])
        elif column in rows:
            known, absent = rows[column].isin(values), set(values) - set(rows[column].dropna())
        else:
            raise DataError(f"there is no column {column!r} in outcomes, studies or sources")
        if absent:
            words = ", ".join(map(repr, sorted(absent, key=str)))
            raise DataError(f"no outcome has {column} = {words}")
        rows = rows[known]
    return rows.reset_index(drop=True)


def _joined() -> pd.DataFrame:
    """Return outcomes with their studies and sources; not to be changed."""
    bodies = tuple(_bytes(_path(name)) for name in ("outcomes", "studies", "sources"))
    return _join(FOLDER, bodies, _bytes(FOLDER / "datapackage.json"))


@lru_cache(maxsize=2)
def _join(folder: Path, bodies: tuple[bytes, ...], description: bytes) -> pd.DataFrame:
    names = ("outcomes", "studies", "sources")
    outcomes, studies, sources = (
        _read(folder, name, body, description) for name, body in zip(names, bodies, strict=True)
    )
    both = set(studies.columns) & set(outcomes.columns) - {"study_id"}
    studies = studies.rename(columns={name: f"study_{name}" for name in both})
    sources = sources.set_index("source_id").add_prefix("source_")
    rows = outcomes.merge(studies, on="study_id", how="left", validate="many_to_one")
    rows = rows.merge(sources, on="source_id", how="left", validate="many_to_one")
    documents = rows.drop_duplicates("source_id").set_index("source_id")
    cited = {name: _citation(row) for name, row in documents.iterrows()}
    rows["source_citation"] = rows["source_id"].map(cited)
    without = rows["label"].isna()
    for name in studies.columns:
        if name != "study_id" and not pd.api.types.is_numeric_dtype(rows[name]):
            rows.loc[without, name] = "not applicable"
    rows.loc[without, "label"] = rows.loc[without, "source_citation"]
    return rows


def _citation(row: pd.Series[Any]) -> str:
    """Return a source as a few words: "Westin 2023, N Engl J Med"."""
    author, body, year = row["source_first_author"], row["source_journal"], row["source_year"]
    known = [str(one) for one in (author, body) if one not in MISSING]
    words = [one.rsplit(" ", 1)[0] if one == author else one for one in known]
    if words and pd.notna(year):
        words[0] += f" {year}"
    return ", ".join(words) or str(row.get("source_id", row.name))


def history(study: str, endpoint: str, **filters: Any) -> pd.DataFrame:
    """Return what each source reports of one end point of one study, the earliest first.

    `study` is a key of the table of studies; further keywords are those of `evidence`.

    >>> history("berdeja2021", "stringent CR")[["as_of", "source_id", "events", "denominator"]]
         as_of    source_id  events  denominator
    0     2021  berdeja2021      65           97
    1  2022-10     yang2023    <NA>         <NA>
    2     2023   martin2023      80          113
    3     2023   martin2023      80           97
    """
    rows = evidence(study_id=study, endpoint=endpoint, **filters)
    order = ["as_of", "follow_up_months", "outcome_id"]
    return rows.sort_values(order, kind="stable", na_position="first").reset_index(drop=True)


KEY = ["study_id", "arm", "endpoint", "statistic", "grade", "population", "subgroup", "at_month"]


def agreement(**filters: Any) -> pd.DataFrame:
    """Return each number of the review beside those that other sources report of the same thing.

    Two numbers are of the same thing if study, arm, end point, statistic, grade, population,
    subgroup and month are the same. ``agrees`` says whether they are one number, as far as the
    coarser rounding can tell; a later data cut may differ without an error in either source.
    Keywords filter as in `evidence`, before the numbers are paired.

    >>> pairs = agreement(study_id="munshi2021", endpoint="objective response")
    >>> pairs[["outcome_id", "other_id", "agrees"]].values.tolist()
    [['munshi2021.single-group.objective-response.text', 'munshi2021.objective-response', True]]
    """
    rows = evidence(**filters)
    known = rows["value"].notna() | rows["value_missing"].eq("not reached")
    rows = rows[known & rows["study_id"].ne("not applicable")]
    texts = [f"{value:g}" if pd.notna(value) else "not reached" for value in rows["value"]]
    rows = rows.assign(text=texts, at_month=rows["at_month"].fillna(-1))
    columns = ["outcome_id", "text", "as_of", "source_id", "source_kind"]
    ours = rows.loc[rows["source_id"].eq(REVIEW), [*KEY, "outcome_id", "label", "text"]]
    theirs = rows.loc[rows["source_id"].ne(REVIEW), [*KEY, *columns]]
    pairs = ours.merge(theirs, on=KEY, suffixes=("", "_other"))
    pairs["agrees"] = [
        same_value(*both) for both in zip(pairs["text"], pairs["text_other"], strict=True)
    ]
    pairs["at_month"] = pairs["at_month"].where(pairs["at_month"] >= 0)
    names = {"outcome_id_other": "other_id", "text": "value", "text_other": "other_value"}
    return pairs.rename(columns=names)


#: statistics of which sources print two decimals
RATIOS = ("hazard ratio", "odds ratio")
#: units that are no words of a sentence
BARE = ("ratio", "fraction", "coefficient", "p value")


class Text(str):
    """Text of a quoted number: it shows without quotation marks, and knows the key of its row."""

    key: str

    def __new__(cls, words: str, key: str = "") -> Text:
        """Make text of words and of the key of the row from which they come."""
        made = super().__new__(cls, words)
        made.key = key
        return made

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return plain text and, for the site, the key: cartbook.sphinxext links it to its entry."""
        data: dict[str, Any] = {"text/plain": str(self)}
        if not self.key:
            return data
        data[QUOTE_MIME] = {"key": self.key, "text": str(self)}
        return data, {"cartbook": {"kind": "quote"}}


class Quote:
    """One reported number, ready to be quoted in a sentence.

    ``{eval}`zuma7.text``` prints "65%", ``.fraction`` "77 of 104", ``.full`` the fraction, the
    percentage and its 95% interval. A value that is missing prints as its word.
    """

    def __init__(self, row: pd.Series[Any]) -> None:
        if "numerator" in row:  # a landscape count: what is counted is the number itself
            row = row.rename({"numerator": "value", "numerator_missing": "value_missing"})
            row["events"], row["unit"] = row["value"], ""
        self.row = row

    def __repr__(self) -> str:
        return self.text

    def _text(self, words: str) -> Text:
        return Text(words, str(self.row.name or ""))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.text._repr_mimebundle_()

    @property
    def value(self) -> float:
        """The number as reported, without its unit."""
        return float(self.row["value"])

    @property
    def number(self) -> Text:
        """The number without its unit, or the word for why there is none; a hazard or odds ratio has two decimals or more."""
        short = self.row.get("statistic") in RATIOS and self.value == round(self.value, 2)
        style = ".2f" if short else ",.10g"
        missing = self.row.get("value_missing", "")
        return self._text(missing or f"{self.value:{style}}".replace("-", "−"))

    @property
    def text(self) -> Text:
        """The number with its unit: "65%", "24.9 months", "17 patients", "not reached"."""
        if pd.isna(self.row["value"]):
            return self.number
        if self.row["unit"] == "percent":
            return self._text(f"{self.number}%")
        if self.row["unit"] in BARE:
            return self.number
        unit = self.row["unit"].removesuffix("s") if self.value == 1 else self.row["unit"]
        return self._text(f"{self.number}\N{NO-BREAK SPACE}{unit}".rstrip("\N{NO-BREAK SPACE}"))

    percent = text

    @property
    def denominator(self) -> int:
        """The number of patients that the proportion is of."""
        return int(self.row["denominator"])

    @property
    def people(self) -> Text:
        """The denominator, as words of the sentence: "7,604"."""
        return self._text(f"{self.denominator:,}")

    @property
    def months(self) -> Text:
        """The median follow-up in months, without the unit, or the word for why there is none."""
        months = self.row["follow_up_months"]
        missing = str(self.row.get("follow_up_months_missing", ""))
        return self._text(missing if pd.isna(months) else f"{months:g}")

    @property
    def events(self) -> int:
        """The number of patients with the event, worked out where only a percentage is printed."""
        if pd.notna(self.row["events"]):
            return int(self.row["events"])
        return implied_events(self.value, self.denominator)[0]

    @property
    def fraction(self) -> Text:
        """ "77 of 104"; with *about* where a coarse percentage is all that is printed."""
        exact = pd.notna(self.row["events"]) or implied_events(self.value, self.denominator)[1]
        return self._text(f"{'' if exact else 'about '}{self.events} of {self.denominator}")

    @cached_property
    def proportion(self) -> Proportion:
        """The proportion with its Wilson interval."""
        return proportion(self.events, self.denominator)

    @property
    def interval(self) -> Text:
        """The 95% Wilson interval in per cent: "65–81"."""
        return self._text(f"{100 * self.proportion.low:.0f}–{100 * self.proportion.high:.0f}")

    @property
    def printed_interval(self) -> Text:
        """The 95% interval as the source prints it, in the unit of the value: "0.54–0.98"."""
        ends = (self.row[end] for end in ("low", "high"))
        words = [f"{end:g}" if pd.notna(end) else "not reached" for end in ends]
        return self._text("–".join(words))

    def ratio(self, words: str = "95% CI ") -> Text:
        """A ratio with its printed interval, to two decimals below 10: "0.73 (95% CI 0.54–0.98)".

        ``words`` stand before the interval; with an empty string it is in brackets alone.
        """
        numbers = self.value, self.row["low"], self.row["high"]
        value, low, high = (f"{one:.2f}" if one < 10 else f"{one:g}" for one in numbers)
        return self._text(f"{value} ({words}{low}–{high})")

    @property
    def share(self) -> Text:
        """The fraction in per cent, computed, without decimals: "78%"."""
        return self._text(f"{100 * self.proportion.estimate:.0f}%")

    @property
    def full(self) -> Text:
        """ "77 of 104 (74%, 95% CI 65–82)"."""
        return self._text(f"{self.fraction} ({self.share}, 95% CI {self.interval})")

    @property
    def source(self) -> Text:
        """The source in a few words: "Westin 2023, N Engl J Med"."""
        return self._text(_citation(self.row))


def quote(key: str) -> Quote:
    """Return one number to be quoted: an outcome by its ``outcome_id``, a count by its ``count_id``.

    Raises DataError, with the keys that begin alike, if there is none.

    >>> quote("jacobson2022.single-group.complete-response.text").full
    77 of 104 (74%, 95% CI 65–82)
    >>> quote("rct-zuma7-os.deaths").source
    Westin 2023, N Engl J Med
    >>> quote("trials-china").number
    277
    """
    counted = "." not in key  # ids of counts have no parts
    table, column = ("landscape", "count_id") if counted else ("outcomes", "outcome_id")
    rows = load("landscape") if counted else _joined()
    found = rows[rows[column] == key].set_index(column)
    if found.empty:
        near = [one for one in rows[column] if one.split(".")[0] == key.split(".")[0]]
        words = ", ".join(near) or "none"
        raise DataError(f"data/{table}.csv has no {column} {key!r}; with that beginning: {words}")
    return Quote(found.iloc[0])
