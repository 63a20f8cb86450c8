"""What machines read of a page is there, true, and in schema.org's own words."""

from __future__ import annotations

import importlib
import json
import re
import struct
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import html5lib
import pytest
from helpers import ENTRIES, SITE, THEMED, TOP, tree

from cartbook.render import render
from cartbook.sphinxext.metadata import front_matter
from cartbook.sphinxext.structured_data import card, public_address

PAGES = THEMED
VOCABULARY = importlib.import_module("msgspec_schemaorg.models")


def about(page: str) -> dict[str, Any]:
    path = TOP / page.replace(".html", ".md")
    return front_matter(path.read_text(encoding="utf-8")).get("book", {}) if path.is_file() else {}


CHAPTERS = [page for page in PAGES if "minutes" in about(page)]


def data(page: str) -> list[dict[str, Any]]:
    return [
        json.loads(one.text or "")
        for one in tree(page).iter("script")
        if one.get("type") == "application/ld+json"
    ]


def tags(page: str) -> dict[str, str]:
    found = [
        (one.get("property") or one.get("name") or "", one.get("content") or "")
        for one in tree(page).iter("meta")
    ]
    named = [(name, said) for name, said in found if name.startswith(("og:", "twitter:"))]
    assert len(named) == len(dict(named)), "each is said once"
    return dict(named)


def public(page: str) -> str:
    """The public address that the site was built for, from its canonical address; empty if it was built without one."""
    found = [
        one.get("href") or "" for one in tree(page).iter("link") if one.get("rel") == "canonical"
    ]
    return found[0].removesuffix(page) if found else ""


def local(page: str, target: str) -> Path:
    """The file of the site to which an address in a page's data leads."""
    address = public(page)
    return (
        SITE / target.removeprefix(address)
        if address
        else (SITE / page).parent.joinpath(target).resolve()
    )


def wrong(found: Any, where: str = "") -> list[str]:
    """Types and properties that schema.org does not have, or does not give to that type."""
    if isinstance(found, list):
        return [line for one in found for line in wrong(one, where)]
    if not isinstance(found, dict):
        return []
    kinds = found["@type"] if isinstance(found["@type"], list) else [found["@type"]]
    unknown = [kind for kind in kinds if not hasattr(VOCABULARY, kind)]
    if unknown:
        return [f"{where}: there is no type {unknown}"]
    known = {name for kind in kinds for name in getattr(VOCABULARY, kind).__struct_encode_fields__}
    lines = [f"{where}: {kinds} has no {name}" for name in found if name not in known]
    return lines + [
        line for name, value in found.items() for line in wrong(value, f"{where}/{name}")
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_type_and_property_is_schema_orgs(page: str) -> None:
    for one in data(page):
        assert one["@context"] == "https://schema.org"
        assert wrong(one) == []


def test_the_vocabulary_knows_right_from_wrong() -> None:
    assert wrong({"@type": "Chapter", "name": "x", "teaches": ["y"], "pageStart": 1}) == []
    assert wrong({"@type": "Chapter", "isbn": "x"})
    assert wrong({"@type": "Chapters"})
    assert wrong({"@type": "Book", "author": {"@type": "Organization", "reading": 1}})


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_says_what_it_teaches(page: str) -> None:
    (found,) = data(page)
    said = about(page)
    assert set(found["@type"]) == {"Chapter", "LearningResource"}
    assert found["teaches"] == said["objectives"]
    assert found["educationalLevel"] == said["level"]
    assert re.fullmatch(r"PT\d+M", found["timeRequired"])
    assert int(found["timeRequired"][2:-1]) == said["minutes"]["reading"] + said["minutes"]["doing"]
    assert found["isBasedOn"]["url"] == "https://doi.org/10.1097/CM9.0000000000002549"
    assert (found["inLanguage"], found["license"]) == (
        "en-GB",
        "https://creativecommons.org/licenses/by/4.0/",
    )
    assert {local(page, one["contentUrl"]).suffix for one in found["encoding"]} == {
        ".txt",
        ".ipynb",
    }
    assert all(local(page, one["contentUrl"]).is_file() for one in found["encoding"])
    assert local(page, found["url"]) == SITE / page
    assert local(page, found["isPartOf"]["url"]) == SITE / "index.html"


def test_the_book_lists_its_chapters() -> None:
    (found,) = data("index.html")
    assert found["@type"] == "Book"
    contents = re.findall(r"file: (\S+)", (TOP / "_toc.yml").read_text(encoding="utf-8"))
    assert [local("index.html", one["url"]) for one in found["hasPart"]] == [
        SITE / f"{page}.html" for page in contents if f"{page}.html" in CHAPTERS
    ]
    assert len(found["hasPart"]) == len(CHAPTERS)
    assert [one["position"] for one in found["hasPart"]] == list(range(1, len(CHAPTERS) + 1))


def test_the_data_can_be_fetched_as_described() -> None:
    page = "chapters/data-dictionary.html"
    (found,) = data(page)
    files = {local(page, one["contentUrl"]) for one in found["distribution"]}
    assert found["@type"] == "Dataset"
    assert len(found["description"]) >= 50
    assert files == {
        path for path in (SITE / "data").iterdir() if path.suffix in (".csv", ".json", ".sqlite")
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_a_page_shows_a_preview(page: str) -> None:
    found = tags(page)
    assert all(
        found[f"og:{name}"] for name in ("title", "description", "type", "locale", "site_name")
    )
    assert found["og:locale"] == "en_GB"
    assert ("og:image" in found) == bool(public(page)), "a picture's address is absolute"
    if not public(page):
        assert found["twitter:card"] == "summary"
        assert not (SITE / "cards").exists() or not list((SITE / "cards").iterdir())
        return
    assert found["twitter:card"] == "summary_large_image"
    picture = local(page, found["og:image"])
    assert struct.unpack(">8s8x2I", picture.read_bytes()[:24]) == (b"\x89PNG\r\n\x1a\n", 1200, 630)
    if page in CHAPTERS:
        assert picture.name == f"{Path(page).stem}.png", "a chapter shows its own chart"
        title = found["og:image:alt"].removeprefix("Chart: ")
        assert title in {"".join(one.itertext()) for one in tree(page).iter("figcaption")}


def test_a_card_is_drawn_from_a_record() -> None:
    picture = {
        "width": 340.0,
        "height": 100.0,
        "body": '<rect width="340" height="100" fill="#c44e00"/>',
    }
    drawn = card("How well does it work?", "CAR-T in Numbers", picture)
    assert struct.unpack(">8s8x2I", drawn[:24]) == (b"\x89PNG\r\n\x1a\n", 1200, 630)
    assert drawn != card("How well does it work?", "CAR-T in Numbers", {**picture, "body": ""})


def test_addresses_are_written_only_where_one_is_known() -> None:
    address = public("index.html")
    pages = [
        f"{one}.html"
        for one in re.findall(
            r"(?:root|file): (\S+)", (TOP / "_toc.yml").read_text(encoding="utf-8")
        )
    ]
    assert all(
        (public(page), tags(page).get("og:url", "")) == (address, address and address + page)
        for page in pages
    )
    assert (SITE / "sitemap.xml").is_file() == bool(address)
    assert (SITE / "robots.txt").is_file() == (bool(address) and urlsplit(address).path == "/"), (
        "crawlers look for it at a host's root alone"
    )
    if address:
        listed = re.findall("<loc>(.*?)</loc>", (SITE / "sitemap.xml").read_text(encoding="utf-8"))
        assert listed[: len(pages)] == [address + page for page in pages]
        assert address + ENTRIES[0] in listed[len(pages) :]


def test_no_string_ends_the_element_that_holds_it() -> None:
    said = {"@type": "Book", "name": "</script><b>&amp; <!-- ü"}
    words = dict.fromkeys(("title", "description", "kind", "book", "feed"), "x")
    element = render(
        "head.html", policy="", metatags="", data=said, url="", chapter="", own=0, **words
    )
    (script,) = html5lib.parse(element, namespaceHTMLElements=False).iter("script")
    assert json.loads(script.text or "")["name"] == said["name"]


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("", ""),
        ("https://example.org", "https://example.org/"),
        (" https://example.org/a/b/ ", "https://example.org/a/b/"),
    ],
)
def test_an_address_ends_in_one_slash(setting: str, address: str) -> None:
    assert public_address(setting) == address


@pytest.mark.parametrize(
    "setting", ["example.org", "ftp://example.org", "https://", "https://example.org/?a=b", "/book"]
)
def test_what_is_no_address_is_refused_in_one_line(setting: str) -> None:
    with pytest.raises(Exception, match=r"is not one like https://example\.org/book/") as raised:
        public_address(setting)
    assert "\n" not in str(raised.value)
