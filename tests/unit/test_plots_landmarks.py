"""Landmark rates are joined by lines from 100%, with the intervals that sources print."""

from __future__ import annotations

import pandas as pd
import pytest

from cartbook.figures import specification
from cartbook.plots.landmarks import landmark_plot

RATES = pd.DataFrame(
    {
        "label": ["A", "A", "B"],
        "at_month": [12, 30, 12],
        "value": [75.9, 59.4, 48.6],
        "low": [69.4, None, 41.5],
        "high": [81.1, None, 55.3],
        "control": [False, False, True],
    }
)


def rows(spec: dict, *columns: str) -> list[list]:
    return [
        [row[name] for name in columns]
        for data in spec["datasets"].values()
        if set(columns) <= set(data[0])
        for row in data
    ]


def test_each_line_starts_at_100_per_cent_and_intervals_are_drawn_where_printed() -> None:
    spec = specification(landmark_plot(RATES, dashed="control"))
    assert ["A", 0.0, 100.0, False] in rows(spec, "group", "at_month", "value", "dashes")
    assert rows(spec, "group", "low", "high") == [["A", 69.4, 81.1], ["B", 41.5, 55.3]]
    assert ["75.9% (95% CI 69.4–81.1)"] in rows(spec, "written")
    assert ["59.4%"] in rows(spec, "written")


def test_two_rates_of_one_group_and_month_are_refused() -> None:
    with pytest.raises(ValueError, match="one rate for each month"):
        landmark_plot(pd.concat([RATES, RATES]))
    with pytest.raises(ValueError, match="needs the columns low"):
        landmark_plot(RATES.drop(columns="low"))
