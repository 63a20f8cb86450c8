"""Estimates are drawn as their sources print them, and an interval only where there is one."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import vl_convert

from cartbook.figures import VEGALITE, specification
from cartbook.plots.estimates import estimates_plot

ROWS = pd.DataFrame(
    {
        "label": ["A", "A", "B"],
        "endpoint": ["complete response", "alive", "alive"],
        "value": [60.0, 40.0, 55.0],
        "low": [None, 30.0, 43.0],
        "high": [None, 50.0, 66.0],
        "unit": "percent",
    }
)


def drawn(rows: pd.DataFrame, **options: str) -> str:
    return vl_convert.vegalite_to_svg(
        specification(estimates_plot(rows, **options)), vl_version=VEGALITE
    )


def test_an_interval_is_written_only_where_it_is_printed() -> None:
    picture = drawn(ROWS, by="endpoint")
    assert set(re.findall(r">(\d+%(?: \([^)]*\))?)<", picture)) >= {
        "60%",
        "40% (30–50)",
        "55% (43–66)",
    }


def test_one_line_a_label_needs_no_groups() -> None:
    assert "55% (43–66)" in drawn(ROWS.query("endpoint == 'alive'"))


def test_rows_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ValueError, match="same label"):
        estimates_plot(ROWS)
    with pytest.raises(ValueError, match="per cent"):
        estimates_plot(ROWS.assign(unit="months"), by="endpoint")


def test_lines_keep_the_order_of_the_rows() -> None:
    rows = ROWS.assign(low=[None, None, 43.0], high=[None, None, 66.0])
    picture = drawn(rows, by="endpoint")
    assert picture.index(">A<") < picture.index(">B<")
    ys = {name: re.search(rf"translate\([\d.]+,([\d.]+)\)[^>]*>{name}<", picture) for name in "AB"}
    assert float(ys["A"][1]) < float(ys["B"][1])
