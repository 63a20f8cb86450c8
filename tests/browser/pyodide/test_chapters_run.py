"""Every chapter runs to its end in its page: ``make test-pyodide RUNTIME=folder``.

The folder holds an unpacked Pyodide release; it answers what the page asks of the host that
``cartbook_runtime`` in _config.yml names, while everything outside stays closed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers import until
from playwright.sync_api import Browser, Locator, Page, Route

from cartbook import average_hazard_ratio, fit_control, waiting_trial

RUNTIME = Path(os.environ["RUNTIME"]).expanduser().resolve()
SITE = Path(__file__).resolve().parents[3] / "_build" / "html"
TEXTS = {
    str(path.relative_to(SITE)): path.read_text(encoding="utf-8")
    for path in sorted(SITE.glob("chapters/*.html"))
}
CHAPTERS = [name for name, text in TEXTS.items() if 'class="cb-run"' in text]
B_CELL = "chapters/08-b-cell.html"


@contextmanager
def reader(browser: Browser, url: str) -> Iterator[Page]:
    """A page whose runtime comes from the folder; a request to any other host fails the test."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(180_000)
    outside: list[str] = []

    def answer(route: Route) -> None:
        path = RUNTIME / route.request.url.rsplit("/", 1)[-1]
        if path.is_file():
            route.fulfill(
                path=path,
                headers={"access-control-allow-origin": "*"},
                content_type=KINDS.get(path.suffix),
            )
        else:
            outside.append(route.request.url)
            route.abort()

    context.route(
        lambda asked: not asked.startswith(("http://127.0.0.1", "data:", "blob:")), answer
    )
    page.goto(url)
    yield page
    assert not outside
    context.close()


KINDS = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
}


def status(page: Page, begins: str) -> str:
    """What the status line says, once it says something that begins so."""
    line = page.locator(".cb-run-bar [role=status]")
    until(
        page,
        "begins => document.querySelector('.cb-run-bar [role=status]').textContent.startsWith(begins)",
        arg=begins,
        seconds=180,
    )
    return line.inner_text()


def run(page: Page) -> str:
    page.get_by_role("button", name="Run this chapter here").click()
    return status(page, "Finished")


def test_there_are_chapters_to_run() -> None:
    assert CHAPTERS, "no page has the button: build with cartbook_runtime set in _config.yml"
    assert (RUNTIME / "pyodide-lock.json").is_file(), f"RUNTIME={RUNTIME} is no Pyodide release"


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_runs_to_its_end(browser: Browser, address: str, name: str) -> None:
    with reader(browser, address + name) as page:
        before = [page.locator("figure[data-chart]").count(), page.locator("table").count()]
        said = run(page)
        assert said.startswith("Finished: all"), (
            said + page.locator(".cb-run-error").all_inner_texts().__str__()
        )
        until(
            page,
            "document.querySelectorAll('.cb-is-live').length === document.querySelectorAll('figure[data-chart]').length",
            seconds=180,
        )
        assert [page.locator("figure[data-chart]").count(), page.locator("table").count()] == before
        assert not page.locator("div.cell .cb-wide svg").count(), (
            "a published picture stands where a new chart should"
        )


def test_text_and_tables_are_what_was_published(browser: Browser, address: str) -> None:
    shown = "all => all.map(one => one.innerText.trim())"
    with reader(browser, address + B_CELL) as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
        published = {
            kind: page.locator(kind).evaluate_all(shown)
            for kind in ("div.cell table", "div.cell .text_plain", ".cb-reading")
        }
        assert all(published.values())
        run(page)
        page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
        for kind, words in published.items():
            assert page.locator(kind).evaluate_all(shown) == words


def cell_with(page: Page, code: str) -> Locator:
    """The editable field of the first cell whose code has these words."""
    places = "(all, code) => all.findIndex(one => one.value.includes(code))"
    fields = page.locator("div.cell textarea")
    return fields.nth(fields.evaluate_all(places, code))


def test_a_changed_number_changes_the_chart_at_once(browser: Browser, address: str) -> None:
    control = fit_control(2.0, 17.0)
    ratio = average_hazard_ratio(waiting_trial(control, lasting=25))
    with reader(browser, address + B_CELL) as page:
        run(page)
        field = cell_with(page, "waiting_plot(control")
        field.fill(field.input_value().replace("lasting=45", "lasting=25"))
        began = time.perf_counter()
        field.press("Control+Enter")
        until(
            page,
            f"document.querySelector('#fig-second-line-model .cb-is-live .cb-live')?.textContent.includes('Hazard ratio {ratio:.2f}')",
        )
        took = time.perf_counter() - began
        print(f"from the key to the new chart: {took:.2f} s")
        assert took < 10, "on an idle machine this is a fraction of a second"
        link = page.locator("#fig-second-line-model a[download]").first
        assert link.get_attribute("download") == "second-line-model.csv"


def test_a_mistake_is_told_in_plain_view_and_can_be_reset(browser: Browser, address: str) -> None:
    with reader(browser, address + B_CELL) as page:
        run(page)
        name = cell_with(page, "Patients with the harm").get_attribute("id")
        field = page.locator(f"#{name}")  # by its name: the figure goes
        cell = page.locator("div.cell", has=field)
        source = field.input_value()
        field.fill("one = 1\none / 0")
        cell.get_by_role("button", name=re.compile("^Run")).click()
        assert "ZeroDivisionError" in status(page, "Finished: 1 of")
        trace = cell.locator(".cb-run-error").inner_text()
        assert "line 2" in trace
        assert "one / 0" in trace
        assert "session.py" not in trace
        page.get_by_role("button", name="Show the error").click()
        assert field.evaluate("one => one === document.activeElement")
        cell.get_by_role("button", name=re.compile("^Reset")).click()
        status(page, "Finished: all")
        assert field.input_value() == source
        assert not page.locator(".cb-run-error").count()


def test_stop_ends_a_cell_that_does_not_end_and_run_starts_anew(
    browser: Browser, address: str
) -> None:
    with reader(browser, address + B_CELL) as page:
        run(page)
        name = cell_with(page, "Patients with the harm").get_attribute("id")
        field = page.locator(f"#{name}")
        source = field.input_value()
        field.fill("while True: pass")
        field.press("Control+Enter")
        page.wait_for_timeout(500)
        page.get_by_role("button", name="Stop").click()
        assert "anew" in status(page, "Stopped")
        field.fill(source)
        field.press("Control+Enter")
        status(page, "Finished: all")


def test_back_brings_the_published_page(browser: Browser, address: str) -> None:
    words = "[...document.querySelectorAll('div.cell :is(figcaption, table, .highlight, .cb-wide)')].map(one => one.textContent)"
    with reader(browser, address + B_CELL) as page:
        before = page.evaluate(words)
        run(page)
        assert page.locator("textarea").count() > 5
        page.get_by_role("button", name="Back to the published page").click()
        assert not page.locator("textarea").count()
        assert page.evaluate("document.activeElement.className") == "cb-run-start"
        page.wait_for_timeout(300)
        after = page.evaluate(words)
        assert after == before
        assert run(page).startswith("Finished: all")


def test_the_keyboard_alone_runs_a_chapter(browser: Browser, address: str) -> None:
    with reader(browser, address + B_CELL) as page:
        page.locator(".cb-run-start").focus()
        page.keyboard.press("Enter")
        status(page, "Finished: all")
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
                break
        name = page.evaluate("document.activeElement.labels[0].textContent")
        assert name.startswith("Code of cell")
        page.keyboard.press("Control+Enter")
        status(page, "Finished: all")
