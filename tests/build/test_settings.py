"""What the environment says: the public address, exports to offer, and settings of a user's own Python that must not matter."""

from __future__ import annotations

import json
import re
import sys

import html5lib
import pytest
from helpers import ISOLATED, build, chapter, run, site_files, small_book, touch

ADDRESS = "https://example.org/books/car-t/"
PAGE = "downloads"
CHAPTER = """---
book:
  title: One
  description: A chapter made for a test, with an awkward objective.
  level: introductory
  minutes: {reading: 5, doing: 6}
  as_of: today
  objectives: ["Write </script><b>bold</b> & “quoted” <!-- text"]
---

# Is this a chapter?

:::{admonition} In one sentence
:class: answer
It is.
:::
"""
ASSERTION = "studies = 42\nassert studies {claim}"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of the page of downloads, a chapter without cells, and one whose assertion holds."""
    texts = {"one": CHAPTER, "two": chapter("Two", ASSERTION.format(claim="> 10"))}
    return small_book(tmp_path_factory.mktemp("book") / "book", PAGE, texts=texts)


def test_address_and_exports_come_and_go_with_their_settings(book):
    exports = book / "_build" / "print"
    exports.mkdir(parents=True)
    (exports / "car-t-in-numbers.pdf").write_bytes(b"%PDF-" + bytes(2_345_678))
    build(book, CARTBOOK_BASE_URL=ADDRESS.rstrip("/"), CARTBOOK_PRINT_DIR="_build/print")
    site = site_files(book)
    text = site["chapters/one.html"].decode()
    assert f'<link rel="canonical" href="{ADDRESS}chapters/one.html"' in text
    assert f'<meta property="og:url" content="{ADDRESS}chapters/one.html">' in text
    assert re.search(rf'property="og:image" content="{ADDRESS}cards/\w+\.png"', text)
    pages = [
        f"{ADDRESS}{name}.html"
        for name in ("index", f"chapters/{PAGE}", "chapters/one", "chapters/two")
    ]
    assert re.findall("<loc>(.*?)</loc>", site["sitemap.xml"].decode()) == pages
    assert "robots.txt" not in site, "crawlers look for it at a host's root, not in a folder"
    assert (
        f"From CAR-T in Numbers. {ADDRESS}chapters/one.html\n" in site["chapters/one.txt"].decode()
    )
    assert 'href="/books/car-t/index.html"' in site["404.html"].decode()
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    (script,) = [one for one in tree.iter("script") if one.get("type") == "application/ld+json"]
    data = json.loads(script.text)
    assert data["teaches"] == ["Write </script><b>bold</b> & “quoted” <!-- text"]
    assert data["url"] == f"{ADDRESS}chapters/one.html"
    downloads = site[f"chapters/{PAGE}.html"].decode()
    assert (
        '<a href="../downloads/car-t-in-numbers.pdf" download="">The book as PDF</a>' in downloads
    )
    assert "(<span>2.3 MB</span>)" in downloads
    assert "car-t-in-numbers.epub" not in downloads
    assert len(site["downloads/car-t-in-numbers.pdf"]) == 2_345_683

    build(book)
    site = site_files(book)
    texts = {name: body for name, body in site.items() if name.endswith((".html", ".txt", ".xml"))}
    assert not [
        name for name, body in texts.items() if b"example.org" in body or b'rel="canonical"' in body
    ]
    assert not {"sitemap.xml", "robots.txt", "downloads/car-t-in-numbers.pdf"} & site.keys()
    assert b"car-t-in-numbers.pdf" not in site[f"chapters/{PAGE}.html"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CARTBOOK_BASE_URL": "example.org/book"}, "the public address 'example.org/book'"),
        ({"CARTBOOK_PRINT_DIR": "nowhere"}, "run make dist"),
    ],
)
def test_a_wrong_setting_ends_in_one_line(book, settings, said):
    stderr = build(book, fails=True, **settings).stderr
    assert [line for line in stderr.splitlines() if said in line]
    assert "Traceback" not in stderr


def test_a_false_assertion_fails_though_assertions_are_switched_off(book):
    path = book / "chapters" / "two.md"
    path.write_text(chapter("Two", ASSERTION.format(claim="> 100")), encoding="utf-8")
    touch(path)
    command = (sys.executable, "-I", "-O", "-c", ISOLATED, book, "build")
    last = run(*command, folder=book, PYTHONOPTIMIZE="2").stderr.splitlines()[-1]
    assert "chapters/two.md, cell 1, line 2" in last
    assert "AssertionError" in last
