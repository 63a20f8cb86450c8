"""A simulated trial keeps the rules of its design, and its analysis agrees with statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from cartbook.simulation import (
    ARMS,
    hazard_ratio,
    kaplan_meier,
    landmark,
    median_survival,
    numbers_at_risk,
    simulate_trial,
)

TRIALS = [
    simulate_trial(seed=1),
    simulate_trial(30, accrual=6, follow_up=3, seed=2),
    simulate_trial(follow_up=24, crossover=0.6, seed=3),
    simulate_trial(accrual=0, follow_up=60, endpoint="event-free survival", seed=4),
]


def test_nobody_is_followed_up_beyond_the_analysis_and_the_last_enrolled_for_less_long() -> None:
    trial = simulate_trial(200, accrual=20, follow_up=10)
    assert trial["months"].max() <= 30
    assert trial.loc[~trial["event"], "months"].between(10, 30).all()


def test_longer_follow_up_turns_censored_patients_into_events_and_changes_no_event() -> None:
    short, long = simulate_trial(follow_up=6), simulate_trial(follow_up=36)
    assert long.loc[short["event"], "event"].all()
    assert (long["months"] == short["months"])[short["event"]].all()
    assert long["event"].sum() > short["event"].sum()


def test_crossover_changes_survival_of_the_control_arm_alone() -> None:
    without, everyone = (simulate_trial(follow_up=36, crossover=share) for share in (0, 1))
    cells = without["arm"].eq(ARMS[0])
    assert (without["months"] == everyone["months"])[cells].all()
    assert (everyone["months"] >= without["months"])[~cells].all()
    events = [
        simulate_trial(crossover=share, endpoint="event-free survival") for share in (0, 0.5, 1)
    ]
    assert all(events[0].equals(one) for one in events[1:])


def test_a_large_trial_finds_the_effect_that_was_put_in_and_crossover_hides_it() -> None:
    settings = {"accrual": 12, "follow_up": 36, "seed": 7}
    events = simulate_trial(4000, endpoint="event-free survival", effect=0.6, **settings)
    assert hazard_ratio(events).estimate == pytest.approx(0.6, abs=0.03)
    assert median_survival(events).to_dict() == pytest.approx({ARMS[0]: 10, ARMS[1]: 6}, rel=0.06)
    found = [
        hazard_ratio(simulate_trial(4000, crossover=share, **settings)).estimate
        for share in (0, 0.5, 1)
    ]
    assert found == sorted(found)
    assert found[0] < 0.65
    assert found[2] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("trial", TRIALS)
def test_curve_median_and_ratio_agree_with_statsmodels(trial: pd.DataFrame) -> None:
    for arm, rows in trial.groupby("arm"):
        theirs = SurvfuncRight(rows["months"], rows["event"].astype(int))
        curve = kaplan_meier(trial).query("arm == @arm and months > 0").set_index("months")
        ours = curve["survival"].loc[theirs.surv_times].to_numpy()
        assert ours == pytest.approx(theirs.surv_prob)
        assert curve["at_risk"].loc[theirs.surv_times].tolist() == theirs.n_risk.tolist()
        half = theirs.surv_times[theirs.surv_prob <= 0.5 + 1e-9]  # statsmodels asks for < 0.5
        expected = half.min() if half.size else np.nan
        assert median_survival(trial)[arm] == pytest.approx(expected, nan_ok=True)
    cells = trial["arm"].eq(ARMS[0]).astype(float).to_numpy()
    fit = PHReg(trial["months"], cells[:, None], status=trial["event"].astype(int), ties="breslow")
    theirs = fit.fit()
    ours = hazard_ratio(trial)
    assert ours.estimate == pytest.approx(np.exp(theirs.params[0]), rel=1e-5)
    assert (ours.low, ours.high) == pytest.approx(tuple(np.exp(theirs.conf_int()[0])), rel=1e-4)
    p = survdiff(trial["months"], trial["event"].astype(int), trial["arm"])[1]
    assert ours.p == pytest.approx(p, rel=1e-3)


def test_a_landmark_is_read_off_the_curve_and_missing_beyond_it() -> None:
    trial = simulate_trial(follow_up=12, accrual=0)
    curve = kaplan_meier(trial).query("arm == @ARMS[0] and months <= 10")
    assert landmark(trial, 10)[ARMS[0]] == curve["survival"].iloc[-1]
    assert landmark(trial, 0).tolist() == [1, 1]
    assert landmark(trial, 13).isna().all()


def test_numbers_at_risk_begin_with_everyone_and_fall() -> None:
    table = numbers_at_risk(simulate_trial(50, follow_up=24), every=12)
    assert table[0].tolist() == [50, 50]
    assert (table.diff(axis=1).iloc[:, 1:] <= 0).all().all()


@pytest.mark.parametrize("wrong", [{"crossover": 60}, {"accrual": -1}, {"effect": 0}])
def test_settings_without_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a trial has patients"):
        simulate_trial(**wrong)
    with pytest.raises(ValueError, match="end points are"):
        simulate_trial(endpoint="survival")


def test_a_ratio_needs_events_in_both_arms() -> None:
    with pytest.raises(ValueError, match="events in both arms"):
        hazard_ratio(simulate_trial(accrual=0, follow_up=0))
