"""Quizzes as readers use them: typing, ordering, marks that stay here, and a page that does without all of it."""

from __future__ import annotations

import json

import pytest
from helpers import TOP

from cartbook import Choice, Number, Order, Spot, Stem, quiz, variants
from cartbook.render import html
from cartbook.theme import stylesheet

STATIC = TOP / "cartbook" / "static"
KEY = "cart-in-numbers-marks"
QUIZ = quiz(
    "trial",
    {
        "Which?": [
            Choice("This", True, "Because."),
            Choice("That", False, "It is not."),
            *(Choice(f"Or {one}", False, "No.") for one in "abcd"),
        ],
        "How many per cent?": Number(
            1234.5, "Worked out.", "Divide.", 0.5, "%", {40: "The other way round."}
        ),
        "In order?": Order([("One", "First."), ("Two", "Second."), ("Three", "Third.")], "by size"),
        "What misleads?": Spot(
            [
                Choice("A claim", False, "It holds."),
                Choice("Another", True, "It leaves something out."),
            ]
        ),
    },
)
SHARE = quiz(
    "share", {"Share?": Number(55, "Worked out.", "Divide.", 0.5, "%", {0.5: "Half a per cent."})}
)
SEVERAL = quiz(
    "several",
    {
        Stem("Trial {n}: {n} of 40. What percentage?", id="s"): variants(
            [{"n": n} for n in range(1, 9)],
            lambda one: Number(
                2.5 * one["n"],
                f"{one['n']} of 40.",
                "Divide.",
                0.5,
                "%",
                {100 - 2.5 * one["n"]: f"The others of trial {one['n']}.", 99: "Nearly all."},
            ),
        )
    },
)
POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"


PAGE = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>A quiz</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,"><link rel="stylesheet" href="colours.css"><link rel="stylesheet" href="book.css">
<link rel="stylesheet" href="quiz.css"><script src="quiz.js" defer></script>
<body><main class="bd-article"><h1>Quiz</h1>{quizzes}</main></body></html>"""


@pytest.fixture(scope="module")
def place(tmp_path_factory, serve_folder):
    """A page that holds one quiz of every kind, under the policy of the site."""
    folder = tmp_path_factory.mktemp("quiz")
    for name in ("quiz.js", "quiz.css", "book.css"):
        (folder / name).write_bytes((STATIC / name).read_bytes())
    (folder / "colours.css").write_text(stylesheet(), encoding="utf-8")
    quizzes = "".join(html(one.to_record()) for one in (QUIZ, SHARE, SEVERAL))
    page = PAGE.format(policy=POLICY, quizzes=quizzes)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return f"{serve_folder(folder)}index.html"


def typed(page, text, quiz="trial"):
    page.locator(f"[data-quiz={quiz}] .cb-entry input").fill(text)
    page.locator(f"[data-quiz={quiz}] .cb-entry input").press("Enter")
    return page.locator(
        f"[data-quiz={quiz}] .cb-question[data-kind=number] .cb-verdict"
    ).inner_text()


def said(page):
    return page.locator("[data-quiz=trial] .cb-marks [role=status]").inner_text()


def options(page):
    return page.locator(".cb-choices").first.locator("summary").all_inner_texts()


def test_a_number_is_judged_and_told_why(visit, place):
    page = visit(place)
    entry = page.locator("[data-quiz=trial] .cb-entry input")
    assert (
        page.locator(f"#{entry.get_attribute('aria-describedby')}").inner_text()
        == "Unit: %. Round to the nearest whole number."
    )
    assert typed(page, "about ten") == "Type a number, such as 12.5."
    assert said(page) == "Nothing answered yet."
    assert typed(page, "40").endswith("Not quite. The other way round.")
    assert typed(page, "39").endswith("Not quite. Divide.")
    for right in (
        "1234.5",
        "1,234.9",
        "1234,1",
        " 1 234.5 % ",
        "1.234,5",
        "1'234.5",
        "1234.5 percent",
        "1\u202f234",
        "1234%",
    ):
        assert typed(page, right).endswith("Right. Worked out."), right
    for wrong in ("1235.1", "1.2345", "-1234.5", "1e3", "0x4d2", "12.345"):
        assert "Right." not in typed(page, wrong), wrong
    assert said(page).startswith("0 of 4 right at the first try, 1 answered.")


def test_an_order_is_made_with_buttons_and_arrow_keys(visit, place):
    page = visit(place)
    question = page.locator(".cb-question[data-kind=order]")

    def texts():
        return question.locator(".cb-order > li > span:first-child").all_inner_texts()

    assert sorted(texts()) == ["One", "Three", "Two"]
    assert texts() != ["One", "Two", "Three"]
    question.get_by_role("button", name="Check the order").click()
    assert "Not quite." in question.locator(".cb-verdict").inner_text()
    last = texts()[-1]
    page.get_by_role("button", name=f"Move {last} up").focus()
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    assert texts()[0] == last
    assert question.locator(".cb-verdict").inner_text() == ""
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Move {last} up"
    assert (
        page.get_by_role("button", name=f"Move {last} up").get_attribute("aria-disabled") == "true"
    )
    assert question.locator("[aria-live=polite]").inner_text() == f"{last}: now 1 of 3"
    for text in ("Two", "Three"):
        for _ in range(2):
            page.get_by_role("button", name=f"Move {text} down").focus()
            page.keyboard.press("Enter")
    question.get_by_role("button", name="Check the order").click()
    assert (
        question.locator(".cb-verdict")
        .inner_text()
        .endswith("Right. Every item is in the right place.")
    )
    assert question.locator(".cb-why").all_inner_texts()[1].endswith("Second.")


def test_marks_count_first_tries_and_stay_until_cleared(visit, place):
    page = visit(place)
    page.get_by_text("That", exact=True).click()
    page.get_by_text("This", exact=True).click()
    page.get_by_text("Another", exact=True).click()
    typed(page, "1234.5")
    page.get_by_text("Show the order").click()
    assert said(page) == "2 of 4 right at the first try, 4 answered. Kept in this browser only."
    kept = json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))
    assert list(kept) == ["trial"]
    assert sorted(kept["trial"].values()) == [False, False, True, True]
    page.evaluate(
        f"localStorage.setItem('{KEY}', JSON.stringify({{ ...JSON.parse(localStorage.getItem('{KEY}')), other: {{ x: true }} }}))"
    )
    page.reload()
    assert said(page).startswith("2 of 4 right")
    page.locator("[data-quiz=trial]").get_by_role("button", name="Reset", exact=True).click()
    assert said(page) == "Nothing answered yet."
    assert json.loads(page.evaluate(f"localStorage.getItem('{KEY}')")) == {"other": {"x": True}}
    assert page.locator("details[open]").count() == 0
    assert page.evaluate("document.activeElement.textContent") == "Nothing answered yet."


def test_opening_everything_is_not_answering(visit, place):
    page = visit(place)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.wait_for_timeout(100)
    assert said(page) == "Nothing answered yet."


BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('blocked', 'SecurityError') } })"
READ_ONLY = "Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError') }"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (BLOCKED, "Not kept: this browser blocks storage."),
        (READ_ONLY, "Not kept: this browser blocks storage."),
        (FULL, "Not kept: this browser’s storage is full."),
    ],
    ids=["blocked", "read only", "full"],
)
def test_without_storage_marks_last_as_long_as_the_page_and_it_says_so(visit, place, before, words):
    page = visit(place, before)
    page.get_by_text("This", exact=True).click()
    assert said(page) == f"1 of 4 right at the first try, 1 answered. {words}"
    assert typed(page, "40").endswith("The other way round.")
    assert said(page) == f"1 of 4 right at the first try, 2 answered. {words}"
    page.locator("[data-quiz=trial]").get_by_role("button", name="Reset", exact=True).click()
    assert said(page) == "Nothing answered yet."


@pytest.mark.parametrize("stored", ["[not json", "[1, 2]", '{"trial": 7}', "7"])
def test_stored_marks_that_cannot_be_read_are_reported_and_replaced(visit, place, stored):
    before = f"if (!sessionStorage.broken) {{ sessionStorage.broken = 1; localStorage.setItem('{KEY}', {json.dumps(stored)}) }}"
    page = visit(place, before)
    assert (
        said(page)
        == "Nothing answered yet. Earlier marks in this browser could not be read; the next answer replaces them."
    )
    page.get_by_text("This", exact=True).click()
    assert said(page) == "1 of 4 right at the first try, 1 answered. Kept in this browser only."
    page.reload()
    assert said(page) == "1 of 4 right at the first try, 1 answered. Kept in this browser only."


def test_options_are_shuffled_for_each_reader_and_stay_so(visit, place):
    orders = set()
    for _ in range(6):
        page = visit(place)
        orders.add(tuple(options(page)))
        first = options(page)
        page.get_by_text("That", exact=True).click()
        typed(page, "40")
        assert options(page) == first
        page.reload()
        assert options(page) == first
        tree = [
            one
            for one in page.locator(".cb-choices").first.aria_snapshot().splitlines()
            if "This" in one or "That" in one
        ]
        assert ["This" in one for one in tree] == [
            "This" in one for one in first if one in ("This", "That")
        ]
    assert len(orders) > 1
    assert {tuple(sorted(one)) for one in orders} == {tuple(sorted(first))}


def test_a_reader_faster_than_the_script_keeps_place_and_focus(visit, place):
    fixed = [one["text"] for one in QUIZ.to_record()["questions"][0]["choices"]]
    for hurry in (
        "one.querySelector('summary').focus()",
        "one.querySelector('details').open = true",
    ):
        before = f"document.addEventListener('readystatechange', () => {{ const one = document.querySelector('.cb-choices'); {hurry} }}, {{ once: true }})"
        page = visit(place, before)
        assert options(page) == fixed
        assert page.evaluate("document.activeElement.tagName") == (
            "SUMMARY" if "focus" in hurry else "BODY"
        )


def test_marks_survive_a_translated_page(visit, place):
    page = visit(place)
    page.get_by_text("This", exact=True).click()
    page.reload()
    page.evaluate(
        "document.querySelectorAll('.cb-question p, summary').forEach(one => one.append(' übersetzt'))"
    )
    page.get_by_text("Another").click()
    assert said(page) == "2 of 4 right at the first try, 2 answered. Kept in this browser only."
    page.reload()
    assert said(page).startswith("2 of 4 right")


def test_the_reason_is_announced_until_the_reader_goes_on(visit, place):
    page = visit(place)
    status = page.locator(".cb-question").first.locator(".cb-said[role=status]")
    assert status.text_content() == ""
    page.get_by_text("That", exact=True).focus()
    page.keyboard.press("Enter")
    assert status.text_content() == "Not quite. It is not."
    page.get_by_text("This", exact=True).click()
    assert status.text_content() == "Right. Because."
    page.get_by_text("This", exact=True).click()  # closes it
    assert status.text_content() == ""
    page.get_by_text("That", exact=True).click()
    page.get_by_text("That", exact=True).click()
    page.locator("[data-quiz=trial] .cb-entry input").focus()
    assert status.text_content() == ""


def test_ornaments_are_not_part_of_names(visit, place):
    page = visit(place)
    snapshot = page.locator("main").aria_snapshot()
    assert not any(mark in snapshot for mark in "○✓✕")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert not any(mark in page.locator("main").aria_snapshot() for mark in "○✓✕")


def test_a_proportion_is_read_as_a_per_cent_and_it_says_so(visit, place):
    page = visit(place)
    for right in ("55", "55%", "55 %", "55.3", "55,3 %"):
        assert typed(page, right, "share").endswith("Right. Worked out."), right
    assert typed(page, "0.55", "share").endswith("Right. 0.55 was read as 55%. Worked out.")
    assert typed(page, "0,55", "share").endswith("Right. 0,55 was read as 55%. Worked out.")
    assert typed(page, "0.55%", "share").endswith("Not quite. Half a per cent.")
    assert typed(page, "0.4", "share").endswith("Not quite. Half a per cent.")
    assert typed(page, "0.9", "share").endswith("Not quite. Half a per cent.")
    assert typed(page, "7", "share").endswith("Not quite. Divide.")


def test_in_a_notebook_a_quiz_needs_no_style_sheet_and_no_script(visit, place):
    page = visit(place, java_script_enabled=False)
    page.set_content(f"<!doctype html><title>Notebook</title><main>{QUIZ._repr_html_()}</main>")
    option = page.get_by_text("This", exact=True)
    assert option.evaluate("one => getComputedStyle(one).cursor") == "pointer"
    assert option.evaluate("one => getComputedStyle(one.parentElement).borderTopWidth") == "1px"
    assert "○" in option.evaluate("one => getComputedStyle(one, '::before').content")
    assert (
        page.locator(".cb-items").evaluate("one => getComputedStyle(one).listStyleType")
        == "upper-alpha"
    )
    assert page.locator("form").count() == 0
    option.click()
    assert page.get_by_text("Because.").is_visible()
    page.get_by_text("Show the answer").click()
    assert page.get_by_text("1235%.").is_visible()


def test_without_scripts_every_answer_can_be_opened(visit, place):
    page = visit(place, java_script_enabled=False)
    assert not page.locator(".cb-entry").first.is_visible()
    page.get_by_text("Show the answer").first.click()
    assert page.get_by_text("1235%.").is_visible()
    page.get_by_text("Show the order").click()
    assert page.get_by_text("Second.").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_and_after_answering(visit, axe, place, theme):
    page = visit(place, viewport={"width": 390, "height": 844})
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.evaluate(
        "document.body.style.cssText = 'color: var(--cb-text); background: var(--cb-paper)'"
    )
    for answered in (False, True):
        if answered:
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            page.get_by_role("button", name="Check the order").click()
            typed(page, "40")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_pages_without_a_quiz_do_without_its_script(site):
    for path in sorted(site.rglob("*.html")):
        if not path.relative_to(site).parts[0].startswith("_"):
            html = path.read_text(encoding="utf-8")
            assert ("_static/quiz.js" in html) == ("data-quiz=" in html), path.name


def test_each_reader_begins_at_some_variant_and_can_go_on_to_others(visit, axe, place):
    begun = set()
    for _ in range(6):
        page = visit(place, viewport={"width": 390, "height": 844})
        stem = page.locator("[data-quiz=several] .cb-stem")
        begun.add(stem.inner_text())
        first = stem.inner_text()
        page.reload()
        assert stem.inner_text() == first
    assert len(begun) > 1
    several = SEVERAL.to_record()["questions"][0]["variants"]
    seen = []
    for _ in several:
        (asked,) = [one for one in several if one["stem"] == stem.inner_text()]
        seen.append(asked["stem"])
        trial = asked["why"].split()[0]
        other = str(100 - asked["answer"])
        assert typed(page, other, "several").endswith(f"Not quite. The others of trial {trial}.")
        assert typed(page, asked["shown"], "several").endswith(f"Right. {trial} of 40.")
        page.locator("[data-quiz=several] .cb-reveal > summary").click()
        shown = page.locator("[data-quiz=several] .cb-reveal > p").inner_text()
        assert shown == f"{asked['shown']}%. {trial} of 40."
        page.get_by_role("button", name="Other numbers").click()
        assert "New numbers" in page.locator("[data-quiz=several] .cb-verdict").inner_text()
        assert page.evaluate("document.activeElement.tagName") == "INPUT"
        assert page.locator("[data-quiz=several] .cb-reveal[open]").count() == 0
    assert len(set(seen)) == len(several)
    assert stem.inner_text() == seen[0]
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    line = page.locator("[data-quiz=several] .cb-marks [role=status]")
    assert line.inner_text().startswith("0 of 1 right at the first try, 1 answered.")


def test_without_scripts_a_question_with_variants_is_one_question(visit, place):
    page = visit(place, java_script_enabled=False)
    first = SEVERAL.to_record()["questions"][0]
    assert page.locator("[data-quiz=several] .cb-stem").inner_text() == first["stem"]
    page.locator("[data-quiz=several] .cb-reveal > summary").click()
    assert page.get_by_text(f"{first['shown']}%. {first['why']}").is_visible()


def test_in_a_sandboxed_frame_marks_last_as_long_as_the_page_and_it_says_so(visit, place):
    page = visit("", faults=False)
    page.set_content(f'<iframe sandbox="allow-scripts" width="800" height="900" src="{place}">')
    frame = page.frame_locator("iframe")
    frame.get_by_text("This", exact=True).click()
    line = frame.locator("[data-quiz=trial] .cb-marks [role=status]")
    line.filter(has_text="1 answered").wait_for()
    assert line.inner_text().endswith("Not kept: this browser blocks storage.")
