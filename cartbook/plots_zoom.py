"""Interval plots of rare events: the same chart with an axis that ends earlier."""

from __future__ import annotations

import altair as alt

from cartbook.charts import Layers


def zoom(chart: Layers, upper: int) -> Layers:
    """Return an interval plot whose axis runs from 0 to ``upper`` per cent instead of 100.

    Raise ValueError if an interval would end outside the axis.

    >>> import pandas as pd
    >>> from cartbook import interval_plot, proportions
    >>> rows = pd.DataFrame({"label": ["A"], "events": [3], "denominator": [100]})
    >>> chart = zoom(interval_plot(proportions(rows)), 10)
    """
    ends = [layer.data["high"].max() for layer in chart.layer if "high" in layer.data]
    if max(ends) > upper:
        raise ValueError(
            f"an interval ends at {max(ends):.0f}%, outside an axis that ends at {upper}%"
        )
    small = chart.copy(deep=True)
    step = 5 if upper <= 25 else 10
    axis = alt.Axis(
        values=list(range(0, upper + 1, step)), labelExpr="datum.value + '%'", grid=True
    )
    for layer in small.layer:
        x = layer.encoding.x
        if isinstance(x, alt.X):
            x.scale = alt.Scale(domain=[0, upper], nice=False)
            x.axis = axis
    return small
