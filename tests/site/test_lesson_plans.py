"""Each chapter has a plan for fifty minutes and one for two hours, and both add up."""

from __future__ import annotations

import re
from pathlib import Path

import html5lib
import pytest
from helpers import TOP

from cartbook.render import html
from cartbook.sphinxext.lesson_plans import lesson
from cartbook.sphinxext.metadata import front_matter

CHAPTERS = [
    path
    for path in sorted((TOP / "chapters").glob("*.md"))
    if "minutes" in front_matter(path.read_text(encoding="utf-8"))["book"]
]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_minutes_add_up_and_leave_room_for_each_step(path: Path) -> None:
    record = lesson(f"chapters/{path.stem}", path.read_text(encoding="utf-8"))
    page = html({**record, "needs": []}, link="{}#{}".format)
    tables = html5lib.parse(page, namespaceHTMLElements=False).iter("table")
    for plan, total in zip(tables, (50, 120), strict=True):
        heads = [one.text or "" for one in plan.iter("th") if one.get("scope") == "row"]
        times = [tuple(map(int, head.split("–"))) for head in heads]
        assert [end for _, end in times[:-1]] == [begin for begin, _ in times[1:]]
        assert times[-1][1] == total
        assert all(end - begin >= 5 for begin, end in times)
    assert record["exercises"] >= 3
    assert len(record["topics"]) >= 2
    assert record["charts"]


def test_the_page_has_both_plans_of_every_chapter_and_their_charts_exist() -> None:
    site = TOP / "_build" / "html" / "chapters"
    page = html5lib.parse(
        (site / "teaching.html").read_text(encoding="utf-8"), namespaceHTMLElements=False
    )
    captions = ["".join(one.itertext()) for one in page.iter("caption")]
    for path in CHAPTERS:
        title = front_matter(path.read_text(encoding="utf-8"))["book"]["title"]
        assert {f"A plan for 50 minutes: {title}", f"A plan for 2 hours: {title}"} <= set(captions)
    links = [one.get("href") or "" for one in page.iter("a") if "#fig-" in (one.get("href") or "")]
    assert links
    for link in links:
        name, _, place = link.partition("#")
        assert re.search(f'id="{re.escape(place)}"', (site / name).read_text(encoding="utf-8")), (
            link
        )
