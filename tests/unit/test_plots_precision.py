"""The chart of precision gives Wilson's interval for whatever its reader sets."""

from __future__ import annotations

import re

import pytest
import vl_convert

from cartbook.figures import VEGALITE, specification
from cartbook.plots.precision import (
    SIZES,
    chance_of_excluding,
    fewest_responders,
    precision_plot,
)
from cartbook.stats import proportion


@pytest.mark.parametrize(("patients", "response"), [(40, 50), (60, 0), (25, 100), (400, 85)])
def test_the_page_computes_what_python_computes(patients: int, response: int) -> None:
    chart = precision_plot(patients=patients, response=response, rate=30)
    drawn = vl_convert.vegalite_to_svg(specification(chart), vl_version=VEGALITE)
    verdicts = "above 30%|below 30%|30% not ruled out"
    written = re.findall(rf">(\d+)/(\d+) · (\d+)–(\d+)% · ({verdicts})<", drawn)
    others = [size for size in SIZES if size != patients]  # no row twice
    assert [int(n) for _, n, *_ in written] == [patients, *others]
    for k, n, low, high, verdict in written:
        exact = proportion(int(k), int(n))
        assert (int(low), int(high)) == (round(100 * exact.low), round(100 * exact.high))
        above, below = 100 * exact.low > 30, 100 * exact.high < 30
        words = "above 30%" if above else "below 30%" if below else "30% not ruled out"
        assert verdict == words


def test_the_fewest_responders_are_just_enough() -> None:
    needed = fewest_responders(50, patients=61)
    assert needed is not None
    assert 100 * proportion(needed, 61).low > 50 >= 100 * proportion(needed - 1, 61).low


def test_a_rate_that_cannot_be_excluded_is_never_excluded() -> None:
    assert fewest_responders(95, patients=5) is None
    assert chance_of_excluding(95, patients=5, true_rate=100) == 0


def test_power_grows_with_the_trial_and_with_the_effect() -> None:
    small, large = (chance_of_excluding(50, n, true_rate=70) for n in (20, 80))
    assert small < large
    assert chance_of_excluding(50, 40, true_rate=60) < chance_of_excluding(50, 40, true_rate=80)
