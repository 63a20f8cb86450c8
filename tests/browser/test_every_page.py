"""Every page, visited once with scripts and once without: charts, accessibility, colours, widths, print, storage."""

from __future__ import annotations

import pytest
from helpers import THEMED, WITH_CHARTS, opened, scroll, until

#: what a browser may keep of a reader: the colour mode, and (cb-) the marks of quizzes
KEPT = ("mode", "theme", "cb-")
#: rows of a table that look like its first three
REPEATED = {"exclude": [["tbody tr:nth-child(n+4)"]]}
LOOK = {"include": [["[data-look]"]]}
CONTRAST = ["color-contrast", "link-in-text-block"]
#: marks the first element of each look: axe takes 3 s to measure the contrast of each word of a chapter
LOOKS = """() => {
  const seen = new Set();
  const behind = one => {
    for (; one; one = one.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(one);
      if (backgroundImage !== 'none') return backgroundImage;
      if (!backgroundColor.endsWith(', 0)')) return backgroundColor;
    }
  };
  for (const one of document.querySelectorAll('body *')) {
    delete one.dataset.look;
    const words = [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!(words || one.matches('input, select, textarea')) || !one.checkVisibility({ visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight, opacity } = getComputedStyle(one);
    const kinds = [one, one.parentElement].map(at => `${at.localName} ${at.getAttribute('class')}`);
    const look = [...kinds, color, fontSize, fontWeight, opacity, behind(one)].join();
    if (!seen.has(look)) one.dataset.look = seen.add(look).size;
  }
  return seen.size;
}"""
STORED = "[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]"
VEGA = "performance.getEntriesByType('resource').filter(one => one.name.includes('vega.js')).length"
DRAWN = """() => [...document.querySelectorAll('figure[data-chart]')].every(figure => {
  const svg = [...figure.querySelectorAll('.cb-live svg')].find(one => one.checkVisibility() && one.getBoundingClientRect().width > 40);
  return svg && svg.querySelectorAll('path, line, text').length > 5;
})"""
INKS = """() => [...document.querySelectorAll('figure[data-chart] .cb-live svg :is(.role-axis, .role-legend, .role-title) text')]
  .map(text => Math.min(...getComputedStyle(text).fill.match(/\\d+/g).slice(0, 3)))"""
#: of each figure: its height, and what its controls say and are set to
ROOM = """() => [...document.querySelectorAll('figure[data-chart]')].map(figure => ({
  id: figure.dataset.chart,
  height: figure.getBoundingClientRect().height,
  controls: figure.querySelector('.cb-controls')?.textContent ?? '',
  set: [...figure.querySelectorAll('.cb-controls :is(input, select)')]
    .map(one => ['radio', 'checkbox'].includes(one.type) ? one.checked : one.selectedOptions?.[0].text ?? one.value),
}))"""
KEEP_CONTROLS = """() => window.static = [...document.querySelectorAll('figure[data-chart]')]
  .map(figure => figure.querySelector('.cb-controls')?.cloneNode(true))"""
#: px between each live chart and the picture with its controls, at the page's present width
GROWTH = """() => [...document.querySelectorAll('figure[data-chart]')].map((figure, place) => {
  const [picture, live] = [figure.querySelector('.cb-picture'), figure.querySelector('.cb-live')];
  const controls = figure.querySelector('.cb-controls');
  const height = figure.getBoundingClientRect().height;
  controls?.replaceWith(window.static[place]);
  picture.classList.remove('cb-is-live');
  const before = figure.getBoundingClientRect().height;
  picture.classList.add('cb-is-live');
  if (controls) window.static[place].replaceWith(controls);
  return height - before;
})"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDE = """() => [...document.querySelectorAll('figure[data-chart] svg')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1).length"""
FITTED = """() => [...document.querySelectorAll('.cb-live')]
  .every(one => Math.abs(one.querySelector('svg').getBoundingClientRect().width - one.clientWidth) < 2)"""
CUT = """() => [...document.querySelectorAll('article pre')]
  .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).length"""
#: what a reader can use, except what works without scripts: the summary of findings (test_summary.py), boxes that scroll
CONTROLS = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, textarea, [role=button], [tabindex="0"][role=group]')]
  .filter(one => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 1)
  .filter(one => !one.matches('.cb-findings input, .cb-scroll'))
  .map(one => one.outerHTML.slice(0, 120))"""
MOST_KEYS = 12
#: walks the rows from the root; lists before the right one are passed by Down, or by Up round the end
WALK = """root => {
  const press = key => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const keys = {};
  const walk = pressed => {
    const item = document.activeElement;
    if (!item.hasAttribute("aria-expanded")) {
      keys[item.textContent] = Math.min(keys[item.textContent] ?? Infinity, pressed);
      return;
    }
    press("ArrowRight");
    const count = Number(document.activeElement.getAttribute("aria-setsize"));
    for (let place = 0; place < count; place++) {
      walk(pressed + 1 + Math.min(place, count - place));
      press("ArrowDown");
    }
    press("ArrowLeft");
  };
  press("ArrowRight"); // all rows
  walk(1);
  return keys;
}"""
SETTLE = "document.getAnimations().forEach(one => one.finish())"  # axe measures what has faded in
UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"


def each_row_is_near(page, chart):
    """Each row of a chart's table is within twelve keys, when the chart is explored by its structure."""
    figure = opened(page, chart.get_attribute("data-chart"))
    keys = figure.evaluate(WALK)
    lines = figure.locator("table tbody tr").all()
    rows = {line.locator("> :first-child").text_content().strip() for line in lines}
    found = {words: [row for row in rows if words.startswith(f"{row};")] for words in keys}
    assert all(found.values())
    assert {row for several in found.values() for row in several} == rows
    assert max(keys.values()) <= MOST_KEYS


@pytest.mark.parametrize("name", THEMED)
def test_page(visit, axe, name):
    page = visit(name, wait="networkidle", viewport={"width": 1280, "height": 800})
    charts = page.locator("figure[data-chart]").count()
    assert (charts > 0) == (name in WITH_CHARTS)
    assert page.evaluate(VEGA) == 0, "Vega loads with the first chart that a reader comes near"
    local, session, cookie = page.evaluate(STORED)
    assert all(one.startswith(KEPT) for one in local)
    assert (set(session) <= {"sidebar-scroll-top"}, cookie) == (True, "")

    still = page.evaluate(ROOM)
    page.evaluate(KEEP_CONTROLS)
    scroll(page)
    assert page.locator(".cb-live svg").count() == charts
    for before, after in zip(still, page.evaluate(ROOM), strict=True):
        assert abs(after.pop("height") - before.pop("height")) <= 1, after["id"]
        assert after == before
    assert page.evaluate(DRAWN)
    assert page.evaluate(VEGA) == (charts > 0)

    for chart in page.locator("figure[data-chart]").all():
        each_row_is_near(page, chart)

    page.evaluate(UNFOLD)
    page.evaluate(SETTLE)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert axe(page, REPEATED, skip=CONTRAST) == []
    assert page.evaluate(LOOKS) > 10
    assert axe(page, LOOK, CONTRAST) == []

    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        page.evaluate("document.querySelector('.theme-switch-button').click()")
    page.evaluate(SETTLE)
    page.evaluate(LOOKS)
    assert axe(page, LOOK, CONTRAST) == []
    assert all(ink > 90 for ink in page.evaluate(INKS)), (
        "axes, legends and titles are light on dark"
    )

    page.set_viewport_size({"width": 390, "height": 844})
    until(page, FITTED)
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(WIDE) == 0
    until(page, f"({GROWTH})().every(growth => Math.abs(growth) <= 1)")  # Vega draws a moment later

    page.emulate_media(media="print")
    assert page.evaluate(CUT) == 0
    assert all(one.is_visible() for one in page.locator("figure[data-chart] .cb-wide svg").all())
    assert not any(one.is_visible() for one in page.locator(".cb-live").all())


def test_without_scripts_charts_show_and_no_control_is_dead(visit, address):
    page = visit("index.html", java_script_enabled=False)
    dead = {}
    for name in (*THEMED, "404.html"):
        page.goto(address + name, wait_until="domcontentloaded")
        page.evaluate(UNFOLD)
        for width in (
            (390, 1280) if name in ("index.html", WITH_CHARTS[-1], "search.html") else (390,)
        ):
            page.set_viewport_size({"width": width, "height": 800})
            figures = page.locator("figure[data-chart]").all()
            assert all(
                one.locator(f".cb-{'wide' if width > 390 else 'narrow'} svg").is_visible()
                for one in figures
            )
            if found := page.evaluate(CONTROLS):
                dead[f"{name} at {width}"] = found
    assert dead == {}
