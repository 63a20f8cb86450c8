"""The Summary of Findings: words, numbers, a picture, by keyboard and without scripts, and one sheet of paper."""

from __future__ import annotations

import pypdfium2
import pytest

PAGE = "chapters/19-conclusions.html"
FORMS = ("words", "numbers", "picture")


def sheets(page):
    """The words of each sheet of paper on which a page is printed."""
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as paper:
        return [" ".join(one.get_textpage().get_text_range().split()) for one in paper]


def shown(page):
    """The forms of which every line is seen; a form is shown wholly or not at all."""
    lines = page.locator(".cb-findings tbody th[scope=row]").count()
    found = []
    for form in FORMS:
        marks = page.locator(f".cb-findings td .cb-as-{form}")
        seen = sum(one.is_visible() for one in marks.all())
        assert (marks.count(), seen) in {(lines, 0), (lines, lines)}
        found += [form] if seen else []
    return found


def test_words_and_numbers_come_first_and_each_form_is_reached_by_keyboard(visit):
    page = visit(PAGE)
    page.locator(".cb-findings input").first.focus()
    assert shown(page) == ["words", "numbers"]
    page.keyboard.press("ArrowRight")
    assert shown(page) == ["words"]
    page.keyboard.press("ArrowRight")
    assert shown(page) == ["numbers"]
    page.keyboard.press("ArrowRight")
    assert shown(page) == ["picture"]
    names = [one.get_attribute("aria-label") for one in page.locator(".cb-findings svg").all()]
    assert all(" of 100" in name for name in names)


def test_without_scripts_words_and_numbers_come_first_and_a_choice_works(visit):
    page = visit(PAGE, java_script_enabled=False)
    assert shown(page) == ["words", "numbers"]
    page.get_by_label("Numbers of 100 people").check()
    assert shown(page) == ["numbers"]


@pytest.mark.parametrize("form", ["both", *FORMS])
def test_selected_table_is_printed_alone_on_one_page(visit, form):
    page = visit(PAGE)
    page.locator(f".cb-findings input[value={form}]").check()
    page.get_by_role("link", name="Select this table for printing").click()
    (text,) = sheets(page)
    assert "not yet clinically reviewed" in text
    assert "Large B-cell lymphoma, third line" in text
    assert "Infused, of patients who enrolled" in text


def test_table_has_a_sheet_of_its_own_when_the_chapter_is_printed(visit):
    page = visit(PAGE)
    found = [one for one in sheets(page) if "Alive after 4 years, axi-cel (ZUMA-7)" in one]
    assert any("Infused, of patients who enrolled" in one for one in found)
