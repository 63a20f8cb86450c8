"""How many responders a small trial would see by chance, for a true response rate that the reader sets."""

from __future__ import annotations

import altair as alt
import pandas as pd

from cartbook.charts import Layers, slider
from cartbook.theme import colour

RATES = range(40, 100, 5)  # per cent


def chance_of_at_least(events: int, patients: int, rate: float) -> float:
    """Return the probability, in per cent, of `events` or more among `patients` if the true rate is `rate` per cent.

    >>> round(chance_of_at_least(18, 20, rate=70), 1)
    3.5
    """
    from scipy.stats import binom  # here, because a page's Python loads SciPy for it

    return float(100 * binom.sf(events - 1, patients, rate / 100))


def binomial_plot(events: int, patients: int, start: int = 70) -> Layers:
    """Draw how likely each number of responders is; the reader sets the true rate, at first `start` per cent.

    Bars of `events` or more have another colour, and their sum is written above them.
    """
    from scipy.stats import binom

    bars = pd.DataFrame(
        [
            (rate, k, 100 * binom.pmf(k, patients, rate / 100), k >= events)
            for rate in RATES
            for k in range(patients + 1)
        ],
        columns=["rate", "responders", "chance", "tail"],
    )
    sums = pd.DataFrame({"rate": list(RATES)})
    sums["words"] = [
        f"{events} or more of {patients}: "
        + (
            f"{chance:.1f}%"
            if (chance := chance_of_at_least(events, patients, rate)) >= 0.05
            else "below 0.1%"
        )
        for rate in RATES
    ]
    control = slider(
        "true_rate", start, RATES.start, RATES[-1], RATES.step, "True response rate, % "
    )
    axis = alt.Axis(labelAngle=0, values=list(range(0, patients + 1, 5)))
    drawn = (
        alt.Chart(bars)
        .transform_filter("datum.rate == true_rate")
        .mark_bar()
        .encode(
            x=alt.X("responders:O", title=f"Responders among {patients} patients", axis=axis),
            y=alt.Y("chance:Q", title="Chance, %", scale=alt.Scale(domain=[0, 40])),
            color=alt.condition(
                "datum.tail", alt.value(colour("vermillion")), alt.value(colour("blue"))
            ),
        )
    )
    text = (
        alt.Chart(sums)
        .transform_filter("datum.rate == true_rate")
        .mark_text(align="left", baseline="top", fontSize=14, fontWeight=600)
        .encode(x=alt.value(6), y=alt.value(8), text="words:N")
    )
    return alt.layer(drawn, text).add_params(control).properties(height=230)
