"""A row is added after it is checked, whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers import DATA

from cartbook import authoring
from cartbook.authoring import AuthoringError, add, source_of

ROW = [
    "outcome_id=locke2022.axi-cel.made-up",
    "study_id=locke2022",
    "arm=axicabtagene ciloleucel",
    "endpoint=complete response",
    "statistic=proportion",
    "population=infused",
    "value=60",
    "unit=percent",
    "events=6",
    "denominator=10",
    "source_id=locke2022",
    "place=made up",
    "printed=6 of 10 (60%)",
    "as_of=2022",
    "topic=response",
    "flag=none",
    "note=none",
    "follow_up_months=not reported",
    *(
        f"{column}=not applicable"
        for column in (
            *("endpoint_printed", "grade", "subgroup", "denominator_basis", "low", "high"),
            *("at_month", "section"),
        )
    ),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def test_a_valid_row_is_appended(data: Path) -> None:
    before = (data / "outcomes.csv").read_text(encoding="utf-8")
    assert add(data, "outcome", ROW, show=False) == []
    after = (data / "outcomes.csv").read_text(encoding="utf-8")
    assert after.startswith(before)
    line = after.removeprefix(before)
    assert line.startswith("locke2022.axi-cel.made-up,locke2022,axicabtagene ciloleucel,")
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["events=7"], "data/outcomes.csv, row"),
        (["study_id=nobody"], "'nobody' is not in studies.csv"),
        (["endpoint=complete remission"], "is not an allowed value; the nearest is"),
        (["colour=red"], "is not COLUMN=VALUE with one of the columns outcome_id"),
        (["events"], "'events' is not COLUMN=VALUE"),
    ],
)
def test_a_wrong_row_is_refused_with_its_reason_and_nothing_is_written(
    data: Path, changes: list[str], words: str
) -> None:
    before = (data / "outcomes.csv").read_bytes()
    with pytest.raises(AuthoringError) as caught:
        add(data, "outcome", [*ROW, *changes], show=False)
    assert words in str(caught.value)
    assert (data / "outcomes.csv").read_bytes() == before
    assert not list(data.glob("*.new"))


def test_a_column_without_a_value_is_asked_for_with_its_words(data: Path) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "proportion" if question.startswith("statistic:") else "not reported"

    add(data, "outcome", [one for one in ROW if "statistic" not in one], ask=ask, show=False)
    (statistic,) = [one for one in asked if one.startswith("statistic:")]
    assert "hazard ratio" in statistic
    assert not [one for one in asked if one.startswith("value:")]
    with pytest.raises(
        AuthoringError, match=r"column statistic needs a value, one of: .*proportion"
    ):
        add(data, "outcome", [one for one in ROW if "statistic" not in one], show=False)
    no_value = (
        "column follow_up_months needs a value, one of: not reported; not reached; not applic"
    )
    with pytest.raises(AuthoringError, match=no_value):
        add(data, "outcome", [one for one in ROW if "follow_up" not in one], show=False)


def test_nothing_is_written_without_agreement(data: Path) -> None:
    before = (data / "outcomes.csv").read_bytes()
    with pytest.raises(AuthoringError, match="nothing was written"):
        add(data, "outcome", ROW, agree=lambda _: False, show=False)
    assert (data / "outcomes.csv").read_bytes() == before


def test_a_doi_fills_the_row_of_a_source() -> None:
    work = {
        "title": ["A made-up  trial"],
        "author": [{"family": "Example", "given": "Ann Berta"}],
        "short-container-title": ["J. Made-up Res."],
        "container-title": ["Journal of Made-up Research"],
        "issued": {"date-parts": [[2027, 3]]},
    }
    answers: dict[str, Any] = {
        authoring.IDS: {"records": [{"doi": "10.9999/EX", "pmid": 123, "pmcid": "PMC9"}]},
        authoring.CROSSREF: {"message": work},
    }

    def fetch(address: str) -> bytes:
        return json.dumps(next(answers[one] for one in answers if address.startswith(one))).encode()

    assert source_of("https://doi.org/10.9999/EX", fetch) == {
        "title": "A made-up trial",
        "first_author": "Example AB",
        "journal": "J Made-up Res",
        "year": "2027",
        "doi": "10.9999/ex",
        "pmid": "123",
        "pmcid": "PMC9",
        "address": "https://doi.org/10.9999/ex",
    }
    answers[authoring.CROSSREF] = {"message": {"title": []}}
    with pytest.raises(AuthoringError, match=r"does not describe 10\.9999/EX"):
        source_of("10.9999/EX", fetch)
    answers[authoring.IDS] = {"records": [{"pmid": 1}]}
    with pytest.raises(AuthoringError, match="is no DOI"):
        source_of("1", fetch)
