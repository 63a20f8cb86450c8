"""The card behind a number: by pointer, keyboard and tap, from a disk, and in both themes and widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers import SITE, until
from playwright.sync_api import Page

Visit = Callable[..., Page]
PAGE = "chapters/08-b-cell.html"
LINK = ".bd-article p a.evidence"
OPEN = "() => !document.getElementById('evidence-card').hidden"
CLOSED = "() => document.getElementById('evidence-card').hidden"
#: px by which an open card lengthens the page
SHIFT = """() => {
  const [card, page] = [document.getElementById("evidence-card"), document.documentElement];
  const height = page.scrollHeight;
  card.hidden = true;
  const change = height - page.scrollHeight;
  card.hidden = false;
  return change;
}"""


def test_pointer_and_keyboard(visit: Visit) -> None:
    page = visit(PAGE)
    link, card = page.locator(LINK).first, page.locator("#evidence-card")
    number = link.text_content()
    link.scroll_into_view_if_needed()
    link.hover()
    until(page, OPEN)
    page.wait_for_timeout(50)
    card.hover()  # it stays while the pointer is on it
    page.wait_for_timeout(400)
    assert card.is_visible()
    assert page.evaluate(SHIFT) == 0
    page.mouse.move(2, 2)
    until(page, CLOSED)

    # focus shows it, Enter opens it for use, Tab goes through it and on behind the link
    page.keyboard.press("Tab")
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    until(page, OPEN)
    assert link.evaluate("one => one === document.activeElement")
    assert link.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    until(page, CLOSED)
    assert link.evaluate("one => one === document.activeElement")
    page.keyboard.press("Enter")
    until(page, OPEN)
    assert page.evaluate("document.activeElement.id") == "evidence-card"
    stops = card.locator("a[href], button, summary").count()
    for _ in range(stops + 1):
        page.keyboard.press("Tab")
    assert link.get_attribute("aria-expanded") == "false"
    assert page.evaluate("document.activeElement !== document.body")
    assert not page.evaluate("document.activeElement.closest('#evidence-card')")
    page.evaluate("document.activeElement.blur()")  # the next stop may have a card too
    link.click()
    until(page, OPEN)
    page.keyboard.press("Escape")
    assert page.evaluate(CLOSED)
    assert link.evaluate("one => one === document.activeElement")

    # what it says, and where it leads
    link.click()
    until(page, OPEN)
    words = card.inner_text()
    for name in ("Population", "Place", "As of", "Source"):
        assert name in words
    assert number
    address_of_entry = card.get_by_role("link", name="Full entry").evaluate("one => one.href")
    assert address_of_entry == link.evaluate("one => one.href")
    outside = card.locator("a[href^='https://']").first.get_attribute("href") or ""
    assert outside.startswith(("https://doi.org/", "https://clinicaltrials.gov/study/NCT"))


def test_copy_report_and_one_tab_stop_a_sentence(visit: Visit) -> None:
    page = visit(PAGE, permissions=["clipboard-read", "clipboard-write"])
    page.locator(LINK).first.click()
    until(page, OPEN)
    card = page.locator("#evidence-card")
    card.get_by_role("button", name="Copy citation").click()
    until(page, "() => document.querySelector('#evidence-card [role=status]').textContent")
    assert "@article{" in page.evaluate("navigator.clipboard.readText()")
    card.get_by_role("button", name="Report a problem").click()
    page.wait_for_timeout(100)
    text = page.evaluate("navigator.clipboard.readText()")
    assert "What is wrong:" in text
    assert "evidence/" in text
    page.keyboard.press("Escape")
    # in a sentence with several numbers the arrow keys go from one to the next
    groups = page.evaluate("""() => {
      const links = [...document.querySelectorAll('.bd-article p a.evidence')];
      return links.findIndex((one, i) => one.tabIndex === 0 && links[i + 1]?.tabIndex === -1);
    }""")
    assert groups >= 0
    first, second = page.locator(LINK).nth(groups), page.locator(LINK).nth(groups + 1)
    first.focus()
    page.keyboard.press("ArrowRight")
    assert second.evaluate("one => one === document.activeElement && one.tabIndex === 0")
    assert first.evaluate("one => one.tabIndex") == -1
    page.keyboard.press("ArrowLeft")
    assert first.evaluate("one => one === document.activeElement")


def test_from_a_disk_and_where_a_card_cannot_be_loaded(visit: Visit) -> None:
    page = visit((SITE / PAGE).as_uri(), faults=False)
    page.locator(LINK).first.click()
    until(page, OPEN)
    page.keyboard.press("Escape")
    context = page.context
    context.route("**/evidence/*.js", lambda route: route.abort())
    page.reload()
    page.locator(LINK).first.click()
    page.wait_for_url("**/evidence/**")
    assert page.locator(".evidence-entry:target").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_and_a_screen_in_both_themes(visit: Visit, axe: Any, scheme: Any) -> None:
    for width, touch in ((390, True), (1280, False)):
        settings = {"viewport": {"width": width, "height": 844}, "has_touch": touch}
        page = visit(PAGE, color_scheme=scheme, **settings)
        link = page.locator(LINK).last
        link.scroll_into_view_if_needed()
        link.tap() if touch else link.click()
        until(page, OPEN)
        box = page.locator("#evidence-card").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 844
        assert not axe(page, {"include": ["#evidence-card", LINK]})


def test_without_scripts_the_link_leads_to_the_entry(visit: Visit) -> None:
    page = visit(PAGE, java_script_enabled=False)
    page.locator(LINK).first.click()
    assert "/evidence/" in page.url
    entry = page.locator(".evidence-entry:target")
    assert entry.locator("a[href^='https://']").count() >= 1
    assert "Used in the book" in entry.inner_text()
    entry.locator(".evidence-uses a").first.click()
    assert "/chapters/" in page.url


def test_terms_and_citations_have_a_card_for_pointer_keyboard_and_tap(visit: Visit) -> None:
    page = visit(PAGE)
    card = page.locator("#evidence-card")
    for kind, words, place in (
        ("glossary", "CD19", "In the glossary"),
        ("references", "doi:10.", "In the list of references"),
    ):
        link = page.locator(f".bd-article p a.preview[href*='{kind}.html#']").first
        target = link.evaluate("one => one.href")
        assert link.get_attribute("title") is None, "nothing is said to a pointer alone"
        link.scroll_into_view_if_needed()
        link.hover()
        until(page, OPEN)
        card.hover()  # it stays while the pointer is on it
        page.wait_for_timeout(400)
        assert words in card.inner_text()
        assert card.get_by_role("link", name=place).evaluate("one => one.href") == target
        page.keyboard.press("Escape")
        until(page, CLOSED)
        page.mouse.move(2, 2)

        # with the keyboard: it is described by what the card says, Escape closes it, Enter follows the link
        page.keyboard.press("Tab")
        link.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        until(page, OPEN)
        said = page.locator(f"#{link.get_attribute('aria-describedby')}").text_content()
        assert said
        assert len(said) > 20
        page.keyboard.press("Escape")
        until(page, CLOSED)
        assert link.evaluate("one => one === document.activeElement")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{kind}.html#*")
        page.go_back()

    page = visit(PAGE, viewport={"width": 390, "height": 844}, has_touch=True)
    link = page.locator(".bd-article p a.preview[href*='glossary.html#']").first
    link.scroll_into_view_if_needed()
    link.tap()
    until(page, OPEN)
    assert page.evaluate("document.activeElement.id") == "evidence-card"
    page.get_by_role("link", name="In the glossary").tap()
    page.wait_for_url("**/glossary.html#*")
