"""Charts that more than one chapter draws. Each returns an Altair chart, to be given to ``figure``.

They fit a phone: what a row is stands above its marks, not beside them, and every number that
matters is written at its mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt
import pandas as pd

from cartbook.stats import SMALL
from cartbook.theme import COLOURS, HUES, colour

alt.data_transformers.disable_max_rows()
SHAPES = [
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "stroke",
    "triangle-right",
]
#: lines of one chart; a picture with more would be longer than anybody reads, and heavy
MOST = 60


Layers: TypeAlias = alt.LayerChart | alt.FacetChart  # what Altair promises; these are layers


def _needs(rows: pd.DataFrame, *columns: str) -> None:
    absent = [column for column in columns if column not in rows]
    if absent:
        raise ValueError(
            f"the chart needs the columns {', '.join(absent)}; the rows have {', '.join(rows.columns)}"
        )
    if rows.empty:
        raise ValueError("there are no rows to draw")


def _colours(values: Sequence[str]) -> alt.Scale:
    """The book's colour for each value; values without one take hues that none of the others has."""
    kept = {value: COLOURS[value] for value in values if value in COLOURS}
    free = iter([light for light, _ in HUES.values() if light not in kept.values()])
    return alt.Scale(domain=list(values), range=[kept.get(value) or next(free) for value in values])


def _offset(by: str, groups: Sequence[str]) -> alt.YOffset:
    """Where the lines of one row stand: one below the other, close together."""
    return alt.YOffset(
        f"{by}:N",
        sort=None,
        bandPosition=0.5,
        scale=alt.Scale(domain=list(groups), type="band", paddingOuter=0.5),
    )


def _percent_axis(field: str, title: str) -> alt.X:
    scale, axis = (
        alt.Scale(domain=[0, 100], nice=False),
        alt.Axis(values=[0, 25, 50, 75, 100], labelExpr="datum.value + '%'", grid=True),
    )
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)


def drawable(rows: pd.DataFrame, label: str, size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows that a picture has room for, and the chart's title if that is not all of them, as its properties.

    Kept, in their order, are the rows of the :data:`MOST` values of the column ``label`` with the largest
    ``size``; the title says so. The charts of this module do so by themselves.
    """
    _needs(rows, label, size)
    names = rows.groupby(label, sort=False)[size].max()
    if len(names) <= MOST:
        return rows, {}
    kept = set(names.sort_values(ascending=False, kind="stable").index[:MOST])
    said = [
        f"{MOST} of {len(names)} lines: those with the largest numbers ({size}).",
        "All are in the table.",
    ]
    return rows[rows[label].isin(kept)], {
        "title": alt.TitleParams(said, anchor="start", fontSize=12, fontWeight="normal")
    }


def interval_plot(
    rows: pd.DataFrame,
    *,
    label: str = "label",
    by: str | None = None,
    title: str = "Patients",
    choose: str | None = None,
    switch: str | None = None,
    hue: str = "blue",
    step: int = 46,
) -> Layers:
    """Proportions with their intervals, one line a row, on an axis from 0% to 100%.

    ``rows`` has ``percent``, ``low``, ``high`` (per cent), ``events`` and ``denominator``, as
    :func:`cartbook.proportions` gives them, and a column ``label``. A small sample (fewer than 30
    patients) is drawn hollow. ``by`` names a column that colour and shape tell apart; rows that
    share a label then stand together, one line each. Without it all have the colour ``hue``, a
    name that :func:`cartbook.colour` knows. ``choose`` names a column by which the
    reader can bring out some of the rows; ``switch`` one of whose values the reader sees a
    single one at a time, at first the first. Of more than :data:`MOST` lines those with the largest
    denominators are drawn, and the chart says so.
    """
    _needs(
        rows,
        label,
        "percent",
        "low",
        "high",
        "events",
        "denominator",
        *([by] if by else []),
        *([choose] if choose else []),
    )
    rows, told = drawable(rows, label, "denominator")
    lines = rows.assign(
        small=[n < SMALL for n in rows["denominator"]],
        written=[
            f"{k}/{n} · {p:.0f}% ({lo:.0f}–{hi:.0f})"
            for k, n, p, lo, hi in zip(
                rows["events"],
                rows["denominator"],
                rows["percent"],
                rows["low"],
                rows["high"],
                strict=True,
            )
        ],
    )
    kept = [
        label,
        "percent",
        "low",
        "high",
        "written",
        "small",
        *([by] if by else []),
        *([choose] if choose else []),
        *([switch] if switch else []),
    ]
    lines = lines[list(dict.fromkeys(kept))]
    groups = list(dict.fromkeys(lines[by])) if by else []
    y = alt.Y(
        f"{label}:N", sort=None, axis=None, scale=alt.Scale(paddingOuter=0.1, paddingInner=0.1)
    )
    places: dict[str, Any] = {"y": y}
    tint: Any = alt.value(colour(hue))
    filled: Any = alt.value(colour(hue))
    shape: Any = alt.value("circle")
    stacked = bool(lines.duplicated([label, *([switch] if switch else [])]).any())
    if stacked:
        _needs(rows, by or "by")
        places["yOffset"] = _offset(str(by), groups)
    if by:
        tint = filled = alt.Color(f"{by}:N", scale=_colours(groups), legend=alt.Legend(title=None))
        shape = alt.Shape(
            f"{by}:N",
            scale=alt.Scale(domain=groups, range=SHAPES[: len(groups)]),
            legend=alt.Legend(title=None),
        )
    said = [
        alt.Tooltip(f"{label}:N", title="Row"),
        *([alt.Tooltip(f"{by}:N", title="What")] if by else []),
        alt.Tooltip("written:N", title="Patients"),
    ]
    every, first = (
        alt.Chart(lines),
        alt.Chart(lines.drop_duplicates([label, *([switch] if switch else [])])),
    )
    span = every.mark_rule(strokeWidth=2.5, aria=False).encode(
        x=_percent_axis("low", title), x2="high:Q", color=tint, **places
    )
    point = every.mark_point(size=100, strokeWidth=2.5, filled=False).encode(
        x=_percent_axis("percent", title),
        **places,
        color=tint,
        shape=shape,
        fill=alt.condition("datum.small", alt.value(colour("paper")), filled),
        tooltip=said,
    )
    name = first.mark_text(
        align="left", baseline="bottom", dy=-9, fontWeight=600, aria=False
    ).encode(x=alt.value(0), text=f"{label}:N", **places)
    number = every.mark_text(
        align="right", baseline="bottom", dy=-9, color=colour("quiet"), aria=False
    ).encode(x=alt.value("width"), text="written:N", **places)
    if stacked:
        number = (
            every.mark_text(
                align="left", baseline="middle", dx=8, color=colour("quiet"), aria=False
            )
            .encode(x=alt.value("width"), text="share:N", **places)
            .transform_calculate(share="format(datum.percent, '.0f') + '%'")
        )
    layers: list[Any] = [span, point, name, number]
    height = (
        alt.Step(step + 20 * max(0, len(groups) - 1), **{"for": "position"})
        if stacked
        else alt.Step(step)
    )
    if switch:
        kinds = list(dict.fromkeys(lines[switch]))
        one = alt.param(
            name="shown", value=kinds[0], bind=alt.binding_select(options=kinds, name="Show ")
        )
        layers = [layer.transform_filter(f"datum[{switch!r}] == shown") for layer in layers]
        return alt.layer(*layers).add_params(one).properties(height=height, **told)
    if not choose:
        return alt.layer(*layers).properties(height=height, **told)
    options = list(dict.fromkeys(lines[choose]))
    pick = alt.param(
        name="chosen", value="all", bind=alt.binding_select(options=["all", *options], name="Show ")
    )
    shown = f"chosen == 'all' || chosen == datum[{choose!r}]"
    layers = [
        layer.encode(opacity=alt.condition(shown, alt.value(1), alt.value(0.18)))
        for layer in layers
    ]
    return alt.layer(*layers).add_params(pick).properties(height=height, **told)


def dot_plot(
    rows: pd.DataFrame,
    *,
    label: str,
    value: str,
    title: str,
    written: str | None = None,
    by: str | None = None,
    unit: str = "",
    step: int = 40,
    zero: bool = True,
) -> Layers:
    """One dot a row on a common axis that begins at zero, its value written beside the row's name.

    ``by`` colours and shapes the dots by a column; ``written`` names a column with the text to
    show instead of the number; ``unit`` follows the number. An axis whose title or unit is per cent runs from 0 to 100.
    """
    _needs(rows, label, value, *([by] if by else []))
    rows, told = drawable(rows, label, value)
    lines = rows[
        list(dict.fromkeys([label, value, *([by] if by else []), *([written] if written else [])]))
    ].copy()
    lines["written_"] = lines[written] if written else [f"{one:g}{unit}" for one in lines[value]]
    groups = list(dict.fromkeys(lines[by])) if by else []
    base = alt.Chart(lines).encode(y=alt.Y(f"{label}:N", sort=None, axis=None))
    share = (
        title.rstrip().endswith("%") or unit.strip() == "%"
    )  # shares have one axis through the whole book
    scale = (
        alt.Scale(domain=[0, 100])
        if share and lines[value].max() <= 100
        else alt.Scale(zero=zero, nice=True)
    )
    x = alt.X(f"{value}:Q", title=title, scale=scale, axis=alt.Axis(tickCount=5))
    dots: dict[str, Any] = {
        "x": x,
        "tooltip": [alt.Tooltip(f"{label}:N", title="Row"), alt.Tooltip("written_:N", title=title)],
    }
    if by:
        dots["color"] = alt.Color(f"{by}:N", scale=_colours(groups), legend=alt.Legend(title=None))
        dots["shape"] = alt.Shape(
            f"{by}:N",
            scale=alt.Scale(domain=groups, range=SHAPES[: len(groups)]),
            legend=alt.Legend(title=None),
        )
    line = base.mark_rule(color=colour("grid"), strokeWidth=2, aria=False).encode(
        x=alt.value(0), x2=alt.value("width")
    )
    point = base.mark_point(size=110, filled=True).encode(**dots)
    name = base.mark_text(
        align="left", baseline="bottom", dy=-8, fontWeight=600, aria=False
    ).encode(x=alt.value(0), text=f"{label}:N")
    number = base.mark_text(
        align="right", baseline="bottom", dy=-8, color=colour("quiet"), aria=False
    ).encode(x=alt.value("width"), text="written_:N")
    return alt.layer(line, point, name, number).properties(height=alt.Step(step), **told)


def paired_bars(
    rows: pd.DataFrame,
    *,
    label: str,
    by: str,
    value: str,
    title: str,
    written: str | None = None,
    step: int = 62,
) -> Layers:
    """Two (or more) bars a row, from zero, told apart by colour and by the words at their ends.

    ``written`` names a column with the text at the bar's end; by default the number.
    """
    _needs(rows, label, by, value)
    lines = rows[list(dict.fromkeys([label, by, value, *([written] if written else [])]))].copy()
    lines["written_"] = lines[written] if written else [f"{one:g}" for one in lines[value]]
    groups = list(dict.fromkeys(lines[by]))
    y = alt.Y(f"{label}:N", sort=None, axis=None)
    offset = alt.YOffset(f"{by}:N", sort=None, scale=alt.Scale(domain=groups, paddingOuter=0.3))
    x = alt.X(
        f"{value}:Q", title=title, scale=alt.Scale(zero=True, nice=True), axis=alt.Axis(tickCount=5)
    )
    bar = (
        alt.Chart(lines)
        .mark_bar()
        .encode(
            x=x,
            y=y,
            yOffset=offset,
            color=alt.Color(
                f"{by}:N",
                scale=_colours(groups),
                legend=alt.Legend(title=None, symbolType="square"),
            ),
            tooltip=[
                alt.Tooltip(f"{label}:N", title="Row"),
                alt.Tooltip(f"{by}:N", title="Which"),
                alt.Tooltip("written_:N", title=title),
            ],
        )
    )
    middle = offset.copy()
    middle["bandPosition"] = 0.5
    name = alt.Chart(lines.drop_duplicates(label)).mark_text(
        align="left", baseline="bottom", dy=-14, fontWeight=600, aria=False
    )
    number = alt.Chart(lines).mark_text(
        align="left", baseline="middle", dx=6, color=colour("quiet"), aria=False
    )
    return alt.layer(
        bar,
        name.encode(x=alt.value(0), y=y, yOffset=middle, text=f"{label}:N"),
        number.encode(x=x, y=y, yOffset=middle, text="written_:N"),
    ).properties(height=alt.Step(step, **{"for": "position"}))
