"""What an entry says of a reported number, its source, and the sentence of the book that uses it."""

from __future__ import annotations

import pytest
from docutils import nodes
from docutils.utils import new_document
from pybtex.database import parse_string

from cartbook.sphinxext import entries
from cartbook.sphinxext.evidence import sentence
from cartbook.tables import Quote, quote

ZUMA5 = "jacobson2022.single-group.complete-response.text"


@pytest.mark.parametrize(
    ("key", "number", "kind"),
    [
        (ZUMA5, "77 of 104 (74%, 95% CI 65–82)", "Wilson, computed here"),
        (
            "rct-zuma7-os.overall-survival-hazard-ratio",
            "0.73 (95% CI 0.54–0.98)",
            "as the source prints it",
        ),
    ],
)
def test_an_interval_is_the_sources_own_or_wilsons(key: str, number: str, kind: str) -> None:
    row = entries.rows()[key]
    assert entries.shown(row) == number
    found = entries.interval(row)
    assert found
    assert found[3] == kind


def test_no_interval_is_computed_for_what_is_not_a_fraction() -> None:
    for row in entries.rows().values():
        span = entries.interval(row)
        if row["statistic"] not in ("proportion", "count") and span:
            assert span[3] == "as the source prints it"
    ratio = entries.rows()["ratio-2019"]  # 76 trials for 29 others: no part of them
    assert not entries.is_fraction(ratio)
    assert entries.shown(ratio) == "76\N{NO-BREAK SPACE}trials"


def test_every_number_has_its_entry_with_source_and_place() -> None:
    rows = list(entries.rows().values())
    for row in rows:
        made = entries.entry(row, [row], [])
        assert made["number"]
        assert made["label"][0] == made["label"][0].upper()
        if row["source_kind"] not in ("abstract", "news"):
            assert made["source"]["links"][0][0].startswith("https://")
        assert {"As of", "Place"} & {name for name, _ in made["facts"]}


def test_an_entry_compares_the_sources_of_one_number() -> None:
    rows = entries.rows()
    study = [row for row in rows.values() if row["study_id"] == "munshi2021"]
    made = entries.entry(rows["munshi2021.single-group.objective-response.text"], study, [])
    others = {one["key"]: one["verdict"] for one in made["others"]}
    assert others["munshi2021.objective-response"] == "the same number"
    judged = {"outcome_id": "a", "other_id": "munshi2021.objective-response"}
    judged |= {"verdict": "differs", "reason": "Another data cut.", "other_says": "none"}
    row = next(one for one in study if one["outcome_id"] not in others)
    made = entries.entry(row, study, [judged])
    said = next(one for one in made["others"] if one["key"] == judged["other_id"])
    assert (said["verdict"], said["remark"]) == ("differs", "Another data cut.")


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ({"follow_up_months": 12.0}, {"follow_up_months": 60.0}, "a later follow-up"),
        ({"follow_up_months": 60.0}, {"follow_up_months": 9.5}, "an earlier follow-up"),
        ({"as_of": "2023-05"}, {"as_of": "2024-07"}, "a later report"),
        ({}, {}, "another number"),
    ],
)
def test_a_later_report_is_not_called_a_difference(
    first: dict[str, object], second: dict[str, object], verdict: str
) -> None:
    row = {**entries.rows()[ZUMA5], "follow_up_months": float("nan"), "as_of": "2023"}
    row["follow_up_months_missing"] = "not reported"
    other = {**row, "outcome_id": "other", "source_id": "other", "value": 60.0, "events": 62.0}
    made = entries.entry({**row, **first}, [{**other, **second}], [])
    assert [one["verdict"] for one in made["others"]] == [verdict]


def test_a_registry_record_is_not_called_the_source() -> None:
    links = {
        words
        for row in entries.rows().values()
        if row["source_kind"] in ("article", "abstract")
        for _, words in entries.source(row)["links"]
    }
    assert "clinicaltrials.gov" not in links


def test_every_source_is_valid_bibtex() -> None:
    sources = {row["source_id"]: entries.source(row) for row in entries.rows().values()}
    for key, source in sources.items():
        found = parse_string(source["bibtex"], "bibtex").entries[key]
        assert found.fields["url"].startswith("https://"), key
        assert ("doi" in found.fields) == any("doi.org" in one for one, _ in source["links"])


def test_a_quote_carries_the_key_of_its_row() -> None:
    data, metadata = quote(ZUMA5).fraction._repr_mimebundle_()
    assert data["application/vnd.cartbook.quote+json"] == {"key": ZUMA5, "text": "77 of 104"}
    assert data["text/plain"] == "77 of 104"
    assert metadata == {"cartbook": {"kind": "quote"}}
    made_up = Quote(quote(ZUMA5).row.rename(None)).text
    assert made_up._repr_mimebundle_() == {"text/plain": "74%"}
    assert not hasattr(f"{quote(ZUMA5).text} of them", "key")


def test_the_sentence_of_a_number() -> None:
    document = new_document("page")
    link = nodes.inline("", "77 of 104")
    parts = [
        nodes.Text("First, 3.5% did. Then "),
        link,
        nodes.Text(" responded (74%). Later more."),
    ]
    document += nodes.paragraph("", "", *parts)
    assert sentence(link) == "Then 77 of 104 responded (74%)."
