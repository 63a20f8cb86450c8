"""Every reported number has an entry at its permanent address, in objects.inv, and knows where the book uses it."""

from __future__ import annotations

import csv
import re
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from docutils import nodes
from helpers import ENTRIES, PAGES, SITE, TOP, tree
from sphinx.addnodes import pending_xref
from sphinx.util.inventory import InventoryFile

from cartbook.sphinxext.evidence import EvidenceDomain


@cache
def text(page: str) -> str:
    return (SITE / page).read_text(encoding="utf-8")


def table(name: str) -> list[dict[str, str]]:
    with (TOP / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def keys(name: str, column: str) -> set[str]:
    return {row[column] for row in table(name)}


def test_every_number_has_its_address_in_the_inventory() -> None:
    with (SITE / "objects.inv").open("rb") as file:
        found = InventoryFile.load(file, "", lambda base, place: place)["evidence:outcome"]
    assert set(found) == keys("outcomes", "outcome_id") | keys("landscape", "count_id")
    for key, (*_, address, name) in found.items():
        page, _, anchor = address.partition("#")
        assert anchor == key
        assert f'id="{key}"' in text(page)
        assert ": " in name


@pytest.mark.parametrize("page", ENTRIES)
def test_a_page_has_an_entry_with_all_parts_for_each_number(page: str) -> None:
    entries = [
        one for one in tree(page).iter("article") if one.get("class", "") == "evidence-entry"
    ]
    assert len(entries) > 20
    for one in entries:
        assert one.find("h3") is not None
        names = [name.text for name in one.iter("dt")]
        assert {"Place", "As of"} & set(names)
        links = [link.get("href", "") for link in one.iter("a")]
        assert any(link.startswith("https://") for link in links)
        assert f"#{one.get('id')}" in links


def test_an_entry_lists_the_sentences_that_use_it_and_links_back() -> None:
    chapter = next(page for page in PAGES if page.endswith("b-cell.html"))
    links = (one for words in tree(chapter).iter("p") for one in words.iter("a"))
    link = next(one for one in links if "evidence" in one.get("class", "").split())
    page, _, key = str(link.get("href")).partition("#")
    name = str((SITE / chapter).parent.joinpath(page).resolve().relative_to(SITE.resolve()))
    entry = next(one for one in tree(name).iter("article") if one.get("id") == key)
    uses = next(one for one in entry.iter("ul") if one.get("class") == "evidence-uses")
    assert "".join(link.itertext()) in "".join(uses.itertext())
    assert any(chapter.rpartition("/")[2] in one.get("href", "") for one in uses.iter("a"))


def test_each_place_that_uses_a_number_is_there() -> None:
    found = {
        (unescape(page), anchor)
        for path in (SITE / "evidence").glob("*.html")
        for page, anchor in re.findall(
            r'href="\.\./([^"#]+\.html)#([^"]+)"', path.read_text(encoding="utf-8")
        )
    }
    assert len(found) > 50
    assert [(page, one) for page, one in found if f'id="{one}"' not in text(page)] == []


def test_chapters_link_their_numbers_and_their_text_has_none_of_it() -> None:
    linked = [page for page in PAGES if 'class="evidence ' in text(page)]
    assert len(linked) > 10
    for page in linked:
        plain = (SITE / page).with_suffix(".txt")
        if plain.is_file():
            assert "evidence/" not in plain.read_text(encoding="utf-8")


def test_from_any_number_two_clicks_lead_to_its_source() -> None:
    """Its link, or its card, and there the address of the source, if the source has one."""
    sources = keys("sources", "address")
    cited = {row["outcome_id"]: row["source_id"] for row in table("outcomes")}
    without = {
        row["source_id"] for row in table("sources") if not row["address"].startswith("https://")
    }
    assert len(without) <= 4  # abstracts and news of which no page could be seen
    checked = set()
    for page in PAGES:
        for link in re.findall(r'class="evidence [^>]*href="([^"]+)"', text(page)):
            target, _, key = link.partition("#")
            name = str((SITE / page).parent.joinpath(target).resolve().relative_to(SITE.resolve()))
            if (name, key) in checked:
                continue
            checked.add((name, key))
            entry = re.search(rf'id="{re.escape(key)}">.*?</article>', text(name), re.DOTALL)
            assert entry, f"{page}: {link}"
            if cited.get(key) in without:
                assert f'href="#source-{cited[key]}"' in entry[0]
                continue
            assert {unescape(one) for one in re.findall(r'href="([^"]+)"', entry[0])} & sources
    assert len(checked) > 100


def test_cards_have_what_entries_have() -> None:
    for page in ENTRIES:
        script = (SITE / page).with_suffix(".js").read_text(encoding="utf-8")
        for key in re.findall(r'class="evidence-entry" id="([^"]+)"', text(page)):
            assert f'"{key}":' in script
        assert "</" not in script, "no string ends a script"
        assert "Copy citation" in script


class Builder:
    """What the domain asks of a builder."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_relative_uri(self, _: str, docname: str) -> str:
        return f"../{docname}.html"


@pytest.mark.parametrize(("builder", "linked"), [("html", True), ("epub", False), ("print", False)])
def test_only_the_site_links_a_number(builder: str, linked: bool) -> None:
    key = "jacobson2022.single-group.complete-response.text"
    node, words = pending_xref(refexplicit=True), nodes.inline("", "77 of 104")
    found = EvidenceDomain.resolve_xref(
        None, None, "chapters/x", Builder(builder), "", key, node, words
    )  # type: ignore[arg-type]
    assert found.astext() == "77 of 104"
    assert (found.get("refuri") == f"../evidence/jacobson2022.html#{key}") == linked
    missing = EvidenceDomain.resolve_xref(None, None, "x", Builder(builder), "", "no", node, words)  # type: ignore[arg-type]
    assert missing is None, "a key that is gone is a warning, which fails the build"


def test_the_search_finds_studies() -> None:
    index = (SITE / "searchindex.js").read_text(encoding="utf-8")
    assert '"evidence/locke2022"' in index
    assert Path(ENTRIES[0]).stem in index


def test_the_landing_page_counts_numbers_as_the_explorer_does() -> None:
    landing = "".join(tree("index.html").itertext())
    explorer = "".join(tree("chapters/explorer.html").itertext())
    said = re.search(r"from ([\d,]+) reported results", landing)
    counted = re.search(r"of ([\d,]+) numbers", explorer)
    assert said
    assert counted
    assert said[1] == counted[1]
