"""Pooled rates agree with R: metafor 3.8-1 (rma.glmm, rma) and lme4 1.1-31 (glmer with 25 nodes)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from scipy.stats import t

from cartbook.meta_analysis import Pooled, compare_groups, pool, pool_logits, pooled_in_r
from cartbook.stats import difference, proportion

EVENTS = {
    "crs 3": [11, 10, 3, 13, 0, 2, 2, 7, 4, 7, 5],
    "crs": [157, 121, 28, 49, 11, 17, 25, 107, 51, 17, 92],
    "nt": [102, 87, 12, 33, 4, 9, 14, 23, 1, None, 20],
    "nt 3": [36, 28, 3, 14, 3, 5, 1, 4, 0, None, 9],
}
SIZES = [170, 148, 59, 55, 20, 23, 33, 128, 57, 17, 97]
NAMES = {
    "crs 3": ("cytokine release syndrome", "3 or higher"),
    "crs": ("cytokine release syndrome", "any"),
    "nt": ("neurotoxicity", "any"),
    "nt 3": ("neurotoxicity", "3 or higher"),
}
#: metafor, rma.glmm without one study: estimate, interval, prediction interval; τ
WITHOUT = {
    0: (8.1362, 4.2569, 14.9968, 1.3144, 37.0661, 0.780154),
    3: (6.9327, 4.2167, 11.1937, 2.0368, 21.0662, 0.513978),
    4: (8.5832, 4.9059, 14.5937, 1.7411, 33.2216, 0.687936),
    9: (6.9459, 4.3843, 10.8346, 2.3417, 18.8546, 0.453410),
}
#: metafor, rma(method="DL", test="adhoc") and confint: as above, then the interval of τ
DERSIMONIAN_LAIRD = {
    "crs 3": (8.790598, 4.941382, 15.160063, 1.607356, 36.248956, 0.746842, 0.373644, 1.466442),
    "crs": (82.642958, 70.675140, 90.390651, 37.412659, 97.430972, 0.879748, 0.556006, 1.790190),
    "nt": (32.371876, 17.236891, 52.384758, 4.828462, 81.871789, 0.921437, 0.661722, 2.335709),
    "nt 3": (11.875465, 6.221056, 21.491451, 2.610762, 40.384265, 0.641405, 0.435115, 2.023690),
}
CD28 = (0, 1, 3)


def rows(name: str, *, without: tuple[int, ...] = ()) -> pd.DataFrame:
    table = pd.DataFrame({"events": EVENTS[name], "denominator": SIZES})
    return table.drop(index=list(without)).dropna()


def numbers(found: Pooled) -> list[float]:
    names = ("estimate", "low", "high", "prediction_low", "prediction_high")
    return [*(100 * getattr(found, name) for name in names), found.tau]


def in_r(name: str, program: str) -> dict[str, float]:
    """Return what a program in R computes from these counts; the book shows the same numbers."""
    (found,) = (
        one
        for one in pooled_in_r()
        if (one["end_point"], one["grade"], one["program"]) == (*NAMES[name], program)
    )
    return found


@pytest.mark.parametrize("name", NAMES)
def test_pooled_rates_agree_with_metafor(name: str) -> None:
    *found, tau = numbers(pool(rows(name)))
    theirs = in_r(name, "metafor")
    expected = ("estimate", "low", "high", "prediction_low", "prediction_high")
    # R's optimiser stops a little early
    assert found == pytest.approx([theirs[one] for one in expected], rel=2e-4)
    assert tau == pytest.approx(theirs["tau"], abs=5e-5)


@pytest.mark.parametrize("name", NAMES)
def test_pooled_rates_agree_with_lme4(name: str) -> None:
    found = pool(rows(name))
    theirs = in_r(name, "lme4")
    mean, low = logit([found.estimate, found.low])
    error = (mean - low) / t.ppf(0.975, found.studies - 1)
    assert mean == pytest.approx(theirs["mean"], abs=5e-5)
    assert error == pytest.approx(theirs["error"], abs=5e-5)
    assert found.tau == pytest.approx(theirs["tau"], abs=5e-5)


@pytest.mark.parametrize("left_out", WITHOUT)
def test_leaving_one_study_out_agrees_with_metafor(left_out: int) -> None:
    found = numbers(pool(rows("crs 3", without=(left_out,))))
    assert found == pytest.approx(WITHOUT[left_out], rel=2e-4)


@pytest.mark.parametrize("name", DERSIMONIAN_LAIRD)
def test_dersimonian_and_laird_agree_with_metafor(name: str) -> None:
    found = pool_logits(rows(name))
    ours = [*numbers(found), found.tau_low, found.tau_high]
    assert ours == pytest.approx(DERSIMONIAN_LAIRD[name], rel=1e-5)


def test_two_groups_of_studies_agree_with_metafor() -> None:
    table = rows("nt 3")
    table["domain"] = np.where(table.index.isin(CD28), "CD28", "4-1BB")
    found = compare_groups(table, "domain")
    # rma.glmm(mods = ~ cd28): 1.4221 (0.9470 to 1.8972), residual tau 0
    assert np.log([found.odds_ratio, found.low, found.high]) == pytest.approx(
        (1.4221, 0.9470, 1.8972), abs=1e-4
    )
    assert found.tau == pytest.approx(0, abs=1e-3)
    assert found.groups == ("CD28", "4-1BB")
    with pytest.raises(ValueError, match="two groups"):
        compare_groups(table.assign(domain="CD28"), "domain")


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
    with pytest.raises(ValueError, match="three studies"):
        pool_logits(pd.DataFrame({"events": events, "denominator": [10] * len(events)}))


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
