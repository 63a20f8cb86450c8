"""A chart's table and its two CSV files give the same numbers, none of them rounded away."""

from __future__ import annotations

import csv
import io
import re

import pytest
from helpers import SITE, WITH_CHARTS, tree

NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")


@pytest.mark.parametrize("page", WITH_CHARTS)
def test_table_and_files_agree_and_no_number_is_shown_as_zero(page: str) -> None:
    for figure in (one for one in tree(page).iter("figure") if one.get("data-chart")):
        name = figure.get("data-chart")
        shown = [
            [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("th", "td")]
            for row in figure.iter("tr")
        ]
        plain = (SITE / "figures" / f"{name}.csv").read_bytes()
        assert (SITE / "figures" / f"{name}-excel.csv").read_bytes() == b"\xef\xbb\xbf" + plain
        rows = list(csv.reader(io.StringIO(plain.decode())))
        assert len(rows) == len(shown), name
        if (
            "outcome_id" in rows[0]
        ):  # in the files only: the page links the row's number to its entry
            place = rows[0].index("outcome_id")
            rows = [row[:place] + row[place + 1 :] for row in rows]
        for told, read in zip(shown[1:], rows[1:], strict=True):
            for cell, value in zip(told, read, strict=True):
                if NUMBER.fullmatch(value) and NUMBER.fullmatch(cell):
                    half = 0.5 * 10.0 ** -len(cell.partition(".")[2])
                    assert float(cell) == pytest.approx(float(value), abs=1.001 * half), (
                        name,
                        cell,
                        value,
                    )
                    assert (float(cell) == 0) == (float(value) == 0), (name, cell, value)
                    assert len(value.partition(".")[2].lstrip("0")) <= 6, (name, value)
                else:
                    assert cell == " ".join(value.split()), name
