"""Bind the leaves as a PDF: one long page that Chromium prints, with bookmarks, tags and working links.

It is printed twice: the first print tells on which page each chapter begins, the second has these
numbers in its contents.
"""

from __future__ import annotations

import copy
import os
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, BooleanObject, ByteStringObject, DictionaryObject, NameObject

from cartbook.export import chromium
from cartbook.export.print_document import Book, anchor, cover, lower

WIDTH = 643  # px: the 170 mm of A4 between the margins of print.css; a space at a line's end may hang out by a few
WIDE = """width => [...document.body.querySelectorAll('*')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > width + 8)
  .map(one => `${one.closest('[id]')?.id}: ${one.tagName.toLowerCase()}`)"""
LOST = "() => [...document.images].filter(one => !one.naturalWidth).map(one => one.getAttribute('src'))"
STYLE = Path(__file__).with_name("print.css")


def sheet(book: Book, told: dict[str, Any], at: dict[str, int]) -> str:
    """The whole book as one HTML page; ``at`` has the page numbers of leaves, so far as they are known."""
    listed, bound, part = "", "", ""
    for leaf in book.leaves:
        body = copy.copy(leaf.body)
        for figure in body.find_all("figure"):  # in a PDF's tags a figure is the picture itself, which has the words
            figure.name, figure["class"] = "div", " ".join(["figure", *figure.get_attribute_list("class")])
        opened = f'<div class="opens" id="{anchor(leaf.name)}">'
        if leaf.part:
            lower(body, 1)
            if body.h2:
                body.h2["class"] = "leaf"
        if leaf.part != part:
            part = leaf.part
            listed += f'<p class="part">{escape(part)}</p>'
            opened = f'<div id="{anchor(leaf.name)}"><h1 class="part">{escape(part)}</h1>'
        listed += f'<p><a href="#{anchor(leaf.name)}">{escape(leaf.title)}</a> <span class="at">{at.get(leaf.name, "")}</span></p>'
        bound += f"{opened}{body.decode_contents(formatter='minimal')}</div>\n"
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>CAR-T in Numbers</title>'
        f'<style>{STYLE.read_text(encoding="utf-8")}</style></head><body class="sheet"><div class="cover">{cover(told)}</div>'
        f'<h1>Contents</h1><div class="listed">{listed}</div>{bound}</body></html>\n'
    )


def pages_of(pdf: Path, book: Book) -> dict[str, int]:
    """On which page each leaf begins, counted from 1. Raises ValueError if one is lost."""
    reader = PdfReader(pdf)
    places = reader.named_destinations
    found = {}
    for leaf in book.leaves:
        place = places.get(f"/{anchor(leaf.name)}")
        page = reader.get_destination_page_number(place) if place else None
        if page is None:
            raise ValueError(f"the print has lost {leaf.title}")
        found[leaf.name] = page + 1
    return found


def printed(browser: Browser, html: str, work: Path) -> Path:
    """Chromium's print of a page that lies beside its pictures. Raises ValueError if a picture is lost, or anything cut."""
    source, target = work / "book.html", work / "book.pdf"
    source.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.set_default_timeout(300_000)
    page.goto(source.as_uri(), wait_until="load")
    page.emulate_media(media="print")
    if lost := page.evaluate(LOST):
        raise ValueError(f"the print has lost {', '.join(lost[:3])}")
    if wide := page.evaluate(WIDE, WIDTH):
        raise ValueError(f"wider than the paper: {', '.join(wide[:3])}; mend cartbook/export/print.css or the page")
    page.pdf(path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    page.close()
    return target


def write(book: Book, told: dict[str, Any], work: Path, target: Path) -> None:
    """Print the book. Raises RuntimeError, with what to do, if there is no Chromium."""
    (work / "images").mkdir(parents=True, exist_ok=True)
    for name, svg in book.pictures.items():
        (work / "images" / f"{name}.svg").write_text(svg, encoding="utf-8")
    with sync_playwright() as driver:
        browser = chromium.find(driver)
        first = pages_of(printed(browser, sheet(book, told, {}), work), book)
        last = printed(browser, sheet(book, told, first), work)
        browser.close()
    if pages_of(last, book) != first:
        raise ValueError("the two prints differ in their pages")
    finish(last, told, target)


def finish(pdf: Path, told: dict[str, Any], target: Path) -> None:
    """Give the print its title, and bytes that do not depend on the hour."""
    writer = PdfWriter(clone_from=pdf)
    day = f"D:{told['date-released']:%Y%m%d}000000Z"
    writer.metadata = {
        "/Title": "CAR-T in Numbers",
        "/Author": told["authors"][0]["name"],
        "/Subject": told["title"],
        "/Keywords": ", ".join(told["keywords"]),
        "/CreationDate": day,
        "/ModDate": day,
    }
    same = ByteStringObject(f"cartbook {told['version']}".encode().ljust(16))
    writer._ID = ArrayObject([same, same])
    root = writer.root_object
    root[NameObject("/ViewerPreferences")] = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    part = target.with_suffix(".new")
    writer.write(part)
    os.replace(part, target)
