"""No control does nothing: in a restricted frame, with storage blocked, without scripts, in folds, in charts without marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from helpers import PAGES, SITE, THEMED, until
from playwright.sync_api import Browser, FrameLocator, Page

CHAPTER = "chapters/08-b-cell.html"
PHONE = {"width": 390, "height": 844}
BLOCKED = """for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, { configurable: true, get() { throw new DOMException('denied', 'SecurityError'); } });"""


@contextmanager
def phone(browser: Browser, script: str = "", **options: Any) -> Iterator[Page]:
    """A page on a phone; an error of a script fails the test."""
    context = browser.new_context(viewport=PHONE, **options)
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    if script:
        page.add_init_script(script)
    yield page
    context.close()
    assert not errors


def use_menus(page: Page | FrameLocator, keyboard: Page) -> None:
    """Open contents, *on this page* and search, as a reader on a phone does, and search for a word."""
    page.locator(".primary-toggle").click()
    page.locator("#pst-primary-sidebar-modal[open] .bd-docs-nav a").first.wait_for()
    keyboard.keyboard.press("Escape")
    page.locator(".secondary-toggle").click()
    page.locator("#pst-secondary-sidebar-modal[open] .page-toc a").first.wait_for()
    keyboard.keyboard.press("Escape")
    page.locator("#pst-secondary-sidebar-modal[open]").wait_for(state="detached")
    page.locator(".theme-switch-button").click()
    page.locator(".article-header-buttons .search-button").click()
    page.locator("#pst-search-dialog input").fill("fratricide")
    keyboard.keyboard.press("Enter")
    page.locator("#search-results li a[href*='11-t-cell']").first.wait_for()


def test_with_storage_blocked_every_menu_opens(browser: Browser, address: str) -> None:
    with phone(browser, BLOCKED) as page:
        page.goto(address + CHAPTER)
        use_menus(page, page)
        refused = "() => { try { localStorage.setItem('marks', '1'); return false } catch (error) { return error.name } }"
        assert page.evaluate(refused) == "SecurityError", "what is not kept is not said to be kept"


def test_in_a_frame_of_another_site_every_menu_opens_and_no_dead_button_is_offered(
    browser: Browser, address: str
) -> None:
    with phone(browser) as page:
        page.set_content(
            f'<body style="margin:0"><iframe sandbox="allow-scripts" style="border:0;width:390px;height:840px" src="{address}{CHAPTER}">'
        )
        frame = page.frame_locator("iframe")
        offer = frame.locator(".cb-run")
        assert "does not run in this frame" in (offer.text_content() or "")
        assert offer.locator("button").count() == 0
        assert f"{address}{CHAPTER}" in (frame.locator(".cb-framed").text_content() or "")
        frame.locator("details.dropdown > summary").first.click()
        frame.locator("[data-print]").click()
        assert "does not allow printing" in (frame.locator("[data-print]").text_content() or "")
        entry = frame.locator(".cb-entry").first
        entry.locator("input").fill("1")
        page.keyboard.press("Enter")  # a form that the frame forbids to send
        frame.locator(".cb-question", has=entry).locator(
            ".cb-verdict", has_text=re.compile("Right|Not quite")
        ).wait_for()
        use_menus(frame, page)


CONTROLS = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, textarea, [role=button], [tabindex="0"][role=group]')]
  .filter(one => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 1)
  .map(one => one.outerHTML.slice(0, 120))"""


def test_without_scripts_no_page_shows_a_control_that_needs_them(
    browser: Browser, address: str
) -> None:
    with phone(browser, java_script_enabled=False) as page:
        dead = {}
        for name in PAGES:
            page.goto(address + name, wait_until="domcontentloaded")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            for width in (390, 1280) if name in ("index.html", CHAPTER, "search.html") else (390,):
                page.set_viewport_size({"width": width, "height": 800})
                if found := page.evaluate(CONTROLS):
                    dead[f"{name} at {width}"] = found
        assert dead == {}


def test_without_scripts_a_phone_reaches_contents_and_sections(
    browser: Browser, address: str
) -> None:
    with phone(browser, java_script_enabled=False) as page:
        page.goto(address + CHAPTER)
        for words, place in (
            ("On this page", "#pst-secondary-sidebar"),
            ("Contents", "#pst-primary-sidebar"),
        ):
            page.locator(".article-header-buttons").get_by_role("link", name=words).click()
            assert page.url.endswith(place)
            link = page.locator(f"{place} a[href]").nth(1)
            assert link.is_visible()
        page.get_by_role("link", name="Multiple myeloma").first.click()
        assert page.url.endswith("10-myeloma.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_address_opens_the_fold_that_it_names_or_points_into(
    browser: Browser, address: str
) -> None:
    with phone(browser) as page:
        page.goto(address + CHAPTER)
        name = page.locator("details.solution").first.get_attribute("id")
        assert not page.locator("details.solution").first.evaluate("one => one.open")
        page.goto(f"{address}{CHAPTER}?again#{name}")
        solution = page.locator(f"details[id='{name}']")
        assert solution.evaluate("one => one.open")
        assert 0 <= solution.evaluate("one => one.getBoundingClientRect().top") < PHONE["height"]
        inner = page.locator("details.solution [id]").nth(3).get_attribute("id")
        page.evaluate("id => { location.hash = id }", inner)
        until(page, "id => document.getElementById(id).closest('details').open", inner)
        alternative = page.locator("p[id^='fig-'][id$='-alt']").first.get_attribute("id")
        page.evaluate("id => { location.hash = id }", alternative)
        until(page, "id => document.getElementById(id).closest('details').open", alternative)


def test_find_in_page_reaches_a_folded_solution(browser: Browser, address: str) -> None:
    with phone(browser) as page:
        page.goto(address + CHAPTER)
        solution = page.locator("details.solution").first
        words = solution.locator("section p").last.evaluate(
            "one => one.textContent.trim().slice(0, 28)"
        )
        page.goto(f"{address}{CHAPTER}?find#:~:text={quote(words, safe='')}")
        until(page, "() => [...document.querySelectorAll('details.solution')][0].open")


def test_a_page_follows_the_readers_own_text_size(browser: Browser, address: str) -> None:
    with phone(browser) as page:
        page.goto(address + CHAPTER)
        session = page.context.new_cdp_session(page)
        before = page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)"
        )
        session.send("Page.enable")
        session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        page.reload()
        assert page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)"
        ) == pytest.approx(2 * before, rel=0.01)


def test_a_chart_says_what_its_keys_do_only_if_they_do_it(browser: Browser, address: str) -> None:
    """Every chart of three pages; 05 and 02 have charts without a tooltip."""
    seen = set()
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    for name in (
        "chapters/02-cells-and-products.html",
        "chapters/01-reading-a-trial.html",
        CHAPTER,
    ):
        page.goto(address + name)
        page.mouse.move(5, 5)
        for figure in page.locator("figure[data-chart]").all():
            figure.evaluate("one => one.scrollIntoView({ behavior: 'instant' })")
            figure.locator(".cb-is-live").wait_for(state="attached")
            live = figure.locator(".cb-live")
            promised = "Arrow keys" in (live.get_attribute("aria-label") or "")
            seen.add(promised)
            spoken = figure.locator(".cb-picture > [aria-live]")
            if not promised:
                assert live.get_attribute("role") == "img"
                assert live.get_attribute("tabindex") is None
                continue
            live.focus()
            page.keyboard.press("End")
            last = (spoken.text_content() or "").rsplit(". ", 1)[1]
            count = last.split(" of ")[1]
            assert last == f"{count} of {count}"
            page.keyboard.press("Home")
            assert (spoken.text_content() or "").endswith(f". 1 of {count}")
            page.keyboard.press("Escape")
            assert not page.locator(".cb-tip").is_visible()
    context.close()
    assert seen == {True, False}


def test_a_live_chart_follows_the_width_of_its_page(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address + CHAPTER)
    page.mouse.move(5, 5)
    figure = page.locator("figure[data-chart]").first
    figure.scroll_into_view_if_needed()
    figure.locator(".cb-is-live").wait_for(timeout=60_000)
    for width in (390, 800):
        page.set_viewport_size({"width": width, "height": 800})
        until(
            page,
            "() => { const live = document.querySelector('.cb-live'); return Math.abs(live.querySelector('svg').getBoundingClientRect().width - live.clientWidth) < 2; }",
        )
    context.close()


def test_every_page_says_how_to_report_a_problem(browser: Browser, address: str) -> None:
    with phone(browser) as page:
        page.goto(f"{address}{CHAPTER}?x=1#toxicity")
        summary = page.locator(".cb-report summary")
        summary.focus()
        page.keyboard.press("Enter")
        text = page.locator(".cb-report-text").inner_text()
        assert f"Address: {address}{CHAPTER}" in text
        assert page.title().split(" — ")[0] in text
        assert "Version: " in text
        assert "data as of October 2022" in text
    for name in THEMED:
        html = (SITE / name).read_text(encoding="utf-8")
        assert html.count("Report a problem with this page") == 1, name
        assert "mailto:" not in html
