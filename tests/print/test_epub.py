"""The EPUB holds together: its list is complete, its files are XML, every link and picture is there."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from scripts import TOP

from cartbook.export import epub, print_document

OPF = "{http://www.idpf.org/2007/opf}"
XHTML = "{http://www.w3.org/1999/xhtml}"


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
    return {name: ElementTree.fromstring(body) for name, body in files.items() if name.endswith(".xhtml")}


def test_a_reader_knows_it_by_its_first_file(path: Path) -> None:
    with zipfile.ZipFile(path) as zipped:
        first = zipped.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert zipped.read("mimetype") == b"application/epub+zip"


def test_the_list_of_files_is_complete_and_in_the_order_of_the_contents(files: dict[str, bytes]) -> None:
    package = ElementTree.fromstring(files["EPUB/package.opf"])
    items = {one.get("id"): one.get("href") for one in package.iter(f"{OPF}item")}
    assert {f"EPUB/{href}" for href in items.values()} == {name for name in files if name.startswith("EPUB/")} - {"EPUB/package.opf"}
    spine = [items[one.get("idref")] for one in package.iter(f"{OPF}itemref")]
    wanted = [
        f"{Path(name).name}.xhtml"
        for name, _, _ in print_document.contents(TOP / "_toc.yml")
        if Path(name).name not in print_document.NOT_PRINTED
    ]
    assert spine == ["cover.xhtml", "contents.xhtml", *wanted]


def test_every_link_and_picture_resolves(files: dict[str, bytes], pages: dict[str, ElementTree.Element]) -> None:
    ids = {name: [one.get("id") for one in page.iter() if one.get("id")] for name, page in pages.items()}
    assert all(len(found) == len(set(found)) for found in ids.values())
    broken = []
    for name, page in pages.items():
        for one in page.iter():
            for key in ("href", "src"):
                address = urlsplit(one.get(key) or "")
                if address.scheme in ("http", "https"):
                    assert not re.search(r'[<>" ]', one.get(key) or "")
                elif address.path or address.fragment:
                    target = posixpath.normpath(posixpath.join("EPUB", unquote(address.path))) if address.path else name
                    if target not in files or (address.fragment and address.fragment not in ids[target]):
                        broken.append((name, one.get(key)))
    assert not broken


def test_every_chart_and_drawing_is_a_picture_with_words(
    site: Path, files: dict[str, bytes], pages: dict[str, ElementTree.Element]
) -> None:
    images = [one for page in pages.values() for one in page.iter(f"{XHTML}img")]
    charts = {name for page in site.rglob("*.html") for name in re.findall(r'data-chart="([^"]+)"', page.read_text(encoding="utf-8"))}
    shown = {Path(one.get("src", "")).stem for one in images}
    assert charts <= shown
    assert len(shown) == len(images) == sum(name.endswith(".svg") for name in files)
    assert all(len(one.get("alt", "")) > 40 and one.get("height", "").isdigit() for one in images)
    for name, body in files.items():
        if name.endswith(".svg"):
            assert ElementTree.fromstring(body).get("viewBox"), name
    assert sum(len(list(page.iter(f"{XHTML}table"))) for page in pages.values()) >= len(charts)


def test_a_quiz_gives_letters_first_and_answers_after(pages: dict[str, ElementTree.Element]) -> None:
    quiz = next(one for one in pages["EPUB/08-b-cell.xhtml"].iter() if one.get("class") == "cb-quiz")
    text = " ".join("".join(quiz.itertext()).split())
    options = [[item.text or "" for item in one] for one in quiz.iter(f"{XHTML}ol") if one.get("type") == "A"]
    assert len(options) >= 5
    answers = text[text.index("Answers") :]
    assert all(option in text.partition("Answers")[0] for one in options for option in one)
    assert answers.count("Right.") == len(options) <= answers.count("A. ")


def test_nothing_of_the_screen_is_left(pages: dict[str, ElementTree.Element]) -> None:
    for name, page in pages.items():
        tags = {one.tag.removeprefix(XHTML) for one in page.find(f"{XHTML}body").iter()}  # type: ignore[union-attr]
        assert not tags & {"script", "style", "form", "button", "input", "select"}, name
        assert "Show the code" not in "".join(page.itertext())


def test_the_same_book_is_the_same_bytes(site: Path, path: Path, tmp_path: Path) -> None:
    told = print_document.about(TOP)
    epub.write(print_document.gather(site, TOP / "_toc.yml"), told, print_document.cover(told), tmp_path / "again.epub")
    assert (tmp_path / "again.epub").read_bytes() == path.read_bytes()
