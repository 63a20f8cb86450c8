"""Bind the leaves as an EPUB 3: one XHTML file a page, each picture an SVG with words, contents by part."""

from __future__ import annotations

import copy
import os
import re
import uuid
import zipfile
from html import escape
from pathlib import Path
from typing import Any

from cartbook.export.print_document import Book, Leaf, anchor

STYLE = Path(__file__).with_name("print.css")
PAPER = re.compile(r"^(?:@page|\.sheet|body\.sheet).*\n", re.MULTILINE)
TIME = (2026, 1, 1, 0, 0, 0)
CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n'
)
KINDS = {"xhtml": "application/xhtml+xml", "svg": "image/svg+xml", "css": "text/css"}
READS = {
    "accessMode": ["textual", "visual"],
    "accessModeSufficient": ["textual"],
    "accessibilityFeature": ["alternativeText", "readingOrder", "structuralNavigation", "tableOfContents"],
    "accessibilityHazard": ["none"],
    "accessibilitySummary": ["Every picture has a written alternative, and every chart its numbers as a table."],
}


def page(title: str, body: str, kind: str = "") -> str:
    """One XHTML file."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en-GB" xml:lang="en-GB">'
        f'<head><meta charset="utf-8"/><title>{escape(title)}</title><link rel="stylesheet" href="book.css"/></head>'
        f"<body{kind}>{body}</body></html>\n"
    )


def leaf_page(leaf: Leaf) -> str:
    """A leaf with links to the files of other leaves."""
    body = copy.copy(leaf.body)
    for link in body.select("a[data-leaf]"):
        link["href"] = f"{link['data-leaf']}.xhtml{link['href']}"
    for one in body.select("section, aside"):
        one.name = "div"  # a section without heading is no section to an e-reader
    for one in body.find_all(True):
        one.attrs = {
            name: value for name, value in one.attrs.items() if not name.startswith("data-") and name not in ("download", "target", "rel")
        }
    text = body.decode_contents(formatter="minimal")
    return page(leaf.title, f'<div id="{anchor(leaf.name)}">{text}</div>')


def navigation(book: Book) -> str:
    """The contents by part."""
    listed, part = "", ""
    for leaf in book.leaves:
        if leaf.part != part:
            listed += ("</ol></li>" if part else "") + f"<li><span>{escape(leaf.part)}</span><ol>"
            part = leaf.part
        listed += f'<li><a href="{leaf.name}.xhtml">{escape(leaf.title)}</a></li>'
    listed += "</ol></li>" if part else ""
    marks = (
        '<nav epub:type="landmarks" hidden="hidden"><h2>Landmarks</h2><ol><li><a epub:type="titlepage" href="cover.xhtml">Title page</a></li>'
        '<li><a epub:type="toc" href="contents.xhtml">Contents</a></li>'
        f'<li><a epub:type="bodymatter" href="{book.leaves[0].name}.xhtml">The book</a></li></ol></nav>'
    )
    return page("Contents", f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{listed}</ol></nav>{marks}')


def package(book: Book, files: list[str], told: dict[str, Any]) -> str:
    """The list of all files, their order, and what the book is."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"car-t-in-numbers/{told['version']}")
    items = ""
    for file in files:
        extra = ' properties="nav"' if file == "contents.xhtml" else ""
        items += f'<item id="{_id(file)}" href="{file}" media-type="{KINDS[file.rsplit(".", 1)[1]]}"{extra}/>'
    spine = "".join(
        f'<itemref idref="{_id(file)}"/>' for file in ("cover.xhtml", "contents.xhtml", *(f"{leaf.name}.xhtml" for leaf in book.leaves))
    )
    reads = "".join(f'<meta property="schema:{key}">{escape(value)}</meta>' for key, values in READS.items() for value in values)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en-GB">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{name}</dc:identifier><dc:title>{escape(told["title"])}</dc:title><dc:language>en-GB</dc:language>'
        f"<dc:creator>{escape(told['authors'][0]['name'])}</dc:creator><dc:date>{told['date-released']}</dc:date>"
        "<dc:rights>Words and figures CC BY 4.0, code MIT</dc:rights>"
        f'<meta property="dcterms:modified">{told["date-released"]}T00:00:00Z</meta>{reads}</metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>\n"
    )


def _id(file: str) -> str:
    return "f-" + re.sub(r"[^\w-]", "-", file)


def write(book: Book, told: dict[str, Any], cover: str, target: Path) -> None:
    """Write the EPUB; its bytes depend on the book alone."""
    files = {"cover.xhtml": page(told["title"], f'<div class="cover">{cover}</div>'), "contents.xhtml": navigation(book)}
    files |= {f"{leaf.name}.xhtml": leaf_page(leaf) for leaf in book.leaves}
    files |= {f"images/{name}.svg": svg for name, svg in sorted(book.pictures.items())}
    files["book.css"] = PAPER.sub("", STYLE.read_text(encoding="utf-8"))
    whole = {"META-INF/container.xml": CONTAINER, "EPUB/package.opf": package(book, list(files), told)}
    whole |= {f"EPUB/{name}": text for name, text in files.items()}
    part = target.with_suffix(".new")
    with zipfile.ZipFile(part, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo("mimetype", TIME), "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in whole.items():
            entry = zipfile.ZipInfo(name, TIME)
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, text, zipfile.ZIP_DEFLATED)
    os.replace(part, target)
