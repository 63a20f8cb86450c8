"""The chart of antigen density shows what `killed` computes."""

from __future__ import annotations

import pytest
from helpers import chart_words

from cartbook.plots.aml import (
    AIMS,
    CELLS,
    PROFILES,
    coverage,
    coverage_plot,
    killed,
    window_explorer,
)


@pytest.mark.parametrize(("antigen", "threshold"), [*((name, 2.8) for name in PROFILES), (None, 4)])
def test_the_chart_shows_the_shares_that_are_killed(antigen: str | None, threshold: float) -> None:
    name = antigen or next(iter(PROFILES))
    shown = chart_words(window_explorer(), antigen=name, threshold=threshold)
    for cells, share in killed(name, threshold).items():
        digits = 1 if share > 0.995 else 0
        assert f"{cells}: {100 * share:.{digits}f}% killed" in shown


def test_a_higher_threshold_kills_fewer_of_every_kind() -> None:
    for name in PROFILES:
        low, high = killed(name, 2), killed(name, 3)
        assert (high < low).all()
        assert list(low.index) == list(CELLS)


def test_an_unknown_antigen_is_refused() -> None:
    with pytest.raises(ValueError, match="the antigens are"):
        killed("CD19")


PARTS = coverage(87.8, 69.5, 9.4)


def test_the_parts_add_up_to_all_cases() -> None:
    assert PARTS["percent"].tolist() == [18.3, 69.5, 9.4, 2.8]
    assert PARTS["percent"].sum() == pytest.approx(100)
    with pytest.raises(ValueError, match="contradict"):
        coverage(60, 70, 9)


@pytest.mark.parametrize("aim", AIMS)
def test_the_bar_shows_what_an_aim_reaches(aim: str) -> None:
    reached = PARTS.set_index("part")["percent"].loc[list(AIMS[aim])].sum()
    shown = chart_words(coverage_plot(PARTS), aim=aim)
    assert f"{aim}: {reached:.1f}% of cases" in shown
    assert {"CD33 only", "both", "69.5%", "CD123 only 9.4%", "neither 2.8%"} <= set(shown)
