"""Charts and tables of what has changed: pairs fit, counts add up, controls move what they say."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
import vl_convert

from cartbook.figures import VEGALITE, specification
from cartbook.forest import forest
from cartbook.plots import since
from cartbook.tables import load, quote


def drawn(chart: object) -> str:
    spec = specification(chart)  # type: ignore[arg-type]
    return vl_convert.vegalite_to_svg(spec, vl_version=VEGALITE)


def test_each_pair_is_of_one_disease_and_the_later_report_is_later() -> None:
    rows = since.first_and_later()
    for label, pair in rows.groupby("label"):
        first, later = (pair[pair["report"] == name] for name in (since.FIRST, since.LATER))
        assert len(first) == len(later) == 1, label
        assert first["disease"].iloc[0] == later["disease"].iloc[0], label
        assert first["product"].iloc[0] == later["product"].iloc[0], label
        patients = (first["denominator"].iloc[0], later["denominator"].iloc[0])
        if pair["patients"].iloc[0] == since.SAME:
            assert patients[0] == patients[1], label
        else:
            assert patients[0] < patients[1], label


def test_five_years_are_five_years_in_per_cent() -> None:
    rows = since.five_years()
    assert set(rows["unit"]) == {"percent"}
    counted = rows["statistic"].isin(["count", "proportion"])  # at a median follow-up of five years
    assert (rows.loc[~counted, "at_month"] == 60).all()
    assert (rows.loc[counted, "follow_up_months"] >= 60).all()
    alive = quote("lt-cartitude1-5y.progression-free-5-years")
    row = rows.set_index("outcome_id").loc["lt-cartitude1-5y.progression-free-5-years"]
    assert row["value"] == pytest.approx(100 * alive.events / alive.denominator)
    assert row["low"] < row["value"] < row["high"]


def test_survival_follows_from_the_ratio() -> None:
    assert since.survival_with(46, 1) == pytest.approx(46)
    assert since.survival_with(25, 0.5) == pytest.approx(50)
    assert since.survival_with(0, 0.5) == 0
    assert since.survival_with(100, 0.5) == 100
    for control, ratio in ((101, 0.5), (-1, 0.5), (50, 0)):
        with pytest.raises(ValueError, match="hazard ratio"):
            since.survival_with(control, ratio)


def test_the_gain_is_written_for_the_settings_of_the_start() -> None:
    trials = pd.DataFrame({"label": ["A, 4 years"], "control": [46.0], "cells": [54.6]})
    picture = drawn(since.survival_gain_plot(trials, control=46, ratio=0.73))
    assert "46 and 57 of 100 alive: 11 more" in picture
    harm = drawn(since.survival_gain_plot(trials, control=46, ratio=1.2))
    assert "46 and 39 of 100 alive: 7 fewer" in harm
    assert ">A, 4 years<" in picture


def test_both_arms_are_read_at_the_month_that_the_label_names() -> None:
    for label, key, month in since.SURVIVAL:
        years = float(label.split(", ")[1].split()[0])
        for name in (key, f"{key}-control"):
            assert quote(name).row["at_month"] == month == 12 * years
    arms = since.survival_by_arm()
    known = arms.dropna(subset=["low"])
    assert len(known) == 2
    assert (known["low"] < known["cells"]).all()
    assert (known["cells"] < known["high"]).all()


def test_primary_end_points_come_first_and_each_line_has_a_name_of_its_own() -> None:
    rows = since.randomised_trials()
    assert list(rows["what"]) == ["primary end point"] * 5 + ["overall survival"] * 4
    assert rows["line"].is_unique
    assert "after week 8" in rows.set_index("trial_name").loc["CARTITUDE-4", "line"].iloc[0]
    picture = drawn(forest(rows, label="line", sort=False, ink="what"))
    assert ">BELINDA, EFS<" in picture
    assert {">primary end point<", ">overall survival<"} <= set(re.findall(r">[^<>]+<", picture))


def test_decisions_are_dated_and_split_at_the_review() -> None:
    rows = since.decisions()
    assert rows["date"].is_monotonic_increasing
    assert rows["what"].notna().all()
    assert "NICE" not in set(rows["agency"])
    by_id = rows.set_index("approval_id")["since"]
    assert by_id["cilta-cel-fda-2024"]
    assert not by_id["axi-cel-ema-2022-second-line"]  # October 2022, the month of the review


def test_an_agency_can_be_chosen_and_imprecise_dates_are_drawn_in_their_middle() -> None:
    chart = since.decisions_plot(since.decisions())
    spec = json.dumps(specification(chart))
    assert '"NMPA"' in spec
    assert "agency_shown" in spec
    assert "2024-08-15" in spec  # known to the month
    assert "2023-07-01" in spec  # known to the year
    assert re.search(r">six products together<", drawn(chart))


def test_marks_of_one_product_do_not_lie_on_one_another() -> None:
    rows = since.decisions()
    spec = specification(since.decisions_plot(rows))
    lanes = {layer["mark"].get("yOffset", 0) for layer in spec["layer"] if "mark" in layer}
    assert {0, since.LANE, 2 * since.LANE} <= lanes
    days = pd.DataFrame(
        {"name": ["A"] * 3 + ["B"], "at": ["2024-01-01", "2024-05-01", "2024-08-01", "2024-01-01"]}
    )
    assert since._lanes(days) == [0, 1, 0, 0]
    assert (
        rows["name"].eq(since.TOGETHER).sum() == 3
    )  # boxed warning, European warning, end of REMS


def test_each_rule_adds_to_the_one_before_and_the_review_is_beside_its_own_count() -> None:
    counts = since.recounted_trials()
    for _, part in counts.groupby(["period", "country"]):
        assert part["trials"].is_monotonic_increasing
        assert part["low"].iloc[0] == part["trials"].iloc[0]
        assert part["high"].iloc[0] == part["trials"].iloc[-1]
    printed = counts.set_index(["period", "country"])["review"].groupby(level=[0, 1]).first()
    assert printed[(since.WINDOW, "China")] == quote("trials-china").value
    assert printed[("2019", "United States")] == quote("year-us-2019").value
    assert pd.isna(printed[(since.AFTER, "China")])


def test_trials_in_both_countries_count_in_each_and_once_in_all() -> None:
    rows = load("recount").query(
        "dimension == 'year' and window == 'in' and record_kind == 'trial'"
    )
    both = rows.query("country_group == 'China and United States'")["trials"].sum()
    counts = since.recounted_trials().query("rule == 'trials only'")
    here = counts[counts["period"] == since.WINDOW].set_index("country")["trials"]
    apart = rows[rows["country_group"].isin(["China", "United States"])]["trials"].sum()
    assert both > 0
    assert here["China"] + here["United States"] == apart + 2 * both
    assert here["all countries"] == rows["trials"].sum()


def test_the_recount_says_where_the_review_has_no_number() -> None:
    counts = since.recounted_trials()
    assert "the review: 277" in drawn(since.recount_plot(counts))
    later = counts[counts["period"] == since.AFTER]
    assert "the review: no number" in drawn(since.recount_plot(later))


def test_a_pace_has_an_interval_that_narrows_with_the_counts() -> None:
    few, many = since.pace(10, 12, 50, 50), since.pace(1000, 1200, 50, 50)
    assert few[0] == many[0] == pytest.approx(1.2)
    assert few[1] < many[1] < 1.2 < many[2] < few[2]


def test_reliance_is_a_comparison_of_doses() -> None:
    studies = load("studies").set_index("study_id")
    assert studies.loc["ying2021", "design"] == "dose comparison"
