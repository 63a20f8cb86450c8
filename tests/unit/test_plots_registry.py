"""Counts of the registry are those of recount.csv, and the charts show what their reader chooses."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import vl_convert

from cartbook.figures import VEGALITE, specification
from cartbook.plots import registry
from cartbook.tables import load


def picture(chart: object) -> str:
    return vl_convert.vegalite_to_svg(specification(chart), vl_version=VEGALITE)


def test_a_trial_in_both_countries_counts_for_both() -> None:
    rows = load("recount").query(
        "dimension == 'status' and window == 'in' and record_kind == 'trial'"
    )
    by_group = rows.groupby("country_group")["trials"].sum()
    found = registry.registry_counts("status").sum()
    for country in registry.COUNTRIES:
        assert found[country] == by_group[country] + by_group[registry.BOTH]


def test_every_dimension_counts_the_same_trials() -> None:
    sums = {
        tuple(registry.registry_counts(one).sum())
        for one in ("year", "phase", "enrolment", "centres", "sponsor", "status", "registered")
    }
    assert len(sums) == 1


def test_what_is_not_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="weather"):
        registry.registry_counts("weather")


def test_each_rule_adds_records() -> None:
    rows = registry.yearly_counts()
    assert list(rows["year"].unique()) == ["2018", "2019", "2020", "2021"]
    assert (rows["low"] == rows["trials"]).all(), "the first rule counts the fewest"
    assert (rows["high"] >= rows["trials"]).all()


def test_shares_of_the_two_countries_add_up() -> None:
    rows = registry.leaders()
    assert rows.groupby(["period", "counted"])["share"].sum().round(6).eq(100).all()
    rows = rows[rows["period"] == "2018 to March 2022"]
    whole = registry.registry_counts("status").sum()
    for country in registry.COUNTRIES:
        chosen = rows[(rows["counted"] == registry.EVERYTHING) & (rows["country"] == country)]
        assert chosen["number"].item() == whole[country]


def test_the_chart_first_shows_the_earlier_period_with_all_counts() -> None:
    chart = registry.leaders_plot(registry.leaders())
    written = re.findall(r">([\d,]+) v ([\d,]+)<", picture(chart))
    whole = registry.registry_counts("status").sum()
    assert len(written) == 7
    assert written[0] == tuple(str(whole[c]) for c in registry.COUNTRIES)
    (control,) = [one for one in chart.to_dict()["params"] if one["name"] == "period"]
    assert control["bind"]["options"] == list(registry.PERIODS.values())


def test_features_come_with_the_largest_difference_first() -> None:
    rows = registry.feature_shares(
        {"phase 1": ("phase", "phase 1", "early phase 1"), "unknown": ("status", "unknown")}
    )
    assert list(rows["label"]) == ["unknown", "phase 1"]
    counts = registry.registry_counts("status")["China"]
    assert rows["China"][0] == pytest.approx(100 * counts["unknown"] / counts.sum())
    drawn = picture(registry.features_plot(rows))
    assert f">{rows['China'][0]:.0f}%<" in drawn
    assert drawn.index(">unknown<") < drawn.index(">phase 1<")
    assert drawn.count(">60% in both<") == 1  # one number where two marks meet


def test_the_review_is_drawn_beside_the_recount() -> None:
    review = pd.DataFrame({"year": ["2019"], "country": ["China"], "trials": [76]})
    drawn = picture(registry.yearly_plot(registry.yearly_counts(), review))
    assert "China" in drawn
    assert "Year of first posting" in drawn
    later = registry.later_means().set_index("country")["trials"]
    assert all(f">{one:.0f}<" in drawn for one in later)
    whole = registry.registry_counts("year", window="after").sum()
    assert (whole / later).between(4.3, 4.5).all()  # years from April 2022 to August 2026


def test_a_composition_adds_up_to_the_trials_that_state_a_group() -> None:
    groups = ["40 or fewer", "41 to 100", "more than 100"]
    drawn = picture(registry.composition_plot("enrolment", groups))
    for window, words in registry.COMPOSED.items():
        counts = registry.registry_counts("enrolment", window=window).loc[groups]
        for country in registry.COUNTRIES:
            assert f">{country}, {words}<" in drawn
            shares = 100 * counts[country] / counts[country].sum()
            for share in shares[shares >= registry.WRITTEN]:
                assert f">{share:.0f}%<" in drawn


def test_the_shares_of_the_leaders_have_few_ticks_with_a_per_cent_sign() -> None:
    bar = registry.leaders_plot(registry.leaders()).to_dict()["layer"][0]["encoding"]["x"]
    assert bar["axis"]["values"] == [0, 25, 50, 75, 100]
    assert "%" in bar["axis"]["labelExpr"]
