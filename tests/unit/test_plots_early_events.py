"""A made-up trial shows what leaving out early events does to a hazard ratio."""

from __future__ import annotations

import pytest

from cartbook.figures import specification
from cartbook.plots.early_events import (
    early_events_plot,
    early_ratios,
    early_risk_trial,
    hazard_ratio_after,
)


def test_later_events_alone_give_the_later_ratio_whatever_happened_early() -> None:
    for early in (1, 2, 3):
        trial = early_risk_trial(early, late=0.3)
        assert hazard_ratio_after(trial, weeks=8).estimate == pytest.approx(0.3, abs=0.01)
        assert hazard_ratio_after(trial).estimate > 0.34


def test_without_a_change_at_week_8_nothing_depends_on_the_weeks_left_out() -> None:
    trial = early_risk_trial(0.5, late=0.5)
    ratios = [hazard_ratio_after(trial, weeks=week).estimate for week in (0, 8, 16)]
    assert ratios == pytest.approx([0.5] * 3, abs=0.02)


def test_the_chart_writes_the_ratios_of_all_events_and_of_the_later_ones() -> None:
    spec = specification(early_events_plot(early=(1, 2), weeks=(0, 8)))
    rows = [row for data in spec["datasets"].values() for row in data if "counted" in row]
    found = {(row["early"], row["weeks"]): (row["all_events"], row["counted"]) for row in rows}
    ratios = early_ratios((1, 2), (0, 8)).set_index(["early", "weeks"])["ratio"]
    assert found[2, 8] == (
        f"all events counted: {ratios[2, 0]:.2f}",
        f"events after week 8: {ratios[2, 8]:.2f}",
    )
    assert {one["name"] for one in spec["params"]} == {"early_risk", "weeks_left_out"}


def test_a_hazard_ratio_is_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        early_risk_trial(0)
