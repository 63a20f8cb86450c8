"""From referral to infusion: what becomes of the patients of several cohorts, and what a wait costs."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any, Literal

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, named_points, percent_axis, row_texts, slider
from cartbook.tables import evidence
from cartbook.theme import colour

#: the stages of each cohort, in order, and the row of outcomes that counts the patients who reach it:
#: its number of events, or, with "of", its denominator; rows joined by "+" are added
FLOWS = {
    "UK, lymphoma": {
        "submitted": "kuhnl2022.group.participants.submitted.kuhnl2022",
        "approved": "kuhnl2022.group.participants.approved.kuhnl2022",
        "infused": "kuhnl2022.group.infused.kuhnl2022",
    },
    "UK, children with ALL": {
        "eligible": "of oportoespuelas2024.group.infused.oportoespuelas2024",
        "cells collected": "of oportoespuelas2024.group.satisfactory-manufacture.oportoespuelas2024",
        "product made": "oportoespuelas2024.group.satisfactory-manufacture.oportoespuelas2024",
        "infused": "oportoespuelas2024.group.infused.oportoespuelas2024",
    },
    "US community, lymphoma": {
        "intended, fate known": "acc-us-community.infused + acc-us-community.not-treated",
        "infused": "acc-us-community.infused",
    },
    "ZUMA-3 trial, adults with ALL": {
        "enrolled": "of shah2021.group.infused.shah2021",
        "product made": "shah2021.group.manufactured.shah2021",
        "infused": "shah2021.group.infused.shah2021",
    },
    "KarMMa-3 trial, myeloma": {
        "randomised": "of rodriguezotero2023.ide-cel.infused.jtct-2024-review",
        "cells collected": "den-karmma3-cartitude4.karmma-3-apheresed",
        "infused": "rodriguezotero2023.ide-cel.infused.jtct-2024-review",
    },
    "CARTITUDE-4 trial, myeloma": {
        "randomised": "of sanmiguel2023.cilta-cel.infused.jtct-2024-review",
        "infused as assigned": "sanmiguel2023.cilta-cel.infused.jtct-2024-review",
    },
}
#: median days to infusion, and who was infused, of cohorts that report both
WAITS = {
    "axi-cel, ZUMA-7": (
        "locke2022.axi-cel.time-to-infusion.hon-3153",
        "locke2022.axi-cel.participants.text",
    ),
    "liso-cel, TRANSFORM": (
        "kamdar2022.liso-cel.time-to-infusion.hon-3153",
        "kamdar2022.liso-cel.infused.kamdar2025",
    ),
    "ide-cel, KarMMa-3": (
        "acc-v2v-mm-trials.karmma-3",
        "rodriguezotero2023.ide-cel.infused.jtct-2024-review",
    ),
    "tisa-cel, UK children": (
        "oportoespuelas2024.group.time-from-screening-to-infusion.oportoespuelas2024",
        "oportoespuelas2024.group.infused.oportoespuelas2024",
    ),
    "US community, 2021–22": (
        "acc-us-community.wait-2022",
        "battiwalla2025.group.not-infused.2021-to-2022.battiwalla2025",
    ),
}
#: the short name of each cohort, and where it is beside its point: alignment, pixels right and down
NAMES: Mapping[str, tuple[str, Literal["left", "right"], int, int]] = {
    "axi-cel, ZUMA-7": ("ZUMA-7", "left", -6, 26),
    "liso-cel, TRANSFORM": ("TRANSFORM", "left", -4, -12),
    "ide-cel, KarMMa-3": ("KarMMa-3", "right", 4, 20),
    "tisa-cel, UK children": ("UK children", "left", 4, 20),
    "US community, 2021–22": ("US community", "right", 8, 20),
}
#: responses of all who were intended or enrolled, and of those infused: rows with the two endings
PAIRS = {
    "Trials, ALL (pooled)": "den-itt-meta.objective-response-leukaemia",
    "Trials, lymphoma (pooled)": "den-itt-meta.objective-response-lymphoma",
    "Trials, myeloma (pooled)": "den-itt-meta.objective-response-myeloma",
    "France, lymphoma": "den-rw-itt.bachy-objective-response",
    "France, lymphoma (complete)": "den-rw-itt.bachy-complete-response",
    "Spain, lymphoma": "den-rw-itt.kwon-objective-response",
}
ZUMA7_INFUSED = "locke2022.axi-cel.cytokine-release-syndrome.any-grade-table-1"


def _rows(ids: list[str]) -> dict[str, Any]:
    """Return rows of outcomes by their keys."""
    return {str(row["outcome_id"]): row for row in evidence(outcome_id=ids).to_dict("records")}


def _count(rows: dict[str, Any], name: str) -> int:
    """Return the patients that a row counts: its events, its value, or, with "of", its denominator."""
    row = rows[name.removeprefix("of ")]
    if name.startswith("of "):
        return int(row["denominator"])
    return int(row["events"] if pd.notna(row["events"]) else row["value"])


def patient_flow() -> pd.DataFrame:
    """Return how many patients of each cohort reached each stage, in order, and the share of the first."""
    parts = [
        one for stages in FLOWS.values() for name in stages.values() for one in name.split(" + ")
    ]
    rows = _rows([one.removeprefix("of ") for one in parts])
    found = [
        (cohort, stage, sum(_count(rows, one) for one in name.split(" + ")))
        for cohort, stages in FLOWS.items()
        for stage, name in stages.items()
    ]
    flow = pd.DataFrame(found, columns=["cohort", "stage", "patients"])
    start = flow.groupby("cohort")["patients"].transform("first")
    flow["percent"] = 100 * flow["patients"] / start
    flow["lost"] = (
        (flow.groupby("cohort")["patients"].shift() - flow["patients"]).fillna(0).astype(int)
    )
    return flow


def flow_bars(flow: pd.DataFrame) -> Layers:
    """Draw `patient_flow`: a bar for each stage of each cohort, as a share of its first stage."""
    bars = flow[["cohort", "stage", "patients", "percent", "lost"]].copy()
    bars["row"] = bars["cohort"] + "|" + bars["stage"]
    bars["written"] = [
        f"{stage} {n}" + (f" ({share:.0f}%)" if share < 100 else "")
        for stage, n, share in bars[["stage", "patients", "percent"]].to_numpy()
    ]
    order = [
        name
        for cohort, group in bars.groupby("cohort", sort=False)
        for name in (f"|{cohort}", *group["row"])
    ]
    y = alt.Y(
        "row:N",
        sort=order,
        axis=None,
        scale=alt.Scale(domain=order, paddingInner=0.2, paddingOuter=0),
    )
    x = alt.X(
        "percent:Q",
        title="Share of the first stage",
        scale=PERCENT,
        axis=percent_axis(),
    )
    base = alt.Chart(bars).encode(y=y)
    last = "indexof(datum.stage, 'infused') == 0"
    bar = base.mark_bar(cornerRadius=2).encode(
        x=x,
        color=alt.condition(last, alt.value(colour("blue")), alt.value(colour("grey"))),
        tooltip=[
            alt.Tooltip("cohort:N", title="Cohort"),
            alt.Tooltip("stage:N", title="Stage"),
            alt.Tooltip("patients:Q", title="Patients"),
            alt.Tooltip("lost:Q", title="Fewer than at the stage before"),
        ],
    )
    number = base.mark_text(
        align="left", dx=6, color=colour("paper"), fontWeight=600, aria=False
    ).encode(x=alt.value(0), text="written:N")
    heads = pd.DataFrame({"row": [one for one in order if one.startswith("|")]})
    head = (
        alt.Chart(heads.assign(name=heads["row"].str[1:]))
        .mark_text(align="left", baseline="middle", dy=4, fontWeight=700, aria=False)
        .encode(y=y, x=alt.value(0), text="name:N")
    )
    return alt.layer(bar, number, head).properties(height=alt.Step(25))


def days_and_infused() -> pd.DataFrame:
    """Return the median days to infusion and the share infused of the cohorts that report both.

    What the days are counted from, and who is counted, differs; ``weekly`` is the percentage lost in
    each week that would explain the share by the days alone.
    """
    rows = _rows([*(one for pair in WAITS.values() for one in pair), ZUMA7_INFUSED])
    found = []
    for name, (days, who) in WAITS.items():
        row = rows[who]
        if row["endpoint"] == "not infused":
            share = 100 - row["value"]
        elif row["endpoint"] == "infused":
            share = 100 * row["events"] / row["denominator"]
        else:  # the arm; the infused are those whose toxicity was counted
            share = 100 * rows[ZUMA7_INFUSED]["denominator"] / row["value"]
        wait = float(rows[days]["value"])
        found.append((name, wait, float(share), weekly_loss(wait, float(share))))
    return pd.DataFrame(found, columns=["cohort", "days", "infused", "weekly"])


def share_infused(days: float, weekly: float, failure: float = 0) -> float:
    """Return the percentage infused if ``weekly`` per cent of those waiting are lost in each week.

    ``failure`` is the percentage for whom no product can be made. Raise ValueError for negative days
    or a percentage outside 0 to 100.

    >>> round(share_infused(days=28, weekly=2, failure=3))
    89
    """
    if days < 0 or not 0 <= weekly < 100 or not 0 <= failure <= 100:
        raise ValueError("days are not negative, and percentages lie between 0 and 100")
    return (100 - failure) * float((1 - weekly / 100) ** (days / 7))


def weekly_loss(days: float, infused: float) -> float:
    """Return the percentage lost in each week that leaves ``infused`` per cent after ``days``.

    >>> round(weekly_loss(days=28, infused=92), 1)
    2.1
    """
    if days <= 0 or not 0 < infused <= 100:
        raise ValueError("days are positive, and some patients are infused")
    return float(100 * (1 - 2 ** (log(infused / 100, 2) * 7 / days)))


def two_denominators() -> pd.DataFrame:
    """Return responses counted of all patients and of those infused, the largest gap first.

    Columns: ``label``, ``everyone`` (per cent of those enrolled or intended for treatment),
    ``infused`` (per cent) and ``gap`` (percentage points).
    """
    rows = evidence(source=["mohyuddin2021", "bcj-2024-01183"]).set_index("outcome_id")["value"]
    found = []
    for label, name in PAIRS.items():
        whole = f"{name}-enrolled" if f"{name}-enrolled" in rows else f"{name}-intended"
        found.append((label, float(rows[whole]), float(rows[f"{name}-infused"])))
    pairs = pd.DataFrame(found, columns=["label", "everyone", "infused"])
    pairs["gap"] = pairs["infused"] - pairs["everyone"]
    return pairs.sort_values("gap", ascending=False, kind="stable", ignore_index=True)


def denominators_plot(pairs: pd.DataFrame) -> Layers:
    """Draw `two_denominators`: two points a line, joined, and the gap between them."""
    lines = pairs.assign(
        written=[
            f"{one:.0f} → {two:.0f}% (+{gap:.0f})"
            for one, two, gap in pairs[["everyone", "infused", "gap"]].to_numpy()
        ]
    )
    base = alt.Chart(lines).encode(y=alt.Y("label:N", sort=None, axis=None))
    x: dict[str, Any] = {
        "title": "Patients with a response",
        "scale": alt.Scale(domain=[40, 100], nice=False),
        "axis": percent_axis([40, 60, 80, 100], grid=True),
    }
    rule = base.mark_rule(strokeWidth=3, color=colour("line"), aria=False).encode(
        x=alt.X("everyone:Q", **x), x2="infused:Q"
    )
    points = named_points(
        base,
        {
            "everyone": ("of all intended or enrolled", "ochre", "square"),
            "infused": ("of those infused", "blue", "circle"),
        },
        lambda field: alt.X(f"{field}:Q", **x),
        [alt.Tooltip("label:N", title="Patients"), alt.Tooltip("written:N")],
        alt.Legend(title=None, columns=1),
        size=110,
        opacity=1,
    )
    name, number = row_texts(base, "label")
    return alt.layer(rule, *points, name, number).properties(height=alt.Step(44))


def wait_plot(
    seen: pd.DataFrame, *, days: int = 30, weekly: float = 2, failure: float = 3
) -> Layers:
    """Draw `share_infused` against the wait, with `days_and_infused` for comparison.

    The reader sets the wait, the weekly loss and the failures of manufacture; the arguments are the
    first settings.
    """
    settings = {
        "wait": (days, 0, 110, 1, "Days to infusion "),
        "weekly": (weekly, 0, 6, 0.5, "Lost in each week of waiting, % "),
        "failure": (failure, 0, 20, 1, "No product can be made, % "),
    }
    params = [
        slider(name, value, low, high, step, words)
        for name, (value, low, high, step, words) in settings.items()
    ]
    x = alt.X(
        "day:Q",
        title="Days to infusion",
        scale=alt.Scale(domain=[0, 120], nice=False),
        axis=alt.Axis(values=[0, 30, 60, 90, 120]),
    )
    y = alt.Y(
        "left:Q",
        title="Infused",
        scale=alt.Scale(domain=[50, 100], nice=False),
        axis=percent_axis([50, 60, 70, 80, 90, 100]),
    )
    curve = alt.Chart(alt.sequence(0, 121, 1, as_="day")).transform_calculate(
        left="(100 - failure) * pow(1 - weekly / 100, datum.day / 7)"
    )
    line = curve.mark_line(strokeWidth=3, color=colour("blue"), clip=True).encode(x=x, y=y)
    here = curve.transform_filter("datum.day == wait")
    dot = here.mark_point(
        size=140, filled=True, opacity=1, color=colour("vermillion"), clip=True
    ).encode(x=x, y=y)
    words = here.transform_calculate(
        written="'After ' + datum.day + ' days: ' + format(datum.left, '.0f') + ' of 100 infused'"
    )
    said = words.mark_text(align="left", baseline="bottom", fontSize=15, fontWeight=600).encode(
        x=alt.value(8), y=alt.value(238), text="written:N"
    )
    points = seen.rename(columns={"days": "day", "infused": "left"})[["cohort", "day", "left"]]
    base = alt.Chart(points)
    mark = base.mark_point(size=110, filled=True, opacity=1, color=colour("grey")).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("cohort:N", title="Cohort"),
            alt.Tooltip("day:Q", title="Median days"),
            alt.Tooltip("left:Q", title="Infused, %", format=".0f"),
        ],
    )
    names = [
        base.transform_filter(alt.datum.cohort == cohort)
        .transform_calculate(name=f"'{name}'")
        .mark_text(align=align, dx=dx, dy=dy, color=colour("quiet"), aria=False)
        .encode(x=x, y=y, text="name:N")
        for cohort, (name, align, dx, dy) in NAMES.items()
    ]
    layers = alt.layer(line, mark, *names, dot, said).add_params(*params)
    return layers.properties(height=270)
