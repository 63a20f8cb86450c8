"""Toxicity's tables add up, and its charts offer the controls that their words promise."""

from __future__ import annotations

import pandas as pd
import vl_convert

from cartbook import proportion
from cartbook.figures import VEGALITE
from cartbook.plots.toxicity import (
    AMONG,
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


def test_the_sums_follow_the_studies_that_the_reader_chooses() -> None:
    rows = severe_by_costimulation()
    chart = costimulation_plot(rows)
    menu = next(one for one in chart.to_dict()["params"] if "bind" in one)
    assert menu["bind"]["options"] == list(AMONG)
    spec = chart.to_dict()
    for one in spec["params"]:
        if one.get("name") == "among":
            one["value"] = "large B-cell lymphoma"
    drawn = vl_convert.vegalite_to_svg({**spec, "width": 600}, vl_version=VEGALITE)
    axi = proportion(28 + 36, 101 + 170)  # ZUMA-1 and ZUMA-7
    assert f"64/271 · 24% ({100 * axi.low:.0f}–{100 * axi.high:.0f})" in drawn
    assert "ZUMA-7" in drawn
    assert "KarMMa" not in drawn


def test_the_course_shows_onsets_and_says_durations() -> None:
    rows = clinical_course()
    for _, one in rows.groupby("syndrome"):
        assert one["onset"].is_monotonic_increasing
    chart = course_plot(rows).to_dict()
    fields = {one["encoding"]["x"].get("field") for one in chart["layer"] if "x" in one["encoding"]}
    assert "end" not in rows  # the sum of two medians is not the median of the end
    assert "onset" in fields
    assert not any("x2" in one["encoding"] for one in chart["layer"])
    drawn = vl_convert.vegalite_to_svg({**chart, "width": 600}, vl_version=VEGALITE)
    whole = rows[rows["duration"].notna()].iloc[0]
    assert f"day {whole.onset:g}, for {whole.duration:g} days" in drawn


def test_an_onset_without_a_duration_is_still_drawn() -> None:
    rows = clinical_course()
    alone = rows[rows["duration"].isna()]
    assert {"ZUMA-1 (axi-cel)"} <= set(alone.loc[alone["syndrome"] == "neurotoxicity", "study"])
    drawn = vl_convert.vegalite_to_svg(
        {**course_plot(rows).to_dict(), "width": 600}, vl_version=VEGALITE
    )
    first = rows["study"].iloc[0].partition(" ")[0]
    assert drawn.index(f">{first}") < drawn.index(f">{rows['study'].iloc[-1].partition(' ')[0]}")
    dots = drawn.partition("layer_0_marks")[2].partition("</g>")[0]
    assert dots.count("<path") == len(rows)


def test_risks_are_on_a_logarithmic_axis_with_the_intervals_that_exist() -> None:
    rows = pd.DataFrame(
        {
            "risk": ["first", "second"],
            "kind": "x",
            "percent": [22.7687, 0.1],
            "low": [None, 0.05],
            "high": [None, 0.2],
        }
    )
    chart = risk_plot(rows)
    point = next(one for one in chart.to_dict()["layer"] if one["mark"]["type"] == "point")
    assert point["encoding"]["x"]["scale"]["type"] == "log"
    drawn = vl_convert.vegalite_to_svg({**chart.to_dict(), "width": 300}, vl_version=VEGALITE)
    assert ">23%<" in drawn
    assert ">0.1%<" in drawn
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
