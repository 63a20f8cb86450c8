"""Interval plots of rare events: the same chart with an axis that ends earlier."""

from __future__ import annotations

from typing import Any

import altair as alt

from cartbook.charts import Layers, percent_axis


def zoom(chart: Layers, upper: int) -> Layers:
    """Return an interval plot whose axis runs from 0 to ``upper`` per cent instead of 100.

    Raise ValueError if an interval would end outside the axis.

    >>> import pandas as pd
    >>> from cartbook import interval_plot, proportions
    >>> rows = pd.DataFrame({"label": ["A"], "events": [3], "denominator": [100]})
    >>> chart = zoom(interval_plot(proportions(rows)), 10)
    """
    layers: list[Any] = chart.copy(deep=True).layer
    spans = [layer.data for layer in layers if "high" in layer.data]
    last = max(rows["high"].max() for rows in spans)
    if last > upper:
        raise ValueError(f"an interval ends at {last:.0f}%, outside an axis that ends at {upper}%")
    ticks = list(range(0, upper + 1, 5 if upper <= 25 else 10))
    axis = percent_axis(ticks, grid=True)
    for layer in layers:
        if isinstance(layer.encoding.x, alt.X):
            layer.encoding.x["scale"] = alt.Scale(domain=[0, upper], nice=False)
            layer.encoding.x["axis"] = axis
    small: Layers = chart.copy(deep=False)
    small.layer = layers
    return small
