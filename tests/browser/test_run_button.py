"""The button that runs a chapter in its page, where the host of its runtime is out of reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from scripts import SITE, until

CHAPTER = "chapters/08-b-cell.html"
BUTTON = "Run this chapter here"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_nothing_is_asked_for_before_the_click(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + CHAPTER, wait_until="networkidle")
    assert page.get_by_role("button", name=BUTTON).is_visible()
    assert not [
        url
        for url in asked
        if "run-worker" in url or "/run/" in url or not url.startswith((address, "data:"))
    ]
    offer = page.locator(".cb-run-offer").inner_text()
    assert "MB" in offer
    assert "cdn.jsdelivr.net" in offer


def test_a_host_out_of_reach_leaves_the_page_as_it_was(page: Page, address: str) -> None:
    page.goto(address + CHAPTER, wait_until="networkidle")
    before = page.locator("article").evaluate("one => one.querySelectorAll('*').length")
    page.get_by_role("button", name=BUTTON).click()
    until(
        page,
        "document.querySelector('.cb-run-bar [role=status]').textContent.includes('could not be loaded')",
    )
    assert "the page is as it was" in page.locator(".cb-run-bar").inner_text()
    assert page.locator("article").evaluate("one => one.querySelectorAll('*').length") == before
    assert page.evaluate("document.activeElement.className") == "cb-run-start"


def test_an_opened_file_has_no_button(page: Page) -> None:
    page.goto((SITE / CHAPTER).as_uri())
    page.wait_for_timeout(300)
    assert not page.get_by_role("button", name=BUTTON).count()


def test_without_scripts_there_is_no_button(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + CHAPTER)
    assert not page.get_by_role("button", name=BUTTON).count()
    context.close()


def test_pages_without_code_have_none(page: Page, address: str) -> None:
    page.goto(address + "chapters/glossary.html")
    assert not page.locator(".cb-run, script[src*='run.js']").count()


def test_a_narrow_screen_holds_the_button_and_axe_finds_nothing(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(address + CHAPTER, wait_until="networkidle")
    box = page.locator(".cb-run").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    found = Axe().run(
        page,
        context=".cb-run",
        options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"], "preload": False},
    )
    assert not found.response["violations"]
