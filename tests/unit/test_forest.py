"""Forest plots choose their axis by what the rows are, and refuse a mixture."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from cartbook import evidence
from cartbook.forest import forest

RATIOS = pd.DataFrame(
    {
        "label": ["A", "B"],
        "statistic": "hazard ratio",
        "value": [1.07, 0.35],
        "low": [0.82, 0.23],
        "high": [1.4, 0.53],
    }
)


def test_proportions_have_wilson_intervals_and_the_largest_comes_first() -> None:
    rows = evidence(endpoint="complete response", target="CD19", section="table-1")
    data = next(iter(forest(rows, show="endpoint").to_dict()["datasets"].values()))
    assert [one["percent"] for one in data] == sorted(
        (one["percent"] for one in data), reverse=True
    )
    assert all(one["low"] < one["percent"] < one["high"] for one in data)
    assert data[0]["line"].endswith("(complete response)")


def test_ratios_are_on_a_logarithmic_axis_with_the_source_s_interval() -> None:
    chart = forest(RATIOS, title="Hazard ratio").to_dict()
    span = next(one for one in chart["layer"] if "x2" in one["encoding"])
    assert span["encoding"]["x"]["scale"]["type"] == "log"
    data = chart["datasets"][chart["data"]["name"]]
    assert [(one["line"], one["written"]) for one in data] == [
        ("B", "0.35 (0.23–0.53)"),
        ("A", "1.07 (0.82–1.40)"),
    ]


def test_ratios_and_proportions_do_not_share_an_axis() -> None:
    mixed = pd.concat([RATIOS, RATIOS.assign(statistic="proportion")])
    with pytest.raises(ValueError, match="proportions or ratios"):
        forest(mixed)


def test_a_name_that_is_also_a_module_is_imported_as_the_function() -> None:
    code = "from cartbook import check, forest; assert callable(forest) and callable(check)"
    subprocess.run([sys.executable, "-c", code], check=True)
