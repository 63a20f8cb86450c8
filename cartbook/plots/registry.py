"""Counts of registered trials in two countries, and charts that compare them.

A trial with sites in both countries counts for both, as a reader who searches by country finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, row_texts
from cartbook.tables import load
from cartbook.theme import colour

COUNTRIES = ("China", "United States")
BOTH = "China and United States"
#: kinds of record, from those that everyone counts to those that a careful counter leaves out
KINDS = ("trial", "withdrawn", "supportive care", "observational", "long-term follow-up")
EVERYTHING = "all trials"
YEARS = ["2018", "2019", "2020", "2021"]  # whole years in the window
LAST = YEARS[-1]
#: periods of `composition_plot`: window of the recount -> words
COMPOSED = {"in": "2018 to March 2022", "after": "since"}
WRITTEN = 6.0  # the smallest share, in per cent, that has room for its number in a bar
#: opacity of the groups of `composition_plot`, which are in order: number of groups -> tints
TINTS: Mapping[int, Sequence[float]] = {
    2: (0.2, 1),
    3: (0.15, 0.5, 1),
    4: (0.15, 0.35, 0.55, 1),
    5: (0.14, 0.3, 0.45, 0.6, 1),
}


def registry_counts(
    dimension: str,
    *,
    window: str = "in",
    kinds: Sequence[str] = ("trial",),
    count: str = "trials",
) -> pd.DataFrame:
    """Return counts of the recount by group (rows) and country (columns China, United States).

    ``dimension`` is what recount.csv counts by: *year*, *sponsor*, *status*, *phase*, *enrolment*,
    *centres*, *registered* and others. ``window`` is *before*, *in* or *after* the years 2018 to
    March 2022; ``count`` is *trials* or *participants*. Raise ValueError if there is no such count.

    >>> registry_counts("sponsor").loc["industry", "China"]
    98
    """
    rows = load("recount")
    rows = rows[
        (rows["dimension"] == dimension)
        & (rows["window"] == window)
        & rows["record_kind"].isin(list(kinds))
    ]
    if rows.empty:
        raise ValueError(f"the recount has no {dimension!r} in the window {window!r} for {kinds}")
    columns = {
        country: rows[rows["country_group"].isin([country, BOTH])].groupby("value")[count].sum()
        for country in COUNTRIES
    }
    return pd.DataFrame(columns).fillna(0).astype(int)


def yearly_counts() -> pd.DataFrame:
    """Return new trials by calendar year and country: ``trials``, and ``low`` and ``high`` over all rules.

    The rules start with trials alone and add one kind of record after another (`KINDS`).
    """
    parts = []
    for country in COUNTRIES:
        rules = pd.concat(
            [registry_counts("year", kinds=KINDS[: n + 1])[country] for n in range(len(KINDS))],
            axis=1,
        )
        rules = rules[rules.index.isin(YEARS)]
        parts.append(
            pd.DataFrame(
                {
                    "year": rules.index,
                    "country": country,
                    "trials": rules.iloc[:, 0].to_numpy(),
                    "low": rules.min(axis=1).to_numpy(),
                    "high": rules.max(axis=1).to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def later_means() -> pd.DataFrame:
    """Return new trials a year since April 2022 by country: ``year`` (the words of the period), ``country``, ``trials``."""
    until = pd.Timestamp(load("recount")["as_of"].iloc[0])
    years = (until - pd.Timestamp("2022-04-01")).days / 365.25
    means = registry_counts("year", window="after").sum() / years
    rows = [(f"2022–{until:%y}", country, means[country]) for country in COUNTRIES]
    return pd.DataFrame(rows, columns=["year", "country", "trials"])


def yearly_plot(rows: pd.DataFrame, review: pd.DataFrame) -> Layers:
    """Draw `yearly_counts` as a line and a band for each country, and the review's counts as diamonds.

    An open circle at the right is the mean a year of the time since (`later_means`).

    ``review`` has ``year``, ``country`` and ``trials``.
    """
    tint = alt.Color(
        "country:N",
        legend=None,
        scale=alt.Scale(domain=list(COUNTRIES), range=[colour(one) for one in COUNTRIES]),
    )
    x = alt.X("year:O", title="Year of first posting (estimated)", axis=alt.Axis(labelAngle=0))
    axis: dict[str, Any] = {"title": "New trials", "scale": alt.Scale(domain=[0, 100])}
    base = alt.Chart(rows).encode(x=x)
    bands = [
        base.transform_filter(alt.datum.country == country)
        .mark_area(opacity=0.18, color=colour(country), aria=False)
        .encode(y=alt.Y("low:Q", **axis), y2="high:Q")
        for country in COUNTRIES
    ]
    line = base.mark_line(strokeWidth=2.5, aria=False).encode(
        y=alt.Y("trials:Q", **axis), color=tint
    )
    said = [
        alt.Tooltip("country:N", title="Country"),
        alt.Tooltip("year:O", title="Year"),
        alt.Tooltip("trials:Q", title="Recount, trials alone"),
    ]
    point = base.mark_point(size=70, filled=True).encode(
        y=alt.Y("trials:Q", **axis), color=tint, tooltip=said
    )
    theirs = (
        alt.Chart(review)
        .mark_point(size=150, shape="diamond", strokeWidth=2.5, filled=False)
        .encode(
            x=x,
            y=alt.Y("trials:Q", **axis),
            color=tint,
            tooltip=[*said[:2], alt.Tooltip("trials:Q", title="Review")],
        )
    )
    since = alt.Chart(later_means()).encode(x=x, y=alt.Y("trials:Q", **axis), color=tint)
    mean = since.mark_point(size=80, strokeWidth=2.5, filled=False).encode(
        tooltip=[*said[:2], alt.Tooltip("trials:Q", title="Mean a year", format=".0f")]
    )
    words: list[Any] = [
        since.mark_text(dy=-14, aria=False).encode(text=alt.Text("trials:Q", format=".0f"))
    ]
    for country, shift in zip(COUNTRIES, (-34, 31), strict=True):
        own = base.transform_filter(alt.datum.country == country)
        style: dict[str, Any] = {"color": colour(country), "aria": False}
        y = alt.Y("trials:Q", **axis)
        words.append(
            own.transform_filter(alt.datum.year == LAST)
            .mark_text(align="right", dx=20, dy=shift, fontWeight=600, **style)
            .encode(y=y, text="country:N")
        )
        # the upper country's numbers are above its marks, the lower one's below, away from the
        # review's diamond where that is close on the same side
        beside = review.merge(rows, on=["year", "country"], suffixes=("", "_own"))
        side, other = (-14, 17) if country == COUNTRIES[0] else (17, -14)
        away = (beside["trials"] - beside["trials_own"]) * (1 if side < 0 else -1)
        near = beside["country"].eq(country) & away.between(0, 12)
        turned = f"indexof({list(beside.loc[near, 'year'])}, datum.year) >= 0"
        for test, place in ((turned, other), (f"!({turned})", side)):
            part = own.transform_filter(test)
            words.append(part.mark_text(dy=place, **style).encode(y=y, text="trials:Q"))
    return alt.layer(*bands, line, point, theirs, mean, *words).properties(height=300)


#: the two periods of the recount that `leaders` compares, in words
PERIODS = {"in": "2018 to March 2022", "after": "since April 2022"}


def leaders() -> pd.DataFrame:
    """Return, for several ways to count, what each country has in each of two periods (`PERIODS`).

    Columns: ``period``, ``counted``, ``country``, ``number``, and ``share``, the per cent of the two
    countries' sum.
    """
    found = []
    for window, period in PERIODS.items():
        enrolment, centres, phase, sponsor, status = (
            registry_counts(one, window=window)
            for one in ("enrolment", "centres", "phase", "sponsor", "status")
        )
        people = registry_counts("enrolment", window=window, count="participants")
        late = ["phase 2", "phase 2/3", "phase 3", "phase 4"]
        ways: dict[str, Any] = {
            EVERYTHING: enrolment.sum(),
            "trials led by a company": sponsor.loc["industry"],
            "participants, planned or reached": people.sum(),
            "trials of more than 100 participants": enrolment.loc["more than 100"],
            "trials at more than one centre": centres.loc[["2 to 10", "more than 10"]].sum(),
            "trials of phase 2 or later": phase.loc[late].sum(),
            "completed trials": status.loc["completed"],
        }
        found += [
            (period, way, country, int(counts[country]))
            for way, counts in ways.items()
            for country in COUNTRIES
        ]
    rows = pd.DataFrame(found, columns=["period", "counted", "country", "number"])
    sums = rows.groupby(["period", "counted"])["number"].transform("sum")
    return rows.assign(share=100 * rows["number"] / sums)


def leaders_plot(rows: pd.DataFrame) -> Layers:
    """Draw each country's share of the two as one divided bar a count; the reader chooses the period."""
    keys = ["period", "counted"]
    wide = rows.pivot_table(index=keys, columns="country", values="number", sort=False)
    wide = wide.reset_index()
    first, second = COUNTRIES
    wide["written"] = [
        f"{one:,.0f} v {two:,.0f}" for one, two in zip(wide[first], wide[second], strict=True)
    ]
    periods = list(dict.fromkeys(rows["period"]))
    choice = menu("period", periods[0], periods, "First posted ", radio=True)
    y = alt.Y("counted:N", sort=list(dict.fromkeys(rows["counted"])), axis=None)
    scale = alt.Scale(domain=list(COUNTRIES), range=[colour(one) for one in COUNTRIES])
    x = alt.X(
        "share:Q",
        title="Share of the two countries’ sum",
        scale=PERCENT,
        axis=percent_axis(grid=True),
    )
    base = alt.Chart(rows).transform_filter("datum.period == period").encode(y=y)
    bar = base.mark_bar(height=14).encode(
        x=x,
        color=alt.Color(
            "country:N", scale=scale, legend=alt.Legend(title=None, symbolType="square")
        ),
        order=alt.Order("country:N"),
        tooltip=[
            alt.Tooltip("counted:N", title="Counted"),
            alt.Tooltip("country:N", title="Country"),
            alt.Tooltip("number:Q", title="Number", format=","),
        ],
    )
    half = (
        alt.Chart(pd.DataFrame({"at": [50]}))
        .mark_rule(color=colour("text"), strokeDash=[4, 3], aria=False)
        .encode(x="at:Q")
    )
    words = alt.Chart(wide[[*keys, "written"]]).transform_filter("datum.period == period")
    texts = row_texts(words.encode(y=y), "counted")
    return alt.layer(bar, half, *texts).add_params(choice).properties(height=alt.Step(44))


def feature_shares(features: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the share of each country's trials with each feature, largest difference first.

    ``features`` gives, for a name, a dimension of the recount and then the groups that have the feature.
    Columns: ``label``, and for each country ``COUNTRY trials``, ``COUNTRY all`` and ``COUNTRY``, per cent.
    """
    lines: list[dict[str, Any]] = []
    for label, (dimension, *groups) in features.items():
        counts = registry_counts(dimension)
        row: dict[str, Any] = {"label": label}
        for country in COUNTRIES:
            found, whole = int(counts.loc[groups, country].sum()), int(counts[country].sum())
            row |= {f"{country} trials": found, f"{country} all": whole}
            row[country] = 100 * found / whole
        lines.append(row)
    rows = pd.DataFrame(lines)
    order = (rows[COUNTRIES[0]] - rows[COUNTRIES[1]]).abs().sort_values(ascending=False).index
    return rows.loc[order].reset_index(drop=True)


def features_plot(rows: pd.DataFrame) -> Layers:
    """Draw `feature_shares`: one line a feature, a point for each country, joined."""
    order = list(rows["label"])
    wide = rows.rename(columns={"China": "china", "United States": "us"})[["label", "china", "us"]]
    y = alt.Y("label:N", sort=order, axis=None)
    axis = percent_axis(grid=True)
    x = alt.X(
        "china:Q",
        title="Share of the country’s trials",
        scale=alt.Scale(domain=[-8, 108], nice=False),  # room for the numbers beside 0 and 100
        axis=axis,
    )
    join = (
        alt.Chart(wide)
        .mark_rule(strokeWidth=3, color=colour("grid"), aria=False)
        .encode(x=x, x2="us:Q", y=y)
    )
    long = rows.melt("label", list(COUNTRIES), "country", "percent")
    other = long.groupby("label")["percent"].transform("sum") - long["percent"]
    long["right"] = long["percent"] >= other
    long["written"] = [f"{one:.0f}%" for one in long["percent"]]
    same = long.duplicated(["label", "written"], keep=False)
    largest = long["percent"].eq(long.groupby("label")["percent"].transform("max"))
    long["right"] = long["right"].mask(same, largest & ~long.duplicated(["label", "percent"]))
    long["written"] = long["written"].mask(same, long["written"] + " in both")
    long["written"] = long["written"].mask(same & ~long["right"], "")
    # circles last: on a square of the same share its corners still show
    long = long.sort_values("country", ascending=False, kind="stable")
    scale = alt.Scale(domain=list(COUNTRIES), range=[colour(one) for one in COUNTRIES])
    shapes = alt.Scale(domain=list(COUNTRIES), range=["circle", "square"])
    legend = alt.Legend(title=None)
    base = alt.Chart(long).encode(x=alt.X("percent:Q"), y=y)
    point = base.mark_point(size=110, filled=True).encode(
        color=alt.Color("country:N", scale=scale, legend=legend),
        shape=alt.Shape("country:N", scale=shapes, legend=legend),
        tooltip=[
            alt.Tooltip("label:N", title="Trials"),
            alt.Tooltip("country:N", title="Country"),
            alt.Tooltip("written:N", title="Share"),
        ],
    )
    words: dict[str, Any] = {"color": colour("quiet"), "baseline": "middle", "aria": False}
    placed: tuple[tuple[str, Literal["left", "right"], int], ...] = (
        ("", "left", 12),
        ("!", "right", -12),
    )
    sides = [
        base.transform_filter(f"{test}datum.right")
        .mark_text(align=align, dx=shift, **words)
        .encode(text="written:N")
        for test, align, shift in placed
    ]
    name = (
        alt.Chart(wide)
        .mark_text(align="left", baseline="bottom", dy=-9, fontWeight=600, aria=False)
        .encode(x=alt.value(0), y=y, text="label:N")
    )
    return alt.layer(join, point, *sides, name).properties(height=alt.Step(50))


def composition_plot(dimension: str, groups: Sequence[str]) -> Layers:
    """Draw what share of each country's trials is in each group, as one bar a country and period.

    ``groups`` are the groups of the recount's ``dimension`` in their order, without *not stated*,
    whose trials are left out. The periods are 2018 to March 2022, the years of the review, and the
    time since. The groups are shades of one colour, the last one the darkest. Shares of 6% and more
    are written in the bar.
    """
    parts = []
    for window, words in COMPOSED.items():
        counts = registry_counts(dimension, window=window).reindex(list(groups), fill_value=0)
        part = counts.rename_axis("group").reset_index()
        part = part.melt("group", list(COUNTRIES), "country", "trials")
        parts.append(part.assign(bar=[f"{one}, {words}" for one in part["country"]]))
    rows = pd.concat(parts, ignore_index=True)
    bars = [f"{country}, {words}" for country in COUNTRIES for words in COMPOSED.values()]
    rows["order"] = rows["group"].map({one: place for place, one in enumerate(groups)})
    rows["percent"] = 100 * rows["trials"] / rows.groupby("bar")["trials"].transform("sum")
    rows["end"] = rows.groupby("bar")["percent"].cumsum()
    rows["middle"] = rows["end"] - rows["percent"] / 2
    rows["written"] = [f"{one:.0f}%" if one >= WRITTEN else "" for one in rows["percent"]]
    rows["said"] = [
        f"{trials} trials, {percent:.0f}%"
        for trials, percent in zip(rows["trials"], rows["percent"], strict=True)
    ]
    rows["dark"] = rows["order"] == len(groups) - 1
    shades = alt.Scale(type="ordinal", domain=list(groups), range=list(TINTS[len(groups)]))
    shade = alt.Legend(
        title=None,
        symbolType="square",
        symbolFillColor=colour("blue"),
        symbolStrokeColor=colour("blue"),
        symbolStrokeWidth=1,
    )
    base = alt.Chart(rows).encode(y=alt.Y("bar:N", sort=bars, axis=None))
    axis = percent_axis(grid=True)
    stacked: dict[str, Any] = {
        "x": alt.X("trials:Q", stack="normalize", title="Share of the country’s trials", axis=None),
        "order": "order:Q",
    }
    bar = base.mark_bar(height=26, color=colour("blue")).encode(
        **stacked,
        opacity=alt.Opacity("group:N", scale=shades, legend=shade),
        tooltip=[
            alt.Tooltip("bar:N", title="Country and period"),
            alt.Tooltip("group:N", title="Group"),
            alt.Tooltip("said:N", title="Trials"),
        ],
    )
    edge = base.mark_bar(
        height=26, color=colour("paper"), stroke=colour("blue"), strokeWidth=1.5, aria=False
    ).encode(**stacked, detail="group:N")
    whole = PERCENT
    ink: Any = alt.condition("datum.dark", alt.value(colour("paper")), alt.value(colour("text")))
    share = base.mark_text(fontWeight=600, aria=False).encode(
        color=ink,
        x=alt.X("middle:Q", scale=whole, axis=axis, title="Share of the country’s trials"),
        text="written:N",
    )
    name = (
        alt.Chart(rows.drop_duplicates("bar"))
        .mark_text(align="left", baseline="bottom", dy=-17, fontWeight=600, aria=False)
        .encode(x=alt.value(0), y=alt.Y("bar:N", sort=bars, axis=None), text="bar:N")
    )
    chart: Layers = alt.layer(edge, bar, share, name).resolve_scale(x="independent")
    return chart.properties(height=alt.Step(64))
