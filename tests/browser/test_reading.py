"""What a reader does in a chapter: charts, folds, menus, colour mode, text size; on a phone, in a frame, without storage."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from urllib.parse import quote

import pytest
from helpers import until

CHAPTER = "chapters/08-b-cell.html"
PHONE = {"width": 390, "height": 844}
BLOCKED = """for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, { configurable: true, get() { throw new DOMException('denied', 'SecurityError'); } });"""
FIRST_THEME = """new MutationObserver((_, me) => document.body && (window.first ??= document.documentElement.dataset.theme, me.disconnect()))
  .observe(document, { childList: true, subtree: true })"""


def live(page, figure):
    """Come to a chart, and wait until it is live."""
    page.mouse.move(5, 5)
    figure.evaluate("one => one.scrollIntoView({ behavior: 'instant' })")
    figure.locator(".cb-is-live").wait_for(state="attached")
    return figure


def test_chart_tooltip_follows_the_pointer_and_escape(visit):
    page = visit(CHAPTER)
    figure = live(page, page.locator("figure[data-chart='cd19-complete-response']"))
    figure.locator(".cb-live svg path[aria-roledescription='point']").first.hover()
    tip = page.locator(".cb-tooltip")
    tip.wait_for()
    first = figure.locator("tbody th").first.text_content()
    assert first in tip.text_content(), "marks are in the order of the table"
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_chart_selection_reacts_to_the_keyboard(visit):
    page = visit("index.html")
    figure = live(page, page.locator("figure[data-chart='response-duration-harm']"))
    assert "CARTITUDE-1" in figure.locator(".cb-live svg").text_content()
    figure.locator("select[name=disease]").focus()
    page.keyboard.press("ArrowDown")
    figure.locator(".cb-live svg", has_not_text="CARTITUDE-1").wait_for()
    assert "ZUMA-7" in figure.locator(".cb-live svg").text_content()


def test_chart_stays_a_picture_without_its_script(visit):
    page = visit("", faults=False)
    page.route("**/vega.js*", lambda route: route.abort())
    page.goto(visit.address + CHAPTER)
    figure = page.locator("figure[data-chart]").first
    controls = figure.locator(".cb-controls")
    assert controls.is_visible()
    figure.hover()
    controls.wait_for(state="detached")  # they would do nothing
    assert figure.locator(".cb-wide svg").is_visible()


def test_a_chart_is_saved_as_png_with_its_title(visit, tmp_path):
    page = visit(CHAPTER)
    figure = live(page, page.locator("figure[data-chart='cd19-complete-response']"))
    figure.locator("summary", has_text="Download").click()
    with page.expect_download() as saved:
        figure.get_by_role("button", name="Chart as PNG").click()
    assert saved.value.suggested_filename == "cd19-complete-response.png"
    body = Path(saved.value.path()).read_bytes()
    assert body.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", body[16:24])
    box = figure.locator(".cb-live svg").bounding_box()
    assert width == pytest.approx(2 * (box["width"] + 32), abs=4)
    assert height > 2 * (box["height"] + 24)  # the title is above the chart


def test_a_chart_in_a_frame_of_another_site_is_live(visit):
    page = visit("", faults=False)
    address = f"{visit.address}figures/cd19-complete-response.html"
    frame = '<iframe sandbox="allow-scripts" style="width:700px;height:900px" src="{}">'
    page.set_content(frame.format(address))
    chart = page.frame_locator("iframe")
    chart.locator("figcaption").hover()
    chart.locator(".cb-is-live").wait_for(state="attached")
    assert chart.locator("h1").text_content() == chart.locator("figcaption").text_content()
    assert chart.locator(".cb-explore > summary").is_visible()
    assert chart.locator(".cb-framed").count() == 0  # nothing of it is blocked
    assert "08-b-cell.html#fig-" in chart.locator("main > p a").get_attribute("href")


def use_menus(place, page):
    """Open contents, *on this page* and search on a phone, and search for a word."""
    place.locator(".primary-toggle").click()
    place.locator("#pst-primary-sidebar-modal[open] .bd-docs-nav a").first.wait_for()
    page.keyboard.press("Escape")
    place.locator(".secondary-toggle").click()
    place.locator("#pst-secondary-sidebar-modal[open] .page-toc a").first.wait_for()
    page.keyboard.press("Escape")
    place.locator("#pst-secondary-sidebar-modal[open]").wait_for(state="detached")
    place.locator(".theme-switch-button").click()
    place.locator(".article-header-buttons .search-button").click()
    place.locator("#pst-search-dialog input").fill("fratricide")
    page.keyboard.press("Enter")
    place.locator("#search-results li a[href*='11-t-cell']").first.wait_for()


def test_menus_open_with_storage_blocked(visit):
    page = visit(CHAPTER, BLOCKED, faults=False, viewport=PHONE)
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    use_menus(page, page)
    assert not errors


def test_in_a_frame_of_another_site_menus_open_and_no_button_is_dead(visit):
    page = visit("", faults=False, viewport=PHONE)
    page.set_content(
        f'<iframe sandbox="allow-scripts" style="width:390px;height:840px" src="{visit.address}{CHAPTER}">'
    )
    frame = page.frame_locator("iframe")
    assert "does not run in this frame" in frame.locator(".cb-run").text_content()
    assert frame.locator(".cb-run button").count() == 0
    assert f"{visit.address}{CHAPTER}" in frame.locator(".cb-framed").text_content()
    frame.locator("details.dropdown > summary").first.click()
    frame.locator("[data-print]").click()
    assert "does not allow printing" in frame.locator("[data-print]").text_content()
    entry = frame.locator(".cb-entry").first
    entry.locator("input").fill("1")
    page.keyboard.press("Enter")  # a form that the frame forbids to send
    verdict = frame.locator(".cb-question", has=entry).locator(".cb-verdict")
    verdict.filter(has_text=re.compile("Right|Not quite")).wait_for()
    use_menus(frame, page)


def test_without_scripts_a_phone_reaches_contents_and_sections(visit):
    page = visit(CHAPTER, java_script_enabled=False, viewport=PHONE)
    for words, place in (("On this page", "secondary"), ("Contents", "primary")):
        page.locator(".article-header-buttons").get_by_role("link", name=words).click()
        assert page.url.endswith(f"#pst-{place}-sidebar")
        assert page.locator(f"#pst-{place}-sidebar a[href]").nth(1).is_visible()
    page.get_by_role("link", name="Multiple myeloma").first.click()
    assert page.url.endswith("10-myeloma.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_address_and_find_in_page_open_folds(visit, address):
    page = visit(CHAPTER, viewport=PHONE)
    solution = page.locator("details.solution").first
    name, words = solution.get_attribute("id"), solution.locator("section p").last.text_content()
    assert not solution.evaluate("one => one.open")
    page.goto(f"{address}{CHAPTER}?again#{name}")
    assert solution.evaluate("one => one.open")
    assert 0 <= solution.evaluate("one => one.getBoundingClientRect().top") < PHONE["height"]
    for inside in ("details.solution [id]", "details p[id^='fig-'][id$='-alt']"):
        inner = page.locator(inside).nth(3).get_attribute("id")
        page.evaluate("id => { location.hash = id }", inner)
        until(page, "id => document.getElementById(id).closest('details').open", inner)
    start = words.strip()[:40].rpartition(" ")[0].replace("-", "%2D")  # whole words
    page.goto(f"{address}{CHAPTER}?find#:~:text={quote(start, safe='')}")
    until(page, "() => document.querySelector('details.solution').open")


def test_folds_and_the_download_menu_open_by_keyboard(visit):
    page = visit(CHAPTER, "window.print = () => (window.printed = true)")
    for fold, inside in (("details.solution", "section p"), (".cb-choice", "p")):
        page.locator(f"{fold} > summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator(f"{fold} {inside}").first.is_visible()
    page.locator("details.dropdown > summary").focus()
    page.keyboard.press("Enter")
    page.locator("[data-print]").click()
    assert page.evaluate("window.printed")
    page.keyboard.press("Escape")
    assert not page.locator("[data-print]").is_visible()


def test_text_size_of_the_browser_is_followed(visit):
    size = "parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)"
    page = visit(CHAPTER, viewport=PHONE)
    before = page.evaluate(size)
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    page.reload()
    assert page.evaluate(size) == pytest.approx(2 * before, rel=0.01)


def test_colour_mode_is_there_before_the_first_paint(visit):
    page = visit(CHAPTER, FIRST_THEME, color_scheme="light")
    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        page.locator(".theme-switch-button").click()
    page.reload()
    assert page.evaluate("window.first") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 20, 23)"


def test_problem_report_names_page_version_and_data(visit):
    page = visit(f"{CHAPTER}?x=1#toxicity", viewport=PHONE)
    page.locator(".cb-report summary").focus()
    page.keyboard.press("Enter")
    text = page.locator(".cb-report-text").inner_text()
    for part in (f"Address: {visit.address}{CHAPTER}", page.title().split(" — ")[0], "Version: "):
        assert part in text
    assert re.search(r"data as of \w+ 20\d\d", text)


CODE = "[...document.querySelectorAll('.cell_input')].filter(one => one.checkVisibility()).length"


def test_all_code_is_hidden_and_shown_by_one_button_that_a_browser_remembers(visit):
    page = visit(CHAPTER, viewport=PHONE)
    shown = page.evaluate(CODE)
    assert shown > 5
    button = page.locator(".cb-code button")
    button.focus()
    page.keyboard.press("Enter")
    assert (button.text_content(), page.evaluate(CODE)) == ("Show all code", 0)
    page.goto(f"{visit.address}chapters/13-toxicity.html")
    assert (button.text_content(), page.evaluate(CODE)) == ("Show all code", 0)
    button.click()
    assert page.evaluate(CODE) > 5
    page.goto(visit.address + CHAPTER)
    assert (button.text_content(), page.evaluate(CODE)) == ("Hide all code", shown)


def test_with_storage_blocked_code_is_hidden_as_long_as_the_page_is_open(visit):
    page = visit(CHAPTER, BLOCKED)
    page.locator(".cb-code button").click()
    assert page.evaluate(CODE) == 0
    page.reload()
    assert page.evaluate(CODE) > 5
