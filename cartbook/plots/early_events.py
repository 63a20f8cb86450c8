"""A made-up trial whose CAR-T arm starts badly, and what it shows when early events are not counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from cartbook.charts import PERCENT, Layers, percent_axis, slider
from cartbook.simulation import ARMS, HazardRatio, hazard_ratio
from cartbook.theme import colour

WEEKS = 365.25 / 12 / 7  # in a month
PATIENTS = 200  # in each arm
#: median months to an event in the control arm, the hazard ratio after the start, and its weeks
CONTROL_MEDIAN, LATE, START = 11.8, 0.26, 8.0
FOLLOW_UP = 24.0  # months
TINTS = (colour("blue"), colour("vermillion"))


def early_risk_trial(
    early: float = 2.0,
    *,
    late: float = LATE,
    weeks: float = START,
    number: int = PATIENTS,
    follow_up: float = FOLLOW_UP,
) -> pd.DataFrame:
    """Return a made-up trial whose hazard ratio is ``early`` for some weeks and ``late`` from then on.

    There is one row per patient, with ``arm``, ``months`` to the event or to the end of follow-up,
    and ``event``. The times are the quantiles of the distribution, not random draws: chance plays no
    part. Raise ValueError for a hazard ratio, a time or a number that is not above 0.

    >>> trial = early_risk_trial(early=1)
    >>> print(hazard_ratio_after(trial, weeks=8))
    0.26 (95% CI 0.19–0.36)
    """
    if min(early, late, weeks, number, follow_up) <= 0:
        raise ValueError("hazard ratios, weeks, patients and follow-up are above 0")
    rate, change = np.log(2) / CONTROL_MEDIAN, weeks / WEEKS
    hazard = -np.log(1 - (np.arange(number) + 0.5) / number)  # what a patient can bear
    spent = early * rate * change  # of it by the end of the early weeks
    cells = np.where(
        hazard < spent, hazard / (early * rate), change + (hazard - spent) / (late * rate)
    )
    months = np.concatenate([cells, hazard / rate])
    table = pd.DataFrame({"arm": np.repeat(ARMS, number), "months": months.clip(max=follow_up)})
    return table.assign(event=months <= follow_up)


def hazard_ratio_after(trial: pd.DataFrame, weeks: float = 0) -> HazardRatio:
    """Return the hazard ratio that counts events later than some weeks after randomisation.

    A patient with an earlier event leaves the analysis at that time, without an event.
    """
    return hazard_ratio(trial.assign(event=trial["event"] & (trial["months"] * WEEKS > weeks)))


def _curves(trial: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each arm without an event, in steps; the last step ends with follow-up."""
    parts = []
    for arm, months in trial[trial["event"]].groupby("arm", sort=False)["months"]:
        size = int(trial["arm"].eq(arm).sum())
        times = np.concatenate([[0.0], np.sort(months), [trial["months"].max()]])
        share = 1 - np.minimum(np.arange(len(times)), len(months)) / size
        parts.append(pd.DataFrame({"arm": arm, "months": times.round(2), "share": 100 * share}))
    return pd.concat(parts, ignore_index=True)


def early_ratios(
    early: Sequence[float] = (1, 1.5, 2, 2.5, 3), weeks: Sequence[int] = (0, 4, 8, 12, 16)
) -> pd.DataFrame:
    """Return the hazard ratio of each made-up trial for each number of weeks that are not counted."""
    rows = []
    for risk in early:
        trial = early_risk_trial(risk)
        for week in weeks:
            ratio = hazard_ratio_after(trial, week)
            rows.append((risk, week, ratio.estimate, ratio.low, ratio.high))
    return pd.DataFrame(rows, columns=["early", "weeks", "ratio", "low", "high"])


def early_events_plot(
    early: Sequence[float] = (1, 1.5, 2, 2.5, 3), weeks: Sequence[int] = (0, 4, 8, 12, 16)
) -> Layers:
    """Draw the made-up trial; the reader sets its early risk and the weeks that are not counted.

    The first value of ``weeks`` has to be 0: its ratio, of all events, is written beside the other.
    """
    ratios = early_ratios(early, weeks)
    every = ratios[ratios["weeks"] == 0].set_index("early")["ratio"]
    ratios["all_events"] = [f"all events counted: {every[risk]:.2f}" for risk in ratios["early"]]
    ratios["counted"] = [
        f"events after week {week}: {ratio:.2f}"
        for week, ratio in zip(ratios["weeks"], ratios["ratio"], strict=True)
    ]
    ratios["start"], ratios["until"] = 0.0, (ratios["weeks"] / WEEKS).round(2)
    curves = pd.concat(
        [_curves(early_risk_trial(risk)).assign(early=risk) for risk in early], ignore_index=True
    )
    step = weeks[1] - weeks[0]
    risk = slider(
        "early_risk", early[1], early[0], early[-1], early[1] - early[0], "Early risk, × control "
    )
    left_out = slider(
        "weeks_left_out", weeks[len(weeks) // 2], weeks[0], weeks[-1], step, "Weeks not counted "
    )
    one = "datum.early == early_risk"
    both = f"{one} && datum.weeks == weeks_left_out"
    months = alt.Scale(domain=[0, FOLLOW_UP], nice=False)
    share = PERCENT
    axis = percent_axis()
    tint = alt.Color("arm:N", scale=alt.Scale(domain=list(ARMS), range=list(TINTS)), legend=None)
    lines = (
        alt.Chart(curves)
        .transform_filter(one)
        .mark_line(interpolate="step-after", strokeWidth=2.5)
        .encode(
            x=alt.X("months:Q", title="Months from randomisation", scale=months),
            y=alt.Y("share:Q", title="Without progression", scale=share, axis=axis),
            color=tint,
        )
    )
    ends = curves.groupby(["early", "arm"], sort=False).tail(1)
    names = (
        alt.Chart(ends)
        .transform_filter(one)
        .mark_text(align="right", baseline="top", dy=7, fontWeight=600)
        .encode(x=alt.value("width"), y=alt.Y("share:Q", scale=share), text="arm:N", color=tint)
    )
    chosen = alt.Chart(ratios).transform_filter(both)
    band = chosen.mark_rect(opacity=0.35, color=colour("grid"), aria=False).encode(
        x=alt.X("start:Q", scale=months), x2="until:Q", y=alt.value(0), y2=alt.value("height")
    )
    words: dict[str, Any] = {"align": "right", "baseline": "top", "fontSize": 14}
    head = chosen.mark_text(**words, fontWeight=600).encode(
        x=alt.value("width"), y=alt.value(4), text=alt.value("Hazard ratio")
    )
    first = chosen.mark_text(**words).encode(
        x=alt.value("width"), y=alt.value(24), text="all_events:N"
    )
    second = chosen.mark_text(**words).encode(
        x=alt.value("width"), y=alt.value(44), text="counted:N"
    )
    layers = alt.layer(band, lines, names, head, first, second)
    return layers.add_params(risk, left_out).properties(height=300)
