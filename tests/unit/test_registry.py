"""The update of the registry counts made-up answers by rule, and says what has changed to a person."""

from __future__ import annotations

import io
import json
import shutil
import urllib.error
from collections.abc import Callable
from datetime import date
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from helpers import DATA

from cartbook.registry import api, trials, update
from cartbook.registry.api import RegistryError

TODAY = date(2027, 1, 4)
CITED = "NCT02348216"  # ZUMA-1


def study(number: int | str, **changes: Any) -> dict[str, Any]:
    """Return a record as the registry's API gives it."""
    given = {
        "title": "CD19 CAR-T cells in lymphoma",
        "status": "RECRUITING",
        "posted": "2020-05-04",
        "phases": ["PHASE1", "PHASE2"],
        "count": 30,
        "conditions": ["Lymphoma, B-Cell"],
        "interventions": ["CD19 CAR-T cells"],
        "places": [("Beijing", "China")],
        "results": None,
        "sponsor": "OTHER",
    } | changes
    measures = {"outcomeMeasuresModule": {"outcomeMeasures": given["results"] or []}}
    return {
        "protocolSection": {
            "identificationModule": {
                "nctId": number if isinstance(number, str) else f"NCT{number:08d}",
                "briefTitle": given["title"],
            },
            "statusModule": {
                "overallStatus": given["status"],
                "studyFirstPostDateStruct": {"date": given["posted"]},
                "startDateStruct": {"date": "2020-06"},
            },
            "designModule": {
                "phases": given["phases"],
                "enrollmentInfo": {"count": given["count"]},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"class": given["sponsor"]}},
            "eligibilityModule": {"stdAges": ["ADULT", "OLDER_ADULT"], "maximumAge": "75 Years"},
            "conditionsModule": {"conditions": given["conditions"]},
            "armsInterventionsModule": {
                "interventions": [{"name": name} for name in given["interventions"]]
            },
            "contactsLocationsModule": {
                "locations": [
                    {"city": city, "country": country} for city, country in given["places"]
                ]
            },
        },
        "hasResults": given["results"] is not None,
        "resultsSection": measures,
    }


def page(*studies: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"studies": list(studies), **more}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., list[Path]]:
    """Save pages of an answer; return their paths."""

    def save(*pages: Any) -> list[Path]:
        paths = []
        for number, one in enumerate(pages):
            path = tmp_path / f"page{number}.json"
            path.write_text(one if isinstance(one, str) else json.dumps(one), encoding="utf-8")
            paths.append(path)
        return paths

    return save


def run(data: Path, saved: list[Path], **options: Any) -> str:
    return update.update(data, saved=saved, today=TODAY, sentences=False, **options)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({}, "disease", "lymphoma"),
        ({"conditions": ["Multiple Myeloma"]}, "disease", "multiple myeloma"),
        ({"conditions": ["T-cell Acute Lymphoblastic Leukemia"]}, "disease", "T-cell malignancies"),
        ({"conditions": ["Acute Myeloid Leukemia", "AML"]}, "disease", "acute myeloid leukaemia"),
        ({"conditions": ["Lymphoma", "Multiple Myeloma"]}, "disease", "several diseases"),
        ({"conditions": ["Hematologic Malignancy"]}, "disease", "other"),
        ({}, "target", "CD19"),
        ({"interventions": ["CD19/CD22 CAR-T"]}, "target", "two or more targets"),
        ({"title": "Cells", "interventions": ["ciltacabtagene autoleucel"]}, "target", "BCMA"),
        ({"title": "CAR-T cells", "interventions": ["CAR T"]}, "target", "not stated"),
        ({"status": "WITHDRAWN"}, "kind", "withdrawn"),
        ({"title": "Long-term follow-up of CAR-T cells"}, "kind", "long-term follow-up"),
        ({"phases": ["PHASE1", "PHASE2"]}, "phase", "phase 1/2"),
        ({"phases": []}, "phase", "not applicable"),
        ({"sponsor": "INDUSTRY"}, "sponsor", "industry"),
        ({}, "ages", "adults"),
        ({}, "oldest", "71 to 75 years"),
        (
            {"places": [("Boston", "USA"), ("Boston", "United States")]},
            "countries",
            ("United States",),
        ),
    ],
)
def test_a_record_is_counted_by_rule(changes: dict[str, Any], column: str, value: Any) -> None:
    found = trials.trial(study(1, **changes))
    assert isinstance(found, trials.Trial)
    assert getattr(found, column) == value
    assert all(": " in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"conditions": ["Breast Cancer"]}, "no blood cancer"),
        ({"title": "Rituximab", "interventions": ["rituximab"]}, "no CAR-T cells"),
        ({"title": "CAR-NK cells and CAR-T cells"}, "CAR-NK or CAR-γδ cells"),
    ],
)
def test_what_does_not_count_has_a_reason(changes: dict[str, Any], reason: str) -> None:
    assert trials.trial(study(1, **changes)) == reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "PAUSED"}, "NCT00000001: the status 'PAUSED' is in no rule"),
        ({"phases": ["PHASE7"]}, "the phase 'PHASE7'"),
        ({"places": [("X", "P.R.C. China")]}, "the country 'P.R.C. China'"),
        ({"posted": "05/04/2020"}, "the date '05/04/2020'"),
        ({"count": "some"}, "the number of patients 'some'"),
        ({"sponsor": "CLUB"}, "the class of sponsor 'CLUB'"),
    ],
)
def test_an_unknown_word_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(
        RegistryError, match=r"in no rule; add it to registry/terms\.toml"
    ) as caught:
        trials.trial(study(1, **changes))
    assert words in str(caught.value)


def test_the_first_update_counts_and_a_later_one_says_what_has_changed(
    data: Path, answer: Callable[..., list[Path]]
) -> None:
    first = run(data, answer(page(study(1), study(2), study(3), study(4, conditions=["Glioma"]))))
    assert "3 of 4 studies" in first
    assert "nothing to compare it with" in first
    assert "no blood cancer: 1" in first
    table = (data / "recount.csv").read_text(encoding="utf-8")
    assert "NCT" not in table
    assert table.count("\n") > 7
    second = run(
        data,
        answer(
            page(
                study(1, count=90), study(2, status="WITHDRAWN"), study(5, title="New CAR-T cells")
            )
        ),
    )
    for words in (
        "### Added: 1",
        "NCT00000005, New CAR-T cells (lymphoma; CD19; phase 1/2)",
        "### Withdrawn: 1",
        "status: RECRUITING becomes WITHDRAWN",
        "### Changed: 1",
        "number of patients: 30 becomes 90",
        "### No longer found: 1",
        "NCT00000003, CD19 CAR-T cells in lymphoma",
    ):
        assert words in second
    assert (data / "registry" / "2027-01-04.md").read_text(encoding="utf-8") == f"{second}\n"
    assert not list(data.rglob("*.new"))


def test_results_of_a_cited_trial_are_set_beside_the_book_s_rows(
    data: Path, answer: Callable[..., list[Path]]
) -> None:
    measure = {
        "type": "PRIMARY",
        "title": "Objective Response Rate",
        "unitOfMeasure": "percentage of participants",
        "groups": [{"id": "OG000", "title": "Axicabtagene Ciloleucel"}],
        "classes": [{"categories": [{"measurements": [{"groupId": "OG000", "value": "72"}]}]}],
    }
    posted = study(CITED, results=[measure])
    text = run(data, answer(page(posted)))
    assert "for trials of this book: 1" in text
    assert (
        "Objective Response Rate (percentage of participants): Axicabtagene Ciloleucel: 72" in text
    )
    assert "lt-zuma1-5y.complete-response" in text
    assert "for trials of this book: 0" in run(data, answer(page(posted)))  # said once


def test_two_pages_are_one_answer(data: Path, answer: Callable[..., list[Path]]) -> None:
    text = run(data, answer(page(study(1), nextPageToken="b", totalCount=2), page(study(2))))
    assert "2 of 2 studies" in text
    asked: list[str] = []

    def ask(address: str) -> bytes:
        asked.append(address)
        more = {"nextPageToken": "b", "totalCount": 2} if len(asked) == 1 else {}
        return json.dumps(page(study(len(asked)), **more)).encode()

    assert len(api.studies(ask=ask)) == 2
    assert "pageToken" not in asked[0]
    assert asked[1].endswith("pageToken=b")


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        (["<html>"], "is not JSON"),
        ([{"message": "new format"}], "has no list of studies"),
        ([page()], "no study at all"),
        ([page(study(1), totalCount=3)], "announces 3 studies and gave 1"),
        ([page(study(1), nextPageToken="b")], "further pages follow"),
        ([page(study("1234"))], "is none of the registry"),
        ([page(study(1, conditions=["Glioma"]))], "no study of the answer is a trial"),
    ],
)
def test_a_bad_answer_is_one_line_and_nothing_is_written(
    data: Path, answer: Callable[..., list[Path]], pages: list[Any], words: str
) -> None:
    before = files(data)
    with pytest.raises(RegistryError, match=words) as caught:
        run(data, answer(*pages))
    assert "\n" not in str(caught.value)
    assert files(data) == before


def test_a_server_that_is_busy_is_asked_again_after_the_time_that_it_states(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = Message()
    headers["Retry-After"] = "7"
    answers: list[Any] = [
        urllib.error.HTTPError("https://x", 429, "busy", headers, None),
        urllib.error.URLError("no route"),
        io.BytesIO(b"{}"),
    ]

    def urlopen(*_: Any, **__: Any) -> Any:
        one = answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    waited: list[float] = []
    assert api.fetch("https://clinicaltrials.gov/api", waited.append) == b"{}"
    assert waited == [7.0, 10.0]
    answers[:] = [urllib.error.HTTPError("https://x", 404, "gone", Message(), None)]
    with pytest.raises(RegistryError, match=r"clinicaltrials.gov does not answer \(HTTP 404\)"):
        api.fetch("https://clinicaltrials.gov/api", waited.append)
    answers[:] = [urllib.error.URLError("no route")] * 4
    with pytest.raises(RegistryError, match="no route"):
        api.fetch("https://clinicaltrials.gov/api", waited.append)
