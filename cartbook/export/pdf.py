"""Print the book as a PDF: one long page that Chromium prints, with bookmarks, tags and working links.

It is printed twice: the first print tells on which page each chapter begins, the second has these
numbers in its contents.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pikepdf
from markupsafe import Markup
from playwright.sync_api import Browser, sync_playwright

from cartbook.export import chromium, pdf_tags
from cartbook.paths import TOP
from cartbook.render import ENVIRONMENT
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


def pages_of(path: Path, pages: list[Page]) -> dict[str, int]:
    """Return on which page each chapter begins, counted from 1. Raise ValueError if one is lost."""
    with pikepdf.open(path) as pdf:
        found = pdf_tags.destinations(pdf)
    for one in pages:
        if one["anchor"] not in found:
            raise ValueError(f"the print has lost {one['title']}")
    return {one["anchor"]: found[one["anchor"]] for one in pages}


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


def finish(path: Path, told: dict[str, Any], target: Path) -> None:
    """Give the print its metadata, complete tags, and bytes that do not depend on the hour."""
    with pikepdf.open(path) as pdf:
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        pdf.Root.PageMode = pikepdf.Name.UseOutlines
        # readers that know the older document information alone find the same there, by pikepdf
        with pdf.open_metadata(set_pikepdf_as_editor=False) as xmp:
            xmp.load_from_docinfo(pdf.docinfo)
            xmp.update(metadata(told))
        pdf_tags.finish(pdf)
        part = target.with_suffix(".new")
        pdf.save(
            part,
            min_version="1.7",  # tags and their attributes
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
    os.replace(part, target)


def metadata(told: dict[str, Any]) -> dict[str, Any]:
    """Return what XMP says of the book to catalogues and screen readers, and that the file is PDF/UA-1."""
    day = f"{told['date-released']}T00:00:00Z"
    return {
        "dc:format": "application/pdf",
        "dc:title": TITLE,
        "dc:description": told["title"],
        "dc:creator": [one["name"] for one in told["authors"]],
        "dc:language": ["en-GB"],
        "dc:rights": "Words and figures CC BY 4.0, code MIT",
        "dc:subject": told["keywords"],
        "pdf:Keywords": ", ".join(told["keywords"]),
        "pdfuaid:part": "1",
        "xmp:CreateDate": day,
        "xmp:ModifyDate": day,
        "xmpRights:Marked": "True",
        "xmpRights:WebStatement": "https://creativecommons.org/licenses/by/4.0/",
    }
