"""The site is light: each page within its bytes, nothing loaded that is not used, no fonts, no framework.

Counted are the bytes that a browser asks for before a reader acts, text as ``gzip -9`` sends it. Vega's
runtime comes later, with the first chart that a reader comes near.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from urllib.parse import unquote, urlsplit

import pytest
from helpers import SITE, THEMED, tree

#: bytes of a page before interaction, with Vega's runtime and all charts, and of one static picture of a chart
MAX_PAGE, MAX_LIVE, MAX_PICTURE = 113_000, 320_000, 12_000
COMPRESSED = (".woff", ".woff2", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".zip")
NEVER = [
    "jquery",
    "require",
    "thebe",
    "mathjax",
    "bootstrap",
    "fontawesome",
    "font-awesome",
    "polyfill",
]


@cache
def size(path):
    """Bytes on the way to a reader."""
    body = path.read_bytes()
    return len(body) if path.suffix in COMPRESSED else len(gzip.compress(body, 9, mtime=0))


def loads(page):
    """The files that a page loads by itself, each with the element that asks for it."""
    found = {}
    for one in tree(page).iter():
        relations = {"stylesheet", "preload", "modulepreload", "icon"} & set(
            one.get("rel", "").split()
        )
        address = one.get("href") if one.tag == "link" and relations else one.get("src")
        if address and not urlsplit(address).scheme:
            path = (SITE / page).parent / unquote(urlsplit(address).path)
            found[path.resolve()] = one
    return found


@pytest.mark.parametrize("page", THEMED)
def test_a_page_keeps_within_its_bytes_and_loads_only_what_it_uses(page):
    loaded, text = loads(page), (SITE / page).read_text(encoding="utf-8")
    weights = {path.name: size(path) for path in [SITE / page, *loaded]}
    whole = sum(weights.values())
    assert whole <= MAX_PAGE, weights
    if "data-chart=" in text:
        charts = re.findall(r'data-spec="(?:\.\./)*(figures/[^"?]*)', text)
        live = sum(size(SITE / one) for one in ("_static/vega.js", *charts))
        assert whole + live <= MAX_LIVE, weights

    names = set(weights)
    assert not [one for one in names if any(word in one.lower() for word in NEVER)]
    assert not {"vega.js", "togglebutton.js"} & names, "Vega comes with the first chart in view"
    for script, sign in {
        "figure.js": "data-chart=",
        "explorer.js": 'class="explorer"',
        "card.js": 'class="(evidence|preview) ',
        "copybutton.js": "<pre",
    }.items():
        assert (script in names) == bool(re.search(sign, text)), script
    assert "searchindex.js" not in names, "the index comes with the first question"
    styles = [path.name for path, one in loaded.items() if one.get("rel") == "stylesheet"]
    assert styles == ["site.css"]

    pictures = re.findall(r'<div class="cb-(?:wide|narrow)">(<svg.*?</svg>)</div>', text, re.DOTALL)
    assert len(pictures) == 2 * text.count("data-chart=")
    assert all(len(gzip.compress(one.encode(), 9)) <= MAX_PICTURE for one in pictures)


def test_no_font_and_no_source_map_is_in_the_site():
    fonts = (".woff", ".woff2", ".ttf", ".eot", ".map")
    assert not [path.name for path in SITE.rglob("*") if path.suffix in fonts]


def test_the_style_sheet_has_what_pages_use_and_loads_no_other_file():
    css = (SITE / "_static" / "site.css").read_text(encoding="utf-8")
    assert not re.findall(r"@import|url\((?![\"']?data:)", css)
    for kept in (
        ".bd-article",
        ".cb-figure",
        ".pst-sidebar-hidden",
        ".admonition-title",
        "@media print",
    ):
        assert kept in css
    for dropped in (".carousel", ".navbar-expand-sm", ".sd-tab-set", "@font-face", ".offcanvas"):
        assert dropped not in css
