"""The charts of the Summary of Findings say what its rows say."""

from __future__ import annotations

import json
import re

import pytest
import vl_convert

from cartbook.figures import VEGALITE, specification
from cartbook.plots.summary import difference_plot, rate_plot, ratio_explorer
from cartbook.summary import summary_rows, with_ratio

ROWS = summary_rows()
COMPARED = ROWS[ROWS["difference"].notna()]
RATES = ROWS[ROWS["question"] == "rate"]


def drawn(chart: object) -> list[str]:
    spec = specification(chart)  # type: ignore[arg-type]
    picture = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=VEGALITE)
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture)


def test_differences_are_written_with_sign_interval_and_certainty() -> None:
    words = drawn(difference_plot(COMPARED))
    assert "+9 (−2 to +19), moderate" in words
    assert "+11 (−3 to +25), low" in words
    assert {"alive", "free of an event or of progression"} <= set(words)


def test_more_deaths_are_drawn_as_fewer_alive() -> None:
    words = drawn(difference_plot(COMPARED))
    assert "Ide-cel (KarMMa-3): alive, 9 months" in words
    assert "−7 (−14 to +1), low" in words
    assert not [one for one in words if "dead" in one]


def test_largest_difference_comes_first() -> None:
    living = COMPARED[~COMPARED["label"].str.contains(": dead,")]
    words = [one for one in drawn(difference_plot(living)) if one in set(living["label"])]
    order = living.sort_values("difference", ascending=False)["label"]
    assert list(dict.fromkeys(words)) == list(order)


def test_a_rate_has_no_difference_to_draw() -> None:
    with pytest.raises(ValueError, match="difference"):
        difference_plot(RATES)
    with pytest.raises(ValueError, match="no rows"):
        rate_plot(RATES.head(0))
    with pytest.raises(ValueError, match="hazard ratio"):
        ratio_explorer(RATES)


def test_rates_are_written_with_prediction_interval_and_certainty() -> None:
    words = drawn(rate_plot(RATES))
    assert any("a new trial" in one and one.endswith(", low") for one in words)
    assert "32 to 43 of 100 (range), moderate" in words


def test_explorer_starts_with_the_first_line_at_its_control_group() -> None:
    rows = COMPARED[COMPARED["method"] == "landmarks"].dropna(subset=["ratio"])
    first = rows.iloc[0]
    gain = with_ratio(46, first["ratio"]) - 46
    assert any(
        one.startswith(f"By the ratio +{gain:.0f} of 100")
        for one in drawn(ratio_explorer(rows, control=46))
    )
