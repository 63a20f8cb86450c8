"""The packed site opens from a folder: charts live, search and explorer working, no server, nothing refused."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from scripts import WITH_CHARTS, until

from cartbook import export


@pytest.fixture(scope="module")
def folder(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, unpacked."""
    out = tmp_path_factory.mktemp("zip")
    before, export.PRINT = export.PRINT, out
    try:
        packed = export.write_site()
    finally:
        export.PRINT = before
    with zipfile.ZipFile(packed) as zipped:
        zipped.extractall(out / "opened")
    return out / "opened" / export.NAME


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """A page opened from the disk; an error on it, or a request to anything but files, fails the test."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            faults.append(f"console: {message.text}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    page.on(
        "request",
        lambda one: (
            faults.append(f"outside: {one.url}")
            if not one.url.startswith(("file:", "data:", "blob:"))
            else None
        ),
    )
    page.goto(address)
    yield page
    assert not faults
    context.close()


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_every_chart_turns_live_from_a_folder(browser: Browser, folder: Path, name: str) -> None:
    with opened(browser, (folder / name).as_uri()) as page:
        figures = page.locator("figure[data-chart]")
        for figure in figures.all():
            figure.evaluate("one => one.scrollIntoView({ behavior: 'instant' })")
            figure.locator(".cb-is-live").wait_for(state="attached")
        assert page.locator(".cb-live svg").count() == figures.count() > 0


def test_search_finds_from_a_folder(browser: Browser, folder: Path) -> None:
    with opened(browser, f"{(folder / 'search.html').as_uri()}?q=neurotoxicity") as page:
        found = page.locator("#search-results li a")
        page.get_by_text("Search finished").wait_for()
        assert found.count() > 3
        assert (
            "neurotox"
            in (page.locator("#search-results li .context").first.text_content() or "").lower()
        )
        target = found.first.evaluate("link => link.href")
        assert Path(target.removeprefix("file://").split("#")[0].split("?")[0]).is_file()


def test_the_explorer_filters_from_a_folder(browser: Browser, folder: Path) -> None:
    with opened(browser, (folder / "chapters" / "explorer.html").as_uri()) as page:
        before = page.locator(".cb-said").text_content()
        page.locator("select[name=disease]").select_option("multiple myeloma")
        until(
            page, "before => document.querySelector('.cb-said').textContent !== before", arg=before
        )
        assert "disease=multiple+myeloma" in page.url


def test_the_packed_site_is_the_site(site: Path, folder: Path) -> None:
    theirs = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert theirs == {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
