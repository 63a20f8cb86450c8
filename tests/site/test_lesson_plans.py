"""Each chapter has a plan for fifty minutes and one for two hours, and both add up."""

from __future__ import annotations

import re
from pathlib import Path

import html5lib
import pytest
from helpers import TOP

from cartbook.sphinxext import lesson_plans
from cartbook.sphinxext.directives import front_matter

CHAPTERS = [
    path
    for path in sorted((TOP / "chapters").glob("*.md"))
    if "minutes" in front_matter(path.read_text(encoding="utf-8"))["book"]
]


def chapter(path: Path) -> lesson_plans.Chapter:
    text = path.read_text(encoding="utf-8")
    return lesson_plans.Chapter(f"chapters/{path.stem}", front_matter(text)["book"], text)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_minutes_add_up_and_leave_room_for_each_step(path: Path) -> None:
    one = chapter(path)
    for plan, total in ((lesson_plans.short(one), 50), (lesson_plans.long(one), 120)):
        assert sum(minutes for minutes, _ in plan) == total
        assert all(minutes >= 5 for minutes, _ in plan)
    assert one.exercises >= 3
    assert len(one.topics) >= 2
    assert one.charts


def test_the_page_has_both_plans_of_every_chapter_and_their_charts_exist() -> None:
    site = TOP / "_build" / "html" / "chapters"
    page = html5lib.parse(
        (site / "24-for-teachers.html").read_text(encoding="utf-8"), namespaceHTMLElements=False
    )
    captions = ["".join(one.itertext()) for one in page.iter("caption")]
    for path in CHAPTERS:
        title = chapter(path).about["title"]
        assert {f"A plan for 50 minutes: {title}", f"A plan for 2 hours: {title}"} <= set(captions)
    links = [one.get("href") or "" for one in page.iter("a") if "#fig-" in (one.get("href") or "")]
    assert links
    for link in links:
        name, _, place = link.partition("#")
        assert re.search(f'id="{re.escape(place)}"', (site / name).read_text(encoding="utf-8")), (
            link
        )
