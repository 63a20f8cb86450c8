"""The pooled rates agree with R: metafor 3.8-1, rma.glmm(measure="PLO", test="t"), and lme4 1.1-31."""

from __future__ import annotations

import pandas as pd
import pytest

from cartbook.meta_analysis import pool
from cartbook.stats import difference, proportion

EVENTS = {
    "crs 3": [11, 10, 3, 13, 0, 2, 2, 7, 4, 7, 5],
    "crs": [157, 121, 28, 49, 11, 17, 25, 107, 51, 17, 92],
    "nt": [102, 87, 12, 33, 4, 9, 14, 23, 1, None, 20],
    "nt 3": [36, 28, 3, 14, 3, 5, 1, 4, 0, None, 9],
}
SIZES = [170, 148, 59, 55, 20, 23, 33, 128, 57, 17, 97]
#: per cent: estimate, interval, prediction interval; then τ
METAFOR = {
    "crs 3": (7.96, 4.53, 13.61, 1.54, 32.30, 0.7175),
    "crs": (83.99, 72.6, 91.2, 37.8, 97.8, 0.917),
    "nt": (30.12, None, None, 3.1, 85.3, 1.090),
    "nt 3": (9.31, None, None, 1.0, 50.5, 0.953),
}


def rows(name: str, *, without: tuple[int, ...] = ()) -> pd.DataFrame:
    table = pd.DataFrame({"events": EVENTS[name], "denominator": SIZES})
    return table.drop(index=list(without)).dropna()


@pytest.mark.parametrize("name", METAFOR)
def test_pooled_rates_agree_with_metafor(name: str) -> None:
    found = pool(rows(name))
    ours = (found.estimate, found.low, found.high, found.prediction_low, found.prediction_high)
    for value, printed in zip(ours, METAFOR[name], strict=False):
        if printed is not None:
            digits = len(str(printed).partition(".")[2])
            assert 100 * value == pytest.approx(printed, abs=0.51 * 10**-digits)
    assert found.tau == pytest.approx(METAFOR[name][-1], abs=0.0006)


def test_without_the_two_studies_that_differ_there_is_no_heterogeneity() -> None:
    found = pool(rows("crs 3", without=(9, 3)))
    assert found.tau == pytest.approx(0, abs=1e-3)
    assert (100 * found.estimate, 100 * found.low, 100 * found.high) == pytest.approx(
        (5.99, 4.26, 8.35), abs=0.006
    )
    assert found.tau_low == 0 < found.tau_high


def test_interval_of_tau_is_from_the_profile_likelihood() -> None:
    found = pool(rows("crs 3"))
    assert (found.tau_low, found.tau_high) == pytest.approx((0.321, 1.40), abs=0.002)


def test_the_text_names_every_part() -> None:
    assert str(pool(rows("crs 3"))) == (
        "8.0% (95% CI 4.5–13.6; 95% prediction interval 1.5–32.3; τ 0.72; 11 studies, 64 of 807)"
    )


@pytest.mark.parametrize("events", [[1, 2], [0, 0, 0], [10, 10, 10]])
def test_too_few_studies_or_no_variation_is_refused(events: list[int]) -> None:
    with pytest.raises(ValueError, match="three studies"):
        pool(pd.DataFrame({"events": events, "denominator": [10] * len(events)}))


def test_newcombes_own_example_of_a_difference() -> None:
    # Newcombe 1998, Stat Med 17:873, table II, method 10: 56/70 - 48/80 = 0.2000 (0.0524 to 0.3339)
    found = difference(proportion(56, 70), proportion(48, 80))
    assert (found.estimate, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert str(found) == "20 percentage points (95% CI 5 to 33)"


def test_a_difference_needs_two_wilson_intervals_of_one_level() -> None:
    with pytest.raises(ValueError, match="Wilson"):
        difference(proportion(1, 10, method="exact"), proportion(2, 10))
    with pytest.raises(ValueError, match="level"):
        difference(proportion(1, 10, level=0.9), proportion(2, 10))
