"""A chart is explored by structure: with a keyboard or a screen reader each row of its table is near."""

from __future__ import annotations

import re

from helpers import opened

CHAPTER = "chapters/08-b-cell.html"
FIGURE = "cd19-complete-response"


def test_a_place_is_announced_and_its_mark_is_seen(visit):
    page = visit(CHAPTER)
    figure = opened(page, FIGURE)
    at = figure.locator("[role=treeitem]:focus")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    level, place, count = (
        int(at.get_attribute(f"aria-{one}")) for one in ("level", "posinset", "setsize")
    )
    assert (level, place) == (4, 1)
    assert count > 1
    words = at.text_content()
    header = figure.locator("thead th").nth(5).text_content()
    assert f"; {header} " in words  # a number is named by its column
    assert figure.locator(".cb-live .is-active").count() >= 1
    page.keyboard.press("ArrowDown")
    assert at.text_content() != words
    assert int(at.get_attribute("aria-posinset")) == 2
    for _ in range(3):
        page.keyboard.press("Escape")
    assert at.get_attribute("aria-level") == "1"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Explore"
    assert figure.locator(".cb-live .is-active").count() == 0


def test_a_selected_row_is_selected_in_every_figure_and_in_the_address(visit):
    page = visit(CHAPTER)
    figure = opened(page, FIGURE)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    while "ZUMA-1" not in figure.locator("[role=treeitem]:focus").text_content():
        page.keyboard.press("ArrowDown")
        if figure.locator("[role=treeitem]:focus").get_attribute("aria-posinset") == "1":
            for key in ("ArrowLeft", "ArrowDown", "ArrowRight"):
                page.keyboard.press(key)
    page.keyboard.press("Enter")
    said = figure.locator(".cb-selection").text_content()
    count = int(re.search(r"in (\d+) figures", said)[1])
    chosen = "figure[data-chart]:has(tr.is-selected[aria-current=true])"
    assert page.locator(chosen).count() == count > 1
    assert "select=ZUMA-1" in page.url
    page.reload()
    page.locator(chosen).nth(count - 1).wait_for(state="attached")
    other = page.locator(chosen).nth(1)
    other.scroll_into_view_if_needed()
    other.locator(".cb-live .is-selected").first.wait_for(state="attached")
    figure = opened(page, FIGURE)
    page.keyboard.press("Escape")
    assert page.locator(chosen).count() == count


def test_a_click_on_a_mark_selects_its_row_and_clear_ends_it(visit):
    page = visit(CHAPTER)
    figure = opened(page, FIGURE)
    mark = figure.locator(".cb-live svg path[aria-roledescription='point']").first
    mark.click()
    figure.locator("tr.is-selected").wait_for(state="attached")
    figure.get_by_role("button", name="Clear").click()
    assert page.locator("tr.is-selected").count() == 0
    assert "select" not in page.url


def test_sound_is_off_until_it_is_asked_for_and_follows_the_value(visit):
    page = visit(
        CHAPTER,
        """window.tones = [];
        const create = AudioContext.prototype.createOscillator;
        AudioContext.prototype.createOscillator = function () {
          const tone = create.call(this);
          tone.start = () => tones.push(tone.frequency.value);
          tone.stop = () => {};
          return tone;
        };""",
    )
    figure = opened(page, FIGURE)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("tones.length") == 0
    figure.get_by_role("button", name="Sound").click()
    figure.locator("[role=treeitem][tabindex='0']").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    heard = page.evaluate("tones")
    assert len(heard) >= 2
    assert all(220 <= one <= 880 for one in heard)
    assert len(set(heard)) > 1


def test_the_tree_needs_no_live_chart(visit):
    page = visit("", faults=False)
    page.route("**/vega.js*", lambda route: route.abort())
    page.goto(visit.address + CHAPTER)
    figure = opened(page, FIGURE)
    page.keyboard.press("ArrowRight")
    assert "All rows" in figure.locator("[role=treeitem]:focus").text_content()


def test_without_scripts_there_is_no_dead_control(visit):
    page = visit(CHAPTER, java_script_enabled=False)
    assert page.locator(".cb-explore").first.is_hidden()
