"""What a reader changes and solves in a chapter stays in the browser, and can be taken along or removed."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from helpers import SITE, until

CHAPTER = "chapters/16-availability.html"
KEY = "cart-in-numbers-chapter-16-availability"
EXERCISE = "availability-juliet"
#: stands for Python: it says what it was given, and whether an answer is the right one
WORKER = """self.onmessage = ({ data }) => {
  if (data.kind === 'load') return postMessage({ kind: 'ready' });
  const asked = /^check\\("([^"]+)", answer\\)/m.exec(data.source);
  const output = { text: data.source };
  if (asked) Object.assign(output, { exercise: asked[1], correct: data.source.includes('61, 167') });
  postMessage({ kind: 'done', number: data.number, outputs: [output], failed: '' });
};"""
BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('blocked', 'SecurityError') } })"
FULL = """const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (key, value) {
  if (key.startsWith('cart-in-numbers')) throw new DOMException('full', 'QuotaExceededError');
  set.call(this, key, value);
}"""


@pytest.fixture
def read(visit):
    """Open the chapter with a stand-in for Python, and run it."""

    def start(page=None, before="", **options):
        page = page or visit("", before, **options)
        page.route(
            "**/run-worker.js",
            lambda route: route.fulfill(body=WORKER, content_type="text/javascript"),
        )
        page.goto(visit.address + CHAPTER)
        return page

    return start


def run(page):
    with finishing(page):
        page.get_by_role("button", name="Run this chapter here").click()


@contextmanager
def finishing(page):
    """Wait until the run that the block starts is over: what an earlier run said is removed before."""
    said = page.locator(".cb-run-bar [role=status]")
    said.evaluate("one => one.textContent = ''")
    yield
    until(
        page,
        "document.querySelector('.cb-run-bar [role=status]').textContent.startsWith('Finished')",
    )


def field(page, code=f'check("{EXERCISE}"'):
    places = "(all, code) => all.findIndex(one => one.value.includes(code))"
    fields = page.locator("div.cell textarea")
    return fields.nth(fields.evaluate_all(places, code))


def answer(page, code):
    one = field(page)
    one.fill(one.input_value().replace("61, 115", code).replace("61, 150", code))
    with finishing(page):
        one.press("Control+Enter")
    until(page, "document.querySelector('.cb-run-solved')")


def kept(page):
    return page.locator(".cb-run-kept").inner_text()


def stored(page):
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))


def test_changes_and_results_come_back_until_they_are_reset(read, axe):
    page = read(viewport={"width": 390, "height": 800})
    assert not page.locator(".cb-run-kept").is_visible()
    run(page)
    assert kept(page).startswith("Kept in this browser only.")
    assert page.locator(".cb-run-solved").count() == 0, "nothing was tried yet"
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None
    answer(page, "61, 150")
    assert page.locator(".cb-run-solved").inner_text() == "Tried, not solved yet."
    answer(page, "61, 167")
    assert page.locator(".cb-run-solved").inner_text() == "✓ You solved this."
    assert kept(page).startswith("1 cell changed, 1 exercise solved. Kept in this browser only.")
    assert stored(page)["solved"] == {EXERCISE: True}
    assert axe(page, ".cb-run") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page = read(page)
    assert "Changes come back when the chapter runs." in kept(page)
    assert page.locator(".cb-run-solved").inner_text() == "✓ You solved this."
    run(page)
    assert "61, 167" in field(page).input_value()

    with finishing(page):
        page.locator(".cb-run-kept").get_by_role("button", name="Reset").click()
    assert "61, 115" in field(page).input_value()
    assert page.locator(".cb-run-solved").count() == 0
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None
    with finishing(page):
        page.get_by_role("button", name="Undo reset").click()
    assert "61, 167" in field(page).input_value()
    assert stored(page)["solved"] == {EXERCISE: True}


def test_the_readers_notebook_has_the_changes_and_nothing_else_changes(read):
    page = read()
    run(page)
    answer(page, "61, 167")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download my notebook").click()
    assert caught.value.suggested_filename == "16-availability-mine.ipynb"
    mine = json.loads(caught.value.path().read_text(encoding="utf-8"))
    first, *cells = mine["cells"]
    published = json.loads((SITE / "downloads" / "16-availability.ipynb").read_text("utf-8"))
    pairs = list(zip(cells, published["cells"], strict=True))
    (changed,) = [one for one, other in pairs if one != other]
    assert "61, 167" in changed["source"]
    assert (changed["outputs"], changed["execution_count"]) == ([], None)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert f"Changed cells: {code.index(changed) + 1};" in first["source"]
    assert EXERCISE in first["source"]


def test_a_change_to_a_cell_that_the_book_changed_since_is_dropped(read, visit):
    old = {"edits": {"2": {"published": "earlier code", "code": "mine"}}, "solved": {}}
    page = read(before=f"localStorage.setItem('{KEY}', {json.dumps(json.dumps(old))})")
    assert not page.locator(".cb-run-kept").is_visible()
    run(page)
    assert not page.locator("div.cell textarea").evaluate_all(
        "all => all.some(one => one.value === 'mine')"
    )


@pytest.mark.parametrize(
    "stored", ["{not json", "7", "null", '{"edits": 3, "solved": [1]}', '{"edits": {"1": null}}']
)
def test_a_state_that_cannot_be_read_is_replaced(read, stored):
    page = read(
        before=f"if (!sessionStorage.seen) {{ sessionStorage.seen = 1; localStorage.setItem('{KEY}', {json.dumps(stored)}) }}"
    )
    run(page)
    answer(page, "61, 167")
    page = read(page)
    assert "1 exercise solved" in kept(page)


@pytest.mark.parametrize(
    ("before", "why"),
    [(BLOCKED, "this browser blocks storage"), (FULL, "this browser’s storage is full")],
    ids=["blocked", "full"],
)
def test_without_storage_it_says_so_and_works(read, before, why):
    page = read(before=before)
    run(page)
    answer(page, "61, 167")
    assert f"Not kept: {why}. Download your notebook before you leave." in kept(page)
    assert page.locator(".cb-run-solved").inner_text() == "✓ You solved this."
    with page.expect_download():
        page.get_by_role("button", name="Download my notebook").click()
    with finishing(page):
        page.locator(".cb-run-kept").get_by_role("button", name="Reset").click()
    assert "61, 115" in field(page).input_value()


def test_a_sandboxed_frame_keeps_nothing_and_says_so(visit):
    page = visit("", faults=False)
    page.goto(f"{visit.address}404.html")
    page.set_content(
        f'<iframe sandbox="allow-scripts" width="900" height="900" src="{visit.address}{CHAPTER}"></iframe>'
    )
    frame = page.frame_locator("iframe")
    line = frame.locator(".cb-marks [role=status]")
    frame.locator(".cb-choice > summary").first.click()
    line.filter(has_text="1 answered").wait_for()
    assert line.inner_text().endswith("1 answered. Not kept: this browser blocks storage.")
    assert "Code does not run in this frame" in frame.locator(".cb-run").inner_text()
