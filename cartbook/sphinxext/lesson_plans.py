"""Lesson plans: what a chapter's front matter and text give a teacher for 50 minutes and two hours.

Nothing is typed twice: times come from the chapter's own minutes, steps from its misconceptions,
charts, boxes, exercises, quiz and questions to discuss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cartbook.sphinxext.metadata import front_matter
from cartbook.sphinxext.nodes import node_of, section

#: sections that every chapter ends with, and which are no topic of their own
CLOSING = (
    "Where this could mislead",
    "Exercises",
    "Check yourself",
    "Takeaways",
    "Sources",
    "What remains uncertain",
    "Where to read on",
    "What not to conclude",
)
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")

Link = dict[str, str]  # words, page, anchor
Step = tuple[int, list[str | Link]]  # minutes, and what is done in them


@dataclass(frozen=True)
class Chapter:
    """A chapter as a lesson sees it: its page, its front matter (``book:``) and its Markdown."""

    docname: str
    about: dict[str, Any]
    text: str

    @cached_property
    def prose(self) -> str:
        """Its text without its cells."""
        return re.sub(r"^```.*?^```", "", self.text, flags=re.DOTALL | re.MULTILINE)

    @property
    def question(self) -> str:
        """Its heading, which asks what it answers."""
        found = re.search(r"^# (.+)$", self.prose, re.MULTILINE)
        return found[1] if found else str(self.about["title"])

    @property
    def topics(self) -> list[str]:
        """Its sections, without those that every chapter has."""
        found = re.findall(r"^## (.+)$", self.prose, re.MULTILINE)
        return [title for title in found if title not in CLOSING and "{" not in title]

    @property
    def cautions(self) -> bool:
        """Whether it has boxes on what not to conclude."""
        return ":class: careful\n" in self.text

    @property
    def closing(self) -> str:
        """What it ends with, in words."""
        return "the takeaways" if "\n## Takeaways\n" in self.text else "what remains uncertain"

    @property
    def exercises(self) -> int:
        """The number of its exercises."""
        return self.text.count("{exercise-start}")

    @cached_property
    def charts(self) -> list[Link]:
        """Links to its first three charts."""
        ids = re.findall(r'^    id="([a-z0-9-]+)",$', self.text, re.MULTILINE)
        names = ("first chart", "second chart", "third chart")
        return [
            {"words": name, "page": self.docname, "anchor": f"fig-{id}"}
            for name, id in zip(names, ids, strict=False)
        ]


def _vote(chapter: Chapter) -> Step:
    claim = chapter.about["misconceptions"][0]["claim"]
    return 5, [
        f"Ask “{chapter.question}” and let everyone vote on one sentence, true or false, "
        f"before they read: “{claim}” Keep the count."
    ]


def short(chapter: Chapter) -> list[Step]:
    """Plan 50 minutes: read, one chart, one question, the quiz."""
    reading, chart = chapter.about["minutes"]["reading"], chapter.charts[0]
    early = "Read the chapter alone or in pairs; who is done early opens the table under the "
    ask = " on the screen: of whom is each number, how wide is its interval, what is it not compared with?"
    closing = (
        "The chapter’s quiz, each for themselves; then vote on the sentence again, and compare. "
        "Exercises are for home."
    )
    return [
        _vote(chapter),
        (reading, [early, chart, "."]),
        (10, ["The ", chart, ask]),
        (10, [f"Discuss: {chapter.about['discussion'][0]}"]),
        (50 - 25 - reading, [closing]),
    ]


def long(chapter: Chapter) -> list[Step]:
    """Plan two hours: as before, with exercises, groups and a report."""
    minutes, number = chapter.about["minutes"], chapter.exercises
    charts: list[str | Link] = [chapter.charts[0]]
    if len(chapter.charts) > 1:
        charts += [" and the ", chapter.charts[1]]
    boxes = (
        "Then the “What not to conclude” boxes: who can say why each is there?"
        if chapter.cautions
        else "What can be concluded from each, and what not?"
    )
    count = NUMBERS[number] if number < len(NUMBERS) else number
    groups = "; ".join(f"“{topic}”" for topic in chapter.topics[:5])
    claim = chapter.about["misconceptions"][-1]["claim"]
    closing = (
        f"Groups report; meet what is left of the misconception “{claim}”; vote again, "
        f"and close with {chapter.closing}."
    )
    return [
        _vote(chapter),
        (minutes["reading"], ["Read the chapter alone or in pairs."]),
        (15, ["The ", *charts, f" on the screen: of whom, how sure, compared with what? {boxes}"]),
        (
            minutes["doing"],
            [
                f"{count} exercise{'' if number == 1 else 's'} in pairs, on one machine; "
                "solutions are opened last."
            ],
        ),
        (10, ["A break."]),
        (
            20,
            [
                f"Groups take one part each ({groups}) and one of the questions below, "
                "and find the number in it that is easiest to misread."
            ],
        ),
        (10, ["The chapter’s quiz."]),
        (120 - 60 - minutes["reading"] - minutes["doing"], [closing]),
    ]


def _plan(title: str, steps: list[Step]) -> dict[str, Any]:
    """Return a plan with the minutes in which its steps begin and end, counted from 0."""
    rows, begin = [], 0
    for minutes, words in steps:
        rows.append({"begin": begin, "end": begin + minutes, "words": words})
        begin += minutes
    return {"title": title, "steps": rows}


def lesson(chapter: Chapter, needs: list[str]) -> dict[str, Any]:
    """Return the record of a lesson; ``needs`` are the titles of the chapters that come before it."""
    about = chapter.about
    names = ("title", "level", "objectives", "misconceptions", "discussion")
    return {
        "kind": "lesson",
        "page": chapter.docname,
        "question": chapter.question,
        "needs": needs,
        **about["minutes"],
        **{name: about[name] for name in names},
        "plans": [
            _plan("A plan for 50 minutes", short(chapter)),
            _plan("A plan for 2 hours", long(chapter)),
        ],
    }


class LessonPlans(SphinxDirective):
    """``{lesson-plans}``: what each chapter's front matter says to a teacher."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        chapters: dict[str, Chapter] = {}
        for docname in self.config.external_site_map:
            path = Path(self.env.srcdir) / f"{docname}.md"
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            about = front_matter(text).get("book", {})
            if "minutes" in about:
                chapters[Path(docname).name] = Chapter(docname, about, text)
        parts = []
        for name, chapter in chapters.items():
            before = chapter.about.get("prerequisites", [])
            needs = [chapters[one].about["title"] if one in chapters else one for one in before]
            node = node_of(lesson(chapter, needs))
            parts.append(section(chapter.about["title"], node, id=f"lesson-{name}"))
        return parts


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("lesson-plans", LessonPlans)
