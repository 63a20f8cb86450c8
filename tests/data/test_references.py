"""Each reference is cited in the chapter on a section in which the review cites it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
CHAPTER = {
    "abstract": "02-cells-and-products",
    "introduction": "02-cells-and-products",
    "landscape-methods": "03-two-countries",
    "landscape-number": "03-two-countries",
    "landscape-size": "04-who-is-enrolled",
    "landscape-targets": "05-aims",
    "genetic-modification": "06-edited-cells",
    "efficacy": "07-what-got-published",
    "b-cell": "08-b-cell",
    "table-1": "08-b-cell",
    "hodgkin": "09-hodgkin",
    "myeloma": "10-myeloma",
    "table-2": "10-myeloma",
    "t-cell": "11-t-cell",
    "aml": "12-aml",
    "limits": "13-toxicity",
    "toxicity": "13-toxicity",
    "antigen-negative": "14-antigen-lost",
    "antigen-positive": "15-antigen-kept",
    "availability": "16-availability",
    "conclusion": "19-conclusions",
}
with (TOP / "data" / "references.csv").open(encoding="utf-8", newline="") as file:
    REFERENCES = list(csv.DictReader(file))


def cited(chapter: str) -> set[str]:
    text = (TOP / "chapters" / f"{chapter}.md").read_text(encoding="utf-8")
    return {
        key.strip()
        for keys in re.findall(r"{cite(?::[tp])?}`([^`]+)`", text)
        for key in keys.split(",")
    }


@pytest.mark.parametrize("chapter", sorted(set(CHAPTER.values())))
def test_a_chapter_cites_what_its_section_cites(chapter: str) -> None:
    """A work that several sections cite is cited in the chapter on one of them."""
    wanted = {
        row["key"]
        for row in REFERENCES
        if {CHAPTER.get(section) for section in row["sections"].split("; ")} - {None} == {chapter}
    }
    assert not wanted - cited(chapter)


def test_every_work_is_cited_in_a_chapter_on_a_section_that_cites_it() -> None:
    for row in REFERENCES:
        chapters = {CHAPTER.get(section) for section in row["sections"].split("; ")} - {None}
        assert not chapters or any(row["key"] in cited(str(one)) for one in chapters), row["key"]


def test_the_short_section_on_relapse_is_covered_by_its_two_chapters() -> None:
    wanted = {row["key"] for row in REFERENCES if "relapse" in row["sections"].split("; ")}
    assert wanted
    assert not wanted - cited("14-antigen-lost") - cited("15-antigen-kept")


def test_every_reference_has_a_section_or_is_said_to_have_none() -> None:
    unknown = (
        {section for row in REFERENCES for section in row["sections"].split("; ")}
        - set(CHAPTER)
        - {"relapse"}
    )
    assert unknown <= {"not reported", "references"}
