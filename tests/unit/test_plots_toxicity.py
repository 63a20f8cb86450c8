"""Toxicity's tables add up, and its charts offer the controls that their words promise."""

from __future__ import annotations

import pandas as pd

from cartbook.plots.toxicity import (
    clinical_course,
    course_plot,
    gates_plot,
    logic_gates,
    risk_plot,
    severe_by_costimulation,
)


def test_severe_rates_have_the_costimulation_of_their_product() -> None:
    rows = severe_by_costimulation()
    sums = rows.groupby(["endpoint", "costimulation"])[["events", "denominator"]].sum()
    assert sums.loc[("neurotoxicity", "CD28")].tolist() == [78, 373]
    assert sums.loc[("neurotoxicity", "4-1BB")].tolist() == [25, 417]


def test_a_course_ends_after_its_duration() -> None:
    rows = clinical_course()
    assert (rows["end"] == rows["onset"] + rows["duration"]).all()
    assert rows["onset"].is_monotonic_increasing
    bar = next(one for one in course_plot(rows).to_dict()["layer"] if one["mark"]["type"] == "bar")
    assert (bar["encoding"]["x"]["field"], bar["encoding"]["x2"]["field"]) == ("onset", "end")


def test_risks_are_on_a_logarithmic_axis() -> None:
    rows = pd.DataFrame({"risk": ["a", "b"], "kind": "x", "percent": [10.0, 0.1], "of": "y"})
    point = next(
        one for one in risk_plot(rows).to_dict()["layer"] if one["mark"]["type"] == "point"
    )
    assert point["encoding"]["x"]["scale"]["type"] == "log"


def test_rules_kill_what_they_say() -> None:
    rows = logic_gates()
    killed = rows[rows["fate"] == "killed"].groupby("rule")["cell"].agg(set).to_dict()
    assert killed == {
        "A OR B": {"A and B", "A only", "B only"},
        "A AND B": {"A and B"},
        "A AND NOT B": {"A only"},
    }
    names = {one["name"] for one in gates_plot(rows).to_dict()["params"] if "bind" in one}
    assert names == {"has_a", "has_b"}
