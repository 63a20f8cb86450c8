"""How precisely a trial of a given size estimates a rate, and what it can rule out.

The chart computes Wilson's interval in the page, as `cartbook.stats.proportion` does in Python; the
tests compare the two.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, percent_axis, slider
from cartbook.stats import proportion
from cartbook.theme import colour

SIZES = (10, 20, 40, 100, 400)
YOURS = "Your trial"
Z = 1.959964  # 97.5th percentile of the normal distribution


def chance_of_excluding(rate: float, patients: int, true_rate: float) -> float:
    """Return how often, in per cent, a trial's 95% interval lies above ``rate`` if ``true_rate`` is true.

    Rates are in per cent; the interval is Wilson's. That is the power of a single-arm trial whose
    null hypothesis is ``rate``.

    >>> round(chance_of_excluding(50, patients=40, true_rate=75))
    90
    """
    from scipy.stats import binom  # here, because a page's Python loads SciPy for it

    enough = fewest_responders(rate, patients)
    return (
        float(100 * binom.sf(enough - 1, patients, true_rate / 100)) if enough is not None else 0.0
    )


def fewest_responders(rate: float, patients: int) -> int | None:
    """Return the fewest responders whose 95% Wilson interval lies above ``rate`` per cent, None if none.

    >>> fewest_responders(50, patients=40)
    27
    """
    found = (k for k in range(patients + 1) if 100 * proportion(k, patients).low > rate)
    return next(found, None)


def precision_plot(patients: int = 40, response: int = 50, rate: int = 30) -> Layers:
    """Draw the interval of a response rate for trials of several sizes; the reader sets three numbers.

    The controls are the size of the first row, the response in every row, and a rate to be ruled out.
    """
    controls = [
        slider(name, value, low, high, step, words)
        for name, value, low, high, step, words in (
            ("patients", patients, 5, 400, 5, "Patients in your trial "),
            ("response", response, 0, 100, 5, "Patients who respond, % "),
            ("ruled_out", rate, 0, 95, 5, "Rate to rule out, % "),
        )
    ]
    rows = pd.DataFrame(
        {
            "name": [YOURS, *(f"{size} patients" for size in SIZES)],
            "size": [0, *SIZES],
            "own": [True, *(False for _ in SIZES)],
        }
    )
    half = f"{Z} * sqrt({Z * Z} + 4 * datum.k * (datum.n - datum.k) / datum.n)"
    calculated = {
        "n": "datum.own ? patients : datum.size",
        "k": "round(datum.n * response / 100)",
        "at": "100 * datum.k / datum.n",
        "low": f"datum.k == 0 ? 0 : 50 * (2 * datum.k + {Z * Z} - {half}) / (datum.n + {Z * Z})",
        "high": f"datum.k == datum.n ? 100 : 50 * (2 * datum.k + {Z * Z} + {half}) / (datum.n + {Z * Z})",
        "verdict": "datum.low > ruled_out ? 'above ' + ruled_out + '%' : datum.high < ruled_out"
        " ? 'below ' + ruled_out + '%' : ruled_out + '% not ruled out'",
        "written": "datum.k + '/' + datum.n + ' · ' + format(datum.low, '.0f') + '–'"
        " + format(datum.high, '.0f') + '% · ' + datum.verdict",
    }
    base = alt.Chart(rows)
    for name, expression in calculated.items():  # one after the other: each needs those before it
        base = base.transform_calculate(**{name: expression})
    # the reader's own trial replaces the row of its size
    base = base.transform_filter("datum.own || datum.size != patients")
    base = base.encode(y=alt.Y("name:N", sort=list(rows["name"]), axis=None))
    axis = percent_axis(grid=True)
    x: dict[str, Any] = {
        "title": "Response rate compatible with the result",
        "scale": PERCENT,
        "axis": axis,
    }
    tint: Any = alt.condition(
        "datum.own", alt.value(colour("vermillion")), alt.value(colour("blue"))
    )
    span = base.mark_rule(strokeWidth=3, aria=False).encode(
        x=alt.X("low:Q", **x), x2="high:Q", color=tint
    )
    point = base.mark_point(size=100, filled=True).encode(
        x=alt.X("at:Q", **x),
        color=tint,
        tooltip=[alt.Tooltip("name:N", title="Trial"), alt.Tooltip("written:N", title="Result")],
    )
    line = (
        alt.Chart(pd.DataFrame({"one": [1]}))
        .transform_calculate(limit="ruled_out")
        .mark_rule(strokeDash=[5, 4], strokeWidth=2, color=colour("text"), aria=False)
        .encode(x=alt.X("limit:Q", **x))
    )
    style: dict[str, Any] = {"baseline": "bottom", "dy": -9, "aria": False}
    name = base.mark_text(align="left", fontWeight=600, **style).encode(
        x=alt.value(0), text="name:N"
    )
    number = base.mark_text(align="right", color=colour("quiet"), **style).encode(
        x=alt.value("width"), text="written:N"
    )
    return (
        alt.layer(line, span, point, name, number)
        .add_params(*controls)
        .properties(height=alt.Step(46))
    )
