"""The chart of transplantation after CAR-T cells shows what the model gives, bias and all."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import chart_words

from cartbook.plots.transplant import (
    CHOSEN,
    FROM_REMISSION,
    FROM_TRANSPLANT,
    transplant_hazard_ratio,
    transplant_model,
    transplant_plot,
)

SETTINGS: list[dict[str, Any]] = [
    {},
    {"month": 0},
    {"month": 6, "effect": 1.5},
    {"counted": FROM_TRANSPLANT},
    {"chosen": "mostly at low risk", "counted": FROM_TRANSPLANT, "effect": 0.5},
    {"chosen": "mostly at high risk", "month": 9},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_chart_shows_the_hazard_ratio_of_the_model(settings: dict[str, Any]) -> None:
    names = {"month": "given", "effect": "truth"}
    shown = chart_words(
        transplant_plot(), **{names.get(key, key): one for key, one in settings.items()}
    )
    ratio = transplant_hazard_ratio(transplant_model(**settings))
    assert f"Hazard ratio {ratio:.2f}, true {settings.get('effect', 1):.2f}" in shown


@pytest.mark.parametrize("month", [0, 3, 9])
def test_a_landmark_removes_immortal_time(month: int) -> None:
    fair = transplant_model(month=month, counted=FROM_TRANSPLANT)
    assert transplant_hazard_ratio(fair) == pytest.approx(1)
    naive = transplant_hazard_ratio(transplant_model(month=month))
    assert naive == pytest.approx(1) if month == 0 else naive < 0.7


def test_a_landmark_does_not_remove_confounding() -> None:
    ratios = [
        transplant_hazard_ratio(transplant_model(chosen=one, counted=FROM_TRANSPLANT))
        for one in CHOSEN
    ]
    assert ratios[0] == pytest.approx(1)
    assert ratios[1] < 0.7
    assert ratios[2] > 1.5


def test_the_transplanted_cannot_relapse_before_the_transplant() -> None:
    rows = transplant_model(month=6).set_index(["group", "month"])["share"]
    assert (rows.loc["transplanted"].loc[:6] == 1).all()
    assert rows.loc["transplanted"].loc[7] < 1
    assert rows.loc["not transplanted"].loc[1] < 1
    # every patient is in one of the groups: together they fall as the whole cohort does
    left = transplant_model(month=6).groupby("month")["left"].sum()
    assert left.loc[24] == pytest.approx(0.48675 + 0.09072, abs=1e-4)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 24"):
        transplant_model(month=25)
    with pytest.raises(ValueError, match="patients are chosen"):
        transplant_model(chosen="by lot")
    with pytest.raises(ValueError, match=FROM_REMISSION):
        transplant_model(counted="never")
