"""Decks in a browser with no network, opened as files from a folder: keys, charts, print, accessibility."""

from __future__ import annotations

import re
import shutil

import pytest
from helpers import until

from cartbook.export import slides, teaching

AT = "Reveal.getIndices().h"
WIDE = {"width": 1280, "height": 720}
#: the lowest edge on the slide, of 600, in the slide's own pixels
BOTTOM = """() => { const slide = document.querySelector('section.present'), scale = Reveal.getScale(), top = slide.getBoundingClientRect().top;
  return Math.max(...[...slide.querySelectorAll('h1, h2, p:not(.visually-hidden), li, svg')].filter(one => one.checkVisibility())
    .map(one => (one.getBoundingClientRect().bottom - top) / scale)); }"""
CUT = """() => [...document.querySelectorAll('.slides > section')].flatMap(slide => [...slide.querySelectorAll('p:not(.visually-hidden), li, svg')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().bottom > slide.getBoundingClientRect().bottom)
  .map(one => slide.querySelector('h1, h2').textContent))"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """The decks, in a folder far from the book."""
    folder = tmp_path_factory.mktemp("decks")
    teaching.write("slides", folder / "out")
    (folder / "out" / "slides").rename(folder / "carried away")
    shutil.rmtree(folder / "out")
    return sorted((folder / "carried away").glob("*.html"))


@pytest.fixture
def present(visit, decks):
    """Open a deck at a slide: ``present(deck, 3)``."""

    def show(deck, at=0, **options):
        page = visit(f"{decks[deck].as_uri()}#/{at}", **{"viewport": WIDE} | options)
        until(page, "Reveal.isReady()")
        return page

    return show


def kinds(deck):
    return re.findall(r'<section class="deck-(\w+)[ "]', deck.read_text(encoding="utf-8"))


def test_each_part_has_a_deck_with_the_figures_that_fit_a_slide(decks):
    chapters = teaching.chapters()
    assert len(decks) == len({one.part for one in chapters}) == 5
    text = "".join(deck.read_text(encoding="utf-8") for deck in decks)
    for chapter in chapters:
        for one in chapter.figures:
            assert text.count(f'data-chart="{one["id"]}"') == int(slides.figure_fits(one))
        assert text.count(f">{chapter.slides().question}</h2>") == 2
    assert text.count('class="deck-vote"') == len(chapters)
    assert "{eval}" not in text
    assert not re.findall(r'(?:src|href)="(?!assets/|data:,)[^"]*"', text)


def test_keys_turn_slides_and_a_vote_hides_its_answer(present, decks):
    vote = kinds(decks[1]).index("vote")
    page = present(1)
    for key, at in (("ArrowRight", 1), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate(AT) == at
    page.evaluate(f"Reveal.slide({vote})")
    answer = page.locator("section.present .fragment")
    visibility = "one => getComputedStyle(one).visibility"
    assert answer.evaluate(visibility) == "hidden"
    page.keyboard.press("ArrowRight")
    assert (page.evaluate(AT), answer.evaluate(visibility)) == (vote, "visible")
    assert re.match(r"[A-E]\. \S", answer.inner_text())
    page.keyboard.press("ArrowRight")
    assert page.evaluate(AT) == vote + 1


def test_a_chart_is_live_and_keys_turn_the_slide(present, decks):
    at = kinds(decks[2]).index("figure")
    page = present(2, at)
    live = page.locator("section.present .cb-is-live .cb-live")
    live.wait_for()
    assert live.get_attribute("role") == "img"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(AT) == at + 1


@pytest.mark.parametrize("deck", range(5))
def test_every_slide_fits_is_accessible_and_prints(present, axe, decks, deck):
    page, found = present(deck), kinds(decks[deck])
    checked = set()
    for at, kind in enumerate(found):
        page.evaluate(f"Reveal.slide({at}, 0, 99)")
        if page.locator("section.present figure").count():
            page.locator("section.present .cb-is-live svg").first.wait_for(state="attached")
        bottom = page.evaluate(BOTTOM)
        assert bottom <= 601, f"{decks[deck].name} slide {at + 1}: {bottom:.0f} of 600"
        if deck == 2 and kind not in checked:
            checked.add(kind)
            page.wait_for_timeout(300)
            assert axe(page) == [], kind
    page.evaluate("Reveal.slide(0)")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(found)
    page.emulate_media(media="print")
    assert all(one.is_visible() for one in page.locator(".fragment").all())
    pictures = page.locator("section.deck-figure .cb-wide svg:visible").count()
    assert page.locator("section.deck-figure").count() == pictures > 2
    assert not page.evaluate(CUT)


def test_a_phone_can_scroll_a_deck(present):
    page = present(0, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
