"""What the charts with controls compute in the page is what the package computes in Python."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd
import pytest
from helpers import chart_words

from cartbook.forest import forest
from cartbook.plots.reading import (
    difference_explorer,
    joined_rates,
    line_at_one,
    of_all_enrolled,
    repeated_trials,
    repeats_plot,
    survival_plot,
    trial_simulator,
)
from cartbook.simulation import (
    hazard_ratio,
    median_survival,
    numbers_at_risk,
    simulate_trial,
)
from cartbook.stats import difference, proportion

SETTINGS: list[dict[str, Any]] = [
    {},
    {"follow": 36, "accrual": 0, "crossover": 100},
    {"follow": 24, "crossover": 60, "which": 2},
    {"follow": 36, "which": 2, "endpoint": "event-free survival"},  # ties, and a curve at one half
    {"follow": 3, "accrual": 36, "which": 3, "endpoint": "event-free survival"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_simulator_shows_what_simulate_trial_gives(settings: dict[str, Any]) -> None:
    trial = simulate_trial(
        accrual=settings.get("accrual", 18),
        follow_up=settings.get("follow", 12),
        crossover=settings.get("crossover", 0) / 100,
        endpoint=settings.get("endpoint", "overall survival"),
        seed=settings.get("which", 1),
    )
    shown = chart_words(trial_simulator(), **settings)
    ratio = hazard_ratio(trial)
    written = next(one for one in shown if one.startswith("Hazard ratio"))
    found = [float(one) for one in re.findall(r"\d+\.\d+", written)]
    assert found == pytest.approx([ratio.estimate, ratio.low, ratio.high], abs=0.011)
    for arm, months in median_survival(trial).items():
        one = next(one for one in shown if one.startswith(f"{arm}: "))
        if pd.isna(months):
            assert one.endswith("not reached")
        else:
            assert float(re.findall(r"\d+\.\d", one)[0]) == pytest.approx(months, abs=0.06)
    at_risk = numbers_at_risk(trial, every=12).to_numpy().ravel()
    assert set(map(str, at_risk)) <= set(shown)


def test_a_trial_without_events_says_so() -> None:
    shown = chart_words(trial_simulator(), follow=0, accrual=0)
    assert "Hazard ratio: too few events" in shown
    assert sum(one.endswith("median not reached") for one in shown) == 2


@pytest.mark.parametrize(
    ("size", "first", "second", "overlap", "excludes"),
    [(100, 70, 55, True, True), (100, 70, 60, True, False), (400, 90, 40, False, True)],
)
def test_the_explorer_shows_wilson_and_newcombe(
    size: int, first: int, second: int, overlap: bool, excludes: bool
) -> None:
    shown = chart_words(difference_explorer(), size=size, rate_a=first, rate_b=second)
    a, b = (proportion(size * one // 100, size) for one in (first, second))
    for one in (a, b):
        said = f"{100 * one.estimate:.0f}% (95% CI {100 * one.low:.0f} to {100 * one.high:.0f})"
        assert said in shown
    gap = difference(a, b)
    said = f"{100 * gap.estimate:.0f} points (95% CI {100 * gap.low:.0f} to {100 * gap.high:.0f})"
    assert said.replace("-", "−") in [one.replace("-", "−") for one in shown]
    assert ("The two intervals overlap;" in shown) == overlap
    assert ("that of the difference excludes 0." in shown) == excludes


RATES = pd.DataFrame(
    {
        "study_id": ["one", "two"],
        "trial_name": ["ONE", "TWO"],
        "endpoint": ["CR or CRi", "stringent CR"],
        "events": [50, 50],
        "value": [50.0, 50.0],
        "denominator": [100, 100],
    }
)
ENROLLED = pd.DataFrame({"study_id": ["one", "two", "two"], "value": [110, 200, 200]})


def test_responders_are_divided_by_all_enrolled_and_the_largest_difference_comes_first() -> None:
    both = of_all_enrolled(RATES, ENROLLED)
    assert both["label"].tolist() == ["TWO, stringent CR", "ONE, CR/CRi"]
    assert both["of_enrolled"].tolist() == pytest.approx([25, 50 / 1.1])
    shown = chart_words(joined_rates(both))
    assert shown.index("TWO, stringent CR") < shown.index("ONE, CR/CRi")
    assert {"50 of 100; of 200", "50%", "25%", "45%"} <= set(shown)


@pytest.mark.parametrize("values", [[110], [110, 200, 201]])
def test_an_unknown_number_enrolled_is_refused(values: list[int]) -> None:
    enrolled = pd.DataFrame({"study_id": ["one", "two", "two"][: len(values)], "value": values})
    with pytest.raises(ValueError, match=r"number enrolled for each trial, not for \['two'\]"):
        of_all_enrolled(RATES, enrolled)


def test_a_survival_plot_has_medians_and_numbers_at_risk() -> None:
    trial = simulate_trial(follow_up=24)
    shown = chart_words(survival_plot(trial, every=12))
    assert str(hazard_ratio(trial)) in survival_plot(trial)["description"]
    assert f"Hazard ratio {hazard_ratio(trial)}" in shown
    assert {str(n) for n in numbers_at_risk(trial, 12).loc["Control"]} <= set(shown)


def test_repeated_trials_are_drawn_by_size_with_what_they_found() -> None:
    rows = repeated_trials((40, 320), trials=6, effect=0.5)
    assert rows.groupby("patients").size().to_dict() == {40: 6, 320: 6}
    for size in (40, 320):
        some = rows[rows["patients"] == size]
        found = some[some["finding"] == "interval excludes 1"]
        assert (found["high"] < 1).all()
        shown = chart_words(repeats_plot(rows, truth=0.5), patients=size)
        assert f"{len(found)} of 6 intervals exclude 1" in shown
        means = [
            math.exp(sum(map(math.log, one)) / len(one))
            for one in (found["estimate"], some["estimate"])
        ]
        assert f"Mean ratio: {means[0]:.2f} in these, {means[1]:.2f} in all" in shown


def test_the_explorer_shows_the_counts_behind_its_rates() -> None:
    shown = chart_words(difference_explorer(), size=30, rate_a=70, rate_b=55)
    assert {"Group A: 21 of 30", "Group B: 17 of 30"} <= set(shown)


def test_a_forest_plot_of_ratios_gets_one_line_at_no_difference() -> None:
    columns = ["trial_name", "value", "low", "high", "statistic"]
    rows = pd.DataFrame([("A", 0.5, 0.3, 0.9, "hazard ratio")], columns=columns)
    plot = forest(rows, label="trial_name", sort=False)
    drawn = line_at_one(plot).to_dict()
    behind = drawn["layer"][0]
    assert behind["mark"]["type"] == "rule"
    assert behind["encoding"]["x"]["field"] == "at"
    assert "y" not in behind["encoding"]  # across all rows
    assert drawn["datasets"][behind["data"]["name"]] == [{"at": 1.0}]
    assert drawn["height"] == plot.to_dict()["height"]
