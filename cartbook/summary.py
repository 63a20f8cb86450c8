"""The Summary of Findings: what is known, in absolute numbers, and how certain it is by GRADE.

The lines are rows of ``data/summary_of_findings.csv``. Their words and judgements are written
there; each of their numbers is computed here from the outcomes that the row names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, hypot
from typing import Any, ClassVar

import pandas as pd

from cartbook.checks import steps_down
from cartbook.figures import Shown
from cartbook.meta_analysis import pool
from cartbook.render import html
from cartbook.stats import proportion, proportions
from cartbook.tables import Quote, evidence, load, quote

#: GRADE's domains that lower certainty, in the order in which tables name them
DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
OBSERVATIONAL = ("cohort", "registry study", "case report", "case series")
LEVELS = ("very low", "low", "moderate", "high")


@dataclass(frozen=True)
class Limits:
    """Our limits for imprecision, the same for every line, in percentage points or per 100 people.

    An interval of a rate wider than ``wide`` lowers certainty by one step, one wider than
    ``very_wide`` by two; so does an interval of a difference that includes zero, and one that then
    reaches ``appreciable`` in both directions or rests on fewer than ``few`` people. A prediction interval wider than ``wide`` is
    inconsistency.
    """

    wide: float = 20
    very_wide: float = 40
    appreciable: float = 5
    few: int = 200


LIMITS = Limits()


def grade_limits() -> Limits:
    """Return the limits by which the book rates imprecision and, by prediction intervals, inconsistency."""
    return LIMITS


@dataclass(frozen=True)
class Rate:
    """People of 100 and an interval, from 0 to 100; without an interval all three are the same."""

    estimate: float
    low: float
    high: float

    @classmethod
    def of(cls, one: Quote, denominator: float | None = None) -> Rate:
        """Return a reported rate, with the printed interval or, without one, Wilson's.

        Wilson's interval of a Kaplan-Meier estimate is that of a group without censoring: where
        patients were censored before the landmark the true interval is wider.
        """
        if pd.notna(one.row["low"]) and pd.notna(one.row["high"]):
            return cls(one.value, float(one.row["low"]), float(one.row["high"]))
        known = one.row["denominator"]
        size = float(known) if pd.notna(known) else denominator
        if not size:
            return cls(one.value, one.value, one.value)
        events = float(one.row["events"]) if pd.notna(one.row["events"]) else one.value / 100 * size
        found = proportion(events, size)  # type: ignore[arg-type]  # an estimate from a curve has no whole number
        return cls(100 * found.estimate, 100 * found.low, 100 * found.high)


@dataclass(frozen=True)
class Finding:
    """One line: a rate, or the rates of two arms and their difference, per 100 people."""

    row: Mapping[str, Any]
    treatment: str
    time: str
    rate: Rate
    control: Rate | None = None
    difference: Rate | None = None
    ratio: Quote | None = None
    prediction: tuple[float, float] | None = None
    is_range: bool = False
    medians: tuple[float, float] | None = None  # months, where only a ratio compares the arms
    participants: int = 0
    studies: int = 1
    meta_analysis: bool = False
    mixed: bool = False  # with studies that are no trials

    @property
    def outcome(self) -> str:
        """The outcome, with its time and treatment filled in."""
        return self._filled("outcome")

    @property
    def label(self) -> str:
        """The outcome in a few words, for charts."""
        return self._filled("label")

    @property
    def words(self) -> str:
        """The line in plain words, without numbers of people."""
        return self._filled("words")

    @property
    def numbers(self) -> str:
        """The line in numbers of 100 people, with intervals."""
        if self.medians:
            first, second = (f"{one:.1f}" for one in self.medians)
            return f"median {first} months with {self.treatment}, {second} with standard treatment"
        if self.control and self.difference:
            arms = (
                f"{self.treatment} {whole(self.rate.estimate)}, "
                f"standard treatment {whole(self.control.estimate)} of 100"
            )
            return f"{arms}: {_more(self.difference)}"
        low, high = whole(self.rate.low), whole(self.rate.high)
        if self.is_range:
            return f"{low} to {high} of 100 (range)"
        beyond = ""
        if self.prediction:
            ends = [whole(one) for one in self.prediction]
            beyond = f"; a new {'study' if self.mixed else 'trial'} {ends[0]} to {ends[1]}"
        return f"{whole(self.rate.estimate)} of 100 ({low} to {high}{beyond})"

    @property
    def relative(self) -> str:
        """The relative effect with its interval, or nothing where no ratio is known."""
        if not self.ratio:
            return ""
        row = self.ratio.row
        value, low, high = (f"{float(row[part]):.2f}" for part in ("value", "low", "high"))
        return f"hazard ratio {value} ({low} to {high})"

    @property
    def people(self) -> str:
        """How many people and studies the line rests on."""
        if self.meta_analysis:
            return f"{self.participants:,} people, meta-analysis"
        name = ("study", "studies") if self.mixed else ("trial", "trials")
        return f"{self.participants:,} people, {self.studies} {name[self.studies > 1]}"

    @property
    def lowered(self) -> list[tuple[str, int, str]]:
        """The domains that lower certainty: name, steps, reason."""
        steps = {name: steps_down(self.row[name]) for name in DOMAINS}
        return [
            (name.replace("_", " "), steps[name], self.row[f"{name}_reason"])
            for name in DOMAINS
            if steps[name]
        ]

    def _filled(self, name: str) -> str:
        return str(self.row[name]).format(time=self.time, treatment=self.treatment)


def certainty(**ratings: str) -> str:
    """Return GRADE's word for ratings of its domains: *not serious*, *serious* or *very serious*.

    Randomised comparisons and rates of prognosis both start high.

    >>> certainty(risk_of_bias="serious", imprecision="very serious")
    'very low'
    """
    if unknown := set(ratings) - set(DOMAINS):
        raise ValueError(f"the domains are {', '.join(DOMAINS)}, not {', '.join(sorted(unknown))}")
    return LEVELS[max(0, len(LEVELS) - 1 - sum(map(steps_down, ratings.values())))]


def with_ratio(control: float, ratio: float) -> float:
    """Return how many of 100 are without the event, if ``control`` of 100 controls are.

    The survival of one arm is that of the other to the power of the hazard ratio, at each time,
    if hazards are proportional (GRADE guidelines 27, J Clin Epidemiol 2020;118:124-131).

    >>> round(with_ratio(46, 0.73), 1)
    56.7
    """
    if not 0 <= control <= 100 or ratio <= 0:
        raise ValueError("a rate is between 0 and 100, and a hazard ratio is above 0")
    return float(100 * (control / 100) ** ratio)


def rate_difference(first: Rate, second: Rate) -> Rate:
    """Return ``first - second`` with an interval made from their two intervals.

    This is Zou and Donner's method of variance estimates recovery (Stat Med 2008;27:1693-1702),
    of which Newcombe's interval for two proportions is a case.
    """
    estimate = first.estimate - second.estimate
    low = estimate - hypot(first.estimate - first.low, second.high - second.estimate)
    high = estimate + hypot(first.high - first.estimate, second.estimate - second.low)
    return Rate(estimate, low, high)


def imprecision(finding: Finding) -> str:
    """Return the rating of imprecision by the book's limits, which are stated in the chapter."""
    if finding.difference:
        low, high = finding.difference.low, finding.difference.high
        if low > 0 or high < 0:
            return "not serious"
        few = 0 < finding.participants < LIMITS.few
        return "very serious" if few or min(-low, high) >= LIMITS.appreciable else "serious"
    width = finding.rate.high - finding.rate.low
    return (
        "very serious"
        if width > LIMITS.very_wide
        else "serious"
        if width > LIMITS.wide
        else "not serious"
    )


def whole(number: float) -> int:
    """Round half up, as readers do: 24.5 is 25, so that 42 and 17 of 100 are 25 apart."""
    return floor(number + 0.5)


def read_findings() -> list[Finding]:
    """Return the lines of the Summary of Findings, in the order of the table."""
    return [_finding(row) for row in load("summary_of_findings").to_dict("records")]


def summary_rows() -> pd.DataFrame:
    """Return the lines of the Summary of Findings as rows, with their numbers of 100 people.

    Columns of the table of the same name, and: ``estimate``, ``low``, ``high``, of the CAR-T arm
    or of the group; ``prediction_low``, ``prediction_high`` where studies were pooled; ``control``,
    ``difference``, ``difference_low``, ``difference_high``, ``ratio``, ``ratio_low``,
    ``ratio_high`` where two arms are compared; where only a hazard ratio compares them there are no
    rates. ``counts`` says what a line counts: people alive, without progression, or in remission.

    >>> rows = summary_rows().set_index("finding_id")
    >>> rows.loc["cilta-cel-survival", ["estimate", "control", "certainty"]].tolist()
    [76.4, 63.8, 'moderate']
    """
    return pd.DataFrame([_numbers(one) for one in read_findings()])


#: what a line counts, by its end point
COUNTS = {
    "overall survival": "alive",
    "event-free survival": "without progression or event",
    "progression-free survival": "without progression or event",
    "progression-free for five years": "without progression or event",
    "complete response": "in remission",
    "CR or CRi": "in remission",
}


def _numbers(one: Finding) -> dict[str, Any]:
    key = _names(one.row["effect"])[0]
    spans = [one.rate, one.difference] if not one.medians else [None, None]
    names = ("estimate", "low", "high"), ("difference", "difference_low", "difference_high")
    values = {
        name: getattr(span, part) if span else None
        for span, group in zip(spans, names, strict=True)
        for name, part in zip(group, ("estimate", "low", "high"), strict=True)
    }
    least, most = one.prediction or (None, None)
    parts = {"ratio": "value", "ratio_low": "low", "ratio_high": "high"}
    ratio = {
        name: float(one.ratio.row[part]) if one.ratio else None for name, part in parts.items()
    }
    return {
        **{name: one.row[name] for name in ("finding_id", "part")},
        "outcome": one.outcome,
        "label": one.label,
        "counts": "other" if one.medians else COUNTS.get(quote(key).row["endpoint"], "other"),
        **{name: one.row[name] for name in ("question", "method", "certainty", "chapter")},
        **values,
        "prediction_low": least,
        "prediction_high": most,
        "control": one.control.estimate if one.control and not one.medians else None,
        **ratio,
        "participants": one.participants,
        "people": one.people,
        "numbers": one.numbers,
        "words": one.words,
        "would_change": one.row["would_change"],
        "outcome_id": key,
    }


def _names(cell: str) -> list[str]:
    return [] if cell == "not applicable" else cell.split("; ")


def _finding(row: dict[Any, Any]) -> Finding:
    effects = [quote(name) for name in _names(row["effect"])]
    counts = [quote(name) for name in _names(row["participants"])]
    people = [one for one in counts if one.row["unit"] == "patients"]
    first = effects[0]
    if pooled := row["method"] == "pooled":
        effects = [_sized(one, _sizes(people)) for one in effects]
    size = None if pooled else sum(int(one.value) for one in people) or None
    build = {"pooled": _pooled, "range": _range, "rate": _rate}.get(row["method"], _comparison)
    counted = [int(one.value) for one in counts if one.row["unit"] == "studies"]
    studies = counted or [len({one.row["study_id"] for one in effects})]
    reviews = load("studies").query("design == 'meta-analysis'")["study_id"]
    values: dict[str, Any] = {
        "row": row,
        "treatment": _short_name(str(first.row["arm"])),
        "time": _time(first.row["at_month"]),
        "studies": studies[0],
        "meta_analysis": not counted and first.row["study_id"] in set(reviews),
        "mixed": bool(counted) or any(one.row["design"] in OBSERVATIONAL for one in effects),
        "participants": size or 0,
    }
    if not size and row["question"] == "rate":
        sizes = {one.row["study_id"]: one.denominator for one in effects}
        values["participants"] = sum(sizes.values())
    return Finding(**values | build(row, effects, size))


def pooled_studies(finding_id: str) -> pd.DataFrame:
    """Return the studies of a pooled line, one row each, with events, denominator and percent.

    Where a source prints a percentage without its denominator, this is the number of patients of
    the same study that the line names under ``participants``. Raise ValueError for other lines.

    >>> rows = pooled_studies("severe-crs").set_index("trial_name")
    >>> rows.loc["ELARA", ["events", "denominator"]].tolist()
    [0, 97]
    """
    line = load("summary_of_findings").set_index("finding_id").loc[finding_id]
    if line["method"] != "pooled":
        raise ValueError(f"{finding_id} is not pooled from studies")
    rows = evidence(outcome_id=_names(str(line["effect"])))
    sizes = _sizes([quote(name) for name in _names(str(line["participants"]))])
    return proportions(
        rows.assign(denominator=rows["denominator"].fillna(rows["study_id"].map(sizes)))
    )


def _sizes(people: list[Quote]) -> dict[str, float]:
    """Return the number of patients of each study."""
    return {one.row["study_id"]: one.value for one in people}


def _sized(one: Quote, sizes: Mapping[str, float]) -> Quote:
    """Return the rate with its own denominator or, where none is printed, that of its study."""
    if pd.notna(one.row["denominator"]):
        return one
    row = one.row.copy()
    row["denominator"] = sizes[row["study_id"]]
    return Quote(row)


def _short_name(arm: str) -> str:
    names = load("products").set_index("product")["short_name"]
    return str(names.get(arm, arm))


def _time(months: Any) -> str:
    if pd.isna(months):
        return ""
    years, rest = divmod(float(months), 12)
    return f"{years:.0f} years" if not rest and years > 1 else f"{float(months):g} months"


def _rate(row: dict[Any, Any], effects: list[Quote], size: int | None) -> dict[str, Any]:
    return {"rate": Rate.of(effects[0], size)}


def _range(row: dict[Any, Any], effects: list[Quote], size: int | None) -> dict[str, Any]:
    values = [one.value for one in effects]
    return {"rate": Rate(min(values), min(values), max(values)), "is_range": True}


def _pooled(row: dict[Any, Any], effects: list[Quote], people: int | None) -> dict[str, Any]:
    studies: dict[str, list[int]] = {}
    for one in effects:  # rows of one study are of one grade each, and are added
        size = one.denominator
        known = studies.setdefault(str(one.row["study_id"]), [0, size])
        if known[1] != size:
            raise ValueError(f"{one.row.name}: another denominator than the study's other row")
        known[0] += one.events
    found = pool(pd.DataFrame(studies.values(), columns=["events", "denominator"]))
    rate = Rate(*(100 * one for one in (found.estimate, found.low, found.high)))
    return {
        "rate": rate,
        "prediction": (100 * found.prediction_low, 100 * found.prediction_high),
    }


def _comparison(row: dict[Any, Any], effects: list[Quote], size: int | None) -> dict[str, Any]:
    first, second = effects[0], quote(row["control"])
    ratio = quote(row["ratio"]) if row["ratio"] != "not applicable" else None
    found: dict[str, Any] = {"ratio": ratio}
    if not size:
        found["participants"] = first.denominator + second.denominator
    if row["method"] in ("landmarks", "counts"):
        found["rate"], found["control"] = Rate.of(first), Rate.of(second)
        found["difference"] = rate_difference(found["rate"], found["control"])
        return found
    assert ratio  # the rules of the table say so
    # no rates were read: the difference where half of the controls have had the event serves the
    # rating of imprecision alone, and is not shown
    base = 50.0
    ends = [with_ratio(base, float(ratio.row[end])) for end in ("high", "low")]
    middle = with_ratio(base, ratio.value)
    found["medians"] = (first.value, second.value)
    found["control"] = Rate(base, base, base)
    found["rate"] = Rate(middle, *ends)
    found["difference"] = Rate(middle - base, *(one - base for one in ends))
    return found


def _more(difference: Rate) -> str:
    """Return "9 more (2 fewer to 19 more)"."""

    middle, low, high = (
        whole(one) for one in (difference.estimate, difference.low, difference.high)
    )
    if high < 0:
        low, high = high, low
    first = f"{abs(low)}" if (low < 0) == (high < 0) else _signed(low)
    return f"{_signed(middle) if middle else 'about the same'} ({first} to {_signed(high)})"


def _signed(number: int) -> str:
    return f"{abs(number)} {'fewer' if number < 0 else 'more'}"


# The table


@dataclass(frozen=True)
class Squares:
    """A hundred squares: ``low`` dark, up to ``estimate`` mid, up to ``high`` light, the rest empty."""

    label: str
    low: int
    estimate: int
    high: int
    words: str


@dataclass(frozen=True)
class Line:
    """One line of the table, in words, in numbers and as pictures."""

    outcome: str
    words: str
    numbers: str
    pictures: tuple[Squares, ...]
    people: str
    certainty: str
    circles: str
    reasons: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Part:
    """Lines under one heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, repr=False)
class SummaryOfFindings(Shown):
    """The table: each line in words and numbers of 100 people, or as a picture, by the reader's choice."""

    kind: ClassVar[str] = "findings"
    id: str
    caption: str
    note: str
    parts: tuple[Part, ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        data, metadata = super()._repr_mimebundle_(include, exclude)
        return data | {"text/html": html(self.to_record(), notebook=True)}, metadata


def summary_of_findings(*, id: str, caption: str, note: str) -> SummaryOfFindings:
    """Return the table of `read_findings`, to be shown; ``note`` is printed below it."""
    found = read_findings()
    titles = dict.fromkeys(one.row["part"] for one in found)
    parts = [
        Part(title, tuple(_line(one) for one in found if one.row["part"] == title))
        for title in titles
    ]
    return SummaryOfFindings(id, caption, note, tuple(parts))


def _line(one: Finding) -> Line:
    level = LEVELS.index(one.row["certainty"]) + 1
    reasons = [
        f"{name.capitalize()}{', two steps' if steps > 1 else ''}: {_clause(reason)}"
        for name, steps, reason in one.lowered
    ]
    bars = [(one.treatment if one.control else "", one.rate)]
    bars += [("standard treatment", one.control)] if one.control else []
    return Line(
        outcome=one.outcome,
        words=one.words,
        numbers="; ".join(filter(None, [one.numbers, one.relative])),
        pictures=()
        if one.medians
        else tuple(_squares(label, rate, one.is_range) for label, rate in bars),
        people=one.people,
        certainty=one.row["certainty"].capitalize(),
        circles="●" * level + "○" * (len(LEVELS) - level),
        reasons=tuple(reasons),
        key=_names(one.row["effect"])[0],
    )


def _clause(reason: str) -> str:
    """Return a sentence as it follows a colon."""
    return reason[0].lower() + reason[1:].removesuffix(".")


def _squares(label: str, rate: Rate, is_range: bool) -> Squares:
    low, middle, high = (whole(one) for one in (rate.low, rate.estimate, rate.high))
    if is_range:
        words = f"{low} to {high} of 100"
    elif low == high:
        words = f"{middle} of 100"
    else:
        words = f"{middle} of 100, interval {low} to {high}"
    return Squares(label, low, middle, high, f"{label}: {words}" if label else words)


def evidence_profile() -> pd.DataFrame:
    """Return the judgement of each domain with its reason, one row per line and domain."""
    return pd.DataFrame(
        [
            (
                one.outcome,
                name.replace("_", " ").capitalize(),
                one.row[name],
                one.row[f"{name}_reason"],
                one.row["certainty"],
            )
            for one in read_findings()
            for name in DOMAINS
        ],
        columns=["Outcome", "Domain", "Rating", "Reason", "Certainty"],
    )
