"""The PDF is whole: its contents tell the truth, every picture is in it with its words, every link leads somewhere."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import html5lib
import pytest
from helpers import TOP
from pypdf import PdfReader

from cartbook.export import rendered
from cartbook.sphinxext.print_builders import citation


@pytest.fixture(scope="module")
def pdf(bind: Callable[[str], Path]) -> PdfReader:
    return PdfReader(bind("pdf"))


@pytest.fixture(scope="module")
def printed(site: Path) -> Iterator[Path]:
    """The pages and pictures from which the PDF is printed."""
    with rendered("print") as folder:
        yield folder


@pytest.fixture(scope="module")
def book(printed: Path) -> list[dict[str, str]]:
    pages: list[dict[str, str]] = json.loads((printed / "book.json").read_text(encoding="utf-8"))
    return pages


def shown(book: list[dict[str, str]], tag: str) -> list[Any]:
    """Every element of a kind in the pages."""
    return [
        one
        for page in book
        for one in html5lib.parseFragment(page["body"], namespaceHTMLElements=False).iter(tag)
    ]


@pytest.fixture(scope="module")
def words(pdf: PdfReader) -> list[str]:
    """The text of each page."""
    return [bare(page.extract_text()) for page in pdf.pages]


def bare(text: str) -> str:
    """Letters without spaces and ligatures: print breaks lines and joins letters as it likes."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def bookmarks(pdf: PdfReader, items: list[Any], depth: int = 1) -> Iterator[tuple[int, str, int]]:
    for one in items:
        if isinstance(one, list):
            yield from bookmarks(pdf, one, depth + 1)
        else:
            page = pdf.get_destination_page_number(one)
            assert page is not None
            yield depth, one.title, page + 1


def test_bookmarks_are_the_contents_and_the_contents_name_the_right_pages(
    pdf: PdfReader, book: list[dict[str, str]], words: list[str]
) -> None:
    marks = list(bookmarks(pdf, pdf.outline))
    wanted, part = ["Contents"], ""
    for page in book:
        wanted += [page["part"]] if page["part"] != part else []
        part = page["part"]
        wanted.append(page["title"])
    in_front = {page["title"] for page in book if not page["part"]}
    assert [
        title for depth, title, _ in marks if depth == 1 or (depth == 2 and title in wanted)
    ] == wanted
    begins = {
        title: page
        for depth, title, page in marks
        if title in wanted and (depth == 2 or title in in_front)
    }
    listed = "".join(words[1:3])
    for title, page in begins.items():
        assert bare(f"{title}{page}") in listed, title


def test_title_page_and_document_say_what_it_is(pdf: PdfReader, words: list[str]) -> None:
    told = citation(TOP)
    for said in (
        "CAR-TinNumbers",
        "AcompaniontoYang&Wang2023",
        f"Version{told['version']}",
        "Notyetclinicallyreviewed",
        "CCBY4.0",
        "October2022",
    ):
        assert said in words[0]
    assert pdf.metadata is not None
    assert pdf.metadata.title == "CAR-T in Numbers"
    assert pdf.root_object["/Lang"] == "en-GB"


def test_every_page_has_its_number_and_more_than_that(words: list[str]) -> None:
    for number, text in enumerate(words[1:], start=2):
        assert text.startswith(f"{number}CAR-TinNumbers"), f"page {number}"
        assert len(text) > 60, f"page {number} is empty"


def test_every_picture_is_there_with_its_alternative(
    pdf: PdfReader, printed: Path, book: list[dict[str, str]], words: list[str]
) -> None:
    images = shown(book, "img")
    pictures = {
        path.stem: path.read_text(encoding="utf-8") for path in (printed / "images").glob("*.svg")
    }
    assert {Path(one.get("src")).stem for one in images} == set(pictures)
    assert len(images) == len(pictures) > 100
    tagged = [
        str(one["/Alt"])
        for one in elements(pdf.root_object["/StructTreeRoot"])
        if one.get("/S") == "/Figure"
    ]
    assert sorted(tagged) == sorted(one.get("alt") for one in images)
    text = "".join(words)
    for name, svg in pictures.items():
        labels = [bare(label) for label in re.findall(r"<text[^>]*>([^<&]{4,})</text>", svg)]
        assert all(label in text for label in labels), (
            f"{name}: {[label for label in labels if label not in text][:3]}"
        )


def elements(one: Any) -> Iterator[Any]:
    """Every element of the tree of tags."""
    waiting = [one]
    while waiting:
        item = waiting.pop().get_object()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict) and item.get("/Type") != "/MCR":
            yield item
            waiting += [item.raw_get("/K")] if "/K" in item else []


def test_links_lead_to_places_of_the_book_or_to_the_web(pdf: PdfReader) -> None:
    places, inside = pdf.named_destinations, 0
    for page in pdf.pages:
        for reference in page.get("/Annots", []):
            note = reference.get_object()
            if note["/Subtype"] != "/Link":
                continue
            action = note.get("/A", {})
            if "/URI" in action:
                assert str(action["/URI"]).startswith(("https://", "http://")), action["/URI"]
                continue
            target = note.get("/Dest", action.get("/D"))
            assert isinstance(target, list) or str(target) in places, target
            inside += 1
    assert inside > 500


def test_a_citation_leads_to_its_reference(pdf: PdfReader, book: list[dict[str, str]]) -> None:
    cited = [
        link.get("href")[1:]
        for one in shown(book, "span")
        if one.get("class") == "bibtex-citation"
        for link in one.iter("a")
    ]
    assert cited
    assert all(f"/{one}" in pdf.named_destinations for one in cited)


def test_ids_are_unique_in_the_whole_book_and_every_link_has_its_place(
    book: list[dict[str, str]],
) -> None:
    trees = [html5lib.parseFragment(page["body"], namespaceHTMLElements=False) for page in book]
    ids = [page["anchor"] for page in book] + [
        one.get("id") for tree in trees for one in tree.iter() if one.get("id")
    ]
    assert len(ids) == len(set(ids))
    links = {one.get("href") for tree in trees for one in tree.iter("a")}
    assert {one for one in links if not one.startswith(("https://", "http://"))} <= {
        f"#{one}" for one in ids
    }


def test_nothing_of_the_screen_is_printed(book: list[dict[str, str]]) -> None:
    for kind in ("script", "style", "form", "button", "input", "select", "details"):
        assert not shown(book, kind), kind
    text = " ".join("".join(one.itertext()) for one in shown(book, "section"))
    assert not [
        one
        for one in ("Show the code", "A click loads Python", "Take it with you", "Numbers as CSV")
        if one in text
    ]
