"""Licences are ordered and compared by product, disease and step; funding is read from NICE's decisions."""

from __future__ import annotations

import pandas as pd
import pytest

from cartbook import licensing

PRODUCTS = pd.DataFrame(
    {"product_id": ["a", "b"], "short_name": ["a-cel", "b-cel"], "target": ["CD19", "BCMA"]}
)
COLUMNS = ("approval_id", "product_id", "agency", "kind", "date", "precision", "line", "note")
ROWS = [
    ("a-fda", "a", "FDA", "approval", "2020-01-31", "day", "after two or more lines", "none"),
    ("a-fda-2", "a", "FDA", "label change", "2022-03-01", "day", "second line", "none"),
    ("a-ema", "a", "EMA", "approval", "2020-12", "month", "after three or more lines", "none"),
    ("a-ema-2", "a", "EMA", "label change", "2022-02", "month", "second line", "none"),
    ("a-nmpa", "a", "NMPA", "approval", "2021", "year", "not reported", "none"),
    ("a-safety", "a", "FDA", "safety action", "2024-01-01", "day", "not applicable", "none"),
    ("b-nice", "b", "NICE", "no recommendation", "not reported", "not reported", "x", "Appraisal ended."),
    ("a-nice", "a", "NICE", "recommendation", "2023", "year", "second line", "Routine use, at last."),
]  # fmt: skip


def decisions(*rows: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(
        disease="lymphoma", indication="adults", document="none"
    )


@pytest.fixture(autouse=True)
def _tables(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {"products": PRODUCTS, "approvals": decisions(*ROWS)}
    monkeypatch.setattr(licensing, "load", lambda name: tables[name].copy())


def test_licences_are_decisions_of_agencies_with_their_step_and_line() -> None:
    found = licensing.licences().set_index("approval_id")
    assert list(found.index) == ["a-fda", "a-ema", "a-nmpa", "a-ema-2", "a-fda-2"]
    assert found["step"].to_dict() == {
        "a-fda": 1,
        "a-ema": 1,
        "a-nmpa": 1,
        "a-ema-2": 2,
        "a-fda-2": 2,
    }
    assert found.loc["a-ema", "from_line"] == "4th line"
    assert found.loc["a-nmpa", "from_line"] == "relapsed"


def test_a_delay_compares_the_same_step_and_may_be_negative() -> None:
    found = licensing.delays("FDA", "EMA")
    assert found["months"].tolist() == [11, -1]
    assert found["licence"].tolist() == ["a-cel: lymphoma", "a-cel: lymphoma, earlier line"]


def test_a_date_known_to_the_year_gives_no_delay() -> None:
    assert licensing.delays("FDA", "NMPA").empty


def test_until_keeps_the_pairs_that_cannot_be_dated() -> None:
    year = licensing.delays("FDA", "NMPA", until="2022-06")
    assert year[["known", "months", "latest"]].to_numpy().tolist() == [["to the year", 12, 23]]
    none = licensing.delays("FDA", "MHRA", until="2022-06")
    assert none[["known", "months", "latest"]].to_numpy().tolist() == [["no licence", 29, 29]]
    both = licensing.delays("FDA", "EMA", until="2022-06")
    assert set(both["known"]) == {"to the month"}
    assert both["months"].tolist() == licensing.delays("FDA", "EMA")["months"].tolist()


def test_funding_is_read_from_the_first_words_of_the_note() -> None:
    found = licensing.england()
    assert found[["short_name", "funding"]].to_numpy().tolist() == [
        ["a-cel", "Routine use"],
        ["b-cel", "Appraisal ended"],
    ]


def test_a_decision_without_funding_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {"products": PRODUCTS, "approvals": decisions((*ROWS[-1][:-1], "Perhaps."))}
    monkeypatch.setattr(licensing, "load", lambda name: tables[name])
    with pytest.raises(ValueError, match="begins with none of"):
        licensing.england()
