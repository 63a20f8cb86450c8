"""Slides: one deck for each part of the book, from its executed chapters, with their live charts.

reveal.js comes from the package sphinx-revealjs, the charts' scripts from the built site. A deck and its
``assets`` folder open anywhere, with no network; ``deck/deck.css`` and ``deck/deck.js`` are our own.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from cartbook.paths import SITE, TOP
from cartbook.render import ENVIRONMENT, html
from cartbook.theme import stylesheet

DECK = Path(__file__).parent / "deck"
STYLES = ("reveal.css", "colours.css", "book.css", "deck.css")
SCRIPTS = ("reveal.js", "figure.js", "deck.js")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["link", "autolink"])
LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")


#: characters beside a chart, of its title, and of a question with its choices, for which a slide has room
FIGURE_WORDS, TITLE, VOTE_WORDS = 450, 140, 500
#: characters of an answer and of all takeaways, above which their letters are smaller
LONG_ANSWER, LONG_POINTS = 600, 850


def figure_fits(record: Mapping[str, Any]) -> bool:
    """Return whether a slide has room for a figure's words beside its chart."""
    words = len(record["reading"]) + len(record["source"])
    return words <= FIGURE_WORDS and len(record["title"]) <= TITLE


def vote_fits(question: Mapping[str, Any]) -> bool:
    """Return whether a slide has room for a question and its choices."""
    choices = sum(len(one["text"]) for one in question["choices"])
    return len(question["stem"]) + choices <= VOTE_WORDS


@dataclass(frozen=True)
class Chapter:
    """What of a chapter goes onto slides; sentences are Markdown, figures and questions are records."""

    question: str
    answer: str
    end: str  # heading of the last slide
    points: list[str]
    figures: list[dict[str, Any]]
    votes: list[dict[str, Any]]  # questions with choices

    @property
    def long_answer(self) -> bool:
        """Return whether the answer needs smaller letters."""
        return len(self.answer) > LONG_ANSWER

    @property
    def long_points(self) -> bool:
        """Return whether the takeaways need smaller letters."""
        return sum(map(len, self.points)) > LONG_POINTS


def inline(markdown: str) -> Markup:
    """Return a sentence as HTML; its links, which lead nowhere from a slide, as words."""
    return Markup(MARKDOWN.renderInline(LINK.sub(r"\1", markdown)))


def deck(part: str, chapters: list[Chapter]) -> str:
    """Return a deck as one page of HTML."""
    environment = ENVIRONMENT.overlay()
    environment.filters = {**ENVIRONMENT.filters, "inline": inline}
    template = environment.get_template("slides.html")
    return template.render(part=part, chapters=chapters, styles=STYLES, scripts=SCRIPTS, html=html)


def assets() -> dict[str, bytes]:
    """Return the files beside a deck, by name. Raise ValueError if the package with reveal.js is missing."""
    found = importlib.util.find_spec("sphinx_revealjs")
    if found is None or not found.origin:
        raise ValueError("sphinx-revealjs, which has reveal.js, is not installed: run make book")
    reveal = Path(found.origin).parent / "_static" / "revealjs"
    files = {
        **{name: SITE / "_static" / name for name in ("figure.js", "vega.js")},
        **{name: reveal / "dist" / name for name in ("reveal.js", "reveal.css")},
        **{name: DECK / name for name in ("deck.css", "deck.js")},
        "book.css": TOP / "cartbook" / "static" / "book.css",
        "reveal-LICENSE.txt": reveal / "LICENSE",
    }
    bodies = {name: path.read_bytes() for name, path in files.items()}
    return bodies | {"colours.css": stylesheet().encode()}
