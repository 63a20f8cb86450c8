"""Lesson plans: what a chapter's front matter and its text give a teacher for fifty minutes, and for two hours.

Nothing is typed twice: times come from the chapter's own minutes, steps from its misconceptions, charts, boxes,
exercises, quiz and questions to discuss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

#: sections that every chapter ends with, and which are no topic of their own
CLOSING = ("Where this could mislead", "Exercises", "Check yourself", "Takeaways", "Sources", "What not to conclude")


@dataclass(frozen=True)
class Chapter:
    """A chapter as a lesson sees it: its name, front matter (``book:``) and text."""

    name: str
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
        return [one for one in re.findall(r"^## (.+)$", self._prose, re.MULTILINE) if one not in CLOSING and "{" not in one]

    @property
    def charts(self) -> list[str]:
        """The ids of its charts, in their order."""
        return re.findall(r'^    id="([a-z0-9-]+)",$', self.text, re.MULTILINE)

    @property
    def exercises(self) -> int:
        return len(re.findall(r"{exercise-start}", self.text))


#: minutes and what is done in them
Plan = list[tuple[int, str]]


def _counted(number: int, thing: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{words[number] if number < len(words) else number} {thing}{'' if number == 1 else 's'}"


def _chart(chapter: Chapter, place: int) -> str:
    return f'<a href="{chapter.name}.html#fig-{chapter.charts[place]}">{("first", "second", "third")[place]} chart</a>'


def _vote(chapter: Chapter) -> str:
    return (
        f"Ask “{escape(chapter.question)}” and let everyone vote on one sentence, true or false, before they read: "
        f"“{escape(chapter.about['misconceptions'][0]['claim'])}” Keep the count."
    )


def short(chapter: Chapter) -> Plan:
    """Fifty minutes: read, one chart, one question, the quiz."""
    reading = chapter.about["minutes"]["reading"]
    steps = [
        (5, _vote(chapter)),
        (reading, f"Read the chapter alone or in pairs; who is done early opens the table under the {_chart(chapter, 0)}."),
        (10, f"The {_chart(chapter, 0)} on the screen: of whom is each number, how wide is its interval, what is it not compared with?"),
        (10, f"Discuss: {escape(chapter.about['discussion'][0])}"),
    ]
    rest = 50 - sum(minutes for minutes, _ in steps)
    return [
        *steps,
        (rest, "The chapter’s quiz, each for themselves; then vote on the sentence again, and compare. Exercises are for home."),
    ]


def long(chapter: Chapter) -> Plan:
    """Two hours: as before, with exercises, groups and a report."""
    minutes, about = chapter.about["minutes"], chapter.about
    second = min(1, len(chapter.charts) - 1)
    groups = "; ".join(f"“{escape(one)}”" for one in chapter.topics[:5])
    steps = [
        (5, _vote(chapter)),
        (minutes["reading"], "Read the chapter alone or in pairs."),
        (
            15,
            f"The {_chart(chapter, 0)}{'' if not second else f' and the {_chart(chapter, 1)}'} on the screen: of whom, how sure, compared with what? "
            "Then the <em>what not to conclude</em> boxes: who can say why each is there?",
        ),
        (minutes["doing"], f"{_counted(chapter.exercises, 'exercise').capitalize()} in pairs, on one machine; solutions are opened last."),
        (10, "A break."),
        (20, f"Groups take one part each ({groups}) and one of the questions below, and find the number in it that is easiest to misread."),
        (10, "The chapter’s quiz."),
    ]
    rest = 120 - sum(one for one, _ in steps)
    meet = f"“{escape(about['misconceptions'][-1]['claim'])}”"
    return [*steps, (rest, f"Groups report; meet what is left of the misconception {meet}; vote again, and close with the takeaways.")]


def table(plan: Plan, caption: str) -> str:
    """A plan as a table of minutes and steps; the minutes run on from nought."""
    rows, at = "", 0
    for minutes, step in plan:
        rows += f'<tr><th scope="row">{at}–{at + minutes}</th><td>{step}</td></tr>'
        at += minutes
    head = '<tr><th scope="col">Minute</th><th scope="col">What happens</th></tr>'
    return (
        f'<table class="cb-plan"><caption class="cb-hidden">{escape(caption)}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>'
    )


def folded(plan: Plan, caption: str) -> str:
    """The table, folded under its caption."""
    return f"<details><summary>{escape(caption)}</summary>{table(plan, caption)}</details>"


PLANS = {"A plan for 50 minutes": short, "A plan for 2 hours": long}
