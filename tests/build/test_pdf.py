"""The PDF: right page numbers in its contents, every picture with its words, no dead link, nothing of the screen."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path

import html5lib
import pikepdf
import pypdfium2
import pytest
from helpers import TOP, run

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
    with pikepdf.open(target) as opened:
        yield opened


@pytest.fixture(scope="module")
def texts(pdf):
    """The text of each page, as Chromium's reader finds it."""
    with pypdfium2.PdfDocument(pdf.filename) as read:
        return [page.get_textpage().get_text_range() for page in read]


@pytest.fixture(scope="module")
def words(texts):
    """The letters of each page."""
    return [bare(text) for text in texts]


def bare(text):
    """Letters without spaces and ligatures: print breaks lines and joins letters as it likes."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def bookmarks(items, numbers, depth=1):
    """Depth, title and page of each bookmark."""
    for one in items:
        yield depth, one.title, numbers[one.destination[0].objgen]
        yield from bookmarks(one.children, numbers, depth + 1)


def tags(root):
    """Every element of the tree of tags."""
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, pikepdf.Array):
            waiting += list(item)
        elif isinstance(item, pikepdf.Dictionary) and item.get("/Type") != "/MCR":
            yield item
            waiting += [item.K] if "/K" in item else []


def links(pdf):
    notes = [one for page in pdf.pages for one in page.get("/Annots", [])]
    return [one for one in notes if one.Subtype == "/Link"]


def test_bookmarks_and_contents_name_the_right_pages(pdf, pages, words):
    numbers = {page.obj.objgen: at for at, page in enumerate(pdf.pages, start=1)}
    with pdf.open_outline() as outline:
        marks = list(bookmarks(outline.root, numbers))
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
    assert (pdf.docinfo.Title, pdf.Root.Lang) == ("CAR-T in Numbers", "en-GB")


def test_the_file_describes_itself_to_catalogues_and_screen_readers(pdf):
    cited = citation(TOP)
    assert pdf.pdf_version == "1.7"
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    xmp = pdf.open_metadata()
    told = {name: xmp[name] for name in ("dc:title", "dc:description", "dc:creator", "dc:subject")}
    author = cited["authors"][0]["name"]
    assert list(told.values()) == [
        str(pdf.docinfo.Title),
        cited["title"],
        [author],
        set(cited["keywords"]),
    ]
    assert (xmp["dc:language"], xmp["pdfuaid:part"]) == ({"en-GB"}, "1")
    assert pdf.docinfo.Author == author
    assert xmp["xmp:CreateDate"].startswith(f"{cited['date-released']}T")
    assert str(pdf.docinfo.CreationDate).startswith(f"D:{cited['date-released']:%Y%m%d}")
    assert all(one.get("/Contents") and "/StructParent" in one for one in links(pdf))
    assert {page["/Tabs"] for page in pdf.pages if page.get("/Annots")} == {"/S"}
    fonts = [
        font
        for page in pdf.pages
        for font in dict(page.Resources.get("/Font", pikepdf.Dictionary())).values()
    ]
    assert fonts
    assert all("/ToUnicode" in font for font in fonts), "text can be copied and read aloud"


def test_everything_on_a_page_is_tagged_or_an_artifact_as_pdf_ua_asks_for(pdf):
    root = pdf.Root.StructTreeRoot
    assert dict(root.RoleMap) == {"/Strong": "/Span", "/Em": "/Span"}
    items = [one for one in tags(root) if one.get("/S") == "/LI"]
    inside = ["".join(str(child.S) for child in one.K) for one in items]
    assert len(inside) > 500
    assert set(inside) == {"/Lbl/LBody", "/LBody"}
    seen = {"Tj", "TJ", "Do", "sh", "f", "f*", "S", "B"}
    for page in pdf.pages:
        depth, outside = 0, 0
        for one in pikepdf.parse_content_stream(page):
            operator = str(one.operator)
            depth += (operator in ("BMC", "BDC")) - (operator == "EMC")
            outside += depth == 0 and operator in seen
        assert (depth, outside) == (0, 0), page.label


def test_every_page_has_its_number_and_is_not_empty(texts, words):
    for number, (text, letters) in enumerate(zip(texts[1:], words[1:], strict=True), start=2):
        assert text.splitlines()[0] == f"CAR-T in Numbers {number}"
        assert len(letters) > 60, f"page {number} is empty"


def test_every_picture_is_there_with_its_alternative(pdf, printed, trees, words):
    images = [one for tree in trees for one in tree.iter("img")]
    pictures = {
        path.stem: path.read_text(encoding="utf-8") for path in (printed / "images").glob("*.svg")
    }
    assert {Path(one.get("src")).stem for one in images} == set(pictures)
    assert len(images) == len(pictures) > 100
    figures = [one for one in tags(pdf.Root.StructTreeRoot) if one.get("/S") == "/Figure"]
    assert sorted(str(one.Alt) for one in figures) == sorted(one.get("alt") for one in images)
    text = "".join(words)
    for name, svg in pictures.items():
        labels = [bare(label) for label in re.findall(r"<text[^>]*>([^<&]{4,})</text>", svg)]
        # a label over its own outline is there twice, and PDFium finds each of its letters twice
        twice = {label: re.sub("(.)", r"\1\1", label) for label in labels}
        assert not [one for one in labels if one not in text and twice[one] not in text], name


def test_links_lead_to_places_of_the_book_or_to_the_web(pdf, trees):
    places, inside = set(pdf.Root.Dests.keys()), 0
    for note in links(pdf):
        action = note.get("/A", pikepdf.Dictionary())
        if "/URI" in action:
            assert str(action.URI).startswith(("https://", "http://")), action.URI
        else:
            target = note.get("/Dest", action.get("/D"))
            assert isinstance(target, pikepdf.Array) or str(target) in places, target
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
