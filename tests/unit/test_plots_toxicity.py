"""Toxicity's tables add up, and its charts offer the controls that their words promise."""

from __future__ import annotations

import pandas as pd
import vl_convert

from cartbook import pool
from cartbook.figures import VEGALITE
from cartbook.plots.toxicity import (
    AMONG,
    averages,
    clinical_course,
    costimulation_plot,
    course_plot,
    gates_plot,
    logic_gates,
    risk_plot,
    severe_by_costimulation,
)


def test_a_study_counts_once_with_its_latest_number() -> None:
    rows = severe_by_costimulation()
    assert rows["study_id"].is_unique
    counts = rows.set_index("study_id")[["events", "denominator"]]
    assert counts.loc["siddiqi2022"].tolist() == [22, 117]  # grades 3 and 4 of both phases
    assert counts.loc["locke2022"].tolist() == [36, 170]  # the review's table
    assert rows.groupby("costimulation")["denominator"].sum().to_dict() == {
        "4-1BB": 1223,
        "CD28": 1001,
    }


def test_the_averages_follow_the_studies_that_the_reader_chooses() -> None:
    rows = severe_by_costimulation()
    chart = costimulation_plot(rows)
    menu = next(one for one in chart.to_dict()["params"] if "bind" in one)
    assert menu["bind"]["options"] == list(AMONG)
    spec = chart.to_dict()
    for one in spec["params"]:
        if one.get("name") == "among":
            one["value"] = "large B-cell lymphoma"
    drawn = vl_convert.vegalite_to_svg({**spec, "width": 600}, vl_version=VEGALITE)
    studies = rows[rows["disease"].eq("large B-cell lymphoma") & rows["costimulation"].eq("4-1BB")]
    average = pool(studies)
    assert f"{100 * average.estimate:.0f}% ({100 * average.low:.0f}–" in drawn
    assert ">Average, 4-1BB<" in drawn
    assert ">Average, CD28<" not in drawn  # two studies give no average
    assert "ZUMA-7" in drawn
    assert "KarMMa" not in drawn


def test_a_prediction_interval_is_wider_than_the_confidence_interval() -> None:
    means = averages(severe_by_costimulation())
    assert (means["next_low"] <= means["low"]).all()
    assert means["next_low"].iloc[0] < means["low"].iloc[0]
    assert (means["next_high"] >= means["high"]).all()


def test_the_course_has_one_row_for_each_study_with_both_onsets() -> None:
    rows = clinical_course()
    for _, one in rows.groupby("syndrome"):
        assert one["onset"].is_monotonic_increasing
    chart = course_plot(rows).to_dict()
    assert "end" not in rows  # the sum of two medians is not the median of the end
    drawn = vl_convert.vegalite_to_svg({**chart, "width": 600}, vl_version=VEGALITE)
    assert "CRS day 1, NT day 2" in drawn  # KarMMa
    assert drawn.index(">KarMMa") < drawn.index(">FELIX")
    dots = drawn.partition("layer_1_marks")[2].partition("</g>")[0]
    assert dots.count("<path") == len(rows)


def test_risks_are_on_a_logarithmic_axis_with_the_intervals_that_exist() -> None:
    rows = pd.DataFrame(
        {
            "risk": ["first", "second"],
            "kind": "x",
            "percent": [22.7687, 0.1],
            "low": [None, 0.05],
            "high": [None, 0.2],
            "written": ["pooled · 23%", "1/1,000 · 0.1%"],
        }
    )
    chart = risk_plot(rows)
    point = next(one for one in chart.to_dict()["layer"] if one["mark"]["type"] == "point")
    assert point["encoding"]["x"]["scale"]["type"] == "log"
    drawn = vl_convert.vegalite_to_svg({**chart.to_dict(), "width": 300}, vl_version=VEGALITE)
    assert ">pooled · 23%<" in drawn
    assert ">1/1,000 · 0.1%<" in drawn
    assert drawn.index(">first<") < drawn.index(">second<")  # in the order of the rows
    spans = drawn.partition("layer_1_marks")[2].partition("</g>")[0]
    assert spans.count("<line") == 1  # the first row has no interval


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
