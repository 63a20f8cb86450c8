"""The evidence explorer: its filters, search and order, as a reader uses them; and with ten times today's rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from scripts import TOP, build, small_book, until

from benchmarks.copies import grow_tables

PAGE = "chapters/explorer.html"
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
    """What the explorer says of its rows, once it has settled."""
    page.wait_for_timeout(450)
    return page.locator(".cb-said").text_content() or ""


def numbers(page: Page) -> int:
    found = re.match(r"[\d,]+", told(page))
    assert found
    return int(found[0].replace(",", ""))


def shown(page: Page) -> int:
    return page.locator(".cb-explorer tbody tr").count()


def test_the_page_stays_light(grown: tuple[Path, int]) -> None:
    site, rows = grown
    assert rows == TIMES * (
        len((TOP / "data" / "outcomes.csv").read_text(encoding="utf-8").splitlines()) - 1
    )
    assert (site / PAGE).stat().st_size < 600_000


def test_without_scripts_the_first_rows_and_a_way_to_all(
    browser: Browser, grown: tuple[Path, int]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((grown[0] / PAGE).as_uri())
    assert page.locator(".cb-explorer tbody tr:visible").count() == 300
    assert f"The first 300 of {grown[1]:,} numbers" in (
        page.locator(".cb-rest").text_content() or ""
    )
    link = page.locator(".cb-rest a").get_attribute("href")
    assert (grown[0] / "chapters" / str(link)).resolve().is_file()
    context.close()


def test_all_rows_can_be_chosen_but_few_are_drawn(page: Page, grown: tuple[Path, int]) -> None:
    assert told(page).startswith(f"{grown[1]:,} numbers of ")
    assert shown(page) == 300
    page.get_by_role("button", name="Show 300 more").click()
    assert shown(page) == 600
    assert (
        page.evaluate(
            "[...document.querySelectorAll('.cb-explorer tbody tr')].indexOf(document.activeElement)"
        )
        == 300
    )


def test_a_filter_a_word_and_the_address(page: Page) -> None:
    page.locator("select[name=endpoint]").select_option("neurotoxicity")
    one = numbers(page)
    assert one > 0
    assert all(
        "neurotoxicity" in text
        for text in page.locator(".cb-explorer tbody tr").all_text_contents()
    )
    page.locator("input[name=words]").fill("Made-up study 4")
    assert 0 < numbers(page) < one
    assert "endpoint=neurotoxicity" in page.url
    assert "words=Made-up" in page.url
    before = told(page)
    page.reload()
    until(page, "!document.querySelector('.cb-rest')")
    assert told(page) == before
    page.get_by_role("button", name="Reset").click()
    until(page, "!location.search.includes('endpoint')")
    assert shown(page) == 300


def test_a_row_from_the_script_looks_like_one_of_the_page(page: Page) -> None:
    def parts(words: str) -> list[str]:
        """The elements of the first row with a flag that a search finds."""
        page.locator("input[name=words]").fill(words)
        row = page.locator(
            ".cb-explorer tbody tr", has=page.locator("strong", has_text="Flag: ")
        ).first
        return [
            str(one)
            for one in row.evaluate(
                "row => [...row.querySelectorAll('*')].map(one => one.tagName + one.className)"
            )
        ]

    kept, made = parts("single group"), parts("Made-up study 45")
    assert "STRONG" in kept
    assert [one for one in made if "cb-bar" not in one] == [
        one for one in kept if "cb-bar" not in one
    ]
    assert page.locator(".cb-explorer tbody th[scope=row]").count() == shown(page)


def test_sorting_goes_over_all_rows(page: Page) -> None:
    page.locator("th[data-sort=percent] button").click()
    page.locator("th[data-sort=percent] button").click()
    assert page.locator("th[data-sort=percent]").get_attribute("aria-sort") == "descending"
    tops = page.locator(".cb-explorer tbody tr").evaluate_all(
        "rows => rows.slice(0, 20).map(row => row.textContent)"
    )
    assert all("100" in text for text in tops)


def test_the_download_holds_every_row_that_fits(page: Page, grown: tuple[Path, int]) -> None:
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download CSV").click()
    with Path(coming.value.path()).open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == grown[1]


ROWS = "() => [...document.querySelectorAll('.cb-explorer tbody tr')]"
SPOKEN = """() => {
  window.spoken = [];
  const region = document.querySelector('.cb-said');
  new MutationObserver(() => spoken.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
}"""


def test_the_books_own_rows(browser: Browser, address: str) -> None:
    """One visit: search, links, order, announcements, flags, downloads."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + PAGE)

    def count(words: str) -> int:
        page.locator("input[name=words]").fill(words)
        return shown(page)

    # every word, in any order, wherever it is in the row, however it is typed
    assert 0 < count("zuma-7 neurotoxicity") == count("NEUROTOXICITY  zuma‑7 ") < count("zuma-7")
    assert 0 < count("65%") == count("65 %") == count("65 %") == count(" 65 % ")
    assert 0 < count("leukemia") == count("leukaemia")
    assert count("lymphoma complete") > 0
    assert count("lymphomacomplete") == 0
    assert count("37-72") == count("37–72")
    assert count("") == count("   ") > 200

    # a link to a place in the page changes nothing, and the filters are in the query
    page.locator("select[name=disease]").select_option("multiple myeloma")
    before = shown(page)
    page.evaluate("location.hash = 'main-content'")
    page.wait_for_timeout(100)
    assert shown(page) == before
    assert page.url.split("?")[1] == "disease=multiple+myeloma#main-content"

    # one message a change, with the order in it; blanks are last in both directions
    page.evaluate(SPOKEN)
    page.locator("input[name=words]").press_sequentially("response", delay=30)
    page.wait_for_timeout(600)
    page.locator("th[data-sort=percent] button").click()
    page.wait_for_timeout(600)
    assert len(page.evaluate("spoken")) == 2
    assert page.evaluate("spoken[1]").endswith("sorted by Number, lowest first")
    for _ in range(2):
        percents = [
            float(one) if one else None
            for one in page.evaluate(f"({ROWS})().map(row => row.dataset.percent)")
        ]
        known = [one for one in percents if one is not None]
        assert known
        assert percents[len(known) :] == [None] * (len(percents) - len(known))
        page.locator("th[data-sort=percent] button").click()

    # a browser that translates the page changes words, not what is chosen by them
    page.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(100)
    page.evaluate(
        "document.querySelectorAll('option, td, th small').forEach(one => { if (!one.children.length) one.textContent = 'übersetzt' })"
    )
    page.locator("select[name=disease]").select_option(index=2)
    assert "disease=B-cell+acute" in page.url
    assert shown(page) > 0
    context.close()


def test_addresses(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()

    def notice(state: str) -> str:
        page.goto("about:blank")
        page.goto(f"{address}{PAGE}{state}")
        return (
            (page.locator(".cb-notice").text_content() or "")
            if page.locator(".cb-notice").is_visible()
            else ""
        )

    whole = notice("?disease=lupus&colour=red&sort=beauty+up")
    assert "Disease “lupus”" in whole
    assert "the filter “colour”" in whole
    assert "the order “beauty up”" in whole
    assert shown(page) == numbers(page) > 200
    assert notice("?disease=Multiple%20Myeloma") == ""
    few = shown(page)
    assert 0 < few < 200
    assert page.locator("select[name=disease]").input_value() == "multiple myeloma"
    assert notice("#disease=multiple+myeloma") == ""  # as addresses were before
    assert shown(page) == few
    assert page.url.endswith("?disease=multiple+myeloma")
    context.close()


def test_flags_and_downloads(browser: Browser, address: str) -> None:
    for scripts in (False, True):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.goto(address + PAGE)
        row = (
            page.locator(".cb-explorer tbody tr", has_text="CARTITUDE-1")
            .filter(has_text=re.compile(r"65\s*%"))
            .filter(has_text="Flag: ")
            .first
        )
        assert row.locator(".cb-remark").is_visible()
        assert "label does not fit" in (row.text_content() or "")
        if scripts:
            texts = {}
            for name in ("Download CSV", "CSV for Excel"):
                with page.expect_download() as coming:
                    page.get_by_role("button", name=name).click()
                texts[name] = Path(coming.value.path()).read_bytes()
            assert texts["CSV for Excel"] == b"\xef\xbb\xbf" + texts["Download CSV"]
            table = list(csv.DictReader(texts["Download CSV"].decode().splitlines()))
            assert any(
                one["study"].startswith("CARTITUDE-1")
                and one["flag"].startswith("label does not fit")
                and one["note"]
                for one in table
            )
        context.close()
