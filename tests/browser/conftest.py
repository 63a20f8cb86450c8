"""A browser closed off from everything but the built site."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import TOP
from playwright.sync_api import Browser, Page, sync_playwright

from cartbook import serve
from cartbook.export import chromium

collect_ignore = [] if os.environ.get("RUNTIME") else ["pyodide"]  # these need a Pyodide release
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; where there is none, the tests fail and say what to do."""
    with sync_playwright() as playwright:
        try:
            found = chromium.find(playwright)
        except RuntimeError as error:
            pytest.fail(str(error))
        yield found
        found.close()


@pytest.fixture(scope="session")
def serve_folder() -> Iterator[Callable[[Path], str]]:
    """Serve a folder with the site's headers and return its address: ``serve_folder(path)``."""
    with ExitStack() as running:
        yield lambda folder: running.enter_context(serve.serving(folder))


@pytest.fixture(scope="session")
def address(site: Path, serve_folder: Callable[[Path], str]) -> str:
    """The address of the built site, under the policy that forbids other hosts and inline code."""
    return serve_folder(site)


@pytest.fixture
def visit(
    browser: Browser, address: str, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own: ``visit("index.html", before="script", java_script_enabled=False)``.

    A place without a scheme is a page of the site; the empty one opens nothing. An error, a warning or a request to another host
    fails the test, unless it says ``faults=False``. A failing test leaves a screenshot in _build/screenshots.
    """
    pages: list[Page] = []
    faults: list[str] = []

    def note(home: str, kind: str, event: Any) -> None:
        if kind == "request":
            if not event.url.startswith((home, "data:", "blob:", "about:")):
                faults.append(f"outside: {event.url}")
        elif kind == "pageerror" or event.type in ("error", "warning"):
            faults.append(f"{kind}: {event}")

    def open_page(
        place: str, before: str = "", faults: bool = True, wait: Any = "load", **options: Any
    ) -> Page:
        url = place if ":" in place.split("?")[0] else address + place
        page = browser.new_context(**options).new_page()
        pages.append(page)
        page.set_default_timeout(60_000)
        if before:
            page.add_init_script(before)
        if faults:
            home = "file://" if url.startswith("file:") else "http://127.0.0.1"
            for kind in ("pageerror", "console", "request"):
                page.on(kind, partial(note, home, kind))
        if place:
            page.goto(url, wait_until=wait)
        return page

    open_page.address = address  # type: ignore[attr-defined]
    yield open_page
    if pages and getattr(request.node, "failed", False):
        target = TOP / "_build" / "screenshots" / f"{request.node.name.replace('/', '-')}.png"
        pages[-1].screenshot(path=target)
    for page in pages:
        page.context.close()
    assert not faults


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let fixtures know that the test failed."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[Any]]:
    """Return what axe finds against WCAG 2.2 AA in a page: ``axe(page, context=None, rules=[…], skip=[…])``."""

    def run(
        page: Page, context: Any = None, rules: list[str] = WCAG, skip: Sequence[str] = ()
    ) -> list[Any]:
        off = {rule: {"enabled": False} for rule in skip}
        options = {"preload": False, "resultTypes": ["violations"], "runOnly": rules, "rules": off}
        found = Axe().run(page, context=context, options=options).response["violations"]
        return [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found]

    return run
