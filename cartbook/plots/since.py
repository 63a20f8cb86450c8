"""What has changed since the review: first and later results, decisions of agencies, registry counts."""

from __future__ import annotations

from math import exp
from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, row_texts, slider
from cartbook.plots.registry import BOTH, KINDS
from cartbook.stats import proportions
from cartbook.tables import evidence, load, quote
from cartbook.theme import colour

FIRST, LATER = "as the review or its source had it", "latest report"
SAME, MORE, OTHER = "the same patients", "more patients", "a later trial"
#: name, the rate in or behind the review, the latest rate, whom the latest counts
REPORTS = [
    (
        "Liso-cel, CLL",
        "siddiqi2022.single-group.cr-or-cri.text",
        "siddiqi2022.cr-or-cri-later",
        MORE,
    ),
    (
        "Axi-cel, indolent lymphoma",
        "jacobson2022.single-group.complete-response.text",
        "lt-zuma5-5y.complete-response",
        MORE,
    ),
    (
        "Relma-cel, large B-cell lymphoma",
        "ying2021.single-group.complete-response.text",
        "ying2021.group.complete-response.ying2024",
        SAME,
    ),
    (
        "Brexu-cel, B-ALL",
        "shah2021.single-group.cr-or-cri.text",
        "shah2021.phase-1-and-2.cr-or-cri.shah2025",
        MORE,
    ),
    (
        "Obe-cel (AUTO1), B-ALL",
        "roddie2021.single-group.mrd-negative-complete-response.text",
        "roddie2024.group.cr-or-cri.roddie2024",
        OTHER,
    ),
    (
        "Cilta-cel, CARTITUDE-1",
        "berdeja2021.stringent-cr",
        "den-mm-itt.cartitude-1-infused",
        SAME,
    ),
    (
        "Cilta-cel (LCAR-B38M), LEGEND-2",
        "zhao2018.single-group.complete-response.table-2",
        "legend-2.group.complete-response.legend-2-eha2023",
        MORE,
    ),
    (
        "Eque-cel (CT103A), myeloma",
        "wang-d2021.single-group.cr-or-stringent-cr.text",
        "li2024.group.cr-or-stringent-cr.cancernetwork-2025",
        MORE,
    ),
    (
        "Donor CD7 CAR-T cells, T-ALL",
        "pan2021.single-group.complete-response.text",
        "tc-cd7-2y.complete-response",
        SAME,
    ),
]

#: name, outcome, what it counts: five years after the infusion, or at least five
FIVE_YEARS = [
    ("ZUMA-1: large B-cell lymphoma", "lt-zuma1-5y.overall-survival-year-5", "alive"),
    (
        "ZUMA-1: large B-cell lymphoma",
        "neelapu2017.group.progression-free-survival.month-60.neelapu2023",
        "without relapse or progression",
    ),
    (
        "TRANSCEND: large B-cell lymphoma",
        "abramson2020.group.overall-survival.month-60.survivornet-2024",
        "alive",
    ),
    ("JULIET: large B-cell lymphoma", "lt-juliet-5y.overall-survival-month-60", "alive"),
    (
        "JULIET: large B-cell lymphoma",
        "lt-juliet-5y.progression-free-survival-month-60",
        "without relapse or progression",
    ),
    ("ZUMA-2: mantle cell lymphoma", "lt-zuma2-5y.overall-survival-year-5", "alive"),
    (
        "ZUMA-5: indolent lymphoma",
        "jacobson2022.group.overall-survival.month-60.neelapu2024b",
        "alive",
    ),
    (
        "ZUMA-5: indolent lymphoma",
        "jacobson2022.group.progression-free-survival.month-60.neelapu2024b",
        "without relapse or progression",
    ),
    (
        "ELIANA: ALL, to age 25",
        "maude2018.group.overall-survival.month-60.rives2022",
        "alive",
    ),
    (
        "CARTITUDE-1: myeloma",
        "lt-cartitude1-5y.progression-free-5-years",
        "without relapse or progression",
    ),
    ("LEGEND-2: myeloma", "legend-2.group.overall-survival.month-60.legend-2-2024", "alive"),
    (
        "LEGEND-2: myeloma",
        "legend-2.group.progression-free-survival.month-60.legend-2-2024",
        "without relapse or progression",
    ),
]


#: trial and time, survival of the CAR-T arm (that of the control arm ends in -control), month
SURVIVAL = [
    ("ZUMA-7, 4 years", "rct-zuma7-os.overall-survival-year-4", 48),
    ("TRANSFORM, 3 years", "rct-transform-3y.overall-survival-month-36", 36),
    ("CARTITUDE-4, 2.5 years", "rct-cartitude4.overall-survival-month-30", 30),
]

#: trial, hazard ratio of the primary end point and of overall survival, in the latest report
RANDOMISED = [
    (
        "ZUMA-7",
        "locke2022.both-arms.event-free-survival.hazard-ratio.locke2022",
        "rct-zuma7-os.overall-survival-hazard-ratio",
    ),
    (
        "TRANSFORM",
        "rct-transform-3y.event-free-survival-hazard-ratio",
        "rct-transform-3y.overall-survival-hazard-ratio",
    ),
    ("BELINDA", "rct-belinda.event-free-survival-hazard-ratio", ""),
    (
        "KarMMa-3",
        "rct-karmma3.progression-free-survival-hazard-ratio",
        "rct-karmma3.overall-survival-hazard-ratio",
    ),
    (
        "CARTITUDE-4",
        "rct-cartitude4.progression-free-survival-hazard-ratio",
        "rct-cartitude4.overall-survival-hazard-ratio",
    ),
]


def randomised_trials() -> pd.DataFrame:
    """Return the hazard ratios of the five randomised trials, primary end points first.

    To the columns of `evidence` come ``what`` (*primary end point* or *overall survival*) and
    ``line``, which names the trial and the end point.
    """
    keys = [one for _, one, _ in RANDOMISED] + [two for *_, two in RANDOMISED if two]
    rows = evidence(outcome_id=keys).set_index("outcome_id").loc[keys].reset_index()
    primary = rows.index < len(RANDOMISED)
    rows["what"] = ["primary end point" if one else "overall survival" for one in primary]
    short = {
        "event-free survival": "EFS",
        "progression-free survival": "PFS",
        "overall survival": "OS",
    }
    rows["line"] = rows["trial_name"] + ", " + rows["endpoint"].map(short)
    weighted = rows["line"] == "CARTITUDE-4, PFS"
    rows.loc[weighted, "line"] += " after week 8"
    return rows


def first_and_later() -> pd.DataFrame:
    """Return nine response rates of the review with their latest successors, two rows a product.

    ``report`` says which of the two a row is, ``patients`` whom the later report counts. To the
    columns of `evidence` come ``percent`` and a Wilson interval, as `cartbook.proportions` gives.
    """
    order = [
        (key, name, report, patients)
        for name, first, later, patients in REPORTS
        for key, report in ((first, FIRST), (later, LATER))
    ]
    rows = evidence(outcome_id=[key for key, *_ in order]).set_index("outcome_id")
    rows = rows.loc[[key for key, *_ in order]].reset_index()
    rows["label"] = [name for _, name, _, _ in order]
    rows["report"] = [report for _, _, report, _ in order]
    rows["patients"] = [patients for *_, patients in order]
    return proportions(rows)


def five_years() -> pd.DataFrame:
    """Return what is known five years after the infusion, in per cent, one row per number.

    ``measure`` is *alive* or *without relapse or progression*; the latter is progression-free
    survival or a count of patients. Counts of patients have their percentage as ``value``, and
    as ``low`` and ``high`` their Wilson interval.
    """
    rows = evidence(outcome_id=[key for _, key, _ in FIVE_YEARS]).set_index("outcome_id")
    rows = rows.loc[[key for _, key, _ in FIVE_YEARS]].reset_index()
    rows["label"] = [name for name, _, _ in FIVE_YEARS]
    rows["measure"] = [measure for *_, measure in FIVE_YEARS]
    for place, row in rows.iterrows():
        if row["unit"] == "patients":
            share = quote(row["outcome_id"]).proportion
            spans = (share.estimate, share.low, share.high)
            for name, part in zip(("value", "low", "high"), spans, strict=True):
                rows.loc[place, name] = 100 * part
            rows.loc[place, "unit"] = "percent"
    return rows


def survival_with(control: float, ratio: float) -> float:
    """Return the survival, in per cent, that a constant hazard ratio makes of the control arm's.

    >>> round(survival_with(46, ratio=0.73), 1)
    56.7
    """
    if not 0 <= control <= 100 or ratio <= 0:
        raise ValueError("survival lies between 0 and 100%, and a hazard ratio is above 0")
    return float(100 * (control / 100) ** ratio)


def survival_by_arm() -> pd.DataFrame:
    """Return overall survival in both arms of three randomised trials at one time, in per cent.

    ``label`` names trial and time, ``control`` and ``cells`` are the two arms, ``low`` and ``high``
    the 95% interval of the CAR-T arm, missing where the report prints none.
    """
    rows = []
    for label, key, end in SURVIVAL:
        cells, control = quote(key).row, quote(f"{key}-control").row
        rows.append((label, control["value"], cells["value"], cells["low"], cells["high"], end))
    columns = ["label", "control", "cells", "low", "high", "at_month"]
    table = pd.DataFrame(rows, columns=columns)
    numbers = ["control", "cells", "low", "high"]
    return table.assign(**{name: pd.to_numeric(table[name]).astype(float) for name in numbers})


def survival_gain_plot(trials: pd.DataFrame, control: int = 46, ratio: float = 0.73) -> Layers:
    """Draw survival with CAR-T cells against survival in the control arm, for a constant hazard ratio.

    ``trials`` has ``label``, ``control`` and ``cells`` (both in per cent): the survival of both arms
    at one time, drawn as points, with the interval of the CAR-T arm if there are ``low`` and ``high``.
    The reader sets the hazard ratio, which bends the curve, and the
    control arm's survival, at which the gain per 100 patients is written.
    """
    params = [
        slider("ratio", ratio, 0.4, 1.2, 0.01, "Hazard ratio for death "),
        slider("control_alive", control, 10, 90, 1, "Control arm alive, % "),
    ]
    scale = PERCENT
    x = alt.X("control:Q", title="Alive in the control arm", scale=scale, axis=percent_axis())
    y = alt.Y("cells:Q", title="Alive with CAR-T cells", scale=scale, axis=percent_axis())
    grid = alt.Chart(pd.DataFrame({"control": range(0, 101, 2)}))
    same = (
        grid.transform_calculate(cells="datum.control")
        .mark_line(strokeDash=[5, 4], color=colour("line"), aria=False)
        .encode(x=x, y=y)
    )
    curve = (
        grid.transform_calculate(cells="100 * pow(datum.control / 100, ratio)")
        .mark_line(strokeWidth=2.5, color=colour("blue"), aria=False)
        .encode(x=x, y=y)
    )
    here = alt.Chart(pd.DataFrame({"here": [1]})).transform_calculate(
        control="control_alive", cells="100 * pow(control_alive / 100, ratio)"
    )
    gain = here.mark_rule(strokeWidth=5, color=colour("blue"), opacity=0.45, aria=False).encode(
        x=x, y=alt.Y("control:Q", scale=scale), y2="cells:Q"
    )
    words = (
        here.transform_calculate(more="round(datum.cells) - datum.control")
        .transform_calculate(
            text="datum.control + ' and ' + round(datum.cells) + ' of 100 alive: '"
            " + abs(datum.more) + (datum.more < 0 ? ' fewer' : ' more')"
        )
        .mark_text(align="left", baseline="top", fontSize=14, fontWeight=600)
        .encode(x=alt.value(6), y=alt.value(6), text="text:N")
    )
    points = alt.Chart(trials[["label", "control", "cells"]])
    dot = points.mark_point(size=110, filled=True, color=colour("vermillion")).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("label:N", title="Trial"),
            alt.Tooltip("control:Q", title="Control arm, %"),
            alt.Tooltip("cells:Q", title="CAR-T cells, %"),
        ],
    )
    name = points.mark_text(
        align="right", baseline="bottom", dx=-9, dy=-2, fontWeight=600, aria=False
    ).encode(x=x, y=y, text="label:N")
    layers: list[Any] = [same, curve, gain, dot, name, words]
    if {"low", "high"} <= set(trials):
        ends = alt.Chart(trials.dropna(subset=["low", "high"])[["control", "low", "high"]])
        line = ends.mark_rule(strokeWidth=2, color=colour("vermillion"), aria=False)
        layers.insert(3, line.encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"))
    chart = alt.layer(*layers)
    return chart.add_params(*params).properties(height=340)


LICENCE, EARLIER, SAFETY = "licence for a disease", "earlier line of treatment", "safety action"
TOGETHER = "six products together"
LANE = 12  # pixels between decisions that would lie on one another
#: the month after the review was submitted
SINCE = "2022-11"
_TINTS = {"FDA": "blue", "EMA": "green", "NMPA": "vermillion", "MHRA": "purple"}


def decisions() -> pd.DataFrame:
    """Return the dated decisions on CAR-T products for blood cancers, the earliest first.

    To the table of approvals come ``name`` (the product, or *six products together*), ``what``
    (a licence for a disease, an earlier line, a safety action) and ``since`` (whether the decision
    is later than the month in which the review was submitted). Decisions on funding are left out;
    `cartbook.licensing.england` has them.
    """
    names = load("products").set_index("product_id")["short_name"]
    rows = load("approvals")
    rows = rows[rows["agency"].isin(_TINTS) & rows["precision"].ne("not reported")]
    rows = rows[rows["disease"].ne("solid tumours")].sort_values("date", kind="stable")
    kinds = {"approval": LICENCE, "label change": EARLIER, "safety action": SAFETY}
    return rows.assign(
        name=rows["product_id"].map(names).fillna(TOGETHER),
        what=rows["kind"].map(kinds),
        since=rows["date"] >= SINCE,
    ).reset_index(drop=True)


def decisions_plot(rows: pd.DataFrame) -> Layers:
    """Draw rows of `decisions` on a time line, one line per product; the reader chooses an agency.

    Colour is the agency, shape the kind of decision. A decision of which only the month or the year
    is known is drawn at its middle; decisions on one product within half a year lie one below the
    other. A dashed rule marks when the review was submitted.
    """
    middle = {4: "-07-01", 7: "-15", 10: ""}
    places = [date + middle[len(date)] for date in rows["date"]]
    lines = rows[["name", "agency", "what", "disease", "date"]].assign(at=places)
    lines["name"] = lines["name"].astype(str)
    order = list(dict.fromkeys(lines["name"]))
    order.sort(key=lambda one: one == TOGETHER)  # no product: it comes last
    lines["lane"] = _lanes(lines)
    counts = lines.groupby("name").size()
    lines["written"] = [
        f"{counts[one]} decision" + ("s" if counts[one] > 1 else "") for one in lines["name"]
    ]
    agencies = [one for one in _TINTS if one in set(lines["agency"])]
    agency = menu("agency_shown", "all", ["all", *agencies], "Show decisions of ")
    y = alt.Y("name:N", sort=order, axis=None)
    base = alt.Chart(lines)
    first = alt.Chart(lines.drop_duplicates("name")).encode(y=y)
    rail = first.mark_rule(color=colour("grid"), strokeWidth=2, aria=False).encode(
        x=alt.value(0), x2=alt.value("width")
    )
    kinds = [LICENCE, EARLIER, SAFETY]
    looks: dict[str, Any] = {
        "y": y,
        "x": alt.X(
            "at:T",
            title=None,
            scale=alt.Scale(padding=8),
            axis=alt.Axis(format="%Y", tickCount="year", labelOverlap=True),
        ),
        "color": alt.Color(
            "agency:N",
            legend=alt.Legend(title=None),
            scale=alt.Scale(domain=agencies, range=[colour(_TINTS[one]) for one in agencies]),
        ),
        "shape": alt.Shape(
            "what:N",
            legend=alt.Legend(
                title=None,
                symbolFillColor=colour("quiet"),
                symbolStrokeColor=colour("quiet"),
            ),
            scale=alt.Scale(domain=kinds, range=["circle", "triangle-up", "diamond"]),
        ),
        "opacity": alt.condition(
            "agency_shown == 'all' || agency_shown == datum.agency", alt.value(1), alt.value(0.12)
        ),
        "tooltip": [
            alt.Tooltip("name:N", title="Product"),
            alt.Tooltip("agency:N", title="Agency"),
            alt.Tooltip("what:N", title="Decision"),
            alt.Tooltip("disease:N", title="Disease"),
            alt.Tooltip("date:N", title="Date"),
        ],
    }
    sent = (
        alt.Chart(pd.DataFrame({"at": ["2022-10-24"]}))
        .mark_rule(strokeDash=[5, 4], color=colour("quiet"), aria=False)
        .encode(x="at:T")
    )
    marks = [
        base.transform_filter(f"datum.lane == {lane}")
        .mark_point(size=95, filled=True, yOffset=LANE * lane)
        .encode(**looks)
        for lane in range(max(lines["lane"]) + 1)
    ]
    name, number = row_texts(first, "name")
    step = alt.Step(44 + LANE * max(lines["lane"]))
    layers = alt.layer(rail, sent, *marks, name, number)
    return layers.add_params(agency).properties(height=step)


def _lanes(lines: pd.DataFrame) -> list[int]:
    """Return the lane of each decision: the first in which the one before it is half a year away."""
    lanes: dict[Any, int] = {}
    for _, rows in lines.groupby("name"):
        ends: list[pd.Timestamp] = []
        for place, day in pd.to_datetime(rows["at"]).sort_values(kind="stable").items():
            free = (n for n, end in enumerate(ends) if (day - end).days > 182)
            lane = next(free, len(ends))
            ends[lane : lane + 1] = [day]
            lanes[place] = lane
    return [lanes[place] for place in lines.index]


#: kinds of record, each added to those before it: five rules for what counts as a trial
RECORDS = {"trials only" if kind == KINDS[0] else f"and {kind}": kind for kind in KINDS}
WINDOW, AFTER = "2018 to March 2022, the review’s window", "April 2022 to August 2026"
_COUNTRIES = {"China": "china", "United States": "us"}
#: period -> column and value of the recount, and the outcome that has the review's number
_PERIODS = {
    WINDOW: ("window", "in", "trials-{}"),
    **{str(year): ("value", str(year), f"year-{{}}-{year}") for year in range(2018, 2022)},
    "January to March 2022": ("value", "2022", "year-{}-2022"),
    AFTER: ("window", "after", ""),
}


def recounted_trials() -> pd.DataFrame:
    """Return how many CAR-T trials the registry has, by period, country and rule.

    One row is one count: ``trials`` under ``rule``, ``low`` and ``high`` over all five rules, and
    ``review``, the review's own number, missing where it prints none. A trial with centres in both
    countries counts in each; in *all countries* it counts once.
    """
    rows = load("recount")
    rows = rows[rows["dimension"] == "year"]
    out = []
    for period, (column, value, key) in _PERIODS.items():
        here = rows[rows[column] == value]
        for country in [*_COUNTRIES, "all countries"]:
            part = here
            if country in _COUNTRIES:
                part = here[here["country_group"].isin([country, BOTH])]
            by_kind = part.groupby("record_kind")["trials"].sum()
            counts, total = [], 0
            for kind in RECORDS.values():
                total += int(by_kind.get(kind, 0))
                counts.append(total)
            name = key.format(_COUNTRIES.get(country, "all")) if key else ""
            said = quote(name).number if name and "year-all" not in name else ""
            known = float(said) if said.isdigit() else None
            for rule, count in zip(RECORDS, counts, strict=True):
                out.append((period, country, rule, count, min(counts), max(counts), known))
    columns = ["period", "country", "rule", "trials", "low", "high", "review"]
    return pd.DataFrame(out, columns=columns).astype({"review": float})


def recount_plot(counts: pd.DataFrame) -> Layers:
    """Draw rows of `recounted_trials`; the reader chooses the period and the rule for what is a trial."""
    shown = counts[counts["country"].isin(_COUNTRIES)].copy()
    shown["number"] = [
        f"{n}" + (f" (all rules: {low}–{high})" if high > low else "")
        for n, low, high in zip(shown["trials"], shown["low"], shown["high"], strict=True)
    ]
    known = shown["review"].notna()
    shown["printed"] = "the review: " + shown["review"].map("{:.0f}".format).where(
        known, "no number"
    )
    shown["tick"] = shown["review"].fillna(shown["trials"])
    shown["ticked"] = known
    rules, periods = list(RECORDS), list(dict.fromkeys(shown["period"]))
    rule = menu("rule_chosen", rules[0], rules, "Count ", radio=True)
    period = menu("period_chosen", periods[0], periods, "Registered in ")
    y = alt.Y("country:N", sort=None, axis=None)
    chosen = "datum.rule == rule_chosen && datum.period == period_chosen"
    base = alt.Chart(shown).transform_filter(chosen).encode(y=y)
    x = alt.X("trials:Q", title="Registered trials", axis=alt.Axis(tickCount=5))
    names = list(_COUNTRIES)
    bar = base.mark_bar(height=14).encode(
        x=x,
        color=alt.Color(
            "country:N",
            legend=None,
            scale=alt.Scale(domain=names, range=[colour(one) for one in names]),
        ),
        tooltip=[
            alt.Tooltip("country:N", title="Country"),
            alt.Tooltip("number:N", title="Trials"),
            alt.Tooltip("printed:N", title="Printed"),
        ],
    )
    band = base.mark_rule(strokeWidth=5, color=colour("line"), aria=False).encode(
        x="low:Q", x2="high:Q"
    )
    tick = base.mark_tick(thickness=3, size=34, color=colour("text"), aria=False).encode(
        x="tick:Q", opacity=alt.condition("datum.ticked", alt.value(1), alt.value(0))
    )
    above: dict[str, Any] = {"baseline": "bottom", "dy": -20, "aria": False}
    name = base.mark_text(align="left", fontWeight=600, **above).encode(
        x=alt.value(0), text="country:N"
    )
    quiet = colour("quiet")
    number = base.mark_text(align="right", color=quiet, **above).encode(
        x=alt.value("width"), text="number:N"
    )
    theirs = base.mark_text(align="left", baseline="top", dy=14, color=quiet, aria=False).encode(
        x=alt.value(0), text="printed:N"
    )
    layers = alt.layer(bar, band, tick, name, number, theirs)
    return layers.add_params(rule, period).properties(height=alt.Step(86))


def pace(before: int, after: int, months: float, months_after: float) -> tuple[float, float, float]:
    """Return how many times faster trials were registered later, with a 95% interval.

    The interval takes both counts as Poisson, as if trials were registered independently; one
    sponsor often registers several, so it is too narrow.

    >>> [round(one, 2) for one in pace(100, 120, months=50, months_after=50)]
    [1.2, 0.92, 1.56]
    """
    ratio = (after / months_after) / (before / months)
    wide = 1.96 * (1 / before + 1 / after) ** 0.5
    return ratio, ratio * exp(-wide), ratio * exp(wide)
