"""The model of a remission computes in the page what the function computes in Python."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from cartbook import evidence
from cartbook.figures import specification
from cartbook.plots.binomial import binomial_plot, chance_of_at_least
from cartbook.plots.remission import remission_plot, share_in_remission


@pytest.mark.parametrize("month", [0, 6, 24])
def test_the_chart_s_expressions_give_the_share_in_remission_and_add_up(month: int) -> None:
    spec = specification(remission_plot(response=80, relapse=3, death=1))
    steps = {
        one["as"]: one["calculate"] for one in spec["layer"][0]["transform"] if "calculate" in one
    }
    names: dict[str, object] = {
        "remissions": 80,
        "relapse_rate": 3,
        "death_rate": 1,
        "exp": math.exp,
        "datum": SimpleNamespace(month=month),
    }
    kept = eval(steps["kept"], names)
    assert kept == pytest.approx(share_in_remission(80, 3, 1, month))
    lost = eval(steps["lost"].split(" ? 0 : ")[1], names)
    names["datum"] = SimpleNamespace(month=month, kept=kept, lost=lost)
    states = ["In remission", "Relapsed", "Died in remission", "No remission"]
    assert sum(eval(steps[state], names) for state in states) == pytest.approx(100)


def test_an_observed_share_is_drawn_with_its_interval() -> None:
    seen = evidence(outcome_id="tc-cd7-2y.progression-free-survival-month-24").iloc[0]
    spec = specification(remission_plot(seen=seen))
    drawn = [row for data in spec["datasets"].values() for row in data if "low" in row]
    assert drawn == [{"month": 24.0, "value": 36.8, "low": 13.8, "high": 59.8}]


def test_shares_outside_0_to_100_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        share_in_remission(101, 2, 2)


def test_the_bars_of_a_trial_add_up_to_the_chance_that_is_written() -> None:
    spec = specification(binomial_plot(18, 20))
    bars = [row for data in spec["datasets"].values() for row in data if "tail" in row]
    tail = sum(row["chance"] for row in bars if row["tail"] and row["rate"] == 70)
    assert tail == pytest.approx(chance_of_at_least(18, 20, 70))
    words = [row["words"] for data in spec["datasets"].values() for row in data if "words" in row]
    assert "18 or more of 20: 3.5%" in words
