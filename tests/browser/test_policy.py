"""The site works under a policy that allows no other host, no code within pages and no eval; it keeps little, and sends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from scripts import THEMED
from test_reading import reader, scroll

from cartbook.csp import worker

EXPLORER = "chapters/explorer.html"
CHAPTER = "chapters/09-hodgkin.html"
WATCH = "window.broken = []; document.addEventListener('securitypolicyviolation', one => broken.push(`${one.violatedDirective} ${one.blockedURI}`))"
#: what a browser may keep of a reader: the colour mode, and (cb-) the marks of quizzes
KEPT = ("mode", "theme", "cb-")


def watched(browser: Browser) -> Page:
    page = browser.new_context().new_page()
    page.set_default_timeout(30_000)
    page.add_init_script(WATCH)
    return page


def kept(page: Page) -> Any:
    return page.evaluate(
        "[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]"
    )


@pytest.mark.parametrize("name", THEMED)
def test_a_page_breaks_no_rule_of_the_policy(browser: Browser, address: str, name: str) -> None:
    page = watched(browser)
    said: list[str] = []
    page.on(
        "console",
        lambda message: said.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address + name, wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("broken") == []
    assert said == []
    assert kept(page)[2] == ""
    assert all(one.startswith(KEPT) for one in kept(page)[0])
    assert set(kept(page)[1]) <= {"sidebar-scroll-top"}
    page.context.close()


INLINE = "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))"


@pytest.mark.parametrize("code", [INLINE, "try { new Function('1') } catch {}"])
def test_the_policy_is_in_force(browser: Browser, address: str, code: str) -> None:
    page = watched(browser)
    page.goto(address + CHAPTER)
    page.evaluate(
        f"void setTimeout(() => {{ {code} }})"
    )  # what a test evaluates by itself may use eval
    page.wait_for_timeout(500)
    assert [one for one in page.evaluate("broken") if one.startswith("script-src")]
    page.context.close()


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (
            "document.head.insertAdjacentHTML('afterbegin', '<base href=\"https://elsewhere.invalid/\">')",
            "base-uri",
        ),
        (
            "document.body.insertAdjacentHTML('beforeend', '<form action=\"https://elsewhere.invalid/x\"></form>'); document.forms[document.forms.length - 1].submit()",
            "form-action",
        ),
        (
            "document.body.insertAdjacentHTML('beforeend', '<object data=\"chapters/08-b-cell.html\"></object>')",
            "object-src",
        ),
    ],
)
@pytest.mark.parametrize("disk", [False, True])
def test_inserted_markup_cannot_send_readers_elsewhere(
    browser: Browser, address: str, site: Path, harm: str, rule: str, disk: bool
) -> None:
    page = watched(browser)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto((site / CHAPTER).as_uri() if disk else address + CHAPTER)
    before = page.evaluate("document.baseURI")
    page.evaluate(harm)
    page.wait_for_timeout(300)
    assert [one for one in page.evaluate("broken") if one.startswith(rule)]
    assert page.evaluate("document.baseURI") == before
    assert not [one for one in asked if "elsewhere" in one]
    page.context.close()


def test_a_chapter_that_runs_may_ask_the_named_host_alone() -> None:
    address = "https://cdn.example.org/pyodide/v1/full/"
    found = dict(rule.strip().split(" ", 1) for rule in worker(address).split(";"))
    assert found["connect-src"] == f"'self' {address}"
    assert found["script-src"] == f"'self' 'wasm-unsafe-eval' {address}"
    assert "https:" not in worker("none") + worker("../pyodide")


def test_without_the_header_a_page_protects_itself(browser: Browser, site: Path) -> None:
    page = watched(browser)
    page.goto((site / CHAPTER).as_uri())
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.invalid/x.png\" onerror=\"window.ran = 1\">')"
    )
    page.wait_for_timeout(500)
    assert page.evaluate("broken")
    assert page.evaluate("window.ran") is None
    page.context.close()


def test_a_copy_on_a_disk_works(browser: Browser, site: Path) -> None:
    with reader(browser, (site / CHAPTER).as_uri(), disk=True) as page:
        scroll(page)
        assert (
            page.locator(".cb-live svg").count() == page.locator("figure[data-chart]").count() > 0
        )
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.bd-article')).lineHeight")
            != "normal"
        )


def test_search_finds_and_keeps_nothing(browser: Browser, address: str) -> None:
    with reader(browser, address + CHAPTER) as page:
        page.keyboard.press("Control+k")
        page.locator("#pst-search-dialog input").fill("fratricide")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=fratricide")
        found = page.locator("#search-results li a")
        found.first.wait_for()
        assert "11-t-cell" in " ".join(one.get_attribute("href") or "" for one in found.all())
        assert page.evaluate("document.activeElement.name") == "q"
        assert [one for one in kept(page)[0] if not one.startswith(KEPT)] == []
        found.first.click()
        page.locator("article h1").first.wait_for()


def test_the_colour_mode_changes_stays_and_is_there_before_the_first_paint(
    browser: Browser, address: str
) -> None:
    with reader(browser, address + CHAPTER, color_scheme="light") as page:
        page.add_init_script(
            "new MutationObserver((_, me) => document.body && (window.first ??= document.documentElement.dataset.theme, me.disconnect()))"
            ".observe(document, { childList: true, subtree: true })"
        )
        button = page.locator(".theme-switch-button")
        for _ in range(3):
            button.click()
            if page.evaluate("document.documentElement.dataset.mode") == "dark":
                break
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.reload(wait_until="networkidle")
        assert page.evaluate("window.first") == "dark"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 20, 23)"


def test_the_explorer_filters_and_downloads(browser: Browser, address: str) -> None:
    with reader(browser, address + EXPLORER) as page:
        rows = page.locator(".cb-explorer tbody tr:visible")
        before = rows.count()
        page.locator("select[name=disease]").select_option("multiple myeloma")
        assert 0 < rows.count() < before
        with page.expect_download() as saved:
            page.locator("[data-download=csv]").click()
        text = Path(saved.value.path()).read_text(encoding="utf-8")
        assert len(text.splitlines()) == rows.count() + 1


def test_the_download_menu_opens_by_keyboard_prints_and_closes(
    browser: Browser, address: str
) -> None:
    with reader(browser, address + CHAPTER) as page:
        page.evaluate("window.print = () => (window.printed = true)")
        page.locator("details.dropdown > summary").focus()
        page.keyboard.press("Enter")
        page.locator("[data-print]").click()
        assert page.evaluate("window.printed")
        page.keyboard.press("Escape")
        assert not page.locator("[data-print]").is_visible()


def test_a_folded_solution_unfolds(browser: Browser, address: str) -> None:
    with reader(browser, address + CHAPTER) as page:
        solution = page.locator("details.solution").first
        words = solution.locator("section p").first
        assert not words.is_visible()
        solution.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert words.is_visible()
