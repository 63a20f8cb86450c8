"""Slides: one deck a part of the book, from its executed chapters, with their live charts.

reveal.js comes from the package sphinx-revealjs, the charts' scripts from the built site. A deck and its
``assets`` folder open anywhere, with no network; ``deck/deck.css`` and ``deck/deck.js`` are what is our own.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from cartbook.paths import TOP
from cartbook.render import html
from cartbook.theme import stylesheet

HERE = Path(__file__).parent / "deck"
BOOK = TOP / "cartbook" / "static"
OF_THE_SITE = ("figure.js", "vega.js")
STYLES = ("reveal.css", "colours.css", "book.css", "deck.css")
SCRIPTS = ("reveal.js", "figure.js", "deck.js")
LETTERS = "ABCDEFGH"
MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Chapter:
    """What of a chapter goes onto slides; figures are records."""

    name: str
    question: str
    answer: str
    figures: list[dict[str, Any]]
    quiz: dict[str, Any] | None
    end: str  # heading of the last slide
    points: list[str]


def _inline(markdown: str) -> str:
    """A sentence of Markdown as HTML; its links, which lead nowhere from here, as words."""
    return re.sub(r"</?a\b[^>]*>", "", MARKDOWN.renderInline(markdown))


def _figure(record: dict[str, Any]) -> str:
    """Return a figure's slide, without the table and file that the book has."""
    return f'<section class="deck-figure"><div class="deck-frame"><h2>{escape(record["title"])}</h2>{html(record, "slide")}</div></section>'


def _vote(quiz: dict[str, Any]) -> str:
    """The first question with choices, and its answer on the next press of a key."""
    for one in quiz["questions"]:
        if "choices" in one:
            listed = "".join(f"<li>{escape(choice['text'])}</li>" for choice in one["choices"])
            place = next(at for at, choice in enumerate(one["choices"]) if choice["right"])
            why = escape(one["choices"][place]["why"])
            return (
                f'<section class="deck-vote"><p class="deck-kind">Vote</p><h2>{escape(one["stem"])}</h2><ol type="A">{listed}</ol>'
                f'<p class="fragment"><strong>{LETTERS[place]}.</strong> {why}</p></section>'
            )
    return ""


def _chapter(one: Chapter) -> list[str]:
    taken = "".join(f"<li>{_inline(line)}</li>" for line in one.points)
    return [
        f'<section class="deck-question"><p class="deck-kind">Question</p><h2>{escape(one.question)}</h2>'
        f'<p class="fragment">{_inline(one.answer)}</p></section>',
        *map(_figure, one.figures),
        *([_vote(one.quiz)] if one.quiz else []),
        f'<section class="deck-taken"><p class="deck-kind">{escape(one.end)}</p><h2>{escape(one.question)}</h2><ul>{taken}</ul></section>',
    ]


def deck(part: str, chapters: list[Chapter]) -> str:
    """A deck as one page of HTML."""
    asked = "".join(f"<li>{escape(one.question)}</li>" for one in chapters)
    first = (
        f'<section class="deck-title"><p class="deck-kind">CAR-T in Numbers</p><h1>{escape(part)}</h1><ol>{asked}</ol>'
        "<p>Words and figures CC BY 4.0. Not medical advice; not yet clinically reviewed.</p></section>"
    )
    slides = "\n".join([first, *(slide for one in chapters for slide in _chapter(one) if slide)])
    styles = "".join(f'<link rel="stylesheet" href="assets/{name}">\n' for name in STYLES)
    scripts = "".join(f'<script src="assets/{name}" defer></script>\n' for name in SCRIPTS)
    return (
        '<!doctype html>\n<html lang="en-GB" data-theme="light" class="print-pdf">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(part)}: slides of CAR-T in Numbers</title>\n{styles}{scripts}</head>\n"
        f'<body>\n<main><div class="reveal"><div class="slides">\n{slides}\n</div></div></main>\n</body>\n</html>\n'
    )


def assets(site: Path) -> dict[str, bytes]:
    """The files beside a deck, by name. Raises ValueError if the package that carries reveal.js is not there."""
    found = importlib.util.find_spec("sphinx_revealjs")
    if found is None or not found.origin:
        raise ValueError(
            "sphinx-revealjs, which carries reveal.js, is not installed: run make book"
        )
    reveal = Path(found.origin).parent / "_static" / "revealjs"
    files = {name: (site / "_static" / name).read_bytes() for name in OF_THE_SITE}
    files |= {"colours.css": stylesheet().encode(), "book.css": (BOOK / "book.css").read_bytes()}
    files |= {name: (reveal / "dist" / name).read_bytes() for name in ("reveal.js", "reveal.css")}
    files["reveal-LICENSE.txt"] = (reveal / "LICENSE").read_bytes()
    return files | {name: (HERE / name).read_bytes() for name in ("deck.css", "deck.js")}
