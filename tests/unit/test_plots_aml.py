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


@pytest.mark.parametrize(
    ("antigen", "molecules"), [*((name, 650) for name in PROFILES), (None, 9000)]
)
def test_the_chart_shows_the_shares_that_are_killed(antigen: str | None, molecules: float) -> None:
    name = antigen or next(iter(PROFILES))
    shown = chart_words(window_explorer(), antigen=name, molecules=molecules)
    for cells, share in killed(name, molecules).items():
        digits = 1 if share > 0.995 else 0
        assert f"{cells}: {100 * share:.{digits}f}% killed" in shown


def test_a_higher_threshold_kills_fewer_of_every_kind() -> None:
    for name in PROFILES:
        low, high = killed(name, 100), killed(name, 1000)
        assert (high < low).all()
        assert list(low.index) == list(CELLS)


def test_an_unknown_antigen_is_refused() -> None:
    with pytest.raises(ValueError, match="the antigens are"):
        killed("CD19")


def test_a_threshold_of_no_molecules_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        killed("shared with healthy stem cells", 0)


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
