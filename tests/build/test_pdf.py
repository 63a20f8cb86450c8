"""The PDF: right page numbers in its contents, every picture with its words, no dead link, nothing of the screen."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path

import html5lib
import pytest
from helpers import TOP, run
from pypdf import PdfReader

from cartbook.export import rendered
from cartbook.sphinxext.print_builders import citation

#: in a process of its own: Playwright may be at work in this one
WRITE = "import sys; from pathlib import Path; from cartbook.export import pdf; pdf.write(*map(Path, sys.argv[1:]))"
SCREEN = (
    "Show the code",
    "A click loads Python",
    "Take it with you",
    "Numbers as CSV",
    "Chart as SVG",
)


@pytest.fixture(scope="module")
def printed(site):
    """The pages and pictures from which the PDF is printed."""
    with rendered("print") as folder:
        yield folder


@pytest.fixture(scope="module")
def pages(printed):
    return json.loads((printed / "book.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def trees(pages):
    return [html5lib.parseFragment(page["body"], namespaceHTMLElements=False) for page in pages]


@pytest.fixture(scope="module")
def pdf(printed, tmp_path_factory):
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    done = run(sys.executable, "-c", WRITE, printed, target)
    assert done.returncode == 0, done.stderr
    return PdfReader(target)


@pytest.fixture(scope="module")
def words(pdf):
    """The text of each page."""
    return [bare(page.extract_text()) for page in pdf.pages]


def bare(text):
    """Letters without spaces and ligatures: print breaks lines and joins letters as it likes."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def bookmarks(pdf, items, depth=1):
    for one in items:
        if isinstance(one, list):
            yield from bookmarks(pdf, one, depth + 1)
        else:
            yield depth, one.title, pdf.get_destination_page_number(one) + 1


def tags(root):
    """Every element of the tree of tags."""
    waiting = [root]
    while waiting:
        item = waiting.pop().get_object()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict) and item.get("/Type") != "/MCR":
            yield item
            waiting += [item.raw_get("/K")] if "/K" in item else []


def test_bookmarks_and_contents_name_the_right_pages(pdf, pages, words):
    marks = list(bookmarks(pdf, pdf.outline))
    wanted = ["Contents"]
    for before, page in zip([None, *pages], pages, strict=False):
        if page["part"] and (before is None or page["part"] != before["part"]):
            wanted.append(page["part"])
        wanted.append(page["title"])
    in_front = {page["title"] for page in pages if not page["part"]}
    shown = [title for depth, title, _ in marks if depth == 1 or (depth == 2 and title in wanted)]
    assert shown == wanted
    listed = "".join(words[1:3])
    for depth, title, page in marks:
        if title in wanted and (depth == 2 or title in in_front):
            assert bare(f"{title}{page}") in listed, title


def test_title_page_and_metadata_name_the_book(pdf, words):
    version = citation(TOP)["version"]
    for said in (
        "CAR-T in Numbers",
        "A companion to Yang & Wang 2023",
        f"Version {version}",
        "CC BY 4.0",
    ):
        assert bare(said) in words[0]
    assert "Notyetclinicallyreviewed" in words[0]
    assert "October2022" in words[0]
    assert (pdf.metadata.title, pdf.root_object["/Lang"]) == ("CAR-T in Numbers", "en-GB")


def test_the_file_describes_itself_to_catalogues_and_screen_readers(pdf):
    root, cited = pdf.root_object, citation(TOP)
    assert pdf.pdf_header == "%PDF-1.7"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    xmp = pdf.xmp_metadata
    assert xmp.dc_title == {"x-default": pdf.metadata.title}
    assert xmp.dc_description == {"x-default": cited["title"]}
    assert xmp.dc_creator == [pdf.metadata.author]
    assert xmp.dc_language == ["en-GB"]
    assert xmp.dc_subject == cited["keywords"]
    assert xmp.xmp_create_date.date() == cited["date-released"] == pdf.metadata.creation_date.date()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    notes = [one.get_object() for page in pdf.pages for one in page.get("/Annots", [])]
    links = [one for one in notes if one["/Subtype"] == "/Link"]
    assert all(one.get("/Contents") and "/StructParent" in one for one in links)
    assert {page["/Tabs"] for page in pdf.pages if page.get("/Annots")} == {"/S"}
    fonts = [
        font.get_object()
        for page in pdf.pages
        for font in (page["/Resources"].get("/Font") or {}).values()
    ]
    assert fonts
    assert all("/ToUnicode" in font for font in fonts), "text can be copied and read aloud"


def test_everything_on_a_page_is_tagged_or_an_artifact_as_pdf_ua_asks_for(pdf):
    root = pdf.root_object["/StructTreeRoot"]
    assert root["/RoleMap"] == {"/Strong": "/Span", "/Em": "/Span"}
    items = [one for one in tags(root) if one.get("/S") == "/LI"]
    inside = [[child.get_object()["/S"] for child in one["/K"]] for one in items]
    assert len(inside) > 500
    assert {"/".join(kinds) for kinds in inside} == {"/Lbl//LBody", "/LBody"}
    seen = {b"Tj", b"TJ", b"Do", b"sh", b"f", b"f*", b"S", b"B"}
    for page in pdf.pages[1::20]:  # pypdf needs half a second for a page with charts
        depth, outside = 0, 0
        for _, operator in page.get_contents().operations:
            depth += (operator in (b"BMC", b"BDC")) - (operator == b"EMC")
            outside += depth == 0 and operator in seen
        assert (depth, outside) == (0, 0), page.page_number


def test_every_page_has_its_number_and_is_not_empty(words):
    for number, text in enumerate(words[1:], start=2):
        assert text.startswith(f"{number}CAR-TinNumbers"), f"page {number}"
        assert len(text) > 60, f"page {number} is empty"


def test_every_picture_is_there_with_its_alternative(pdf, printed, trees, words):
    images = [one for tree in trees for one in tree.iter("img")]
    pictures = {
        path.stem: path.read_text(encoding="utf-8") for path in (printed / "images").glob("*.svg")
    }
    assert {Path(one.get("src")).stem for one in images} == set(pictures)
    assert len(images) == len(pictures) > 100
    tagged = [
        one["/Alt"]
        for one in tags(pdf.root_object["/StructTreeRoot"])
        if one.get("/S") == "/Figure"
    ]
    assert sorted(tagged) == sorted(one.get("alt") for one in images)
    text = "".join(words)
    for name, svg in pictures.items():
        labels = [bare(label) for label in re.findall(r"<text[^>]*>([^<&]{4,})</text>", svg)]
        assert not [label for label in labels if label not in text], name


def test_links_lead_to_places_of_the_book_or_to_the_web(pdf, trees):
    places, inside = pdf.named_destinations, 0
    notes = [one.get_object() for page in pdf.pages for one in page.get("/Annots", [])]
    for note in (one for one in notes if one["/Subtype"] == "/Link"):
        action = note.get("/A", {})
        if "/URI" in action:
            assert str(action["/URI"]).startswith(("https://", "http://")), action["/URI"]
        else:
            target = note.get("/Dest", action.get("/D"))
            assert isinstance(target, list) or str(target) in places, target
            inside += 1
    assert inside > 500
    spans = [
        one for tree in trees for one in tree.iter("span") if one.get("class") == "bibtex-citation"
    ]
    cited = [link.get("href")[1:] for one in spans for link in one.iter("a")]
    assert cited
    assert all(f"/{one}" in places for one in cited), "a citation leads to its reference"


def test_ids_are_unique_in_the_book_and_every_link_has_its_place(pages, trees):
    elements = [one for tree in trees for one in tree.iter()]
    ids = [page["anchor"] for page in pages] + [one.get("id") for one in elements if one.get("id")]
    assert len(ids) == len(set(ids))
    links = {one.get("href") for one in elements if one.tag == "a"}
    inner = {one for one in links if not one.startswith(("https://", "http://"))}
    assert inner <= {f"#{one}" for one in ids}


def test_nothing_of_the_screen_is_printed(trees):
    elements = [one for tree in trees for one in tree.iter()]
    screen = {"script", "style", "form", "button", "input", "select", "details"}
    assert not screen & {one.tag for one in elements}
    text = " ".join("".join(tree.itertext()) for tree in trees)
    assert not [one for one in SCREEN if one in text]
