"""A model of antigen density: what CAR-T cells kill, and what they spare, at a threshold.

Each kind of cell has a lognormal distribution of antigen molecules per cell, and a CAR-T cell kills
a cell that has more molecules than its threshold. The profiles are invented: they show what
overlap means, and do not describe a product.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, slider
from cartbook.theme import colour

CELLS = ("Leukaemic blasts", "Leukaemic stem cells", "Healthy stem cells")
#: antigen -> for each kind of cell the mean and standard deviation of log10 molecules per cell
PROFILES: dict[str, tuple[tuple[float, float], ...]] = {
    "shared with healthy stem cells": ((3.8, 0.5), (3.5, 0.5), (3.0, 0.5)),
    "absent from healthy stem cells": ((3.8, 0.5), (3.5, 0.5), (1.2, 0.4)),
    "absent, but patchy on leukaemic stem cells": ((3.8, 0.5), (2.8, 0.9), (1.2, 0.4)),
}
THRESHOLD = 650  # molecules per cell
HUES = ("grey", "vermillion", "blue")


def killed(antigen: str, molecules: float = THRESHOLD) -> pd.Series[float]:
    """Return the share of each kind of cell that CAR-T cells kill, between 0 and 1.

    ``antigen`` is a key of `PROFILES`, ``molecules`` the number that a cell must have. Raise
    ValueError if there is no such antigen, or if the number is not above zero.

    >>> killed("shared with healthy stem cells", 1000).round(2).tolist()
    [0.95, 0.84, 0.5]
    """
    if antigen not in PROFILES:
        raise ValueError(f"the antigens are: {'; '.join(PROFILES)}; not {antigen!r}")
    if molecules <= 0:
        raise ValueError(f"a threshold is above 0 molecules; {molecules} is not")
    means, deviations = np.array(PROFILES[antigen]).T
    from scipy.stats import norm  # here, because a page's Python loads SciPy for it

    return pd.Series(norm.sf(np.log10(molecules), means, deviations), index=CELLS, name="killed")


def window_explorer() -> Layers:
    """Draw the three distributions with a threshold and an antigen that the reader chooses."""
    names = list(PROFILES)
    rows = pd.DataFrame(
        [
            {"antigen": name, "cells": cells, "mean": mean, "deviation": deviation, "row": row}
            for name, profile in PROFILES.items()
            for row, (cells, (mean, deviation)) in enumerate(zip(CELLS, profile, strict=True))
        ]
    )
    antigen = menu("antigen", names[0], names, "Antigen ")
    molecules = slider("molecules", THRESHOLD, 50, 10_000, 50, "Molecules needed ")
    threshold = "(log(molecules) / LN10)"  # the axis is logarithmic, the control is not
    spread = (
        alt.Chart(rows)
        .transform_filter("datum.antigen == antigen")
        # made in the page, which a table of points would weigh down
        .transform_calculate(density="sequence(0, 5.51, 0.05)")
        .transform_flatten(["density"])
    )

    def area(density: str, opacity: float) -> alt.Chart:
        """Return the hills; `density` may move points to the threshold, where the killed part begins."""
        drawn: alt.Chart = (
            spread.transform_calculate(density=density)
            .transform_calculate(
                base="2 - datum.row",
                top="2 - datum.row + 0.62 * densityNormal(datum.density, datum.mean, datum.deviation)",
            )
            .mark_area(opacity=opacity, aria=False)
            .encode(x=x, y=y, y2="top:Q", color=tint)
        )
        return drawn

    scale = alt.Scale(domain=list(CELLS), range=[colour(hue) for hue in HUES])
    tint = alt.Color("cells:N", scale=scale, legend=None)
    x = alt.X(
        "density:Q",
        title="Antigen molecules per cell",
        scale=alt.Scale(domain=[0, 5.5], nice=False),
        axis=alt.Axis(
            values=[0, 1, 2, 3, 4, 5],
            labelExpr="format(pow(10, datum.value), ',')",
            grid=False,
        ),
    )
    y = alt.Y("base:Q", axis=None, scale=alt.Scale(domain=[0, 3], nice=False))
    layers = [area(f"max(datum.density, {threshold})", 0.75), area("datum.density", 0.28)]
    rule = (
        alt.Chart(pd.DataFrame({"one": [1]}))
        .transform_calculate(density=threshold)
        .mark_rule(color=colour("text"), strokeDash=[4, 3], strokeWidth=1.5, aria=False)
        .encode(x=x)
    )
    needed = (
        alt.Chart(pd.DataFrame({"one": [1]}))
        .transform_calculate(
            density=threshold,
            written="format(molecules, ',') + ' molecules needed'",
        )
        .encode(x=x, y=alt.value(-4), text="written:N")
    )
    style: dict[str, Any] = {"baseline": "bottom", "fontWeight": 600, "aria": False}
    above = [
        needed.transform_filter(f"{threshold} < 2.75").mark_text(align="left", **style),
        needed.transform_filter(f"{threshold} >= 2.75").mark_text(align="right", **style),
    ]
    said = (
        alt.Chart(rows)
        .transform_filter("datum.antigen == antigen")
        .transform_calculate(
            base="2.86 - datum.row",
            share=f"1 - cumulativeNormal({threshold}, datum.mean, datum.deviation)",
        )
        .transform_calculate(
            written="datum.cells + ': ' + (datum.share > 0.995 ? format(100 * datum.share, '.1f')"
            " : format(100 * datum.share, '.0f')) + '% killed'"
        )
        .encode(x=alt.value(0), y=y, text="written:N")
    )
    bold: dict[str, Any] = {"align": "left", "fontWeight": 600, "limit": 0, "aria": False}
    # the words lie on the page's colour, so that the threshold does not cross them
    behind = said.mark_text(
        color=colour("paper"), stroke=colour("paper"), strokeWidth=7, strokeJoin="round", **bold
    )
    words = said.mark_text(**bold).encode(color=tint)
    return (
        alt.layer(*layers, rule, behind, words, *above)
        .add_params(antigen, molecules)
        .properties(height=300)
    )


#: what to aim at -> the parts of all cases that it reaches
AIMS = {
    "CD33": ("CD33 only", "both"),
    "CD123": ("both", "CD123 only"),
    "CD33 or CD123": ("CD33 only", "both", "CD123 only"),
    "CD33 and CD123 on the same cell": ("both",),
}


def coverage(cd33: float, both: float, cd123_only: float) -> pd.DataFrame:
    """Return the parts of all cases by what they express, from three percentages of all cases.

    The parts are CD33 only, both antigens, CD123 only and neither; they add up to 100. Raise
    ValueError if the percentages contradict each other.
    """
    parts = [cd33 - both, both, cd123_only, 100 - cd33 - cd123_only]
    if min(parts) < 0:
        raise ValueError(f"{cd33}%, {both}% and {cd123_only}% of cases contradict each other")
    names = ["CD33 only", "both", "CD123 only", "neither"]
    return pd.DataFrame({"part": names, "percent": np.round(parts, 1)})


def coverage_plot(parts: pd.DataFrame) -> Layers:
    """Draw the parts of all cases as one bar, with a menu of what to aim at; from `coverage`."""
    ends = parts["percent"].cumsum()
    rows = parts.assign(start=ends - parts["percent"], end=ends)
    aim = menu("aim", "CD33", list(AIMS), "Aim at ")
    reached = " || ".join(
        f"(aim == '{name}' && indexof({list(kinds)}, datum.part) >= 0)"
        for name, kinds in AIMS.items()
    )
    base = alt.Chart(rows).transform_calculate(reached=f"{reached} ? 'yes' : 'no'")
    axis = percent_axis(grid=False)
    scale = PERCENT
    bar = base.mark_bar(size=54, stroke=colour("paper"), strokeWidth=2, aria=False).encode(
        x=alt.X("start:Q", title="Cases of AML", scale=scale, axis=axis),
        x2="end:Q",
        y=alt.value(70),
        color=alt.Color(
            "reached:N",
            scale=alt.Scale(domain=["yes", "no"], range=[colour("vermillion"), colour("line")]),
            legend=None,
        ),
    )
    middle = base.transform_calculate(middle="(datum.start + datum.end) / 2")
    wide = middle.transform_filter("datum.percent > 15").transform_calculate(
        share="format(datum.percent, '.1f') + '%'"
    )
    inside = [
        wide.mark_text(
            color=colour("paper"), fontSize=10.5, fontWeight=600, dy=shift, aria=False
        ).encode(x=alt.X("middle:Q", scale=scale), y=alt.value(70), text=text)
        for shift, text in ((-8, "part:N"), (10, "share:N"))
    ]
    narrow = middle.transform_filter("datum.percent <= 15").transform_calculate(
        words="datum.part + ' ' + format(datum.percent, '.1f') + '%'"
    )
    outside = [
        narrow.transform_filter(where)
        .mark_text(align="right", aria=False)
        .encode(x=alt.value("width"), y=alt.value(height), text="words:N")
        for where, height in (("datum.part == 'neither'", 128), ("datum.part != 'neither'", 110))
    ]
    total = (
        base.transform_filter("datum.reached == 'yes'")
        .transform_aggregate(sum="sum(percent)")
        .transform_calculate(words="aim + ': ' + format(datum.sum, '.1f') + '% of cases'")
        .mark_text(align="left", fontWeight=600, fontSize=14, limit=0, aria=False)
        .encode(x=alt.value(0), y=alt.value(16), text="words:N")
    )
    return alt.layer(bar, *inside, *outside, total).add_params(aim).properties(height=140)
