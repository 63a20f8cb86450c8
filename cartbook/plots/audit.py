"""Calculations and charts for checking a review: GRIM, agreement of two readings, appraisals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, isnan, sqrt
from statistics import NormalDist
from textwrap import fill
from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import Layers, menu, slider
from cartbook.sanitize import MISSING
from cartbook.stats import proportion
from cartbook.tables import evidence, load
from cartbook.theme import colour

MOST = 400  # patients, the right end of the control
NEAR = 6  # percentage points shown on either side of the printed percentage
ROOM = 560  # pixels from which the columns of a matrix have room for words
WRAP = 50  # characters in a line of a reason, so that it fits a phone
#: what a judgement looks like in a matrix: its sign, and its colour
SIGNS = {
    "low": ("+", "green"),
    "some concerns": ("~", "ochre"),
    "high": ("×", "vermillion"),
    "yes": ("+", "green"),
    "unclear": ("?", "grey"),
    "no": ("×", "vermillion"),
}
ABBREVIATED = {
    "event-free survival": "EFS",
    "progression-free survival": "PFS",
    "overall survival": "OS",
}
CHAPTERS = {
    "02-cells-and-products": "Cells and products",
    "03-two-countries": "Two countries",
    "04-who-is-enrolled": "Who is enrolled",
    "05-aims": "Targets",
    "06-edited-cells": "Edited cells",
    "07-what-got-published": "Publication",
    "08-b-cell": "B-cell cancers",
    "09-hodgkin": "Hodgkin lymphoma",
    "10-myeloma": "Myeloma",
    "11-t-cell": "T-cell cancers",
    "12-aml": "AML",
    "13-toxicity": "Toxicity",
    "14-antigen-lost": "Antigen-negative relapse",
    "15-antigen-kept": "Antigen-positive relapse",
    "16-availability": "Availability",
}
WEIGHTS = {"changes a conclusion": "vermillion", "misleads": "ochre", "slip": "grey"}


# GRIM


def grim(percent: float, n: int, decimals: int = 0) -> list[int]:
    """Return the numbers of patients out of ``n`` whose share is printed as ``percent``.

    The list is empty where the percentage is impossible: no whole number gives it (the GRIM test
    of Brown and Heathers for proportions). A share half-way between two printed values fits both.
    Raise ValueError unless ``n`` is positive and ``percent`` lies between 0 and 100.

    >>> grim(84.4, 277, decimals=1)
    []
    """
    if n <= 0 or not 0 <= percent <= 100 or decimals < 0:
        raise ValueError(f"{percent}% of {n} patients cannot be checked")
    half = 10.0**-decimals / 2 + 1e-9
    first = max(0, int((percent - half) * n / 100) - 1)
    last = min(n, int((percent + half) * n / 100) + 1)
    return [k for k in range(first, last + 1) if abs(100 * k / n - percent) <= half]


def printed_percentages() -> pd.DataFrame:
    """Return each percentage that the review prints of a study or of its count of trials, recomputed.

    Columns are ``what``, ``where``, ``percent``, ``events``, ``denominator`` and ``verdict``:
    *follows* from its fraction, is *possible* for its group, is *impossible*, or is *not checkable*
    since there is no group, as for rates that are read off a survival curve.
    """
    rows = evidence(source="review", unit="percent").dropna(subset=["value"])
    counts = load("landscape").dropna(subset=["percent_printed"])
    parts = [
        pd.DataFrame(
            {
                "what": rows["label"] + ": " + rows["endpoint"],
                "where": ["a table" if "table" in one else "the text" for one in rows["section"]],
                "percent": rows["value"],
                "events": rows["events"],
                "denominator": rows["denominator"],
            }
        ),
        pd.DataFrame(
            {
                "what": counts["country"] + ": " + counts["item"],
                "where": "the text",
                "percent": counts["percent_printed"],
                "events": counts["numerator"],
                "denominator": counts["denominator"],
            }
        ),
    ]
    found = pd.concat(parts, ignore_index=True)
    found["verdict"] = [
        _verdict(*one)
        for one in found[["percent", "events", "denominator"]].astype(float).to_numpy()
    ]
    return found


def _verdict(percent: float, events: float, denominator: float) -> str:
    if isnan(denominator):
        return "not checkable"
    fits = grim(percent, int(denominator), len(f"{percent:g}".partition(".")[2]))
    if isnan(events):
        return "possible" if fits else "impossible"
    return "follows" if int(events) in fits else "impossible"


def grim_power(n: int, decimals: int = 0) -> float:
    """Return the share of printable percentages that are impossible for ``n`` patients.

    It is the chance that GRIM finds a percentage that was typed at random.

    >>> round(grim_power(20), 2)
    0.79
    """
    if n <= 0 or decimals < 0:
        raise ValueError(f"{n} patients and {decimals} decimals cannot be checked")
    printable = int(100 * 10**decimals) + 1
    return 1 - min(n + 1, printable) / printable


def grim_plot(percent: float = 84.4, n: int = 277, decimals: int = 1) -> Layers:
    """Draw the shares that are possible near a printed percentage; the reader sets all three numbers.

    The arguments are the first settings. The browser computes what `grim` and `grim_power` compute.
    """
    people = slider("patients", n, 5, MOST, 1, "Patients or trials ")
    printed = slider("printed", percent, 0, 100, 0.1, "Printed percentage ")
    digits = menu("digits", decimals, [0, 1], "Decimals ", labels=["none", "one"], radio=True)
    unit = "pow(10, -digits)"
    shown = f"(round(printed / {unit}) * {unit})"
    counts = alt.Chart(alt.sequence(0, MOST + 1, 1, as_="k")).transform_filter(
        "datum.k <= patients"
    )
    counts = counts.transform_calculate(
        share="100 * datum.k / patients",
        away=f"100 * datum.k / patients - {shown}",
        hit=f"abs(100 * datum.k / patients - {shown}) <= {unit} / 2 + 1e-9 ? 1 : 0",
    )
    near = counts.transform_filter(f"abs(datum.away) <= {NEAR}").transform_calculate(
        fits="datum.hit ? 'gives the printed percentage' : 'another percentage'"
    )
    domain = ["gives the printed percentage", "another percentage", "what rounding allows"]
    hues = [colour("blue"), colour("grey"), colour("ochre")]
    tint = alt.Color(
        "fits:N",
        scale=alt.Scale(domain=domain, range=hues),
        legend=alt.Legend(title=None, symbolType="square", symbolStrokeWidth=0, columns=1),
    )
    x = alt.X(
        "away:Q",
        title="Percentage points from the printed percentage",
        scale=alt.Scale(domain=[-NEAR, NEAR], nice=False),
        axis=alt.Axis(values=list(range(-NEAR, NEAR + 1, 2)), grid=False),
    )
    marks = near.mark_tick(thickness=2, size=46).encode(
        x=x,
        y=alt.value(96),
        color=tint,
        tooltip=[
            alt.Tooltip("k:Q", title="Patients"),
            alt.Tooltip("share:Q", title="Per cent", format=".2f"),
        ],
    )
    band = (
        alt.Chart(alt.sequence(0, 1, 1, as_="one"))
        .transform_calculate(left=f"-{unit} / 2", right=f"{unit} / 2", fits=f"'{domain[2]}'")
        .mark_rect(stroke=colour("ochre"), strokeWidth=0.6, opacity=0.6, aria=False)
        .encode(x=alt.X("left:Q"), x2="right:Q", y=alt.value(62), y2=alt.value(130), color=tint)
    )
    said = counts.transform_calculate(
        first="datum.hit ? datum.k : null", below="datum.away < 0 ? datum.k : null"
    ).transform_aggregate(
        hits="sum(hit)", first="min(first)", last="max(first)", below="max(below)"
    )
    form = "format(100 * {} / patients, '.2f') + '%'"
    said = said.transform_calculate(
        verdict=f"format({shown}, '.' + digits + 'f') + '% of ' + patients + (datum.hits == 0 "
        "? ' is impossible' : ' is possible: ' + datum.first + "
        "(datum.hits > 1 ? ' to ' + datum.last : ''))",
        detail=f"datum.hits == 0 && isValid(datum.below) && datum.below < patients ? datum.below + ' gives ' + {form.format('datum.below')} "
        f"+ ', ' + (datum.below + 1) + ' gives ' + {form.format('(datum.below + 1)')} : datum.hits > 0 ? datum.first + ' gives ' + {form.format('datum.first')} : ''",
        power="'Impossible, of all percentages: ' + format(100 * (1 - "
        "min(patients + 1, 100 * pow(10, digits) + 1) / (100 * pow(10, digits) + 1)), '.0f') + '%'",
    )
    head = said.mark_text(align="left", baseline="top", fontSize=13, fontWeight=600).encode(
        x=alt.value(0), y=alt.value(0), text="verdict:N"
    )
    lines = [
        said.mark_text(align="left", baseline="top", color=colour("quiet")).encode(
            x=alt.value(0), y=alt.value(y), text=f"{name}:N"
        )
        for name, y in (("detail", 20), ("power", 40))
    ]
    layers = alt.layer(band, marks, head, *lines).add_params(people, printed, digits)
    return layers.properties(height=134)


# Agreement


@dataclass(frozen=True)
class Agreement:
    """Agreement of two readings: how many are the same, and Cohen's kappa with its interval."""

    same: int
    n: int
    expected: float
    kappa: float
    low: float
    high: float

    def __str__(self) -> str:
        interval = f"95% CI {self.low:.2f} to {self.high:.2f}"
        words = f"{self.same} of {self.n} the same, kappa {self.kappa:.2f} ({interval})"
        return words.replace("-", "−")


def kappa(
    first: Sequence[str], second: Sequence[str], *, order: Sequence[str] | None = None
) -> Agreement:
    """Return the agreement of two readings of the same things, and Cohen's kappa.

    With ``order``, the words from one end of a scale to the other, kappa is weighted linearly:
    readings that are neighbours on the scale agree in part. The interval is from the large-sample
    standard error of Fleiss, Cohen and Everitt (1969). Raise ValueError if the readings differ in
    length, if ``order`` lacks a word, or if chance alone would agree on everything.
    """
    if len(first) != len(second) or not len(first):
        raise ValueError(f"{len(first)} and {len(second)} readings cannot be compared")
    n = len(first)
    rows, columns = (
        {word: count / n for word, count in Counter(one).items()} for one in (first, second)
    )
    pairs = {pair: count / n for pair, count in Counter(zip(first, second, strict=True)).items()}
    if order and (unknown := {*rows, *columns} - {*order}):
        raise ValueError(f"the order lacks {', '.join(sorted(unknown))}")

    def weight(one: str, other: str) -> float:
        if not order:
            return float(one == other)
        return 1 - abs(order.index(one) - order.index(other)) / (len(order) - 1)

    observed = sum(share * weight(*pair) for pair, share in pairs.items())
    expected = sum(
        a * b * weight(one, other) for one, a in rows.items() for other, b in columns.items()
    )
    if expected == 1:
        raise ValueError("both readings use one and the same word, so kappa is not defined")
    value = (observed - expected) / (1 - expected)
    of_row = {one: sum(b * weight(one, other) for other, b in columns.items()) for one in rows}
    of_column = {other: sum(a * weight(one, other) for one, a in rows.items()) for other in columns}
    spread = sum(
        share * (weight(one, other) - (of_row[one] + of_column[other]) * (1 - value)) ** 2
        for (one, other), share in pairs.items()
    )
    spread -= (value - expected * (1 - value)) ** 2
    error = sqrt(max(spread, 0) / n) / (1 - expected)
    z = NormalDist().inv_cdf(0.975)
    low, high = max(-1.0, value - z * error), min(1.0, value + z * error)
    same = sum(one == other for one, other in zip(first, second, strict=True))
    return Agreement(same, n, expected, value, low, high)


def in_the_whole(found: int, sample: int, total: int) -> tuple[int, int]:
    """Return the numbers in a list of ``total`` between which the 95% interval lies, given a sample.

    Of ``sample`` entries drawn without replacement ``found`` have a property. A number in the whole
    list is compatible with that if neither so few nor so many would be drawn with a probability
    below 2.5% (the exact hypergeometric interval).

    >>> in_the_whole(40, sample=40, total=40)
    (40, 40)
    """
    if not 0 <= found <= sample <= total or not sample:
        raise ValueError(f"{found} of {sample}, drawn from {total}, cannot be")

    def drawn(number: int, counts: range) -> float:
        ways = sum(comb(number, k) * comb(total - number, sample - k) for k in counts)
        return ways / comb(total, sample)

    fit = [
        number
        for number in range(found, total - sample + found + 1)
        if drawn(number, range(found + 1)) > 0.025
        and drawn(number, range(found, sample + 1)) > 0.025
    ]
    return fit[0], fit[-1]


# Quotations


def cited_statements() -> pd.DataFrame:
    """Return the statements of the review that were held against the paper cited, one row each.

    A statement that needed several comparisons counts once: it differs if one of them does, and
    changes the reading if one of them does. What the review leaves out is no statement.
    """
    rows = load("comparisons").query(
        "source_id == study_id and verdict in ['agrees', 'differs'] and review_says != 'left out'"
    )
    order = {"differs": 0, "agrees": 2}
    rank = rows["verdict"].map(order) + (rows["matters"] != "changes the reading")
    worst = rows.loc[rank.sort_values(kind="stable").index]
    statements = worst.drop_duplicates(["study_id", "topic", "review_says"])
    return statements.sort_index().reset_index(drop=True)


def quotation_rates(differ: int, serious: int, n: int) -> pd.DataFrame:
    """Return how often quotations are wrong, in one review and in two meta-analyses, for `estimates_plot`.

    Of ``n`` statements held against the paper that is cited for them ``differ`` differ, and
    ``serious`` of these change how the number is read. Columns are ``label``, ``counted``,
    ``value``, ``low``, ``high`` and ``unit``.
    """
    rows = []
    for counted, events in (("any error", differ), ("serious error", serious)):
        one = proportion(events, n)
        rows.append(("This review", counted, 100 * one.estimate, 100 * one.low, 100 * one.high))
    names = {"baethge2025": "46 studies (2025)", "jergas2015": "28 studies (2015)"}
    for source, label in names.items():
        for counted, grade in (("any error", "any"), ("serious error", "major")):
            found = evidence(source_id=source, endpoint="quotation errors", grade=grade)
            value, low, high = (float(found[name].iloc[0]) for name in ("value", "low", "high"))
            rows.append((label, counted, value, low, high))
    columns = ["label", "counted", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns).assign(unit="percent")


# Findings


def findings_plot(findings: pd.DataFrame) -> Layers:
    """Draw how many notes there are of each kind, by weight; the reader chooses a chapter.

    ``findings`` has the columns ``kind``, ``weight`` and ``chapter``. The most frequent kind comes
    first.
    """
    rows = findings[["kind", "weight"]].assign(
        part=findings["chapter"].map(CHAPTERS),
        rank=[list(WEIGHTS).index(one) for one in findings["weight"]],
    )
    kinds = list(rows["kind"].value_counts().index)
    most = int(rows["kind"].value_counts().iloc[0])
    names = [name for name in CHAPTERS.values() if name in set(rows["part"])]
    part = menu("part", "all", ["all", *names], "Handled in ")
    base = alt.Chart(rows).transform_filter("part == 'all' || part == datum.part")
    y = alt.Y("kind:N", sort=kinds, axis=None, scale=alt.Scale(domain=kinds))
    x = alt.X(
        "n:Q",
        title="Notes",
        scale=alt.Scale(domain=[0, most + 2], nice=False),
        axis=alt.Axis(tickCount=6),
    )
    each = base.transform_aggregate(n="count()", groupby=["kind", "weight", "rank"])
    bars = each.mark_bar(size=14, stroke=colour("paper"), strokeWidth=1.5).encode(
        x=x,
        y=y,
        order=alt.Order("rank:Q"),
        color=alt.Color(
            "weight:N",
            scale=alt.Scale(domain=list(WEIGHTS), range=[colour(one) for one in WEIGHTS.values()]),
            legend=alt.Legend(title=None),
        ),
        tooltip=["kind:N", "weight:N", alt.Tooltip("n:Q", title="Notes")],
    )
    name = (
        alt.Chart(pd.DataFrame({"kind": kinds}))
        .mark_text(align="left", baseline="bottom", dy=-10, fontWeight=600, aria=False)
        .encode(x=alt.value(0), y=y, text="kind:N")
    )
    number = (
        base.transform_aggregate(n="count()", groupby=["kind"])
        .mark_text(align="right", baseline="bottom", dy=-10, color=colour("quiet"), aria=False)
        .encode(x=alt.value("width"), y=y, text="n:Q")
    )
    return alt.layer(bars, name, number).add_params(part).properties(height=alt.Step(40))


# Appraisals


def overall(judgements: Sequence[str]) -> str:
    """Return the overall risk of bias of a result: that of its worst domain.

    >>> overall(["low", "some concerns", "low"])
    'some concerns'
    """
    order = ["low", "some concerns", "high"]
    return max(judgements, key=order.index)


def appraised(checklist: str) -> pd.DataFrame:
    """Return the judgements of RoB 2 or of JBI's checklist for case series, for `judgement_matrix`.

    ``label`` is the trial, with the end point for RoB 2, of which each result has an overall
    judgement as the item *all*; ``sources`` names what the judgement rests on. Raise ValueError if there are none.
    """
    rows = load("appraisals").query("checklist == @checklist").copy()
    if rows.empty:
        raise ValueError(f"nothing is appraised by {checklist!r}")
    names = {one.source_id: _short(one) for one in load("sources").itertuples()}
    rows["sources"] = [
        "; ".join(names[key] for key in basis.split("; ")) for basis in rows["basis"]
    ]
    trials = load("studies").set_index("study_id")["trial_name"].str.removeprefix("TRANSCEND ")
    rows["label"] = rows["study_id"].map(trials)
    if checklist != "RoB 2":
        return rows
    ends = load("outcomes").set_index("outcome_id")["endpoint"].replace(ABBREVIATED)
    rows["label"] += ": " + rows["outcome_id"].map(ends)
    whole = (
        rows.groupby("label", sort=False)["judgement"]
        .agg(lambda domains: overall(list(domains)))
        .reset_index()
        .assign(
            item="all",
            reason="This is the judgement of its worst domain.",
            sources="the five domains",
        )
    )
    return pd.concat([rows, whole], ignore_index=True)


def _short(source: Any) -> str:
    """Return a source as its author, else its journal, else its title, with the year if it is known."""
    names = [str(one) for one in (source.first_author, source.journal, source.title)]
    name = next(one for one in names if one not in {*MISSING, "nan", "<NA>"}).strip("[]")
    year = str(source.year).removesuffix(".0")
    return f"{name} {year}" if year.isdigit() else name


def judgement_matrix(
    rows: pd.DataFrame,
    items: Mapping[str, str],
    *,
    row: str,
    item: str,
    names: tuple[str, str] = ("Study", "Question"),
    short: Sequence[str] | None = None,
) -> Layers:
    """Draw judgements as signs in a matrix, with the reason of the cell that the reader chooses.

    ``rows`` has ``label`` (a line of the matrix), ``item``, ``judgement`` and ``reason``; ``items``
    names the items in full, in the order of the columns. ``row`` and ``item`` are the cell chosen
    first; ``names`` are the words before the two controls, and ``short`` heads the columns where there
    is room. Raise ValueError if a cell is missing
    or given twice, or if there are not as many short headings as items.
    """
    lines = list(dict.fromkeys(rows["label"]))
    if len(rows) != len(lines) * len(items) or rows.duplicated(["label", "item"]).any():
        raise ValueError("a matrix has one judgement for each line and item")
    cells = rows[["label", "item", "judgement", "reason"]].assign(
        sign=[SIGNS[one][0] for one in rows["judgement"]],
        key=[f"{SIGNS[one][0]} {one}" for one in rows["judgement"]],
        question=rows["item"].map(dict(items)),
    )
    cells["said"] = [
        fill(f"{one.label}, {one.question}: {one.judgement}. {one.reason}", WRAP)
        for one in cells.itertuples()
    ]
    left = 10 + 7.3 * max(map(len, lines))  # pixels for the names of the lines
    kinds = [one for one in SIGNS if one in set(rows["judgement"])]
    blank = [" " * count for count in range(1, 1 + -(-max(map(_lines, cells["said"])) // 2))]
    chosen_row = menu("line", row, lines, f"{names[0]} ")
    options = list(items)
    chosen_item = menu("question", item, options, f"{names[1]} ", labels=list(items.values()))
    if short and len(short) != len(options):
        raise ValueError("a matrix has one short heading for each item")
    wide = f"{list(short or options)}[indexof({options}, datum.value)]"
    heading = f"width > {ROOM} ? {wide} : datum.value"
    x = alt.X(
        "item:N",
        title=None,
        sort=options,
        scale=alt.Scale(
            domain=options,
            paddingInner=0.1,
            paddingOuter=0,
            range=[left, alt.ExprRef("width")],
        ),
        axis=alt.Axis(
            orient="top",
            labelAngle=0,
            ticks=False,
            domain=False,
            labelFontSize=13,
            labelExpr=heading,
        ),
    )
    y = alt.Y(
        "label:N",
        sort=[*lines, *blank],
        scale=alt.Scale(domain=[*lines, *blank], paddingInner=0.12, paddingOuter=0),
        axis=None,
    )
    tint = alt.Color(
        "key:N",
        scale=alt.Scale(
            domain=[f"{SIGNS[one][0]} {one}" for one in kinds],
            range=[colour(SIGNS[one][1]) for one in kinds],
        ),
        legend=alt.Legend(title=None, symbolType="square"),
    )
    base = alt.Chart(cells)
    picked = "datum.label == line && datum.item == question"
    box = base.mark_rect().encode(
        x=x,
        y=y,
        color=tint,
        tooltip=[
            alt.Tooltip("label:N", title=names[0]),
            alt.Tooltip("question:N", title=names[1]),
            alt.Tooltip("judgement:N", title="Judgement"),
        ],
    )
    frame = (
        base.transform_filter(picked)
        .mark_rect(filled=False, stroke=colour("text"), strokeWidth=3, aria=False)
        .encode(x=x, y=y)
    )
    sign = base.mark_text(fontWeight=700, fontSize=15, color=colour("paper"), aria=False).encode(
        x=x, y=y, text="sign:N"
    )
    name = (
        alt.Chart(pd.DataFrame({"label": lines}))
        .mark_text(align="left", fontSize=13, aria=False)
        .encode(x=alt.value(0), y=y, text="label:N")
    )
    reason = (
        base.transform_filter(picked)
        .mark_text(align="left", baseline="top", lineBreak="\n", lineHeight=16)
        .encode(x=alt.value(0), y=alt.value(34 * len(lines) + 8), text="said:N")
    )
    layers = alt.layer(box, frame, sign, name, reason).add_params(chosen_row, chosen_item)
    return layers.properties(height=alt.Step(34))


def _lines(words: str) -> int:
    return words.count("\n") + 1
