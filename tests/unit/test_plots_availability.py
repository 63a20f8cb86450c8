"""The charts of the way to infusion count what the rows count, and the model is the one in the page."""

from __future__ import annotations

import pytest
from helpers import chart_words

from cartbook.plots.availability import (
    days_and_infused,
    denominators_plot,
    flow_bars,
    patient_flow,
    share_infused,
    two_denominators,
    wait_plot,
    weekly_loss,
)


def test_no_stage_has_more_patients_than_the_one_before() -> None:
    flow = patient_flow()
    assert (flow["lost"] >= 0).all()
    last = flow.groupby("cohort", sort=False).tail(1)
    assert set(last["stage"]) == {"infused", "infused as assigned"}
    cilta = flow[flow["cohort"] == "CARTITUDE-4 trial, myeloma"]
    assert cilta["patients"].tolist() == [208, 176]
    children = flow[flow["cohort"] == "UK, children with ALL"]
    assert children["patients"].tolist() == [142, 134, 128, 125]
    network = flow[flow["cohort"] == "US community, lymphoma"]
    myeloma = flow[flow["cohort"] == "KarMMa-3 trial, myeloma"]
    assert myeloma["patients"].tolist() == [254, 249, 225]
    assert network["patients"].tolist() == [306, 182]  # patients of unknown fate are left out


def test_the_bars_name_each_stage_with_its_patients() -> None:
    shown = chart_words(flow_bars(patient_flow()))
    assert {"submitted 432", "approved 404 (94%)", "infused 300 (69%)", "UK, lymphoma"} <= set(
        shown
    )


def test_days_and_shares_come_from_the_rows() -> None:
    rows = days_and_infused().set_index("cohort")
    zuma7 = rows.loc["axi-cel, ZUMA-7"]
    assert (zuma7["days"], round(zuma7["infused"], 1)) == (29, 94.4)
    assert rows.loc["US community, 2021–22", "infused"] == 66
    # sources disagree on where the days of BELINDA start, so they are not in the model
    assert not any("BELINDA" in name for name in rows.index)
    # the weekly loss is the one with which the model gives the share that was seen
    for row in rows.itertuples():
        assert share_infused(row.days, row.weekly) == pytest.approx(row.infused)


@pytest.mark.parametrize(("days", "weekly", "failure"), [(30, 2, 3), (60, 0, 10), (2, 6, 0)])
def test_the_chart_shows_what_the_model_gives(days: int, weekly: float, failure: float) -> None:
    chart = wait_plot(days_and_infused())
    shown = chart_words(chart, wait=days, weekly=weekly, failure=failure)
    assert f"After {days} days: {share_infused(days, weekly, failure):.0f} of 100 infused" in shown


def test_every_cohort_is_named_beside_its_point() -> None:
    names = {"ZUMA-7", "TRANSFORM", "KarMMa-3", "UK children", "US community"}
    assert names <= set(chart_words(wait_plot(days_and_infused())))


def test_a_response_is_rarer_among_all_than_among_the_infused() -> None:
    pairs = two_denominators()
    assert (pairs["gap"] > 0).all()
    assert pairs["gap"].tolist() == sorted(pairs["gap"], reverse=True)
    assert "75 → 87% (+12)" in chart_words(denominators_plot(pairs))


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="days are not negative"):
        share_infused(-1, 2)
    with pytest.raises(ValueError, match="some patients are infused"):
        weekly_loss(30, 0)
