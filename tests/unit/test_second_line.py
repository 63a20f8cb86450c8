"""The model of a second-line trial: its curves, its hazard ratio, and the same in the chart."""

from __future__ import annotations

import re
from math import isclose

import pytest
import vl_convert

from cartbook.figures import VEGALITE, specification
from cartbook.plots.second_line import (
    ANY_TIME,
    ARMS,
    FROM_WEEK_12,
    average_hazard_ratio,
    fit_control,
    waiting_plot,
    waiting_trial,
)

CONTROL = fit_control(2.0, 17.0)


def test_control_has_the_median_and_the_plateau_it_was_fitted_to() -> None:
    shares = waiting_trial(CONTROL).set_index("arm").loc[ARMS[1]].set_index("week")["share"]
    assert shares[8] > 0.5 > shares[9]  # two months are 8.7 weeks
    assert isclose(shares.iloc[-1], 0.17, abs_tol=0.001)


def test_equal_arms_have_a_ratio_of_one() -> None:
    same = waiting_trial(CONTROL, weeks=0, risk=0, lasting=100 * CONTROL.lasting)
    assert isclose(average_hazard_ratio(same), 1, abs_tol=1e-9)


def test_waiting_and_weekly_risk_worsen_the_ratio() -> None:
    ratios = [
        average_hazard_ratio(waiting_trial(CONTROL, weeks=one, risk=5)) for one in (2, 4, 8, 12)
    ]
    assert ratios == sorted(ratios)
    assert average_hazard_ratio(waiting_trial(CONTROL, weeks=8, risk=0)) < ratios[0]


def test_counting_from_week_12_hides_earlier_events() -> None:
    shares = waiting_trial(CONTROL, counted=FROM_WEEK_12).set_index("week")["share"]
    assert set(shares[:11]) == {1.0}
    assert (shares[12] == waiting_trial(CONTROL).set_index("week")["share"][12]).all()


@pytest.mark.parametrize(
    "settings",
    [{}, {"weeks": 7, "risk": 5, "lasting": 25}, {"counted": FROM_WEEK_12, "risk": 8}],
)
def test_the_chart_computes_the_same_ratio(settings: dict[str, float]) -> None:
    spec = specification(waiting_plot(CONTROL, **settings))
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=VEGALITE)
    expected = average_hazard_ratio(waiting_trial(CONTROL, **settings))
    assert set(re.findall(r"Hazard ratio (\d\.\d\d)", drawn)) == {f"{expected:.2f}"}


def test_unknown_counting_and_impossible_control_are_refused() -> None:
    with pytest.raises(ValueError, match=ANY_TIME):
        waiting_trial(CONTROL, counted="sometimes")
    with pytest.raises(ValueError, match="below 50%"):
        fit_control(2, 60)
