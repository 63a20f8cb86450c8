"""Charts that more than one chapter draws. Each returns an Altair chart, to be given to ``figure``.

They fit a phone: what a row is stands above its marks, not beside them, and every number that
matters is written at its mark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
#: the whole of an axis in per cent
PERCENT = alt.Scale(domain=[0, 100], nice=False)
#: a picture with more lines would be longer than anyone reads, and heavy
MAX_LINES = 60


Layers: TypeAlias = alt.LayerChart | alt.FacetChart  # what Altair promises; these are layers


def _needs(rows: pd.DataFrame, *columns: str) -> None:
    if absent := [column for column in columns if column not in rows]:
        raise ValueError(
            f"the chart needs the columns {', '.join(absent)}; the rows have {', '.join(rows.columns)}"
        )
    if rows.empty:
        raise ValueError("there are no rows to draw")


def _colours(values: Sequence[str]) -> alt.Scale:
    """Return the book's colour for each value; values without one take hues that no other has."""
    own = {value: COLOURS[value] for value in values if value in COLOURS}
    free = iter([light for light, _ in HUES.values() if light not in own.values()])
    return alt.Scale(domain=list(values), range=[own.get(value) or next(free) for value in values])


def _colour_and_shape(by: str, groups: list[str]) -> dict[str, Any]:
    """Return encodings that tell groups apart by colour and by shape."""
    shapes, legend = alt.Scale(domain=groups, range=SHAPES[: len(groups)]), alt.Legend(title=None)
    return {
        "color": alt.Color(f"{by}:N", scale=_colours(groups), legend=legend),
        "shape": alt.Shape(f"{by}:N", scale=shapes, legend=legend),
    }


def _names(chart: alt.Chart, label: str, dy: int, **places: Any) -> Any:
    """Write the name of each row above its marks, from the left."""
    style: Any = {"align": "left", "baseline": "bottom", "dy": dy, "fontWeight": 600}
    return chart.mark_text(aria=False, **style).encode(x=alt.value(0), text=f"{label}:N", **places)


def _numbers(chart: alt.Chart, column: str, style: dict[str, Any], **places: Any) -> Any:
    """Write numbers in the quiet colour; from the right unless ``places`` has an ``x``."""
    chart = chart.mark_text(color=colour("quiet"), aria=False, **style)
    return chart.encode(text=f"{column}:N", **{"x": alt.value("width"), **places})


def row_texts(base: alt.Chart, label: str, dy: int = -9) -> tuple[Any, Any]:
    """Return two layers above the marks of each row: its name at the left, ``written`` at the right."""
    style: dict[str, Any] = {"align": "right", "baseline": "bottom", "dy": dy}
    return _names(base, label, dy), _numbers(base, "written", style)


def named_points(
    base: alt.Chart,
    sides: Mapping[str, tuple[str, str, str]],
    place: Callable[[str], alt.X],
    tooltip: Sequence[alt.Tooltip],
    legend: alt.Legend,
    **mark: Any,
) -> list[alt.Chart]:
    """Return a point in each row for each column of ``sides``: its words, colour and shape.

    ``place`` gives the axis of a column. The legend shows the words, as ``counted``.
    """
    words, hues, shapes = (list(one) for one in zip(*sides.values(), strict=True))
    tint = alt.Scale(domain=words, range=[colour(hue) for hue in hues])
    form = alt.Scale(domain=words, range=shapes)
    return [
        base.transform_calculate(counted=f"'{said}'")
        .mark_point(filled=True, **mark)
        .encode(
            x=place(field),
            color=alt.Color("counted:N", scale=tint, legend=legend),
            shape=alt.Shape("counted:N", scale=form, legend=legend),
            tooltip=tooltip,
        )
        for field, (said, _, _) in sides.items()
    ]


def slider(
    name: str, value: float, low: float, high: float, step: float, words: str
) -> alt.Parameter:
    """Return a parameter that readers set with a slider; ``words`` stand before it."""
    return alt.param(
        name=name,
        value=value,
        bind=alt.binding_range(min=low, max=high, step=step, name=words),
    )


def menu(
    name: str,
    value: Any,
    options: Sequence[Any],
    words: str,
    labels: Sequence[str] | alt.UndefinedType = alt.Undefined,
    *,
    radio: bool = False,
) -> alt.Parameter:
    """Return a parameter that readers choose from a menu; ``words`` stand before it.

    With ``radio`` all options are seen, as buttons.
    """
    binding = alt.binding_radio if radio else alt.binding_select
    bind = binding(options=options, labels=labels, name=words)
    return alt.param(name=name, value=value, bind=bind)


def percent_axis(values: Sequence[float] | None = (0, 25, 50, 75, 100), **options: Any) -> alt.Axis:
    """Return an axis whose ticks have a per cent sign; ``options`` are those of `altair.Axis`."""
    ticks = alt.Undefined if values is None else list(values)
    return alt.Axis(values=ticks, labelExpr="datum.value + '%'", **options)


def drawable(rows: pd.DataFrame, label: str, size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows that a picture has room for, and properties with a title if that is not all.

    Kept, in their order, are the rows of the :data:`MAX_LINES` values of the column ``label`` with
    the largest ``size``; the title says so. The charts of this module do so by themselves.
    """
    _needs(rows, label, size)
    sizes = rows.groupby(label, sort=False)[size].max()
    if len(sizes) <= MAX_LINES:
        return rows, {}
    largest = set(sizes.sort_values(ascending=False, kind="stable").index[:MAX_LINES])
    title = [
        f"{MAX_LINES} of {len(sizes)} lines: those with the largest numbers ({size}).",
        "All are in the table.",
    ]
    params = alt.TitleParams(title, anchor="start", fontSize=12, fontWeight="normal")
    return rows[rows[label].isin(largest)], {"title": params}


def interval_plot(
    rows: pd.DataFrame,
    *,
    label: str = "label",
    by: str | None = None,
    title: str = "Patients",
    choose: str | None = None,
    switch: str | None = None,
    hue: str = "blue",
    heads: str | None = None,
    end: float = 100,
) -> Layers:
    """Draw proportions with their intervals, one line per row, on an axis from 0 to ``end`` per cent.

    ``rows`` has ``percent``, ``low``, ``high`` (per cent), ``events`` and ``denominator``, as
    :func:`cartbook.proportions` gives them, and a column ``label``. A small sample (fewer than 30
    patients) is hollow. ``by`` names a column that colour and shape tell apart; rows that share a
    label are then next to each other. Without it all have the colour ``hue``. ``choose`` names a
    column by which the reader can highlight rows; ``switch`` one of whose values the reader sees
    one at a time. ``heads`` names a column whose values stand as headings above their rows, which
    are together; a heading that repeats ``by`` replaces the legend. Of more than :data:`MAX_LINES` lines those with the largest denominators are
    drawn, and the chart says so.
    """
    numbers = ("percent", "low", "high", "events", "denominator")
    _needs(rows, label, *numbers, *(one for one in (by, choose, heads) if one))
    rows, properties = drawable(rows, label, "denominator")
    written = [
        f"{k}/{n} · {p:.0f}% ({low:.0f}–{high:.0f})"
        for p, low, high, k, n in zip(*(rows[name] for name in numbers), strict=True)
    ]
    lines = rows.assign(small=[n < SMALL for n in rows["denominator"]], written=written)
    columns = [label, "percent", "low", "high", "written", "small", by, choose, switch, heads]
    lines = lines[list(dict.fromkeys(column for column in columns if column))]
    groups = list(dict.fromkeys(lines[by])) if by else []
    identity = [label, switch] if switch else [label]
    stacked = bool(lines.duplicated(identity).any())
    rows_scale = alt.Scale(paddingOuter=0.1, paddingInner=0.1)
    titles = _headings(lines, label, heads) if heads else None
    if titles is not None:
        rows_scale = alt.Scale(domain=titles[1], paddingOuter=0.1, paddingInner=0.1)
    places: dict[str, Any] = {"y": alt.Y(f"{label}:N", sort=None, axis=None, scale=rows_scale)}
    if stacked:
        _needs(rows, by or "by")
        band = alt.Scale(domain=groups, type="band", paddingOuter=0.5)
        places["yOffset"] = alt.YOffset(f"{by}:N", sort=None, bandPosition=0.5, scale=band)
    look: dict[str, Any] = {"color": alt.value(colour(hue)), "shape": alt.value("circle")}
    if by:
        look = _colour_and_shape(by, groups)
    if by and by == heads:
        look = {"color": look["color"].copy(), "shape": alt.value("circle")}
        look["color"].legend = None
    tooltip = [alt.Tooltip(f"{label}:N", title="Row")]
    tooltip += [alt.Tooltip(f"{by}:N", title="What")] if by else []
    tooltip += [alt.Tooltip("written:N", title="Patients")]
    axis: dict[str, Any] = {
        "title": title,
        "scale": PERCENT if end == 100 else alt.Scale(domain=[0, end], nice=False, clamp=True),
        "axis": percent_axis(grid=True)
        if end == 100
        else percent_axis(None, tickCount=5, grid=True),
    }
    every = alt.Chart(lines)
    span = every.mark_rule(strokeWidth=2.5, aria=False).encode(
        x=alt.X("low:Q", **axis), x2="high:Q", color=look["color"], **places
    )
    hollow = alt.condition("datum.small", alt.value(colour("paper")), look["color"])
    point = every.mark_point(size=100, strokeWidth=2.5, filled=False).encode(
        x=alt.X("percent:Q", **axis), fill=hollow, tooltip=tooltip, **places, **look
    )
    name = _names(alt.Chart(lines.drop_duplicates(identity)), label, -9, **places)
    if stacked:
        style = {"align": "left", "baseline": "middle", "dx": 8}
        share = "format(datum.percent, '.0f') + '%'"
        number = _numbers(every, "share", style, **places).transform_calculate(share=share)
        height = alt.Step(46 + 20 * max(0, len(groups) - 1), **{"for": "position"})
    else:
        style = {"align": "right", "baseline": "bottom", "dy": -9}
        number, height = _numbers(every, "written", style, **places), alt.Step(46)
    layers: list[Any] = [span, point, name, number]
    if titles is not None:
        bold: dict[str, Any] = {"align": "left", "baseline": "middle", "fontWeight": 700}
        bold |= {"fontSize": 13, "dy": 4 if stacked else 10, "aria": False}
        head = alt.Chart(titles[0]).mark_text(**bold)
        layers.append(head.encode(x=alt.value(0), y=places["y"], text="heading:N"))
    choice = None
    if switch:
        values = list(dict.fromkeys(lines[switch]))
        choice = menu("shown", values[0], values, "Show ")
        layers = [layer.transform_filter(f"datum[{switch!r}] == shown") for layer in layers]
    elif choose:
        choice = menu("chosen", "all", ["all", *dict.fromkeys(lines[choose])], "Show ")
        shown = f"chosen == 'all' || chosen == datum[{choose!r}]"
        opacity = alt.condition(shown, alt.value(1), alt.value(0.18))
        layers = [layer.encode(opacity=opacity) for layer in layers]
    chart = alt.layer(*layers).properties(height=height, **properties)
    return chart.add_params(choice) if choice else chart


def _headings(rows: pd.DataFrame, label: str, heads: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the headings with their places, and the order of all lines with a place per heading."""
    order: list[str] = []
    for heading, group in rows.groupby(heads, sort=False):
        order += [f"|{heading}", *dict.fromkeys(group[label])]
    if len(set(order)) < len(order):
        raise ValueError("a line of the chart is under two headings")
    places = [one for one in order if one.startswith("|")]
    words = [one[1:2].upper() + one[2:] for one in places]
    columns = {label: places, "heading": words}
    if heads != label:  # a reader who chooses a group sees its heading too
        columns[heads] = [one[1:] for one in places]
    return pd.DataFrame(columns), order


def _written(rows: pd.DataFrame, value: str, written: str | None, unit: str = "") -> list[str]:
    """Return the text at each mark: that of a column, or the number with its unit."""
    return list(rows[written]) if written else [f"{one:g}{unit}" for one in rows[value]]


def dot_plot(
    rows: pd.DataFrame,
    *,
    label: str,
    value: str,
    title: str,
    written: str | None = None,
    by: str | None = None,
    unit: str = "",
) -> Layers:
    """Draw one dot per row on an axis that begins at zero, its value beside the row's name.

    ``by`` colours and shapes the dots by a column; ``written`` names a column with the text to show
    instead of the number; ``unit`` follows the number. An axis of per cent runs from 0 to 100.
    """
    _needs(rows, label, value, *([by] if by else []))
    rows, properties = drawable(rows, label, value)
    lines = rows[list(dict.fromkeys(one for one in (label, value, by, written) if one))].copy()
    lines["written_"] = _written(lines, value, written, unit)
    base = alt.Chart(lines).encode(y=alt.Y(f"{label}:N", sort=None, axis=None))
    percent = title.rstrip().endswith("%") or unit.strip() == "%"
    whole = percent and lines[value].max() <= 100
    scale = alt.Scale(domain=[0, 100]) if whole else alt.Scale(zero=True, nice=True)
    x = alt.X(f"{value}:Q", title=title, scale=scale, axis=alt.Axis(tickCount=5))
    tooltip = [alt.Tooltip(f"{label}:N", title="Row"), alt.Tooltip("written_:N", title=title)]
    look = _colour_and_shape(by, list(dict.fromkeys(lines[by]))) if by else {}
    line = base.mark_rule(color=colour("grid"), strokeWidth=2, aria=False).encode(
        x=alt.value(0), x2=alt.value("width")
    )
    point = base.mark_point(size=110, filled=True).encode(x=x, tooltip=tooltip, **look)
    style = {"align": "right", "baseline": "bottom", "dy": -8}
    layers = line, point, _names(base, label, -8), _numbers(base, "written_", style)
    return alt.layer(*layers).properties(height=alt.Step(40), **properties)
