"""What becomes of enrolled patients is counted once per trial, and the licence grid follows its year."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cartbook.plots.products import delay_plot, fate_bars, fates, licence_grid, waits_plot

COLUMNS = ["trial_name", "endpoint", "events", "denominator"]


def rows(*found: tuple[str, str, int | None, int | None]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=COLUMNS).astype({"events": "Int64", "denominator": "Int64"})


def test_the_largest_denominator_with_both_numbers_counts() -> None:
    found = fates(
        rows(
            ("A", "infused", 115, 167),
            ("A", "not infused", 50, 165),
            ("A", "manufacturing failure", 12, 165),
            ("B", "infused", 79, 97),
            ("B", "manufacturing failure", 8, 18),
            ("C", "infused", 68, 74),
            ("C", "manufactured", 71, 74),
            ("C", "not infused", None, 74),
        )
    )
    assert found.to_numpy().tolist() == [
        ["A", 165, 115, 12, 38],
        ["B", 97, 79, 8, 10],
        ["C", 74, 68, 3, 3],
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([("A", "infused", 9, 10)], "A: no denominator"),
        (
            [("A", "infused", 9, 10), ("A", "not infused", 2, 10), ("A", "manufactured", 10, 10)],
            "A: the sources disagree",
        ),
    ],
)
def test_a_trial_that_cannot_be_counted_is_named(found: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fates(rows(*found))


def test_bars_leave_out_empty_parts_and_offer_two_views() -> None:
    table = fates(rows(("A", "infused", 9, 10), ("A", "manufactured", 10, 10)))
    chart = fate_bars(table).to_dict()
    data = next(one for one in chart["datasets"].values() if "fate" in one[0])
    assert [(one["fate"], one["patients"]) for one in data] == [
        ("infused", 9),
        ("other reasons", 1),
    ]
    (control,) = [one for one in chart["params"] if one["name"] == "shown"]
    assert control["bind"]["options"] == ["all enrolled", "those not infused"]
    words = next(one for one in chart["datasets"].values() if "lost" in one[0])
    assert words[0]["lost"] == "0 of 1 without a product"


def test_a_licence_that_is_missing_is_hollow_and_not_in_the_median() -> None:
    pairs = pd.DataFrame(
        {
            "licence": ["a", "b", "c"],
            "known": ["no licence", "to the year", "to the month"],
            "months": [27, 11, 7],
            "latest": [27, 22, 7],
            "from_line_first": ["3rd line", "3rd line", "relapsed"],
            "from_line_second": [None, "3rd line", "3rd line"],
        }
    )
    sets = list(delay_plot(pairs, "Months").to_dict()["datasets"].values())
    lines = next(one for one in sets if "written" in one[0])
    assert [one["written"] for one in lines] == ["+11 to +22", "+7", "none after 27"]
    assert [one["licence"] for one in lines] == ["b", "c, relapsed v 3rd", "a"]
    assert [{"months": 9.0}] in sets


def test_a_wait_has_a_range_only_where_one_is_printed() -> None:
    times = pd.DataFrame(
        {
            "line": ["a", "b"],
            "product": ["a-cel", "b-cel"],
            "where": ["Europe", "randomised trial"],
            "days": [38.0, 49.0],
            "shortest": [None, 34.0],
            "longest": [None, 117.0],
        }
    )
    (lines,) = waits_plot(times).to_dict()["datasets"].values()
    assert [one["written"] for one in lines] == ["38", "49 (range 34–117)"]


def test_a_licence_holds_until_the_next_one_of_its_cell() -> None:
    licences = pd.DataFrame(
        {
            "product_id": "a",
            "short_name": "a-cel",
            "disease": "lymphoma",
            "agency": ["FDA", "EMA", "FDA"],
            "from_line": ["3rd line", "3rd line", "2nd line"],
            "year": [2020, 2021, 2022],
            "step": [1, 1, 2],
        }
    )
    chart = licence_grid(licences).to_dict()
    cells = next(one for one in chart["datasets"].values() if "until" in one[0])
    assert [(one["line"], one["year"], one["until"], one["first"]) for one in cells] == [
        ("3rd line", 2020, 2022, 1),
        ("3rd line", 2021, 9999, 1),
        ("2nd line", 2022, 9999, 0),
    ]
    (control,) = [one for one in chart["params"] if one["name"] == "year"]
    assert (control["bind"]["min"], control["bind"]["max"], control["value"]) == (2020, 2022, 2022)
