"""A reader steers the forest plot: by menu, by pointer and by keyboard alone, under the site's policy."""

from __future__ import annotations

import re

import pytest

from cartbook.meta_analysis import pool_logits
from cartbook.plots.synthesis import SETS, pooling_rows

PAGE = "chapters/putting-studies-together.html"
LEFT_OUT = ", left out"


@pytest.fixture
def figure(visit):
    page = visit(PAGE)
    found = page.locator("figure[data-chart='pooling-steered']")
    page.mouse.move(5, 5)
    found.evaluate("one => one.scrollIntoView({ behavior: 'instant' })")
    found.locator(".cb-is-live").wait_for(state="attached")
    return found


def severe(without: str = ""):
    rows = pooling_rows()
    rows = rows[rows["set"].eq(SETS[0]) & rows["grade"].eq("3 or higher")]
    rows = rows[rows["end_point"].eq("cytokine release syndrome")]
    return rows[rows["label"].ne(without)]


def rate(rows) -> str:
    found = pool_logits(rows)
    return f"{100 * found.estimate:.1f}% ({100 * found.low:.1f}–{100 * found.high:.1f})"


def shows(figure, text: str) -> None:
    figure.locator(".cb-live svg", has_text=text).wait_for(state="attached")


def test_a_menu_leaves_a_study_out_and_puts_it_back(figure):
    shows(figure, rate(severe()))
    menu = figure.locator("select").last
    menu.select_option("LCAR-B38M (Xu)")
    shows(figure, rate(severe("LCAR-B38M (Xu)")))
    menu.select_option("none")
    shows(figure, rate(severe()))


def test_keys_alone_leave_studies_out_and_put_them_back(figure):
    page = figure.page
    field = figure.get_by_label("Leave out also")
    field.focus()
    page.keyboard.type("xu, zuma-3")
    rows = severe()
    shows(figure, rate(rows[~rows["study_id"].isin(["xu2019", "shah2021"])]))
    assert figure.locator(".cb-live svg").text_content().count(LEFT_OUT) == 2
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    shows(figure, rate(rows))


def test_a_click_leaves_studies_out_one_after_the_other(figure):
    points = figure.locator(".cb-live svg path[aria-roledescription='point']")
    for name in ("LCAR-B38M (Xu)", "ZUMA-3 (brexu-cel)"):
        points.and_(figure.page.locator(f"[aria-label*='{name}']")).first.click()
    rows = severe()
    shows(figure, rate(rows[~rows["study_id"].isin(["xu2019", "shah2021"])]))
    assert figure.locator(".cb-live svg").text_content().count(LEFT_OUT) == 2


def test_each_control_has_a_label(figure):
    controls = figure.locator(".cb-controls select, .cb-controls input")
    names = controls.evaluate_all("all => all.map(one => one.labels[0]?.textContent.trim() ?? '')")
    assert len(names) == 9
    assert all(re.match(r"[A-Z]\w+", name) for name in names)
