"""Print the book as a PDF: one long page that Chromium prints, with bookmarks, tags and working links.

It is printed twice: the first print tells on which page each chapter begins, the second has these
numbers in its contents.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from markupsafe import Markup
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from cartbook.export import chromium
from cartbook.paths import TOP
from cartbook.render import ENVIRONMENT, render
from cartbook.sphinxext.print_builders import STYLE, citation, cover

TITLE = "CAR-T in Numbers"
WIDTH = 643  # px: the 170 mm of A4 between the margins of print.css; a space at a line's end may hang out by a few
WIDE = """width => [...document.body.querySelectorAll('*')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > width + 8)
  .map(one => `${one.closest('[id]')?.id}: ${one.tagName.toLowerCase()}`)"""
LOST = "() => [...document.images].filter(one => !one.naturalWidth).map(one => one.getAttribute('src'))"


Page = dict[str, str]  # anchor, part, title, body


def sheet(pages: list[Page], found: dict[str, Any], at: dict[str, int]) -> str:
    """Return the whole book as one HTML page; ``at`` has the page numbers of chapters, as far as they are known."""
    numbers = {page["anchor"]: at.get(page["anchor"], "") for page in pages}
    style = STYLE.read_text(encoding="utf-8")
    template = ENVIRONMENT.get_template("print-book.html")
    return template.render(pages=pages, style=Markup(style), cover=Markup(cover(found)), at=numbers)


def pages_of(pdf: Path, pages: list[Page]) -> dict[str, int]:
    """Return on which page each chapter begins, counted from 1. Raise ValueError if one is lost."""
    reader = PdfReader(pdf)
    places, found = reader.named_destinations, {}
    for one in pages:
        place = places.get(f"/{one['anchor']}")
        number = reader.get_destination_page_number(place) if place else None
        if number is None:
            raise ValueError(f"the print has lost {one['title']}")
        found[one["anchor"]] = number + 1
    return found


def printed(browser: Browser, html: str, work: Path) -> Path:
    """Print a page that lies beside its pictures. Raise ValueError if a picture is lost, or anything cut."""
    source, target = work / "book.html", work / "book.pdf"
    source.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.set_default_timeout(300_000)
    page.goto(source.as_uri(), wait_until="load")
    page.emulate_media(media="print")
    if lost := page.evaluate(LOST):
        raise ValueError(f"the print has lost {', '.join(lost[:3])}")
    if wide := page.evaluate(WIDE, WIDTH):
        raise ValueError(
            f"wider than the paper: {', '.join(wide[:3])}; fix cartbook/templates/print.css or the page"
        )
    page.pdf(
        path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True
    )
    page.close()
    return target


def write(folder: Path, target: Path) -> None:
    """Print the pages that the print builder wrote into a folder. Raise RuntimeError, with what to do, if there is no Chromium."""
    pages: list[Page] = json.loads((folder / "book.json").read_text(encoding="utf-8"))
    found = citation(TOP)
    with sync_playwright() as driver:
        browser = chromium.find(driver)
        first = pages_of(printed(browser, sheet(pages, found, {}), folder), pages)
        last = printed(browser, sheet(pages, found, first), folder)
        browser.close()
    if pages_of(last, pages) != first:
        raise ValueError("the two prints differ in their pages")
    finish(last, found, target)


def finish(pdf: Path, told: dict[str, Any], target: Path) -> None:
    """Give the print its metadata, its links a name, and bytes that do not depend on the hour."""
    writer = PdfWriter(clone_from=pdf)
    writer.pdf_header = "%PDF-1.7"  # tags and their attributes are newer than the 1.3 of pypdf
    day = f"D:{told['date-released']:%Y%m%d}000000Z"
    writer.metadata = {
        "/Title": TITLE,
        "/Author": told["authors"][0]["name"],
        "/Subject": told["title"],
        "/Keywords": ", ".join(told["keywords"]),
        "/CreationDate": day,
        "/ModDate": day,
    }
    same = ByteStringObject(f"cartbook {told['version']}".encode().ljust(16))
    writer._ID = ArrayObject([same, same])
    root = writer.root_object
    root[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(True)}
    )
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    root[NameObject("/Metadata")] = _xmp(writer, told)
    _name_links(writer)
    part = target.with_suffix(".new")
    writer.write(part)
    os.replace(part, target)


def _xmp(writer: PdfWriter, told: dict[str, Any]) -> IndirectObject:
    """Return the book's metadata as XMP, which readers and catalogues look for first."""
    stream = StreamObject()
    stream.set_data(str(render("xmp.xml", title=TITLE, citation=told)).encode())
    stream |= {
        NameObject("/Type"): NameObject("/Metadata"),
        NameObject("/Subtype"): NameObject("/XML"),
    }
    return writer._add_object(stream)


def _name_links(writer: PdfWriter) -> None:
    """Say of each link where it leads, as PDF/UA asks for; Chromium writes none of it."""
    pages = list(writer.pages)
    numbers = {page.indirect_reference: at for at, page in enumerate(pages, start=1)}
    places = {
        str(name): numbers.get(place.raw_get("/Page"))
        for name, place in writer.named_destinations.items()
    }
    for page in pages:
        for note in (one.get_object() for one in page.get("/Annots", [])):
            if note.get("/Subtype") != "/Link" or "/Contents" in note:
                continue
            action = note.get("/A", {})
            words = str(action.get("/URI", ""))
            if not words:
                number = places.get(str(note.get("/Dest", action.get("/D"))))
                words = f"Page {number}" if number else "A place in this book"
            note[NameObject("/Contents")] = TextStringObject(words)
