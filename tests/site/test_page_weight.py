"""The site is light: each page within its bytes, nothing loaded that is not used, no fonts, no framework."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from benchmarks import page_weight as weight

SITE: Path = weight.SITE
PAGES = weight.pages(SITE)
NEVER = (
    "jquery",
    "require",
    "thebe",
    "mathjax",
    "bootstrap",
    "fontawesome",
    "font-awesome",
    "polyfill",
)


def named(page: Path) -> str:
    return str(page.relative_to(SITE))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_keeps_within_its_bytes(page: Path) -> None:
    whole = sum(weight.weigh(page).values())
    assert whole <= (weight.MOST_SEARCH if page.name == "search.html" else weight.MOST)
    assert whole + weight.size(SITE / weight.VEGA) <= weight.MOST_LIVE


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_loads_nothing_that_it_does_without(page: Path) -> None:
    loaded = weight.loads(page)
    text = page.read_text(encoding="utf-8")
    names = {path.name for path in loaded}
    assert all(path.is_file() for path in loaded), "what a page asks for is there"
    assert not [one for one in names if any(word in one.lower() for word in NEVER)]
    assert "fonts" not in loaded.values()
    assert "vega.js" not in names, "Vega comes with the first chart that a reader nears"
    assert ("figure.js" in names) == ("data-chart=" in text)
    assert ("explorer.js" in names) == ('class="explorer"' in text)
    assert ("card.js" in names) == ('class="evidence ' in text)
    assert ("searchindex.js" in names) == (page.name == "search.html")
    assert ("copybutton.js" in names) == ("<pre" in text)
    assert "togglebutton.js" not in names
    assert [path.name for path, kind in loaded.items() if kind == "styles"] == ["site.css"]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_static_picture_is_small(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r'<div class="cb-(?:wide|narrow)">(<svg.*?</svg>)</div>', text, re.DOTALL)
    assert len(pictures) == 2 * text.count("data-chart=")
    assert all(len(gzip.compress(one.encode(), 9)) <= weight.MOST_PICTURE for one in pictures)


def test_no_font_and_no_map_lies_in_the_site() -> None:
    assert not [
        path.name
        for path in SITE.rglob("*")
        if path.suffix in (".woff", ".woff2", ".ttf", ".eot", ".map")
    ]


def test_the_styles_keep_what_pages_use() -> None:
    css = (SITE / "_static" / "site.css").read_text(encoding="utf-8")
    assert not re.findall(r"@import|url\((?![\"']?data:)", css), (
        "the sheet is whole: it asks for no other file"
    )
    for kept in (
        ".bd-article",
        ".cb-figure",
        ".pst-sidebar-hidden",
        ".admonition-title",
        "@media print",
        ".copybtn",
    ):
        assert kept in css
    for dropped in (".carousel", ".navbar-expand-sm", ".sd-tab-set", "@font-face", ".offcanvas"):
        assert dropped not in css


def test_the_command_lists_every_page() -> None:
    lines = weight.table(SITE).splitlines()
    assert len(lines) == len(PAGES) + 1
    assert "with Vega" in lines[0]
