"""What teachers take: questions, notebooks for classes and slides, from the built book into ``_build/teaching``.

Run it as ``python -m cartbook.export.teaching`` (all of it) or ``python -m cartbook.export.teaching slides``.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import vl_convert
import yaml
from nbformat import NotebookNode

from cartbook.export import assignments, moodle, slides
from cartbook.figures import MIME as FIGURE_MIME
from cartbook.paths import SITE, TOP
from cartbook.quizzes import MIME as QUIZ_MIME
from cartbook.sphinxext.directives import front_matter
from cartbook.sphinxext.structured_data import public_address

EXECUTED = TOP / "_build" / "work" / "jupyter_execute"
OUT = TOP / "_build" / "teaching"
STYLE = (
    ":root{color-scheme:light dark}body{font:17px/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "h1{line-height:1.2}li{margin:.3rem 0}code{overflow-wrap:anywhere}"
)


def contents(toc: Path) -> Iterator[tuple[str, str, str]]:
    """Yield page, part and short title (which may be empty) of everything that _toc.yml lists."""
    tree = yaml.safe_load(toc.read_text(encoding="utf-8"))
    yield tree["root"], "", ""
    for part in tree["parts"]:
        for page in part["chapters"]:
            yield page["file"], part["caption"], page.get("title", "")


@dataclass(frozen=True)
class Chapter:
    """A chapter as the build left it."""

    name: str
    title: str
    part: str
    taken: NotebookNode  # what readers download: sentences carry their values
    figures: list[dict[str, Any]]
    quizzes: list[dict[str, Any]]
    pictures: dict[str, moodle.Picture]  # of the figures that questions name, by id

    @property
    def words(self) -> str:
        return "\n\n".join(cell.source for cell in self.taken.cells if cell.cell_type == "markdown")

    def slides(self) -> slides.Chapter:
        """What of the chapter goes onto slides.

        Raises ValueError if it lacks a question, an answer, or an end: takeaways or what remains uncertain.
        """
        question = re.search(r"^# (.+)$", self.words, re.MULTILINE)
        answer = re.search(
            r"^\*\*In (?:one sentence|short)\*\*\n+(.+?)(?:\n\n|\Z)",
            self.words,
            re.MULTILINE | re.DOTALL,
        )
        end = re.search(
            r"^## (Takeaways|What remains uncertain)\n(.+?)(?=^## |\Z)",
            self.words,
            re.MULTILINE | re.DOTALL,
        )
        lines = _points(end[2]) if end else []
        if not (question and answer and end and lines):
            raise ValueError(
                f"{self.name} has no question, no sentence that answers it, or no takeaways "
                "and nothing that remains uncertain"
            )
        quiz = self.quizzes[0] if self.quizzes else None
        return slides.Chapter(
            self.name, question[1], " ".join(answer[1].split()), self.figures, quiz, end[1], lines
        )


def _points(section: str) -> list[str]:
    """Return the first points of a section, no more than fit a slide: its list or, where it has none, its lines."""
    words = section.strip()
    listed = re.findall(r"^- (.+?)(?=\n- |\n*\Z)", words, re.MULTILINE | re.DOTALL)
    return (listed or [line for line in words.splitlines() if line.strip()])[:5]


def chapters() -> list[Chapter]:
    """The chapters that teach, in the book's order. Raises ValueError if the book is not built."""
    found: list[Chapter] = []
    for page, part, _ in contents(TOP / "_toc.yml"):
        about = front_matter((TOP / f"{page}.md").read_text(encoding="utf-8")).get("book", {})
        if "minutes" not in about:
            continue
        name = Path(page).name
        executed, taken = EXECUTED / f"{page}.ipynb", SITE / "downloads" / f"{name}.ipynb"
        if not executed.is_file() or not taken.is_file():
            raise ValueError(f"{name} is not built; run make book first")
        outputs = [
            output
            for cell in nbformat.read(executed, as_version=4).cells
            for output in cell.get("outputs", [])
        ]
        shown = [output.get("data", {}) for output in outputs]
        quizzes = [data[QUIZ_MIME] for data in shown if QUIZ_MIME in data]
        found.append(
            Chapter(
                name,
                about["title"],
                part,
                nbformat.read(taken, as_version=4),
                [
                    data[FIGURE_MIME]
                    for data in shown
                    if data.get(FIGURE_MIME, {}).get("kind") == "figure"
                ],
                quizzes,
                _pictures(
                    outputs, {one["figure"] for quiz in quizzes for one in quiz["questions"]}, page
                ),
            )
        )
    return found


def _address() -> str:
    """The public address of the site, or nothing if none is configured."""
    config = yaml.safe_load((TOP / "_config.yml").read_text(encoding="utf-8"))
    return public_address(
        os.environ.get("CARTBOOK_ADDRESS") or config.get("html", {}).get("baseurl") or ""
    )


def _pictures(
    outputs: list[NotebookNode], wanted: set[str], page: str
) -> dict[str, moodle.Picture]:
    """The pictures of those figures of a chapter whose ids are wanted."""
    found: dict[str, moodle.Picture] = {}
    for output in outputs:
        name = output.get("metadata", {}).get("cartbook", {}).get("id")
        if name in wanted:
            title, _, alt = output["data"]["text/plain"].partition("\n")
            png = vl_convert.svg_to_png(output["data"]["image/svg+xml"], scale=1.5)
            address = _address()
            found[name] = moodle.Picture(
                title, alt, png, f"{address}{page}.html#fig-{name}" if address else ""
            )
    return found


def write_questions(found: list[Chapter], out: Path) -> None:
    asked = [moodle.Chapter(one.title, one.quizzes, one.pictures) for one in found]
    out.mkdir(parents=True)
    (out / "car-t-in-numbers.xml").write_text(moodle.moodle_xml(asked), encoding="utf-8")


def write_notebooks(found: list[Chapter], out: Path) -> None:
    """Notebooks for students, and nbgrader's source folder; the book's package lies beside each."""
    wheel = next((SITE / "downloads").glob("cartbook-*.whl"))
    (out / "students").mkdir(parents=True)
    shutil.copy(wheel, out / "students")
    for one in found:
        folder = out / "nbgrader" / "source" / one.name
        folder.mkdir(parents=True)
        shutil.copy(wheel, folder)
        try:
            made = {
                out / "students": assignments.student(one.taken),
                folder: assignments.graded(one.taken),
            }
        except ValueError as error:
            raise ValueError(f"{one.name}: {error}") from None
        for place, book in made.items():
            (place / f"{one.name}.ipynb").write_text(f"{nbformat.writes(book)}\n", encoding="utf-8")


def decks(found: list[Chapter]) -> dict[str, str]:
    """File name and title of each deck: one a part."""
    parts = list(dict.fromkeys(one.part for one in found))
    return {
        f"{place}-{re.sub(r'[^a-z]+', '-', part.lower()).strip('-')}.html": part
        for place, part in enumerate(parts)
    }


def write_slides(found: list[Chapter], out: Path) -> None:
    (out / "assets").mkdir(parents=True)
    for name, body in slides.assets(SITE).items():
        (out / "assets" / name).write_bytes(body)
    for name, part in decks(found).items():
        (out / name).write_text(
            slides.deck(part, [one.slides() for one in found if one.part == part]), encoding="utf-8"
        )


def index(found: list[Chapter]) -> str:
    """A page that lists all."""

    def listed(links: dict[str, str]) -> str:
        return (
            "<ul>"
            + "".join(
                f'<li><a href="{escape(href)}">{escape(words)}</a></li>'
                for href, words in links.items()
            )
            + "</ul>"
        )

    count = sum(len(quiz["questions"]) for one in found for quiz in one.quizzes)
    return (
        f'<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Teaching with CAR-T in Numbers</title><style>{STYLE}</style></head><body><main>\n<h1>Teaching with CAR-T in Numbers</h1>\n"
        "<p>Words and figures CC BY 4.0, code MIT. Not medical advice; not yet clinically reviewed.</p>\n"
        "<h2>Slides</h2>\n<p>Arrow keys turn slides; Escape shows them all; the browser prints one a page. "
        "A deck needs the <code>assets</code> folder beside it, and no network.</p>\n"
        f"{listed({f'slides/{name}': part for name, part in decks(found).items()})}\n"
        f"<h2>Questions</h2>\n<p>{count} questions with feedback, a category for each chapter.</p>\n"
        f"{listed({'questions/car-t-in-numbers.xml': 'Moodle XML'})}\n"
        "<h2>Notebooks for students</h2>\n<p>An empty cell stands where each solution was. The folder holds the package that they need.</p>\n"
        f"{listed({f'notebooks/students/{one.name}.ipynb': one.title for one in found})}\n"
        "<h2>Notebooks for nbgrader</h2>\n<p>Put the folders of <code>notebooks/nbgrader/source</code> into the <code>source</code> folder of a course. "
        "Exercises are locked, solutions are marked, a point each, graded by hand.</p>\n"
        f"{listed({f'notebooks/nbgrader/source/{one.name}/{one.name}.ipynb': one.title for one in found})}\n</main></body></html>\n"
    )


def write(only: str = "", to: Path = OUT) -> None:
    """Write all, or the slides only; what was there is replaced when everything went well."""
    found = chapters()
    new = to.with_name(f"{to.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    if only and to.is_dir():
        shutil.copytree(to, new, ignore=shutil.ignore_patterns(only))
    write_slides(found, new / "slides")
    if not only:
        write_questions(found, new / "questions")
        write_notebooks(found, new / "notebooks")
        (new / "index.html").write_text(index(found), encoding="utf-8")
    shutil.rmtree(to, ignore_errors=True)
    new.rename(to)
    print(
        f"Written. Open {to / (f'{only}/{next(iter(decks(found)))}' if only else 'index.html')}",
        flush=True,
    )


def main(only: str = "") -> str | None:
    """Write all, or the slides only; return the line that says what is wrong, if something is."""
    try:
        write(only)
    except (ValueError, OSError) as error:
        return f"error: {error}"
    return None
