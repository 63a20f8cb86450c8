"""A chart of reported estimates in per cent: survival at a landmark, pooled proportions, shares.

What the source prints is drawn: the estimate, and its interval only if it has one.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, SHAPES, Layers, percent_axis
from cartbook.theme import HUES, colour

INKS = ["ochre", "blue", "vermillion", "green", "purple", "indigo"]


def estimates_plot(
    rows: pd.DataFrame, *, by: str | None = None, label: str = "label", title: str = "Patients"
) -> Layers:
    """Draw rows of `evidence` in per cent, with the intervals that their sources print.

    ``label`` names each line; rows that share a label are drawn together, one below the other, in
    the order in which the values of ``by`` first occur, which gives colours and shapes. Raise
    ValueError if there are no rows, a unit other than per cent, or two rows for one place.
    """
    if rows.empty or set(rows["unit"]) != {"percent"}:
        raise ValueError("the chart needs rows in per cent")
    keys = [label, *([by] if by else [])]
    if rows.duplicated(keys).any():
        raise ValueError(f"there are two rows with the same {' and '.join(keys)}")
    lines = (
        rows[keys]
        .astype(str)
        .assign(**{name: rows[name].astype(float) for name in ("value", "low", "high")})
    )
    lines["written"] = [
        f"{value:.0f}%" + ("" if pd.isna(low) else f" ({low:.0f}–{high:.0f})")
        for value, low, high in lines[["value", "low", "high"]].to_numpy()
    ]
    groups = list(dict.fromkeys(lines[by])) if by else [""]
    inks = [HUES[name][0] for name in INKS]
    tint: Any = alt.value(colour("blue"))
    shape: Any = alt.value("circle")
    order = list(dict.fromkeys(lines[label]))  # lines without an interval keep their places
    places: dict[str, Any] = {"y": alt.Y(f"{label}:N", sort=order, axis=None)}
    stacked = len(groups) > 1 and lines.duplicated(label).any()
    if by:
        legend = alt.Legend(title=None)
        tint = alt.Color(
            f"{by}:N", scale=alt.Scale(domain=groups, range=inks[: len(groups)]), legend=legend
        )
        shape = alt.Shape(
            f"{by}:N", scale=alt.Scale(domain=groups, range=SHAPES[: len(groups)]), legend=legend
        )
    if stacked:
        places["yOffset"] = alt.YOffset(
            f"{by}:N",
            sort=None,
            bandPosition=0.5,
            scale=alt.Scale(domain=groups, type="band", paddingOuter=0.5),
        )
    axis = percent_axis(grid=True)
    scale = PERCENT
    base, first = alt.Chart(lines), alt.Chart(lines.drop_duplicates(label))
    span = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2.5, aria=False)
        .encode(
            x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2="high:Q", color=tint, **places
        )
    )
    said = [alt.Tooltip(f"{label}:N", title="Row"), alt.Tooltip("written:N", title="Estimate")]
    if by:
        said.insert(1, alt.Tooltip(f"{by}:N", title="What"))
    point = base.mark_point(size=100, filled=True).encode(
        x=alt.X("value:Q", title=title, scale=scale, axis=axis),
        color=tint,
        shape=shape,
        tooltip=said,
        **places,
    )
    name = first.mark_text(
        align="left", baseline="bottom", dy=-9, fontWeight=600, aria=False
    ).encode(x=alt.value(0), text=f"{label}:N", **places)
    words: dict[str, Any] = {"color": colour("quiet"), "aria": False}
    if stacked:
        number = base.mark_text(align="left", baseline="middle", dx=8, **words)
        height: Any = alt.Step(46 + 20 * (len(groups) - 1), **{"for": "position"})
    else:
        number = base.mark_text(align="right", baseline="bottom", dy=-9, **words)
        height = alt.Step(46)
    number = number.encode(x=alt.value("width"), text="written:N", **places)
    return alt.layer(span, point, name, number).properties(height=height)
