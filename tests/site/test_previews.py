"""Every link to a term or a citation has a card, which says what the page it leads to says."""

from __future__ import annotations

import json
import re
from functools import cache
from posixpath import dirname, join, normpath

import pytest
from helpers import SITE, THEMED, tree


@cache
def cards(page: str) -> dict[str, str]:
    script = (SITE / f"{page.removesuffix('.html')}.js").read_text(encoding="utf-8")
    found = re.fullmatch(r"bookEvidence\((\{.*\}),\{\}\);\n", script, re.DOTALL)
    assert found
    entries: dict[str, str] = json.loads(found[1])
    return entries


def test_every_link_to_a_term_or_citation_has_a_card() -> None:
    linked = 0
    for page in THEMED:
        for link in tree(page).iter("a"):
            if "preview" in link.get("class", "").split():
                path, _, key = link.get("href", "").partition("#")
                entries = cards(normpath(join(dirname(page), path)))
                card = entries[key]
                assert "preview-text" in entries[card[1:]] if card.startswith("#") else card
                linked += 1
            else:
                terms = [one for one in link.iter("span") if "std-term" in one.get("class", "")]
                assert not terms or link.get("href", "").startswith("#")
    assert linked > 300


@pytest.mark.parametrize(
    ("page", "tag", "kind"),
    [("chapters/glossary.html", "dt", "term-"), ("chapters/references.html", "div", "id")],
)
def test_a_card_has_the_words_of_its_page(page: str, tag: str, kind: str) -> None:
    entries = cards(page)
    there = {
        one.get("id", ""): one
        for one in tree(page).iter(tag)
        if tag == "dt" or one.get("class") == "citation"
    }
    assert set(entries) == {key for key in there if key.startswith(kind)}
    words = re.compile(r"\w+")
    whole = set(words.findall("".join(tree(page).itertext())))
    for card in entries.values():
        if not card.startswith("#"):
            text = re.search(r'class="preview-text">(.*?)</p>', card, re.DOTALL)
            assert text
            plain = re.sub(r"&#?\w+;", " ", text[1])
            assert len(words.findall(plain)) > 3
            assert set(words.findall(plain)) <= whole
