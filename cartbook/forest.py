"""Forest plots: one line per reported number, with its interval and its denominator."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import Layers, interval_plot, row_texts
from cartbook.stats import proportions
from cartbook.theme import colour

INKS = ("blue", "vermillion", "green", "ochre", "purple")
RATIOS = ("hazard ratio", "odds ratio", "risk ratio")


def forest(
    rows: pd.DataFrame,
    *,
    group: str | None = None,
    show: str | None = None,
    label: str = "label",
    sort: bool = True,
    choose: str | None = None,
    heads: bool = False,
    title: str | None = None,
    ink: str | None = None,
) -> Layers:
    """Draw rows of `evidence` as a forest plot.

    Proportions are drawn in per cent with their 95% Wilson intervals; a row without a reported
    denominator is left out. Ratios (hazard, odds, risk) are drawn on a logarithmic axis with the
    interval that the source prints. Fewer than 30 patients give a hollow point. ``label`` names
    each line (with its source where two have one name), ``show`` adds another column to the name,
    ``group`` gives colours and order (of ratios the order alone; ``ink`` gives them colours),
    ``choose`` a menu. With ``sort`` the largest proportion, or the
    smallest ratio, of each group comes first. With ``heads`` each group of proportions has a heading
    instead of a legend, and the group with the largest proportion comes first.

    Raise ValueError if there are no rows, or if proportions and ratios are mixed.
    """
    kinds = set(rows["statistic"])
    if not kinds or (kinds & set(RATIOS) and kinds - set(RATIOS)):
        found = ", ".join(sorted(kinds)) or "no rows"
        raise ValueError(f"a forest plot shows proportions or ratios, not {found}")
    lines = rows if kinds <= set(RATIOS) else proportions(rows)
    value = "value" if kinds <= set(RATIOS) else "percent"
    lines = lines.assign(line=_names(lines, label, show, group))
    if sort:
        order = [group, value] if group else [value]
        rising = [True, value == "value"][-len(order) :]
        lines = lines.sort_values(order, ascending=rising, kind="stable")
        if heads and group:
            largest = -lines.groupby(group)[value].transform("max")
            lines = lines.loc[largest.sort_values(kind="stable").index]
    if value == "value":
        return _ratio_plot(lines, title or "Ratio (below 1 favours CAR-T cells)", ink)
    heading = title or "Patients"
    above = group if heads else None
    return interval_plot(lines, label="line", by=group, choose=choose, title=heading, heads=above)


def _names(rows: pd.DataFrame, label: str, show: str | None, group: str | None) -> pd.Series[str]:
    """Return the name of each line; lines of one name also say their source, or their number."""
    names = rows[label].astype(str)
    names = names + " (" + rows[show].astype(str) + ")" if show else names
    apart = rows[group].astype(str) if group else ""
    if "source_citation" in rows and (repeated := (names + apart).duplicated(keep=False)).any():
        names = names.where(~repeated, names + ", " + rows["source_citation"].astype(str))
    if (repeated := (names + apart).duplicated(keep=False)).any():
        place = (names.groupby(names + apart).cumcount() + 1).astype(str)
        names = names.where(~repeated, names + " " + place)
    return names


def _ratio_plot(rows: pd.DataFrame, title: str, ink: str | None) -> Layers:
    tint: Any = alt.value(colour("blue"))
    if ink:
        groups = list(dict.fromkeys(rows[ink]))
        inks = [colour(one) for one in INKS[: len(groups)]]
        tint = alt.Color(
            f"{ink}:N",
            scale=alt.Scale(domain=groups, range=inks),
            legend=alt.Legend(title=None),
        )
    lines = rows[["line", "value", "low", "high", *([ink] if ink else [])]].astype(
        {"value": float, "low": float, "high": float}
    )
    lines["written"] = [
        f"{value:.2f} ({low:.2f}–{high:.2f})"
        for value, low, high in lines[["value", "low", "high"]].to_numpy()
    ]
    ends = [min(0.2, lines["low"].min()), max(2.6, lines["high"].max())]
    base = alt.Chart(lines).encode(y=alt.Y("line:N", sort=None, axis=None))
    axis = alt.Axis(values=[0.1, 0.2, 0.5, 1, 2, 5, 10], grid=True)
    scale = alt.Scale(type="log", domain=ends, nice=False)
    x = alt.X("low:Q", title=title, scale=scale, axis=axis)
    span = base.mark_rule(strokeWidth=2.5, aria=False).encode(x=x, x2="high:Q", color=tint)
    point = base.mark_point(size=100, filled=True).encode(
        x="value:Q",
        color=tint,
        tooltip=[alt.Tooltip("line:N", title="Trial"), alt.Tooltip("written:N", title=title)],
    )
    one = base.mark_tick(color=colour("quiet"), size=22, thickness=1.5, aria=False).encode(
        x=alt.X(datum=1, scale=scale)  # short, so that it does not cross the words above the rows
    )
    name, number = row_texts(base, "line")
    return alt.layer(one, span, point, name, number).properties(height=alt.Step(46))
