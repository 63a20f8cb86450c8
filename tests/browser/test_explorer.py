"""The evidence explorer, as readers use it: filters, address, forest plot, pinned rows, downloads, phone."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import TOP, until
from playwright.sync_api import Page

Visit = Callable[..., Page]
PAGE = "chapters/explorer.html"
ROWS = ".explorer-rows tbody tr"


def rows() -> list[dict[str, str]]:
    with (TOP / "data" / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def explorer(visit: Visit, query: str = "", **settings: Any) -> Page:
    """Open the explorer, and wait until it has all its rows."""
    page = visit(f"{PAGE}{query}", **settings)
    if settings.get("java_script_enabled", True):
        until(page, "'ready' in document.querySelector('.explorer').dataset")
    return page


def status(page: Page) -> str:
    """What the explorer says of its rows, once it has settled."""
    page.wait_for_timeout(450)
    return page.locator(".explorer-status").text_content() or ""


def numbers(page: Page) -> int:
    """How many rows fit, as the summary of the filters says at once."""
    found = re.search(r"([\d,]+) numbers?$", page.locator(".explorer-filters summary").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def search(page: Page, words: str) -> int:
    page.locator("input[name=words]").fill(words)
    return numbers(page)


def test_filters_counts_words_and_order(visit: Visit) -> None:
    page = explorer(visit)
    everything = rows()
    assert numbers(page) == len(everything)
    assert page.locator(ROWS).count() == 50
    page.get_by_role("button", name="Show 50 more").click()
    assert page.locator(ROWS).count() == 100
    focused = f"[...document.querySelectorAll('{ROWS}')].indexOf(document.activeElement)"
    assert page.evaluate(focused) == 50

    # the number beside each value is the number of rows that it gives, with the other filters
    neuro = sum(row["endpoint"] == "neurotoxicity" for row in everything)
    label = "select[name=endpoint] option[value=neurotoxicity]"
    assert page.locator(label).text_content() == f"neurotoxicity ({neuro})"
    page.locator("select[name=kind]").select_option("review")
    some = sum(
        row["endpoint"] == "neurotoxicity" and row["source_id"] == "yang2023" for row in everything
    )
    assert page.locator(label).text_content() == f"neurotoxicity ({some})"
    page.locator("select[name=endpoint]").select_option("neurotoxicity")
    assert numbers(page) == some
    assert not page.locator("select[name=disease] option", has_text="(0)").evaluate_all(
        "all => all.some(one => !one.disabled)"
    )
    assert "endpoint=neurotoxicity" in page.url
    before = status(page)
    page.reload()
    until(page, "'ready' in document.querySelector('.explorer').dataset")
    assert status(page) == before
    page.evaluate("location.hash = 'main-content'")  # a link to a place changes nothing
    page.wait_for_timeout(100)
    assert status(page) == before
    page.get_by_role("button", name="Reset").click()
    until(page, "!location.search")
    assert numbers(page) == len(everything)

    # every word, in any field and order, however it is typed; no word across two fields
    one = search(page, "zuma-7 neurotoxicity")
    assert 0 < one == search(page, "NEUROTOXICITY  zuma‑7 ") < search(page, "zuma-7")
    assert 0 < search(page, "65%") == search(page, "65 %") == search(page, " 65 % ")
    assert 0 < search(page, "leukemia") == search(page, "leukaemia")
    assert search(page, "lymphomacomplete") == 0
    # an end point is found by its abbreviation
    neuro = sum(row["endpoint"] == "neurotoxicity" for row in everything)
    assert search(page, "ICANS") >= neuro > 50

    # one message for each change, the order in it; blanks last in both directions
    search(page, "")
    until(page, "() => document.querySelector('.explorer-status').textContent.includes('studies')")
    page.evaluate("""() => {
      window.spoken = [];
      const region = document.querySelector('.explorer-status');
      new MutationObserver(() => spoken.push(region.textContent)).observe(region, { childList: true });
    }""")
    page.locator("input[name=words]").evaluate("""field => {
      for (const letter of "response") {
        field.value += letter;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }""")
    until(page, "() => spoken.length > 0")
    page.locator("th[data-sort=estimate] button").click()
    until(page, "() => spoken.length > 1")
    page.wait_for_timeout(400)
    assert len(page.evaluate("spoken")) == 2
    assert page.evaluate("spoken[1]").endswith("sorted by number, lowest first")
    for _ in range(2):
        assert "%" in (page.locator(f"{ROWS} td:nth-of-type(2)").first.text_content() or "")
        page.locator("th[data-sort=estimate] button").click()

    # groups have a heading; of one number in several sources one row is left
    page.get_by_role("button", name="Reset").click()
    page.locator("select[name=study]").select_option("ZUMA-7 (axi-cel)")
    whole = numbers(page)
    page.get_by_label("Hide the same number from other sources").check()
    assert 0 < numbers(page) < whole
    page.get_by_label("Group by study").check()
    assert page.locator("th[scope=rowgroup]").count() == 1
    assert {"same=hidden", "group=study"} < set(re.split("[?&#]", page.url))


def test_an_address_that_names_what_is_not_there_says_so(visit: Visit) -> None:
    query = "?disease=lupus&colour=red&sort=beauty+up&pin=nothing.at-all"
    page = explorer(visit, query)
    notice = page.locator(".explorer-notice").first.text_content() or ""
    for words in (
        "Disease “lupus”",
        "the filter “colour”",
        "the order “beauty up”",
        "the row “nothing.at-all”",
    ):
        assert words in notice
    assert numbers(page) == len(rows())
    for query in ("?disease=Multiple%20Myeloma", "#disease=multiple+myeloma"):
        page = explorer(visit, query)
        assert not page.locator(".explorer-notice").first.is_visible()
        assert page.locator("select[name=disease]").input_value() == "multiple myeloma"
        assert 0 < numbers(page) < len(rows())


def test_rows_without_an_interval_are_not_drawn(visit: Visit) -> None:
    page = explorer(visit, "?endpoint=vein-to-vein+time")
    assert numbers(page) > 0
    plot = page.locator(".explorer-plot")
    assert "None of these rows has a number with an interval" in (plot.text_content() or "")
    assert plot.locator("svg").count() == 0


def test_a_question_to_start_with_opens_its_rows_and_their_plot(visit: Visit) -> None:
    page = explorer(visit)
    questions = page.get_by_role("navigation", name="Questions to start with").get_by_role("link")
    assert questions.count() >= 5
    for place in range(questions.count()):
        count = re.search(r"\((\d+)\)", questions.nth(place).locator("..").inner_text())
        questions.nth(place).click()
        until(page, "'ready' in document.querySelector('.explorer').dataset")
        assert count
        assert numbers(page) == int(count[1])
        assert page.locator(".explorer-plot circle").count() > 3
    assert page.locator("select[name=grade] option:checked").count() == 1


def test_the_plot_follows_the_filter_and_pins_are_compared(visit: Visit) -> None:
    page = explorer(visit)
    plot = page.locator(".explorer-plot")
    assert plot.locator("svg").count() == 0
    assert "up to 60 are drawn" in (plot.text_content() or "")
    page.locator("select[name=disease]").select_option("multiple myeloma")
    page.locator("select[name=endpoint]").select_option("stringent CR")
    svg = plot.locator("svg")
    points = svg.locator("circle")
    several = points.count()
    assert several > 1
    assert f"{several} numbers" in (svg.get_attribute("aria-label") or "")
    assert "stringent CR · infused" in svg.locator(".forest-group").all_text_contents()
    ticks = svg.locator("text").evaluate_all(
        "all => all.filter(one => one.textContent === '50%').map(one => one.getBoundingClientRect().top)"
    )
    tops = points.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert ticks[0] < min(tops), "the axis is above the rows"
    page.locator("select[name=size]").select_option("100")
    assert 0 < points.count() < several
    page.get_by_role("button", name="Reset").click()

    search(page, "CARTITUDE-4 hazard ratio")
    assert svg.locator(".forest-one").count() == 1  # the line of no difference
    search(page, "AUTO1 MRD-negative")
    assert svg.locator(".forest-hollow").count() == points.count() > 0  # 20 patients

    def pin(words: str) -> None:
        search(page, words)
        page.locator("[data-pin][aria-pressed=false]").first.click()

    page.get_by_role("button", name="Reset").click()
    pins, warning = (
        page.locator(".explorer-pins"),
        page.locator(".explorer-pins .explorer-notice"),
    )
    page.locator("select[name=endpoint]").select_option("complete response")
    pin("ZUMA-5 efficacy-evaluable")
    assert pins.locator("svg").count() == 1
    assert not warning.count()
    pin("ZUMA-7 randomised")
    assert "population (efficacy-evaluable; randomised)" in (warning.text_content() or "")
    assert pins.locator("svg").count() == 1
    page.locator("select[name=endpoint]").select_option("")
    pin("ZUMA-7 overall survival hazard ratio")
    said = warning.text_content() or ""
    assert said.startswith("Not comparable")
    assert "end point (complete response; overall survival)" in said
    assert said in status(page)  # a screen reader hears it too
    assert pins.locator("svg").count() == 0
    query = page.url.split("?")[1]
    for words in ("ZUMA-1", "JULIET", "BELINDA", "ELARA"):
        pin(words)
    assert "Six rows are pinned" in status(page)
    assert pins.locator("tbody tr").count() == 6
    pins.get_by_role("button", name="Unpin all").click()
    assert not pins.is_visible()
    page = explorer(visit, f"?{query}")
    assert page.locator(".explorer-pins tbody tr").count() == 3


def test_downloads_flags_and_a_translated_page(visit: Visit) -> None:
    page = explorer(visit, "?study=CARTITUDE-1+(cilta-cel)&kind=review")
    row = page.locator(ROWS, has_text="Flag: label does not fit").first
    assert row.locator(".explorer-remark").is_visible()
    assert str(row.locator("td a").get_attribute("href")).startswith("https://doi.org/")
    texts = {}
    for name in ("Download CSV", "CSV for Excel"):
        with page.expect_download() as coming:
            page.get_by_role("button", name=name).click()
        texts[name] = Path(coming.value.path()).read_bytes()
    assert texts["CSV for Excel"] == b"\xef\xbb\xbf" + texts["Download CSV"]
    table = list(csv.DictReader(texts["Download CSV"].decode().splitlines()))
    assert len(table) == numbers(page)
    assert {one["study"] for one in table} == {"CARTITUDE-1 (cilta-cel)"}
    assert all(one["entry"].endswith(f"#{one['id']}") for one in table)
    assert all(one["source"] and one["address"].startswith("https://") for one in table)
    assert all("tables" in one["data_from"] for one in table)
    # a browser that translates the page changes words, not what is chosen by them
    page.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(100)
    page.evaluate("document.querySelectorAll('option').forEach(one => one.textContent = 'x')")
    page.locator("select[name=disease]").select_option("multiple myeloma")
    assert "disease=multiple+myeloma" in page.url
    assert numbers(page) > 0


def test_without_scripts_every_number_can_be_reached(visit: Visit) -> None:
    page = explorer(visit, java_script_enabled=False)
    assert page.locator(f"{ROWS}:visible").count() == 50
    assert not page.locator(".explorer form").is_visible()
    links = page.locator("#explorer-studies a").evaluate_all("all => all.map(one => one.href)")
    text = page.locator("#explorer-studies").text_content() or ""
    assert sum(map(int, re.findall(r": (\d+) numbers?", text))) == len(rows())
    page.goto(links[0])
    assert page.locator(".evidence-entry").count() > 1


def test_on_a_phone_the_filters_stay_in_reach(visit: Visit) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = explorer(visit, "?disease=multiple+myeloma", **phone)
    panel = page.locator(".explorer-filters")
    assert panel.get_attribute("open") is None
    assert re.search(r"Filters \(1\) \d+ numbers", panel.locator("summary").inner_text())
    page.evaluate(f"document.querySelectorAll('{ROWS}')[20].scrollIntoView()")
    page.wait_for_timeout(200)
    before = page.evaluate("scrollY")
    panel.locator("summary").tap()
    page.locator("select[name=endpoint]").select_option("overall survival")
    assert page.locator(ROWS).first.evaluate("row => getComputedStyle(row).display") == "block"
    assert before > 2000
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
