"""A model of a randomised trial of CAR-T cells as second-line treatment, and its interactive chart.

It is a teaching model with four settings, not a reconstruction of any trial. Patients of the control
arm have chemotherapy at once; those of the CAR-T arm wait for their cells. A part of each arm never
has an event; the others have events at one constant weekly rate, which is fitted to the control arm
of ZUMA-7. There is no censoring, and deaths are not told apart from progression. With little
progression a wait would postpone the failures of infused patients, so the control of the chart begins
at four per cent a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, slider
from cartbook.theme import colour

WEEKS = 104
WEEKS_PER_MONTH = 365.25 / 12 / 7
FIRST_COUNT = 12  # week of the assessment at which BELINDA begins to count progression
ARMS = ("CAR-T cells", "standard of care")
ANY_TIME, FROM_WEEK_12 = "at any time", "from week 12 only"


@dataclass(frozen=True)
class Control:
    """The control arm: the share without any event, and the weekly rate of events in the others."""

    lasting: float
    rate: float


def fit_control(median_months: float, lasting_percent: float) -> Control:
    """Return the control arm with this median event-free survival and this lasting share.

    Raise ValueError unless the lasting share is between 0 and 50%, so that there is a median.
    """
    lasting = lasting_percent / 100
    if not 0 <= lasting < 0.5 or median_months <= 0:
        raise ValueError("a median needs a lasting share below 50% and a positive time")
    rate = log((1 - lasting) / (0.5 - lasting)) / (median_months * WEEKS_PER_MONTH)
    return Control(lasting, rate)


def waiting_trial(
    control: Control,
    *,
    weeks: float = 4,
    risk: float = 5,
    lasting: float = 45,
    counted: str = ANY_TIME,
) -> pd.DataFrame:
    """Return the share without an event in each arm, one row per week and arm.

    ``weeks`` is the time from randomisation to infusion, ``risk`` the percentage of patients whose
    disease progresses in each week of waiting, ``lasting`` the percentage of infused patients who
    never progress, ``counted`` whether progression counts at any time or from week 12 only.
    Raise ValueError for another way of counting.
    """
    if counted not in (ANY_TIME, FROM_WEEK_12):
        raise ValueError(f"progression counts {ANY_TIME!r} or {FROM_WEEK_12!r}, not {counted!r}")
    rows = []
    for week in range(WEEKS + 1):
        waiting = (1 - risk / 100) ** min(week, weeks)
        fading = exp(-control.rate * max(0.0, week - weeks))
        infused = waiting * (lasting / 100 + (1 - lasting / 100) * fading)
        standard = control.lasting + (1 - control.lasting) * exp(-control.rate * week)
        hidden = counted == FROM_WEEK_12 and week < FIRST_COUNT
        for arm, share in zip(ARMS, (infused, standard), strict=True):
            rows.append((week, arm, 1.0 if hidden else share))
    return pd.DataFrame(rows, columns=["week", "arm", "share"])


def average_hazard_ratio(shares: pd.DataFrame) -> float:
    """Return the average hazard ratio of the two arms, as a log-rank test would estimate it.

    It is the ratio of observed to expected events in the CAR-T arm, divided by that in the control arm.
    """
    wide = shares.pivot(index="week", columns="arm", values="share")[list(ARMS)]
    before, events = wide.shift(1).iloc[1:], -wide.diff().iloc[1:]
    expected = before.mul(events.sum(axis=1) / before.sum(axis=1), axis=0)
    observed_to_expected = events.sum() / expected.sum()
    return float(observed_to_expected[ARMS[0]] / observed_to_expected[ARMS[1]])


def waiting_plot(
    control: Control,
    *,
    weeks: float = 4,
    risk: float = 5,
    lasting: float = 45,
    counted: str = ANY_TIME,
) -> Layers:
    """Draw both arms' event-free survival, with a control for each setting and the hazard ratio.

    The arguments are the first settings. The browser computes what `waiting_trial` and `average_hazard_ratio`
    compute here.
    """
    wait = slider("weeks", weeks, 2, 12, 1, "Weeks to infusion ")
    weekly = slider("risk", risk, 4, 10, 1, "Progress in each week of waiting, % ")
    last = slider("lasting", lasting, 25, 60, 5, "Lasting response once infused, % ")
    when = menu("counted", counted, [ANY_TIME, FROM_WEEK_12], "Progression counts ", radio=True)
    fading = f"exp(-{control.rate!r} * max(0, datum.week - weeks))"
    treated = f"pow(1 - risk / 100, min(datum.week, weeks)) * (lasting / 100 + (1 - lasting / 100) * {fading})"
    standard = (
        f"{control.lasting!r} + {1 - control.lasting!r} * exp(-{control.rate!r} * datum.week)"
    )
    hidden = f"counted == '{FROM_WEEK_12}' && datum.week < {FIRST_COUNT}"
    weekly_rows = alt.Chart(alt.sequence(0, WEEKS + 1, 1, as_="week")).transform_calculate(
        treated=f"{hidden} ? 1 : {treated}",
        standard=f"{hidden} ? 1 : {standard}",
        month=f"datum.week / {WEEKS_PER_MONTH!r}",
    )
    lines = weekly_rows.transform_fold(["treated", "standard"], as_=["key", "share"])
    lines = lines.transform_calculate(
        arm=f"datum.key == 'treated' ? '{ARMS[0]}' : '{ARMS[1]}'", percent="100 * datum.share"
    )
    hue = alt.Color(
        "arm:N",
        scale=alt.Scale(domain=list(ARMS), range=[colour("blue"), colour("grey")]),
        legend=alt.Legend(title=None, symbolType="stroke"),
    )
    dash = alt.StrokeDash(
        "arm:N", scale=alt.Scale(domain=list(ARMS), range=[[1, 0], [6, 4]]), legend=None
    )
    x = alt.X(
        "month:Q",
        title="Months from randomisation",
        scale=alt.Scale(domain=[0, 24], nice=False),
        axis=alt.Axis(values=[0, 3, 6, 12, 18, 24]),
    )
    y = alt.Y(
        "percent:Q",
        title="Without an event",
        scale=PERCENT,
        axis=percent_axis(),
    )
    line = lines.mark_line(strokeWidth=2.5, interpolate="step-after").encode(
        x=x, y=y, color=hue, strokeDash=dash
    )
    step = weekly_rows.transform_window(
        sort=[alt.SortField("week")], n1="lag(treated)", n2="lag(standard)"
    )
    step = step.transform_filter("datum.week > 0").transform_calculate(
        d1="datum.n1 - datum.treated", d2="datum.n2 - datum.standard"
    )
    step = step.transform_calculate(
        e1="(datum.d1 + datum.d2) * datum.n1 / (datum.n1 + datum.n2)",
        e2="(datum.d1 + datum.d2) * datum.n2 / (datum.n1 + datum.n2)",
    )
    total = step.transform_aggregate(
        o1="sum(d1)", o2="sum(d2)", x1="sum(e1)", x2="sum(e2)"
    ).transform_calculate(
        written="'Hazard ratio ' + format((datum.o1 / datum.x1) / (datum.o2 / datum.x2), '.2f')"
    )
    ratio = total.mark_text(align="right", baseline="top", fontSize=16, fontWeight=600).encode(
        x=alt.value("width"), y=alt.value(6), text="written:N"
    )
    layers = alt.layer(line, ratio).add_params(wait, weekly, last, when)
    return layers.properties(height=260)
