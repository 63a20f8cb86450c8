"""The landing page's chart has three numbers of each trial, each found in the evidence."""

from __future__ import annotations

import pandas as pd
import pytest

from cartbook import evidence
from cartbook.plots.pivotal_trials import KINDS, TRIALS, overview, overview_plot, percent


def test_each_trial_has_its_three_numbers_from_the_evidence() -> None:
    rows = overview()
    assert rows.groupby("trial", sort=False)["kind"].agg(list).tolist() == [list(KINDS)] * len(
        TRIALS
    )
    assert rows["value"].between(0, 100).all()
    known = set(evidence()["source_citation"])
    assert set(rows["source"]) <= known
    assert (rows["years"] > 0).sum() == len(TRIALS)


def test_the_number_infused_is_preferred_to_the_number_enrolled() -> None:
    rows = overview().set_index(["trial", "kind"])
    found = rows.loc[("cilta-cel (CARTITUDE-1)", "complete response")]
    assert found["value"] == pytest.approx(100 * 80 / 97)  # not the rounded 82.5
    assert found["population"] == "infused"


def test_choosing_a_disease_hides_the_others_and_their_headings() -> None:
    chart = overview_plot(overview()).to_dict()
    (control,) = [one for one in chart["params"] if one["name"] == "disease"]
    diseases = list(dict.fromkeys(trial.disease for trial in TRIALS))
    assert control["bind"]["options"] == ["all diseases", *diseases]
    assert all(
        layer["transform"][0]["filter"].startswith("disease == 'all diseases'")
        for layer in chart["layer"]
    )


def test_intervals_are_printed_ones_or_those_of_counted_patients() -> None:
    rows = overview().set_index(["trial", "kind"])
    lasting = list(KINDS)[1]
    assert rows.loc[("axi-cel, third line (ZUMA-1)", lasting), ["low", "high"]].tolist() == [
        22.9,
        41.1,
    ]
    # a rate from a curve has none of its own
    assert pd.isna(rows.loc[("obe-cel, adults (FELIX)", lasting), "low"])
    counted = rows[rows["low"].notna()]
    assert ((counted["low"] < counted["value"]) & (counted["value"] < counted["high"])).all()
    chart = overview_plot(overview()).to_dict()
    (control,) = [one for one in chart["params"] if one["name"] == "interval_of"]
    assert control["value"] == lasting
    assert set(KINDS) < set(control["bind"]["options"])


def test_halves_are_rounded_up() -> None:
    assert [percent(one) for one in (82.5, 49.5, 2.4)] == ["83%", "50%", "2%"]


def test_a_response_that_is_not_complete_response_is_named_beside_its_mark() -> None:
    chart = overview_plot(overview()).to_dict()
    (rows,) = [one for one in chart["datasets"].values() if any("text" in row for row in one)]
    texts = {row["name"]: row["text"] for row in rows if row["kind"] == "complete response"}
    assert texts["cilta-cel (CARTITUDE-1)"] == "82% stringent"
    assert texts["obe-cel, adults (FELIX)"].endswith("CR or CRi")
    assert texts["axi-cel (ZUMA-5)"] == "75%"
