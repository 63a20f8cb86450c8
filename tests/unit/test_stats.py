"""Intervals against an independent source, by hand-worked values, and by what must always hold."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from cartbook.stats import implied_events, proportion, proportions

COUNTS = st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_both_methods_agree_with_statsmodels(count: tuple[int, int], level: float) -> None:
    events, n = count
    for ours, theirs in (("wilson", "wilson"), ("exact", "beta")):
        low, high = proportion_confint(events, n, alpha=1 - level, method=theirs)
        span = proportion(events, n, level=level, method=ours)  # type: ignore[arg-type]
        assert span.low == pytest.approx(low, abs=1e-6)
        assert span.high == pytest.approx(high, abs=1e-6)


def test_newcombes_worked_example() -> None:
    # Newcombe 1998, table I: 81 of 263, Wilson without continuity correction: 0.2553 to 0.3662
    span = proportion(81, 263)
    assert (round(span.low, 4), round(span.high, 4)) == (0.2553, 0.3662)


@given(COUNTS)
def test_an_interval_holds_its_estimate_and_stays_within_bounds(count: tuple[int, int]) -> None:
    span = proportion(*count)
    assert 0 <= span.low <= span.estimate <= span.high <= 1 or span.estimate in (0, 1)
    assert span.low >= -1e-9
    assert span.high <= 1 + 1e-9


@given(COUNTS)
def test_more_certainty_or_fewer_patients_mean_a_wider_interval(count: tuple[int, int]) -> None:
    events, n = count
    width = proportion(events, n).high - proportion(events, n).low
    sure = proportion(events, n, level=0.99)
    many = proportion(10 * events, 10 * n)
    assert sure.high - sure.low > width > many.high - many.low


@given(COUNTS)
def test_events_and_their_absence_mirror_each_other(count: tuple[int, int]) -> None:
    events, n = count
    one, other = proportion(events, n), proportion(n - events, n)
    assert one.low == pytest.approx(1 - other.high, abs=1e-9)


@pytest.mark.parametrize(("events", "n"), [(-1, 10), (11, 10), (0, 0), (1, -5)])
def test_what_is_no_proportion_is_refused(events: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no proportion"):
        proportion(events, n)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        proportion(1, 2, level=level)


@given(COUNTS)
def test_events_implied_by_a_rounded_percentage_round_back_to_it(count: tuple[int, int]) -> None:
    events, n = count
    printed = round(100 * events / n, 1)
    found, only = implied_events(printed, n)
    assert round(100 * found / n, 1) == pytest.approx(printed, abs=0.1001)
    assert not only or abs(100 * found / n - 100 * events / n) < 0.11


def test_a_percentage_that_no_count_gives_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        implied_events(84.4, 277)


def test_a_coarse_percentage_of_many_says_that_it_is_coarse() -> None:
    assert implied_events(65, 180) == (117, True)
    assert implied_events(32, 179)[1] is False


def test_rows_without_a_denominator_get_no_interval() -> None:
    rows = pd.DataFrame(
        {
            "value": [74.0, 76.0],
            "events": pd.array([77, None], dtype="Int64"),
            "denominator": pd.array([104, None], dtype="Int64"),
        }
    )
    out = proportions(rows)
    assert out["denominator"].tolist() == [104]
    assert out["events_are"].tolist() == ["printed"]
