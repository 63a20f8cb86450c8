"""A chapter's plain text says what its page says."""

from __future__ import annotations

import re
from pathlib import Path

import html5lib
import pytest
from scripts import SITE

from cartbook.site.pages import front_matter
from cartbook.site.words import plain_text

TOP = Path(__file__).resolve().parents[2]
CHAPTERS = [
    page.stem
    for page in sorted((TOP / "chapters").glob("*.md"))
    if "minutes" in front_matter(page.read_text(encoding="utf-8")).get("book", {})
]


def said(name: str) -> str:
    return (SITE / "chapters" / f"{name}.txt").read_text(encoding="utf-8-sig")


def test_chapters_and_nothing_else_have_a_text() -> None:
    assert sorted(path.stem for path in (SITE / "chapters").glob("*.txt")) == CHAPTERS
    assert len(CHAPTERS) >= 4


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_text_is_words_alone(name: str) -> None:
    text = said(name)
    assert (SITE / "chapters" / f"{name}.txt").read_bytes().startswith(b"\xef\xbb\xbf"), "browsers read it as UTF-8"
    assert not re.findall(r"</?(?:p|div|span|table|td|svg|a|details)\b|{(?:eval|term|cite)[^`]*}`|^:{3,}|&(?:amp|lt|#)", text, re.MULTILINE)
    assert "Show the code" not in text
    assert "\n\n\n" not in text
    assert "Not medical advice; not yet clinically reviewed." in text.splitlines()[-1]


@pytest.mark.parametrize("name", CHAPTERS)
def test_nothing_of_the_page_is_lost(name: str) -> None:
    page = html5lib.parse((SITE / "chapters" / f"{name}.html").read_text(encoding="utf-8"), namespaceHTMLElements=False)
    article = next(one for one in page.iter("article"))
    text = said(name)
    lines = set(text.splitlines())
    for heading in [*article.iter("h1"), *article.iter("h2")]:
        assert "".join(heading.itertext()).strip().removesuffix("#") in lines
    figures = [one for one in article.iter("figure") if one.get("data-chart")]
    assert figures
    for figure in figures:
        assert f"[Figure] {''.join(figure.find('figcaption').itertext())}" in lines  # type: ignore[union-attr]
        alt = next("".join(one.itertext()) for one in figure.iter("p") if (one.get("id") or "").endswith("-alt"))
        assert re.sub(r"[ \t\n]+", " ", alt).strip() in lines
        cells = ["".join(one.itertext()) for kind in ("th", "td") for one in figure.iter(kind)]
        assert cells
        assert not [cell for cell in cells if re.sub(r"[ \t\n]+", " ", cell).strip() not in text]
    questions = [one for one in article.iter("div") if one.get("class") == "cb-question"]
    assert text.count(") Right. ") + text.count(") Well spotted. ") + text.count("\n   Answer: ") == len(questions) > 0
    items = [one for one in article.iter("ul") if one.get("class") == "cb-order"]
    assert text.count("   Order: from ") == len(items)
    for item in [item for one in items for item in one]:
        assert f"   - {''.join(item.itertext()).strip()}" in text
    assert text.count("[Solution to ") == len([one for one in article.iter("div") if "solution" in (one.get("class") or "").split()]) > 0


def test_the_page_leads_to_its_text() -> None:
    page = html5lib.parse((SITE / "chapters" / "08-b-cell.html").read_text(encoding="utf-8"), namespaceHTMLElements=False)
    assert "08-b-cell.txt" in [one.get("href") for one in page.iter("link") if one.get("type") == "text/plain"]
    assert "08-b-cell.txt" in [one.get("href") for one in page.iter("a")]


def test_values_and_citations_read_as_they_do_in_the_page() -> None:
    text = said("08-b-cell")
    assert "between 10 of 22 and 17 of 20 treated patients" in text
    assert "ZUMA-3 enrolled 71 adults and treated 55 [Shah et al., 2021]." in text
    assert re.search(r"^- B\. D\. Shah, .*doi:10\.1016/s0140-6736\(21\)01222-8", text, re.MULTILINE)


def test_a_wide_table_becomes_rows_of_named_values_and_a_narrow_one_stays_in_columns() -> None:
    def table(cell: str) -> str:
        return f"<table><thead><tr><th>Study</th><th>Result</th></tr></thead><tbody><tr><th>A</th><td>{cell}</td></tr></tbody></table>"

    assert "- Study: A; Result: " + "x" * 120 in plain_text(table("x" * 120), "Book")
    assert "Study  Result\n-----  ------\nA      short\n" in plain_text(table("short"), "Book")


def test_an_address_that_leads_out_stands_behind_its_words() -> None:
    text = plain_text('<p>See <a href="https://example.org/x">the paper</a> and <a href="y.html">the page</a>.</p>', "Book")
    assert "See the paper <https://example.org/x> and the page." in text
