"""Antigen loss: denominators add up, and competing risks obey their arithmetic."""

from __future__ import annotations

from math import exp

import pytest
import vl_convert

from cartbook.figures import VEGALITE
from cartbook.plots.escape import (
    competing_curves,
    competing_risks,
    lost_at_relapse,
    patients_needed,
    relapse_bars,
    relapse_kinds,
)


def test_kinds_of_relapse_add_up_to_all_relapses() -> None:
    rows = relapse_kinds()
    assert rows["events"].sum() == rows["relapses"].iloc[0] == 166
    assert rows["events"].iloc[:2].sum() == 80  # without CD19: its class, and the lineage switches
    assert rows["of_relapses"].sum() == pytest.approx(100)
    assert rows["of_treated"].sum() == pytest.approx(100 * 166 / 420)


def test_the_reader_chooses_the_denominator() -> None:
    spec = relapse_bars(relapse_kinds()).to_dict()
    for one in spec["params"]:
        if one.get("name") == "denominator":
            one["value"] = "of all patients treated"
    drawn = vl_convert.vegalite_to_svg({**spec, "width": 400}, vl_version=VEGALITE)
    assert "68 of 420 · 16.2%" in drawn
    assert "12 of 420 · 2.9%" in drawn


def test_each_study_of_antigen_loss_has_its_relapses_as_denominator() -> None:
    rows = lost_at_relapse().set_index("label")
    counts = rows[["events", "denominator"]]
    assert counts.loc["ALL, children (China)"].tolist() == [17, 43]
    assert counts.loc["ALL, children (US, several centres)"].tolist() == [80, 166]
    assert set(rows["population"]) == {"relapsed"}
    assert set(rows["targets"]) == {"one target", "two targets"}


def test_cumulative_incidences_stay_below_the_kaplan_meier_complement_and_add_up() -> None:
    hazards = {"lost": 0.02, "kept": 0.03, "died": 0.005}
    rows = competing_curves(hazards, 24)
    end = rows[rows["month"] == 24].set_index("event")
    assert (end["incidence"] < end["kaplan_meier"]).all()
    assert end["incidence"].sum() == pytest.approx(100 * (1 - exp(-0.055 * 24)))
    alone = competing_curves({"lost": 0.02}, 24)
    assert alone["incidence"].tolist() == pytest.approx(alone["kaplan_meier"].tolist())
    with pytest.raises(ValueError, match="negative"):
        competing_curves({"lost": -0.1})


@pytest.mark.parametrize("died", [0.5, 3.0])
def test_the_browser_computes_what_python_computes(died: float) -> None:
    spec = competing_risks().to_dict()
    for one in spec["params"]:
        if one.get("name") == "died":
            one["value"] = died
    drawn = vl_convert.vegalite_to_svg({**spec, "width": 500}, vl_version=VEGALITE)
    end = competing_curves({"lost": 0.02, "kept": 0.01, "died": died / 100}).query("month == 24")
    for share in [*end["incidence"], 100 - end["incidence"].sum()]:
        assert f">{share:.0f}%<" in drawn  # the bands, the event-free among them
    lost = end[end["event"] == "lost"].iloc[0]
    assert f">Dashed: 1 − KM, {lost['kaplan_meier']:.0f}% at 24 months<" in drawn


def test_halving_one_in_five_takes_about_two_hundred_in_each_group() -> None:
    assert patients_needed(0.2, 0.1) == 199
    assert patients_needed(0.2, 0.1, power=0.9) > patients_needed(0.2, 0.1)
    with pytest.raises(ValueError, match="different"):
        patients_needed(0.2, 0.2)
