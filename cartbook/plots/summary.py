"""Charts of the Summary of Findings: differences, rates with prediction intervals, and baseline risk."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, row_texts, slider
from cartbook.summary import whole
from cartbook.theme import colour

#: what is counted, by the end of a label, and its colour and shape
COUNTED = {
    "alive": ("alive", "blue", "circle"),
    "no event": ("free of an event or of progression", "green", "square"),
    "no progression": ("free of an event or of progression", "green", "square"),
    "dead": ("alive", "blue", "circle"),  # drawn as those who are alive
}
LEVELS = ["high", "moderate", "low", "very low"]


def difference_plot(rows: pd.DataFrame) -> Layers:
    """Draw the differences of `summary_rows` per 100 people, with their intervals, the largest first.

    Colour and shape say whether people alive or free of an event are counted; a difference in deaths
    is drawn as the same difference in survivors, so that right is always better. Raise ValueError if
    a row compares nothing.
    """
    if rows.empty or rows["difference"].isna().any():
        raise ValueError("the chart needs rows with a difference")
    columns = ["label", "difference", "difference_low", "difference_high", "certainty"]
    lines = rows[columns].astype(dict.fromkeys(columns[1:4], float))
    lines = lines.rename(columns={"difference_low": "low", "difference_high": "high"})
    lines["counted"] = [_counted(one) for one in lines["label"]]
    dead = lines["label"].str.contains(": dead,")
    lines.loc[dead, ["difference", "low", "high"]] = -lines.loc[
        dead, ["difference", "high", "low"]
    ].to_numpy()
    lines["label"] = lines["label"].str.replace(": dead,", ": alive,", regex=False)
    lines["written"] = [
        f"{_plus(d)} ({_plus(low)} to {_plus(high)}), {level}"
        for d, low, high, level in lines[["difference", "low", "high", "certainty"]].to_numpy()
    ]
    lines = lines.sort_values("difference", ascending=False, kind="stable")
    groups = [
        name
        for name in dict.fromkeys(name for name, *_ in COUNTED.values())
        if name in set(lines["counted"])
    ]
    looks = {name: (hue, shape) for name, hue, shape in COUNTED.values()}
    legend = alt.Legend(title=None)
    tint = alt.Color(
        "counted:N",
        scale=alt.Scale(domain=groups, range=[colour(looks[one][0]) for one in groups]),
        legend=legend,
    )
    shape = alt.Shape(
        "counted:N",
        scale=alt.Scale(domain=groups, range=[looks[one][1] for one in groups]),
        legend=legend,
    )
    base = alt.Chart(lines).encode(y=alt.Y("label:N", sort=None, axis=None))
    scale = alt.Scale(domain=[-20, 50], nice=False)
    x = alt.X(
        "low:Q",
        title="Difference per 100 people",
        scale=scale,
        axis=alt.Axis(
            values=[-20, -10, 0, 10, 20, 30, 40, 50],
            labelExpr="datum.value > 0 ? '+' + datum.value : replace(datum.value, '-', '−')",
            grid=True,
        ),
    )
    span = base.mark_rule(strokeWidth=2.5, aria=False).encode(x=x, x2="high:Q", color=tint)
    point = base.mark_point(size=110, filled=True).encode(
        x="difference:Q",
        color=tint,
        shape=shape,
        tooltip=[
            alt.Tooltip("label:N", title="Outcome"),
            alt.Tooltip("written:N", title="Difference per 100, and certainty"),
        ],
    )
    zero = (
        alt.Chart(pd.DataFrame({"at": [0]}))
        .mark_rule(color=colour("quiet"), strokeDash=[4, 3], aria=False)
        .encode(x=alt.X("at:Q", scale=scale))
    )
    return alt.layer(zero, span, point, *_two_lines(base)).properties(height=alt.Step(60))


def _two_lines(base: alt.Chart) -> list[Any]:
    """Return layers above the marks of each row: its name and, below it, ``written``.

    Below both lie the same words, outlined in the colour of the page, so that no line of the grid
    runs through a letter.
    """
    name, _ = row_texts(base, "label", dy=-22)
    place: dict[str, Any] = {"align": "left", "baseline": "bottom", "aria": False}
    paper: dict[str, Any] = {"color": colour("paper"), "stroke": colour("paper"), "strokeWidth": 5}
    behind = [
        base.mark_text(fontWeight=600, dy=-22, **place, **paper).encode(
            x=alt.value(0), text="label:N", opacity=alt.value(1)
        ),
        base.mark_text(dy=-8, **place, **paper).encode(
            x=alt.value(0), text="written:N", opacity=alt.value(1)
        ),
    ]
    number = base.mark_text(dy=-8, color=colour("quiet"), **place).encode(
        x=alt.value(0), text="written:N"
    )
    return [*behind, name, number]


def _counted(label: str) -> str:
    """Return what a comparison counts: its label is "product (trial): what, time"."""
    return COUNTED[label.partition(": ")[2].partition(",")[0]][0]


def _plus(number: float) -> str:
    """Return a whole number with its sign: "+9", "−2"."""
    rounded = whole(number)
    return f"+{rounded}" if rounded > 0 else f"{rounded}".replace("-", "−")


def rate_plot(
    rows: pd.DataFrame, *, hue: str = "blue", title: str = "People of 100", end: int = 100
) -> Layers:
    """Draw the rates of `summary_rows` per 100 people, in the order of the rows; the axis ends at `end`.

    The thick line is the interval or, where a row gives a range, the range; the thin line is the
    prediction interval. A menu highlights one level of certainty. Raise ValueError without rows.
    """
    if rows.empty:
        raise ValueError("there are no rows to draw")
    names = ["estimate", "low", "high", "prediction_low", "prediction_high"]
    lines = rows[["label", "certainty", "method", "numbers", *names]].astype(
        dict.fromkeys(names, float)
    )
    lines["written"] = lines["numbers"] + ", " + lines["certainty"]
    levels = ["all", *(one for one in LEVELS if one in set(lines["certainty"]))]
    certainty = menu("certainty", "all", levels, "Highlight certainty ")
    lit: Any = alt.condition(
        "certainty == 'all' || certainty == datum.certainty", alt.value(1), alt.value(0.2)
    )
    base = alt.Chart(lines).encode(y=alt.Y("label:N", sort=None, axis=None), opacity=lit)
    scale = alt.Scale(domain=[0, end], nice=False)
    axis = alt.Axis(values=[end * part // 4 for part in range(5)], grid=True)
    x = alt.X("low:Q", title=title, scale=scale, axis=axis)
    tint = colour(hue)
    beyond = (
        base.transform_filter("isValid(datum.prediction_low)")
        .mark_rule(strokeWidth=1.5, strokeDash=[3, 2], color=tint, aria=False)
        .encode(
            x=alt.X("prediction_low:Q", title=title, scale=scale, axis=axis), x2="prediction_high:Q"
        )
    )
    span = base.mark_rule(strokeWidth=4, color=tint, aria=False).encode(x=x, x2="high:Q")
    point = (
        base.transform_filter("datum.method != 'range'")
        .mark_point(size=60, filled=True, color=tint)
        .encode(
            x="estimate:Q",
            tooltip=[
                alt.Tooltip("label:N", title="Outcome"),
                alt.Tooltip("written:N", title="Rate, and certainty"),
            ],
        )
    )
    layers = alt.layer(beyond, span, point, *_two_lines(base)).properties(height=alt.Step(60))
    return layers.add_params(certainty)


def ratio_explorer(rows: pd.DataFrame, *, control: float = 50) -> Layers:
    """Draw how the difference per 100 that a hazard ratio implies depends on the control group.

    ``rows`` are comparisons of `summary_rows` with a ratio. The reader chooses one of them and sets how
    many of 100 controls are without the event; the chart shows the difference for every control
    group, with the band of the ratio's interval, and a diamond where the trial found it. Survival of
    one arm is that of the other to the power of the ratio (see `with_ratio`).
    """
    if rows.empty or rows["ratio"].isna().any():
        raise ValueError("the chart needs comparisons with a hazard ratio")
    trials = rows[["label", "control", "difference", "ratio", "ratio_low", "ratio_high"]].astype(
        dict.fromkeys(("control", "difference", "ratio", "ratio_low", "ratio_high"), float)
    )
    names = list(trials["label"])
    which = menu("line", names[0], names, "Hazard ratio of ")
    level = slider("baseline", control, 1, 99, 1, "Without the event, of 100 controls ")
    lowest = 0 if (trials["ratio_high"] <= 1).all() else -20  # a ratio below one never takes away
    curve = alt.Chart(trials).transform_filter("datum.label == line")
    grid = curve.transform_calculate(at="sequence(0, 101, 1)").transform_flatten(["at"])
    grid = grid.transform_calculate(
        middle="100 * pow(datum.at / 100, datum.ratio) - datum.at",
        least="100 * pow(datum.at / 100, datum.ratio_high) - datum.at",
        most="100 * pow(datum.at / 100, datum.ratio_low) - datum.at",
    )
    x = alt.X(
        "at:Q",
        title="Without the event, of 100 controls",
        scale=PERCENT,
        axis=alt.Axis(values=[0, 25, 50, 75, 100]),
    )
    y = alt.Y(
        "least:Q",
        title="More of 100 with CAR-T cells",
        scale=alt.Scale(domain=[lowest, 60], nice=False),
        axis=alt.Axis(values=[-20, 0, 20, 40, 60], labelExpr="replace(datum.value, '-', '−')"),
    )
    band = grid.mark_area(opacity=0.22, color=colour("blue"), aria=False).encode(
        x=x, y=y, y2="most:Q"
    )
    line = grid.mark_line(strokeWidth=2.5, color=colour("blue"), aria=False).encode(
        x=x, y="middle:Q"
    )
    zero = (
        alt.Chart(pd.DataFrame({"zero": [0]}))
        .mark_rule(strokeDash=[4, 3], color=colour("text"), aria=False)
        .encode(y="zero:Q")
    )
    seen = curve.mark_point(
        shape="diamond", size=170, filled=True, color=colour("vermillion")
    ).encode(
        x="control:Q",
        y="difference:Q",
        tooltip=[
            alt.Tooltip("label:N", title="Seen in the trial"),
            alt.Tooltip("control:Q", title="Controls without the event, of 100", format=".0f"),
            alt.Tooltip("difference:Q", title="Difference per 100", format=".0f"),
        ],
    )
    here = curve.transform_calculate(
        at="baseline",
        middle="100 * pow(baseline / 100, datum.ratio) - baseline",
        least="100 * pow(baseline / 100, datum.ratio_high) - baseline",
        most="100 * pow(baseline / 100, datum.ratio_low) - baseline",
    ).transform_calculate(
        written="replace('By the ratio ' + format(datum.middle, '+.0f') + ' of 100 (' + "
        "format(datum.least, '+.0f') + ' to ' + format(datum.most, '+.0f') + ')', /-/g, '−')"
    )
    told = curve.mark_text(
        align="center", baseline="top", dy=12, color=colour("vermillion"), aria=False
    ).encode(x="control:Q", y="difference:Q", text=alt.value("seen in the trial"))
    rule = here.mark_rule(strokeWidth=1.5, color=colour("grey"), aria=False).encode(x=x)
    dot = here.mark_point(size=110, filled=True, color=colour("blue")).encode(
        x=x, y="middle:Q", tooltip=[alt.Tooltip("written:N", title="At this control group")]
    )
    words = here.mark_text(align="left", baseline="top", fontSize=14, fontWeight=600).encode(
        x=alt.value(8), y=alt.value(6), text="written:N"
    )
    chart = alt.layer(band, zero, line, rule, seen, told, dot, words)
    return chart.add_params(which, level).properties(height=300)
