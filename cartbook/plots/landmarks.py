"""Landmark rates: the share of patients without an event at several months, with printed intervals."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, SHAPES, Layers, percent_axis
from cartbook.theme import HUES


def landmark_plot(
    rows: pd.DataFrame,
    *,
    line: str = "label",
    title: str = "Patients",
    start: bool = True,
    dashed: str | None = None,
    height: int = 320,
) -> Layers:
    """Join the landmark rates of each group by a line, with the intervals that the sources print.

    ``rows`` has ``at_month``, ``value`` (per cent), ``low`` and ``high`` (missing where no interval
    is printed), and the column ``line``, which names the groups; each name is written at the last
    point of its line. ``start`` adds 100% at month 0. ``dashed`` names a column of truth values:
    the lines for which it is true are dashed. The lines are a guide from point to point, not
    survival curves.

    Raise ValueError if the rows lack a column, or if one group has two rates for one month.
    """
    needed = ["at_month", "value", "low", "high", line, *([dashed] if dashed else [])]
    if absent := [name for name in needed if name not in rows]:
        raise ValueError(f"the chart needs the columns {', '.join(absent)}")
    if rows.empty or rows.duplicated([line, "at_month"]).any():
        raise ValueError("each group has one rate for each month")
    points = rows[needed].astype({"at_month": float, "value": float, "low": float, "high": float})
    points["dashes"] = points[dashed].astype(bool) if dashed else False
    points = points.rename(columns={line: "group"}).sort_values(["group", "at_month"])
    groups = list(dict.fromkeys(rows[line]))
    points["written"] = [
        f"{value:g}%" + (f" (95% CI {low:g}–{high:g})" if pd.notna(low) else "")
        for value, low, high in points[["value", "low", "high"]].to_numpy()
    ]
    points = points[["group", "at_month", "value", "low", "high", "dashes", "written"]]
    paths = points
    if start:
        first = points.drop_duplicates("group").assign(at_month=0.0, value=100.0)
        paths = pd.concat([first, points], ignore_index=True)
    tints = [light for light, _ in list(HUES.values())[: len(groups)]]
    tint = alt.Color("group:N", scale=alt.Scale(domain=groups, range=tints), legend=None)
    last = float(points["at_month"].max())
    x = alt.X(
        "at_month:Q",
        title="Months",
        scale=alt.Scale(domain=[0, last * 1.02], nice=False),
        axis=alt.Axis(values=list(range(0, int(last) + 1, 6)), grid=False),
    )
    y = alt.Y(
        "value:Q",
        title=title,
        scale=PERCENT,
        axis=percent_axis(),
    )
    path = (
        alt.Chart(paths[["group", "at_month", "value", "dashes"]])
        .mark_line(strokeWidth=2, aria=False)
        .encode(
            x=x,
            y=y,
            color=tint,
            strokeDash=alt.StrokeDash(
                "dashes:N",
                scale=alt.Scale(domain=[False, True], range=[[1, 0], [6, 4]]),
                legend=None,
            ),
        )
    )
    spans = points.dropna(subset=["low", "high"])[["group", "at_month", "low", "high"]]
    span = (
        alt.Chart(spans)
        .mark_rule(strokeWidth=2.5, aria=False)
        .encode(x="at_month:Q", y="low:Q", y2="high:Q", color=tint)
    )
    base = alt.Chart(points[["group", "at_month", "value", "written"]])
    dot = base.mark_point(size=80, filled=True, opacity=1).encode(
        x=x,
        y=y,
        color=tint,
        shape=alt.Shape(
            "group:N", scale=alt.Scale(domain=groups, range=SHAPES[: len(groups)]), legend=None
        ),
        tooltip=[
            alt.Tooltip("group:N", title="Group"),
            alt.Tooltip("at_month:Q", title="Month"),
            alt.Tooltip("written:N", title=title),
        ],
    )
    ends = points.groupby("group", sort=False).tail(1).assign(name=lambda one: one["group"])
    ends = ends[["group", "at_month", "value", "name", "dashes"]]
    layers: list[Any] = [path, span, dot]
    # below the end of a line that reaches the right edge, beside the end of one that stops before
    below: dict[str, Any] = {"align": "right", "baseline": "top", "dx": 4, "dy": 9}
    above: dict[str, Any] = {"align": "left", "baseline": "bottom", "dx": 6, "dy": -5}
    under: dict[str, Any] = {"align": "left", "baseline": "top", "dx": 6, "dy": 7}
    edge, dashes = ends["at_month"].eq(last), ends["dashes"]
    for where, place in ((edge, below), (~edge & ~dashes, above), (~edge & dashes, under)):
        if where.any():
            mark = alt.Chart(ends[where]).mark_text(fontWeight=600, aria=False, **place)
            layers.append(mark.encode(x=x, y=y, text="name:N", color=tint))
    return alt.layer(*layers).properties(height=height)
