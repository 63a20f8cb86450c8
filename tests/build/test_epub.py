"""The EPUB: a complete list of files, valid XML, working links and pictures, nothing of the screen."""

from __future__ import annotations

import posixpath
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from helpers import TOP

from cartbook import export
from cartbook.export.teaching import contents
from cartbook.sphinxext.print_builders import NOT_PRINTED, citation

OPF = "{http://www.idpf.org/2007/opf}"
XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
SCREEN = (
    "Show the code",
    "A click loads Python",
    "Take it with you",
    "Numbers as CSV",
    "Chart as SVG",
)


@pytest.fixture(scope="module")
def book(site, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "PRINT", tmp_path_factory.mktemp("epub"))
        with zipfile.ZipFile(export.write_epub()) as zipped:
            yield zipped


@pytest.fixture(scope="module")
def files(book):
    return {name: book.read(name) for name in book.namelist()}


@pytest.fixture(scope="module")
def pages(files):
    return {
        name: ElementTree.fromstring(body)
        for name, body in files.items()
        if name.endswith(".xhtml")
    }


def words(element):
    return " ".join("".join(element.itertext()).split())


def test_it_is_an_epub_and_its_bytes_do_not_depend_on_the_hour(book):
    first = book.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert book.read("mimetype") == b"application/epub+zip"
    assert {one.date_time[1:] for one in book.infolist()} == {(1, 1, 0, 0, 0)}
    (modified,) = re.findall(r'"dcterms:modified">(\S+?)<', book.read("content.opf").decode())
    assert modified == f"{citation(TOP)['date-released']}T00:00:00Z"


def test_the_package_lists_every_file_in_the_order_of_the_contents(files):
    package = ElementTree.fromstring(files["content.opf"])
    items = {one.get("id"): one.get("href") for one in package.iter(f"{OPF}item")}
    assert set(items.values()) == set(files) - {"mimetype", "META-INF/container.xml", "content.opf"}
    spine = [items[one.get("idref")] for one in package.iter(f"{OPF}itemref")]
    names = [name for name, _, _ in contents(TOP / "_toc.yml") if name not in NOT_PRINTED]
    assert spine == ["cover.xhtml", "nav.xhtml", *(f"{name}.xhtml" for name in names)]
    text = files["content.opf"].decode()
    for kind in (
        "accessMode",
        "accessModeSufficient",
        "accessibilityFeature",
        "accessibilityHazard",
        "accessibilitySummary",
    ):
        assert f'property="schema:{kind}"' in text
    assert "<dc:language>en-GB</dc:language>" in text
    assert "unknown" not in text


def test_the_contents_name_parts_and_chapters(pages):
    found = words(pages["nav.xhtml"])
    toc = next(one for one in pages["nav.xhtml"].iter(f"{XHTML}nav"))
    assert toc.get("role") == "doc-toc"  # a screen reader does not know epub:type
    for number, (name, part, title) in enumerate(contents(TOP / "_toc.yml")):
        assert part in found
        assert name in NOT_PRINTED or f"{number} {title}".strip() in found or not title


def test_every_link_and_picture_resolves(files, pages):
    ids = {
        name: [one.get("id") for one in page.iter() if one.get("id")]
        for name, page in pages.items()
    }
    assert all(len(found) == len(set(found)) for found in ids.values())
    broken = []
    links = [
        (name, one.get(key) or "")
        for name, page in pages.items()
        for one in page.iter()
        for key in ("href", "src")
    ]
    for name, link in links:
        address = urlsplit(link)
        if address.scheme in ("http", "https"):
            assert not re.search(r'[<>" ]', link)
        elif address.path or address.fragment:
            path = posixpath.join(posixpath.dirname(name), unquote(address.path))
            target = posixpath.normpath(path) if address.path else name
            if target not in files or (address.fragment and address.fragment not in ids[target]):
                broken.append((name, link))
    assert not broken


def test_every_chart_and_drawing_is_a_picture_with_words(site, files, pages):
    images = [one for page in pages.values() for one in page.iter(f"{XHTML}img")]
    texts = [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]
    charts = {name for text in texts for name in re.findall(r'data-chart="([^"]+)"', text)}
    shown = {Path(one.get("src")).stem for one in images}
    assert charts <= shown
    assert len(shown) == len(images) == sum(name.endswith(".svg") for name in files)
    assert all(len(one.get("alt", "")) > 40 and one.get("height", "").isdigit() for one in images)
    for name in (one for one in files if one.endswith(".svg")):
        picture = ElementTree.fromstring(files[name])
        assert picture.get("viewBox"), name
        # letters stay dark on light when an e-reader turns pages dark
        assert (picture[0].tag, picture[0].get("fill")) == (f"{SVG}rect", "#ffffff")
    assert sum(len(list(page.iter(f"{XHTML}table"))) for page in pages.values()) >= len(charts)


def test_a_quiz_gives_letters_first_and_answers_after(pages):
    chapter = pages["chapters/08-b-cell.xhtml"]
    quiz = next(one for one in chapter.iter() if one.get("class") == "cb-quiz")
    questions, answers = words(quiz).split("Answers", 1)
    assert "Right." not in questions
    assert "Right." in answers


def test_nothing_of_the_screen_is_left_and_tables_have_headers(pages, files):
    for name, page in pages.items():
        body = page.find(f"{XHTML}body")
        tags = {one.tag.removeprefix(XHTML) for one in body.iter()}
        assert not tags & {"script", "style", "form", "button", "input", "select"}, name
        assert not [one for one in SCREEN if one in words(page)], name
        classes = {word for one in body.iter() for word in (one.get("class") or "").split()}
        assert not {"cb-run", "cb-download-links", "cb-screen"} & classes
        assert all(words(one) for one in page.iter(f"{XHTML}th")), name
    assert b"text-decoration: underline" in files["_static/print.css"]
