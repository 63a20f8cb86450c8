"""The evidence explorer with ten times today's rows: light at first, whole when asked, also from a disk and without scripts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from scripts import TOP, build, small_book, until

from benchmarks.copies import grow_tables

PAGE = "chapters/20-evidence-explorer.html"
TIMES = 10


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The site of a book that is the explorer alone, and how many rows it has."""
    book = small_book(tmp_path_factory.mktemp("many") / "book", Path(PAGE).stem)
    rows = grow_tables(book, TIMES)["outcomes"]
    done = build(book)
    assert done.returncode == 0, done.stderr[-3000:]
    return book / "_build" / "html", rows


@pytest.fixture
def page(browser: Browser, grown: tuple[Path, int]) -> Iterator[Page]:
    """The explorer, opened from the disk, with all its rows."""
    context = browser.new_context()
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto((grown[0] / PAGE).as_uri())
    until(opened, "!document.querySelector('.cb-rest')")
    yield opened
    context.close()
    assert not faults


def told(page: Page) -> str:
    return page.locator(".cb-said").text_content() or ""


def numbers(page: Page) -> int:
    found = re.match(r"[\d,]+", told(page))
    assert found
    return int(found[0].replace(",", ""))


def shown(page: Page) -> int:
    return page.locator(".cb-explorer tbody tr").count()


def test_the_page_stays_light(grown: tuple[Path, int]) -> None:
    site, rows = grown
    assert rows == TIMES * (len((TOP / "data" / "outcomes.csv").read_text(encoding="utf-8").splitlines()) - 1)
    assert (site / PAGE).stat().st_size < 600_000


def test_without_scripts_the_first_rows_and_a_way_to_all(browser: Browser, grown: tuple[Path, int]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((grown[0] / PAGE).as_uri())
    assert page.locator(".cb-explorer tbody tr:visible").count() == 300
    assert f"The first 300 of {grown[1]:,} numbers" in (page.locator(".cb-rest").text_content() or "")
    link = page.locator(".cb-rest a").get_attribute("href")
    assert (grown[0] / "chapters" / str(link)).resolve().is_file()
    context.close()


def test_all_rows_can_be_chosen_but_few_are_drawn(page: Page, grown: tuple[Path, int]) -> None:
    assert told(page).startswith(f"{grown[1]:,} numbers of ")
    assert shown(page) == 300
    page.get_by_role("button", name="Show 300 more").click()
    assert shown(page) == 600
    assert page.evaluate("[...document.querySelectorAll('.cb-explorer tbody tr')].indexOf(document.activeElement)") == 300


def test_a_filter_a_word_and_the_address(page: Page) -> None:
    page.locator("select[name=endpoint]").select_option("neurotoxicity")
    one = numbers(page)
    assert one > 0
    assert all("neurotoxicity" in text for text in page.locator(".cb-explorer tbody tr").all_text_contents())
    page.locator("input[name=words]").fill("Made-up study 4")
    assert 0 < numbers(page) < one
    assert "endpoint=neurotoxicity" in page.url
    assert "words=Made-up" in page.url
    before = told(page)
    page.reload()
    until(page, "!document.querySelector('.cb-rest')")
    assert told(page) == before
    page.get_by_role("button", name="Show all").click()
    until(page, "!location.hash.includes('endpoint')")
    assert shown(page) == 300


def test_a_row_from_the_script_looks_like_one_of_the_page(page: Page) -> None:
    kept = page.locator(".cb-explorer tbody tr").first.evaluate(
        "row => [...row.querySelectorAll('*')].map(one => one.tagName + one.className)"
    )
    page.locator("input[name=words]").fill("Made-up study 45")
    made = page.locator(".cb-explorer tbody tr").first.evaluate(
        "row => [...row.querySelectorAll('*')].map(one => one.tagName + one.className)"
    )
    assert [one for one in made if "cb-bar" not in one] == [one for one in kept if "cb-bar" not in one]
    assert page.locator(".cb-explorer tbody th[scope=row]").count() == shown(page)


def test_sorting_goes_over_all_rows(page: Page) -> None:
    page.locator("th[data-sort=percent] button").click()
    page.locator("th[data-sort=percent] button").click()
    assert page.locator("th[data-sort=percent]").get_attribute("aria-sort") == "descending"
    tops = page.locator(".cb-explorer tbody tr").evaluate_all("rows => rows.slice(0, 20).map(row => row.textContent)")
    assert all("100" in text for text in tops)


def test_the_download_holds_every_row_that_fits(page: Page, grown: tuple[Path, int]) -> None:
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download these rows").click()
    with Path(coming.value.path()).open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == grown[1]
