"""What becomes of a remission: a model of two competing risks, relapse and death in remission."""

from __future__ import annotations

from math import exp
from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, percent_axis, slider
from cartbook.theme import colour

MONTHS = 24
STATES = {
    "In remission": "blue",
    "Relapsed": "vermillion",
    "Died in remission": "purple",
    "No remission": "grey",
}


def share_in_remission(response: float, relapse: float, death: float, month: float = 24) -> float:
    """Return the percentage of all treated patients who are in remission at a month.

    ``response`` is the percentage who reach remission. In each month ``relapse`` and ``death`` per
    cent of those in remission relapse or die: constant hazards, which compete. Raise ValueError for
    a percentage outside 0 to 100 or a negative month.

    >>> round(share_in_remission(response=90, relapse=2, death=1.5))
    39
    """
    if not all(0 <= one <= 100 for one in (response, relapse, death)) or month < 0:
        raise ValueError("percentages lie between 0 and 100, and a month is not negative")
    return response * exp(-(relapse + death) / 100 * month)


def remission_plot(
    response: float = 90, relapse: float = 2, death: float = 1.5, seen: pd.Series[Any] | None = None
) -> Layers:
    """Draw what share of patients is in which state, month by month; the reader sets three rates.

    The arguments are where the controls stand at first. ``seen`` is a row of `evidence` with the
    observed share at ``at_month``, drawn with its interval for comparison.
    """
    settings = {
        "remissions": (response, 50, 100, 5, "Reach remission, % "),
        "relapse_rate": (relapse, 0, 10, 0.5, "Relapse each month, % "),
        "death_rate": (death, 0, 10, 0.5, "Die in remission each month, % "),
    }
    controls = [
        slider(name, value, low, high, step, words)
        for name, (value, low, high, step, words) in settings.items()
    ]
    hazard = "(relapse_rate + death_rate)"
    left = f"exp(-{hazard} / 100 * datum.month)"
    months = alt.Chart(pd.DataFrame({"month": range(MONTHS + 1)})).transform_calculate(
        kept=f"remissions * {left}",
        lost=f"{hazard} == 0 ? 0 : remissions * (1 - {left}) / {hazard}",
    )
    months = months.transform_calculate(
        **{
            "In remission": "datum.kept",
            "Relapsed": "datum.lost * relapse_rate",
            "Died in remission": "datum.lost * death_rate",
            "No remission": "100 - remissions",
        }
    )
    names: list[Any] = list(STATES)
    scale = PERCENT
    x = alt.X(
        "month:Q",
        title="Months after the infusion",
        scale=alt.Scale(domain=[0, MONTHS], nice=False),
        axis=alt.Axis(values=list(range(0, MONTHS + 1, 6)), grid=False),
    )
    area = (
        months.transform_fold(names, as_=["state", "share"])
        .transform_calculate(order=f"indexof({names}, datum.state)")
        .mark_area(opacity=0.85)
        .encode(
            x=x,
            y=alt.Y(
                "share:Q",
                title=None,
                stack="zero",
                scale=scale,
                axis=percent_axis(),
            ),
            order=alt.Order("order:Q"),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=names, range=[colour(hue) for hue in STATES.values()]),
                legend=alt.Legend(title=None, symbolType="square"),
            ),
        )
    )
    words = (
        months.transform_filter(f"datum.month == {MONTHS}")
        .transform_calculate(
            text=f"'In remission at month {MONTHS}: ' + format(datum.kept, '.0f') + '%'"
        )
        .mark_text(
            align="right", baseline="top", fontSize=14, fontWeight=600, color=colour("paper")
        )
        .encode(x=alt.value("width"), y=alt.value(6), text="text:N")
    )
    layers: list[Any] = [area, words]
    if seen is not None:
        one = pd.DataFrame(
            {
                "month": [float(seen["at_month"])],
                "value": [float(seen["value"])],
                "low": [float(seen["low"])],
                "high": [float(seen["high"])],
            }
        )
        mark: dict[str, Any] = {"color": colour("text"), "clip": False}
        base = alt.Chart(one)
        layers.append(
            base.mark_rule(strokeWidth=3, aria=False, **mark).encode(
                x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"
            )
        )
        layers.append(
            base.mark_point(size=120, filled=True, opacity=1, **mark).encode(
                x=x, y=alt.Y("value:Q", scale=scale)
            )
        )
        observed = base.transform_calculate(
            text="'observed ' + format(datum.value, '.1f') + '%'"
        ).encode(x=x, y=alt.Y("value:Q", scale=scale), text="text:N")
        style: dict[str, Any] = {"align": "right", "dx": -10, "fontWeight": 600, "aria": False}
        paper = colour("paper")
        layers += [
            observed.mark_text(
                color=paper, stroke=paper, strokeWidth=6, strokeJoin="round", **style
            ),
            observed.mark_text(color=colour("text"), **style),
        ]
    return alt.layer(*layers).add_params(*controls).properties(height=260)
