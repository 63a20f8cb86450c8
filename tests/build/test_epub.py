"""The EPUB holds together: its list is complete, its files are XML, every link and picture is there, nothing of the screen is left."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from helpers import TOP

from cartbook.export.teaching import contents
from cartbook.sphinxext.print_builders import NOT_PRINTED

OPF = "{http://www.idpf.org/2007/opf}"
XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def path(bind: Callable[[str], Path]) -> Path:
    return bind("epub")


@pytest.fixture(scope="module")
def files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name) for name in zipped.namelist()}


@pytest.fixture(scope="module")
def pages(files: dict[str, bytes]) -> dict[str, ElementTree.Element]:
    return {
        name: ElementTree.fromstring(body)
        for name, body in files.items()
        if name.endswith(".xhtml")
    }


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_a_reader_knows_it_by_its_first_file(path: Path) -> None:
    with zipfile.ZipFile(path) as zipped:
        first = zipped.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert zipped.read("mimetype") == b"application/epub+zip"


def test_the_list_of_files_is_complete_and_in_the_order_of_the_contents(
    files: dict[str, bytes],
) -> None:
    package = ElementTree.fromstring(files["content.opf"])
    items = {one.get("id"): one.get("href") for one in package.iter(f"{OPF}item")}
    assert set(items.values()) == set(files) - {"mimetype", "META-INF/container.xml", "content.opf"}
    spine = [items[one.get("idref")] for one in package.iter(f"{OPF}itemref")]
    wanted = [
        f"{name}.xhtml" for name, _, _ in contents(TOP / "_toc.yml") if name not in NOT_PRINTED
    ]
    assert spine == ["cover.xhtml", "nav.xhtml", *wanted]


def test_it_says_what_it_is_and_how_it_can_be_read(files: dict[str, bytes]) -> None:
    package = files["content.opf"].decode()
    for kind in (
        "accessMode",
        "accessModeSufficient",
        "accessibilityFeature",
        "accessibilityHazard",
        "accessibilitySummary",
    ):
        assert f'property="schema:{kind}"' in package
    assert "<dc:language>en-GB</dc:language>" in package
    assert "unknown" not in package


def test_the_contents_name_parts_and_chapters(pages: dict[str, ElementTree.Element]) -> None:
    found = words(pages["nav.xhtml"])
    for number, (name, part, title) in enumerate(contents(TOP / "_toc.yml")):
        assert part in found
        assert name in NOT_PRINTED or f"{number} {title}".strip() in found or not title


def test_every_link_and_picture_resolves(
    files: dict[str, bytes], pages: dict[str, ElementTree.Element]
) -> None:
    ids = {
        name: [one.get("id") for one in page.iter() if one.get("id")]
        for name, page in pages.items()
    }
    assert all(len(found) == len(set(found)) for found in ids.values())
    broken = []
    for name, page in pages.items():
        for one in page.iter():
            for key in ("href", "src"):
                address = urlsplit(one.get(key) or "")
                if address.scheme in ("http", "https"):
                    assert not re.search(r'[<>" ]', one.get(key) or "")
                elif address.path or address.fragment:
                    target = (
                        posixpath.normpath(
                            posixpath.join(posixpath.dirname(name), unquote(address.path))
                        )
                        if address.path
                        else name
                    )
                    if target not in files or (
                        address.fragment and address.fragment not in ids[target]
                    ):
                        broken.append((name, one.get(key)))
    assert not broken


def test_every_chart_and_drawing_is_a_picture_with_words(
    site: Path, files: dict[str, bytes], pages: dict[str, ElementTree.Element]
) -> None:
    images = [one for page in pages.values() for one in page.iter(f"{XHTML}img")]
    charts = {
        name
        for page in site.rglob("*.html")
        for name in re.findall(r'data-chart="([^"]+)"', page.read_text(encoding="utf-8"))
    }
    shown = {Path(one.get("src", "")).stem for one in images}
    assert charts <= shown
    assert len(shown) == len(images) == sum(name.endswith(".svg") for name in files)
    assert all(len(one.get("alt", "")) > 40 and one.get("height", "").isdigit() for one in images)
    for name, body in files.items():
        if name.endswith(".svg"):
            picture = ElementTree.fromstring(body)
            assert picture.get("viewBox"), name
            paper = picture[0]
            assert (paper.tag, paper.get("fill")) == (f"{SVG}rect", "#ffffff"), (
                "letters stay dark on light when an e-reader turns pages dark"
            )
    assert sum(len(list(page.iter(f"{XHTML}table"))) for page in pages.values()) >= len(charts)


def test_a_quiz_gives_letters_first_and_answers_after(
    pages: dict[str, ElementTree.Element],
) -> None:
    quiz = next(
        one for one in pages["chapters/08-b-cell.xhtml"].iter() if one.get("class") == "cb-quiz"
    )
    text = words(quiz)
    questions, answers = text.split("Answers", 1)
    assert "Right." not in questions
    assert "Right." in answers


def test_nothing_of_the_screen_is_left(pages: dict[str, ElementTree.Element]) -> None:
    for name, page in pages.items():
        body = page.find(f"{XHTML}body")
        assert body is not None
        tags = {one.tag.removeprefix(XHTML) for one in body.iter()}
        assert not tags & {"script", "style", "form", "button", "input", "select"}, name
        text = words(page)
        assert not [
            one
            for one in (
                "Show the code",
                "A click loads Python",
                "Take it with you",
                "Numbers as CSV",
            )
            if one in text
        ], name
        assert not [
            one.get("class")
            for one in body.iter()
            if {"cb-run", "cb-take", "cb-screen"} & set((one.get("class") or "").split())
        ]


def test_headers_of_tables_say_something_and_links_are_underlined(
    pages: dict[str, ElementTree.Element], files: dict[str, bytes]
) -> None:
    empty = [
        (name, words(page)[:40])
        for name, page in pages.items()
        for one in page.iter(f"{XHTML}th")
        if not words(one)
    ]
    assert not empty
    assert b"text-decoration: underline" in files["_static/print.css"]


def test_the_same_book_is_the_same_bytes(bind: Callable[[str], Path], path: Path) -> None:
    assert bind("epub").read_bytes() == path.read_bytes()
