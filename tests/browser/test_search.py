"""The book's search finds a word in either spelling, leads to the section, and shows the words there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from scripts import SITE, until

from cartbook.sphinxext.spelling import normalize

PAIRS = [
    ("leukaemia", "leukemia"),
    ("tumour", "tumor"),
    ("haematology", "hematology"),
    ("randomised", "randomized"),
    ("anaemia", "anemia"),
    ("foetal", "fetal"),
    ("paediatric", "pediatric"),
    ("centre", "center"),
    ("signalling", "signaling"),
    ("enrolment", "enrollment"),
    ("humanised", "humanized"),
    ("behaviour", "behavior"),
    ("analysed", "analyzed"),
    ("licence", "license"),
    ("programme", "program"),
    ("oesophagus", "esophagus"),
]


@pytest.mark.parametrize(("british", "american"), PAIRS)
def test_both_spellings_have_one_form(british: str, american: str) -> None:
    assert normalize(british) == normalize(american)


@pytest.mark.parametrize(
    "word", ["four", "hour", "disease", "source", "course", "cd19", "car", "does-not-crash"]
)
def test_short_words_and_names_stay_apart(word: str) -> None:
    assert normalize(word) not in ("for", "hor", "diseas", "sorce", "corse")


def results(page: Page, address: str, words: str) -> list[dict[str, Any]]:
    page.goto(f"{address}search.html?q={words}")
    page.get_by_text(re.compile("Search finished|did not match")).wait_for()
    found: list[dict[str, Any]] = page.eval_on_selector_all(
        "#search-results li",
        "all => all.map(li => ({ href: li.querySelector('a').getAttribute('href'), text: li.textContent }))",
    )
    return found


def test_search(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    fetched: list[str] = []
    page.on(
        "request",
        lambda request: fetched.append(request.url) if request.resource_type == "fetch" else None,
    )
    page.on("pageerror", lambda error: errors.append(str(error)))

    counts = {}
    for british, american in (
        ("leukaemia", "leukemia"),
        ("tumour", "tumor"),
        ("randomised", "randomized"),
    ):
        pages = [
            {one["href"].split("#")[0] for one in results(page, address, word)}
            for word in (british, american)
        ]
        assert pages[0] == pages[1]
        counts[british] = len(pages[0])
    assert counts["leukaemia"] > 10
    assert counts["tumour"] > 5

    # a result leads to the section that has the word, and shows it in its sentence
    found = results(page, address, "tocilizumab")
    (toxicity,) = [one for one in found if one["href"].startswith("chapters/13-toxicity.html")]
    assert "#" in toxicity["href"]
    assert "tocilizumab" in toxicity["text"].lower()
    page.goto(f"{address}{toxicity['href']}")
    section = page.locator(f"[id='{toxicity['href'].split('#')[1]}']")
    assert "tocilizumab" in (section.text_content() or "").lower()
    found = [one for one in results(page, address, "fratricide") if "#" in one["href"]]
    assert len(found) >= 3
    for one in found:
        assert "fratricid" in one["text"].lower(), one

    # the browser's rules are Python's: every word of the book
    sections = (
        (SITE / "_static" / "sections.js")
        .read_text(encoding="utf-8")
        .removeprefix("var bookSections = ")
        .rstrip(";\n")
    )
    words = sorted(
        set(re.findall(r"[a-z]+", json.dumps(json.loads(sections), ensure_ascii=False).lower()))
    )
    assert len(words) > 2000
    page.goto(f"{address}search.html")
    until(page, "() => typeof bookSpelling === 'function'")
    assert page.evaluate("words => words.map(bookSpelling)", words) == [
        normalize(word) for word in words
    ]
    assert not fetched, "what is shown of a page comes with the index"
    assert not errors
    context.close()
