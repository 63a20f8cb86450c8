"""Lesson plans: what a chapter's front matter and its text give a teacher for fifty minutes, and for two hours.

Nothing is typed twice: times come from the chapter's own minutes, steps from its misconceptions, charts, boxes,
exercises, quiz and questions to discuss. A lesson is a record; cartbook.render writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Chapter:
    """A chapter as a lesson sees it: its page, its front matter (``book:``) and its Markdown."""

    docname: str
    about: dict[str, Any]
    text: str

    @property
    def _prose(self) -> str:
        return re.sub(r"^```.*?^```", "", self.text, flags=re.DOTALL | re.MULTILINE)

    @property
    def question(self) -> str:
        """The chapter's title, which asks what it answers."""
        found = re.search(r"^# (.+)$", self._prose, re.MULTILINE)
        return found[1] if found else str(self.about["title"])

    @property
    def topics(self) -> list[str]:
        """Its sections, without those that every chapter has."""
        return [
            one
            for one in re.findall(r"^## (.+)$", self._prose, re.MULTILINE)
            if one not in CLOSING and "{" not in one
        ]

    @property
    def cautions(self) -> bool:
        """Whether it has boxes on what not to conclude."""
        return bool(re.search(r"^:class: careful$", self.text, re.MULTILINE))

    @property
    def closing(self) -> str:
        """What it ends with, in words."""
        return "the takeaways" if "\n## Takeaways\n" in self.text else "what remains uncertain"

    @property
    def charts(self) -> list[str]:
        """The ids of its charts, in their order."""
        return re.findall(r'^    id="([a-z0-9-]+)",$', self.text, re.MULTILINE)

    @property
    def exercises(self) -> int:
        """The number of its exercises."""
        return len(re.findall(r"{exercise-start}", self.text))


@dataclass(frozen=True)
class Link:
    """Words that lead to a place in a page of the book."""

    words: str
    page: str
    anchor: str


Words = list[str | Link]
Step = tuple[int, Words]  # minutes, and what is done in them


def _counted(number: int, thing: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{words[number] if number < len(words) else number} {thing}{'' if number == 1 else 's'}"


def _chart(chapter: Chapter, place: int) -> Link:
    return Link(
        f"{('first', 'second', 'third')[place]} chart",
        chapter.docname,
        f"fig-{chapter.charts[place]}",
    )


def _vote(chapter: Chapter) -> Words:
    return [
        f"Ask “{chapter.question}” and let everyone vote on one sentence, true or false, before they read: "
        f"“{chapter.about['misconceptions'][0]['claim']}” Keep the count."
    ]


def short(chapter: Chapter) -> list[Step]:
    """Plan fifty minutes: read, one chart, one question, the quiz."""
    reading, chart = chapter.about["minutes"]["reading"], _chart(chapter, 0)
    steps: list[Step] = [
        (5, _vote(chapter)),
        (
            reading,
            [
                "Read the chapter alone or in pairs; who is done early opens the table under the ",
                chart,
                ".",
            ],
        ),
        (
            10,
            [
                "The ",
                chart,
                " on the screen: of whom is each number, how wide is its interval, what is it not compared with?",
            ],
        ),
        (10, [f"Discuss: {chapter.about['discussion'][0]}"]),
    ]
    rest = 50 - sum(minutes for minutes, _ in steps)
    closing = "The chapter’s quiz, each for themselves; then vote on the sentence again, and compare. Exercises are for home."
    return [*steps, (rest, [closing])]


def long(chapter: Chapter) -> list[Step]:
    """Plan two hours: as before, with exercises, groups and a report."""
    minutes, about = chapter.about["minutes"], chapter.about
    charts: Words = [_chart(chapter, 0)]
    if len(chapter.charts) > 1:
        charts += [" and the ", _chart(chapter, 1)]
    groups = "; ".join(f"“{one}”" for one in chapter.topics[:5])
    boxes = (
        "Then the “What not to conclude” boxes: who can say why each is there?"
        if chapter.cautions
        else "What can be concluded from each, and what not?"
    )
    exercises = _counted(chapter.exercises, "exercise").capitalize()
    steps: list[Step] = [
        (5, _vote(chapter)),
        (minutes["reading"], ["Read the chapter alone or in pairs."]),
        (15, ["The ", *charts, f" on the screen: of whom, how sure, compared with what? {boxes}"]),
        (minutes["doing"], [f"{exercises} in pairs, on one machine; solutions are opened last."]),
        (10, ["A break."]),
        (
            20,
            [
                f"Groups take one part each ({groups}) and one of the questions below, and find the number in it that is easiest to misread."
            ],
        ),
        (10, ["The chapter’s quiz."]),
    ]
    rest = 120 - sum(one for one, _ in steps)
    meet = f"“{about['misconceptions'][-1]['claim']}”"
    closing = f"Groups report; meet what is left of the misconception {meet}; vote again, and close with {chapter.closing}."
    return [*steps, (rest, [closing])]


PLANS: dict[str, Callable[[Chapter], list[Step]]] = {
    "A plan for 50 minutes": short,
    "A plan for 2 hours": long,
}


def _rows(steps: list[Step]) -> Iterator[dict[str, Any]]:
    """Yield the steps with the minutes in which they begin and end, counted from 0."""
    begin = 0
    for minutes, words in steps:
        parts = [
            {"words": one.words, "page": one.page, "anchor": one.anchor}
            if isinstance(one, Link)
            else one
            for one in words
        ]
        yield {"begin": begin, "end": begin + minutes, "words": parts}
        begin += minutes


def record(chapter: Chapter, needs: list[str]) -> dict[str, Any]:
    """Return a chapter's lesson; ``needs`` are the titles of the chapters that come before it."""
    about = chapter.about
    return {
        "kind": "lesson",
        "page": chapter.docname,
        "title": about["title"],
        "question": chapter.question,
        "level": about["level"],
        "reading": about["minutes"]["reading"],
        "doing": about["minutes"]["doing"],
        "needs": needs,
        "objectives": about["objectives"],
        "misconceptions": about["misconceptions"],
        "discussion": about["discussion"],
        "plans": [
            {"title": title, "steps": list(_rows(plan(chapter)))} for title, plan in PLANS.items()
        ],
    }
