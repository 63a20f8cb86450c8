"""Short quizzes that work with a keyboard, a screen reader, and without scripts.

Each choice is a disclosure: opening it is choosing it, and shows whether it is right, and why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Choice:
    """One answer: its words, whether it is right, and what to say to whoever chose it."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Quiz:
    """Questions with their choices, as a page shows them."""

    id: str
    questions: tuple[tuple[str, tuple[Choice, ...]], ...]

    def _repr_html_(self) -> str:
        parts = []
        for number, (stem, choices) in enumerate(self.questions, start=1):
            label = f"quiz-{self.id}-{number}"
            answers = "".join(
                f'<details class="cb-choice {"cb-right" if one.right else "cb-wrong"}"><summary>{escape(one.text)}</summary>'
                f"<p><strong>{'Right.' if one.right else 'Not quite.'}</strong> {escape(one.why)}</p></details>"
                for one in choices
            )
            parts.append(
                f'<div class="cb-question" role="group" aria-labelledby="{label}"><p id="{label}"><span class="cb-count">{number}</span> {escape(stem)}</p>{answers}</div>'
            )
        return f'<div class="cb-quiz">{"".join(parts)}</div>'

    def __repr__(self) -> str:
        return "\n".join(
            f"{number}. {stem}\n" + "\n".join(f"   ( ) {one.text}" for one in choices)
            for number, (stem, choices) in enumerate(self.questions, start=1)
        )


def quiz(id: str, questions: dict[str, list[Choice]]) -> Quiz:
    """A quiz from questions and their choices, in the order given.

    Raises ValueError unless every question has at least two choices, exactly one of them right,
    and each choice has feedback of its own.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", id) or not questions:
        raise ValueError("a quiz has an id of a-z, 0-9 and hyphens, and at least one question")
    for stem, choices in questions.items():
        if len(choices) < 2 or sum(one.right for one in choices) != 1:
            raise ValueError(f"{stem!r} needs at least two choices, exactly one of them right")
        if any(not one.why.strip() for one in choices) or len({one.text for one in choices}) < len(choices):
            raise ValueError(f"{stem!r}: every choice differs and says why it is right or not")
    return Quiz(id, tuple((stem, tuple(choices)) for stem, choices in questions.items()))
