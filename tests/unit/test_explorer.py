"""The rows of the explorer, and the questions that its page offers."""

from __future__ import annotations

import pytest

from cartbook.sphinxext import entries
from cartbook.sphinxext.explorer import _sorted, _views, facts


def test_rows_come_by_disease_study_and_end_point() -> None:
    rows = _sorted(list(entries.outcomes().values()))
    alone = [row["study_id"] != entries.NO_STUDY for row in rows]
    assert alone == sorted(alone, reverse=True)  # numbers of no single study are last
    labels = [row["study_id"] for row in rows]
    blocks = [one for one, before in zip(labels, [None, *labels], strict=False) if one != before]
    assert len(blocks) == len(set(blocks))  # a study is in one place


def test_a_question_has_rows_or_is_an_error() -> None:
    rows = [facts(row) for row in entries.outcomes().values()]
    (view,) = _views(["How often?: endpoint=complete response; disease=multiple myeloma"], rows)
    assert view["query"] == "endpoint=complete+response&disease=multiple+myeloma"
    assert view["count"] > 0
    with pytest.raises(ValueError, match="has no row"):
        _views(["How often?: endpoint=complete remission"], rows)
    with pytest.raises(ValueError, match="filter 'colour', which is none of study"):
        _views(["How often?: colour=red"], rows)
