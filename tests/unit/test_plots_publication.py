"""Deals of reports, chance at a threshold, and what selective publication does to a mean."""

from __future__ import annotations

import pytest
from scipy.stats import fisher_exact

from cartbook import (
    chance_to_pass,
    deal,
    dealing_table,
    passing_plot,
    published,
    selection_explorer,
    simulated_reports,
    unlikely,
)


def test_deals_are_the_same_whenever_they_are_made_and_have_the_right_mean() -> None:
    counts = deal(74, 24, 42, times=4000)
    assert counts == deal(74, 24, 42, times=4000)
    assert sum(counts) / len(counts) == pytest.approx(24 * 42 / 74, abs=0.15)


def test_the_share_of_unlikely_deals_is_fishers_p_value() -> None:
    rare = unlikely(74, 24, 42, 20)
    many = deal(74, 24, 42, times=20000)
    share = sum(count in rare for count in many) / len(many)
    exact = float(fisher_exact([[20, 22], [4, 28]]).pvalue)
    assert share == pytest.approx(exact, abs=0.0015)


def test_more_cards_than_there_are_cannot_be_dealt() -> None:
    with pytest.raises(ValueError, match="at most the reports"):
        deal(10, 3, 11)


def test_a_rate_at_the_threshold_does_not_pass() -> None:
    assert chance_to_pass(1.0, 10, 0.6) == 1
    assert chance_to_pass(0.5, 5, 0.6) == pytest.approx(6 / 32)  # 4 or 5 of 5; 3 of 5 is 60%


def test_selection_raises_the_mean_and_keeps_every_high_report() -> None:
    reports = simulated_reports(60)
    means = [published(reports, low)["rate"].mean() for low in (100, 50, 0)]
    assert means == sorted(means)
    assert len(published(reports, 100)) == len(reports)
    assert (published(reports, 0)["rate"] > 60).all()


def test_charts_have_their_controls() -> None:
    table = dealing_table({"small": (24, 20), "high": (52, 30)}, 74, 42).to_dict()
    assert {one["name"] for one in table["params"]} == {"ask", "made"}
    assert {one["name"] for one in selection_explorer().to_dict()["params"]} == {"truth_is", "low"}
    passing = passing_plot().to_dict()
    assert passing["params"][0]["bind"]["step"] == 5
    rows = next(iter(passing["datasets"].values()))
    sizes = {row["n"] for row in rows}
    assert {10, 11} <= sizes, "the jumps between neighbouring sizes are drawn"


def test_a_mixture_of_two_diseases_gives_the_vote_of_a_single_higher_rate() -> None:
    mixed = simulated_reports(90, also=47)
    one = simulated_reports(63)
    shares = [100 * (rows["rate"] > 60).mean() for rows in (mixed, one)]
    assert all(65 <= share <= 75 for share in shares)
    assert mixed["rate"].std() > one["rate"].std() + 3
