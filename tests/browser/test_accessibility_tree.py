"""What a screen reader is told of a page, and what a keyboard, forced colours and a high zoom show of it."""

from __future__ import annotations

import itertools

import pytest
from helpers import scroll, until

CHAPTER = "chapters/08-b-cell.html"
EXPLORER = "chapters/explorer.html"
THREE = ("index.html", CHAPTER, EXPLORER)
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
FOLDS = ".sd-card a, .header-article__inner button, details.dropdown > summary, details.admonition > summary, .cb-disclosure > summary"
CONTROLS = ("button", "link", "combobox", "textbox", "searchbox", "image")


def tree(page):
    """The page's accessibility tree: each node's role, name, description, properties, and the roles above it."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def role(node):
        return node.get("role", {}).get("value", "")

    def above(node):
        up = by_id.get(node.get("parentId", ""))
        return [role(up), *above(up)] if up else []

    return [
        {"role": role(node), "above": above(node)}
        | {key: node.get(key, {}).get("value", "") for key in ("name", "description")}
        | {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        for node in nodes
        if not node["ignored"]
    ]


def of(nodes, *roles):
    return [node for node in nodes if node["role"] in roles]


@pytest.mark.parametrize("name", THREE)
def test_accessibility_tree(visit, name):
    page = visit(name, SPOKEN, wait="networkidle")
    scroll(page)
    assert page.evaluate("() => spoken") == [], "nothing is said before the reader acts"
    figures = page.locator("figure[data-chart]").all()
    nodes = tree(page)
    for figure in figures:  # a chart is announced once, with its message
        said = figure.locator("[id$='-said']").first.text_content()
        described = [
            one for one in of(nodes, "image") if one["description"].split() == said.split()
        ]
        assert [one["name"] for one in described] == ["Chart"]
    assert of(nodes, "graphics-document", "graphics-symbol") == []

    page.evaluate("document.querySelectorAll('article details').forEach(one => one.open = true)")
    nodes = tree(page)
    levels = [node["level"] for node in of(nodes, "heading") if "main" in node["above"]]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len(of(nodes, "main")) == len(of(nodes, "contentinfo")) == 1
    assert len(of(nodes, "banner")) <= 1
    ways = [node["name"] for node in of(nodes, "navigation")]
    assert all(ways)
    assert len(set(ways)) == len(ways)
    assert all(node["name"] for node in of(nodes, "table"))
    tables = page.locator("article table").all()
    assert all(table.locator("thead th[scope=col]").count() for table in tables)
    assert all(node["name"] for node in of(nodes, *CONTROLS) if node.get("focusable"))
    groups = [node["name"] for node in of(nodes, "group")]
    stems = page.locator(".cb-question > p:first-child").all()
    assert all(" ".join(one.text_content().split()) in groups for one in stems)
    assert (len(figures) > 0, len(stems) > 3) == (name != EXPLORER, name == CHAPTER)


def test_explorer_announces_what_a_filter_leaves(visit):
    page = visit(EXPLORER, SPOKEN)
    page.locator("select[name=disease]").focus()
    page.locator("select[name=disease]").select_option("multiple myeloma")
    until(page, "() => spoken.length > 0")
    assert "numbers of" in page.evaluate("() => spoken.at(-1)")


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_focus_is_seen_at_each_stop_of_the_tab_key(visit, key):
    page = visit(EXPLORER, viewport={"width": 390, "height": 700}, reduced_motion="reduce")
    if key != "Tab":
        page.locator("footer a, .prev-next-area a").last.focus()
    stops = []
    for _ in range(60):
        page.keyboard.press(key)
        at = page.evaluate(AT)
        if at["body"]:
            break
        stops.append(at | {"ring": page.evaluate(RING)})
    assert len(stops) > 15
    assert [one["name"] for one in stops if not (one["seen"] and one["ring"])] == []


@pytest.mark.parametrize("name", THREE[:2])
def test_focus_is_seen_on_cards_menus_and_solutions(visit, name):
    page = visit(name)
    for one in page.locator(FOLDS).all():
        if one.is_visible() or "sd-stretched-link" in (one.get_attribute("class") or ""):
            page.keyboard.press("Shift")  # a reader of the keyboard
            one.focus()
            assert page.evaluate(RING), one.evaluate("one => one.outerHTML.slice(0, 90)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_icons_and_points(visit, scheme):
    page = visit(EXPLORER, forced_colors="active", color_scheme=scheme)
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    icons = "details.dropdown summary .fas, details.dropdown summary .fa-solid"
    for mark in (".primary-toggle .fa-solid", icons):
        ink = page.locator(mark).first.evaluate(
            "one => getComputedStyle(one, '::before').backgroundColor"
        )
        assert ink not in (paper, "rgba(0, 0, 0, 0)"), mark
    page.goto(f"{page.url}?endpoint=stringent+CR")
    dot = page.locator(".explorer-plot .forest-dot").first
    assert dot.evaluate("one => getComputedStyle(one).stroke") != paper


def test_search_results_fit_at_four_times_their_size(visit):
    page = visit("search.html?q=CD30", viewport={"width": 320, "height": 256})
    page.locator("#search-results li a").nth(4).wait_for()
    assert page.evaluate(
        "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
