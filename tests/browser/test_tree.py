"""What a screen reader is told of a page, and what a keyboard, forced colours and a high zoom show of it."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from scripts import until
from test_reading import reader, scroll

CHAPTER = "chapters/08-b-cell.html"
EXPLORER = "chapters/explorer.html"
THREE = ("index.html", CHAPTER, EXPLORER)
Node = dict[str, Any]

#: changes of text within a live region, once the page is read: what a screen reader would say unasked
SPOKEN = """addEventListener('DOMContentLoaded', () => {
  window.spoken = [];
  new MutationObserver(seen => seen.forEach(({ target }) => {
    const region = (target.closest ? target : target.parentElement)?.closest('[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]');
    if (region?.textContent.trim()) spoken.push(region.textContent);
  })).observe(document, { subtree: true, childList: true, characterData: true });
})"""
RING = """() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  const after = getComputedStyle(document.activeElement, '::after');
  return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) || boxShadow !== 'none' || (after.outlineStyle !== 'none' && after.content !== 'none');
}"""
AT = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const points = [[box.left + box.width / 2, box.top + box.height / 2], [box.left + 3, box.top + 3], [box.right - 3, box.bottom - 3]];
  const tops = points.map(([x, y]) => document.elementFromPoint(x, y)).filter(Boolean);
  return { name: one.outerHTML.slice(0, 90), body: one === document.body, seen: tops.some(top => one.contains(top) || (top !== document.body && top.contains(one))) };
}"""


def tree(page: Page) -> list[Node]:
    """The page's accessibility tree, with each node's role, name, description, properties and the roles above it."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def role(node: Node) -> str:
        return str(node.get("role", {}).get("value", ""))

    def above(node: Node) -> list[str]:
        up = by_id.get(node.get("parentId", ""))
        return [role(up), *above(up)] if up else []

    return [
        {
            "role": role(node),
            "name": node.get("name", {}).get("value", ""),
            "description": node.get("description", {}).get("value", ""),
            "above": above(node),
            **{one["name"]: one["value"].get("value") for one in node.get("properties", [])},
        }
        for node in nodes
        if not node["ignored"]
    ]


def of(nodes: list[Node], *roles: str) -> list[Node]:
    return [node for node in nodes if node["role"] in roles]


@pytest.mark.parametrize("name", THREE)
def test_a_screen_reader_finds_its_way(browser: Browser, address: str, name: str) -> None:
    with reader(browser, address + name) as page:
        scroll(page)
        page.evaluate(
            "document.querySelectorAll('article details').forEach(one => one.open = true)"
        )
        nodes = tree(page)
        levels = [node["level"] for node in of(nodes, "heading") if "main" in node["above"]]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        marks = Counter(node["role"] for node in of(nodes, "main", "banner", "contentinfo"))
        assert marks["main"] == marks["contentinfo"] == 1
        assert marks["banner"] <= 1
        ways = [node["name"] for node in of(nodes, "navigation")]
        assert all(ways)
        assert len(set(ways)) == len(ways)
        assert all(node["name"] for node in of(nodes, "table"))
        tables = page.locator("article table").all()
        assert all(table.locator("thead th[scope=col]").count() for table in tables)
        assert all(
            node["name"]
            for node in of(nodes, "button", "link", "combobox", "textbox", "searchbox", "image")
            if node.get("focusable")
        )


@pytest.mark.parametrize("name", THREE[:2])
def test_a_chart_is_announced_once_with_its_message(
    browser: Browser, address: str, name: str
) -> None:
    with reader(browser, address + name) as page:
        scroll(page)
        nodes = tree(page)
        figures = page.locator("figure[data-chart]").all()
        assert figures
        for figure in figures:
            title = figure.locator("figcaption").text_content() or ""
            (chart,) = [
                node
                for node in nodes
                if node["role"] in ("group", "image")
                and node["name"].startswith(title)
                and node["description"]
            ]
            assert (chart.get("roledescription") == "interactive chart") == (
                "Arrow keys" in chart["name"]
            )
            said = figure.locator("[id$='-alt']").first.text_content() or ""
            assert chart["description"].split() == said.split()
        assert of(nodes, "graphics-document", "graphics-symbol") == []


def test_every_question_of_a_quiz_is_a_named_group(browser: Browser, address: str) -> None:
    with reader(browser, address + CHAPTER) as page:
        names = [node["name"] for node in of(tree(page), "group")]
        stems = [
            " ".join((one.text_content() or "").split())
            for one in page.locator(".cb-question > p:first-child").all()
        ]
        assert len(stems) > 3
        assert all(stem in names for stem in stems)


@pytest.mark.parametrize("name", THREE)
def test_nothing_is_said_before_the_reader_acts(browser: Browser, address: str, name: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(SPOKEN)
    page.goto(address + name, wait_until="networkidle")
    scroll(page)
    assert page.evaluate("() => spoken") == []
    if name == EXPLORER:
        page.locator("select[name=disease]").focus()
        page.locator("select[name=disease]").select_option("multiple myeloma")
        until(page, "() => spoken.length > 0")
        assert "numbers of" in page.evaluate("() => spoken.at(-1)")
    context.close()


@pytest.mark.parametrize("backwards", [False, True])
def test_tab_goes_through_a_page_and_focus_is_seen_at_each_stop(
    browser: Browser, address: str, backwards: bool
) -> None:
    with reader(
        browser, address + EXPLORER, viewport={"width": 390, "height": 700}, reduced_motion="reduce"
    ) as page:
        if backwards:
            page.locator("footer a, .prev-next-area a").last.focus()
        stops = []
        for _ in range(60):
            page.keyboard.press("Shift+Tab" if backwards else "Tab")
            at = page.evaluate(AT)
            if at["body"]:
                break
            stops.append(at | {"ring": page.evaluate(RING)})
        assert 15 < len(stops) < 60
        assert [one["name"] for one in stops if not one["seen"]] == []
        assert [one["name"] for one in stops if not one["ring"]] == []


@pytest.mark.parametrize("name", ["index.html", CHAPTER])
def test_focus_is_seen_on_cards_menus_and_solutions(
    browser: Browser, address: str, name: str
) -> None:
    with reader(browser, address + name) as page:
        for one in page.locator(
            ".sd-card a, .header-article__inner button, details.dropdown > summary, details.admonition > summary, .cb-more > summary"
        ).all():
            if one.is_visible() or "sd-stretched-link" in (one.get_attribute("class") or ""):
                page.keyboard.press("Shift")  # a reader of the keyboard
                one.focus()
                assert page.evaluate(RING), one.evaluate("one => one.outerHTML.slice(0, 90)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_icons_and_bars(browser: Browser, address: str, scheme: Any) -> None:
    with reader(browser, address + EXPLORER, forced_colors="active", color_scheme=scheme) as page:
        paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        for mark in (
            ".primary-toggle .fa-solid",
            "details.dropdown summary .fas, details.dropdown summary .fa-solid",
            ".cb-bar",
        ):
            ink = page.locator(mark).first.evaluate(
                "one => getComputedStyle(one, '::before').backgroundColor"
            )
            assert ink not in (paper, "rgba(0, 0, 0, 0)"), mark


def test_what_was_found_fits_a_page_at_four_times_its_size(browser: Browser, address: str) -> None:
    with reader(
        browser, address + "search.html?q=CD30", viewport={"width": 320, "height": 256}
    ) as page:
        page.locator("#search-results li a").nth(4).wait_for()
        assert (
            page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            <= 0
        )


def test_paper_shows_whole_lines_of_code_and_no_closed_folds(
    browser: Browser, address: str
) -> None:
    with reader(browser, address + CHAPTER) as page:
        page.emulate_media(media="print")
        assert page.locator("article pre").count() > 0
        wide = "() => [...document.querySelectorAll('article pre')].filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).length"
        assert page.evaluate(wide) == 0
        assert page.locator(".cb-more:not([open])").first.is_hidden()
