"""Antigen loss at relapse: counts by denominator, studies side by side, and competing risks."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import Layers, menu, percent_axis, row_texts, slider
from cartbook.stats import proportions
from cartbook.tables import evidence, quote
from cartbook.theme import colour

#: how a relapse presented in one cohort: the words of the chart, its row, and its colour
KINDS = {
    "CD19 present": ("rel-ball-420.cd19-positive", "blue"),
    "CD19 absent": ("rel-ball-420.cd19-negative", "vermillion"),
    "lineage switch": ("rel-ball-420.lineage-switch", "ochre"),
}
RELAPSES = "rel-ball-420.relapses"
#: relapses or progressions whose cells had lost the antigen, or had little of it: name, rows to be added
LOST = {
    "ALL, children (US cohort)": ("one target", ("rel-ball-420.cd19-negative",)),
    "ALL, adults (Stanford)": (
        "two targets",
        (
            "spiegel2021.cd19-cd22-cells.cd19-absent-or-low.b-cell-acute-lymphoblastic-leukaemia.spiegel2021",
        ),
    ),
    "ALL, children (China)": (
        "two targets",
        (
            "wang2023.group.antigen-negative-relapse.wang2023",
            "wang2023.group.relapse-without-cd19-and-cd22.wang2023",
        ),
    ),
    "LBCL, axi-cel (Stanford)": (
        "one target",
        (
            "spiegel2021.after-cd19-cells.cd19-absent-or-low.progression-after-cd19-cells.spiegel2021",
        ),
    ),
    "LBCL, axi-cel (ZUMA-1)": (
        "one target",
        ("neelapu2017.group.lower-cd19-at-relapse.paired-biopsies.plaks2021",),
    ),
    "LBCL, CD19/CD22 (Stanford)": (
        "two targets",
        ("spiegel2021.cd19-cd22-cells.cd19-absent-or-low.large-b-cell-lymphoma.spiegel2021",),
    ),
}
#: relapses with both antigens after the two products
CHINA_KEPT = "dual-1922-225.relapses-both-antigens"
MONTHS = 36
CURVES = {
    "antigen lost: cumulative incidence": ("vermillion", [1, 0]),
    "antigen lost: 1 − Kaplan–Meier": ("vermillion", [6, 4]),
    "antigen kept: cumulative incidence": ("blue", [1, 0]),
}


def relapse_kinds() -> pd.DataFrame:
    """Return how relapses presented in a cohort of children and young adults, with two denominators.

    Columns: ``kind``, ``events``, ``relapses`` and ``treated`` (the denominators), ``of_relapses`` and
    ``of_treated`` (per cent). Relapses of unknown kind are a row of their own.
    """
    relapses, treated = quote(RELAPSES).events, quote(RELAPSES).denominator
    events = {kind: quote(key).events for kind, (key, _) in KINDS.items()}
    events["not known"] = relapses - sum(events.values())
    found = pd.DataFrame({"kind": list(events), "events": list(events.values())})
    return found.assign(
        relapses=relapses,
        treated=treated,
        of_relapses=100 * found["events"] / relapses,
        of_treated=100 * found["events"] / treated,
    )


def relapse_bars(rows: pd.DataFrame) -> Layers:
    """Draw `relapse_kinds` as bars; the reader chooses the denominator: relapses, or patients treated."""
    options = ["of all relapses", "of all patients treated"]
    chosen = menu("denominator", options[0], options, "Per cent ")
    base = (
        alt.Chart(rows[["kind", "events", "relapses", "treated"]])
        .transform_calculate(n=f"denominator == '{options[0]}' ? datum.relapses : datum.treated")
        .transform_calculate(percent="100 * datum.events / datum.n")
        .transform_calculate(
            written="datum.events + ' of ' + datum.n + ' · ' + format(datum.percent, '.1f') + '%'"
        )
        .encode(y=alt.Y("kind:N", sort=None, axis=None))
    )
    tints = [colour(hue) for _, hue in KINDS.values()] + [colour("grey")]
    axis = percent_axis([0, 20, 40, 60], grid=True)
    bar = base.mark_bar(height=12, cornerRadius=3).encode(
        x=alt.X(
            "percent:Q",
            title="Per cent of the denominator chosen above",
            scale=alt.Scale(domain=[0, 60]),
            axis=axis,
        ),
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=list(rows["kind"]), range=tints), legend=None
        ),
        tooltip=[
            alt.Tooltip("kind:N", title="Relapse"),
            alt.Tooltip("written:N", title="Patients"),
        ],
    )
    name, number = row_texts(base, "kind")
    return alt.layer(bar, name, number).add_params(chosen).properties(height=alt.Step(46))


def _unknown() -> dict[str, int]:
    """Return the relapses of unknown kind, by the labels of `LOST`."""
    kinds = relapse_kinds().set_index("kind")["events"]
    china = "ALL, children (China)"
    known = sum(quote(key).events for key in (*LOST[china][1], CHINA_KEPT))
    return {
        "ALL, children (US cohort)": int(kinds["not known"]),
        china: int(quote(CHINA_KEPT).denominator - known),
    }


def lost_at_relapse() -> pd.DataFrame:
    """Return the relapses that had lost the antigen or had little of it, by study and number of targets.

    One row per study, as `proportions` gives them, with ``label``, ``targets`` ("one target" or "two
    targets") and ``disease``. The denominators are relapses of known kind, not patients.
    """
    found = []
    unknown = _unknown()
    for label, (targets, keys) in LOST.items():
        rows = proportions(evidence(outcome_id=list(keys)))
        one = rows.iloc[:1].assign(
            label=label,
            targets=targets,
            disease="leukaemia" if label.startswith("ALL") else "lymphoma",
            events=rows["events"].sum(),
            denominator=rows["denominator"].iloc[0] - unknown.get(label, 0),
        )
        found.append(proportions(one))
    return pd.concat(found, ignore_index=True)


def competing_curves(hazards: Mapping[str, float], months: int = MONTHS) -> pd.DataFrame:
    """Return cumulative incidences of competing events with constant monthly hazards, in per cent.

    ``hazards`` has the hazard of each event per month, between 0 and 1. Columns: ``month``, ``event``,
    ``incidence`` (the share that has had this event first) and ``kaplan_meier`` (one minus the
    Kaplan–Meier estimate, which censors the other events). Raise ValueError for a negative hazard.
    """
    if any(one < 0 for one in hazards.values()):
        raise ValueError("a hazard is not negative")
    whole = sum(hazards.values())
    return pd.DataFrame(
        [
            {
                "month": month,
                "event": event,
                "incidence": 100 * one / whole * (1 - exp(-whole * month)) if whole else 0.0,
                "kaplan_meier": 100 * (1 - exp(-one * month)),
            }
            for event, one in hazards.items()
            for month in range(months + 1)
        ]
    )


def competing_risks() -> Layers:
    """Draw relapse with and without the antigen as competing risks; the reader sets the hazards.

    The curves have constant hazards per month for relapse with the antigen lost, relapse with it kept,
    and death without relapse. The browser computes them as `competing_curves` does.
    """
    names = {
        "lost": ("Relapse, antigen lost, % a month ", 2.0),
        "kept": ("Relapse, antigen kept, % a month ", 1.0),
        "died": ("Death without relapse, % a month ", 0.5),
    }
    sliders = [slider(name, start, 0, 3, 0.5, words) for name, (words, start) in names.items()]
    whole = "max(lost + kept + died, 0.000001)"
    months = alt.Chart(pd.DataFrame({"month": list(range(MONTHS + 1))}))
    first, second, third = CURVES
    curves = months.transform_calculate(
        **{
            first: f"100 * lost / {whole} * (1 - exp(-{whole} / 100 * datum.month))",
            second: "100 * (1 - exp(-lost / 100 * datum.month))",
            third: f"100 * kept / {whole} * (1 - exp(-{whole} / 100 * datum.month))",
        }
    ).transform_fold(list(CURVES), as_=["curve", "percent"])
    look = alt.Scale(domain=list(CURVES), range=[colour(hue) for hue, _ in CURVES.values()])
    dashes = alt.Scale(domain=list(CURVES), range=[dash for _, dash in CURVES.values()])
    legend = alt.Legend(title=None, columns=1, labelLimit=320, symbolType="stroke")
    axis = alt.Axis(values=list(range(0, MONTHS + 1, 6)), grid=False)
    x = alt.X(
        "month:Q",
        title="Months after infusion",
        scale=alt.Scale(domain=[0, MONTHS], nice=False),
        axis=axis,
    )
    y = alt.Y(
        "percent:Q",
        title=None,  # it would meet the legend
        scale=alt.Scale(domain=[0, 70], nice=False),  # the highest curve reaches 66%
        axis=percent_axis([0, 20, 40, 60]),
    )
    line = curves.mark_line(strokeWidth=3).encode(
        x=x,
        y=y,
        color=alt.Color("curve:N", scale=look, legend=legend),
        strokeDash=alt.StrokeDash("curve:N", scale=dashes, legend=legend),
    )
    end = (
        curves.transform_filter(f"datum.month == {MONTHS - 12}")
        .transform_calculate(written="format(datum.percent, '.0f') + '%'")
        .encode(x=x, y=y, color=alt.Color("curve:N", scale=look, legend=None))
    )
    dot = end.mark_point(size=70, filled=True, opacity=1).encode(
        tooltip=[
            alt.Tooltip("curve:N", title="Curve"),
            alt.Tooltip("written:N", title="At 24 months"),
        ]
    )
    style: dict[str, Any] = {"fontWeight": 600, "aria": False}
    above = end.transform_filter(f"datum.curve == '{second}'").mark_text(
        align="right", dx=-4, dy=-12, **style
    )
    below = end.transform_filter(f"datum.curve != '{second}'").mark_text(
        align="left", dx=2, dy=14, **style
    )
    numbers = [one.encode(text="written:N") for one in (above, below)]
    return alt.layer(line, dot, *numbers).add_params(*sliders).properties(height=250)


def patients_needed(one: float, two: float, power: float = 0.8) -> int:
    """Return the patients needed in each of two groups to tell two proportions apart.

    Two-sided test at the 5% level with the given power, by the usual formula for large samples
    (pooled variance under no difference). Raise ValueError if the proportions are equal or not
    between 0 and 1.
    """
    from scipy.stats import norm  # here, because a page's Python loads 20 MB for it

    if one == two or not (0 < one < 1 and 0 < two < 1):
        raise ValueError("two different proportions between 0 and 1")
    mean, a, b = (one + two) / 2, norm.ppf(0.975), norm.ppf(power)
    spread = a * (2 * mean * (1 - mean)) ** 0.5 + b * (one * (1 - one) + two * (1 - two)) ** 0.5
    return int(spread**2 / (one - two) ** 2) + 1
