"""With a public address the site carries it everywhere; without one it invents none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import html5lib
import pytest
from helpers import build, small_book

ADDRESS = "https://example.org/books/car-t/"
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


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of one page and one chapter, without cells."""
    folder = small_book(tmp_path_factory.mktemp("book"), "one")
    (folder / "chapters" / "one.md").write_text(CHAPTER, encoding="utf-8")
    return folder


def test_the_address_comes_and_goes_with_its_setting(book: Path) -> None:
    site = book / "_build" / "html"
    done = build(book, CARTBOOK_ADDRESS=ADDRESS.rstrip("/"))
    assert done.returncode == 0, done.stderr
    text = (site / "chapters" / "one.html").read_text(encoding="utf-8")
    assert f'<link rel="canonical" href="{ADDRESS}chapters/one.html"' in text
    assert f'<meta property="og:url" content="{ADDRESS}chapters/one.html">' in text
    assert re.findall("<loc>(.*?)</loc>", (site / "sitemap.xml").read_text()) == [
        f"{ADDRESS}index.html",
        f"{ADDRESS}chapters/one.html",
    ]
    assert not (site / "robots.txt").exists(), (
        "crawlers look for it at a host's root, not in a folder"
    )
    assert re.search(
        r'property="og:image" content="https://example\.org/books/car-t/cards/\w+\.png"', text
    )
    assert f"From CAR-T in Numbers. {ADDRESS}chapters/one.html\n" in (
        site / "chapters" / "one.txt"
    ).read_text(encoding="utf-8")
    assert 'href="/books/car-t/index.html"' in (site / "404.html").read_text(encoding="utf-8")
    page = html5lib.parse(text, namespaceHTMLElements=False)
    (found,) = [
        json.loads(one.text or "")
        for one in page.iter("script")
        if one.get("type") == "application/ld+json"
    ]
    assert found["teaches"] == ["Write </script><b>bold</b> & “quoted” <!-- text"]
    assert found["url"] == f"{ADDRESS}chapters/one.html"

    done = build(book, CARTBOOK_ADDRESS="")
    assert done.returncode == 0, done.stderr
    assert not [
        path
        for path in site.rglob("*")
        if path.suffix in (".html", ".txt", ".xml")
        and "example.org" in path.read_text(encoding="utf-8")
    ]
    assert not (site / "sitemap.xml").exists()
    assert not (site / "robots.txt").exists()
    assert 'rel="canonical"' not in (site / "chapters" / "one.html").read_text(encoding="utf-8")


def test_what_is_no_address_ends_in_one_line(book: Path) -> None:
    done = build(book, CARTBOOK_ADDRESS="example.org/book")
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert "the public address 'example.org/book'" in line
    assert "Traceback" not in done.stderr
