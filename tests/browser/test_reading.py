"""What a reader sees and can do, in Chromium with the outside blocked."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import THEMED, WITH_CHARTS, reader, scroll
from playwright.sync_api import Browser, Page

AXE = {"preload": False, "resultTypes": ["violations"]}
#: a dark page differs from a light one in its colours alone
SCHEMES: dict[Any, list[str]] = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "dark": ["color-contrast", "link-in-text-block"],
}
LOOKS = {
    "exclude": [["tbody tr:nth-child(n+4)"]]
}  # the rows of a table that follow look like its first three
DRAWN = """figure => {
  const picture = [...figure.querySelectorAll('.cb-picture svg')].find(svg => svg.checkVisibility() && svg.getBoundingClientRect().width > 40);
  return !!picture && picture.querySelectorAll('path, line, text').length > 5;
}"""


def figures(page: Page) -> int:
    return page.locator("figure[data-chart]").count()


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_every_chart_turns_live(browser: Browser, address: str, name: str) -> None:
    with reader(browser, address + name) as page:
        scroll(page)
        assert figures(page)
        assert all(
            page.locator("figure[data-chart]").nth(i).evaluate(DRAWN) for i in range(figures(page))
        )
        assert page.locator(".cb-live svg").count() == figures(page)
        assert page.evaluate("document.querySelectorAll('script[src*=\"vega.js\"]').length") == 1


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_before_a_reader_does_anything_no_page_asks_for_vega(
    browser: Browser, address: str, name: str
) -> None:
    with reader(browser, address + name) as page:
        page.wait_for_load_state("networkidle")
        asked = "performance.getEntriesByType('resource').some(one => one.name.includes('vega.js'))"
        assert not page.evaluate(asked)
        page.mouse.move(5, 5)
        scroll(page)
        assert page.evaluate(asked)


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_every_chart_is_there_without_scripts_and_on_paper(
    browser: Browser, address: str, name: str
) -> None:
    with reader(browser, address + name, java_script_enabled=False) as page:
        visible = page.locator("figure[data-chart] .cb-wide svg")
        assert visible.count() == figures(page)
        assert all(visible.nth(i).is_visible() for i in range(visible.count()))
    with reader(browser, address + name) as page:
        scroll(page)
        page.emulate_media(media="print")
        printed = page.locator("figure[data-chart] .cb-wide svg")
        assert all(printed.nth(i).is_visible() for i in range(printed.count()))
        assert not page.locator(".cb-live").first.is_visible()


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_alternative_table_and_csv_are_there(browser: Browser, address: str, name: str) -> None:
    with reader(browser, address + name, java_script_enabled=False) as page:
        for i in range(figures(page)):
            figure = page.locator("figure[data-chart]").nth(i)
            picture = figure.locator(".cb-wide svg")
            alternative = (
                page.locator(f"#{picture.get_attribute('aria-describedby')}").text_content() or ""
            )
            assert len(alternative) > 40
            assert figure.locator("table tbody tr").count() > 0
            response = page.request.get(
                page.evaluate(
                    "link => link", figure.locator("a[href$='.csv']").first.evaluate("a => a.href")
                )
            )
            assert response.ok
            assert len(response.text().splitlines()) == figure.locator("table tbody tr").count() + 1


@pytest.mark.parametrize("name", THEMED)
def test_a_phone_never_scrolls_sideways(browser: Browser, address: str, name: str) -> None:
    with reader(browser, address + name, viewport={"width": 390, "height": 844}) as page:
        if name in WITH_CHARTS:
            scroll(page)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert (
            page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            <= 0
        )
        wide = page.evaluate(
            "[...document.querySelectorAll('figure[data-chart] svg')].filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1).length"
        )
        assert wide == 0


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", THEMED)
def test_axe_finds_nothing(browser: Browser, address: str, name: str, scheme: Any) -> None:
    with reader(browser, address + name, color_scheme=scheme) as page:
        if name in WITH_CHARTS:
            scroll(page)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.wait_for_timeout(600)  # what fades in is judged when it is there
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        found = (
            Axe()
            .run(page, context=LOOKS, options={**AXE, "runOnly": SCHEMES[scheme]})
            .response["violations"]
        )
        assert not found, [
            (one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found
        ]


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_charts_are_dark_on_a_dark_page(browser: Browser, address: str, name: str) -> None:
    with reader(browser, address + name, color_scheme="dark") as page:
        scroll(page)
        inks = page.eval_on_selector_all(
            "figure[data-chart] .cb-live svg text",
            "all => all.map(text => getComputedStyle(text).fill)",
        )
        light = [
            ink
            for ink in inks
            if min(int(part) for part in ink.removeprefix("rgb(").rstrip(")").split(",")) > 90
        ]
        assert len(light) > len(inks) / 2, (
            "most words of a chart on a dark page are light (those within a mark may be dark)"
        )


CRS = "chapters/08-b-cell.html"


def live(page: Page, name: str) -> Any:
    figure = page.locator(f"figure[data-chart='{name}']")
    figure.scroll_into_view_if_needed()
    page.mouse.move(5, 5)
    figure.locator(".cb-is-live").wait_for()
    return figure


def test_a_pointer_brings_a_tooltip_and_escape_sends_it_away(
    browser: Browser, address: str
) -> None:
    with reader(browser, address + CRS) as page:
        figure = live(page, "cd19-complete-response")
        figure.locator(".cb-live svg path[aria-roledescription='point']").first.hover()
        tip = page.locator(".cb-tip")
        tip.wait_for()
        assert "AUTO1" in (tip.text_content() or ""), (
            "the chart is sorted: its first mark has the highest rate"
        )
        page.keyboard.press("Escape")
        assert not tip.is_visible()


def test_a_keyboard_reaches_every_mark(browser: Browser, address: str) -> None:
    with reader(browser, address + CRS) as page:
        figure = live(page, "cd19-complete-response")
        figure.locator(".cb-live").focus()
        heard = []
        for _ in range(6):
            page.keyboard.press("ArrowRight")
            heard.append(figure.locator("[aria-live]").text_content())
        assert len(set(heard)) == 6
        assert all("%" in (one or "") for one in heard)


def test_a_selection_reacts_to_the_keyboard_and_changes_the_marks(
    browser: Browser, address: str
) -> None:
    with reader(browser, address + "index.html") as page:
        figure = live(page, "eleven-studies")
        choice = figure.locator("select")
        assert "CARTITUDE-1" not in (figure.locator(".cb-live svg").text_content() or "")
        choice.focus()
        page.keyboard.press("ArrowDown")
        figure.locator(".cb-live svg", has_text="CARTITUDE-1").wait_for()
        assert "CARTITUDE-1" in (figure.locator(".cb-live svg").text_content() or "")


def test_a_quiz_answers_by_keyboard(browser: Browser, address: str) -> None:
    with reader(browser, address + CRS) as page:
        first = page.locator(".cb-choice").first
        first.locator("summary").focus()
        page.keyboard.press("Enter")
        assert first.locator("p").is_visible()
        assert (first.locator("p").text_content() or "").startswith(("Right.", "Not quite."))


def test_without_its_script_a_chart_stays_a_picture(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/vega.js*", lambda route: route.abort())
    page.goto(address + CRS)
    page.locator("figure[data-chart]").first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert page.locator("figure[data-chart] .cb-wide svg").first.is_visible()
    context.close()
