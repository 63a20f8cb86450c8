"""Decks in a browser with no network, opened as files from a folder: keys, charts, paper, accessibility."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import until
from playwright.sync_api import Browser, Page

from cartbook.export import teaching

AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "preload": False,
    "resultTypes": ["violations"],
}
AT = "Reveal.getIndices().h"


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The decks, in a folder far from the book."""
    folder: Path = tmp_path_factory.mktemp("decks") / "out"
    teaching.write(to=folder)
    moved = folder.parent / "carried away"
    shutil.copytree(folder / "slides", moved)
    shutil.rmtree(folder)
    return sorted(moved.glob("*.html"))


@contextmanager
def shown(browser: Browser, deck: Path, at: int = 0, **options: Any) -> Iterator[Page]:
    """A deck, opened at a slide; a request elsewhere or an error fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, **options)
    page = context.new_page()
    page.set_default_timeout(30_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: (
            faults.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on(
        "request",
        lambda one: (
            faults.append(one.url) if not one.url.startswith(("file:", "data:", "blob:")) else None
        ),
    )
    page.goto(f"{deck.as_uri()}#/{at}")
    until(page, "Reveal.isReady()")
    yield page
    assert not faults
    context.close()


def kinds(deck: Path) -> list[str]:
    return re.findall(r'<section class="deck-(\w+)">', deck.read_text(encoding="utf-8"))


def test_there_is_a_deck_for_each_part_with_all_its_figures(decks: list[Path], site: Path) -> None:
    chapters = teaching.chapters()
    assert len(decks) == len({one.part for one in chapters}) == 5
    told = "".join(deck.read_text(encoding="utf-8") for deck in decks)
    for chapter in chapters:
        page = (site / "chapters" / f"{chapter.name}.html").read_text(encoding="utf-8")
        figures = re.findall(r'data-chart="([^"]+)"', page)
        assert figures
        assert all(told.count(f'data-chart="{name}"') == 1 for name in figures)
        assert told.count(f">{chapter.slides().question}</h2>") == 2
    assert told.count('class="deck-vote"') == len(chapters)
    assert "{eval}" not in told
    assert not re.findall(r'(?:src|href)="(?!assets/|data:,)[^"]*"', told)


def test_keys_turn_slides_and_a_vote_keeps_its_answer_back(
    browser: Browser, decks: list[Path]
) -> None:
    vote = kinds(decks[1]).index("vote")
    with shown(browser, decks[1]) as page:
        page.keyboard.press("ArrowRight")
        assert page.evaluate(AT) == 1
        page.keyboard.press("Home")
        assert page.evaluate(AT) == 0
        page.evaluate(f"Reveal.slide({vote})")
        answer = page.locator("section.present .fragment")
        assert answer.evaluate("one => getComputedStyle(one).visibility") == "hidden"
        page.keyboard.press("ArrowRight")
        assert page.evaluate(AT) == vote
        assert answer.evaluate("one => getComputedStyle(one).visibility") == "visible"
        assert re.match(r"[A-E]\. \S", answer.inner_text())
        page.keyboard.press("ArrowRight")
        assert page.evaluate(AT) == vote + 1


def test_a_chart_is_live_fits_and_keeps_its_keys(browser: Browser, decks: list[Path]) -> None:
    at = kinds(decks[2]).index("figure")
    with shown(browser, decks[2], at) as page:
        live = page.locator("section.present .cb-is-live .cb-live")
        live.wait_for()
        live.focus()
        page.keyboard.press("ArrowRight")
        assert page.evaluate(AT) == at
        assert page.locator("section.present [aria-live=polite]").inner_text()
        live.blur()
        page.keyboard.press("ArrowRight")
        assert page.evaluate(AT) == at + 1


def test_nothing_runs_off_a_slide(browser: Browser, decks: list[Path]) -> None:
    for deck in decks:
        with shown(browser, deck) as page:
            for at, _ in enumerate(kinds(deck)):
                page.evaluate(f"Reveal.slide({at}, 0, 99)")
                if page.locator("section.present figure").count():
                    page.locator("section.present .cb-is-live svg").first.wait_for(state="attached")
                bottom = page.evaluate(
                    """() => { const slide = document.querySelector('section.present'), scale = Reveal.getScale(), top = slide.getBoundingClientRect().top;
                    return Math.max(...[...slide.querySelectorAll('h1, h2, p:not(.cb-hidden), li, svg')].filter(one => one.checkVisibility())
                      .map(one => (one.getBoundingClientRect().bottom - top) / scale)); }"""
                )
                assert bottom <= 601, f"{deck.name} slide {at + 1}: {bottom:.0f} of 600"


@pytest.mark.parametrize("place", range(5))
def test_a_deck_prints_one_slide_a_page(browser: Browser, decks: list[Path], place: int) -> None:
    with shown(browser, decks[place]) as page:
        printed = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(kinds(decks[place]))
        page.emulate_media(media="print")
        assert all(one.is_visible() for one in page.locator(".fragment").all())
        assert (
            page.locator("section.deck-figure").count()
            == page.locator("section.deck-figure .cb-wide svg:visible").count()
            > 2
        )
        cut = page.evaluate(
            """() => [...document.querySelectorAll('.slides > section')].flatMap(slide => [...slide.querySelectorAll('p:not(.cb-hidden), li, svg')]
              .filter(one => one.checkVisibility() && one.getBoundingClientRect().bottom > slide.getBoundingClientRect().bottom)
              .map(one => slide.querySelector('h1, h2').textContent))"""
        )
        assert not cut


def test_axe_finds_nothing(browser: Browser, decks: list[Path]) -> None:
    for kind in ("title", "question", "figure", "vote", "taken"):
        with shown(browser, decks[2], kinds(decks[2]).index(kind)) as page:
            page.evaluate("Reveal.nextFragment()")
            if kind == "figure":
                page.locator("section.present .cb-is-live").wait_for()
            page.wait_for_timeout(300)
            found = Axe().run(page, options=AXE).response["violations"]
            assert not found, [
                (kind, one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found
            ]


def test_a_phone_can_scroll_a_deck(browser: Browser, decks: list[Path]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(decks[0].as_uri())
    until(page, "Reveal.isReady()")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
