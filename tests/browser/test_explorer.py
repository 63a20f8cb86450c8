"""The evidence explorer as a reader uses it; and with ten times today's rows, opened from the disk."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from helpers import TOP, build, small_book, until

from benchmarks.copies import grow_tables

PAGE = "chapters/explorer.html"
TIMES = 10
ROWS = "[...document.querySelectorAll('.cb-explorer tbody tr')]"
SPOKEN = """() => {
  window.spoken = [];
  const region = document.querySelector('.cb-said');
  new MutationObserver(() => spoken.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
}"""
TRANSLATE = """document.querySelectorAll('option, td, th small').forEach(one => { if (!one.children.length) one.textContent = 'übersetzt' })"""


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """The site of a book that is the explorer alone, and how many rows it has."""
    book = small_book(tmp_path_factory.mktemp("many") / "book", Path(PAGE).stem)
    rows = grow_tables(book, TIMES)["outcomes"]
    done = build(book)
    assert done.returncode == 0, done.stderr[-3000:]
    return book / "_build" / "html", rows


def shown(page):
    return page.locator(".cb-explorer tbody tr").count()


def said(page):
    """What the explorer says of its rows, once it has settled."""
    page.wait_for_timeout(450)
    return page.locator(".cb-said").text_content()


def numbers(page):
    return int(re.match(r"[\d,]+", said(page))[0].replace(",", ""))


def download(page, name="Download CSV"):
    with page.expect_download() as coming:
        page.get_by_role("button", name=name).click()
    return Path(coming.value.path()).read_bytes()


def test_many_rows(visit, grown):
    site, rows = grown
    source = (TOP / "data" / "outcomes.csv").read_text(encoding="utf-8")
    assert rows == TIMES * (len(source.splitlines()) - 1)
    assert (site / PAGE).stat().st_size < 600_000
    page = visit((site / PAGE).as_uri())
    loaded = "!document.querySelector('.cb-rest')"
    until(page, loaded)

    # all rows can be chosen and downloaded, few are drawn
    assert said(page).startswith(f"{rows:,} numbers of ")
    assert len(list(csv.DictReader(download(page).decode().splitlines()))) == rows
    assert shown(page) == 300
    page.get_by_role("button", name="Show 300 more").click()
    assert shown(page) == 600
    assert page.evaluate(f"{ROWS}.indexOf(document.activeElement)") == 300

    # sorting goes over all rows
    for _ in range(2):
        page.locator("th[data-sort=percent] button").click()
    assert page.locator("th[data-sort=percent]").get_attribute("aria-sort") == "descending"
    assert all(
        "100" in text for text in page.evaluate(f"{ROWS}.slice(0, 20).map(row => row.textContent)")
    )

    # a row from the script looks like one of the page
    def parts(words):
        page.locator("input[name=words]").fill(words)
        flagged = page.locator(
            ".cb-explorer tbody tr", has=page.locator("strong", has_text="Flag: ")
        )
        names = "row => [...row.querySelectorAll('*')].map(one => one.tagName + one.className)"
        return [one for one in flagged.first.evaluate(names) if "cb-bar" not in one]

    assert "STRONG" in parts("single group")
    assert parts("Made-up study 45") == parts("single group")
    assert page.locator(".cb-explorer tbody th[scope=row]").count() == shown(page)

    # filter, word and reset; the address keeps them
    page.get_by_role("button", name="Reset").click()
    page.locator("select[name=endpoint]").select_option("neurotoxicity")
    one = numbers(page)
    texts = page.locator(".cb-explorer tbody tr").all_text_contents()
    assert all("neurotoxicity" in text for text in texts)
    page.locator("input[name=words]").fill("Made-up study 4")
    assert 0 < numbers(page) < one
    assert "endpoint=neurotoxicity" in page.url
    assert "words=Made-up" in page.url
    before = said(page)
    page.reload()
    until(page, loaded)
    assert said(page) == before
    page.get_by_role("button", name="Reset").click()
    until(page, "!location.search.includes('endpoint')")
    assert shown(page) == 300


def test_without_scripts_the_first_rows_and_a_link_to_all(visit, grown):
    site, rows = grown
    page = visit((site / PAGE).as_uri(), java_script_enabled=False)
    assert page.locator(".cb-explorer tbody tr:visible").count() == 300
    assert f"The first 300 of {rows:,} numbers" in page.locator(".cb-rest").text_content()
    assert (
        (site / "chapters" / page.locator(".cb-rest a").get_attribute("href")).resolve().is_file()
    )


def test_search_order_and_announcements(visit):
    page = visit(PAGE)

    def count(words):
        page.locator("input[name=words]").fill(words)
        return shown(page)

    # every word, in any order, wherever it is in the row, however it is typed
    assert 0 < count("zuma-7 neurotoxicity") == count("NEUROTOXICITY  zuma‑7 ") < count("zuma-7")
    assert 0 < count("65%") == count("65 %") == count("65 %") == count(" 65 % ")
    assert 0 < count("leukemia") == count("leukaemia")
    assert count("lymphoma complete") > 0 == count("lymphomacomplete")
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
    said(page)
    page.evaluate(SPOKEN)
    page.locator("input[name=words]").press_sequentially("response", delay=30)
    page.wait_for_timeout(600)
    page.locator("th[data-sort=percent] button").click()
    page.wait_for_timeout(600)
    assert len(page.evaluate("spoken")) == 2
    assert page.evaluate("spoken[1]").endswith("sorted by Number, lowest first")
    for _ in range(2):
        percents = page.evaluate(f"{ROWS}.map(row => row.dataset.percent)")
        known = [one for one in percents if one]
        assert known
        assert not any(percents[len(known) :])
        page.locator("th[data-sort=percent] button").click()

    # a browser that translates the page changes words, not what is chosen by them
    page.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(100)
    page.evaluate(TRANSLATE)
    page.locator("select[name=disease]").select_option(index=2)
    assert "disease=B-cell+acute" in page.url
    assert shown(page) > 0


def test_addresses(visit, address):
    page = visit(PAGE)

    def notice(state):
        page.goto("about:blank")
        page.goto(f"{address}{PAGE}{state}")
        found = page.locator(".cb-notice")
        return found.text_content() if found.is_visible() else ""

    whole = notice("?disease=lupus&colour=red&sort=beauty+up")
    for part in ("Disease “lupus”", "the filter “colour”", "the order “beauty up”"):
        assert part in whole
    assert shown(page) == numbers(page) > 200
    assert notice("?disease=Multiple%20Myeloma") == ""
    few = shown(page)
    assert 0 < few < 200
    assert page.locator("select[name=disease]").input_value() == "multiple myeloma"
    assert notice("#disease=multiple+myeloma") == ""  # as addresses were before
    assert shown(page) == few
    assert page.url.endswith("?disease=multiple+myeloma")


@pytest.mark.parametrize("scripts", [False, True])
def test_flags_and_downloads(visit, scripts):
    page = visit(PAGE, java_script_enabled=scripts)
    rows = page.locator(".cb-explorer tbody tr", has_text="CARTITUDE-1").filter(has_text="Flag: ")
    row = rows.filter(has_text=re.compile(r"65\s*%")).first
    assert row.locator(".cb-remark").is_visible()
    assert "label does not fit" in row.text_content()
    if scripts:
        plain = download(page)
        assert download(page, "CSV for Excel") == b"\xef\xbb\xbf" + plain
        table = csv.DictReader(plain.decode().splitlines())
        flagged = [
            one for one in table if one["flag"].startswith("label does not fit") and one["note"]
        ]
        assert any(one["study"].startswith("CARTITUDE-1") for one in flagged)
