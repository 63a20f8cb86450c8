"""Search finds a word in either spelling, leads to the section, and shows the words there."""

from __future__ import annotations

import json
import re

import pytest
from helpers import SITE, until

from cartbook.sphinxext.spelling import normalize

PAIRS = """leukaemia leukemia, tumour tumor, haematology hematology, randomised randomized, anaemia anemia,
    foetal fetal, paediatric pediatric, centre center, signalling signaling, enrolment enrollment,
    humanised humanized, behaviour behavior, analysed analyzed, licence license, programme program,
    oesophagus esophagus"""


@pytest.mark.parametrize("pair", PAIRS.split(","))
def test_both_spellings_have_one_form(pair):
    british, american = pair.split()
    assert normalize(british) == normalize(american)


@pytest.mark.parametrize("word", ["four", "hour", "disease", "source", "course", "cd19", "car"])
def test_short_words_and_names_stay_apart(word):
    assert normalize(word) not in ("for", "hor", "diseas", "sorce", "corse")


def results(page, address, words):
    page.goto(f"{address}search.html?q={words}")
    page.get_by_text(re.compile("Search finished|did not match")).wait_for()
    return page.eval_on_selector_all(
        "#search-results li",
        "all => all.map(li => ({ href: li.querySelector('a').getAttribute('href'), text: li.textContent }))",
    )


def test_search(visit, address):
    page = visit("chapters/09-hodgkin.html")
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").fill("fratricide")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=fratricide")
    page.locator("#search-results li a[href*='11-t-cell']").first.wait_for()
    assert page.evaluate("document.activeElement.name") == "q"
    fetched = []
    page.on(
        "request", lambda one: fetched.append(one.url) if one.resource_type == "fetch" else None
    )

    for british, american, least in (
        ("leukaemia", "leukemia", 10),
        ("tumour", "tumor", 5),
        ("randomised", "randomized", 0),
    ):
        first, second = (
            {one["href"].split("#")[0] for one in results(page, address, word)}
            for word in (british, american)
        )
        assert first == second
        assert len(first) > least

    # a result leads to the section that has the word, and shows it in its sentence
    found = results(page, address, "tocilizumab")
    assert [one for one in found if one["href"].startswith("chapters/13-toxicity.html")]
    first = next(one for one in found if "#" in one["href"])
    assert "tocilizumab" in first["text"].lower()
    page.goto(f"{address}{first['href']}")
    section = page.locator(f"[id='{first['href'].split('#')[1]}']")
    assert "tocilizumab" in section.text_content().lower()
    found = [one for one in results(page, address, "fratricide") if "#" in one["href"]]
    assert len(found) >= 3
    assert all("fratricid" in one["text"].lower() for one in found)

    # the browser's rules are Python's: every word of the book
    sections = (SITE / "_static" / "sections.js").read_text(encoding="utf-8")
    text = json.loads(sections.removeprefix("var bookSections = ").rstrip(";\n"))
    words = sorted(set(re.findall(r"[a-z]+", json.dumps(text, ensure_ascii=False).lower())))
    assert len(words) > 2000
    page.goto(f"{address}search.html")
    until(page, "() => typeof bookSpelling === 'function'")
    assert page.evaluate("words => words.map(bookSpelling)", words) == list(map(normalize, words))
    assert not fetched, "what is shown of a page comes with the index"
