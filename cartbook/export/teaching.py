"""What teachers take of the built book, in ``_build/teaching``: questions, notebooks for classes and slides."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import vl_convert
import yaml
from nbformat import NotebookNode

from cartbook.export import anki, assignments, moodle, qti, slides
from cartbook.figures import MIME as FIGURE_MIME
from cartbook.paths import SITE, TOP
from cartbook.quizzes import MIME as QUIZ_MIME
from cartbook.render import ENVIRONMENT, svg
from cartbook.sphinxext.exports import archive
from cartbook.sphinxext.metadata import front_matter
from cartbook.sphinxext.structured_data import public_address

EXECUTED = TOP / "_build" / "work" / "jupyter_execute"
OUT = TOP / "_build" / "teaching"
ANSWER = re.compile(
    r"^\*\*In (?:one sentence|short)\*\*\n+(.+?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL
)
END = re.compile(
    r"^## (Takeaways|What remains uncertain)\n(.+?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
POINT = re.compile(r"^- (.+?)(?=\n- |\n*\Z)", re.MULTILINE | re.DOTALL)


def contents(toc: Path) -> Iterator[tuple[str, str, str]]:
    """Yield page, part and short title (which may be empty) of everything that _toc.yml lists."""
    tree = yaml.safe_load(toc.read_text(encoding="utf-8"))
    yield tree["root"], "", ""
    for part in tree["parts"]:
        for page in part["chapters"]:
            yield page["file"], part["caption"], page.get("title", "")


@dataclass(frozen=True)
class Chapter:
    """A chapter as the build left it: the notebook that readers download, and records."""

    page: str
    title: str
    part: str
    notebook: NotebookNode  # sentences have their values
    figures: list[dict[str, Any]]
    quizzes: list[dict[str, Any]]

    @property
    def name(self) -> str:
        return Path(self.page).name

    def slides(self) -> slides.Chapter:
        """Return what goes onto slides. Raise ValueError if question, answer or end are missing."""
        cells = [cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"]
        text = "\n\n".join(cells)
        question = re.search(r"^# (.+)$", text, re.MULTILINE)
        answer, end = ANSWER.search(text), END.search(text)
        section = end[2].strip() if end else ""
        points = POINT.findall(section) or [line for line in section.splitlines() if line.strip()]
        if not (question and answer and end and points):
            raise ValueError(
                f"{self.name} has no question, no sentence that answers it, or no takeaways "
                "and nothing that remains uncertain"
            )
        asked = [one for quiz in self.quizzes[:1] for one in quiz["questions"]]
        votes = [one for one in asked if "choices" in one and slides.vote_fits(one)][:1]
        figures = [one for one in self.figures if slides.figure_fits(one)]
        sentence = " ".join(answer[1].split())
        return slides.Chapter(question[1], sentence, end[1], points[:5], figures, votes)

    def pictures(self) -> dict[str, moodle.Picture]:
        """Return the pictures of the figures that questions name, by id."""
        wanted = {one["figure"] for quiz in self.quizzes for one in quiz["questions"]}
        site = _address()
        found = {}
        for figure in (one for one in self.figures if one["id"] in wanted):
            address = f"{site}{self.page}.html#fig-{figure['id']}" if site else ""
            png = vl_convert.svg_to_png(svg(figure["wide"]), scale=1.5)
            found[figure["id"]] = moodle.Picture(figure["title"], figure["alt"], png, address)
        return found


def _address() -> str:
    """Return the public address of the site, empty if none is configured."""
    config = yaml.safe_load((TOP / "_config.yml").read_text(encoding="utf-8"))
    default = config.get("html", {}).get("baseurl") or ""
    return public_address(os.environ.get("CARTBOOK_BASE_URL") or default)


def chapters() -> list[Chapter]:
    """Return the chapters that teach, in the book's order. Raise ValueError if the book is not built."""
    found: list[Chapter] = []
    for page, part, _ in contents(TOP / "_toc.yml"):
        about = front_matter((TOP / f"{page}.md").read_text(encoding="utf-8")).get("book", {})
        if "minutes" not in about:
            continue
        executed = EXECUTED / f"{page}.ipynb"
        taken = SITE / "downloads" / f"{Path(page).name}.ipynb"
        if not executed.is_file() or not taken.is_file():
            raise ValueError(f"{Path(page).name} is not built; run make book first")
        cells = nbformat.read(executed, as_version=4).cells
        shown = [one.get("data", {}) for cell in cells for one in cell.get("outputs", [])]
        figures = [data[FIGURE_MIME] for data in shown if FIGURE_MIME in data]
        found.append(
            Chapter(
                page,
                about["title"],
                part,
                nbformat.read(taken, as_version=4),
                [one for one in figures if one["kind"] == "figure"],
                [data[QUIZ_MIME] for data in shown if QUIZ_MIME in data],
            )
        )
    return found


def write_questions(found: list[Chapter], out: Path) -> None:
    """Write all quizzes as Moodle XML and as a QTI package, and cards of the glossary and the quizzes for Anki."""
    asked = [moodle.Chapter(one.title, one.quizzes, one.pictures()) for one in found]
    out.mkdir(parents=True)
    (out / "car-t-in-numbers.xml").write_text(moodle.moodle_xml(asked), encoding="utf-8")
    archive(out / "car-t-in-numbers-qti.zip", qti.package(asked))
    with (TOP / "data" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        text = anki.cards(csv.DictReader(file), asked)
    (out / "car-t-in-numbers-anki.txt").write_text(text, encoding="utf-8")


def write_notebooks(found: list[Chapter], out: Path) -> None:
    """Write notebooks for students, and nbgrader's source folder; the book's package is beside each."""
    wheel = next((SITE / "downloads").glob("cartbook-*.whl"))
    for one in found:
        for folder, make in (
            (out / "students", assignments.student),
            (out / "nbgrader" / "source" / one.name, assignments.graded),
        ):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(wheel, folder)
            try:
                text = nbformat.writes(make(one.notebook))
            except ValueError as error:
                raise ValueError(f"{one.name}: {error}") from None
            (folder / f"{one.name}.ipynb").write_text(f"{text}\n", encoding="utf-8")


def decks(found: list[Chapter]) -> dict[str, str]:
    """Return file name and title of each deck: one for each part."""
    parts = dict.fromkeys(one.part for one in found)
    names = (re.sub(r"[^a-z]+", "-", part.lower()).strip("-") for part in parts)
    return {
        f"{place}-{name}.html": part
        for place, (name, part) in enumerate(zip(names, parts, strict=True))
    }


def write_slides(found: list[Chapter], out: Path) -> None:
    """Write a deck for each part, and the files that it loads."""
    (out / "assets").mkdir(parents=True)
    for name, body in slides.assets().items():
        (out / "assets" / name).write_bytes(body)
    for name, part in decks(found).items():
        text = slides.deck(part, [one.slides() for one in found if one.part == part])
        (out / name).write_text(text, encoding="utf-8")


def index(found: list[Chapter]) -> str:
    """Return a page that lists all."""
    source = "notebooks/nbgrader/source"
    return ENVIRONMENT.get_template("teaching.html").render(
        count=sum(len(quiz["questions"]) for one in found for quiz in one.quizzes),
        decks={f"slides/{name}": part for name, part in decks(found).items()},
        students={f"notebooks/students/{one.name}.ipynb": one.title for one in found},
        graded={f"{source}/{one.name}/{one.name}.ipynb": one.title for one in found},
    )


#: the folders that are written, and what writes each
PARTS = {"slides": write_slides, "questions": write_questions, "notebooks": write_notebooks}


def write(only: str = "", to: Path = OUT) -> None:
    """Write all, or one of :data:`PARTS`; what was there is replaced when everything succeeded."""
    found = chapters()
    new = to.with_name(f"{to.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    if only and to.is_dir():
        shutil.copytree(to, new, ignore=shutil.ignore_patterns(only))
    for part in [only] if only else PARTS:
        PARTS[part](found, new / part)
    if not only:
        (new / "index.html").write_text(index(found), encoding="utf-8")
    shutil.rmtree(to, ignore_errors=True)
    new.rename(to)
    print(f"Open {to / (only or 'index.html')}")


def main(only: str = "") -> str | None:
    """Write all, or one part; return the line that says what is wrong, if something is."""
    try:
        write(only)
    except (ValueError, OSError) as error:
        return f"error: {error}"
    return None
