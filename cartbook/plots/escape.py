"""Antigen loss at relapse: counts by denominator, studies side by side, and competing risks."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, row_texts, slider
from cartbook.stats import proportions
from cartbook.tables import evidence, quote
from cartbook.theme import colour

#: how a relapse presented in one cohort: the words of the chart, its row, and its colour; a lineage
#: switch lacks CD19 as well, and the source counts it as a class of its own
KINDS = {
    "CD19-negative B-ALL": ("rel-ball-420.cd19-negative", "vermillion"),
    "lineage switch, taken as CD19-absent": ("rel-ball-420.lineage-switch", "vermillion"),
    "CD19-positive B-ALL": ("rel-ball-420.cd19-positive", "blue"),
}
RELAPSES = "rel-ball-420.relapses"
#: relapses or progressions whose cells had lost the antigen, or had little of it: name, row
LOST = {
    "ALL, children (US, several centres)": ("one target", "rel-ball-420.cd19-absent"),
    "ALL, children (US, one hospital)": (
        "one target",
        "chop-166.group.antigen-negative-relapse.chop-166-2019",
    ),
    "ALL, children (ELIANA)": (
        "one target",
        "maude2018.group.antigen-negative-relapse.month-24.authorea-482710",
    ),
    "ALL, children (China)": (
        "two targets",
        "wang2023.group.antigen-negative-relapse.with-or-without-cd22.wang2023",
    ),
    "ALL, adults (Stanford)": (
        "two targets",
        "spiegel2021.cd19-cd22-cells.cd19-absent-or-low.b-cell-acute-lymphoblastic-leukaemia.spiegel2021",
    ),
    "LBCL, axi-cel (Stanford)": (
        "one target",
        "spiegel2021.after-cd19-cells.cd19-absent-or-low.progression-after-cd19-cells.spiegel2021",
    ),
    "LBCL, less CD19 (ZUMA-1)": (
        "one target",
        "neelapu2017.group.lower-cd19-at-relapse.paired-biopsies.plaks2021",
    ),
    "LBCL, CD19/CD22 (Stanford)": (
        "two targets",
        "spiegel2021.cd19-cd22-cells.cd19-absent-or-low.large-b-cell-lymphoma.spiegel2021",
    ),
}
MONTHS = 36
#: what has happened first to a patient, from the bottom of the chart: its hazard, its colour
STATES = {
    "relapse, antigen lost": ("lost", "vermillion"),
    "relapse, antigen kept": ("kept", "blue"),
    "death without relapse": ("died", "grey"),
}
EVENT_FREE = "event-free"


def relapse_kinds() -> pd.DataFrame:
    """Return how relapses presented in a cohort of children and young adults, with two denominators.

    The two kinds without CD19 come first. Columns: ``kind``, ``events``, ``outcome_id``, ``relapses`` and ``treated`` (the
    denominators), ``of_relapses`` and ``of_treated`` (per cent). Relapses of unknown kind are a row of their own.
    """
    relapses, treated = quote(RELAPSES).events, quote(RELAPSES).denominator
    events = {kind: quote(key).events for kind, (key, _) in KINDS.items()}
    events["not known"] = relapses - sum(events.values())
    found = pd.DataFrame({"kind": list(events), "events": list(events.values())})
    found["outcome_id"] = [*(key for key, _ in KINDS.values()), "not applicable"]
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


def lost_at_relapse() -> pd.DataFrame:
    """Return the relapses that had lost the antigen or had little of it, by study and number of targets.

    One row per study, as `proportions` gives them, with ``label``, ``targets`` ("one target" or "two
    targets") and ``disease``. The denominators are relapses, not patients; relapses of unknown kind
    are among them, as not lost.
    """
    rows = proportions(evidence(outcome_id=[key for _, key in LOST.values()]))
    rows = rows.set_index("outcome_id").loc[[key for _, key in LOST.values()]].reset_index()
    diseases = ["leukaemia" if label.startswith("ALL") else "lymphoma" for label in LOST]
    targets = [targets for targets, _ in LOST.values()]
    return rows.assign(label=list(LOST), targets=targets, disease=diseases)


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
    """Draw what has happened first to 100 patients; the reader sets the hazards.

    The bands are the cumulative incidences of relapse with the antigen lost, relapse with it kept and
    death without relapse, at constant hazards per month, and what remains, the event-free; together
    they are all patients. The line is one minus Kaplan–Meier for relapse with the antigen lost. The
    browser computes them as `competing_curves` does.
    """
    names = {
        "lost": ("Relapse, antigen lost, % a month ", 2.0),
        "kept": ("Relapse, antigen kept, % a month ", 1.0),
        "died": ("Death without relapse, % a month ", 0.5),
    }
    sliders = [slider(name, start, 0, 3, 0.5, words) for name, (words, start) in names.items()]
    whole = "max(lost + kept + died, 0.000001)"
    shares = {
        state: f"100 * {hazard} / {whole} * (1 - exp(-{whole} / 100 * datum.month))"
        for state, (hazard, _) in STATES.items()
    }
    shares[EVENT_FREE] = f"100 * exp(-{whole} / 100 * datum.month)"
    order = list(shares)
    months = alt.Chart(pd.DataFrame({"month": list(range(MONTHS + 1))}))
    states = (
        months.transform_calculate(**shares)
        .transform_fold(list(shares), as_=["state", "percent"])
        .transform_calculate(place=f"indexof({order}, datum.state)")
        .transform_stack(
            stack="percent",
            as_=["bottom", "top"],
            groupby=["month"],
            sort=[alt.SortField("place", order="ascending")],
        )
    )
    inks = [*(colour(hue) for _, hue in STATES.values()), colour("band")]
    look = alt.Scale(domain=order, range=inks)
    legend = alt.Legend(
        title=None,
        columns=1,
        labelLimit=320,
        offset=24,  # below it, the title of the axis
        symbolType="square",
        symbolStrokeColor=colour("line"),
    )
    axis = alt.Axis(values=list(range(0, MONTHS + 1, 6)), grid=False)
    x = alt.X(
        "month:Q",
        title="Months after infusion",
        scale=alt.Scale(domain=[0, MONTHS], nice=False),
        axis=axis,
    )
    y = alt.Y(
        "bottom:Q",
        title="Patients",
        scale=PERCENT,
        axis=percent_axis(),
    )
    area = states.mark_area(line=False).encode(
        x=x, y=y, y2="top:Q", color=alt.Color("state:N", scale=look, legend=legend)
    )
    here = f"datum.month == {MONTHS - 12}"
    km = months.transform_calculate(percent="100 * (1 - exp(-lost / 100 * datum.month))")
    height = alt.Y("percent:Q", title="Patients", scale=PERCENT)
    line = km.mark_line(strokeWidth=3, strokeDash=[6, 4], color=colour("paper")).encode(
        x=x, y=height
    )
    style: dict[str, Any] = {"fontWeight": 700, "aria": False, "baseline": "middle"}
    number = states.transform_filter(f"{here} && datum.percent >= 5").transform_calculate(
        middle="(datum.bottom + datum.top) / 2", written="format(datum.percent, '.0f') + '%'"
    )
    tint = alt.condition(
        f"datum.state == '{EVENT_FREE}'", alt.value(colour("text")), alt.value(colour("paper"))
    )
    kept = "datum.state == 'relapse, antigen kept'"  # beside the line, which ends on its band
    places = ((f"!({kept})", {"align": "center"}), (kept, {"align": "right", "dx": -8}))
    inside = [
        number.transform_filter(which)
        .mark_text(**place, **style)
        .encode(x=x, y=alt.Y("middle:Q", scale=PERCENT), text="written:N", color=tint)
        for which, place in places
    ]
    end = km.transform_filter(here).transform_calculate(
        written="'Dashed: 1 − KM, ' + format(datum.percent, '.0f') + '% at 24 months'"
    )
    dot = end.mark_point(size=60, filled=True, opacity=1, color=colour("paper")).encode(
        x=x, y=height, tooltip=[alt.Tooltip("written:N", title="At 24 months")]
    )
    # in the corner that the bands reach last, as the key to the line
    said = end.mark_text(align="left", color=colour("text"), **style).encode(
        x=alt.value(10), y=alt.value(14), text="written:N"
    )
    layers = alt.layer(area, line, *inside, dot, said).add_params(*sliders)
    return layers.properties(height=300)


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
