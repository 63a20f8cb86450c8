"""The button that runs a chapter in its page, where the host of its runtime is out of reach."""

from __future__ import annotations

import pytest
from helpers import SITE, until

CHAPTER = "chapters/08-b-cell.html"
BUTTON = "Run this chapter here"


def test_a_host_out_of_reach_leaves_the_page_as_it_was(visit, axe):
    page = visit(CHAPTER, wait="networkidle", faults=False, viewport={"width": 390, "height": 800})
    asked = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    assert not [
        url for url in asked if "run-worker" in url or "/run/" in url or visit.address not in url
    ]
    offer = page.locator(".cb-run-offer").inner_text()
    assert "MB" in offer
    assert "cdn.jsdelivr.net" in offer
    box = page.locator(".cb-run").bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    assert axe(page, ".cb-run") == []

    before = page.locator("article").evaluate("one => one.querySelectorAll('*').length")
    page.get_by_role("button", name=BUTTON).click()
    status = "document.querySelector('.cb-run-bar [role=status]').textContent"
    until(page, f"{status}.includes('could not be loaded')")
    assert "the page is as it was" in page.locator(".cb-run-bar").inner_text()
    assert page.locator("article").evaluate("one => one.querySelectorAll('*').length") == before
    assert page.evaluate("document.activeElement.className") == "cb-run-start"


@pytest.mark.parametrize(
    ("place", "scripts"),
    [((SITE / CHAPTER).as_uri(), True), (CHAPTER, False), ("chapters/glossary.html", True)],
    ids=["from disk", "without scripts", "without code"],
)
def test_no_button_where_it_would_not_work(visit, place, scripts):
    page = visit(place, java_script_enabled=scripts)
    page.wait_for_timeout(200)
    assert not page.get_by_role("button", name=BUTTON).count()
