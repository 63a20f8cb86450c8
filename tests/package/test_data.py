"""Tables come typed, and what is missing keeps its reason."""

from __future__ import annotations

import pandas as pd
import pytest

import cartbook
from cartbook import evidence, load, reported
from cartbook.check import DataError
from cartbook.data import _read


def test_numbers_are_numbers_and_missing_ones_keep_their_word() -> None:
    outcomes = load("outcomes")
    assert outcomes["value"].dtype == "Float64"
    assert outcomes["denominator"].dtype == "Int64"
    kinds = set(outcomes["value_missing"])
    assert {"not reported", "not reached", ""} <= kinds
    assert (outcomes["value"].isna() == outcomes["value_missing"].ne("")).all()


def test_a_table_is_a_copy() -> None:
    mine = load("studies")
    mine.loc[0, "label"] = "changed"
    assert load("studies").loc[0, "label"] != "changed"


def test_evidence_joins_and_filters() -> None:
    rows = evidence(section="table-1", endpoint="cytokine release syndrome", grade="any")
    assert len(rows) == 6
    assert rows["disease"].nunique() > 2
    assert evidence(study_id=["locke2022", "ying2021"])["study_id"].nunique() == 2


def test_evidence_says_what_it_does_not_know() -> None:
    with pytest.raises(DataError, match="no column 'end_point'"):
        evidence(end_point="x")
    with pytest.raises(DataError, match="no outcome has endpoint = 'cure'"):
        evidence(endpoint="cure")


def test_a_quoted_number_reads_as_a_sentence_needs_it() -> None:
    zuma5 = reported("jacobson2022.single-group.complete-response.text")
    assert str(zuma5.text) == "74\N{NO-BREAK SPACE}%"
    assert repr(zuma5.fraction) == "77 of 104"
    assert str(zuma5.full) == "77 of 104 (74\N{NO-BREAK SPACE}%, 95\N{NO-BREAK SPACE}% CI 65–82\N{NO-BREAK SPACE}%)"
    assert str(reported("shah2021.single-group.overall-survival.text-responders").text) == "not reached"
    assert str(reported("ramos2020.single-group.participants.text-in-cr-before-treatment").text) == "1\N{NO-BREAK SPACE}patient"
    assert str(reported("ying2021.single-group.overall-survival.table-1").text) == "not reported"
    assert str(reported("locke2022.standard-care.complete-response.text").fraction).startswith("about ")


def test_an_unknown_outcome_is_refused_with_its_neighbours() -> None:
    with pytest.raises(DataError, match=r"locke2022\.all"):
        reported("locke2022.nothing")


def test_a_chapter_may_read_only_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    _read.cache_clear()
    monkeypatch.setenv("CARTBOOK_TABLES", "outcomes")
    with pytest.raises(DataError, match=r"add studies\.csv to book: data"):
        load("studies")
    _read.cache_clear()


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(DataError, match="there is no table 'trials'"):
        load("trials")


def test_the_public_face_is_what_it_says() -> None:
    for name in cartbook.__all__:
        assert getattr(cartbook, name) is not None
    with pytest.raises(AttributeError, match="it offers"):
        _ = cartbook.forest_plot  # type: ignore[attr-defined]


def test_small_samples_are_marked() -> None:
    rows = cartbook.proportions(evidence(section="table-1", endpoint="cytokine release syndrome", grade="any"))
    assert rows.loc[rows["small"], "denominator"].max() < 30 <= rows.loc[~rows["small"], "denominator"].min()
    assert isinstance(rows, pd.DataFrame)
