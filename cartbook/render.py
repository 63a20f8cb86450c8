"""Turn records into HTML and plain text. This is the only place where figures, tables and drawings get markup.

A record is JSON data with a ``kind`` (see :mod:`cartbook.figures`); ``templates/KIND.html`` renders it, and
escapes every text. Notebooks, the pages of the site, slides and Python that runs in a page all use this module.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cartbook.quiz_render import amount, render_html, render_text, sentence

Record = Mapping[str, Any]
TEMPLATES = Path(__file__).parent / "templates"
WIDTH = 70  # characters of a line of prose, as Sphinx writes plain text
WIDEST = 100  # characters of a table that is set in columns


def cell(column: Record, value: Any) -> str:
    """Return a table's cell as readers see it, with the decimals of its column."""
    return f"{value:.{column['decimals']}f}" if isinstance(value, float) else str(value)


def linked(table: Record) -> int:
    """Return the column whose cells link to the row's reported number: the first of numbers."""
    return next((place for place, one in enumerate(table["columns"]) if one["numeric"]), 0)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    made.globals.update(cell=cell)
    made.filters.update(
        number=lambda value: f"{value:g}", linked=linked, amount=amount, sentence=sentence
    )
    return made


ENVIRONMENT = _environment()


def html(record: Record, form: str = "", **options: Any) -> Markup:
    """Return the HTML of a record.

    ``form`` names another template than that of its kind: ``html(record, "slide")`` renders
    ``figure-slide.html``. A figure's page form takes ``root``, the address of the site's root from
    where it is shown.
    """
    if record["kind"] == "quiz" and not form:
        return Markup(render_html(record))
    name = f"{record['kind']}-{form}.html" if form else f"{record['kind']}.html"
    return Markup(
        ENVIRONMENT.get_template(name).render(
            record=record, **{"root": "", "entry": None, **options}
        )
    )


def svg(picture: Record, label: str = "", *, edge: int = 0, paper: str = "") -> str:
    """Return a picture as an SVG file.

    ``label`` is what a screen reader says in its place; ``edge`` adds room at both sides, in px;
    ``paper`` is the colour behind it, which is transparent by default.
    """
    return (
        ENVIRONMENT.get_template("picture.svg")
        .render(picture=picture, label=label, edge=edge, paper=paper)
        .strip()
    )


def text(record: Record) -> str:
    """Return a record as plain text, its prose wrapped, its table as it is."""
    return (
        "\n\n".join(
            one.rstrip("\n")
            if "\n" in one
            else textwrap.fill(one, WIDTH, break_long_words=False, break_on_hyphens=False)
            for one in paragraphs(record)
        )
        + "\n"
    )


def paragraphs(record: Record) -> Iterator[str]:
    """Yield the parts of a record's plain text: a line each, or several where it is a table."""
    yield from PARAGRAPHS[record["kind"]](record)


def _figure(record: Record) -> Iterator[str]:
    yield f"[Figure] {record['title']}"
    yield f"How to read it. {record['reading']}"
    yield record["alt"]
    yield columns(record["table"])
    yield f"Source: {record['source']}"


def _table(record: Record) -> Iterator[str]:
    yield f"Table: {record['caption']}"
    yield columns(record)


def _drawing(record: Record) -> Iterator[str]:
    yield f"[Drawing] {record['caption']}"
    yield record["alt"]


def _facts(record: Record) -> Iterator[str]:
    yield "\n".join(f"- {one}" for one in record["facts"]) + "\n"
    yield "After this chapter you can …"
    yield (
        "\n".join(
            textwrap.fill(
                one,
                WIDTH,
                initial_indent="- ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for one in record["objectives"]
        )
        + "\n"
    )


def _quiz(record: Record) -> Iterator[str]:
    yield render_text(record, answers=True) + "\n"


def _dictionary(record: Record) -> Iterator[str]:
    yield f"Table: Columns of {record['file']}"
    for field in record["fields"]:
        allowed = f" Allowed: {'; '.join(map(str, field['allowed']))}" if field["allowed"] else ""
        yield f"{field['name']} ({field['type']}): {field['description']}{allowed}"


def _lesson(record: Record) -> Iterator[str]:
    yield f"{record['question']} {record['level'].capitalize()}; {record['reading']} minutes to read, {record['doing']} to do."
    yield f"Needs: {', '.join(record['needs']) or 'none'}."
    yield "Learners can then: " + "; ".join(record["objectives"])
    for one in record["misconceptions"]:
        yield f"“{one['claim']}” {one['meet']}"
    yield from record["discussion"]
    for plan in record["plans"]:
        yield f"{plan['title']}: {record['title']}"
        for row in plan["steps"]:
            words = "".join(one if isinstance(one, str) else one["words"] for one in row["words"])
            yield f"{row['begin']}–{row['end']}: {words}"


def _downloads(record: Record) -> Iterator[str]:
    yield from (f"{one['title']}: {one['use']}" for one in record["items"])


def _explorer(record: Record) -> Iterator[str]:
    yield f"The {record['count']:,} reported numbers are rows of data/outcomes.csv."
    yield from _table(record["studies"])


def _nothing(record: Record) -> Iterator[str]:
    yield from ()


PARAGRAPHS: dict[str, Callable[[Record], Iterator[str]]] = {
    "dictionary": _dictionary,
    "downloads": _downloads,
    "drawing": _drawing,
    "explorer": _explorer,
    "facts": _facts,
    "figure": _figure,
    "lesson": _lesson,
    "quiz": _quiz,
    "table": _table,
    "take": _nothing,
}


def columns(table: Record) -> str:
    """Return a table in columns; a wide one as one line for each row, each value with its column's name."""
    names = [" ".join(one["name"].split()) for one in table["columns"]]
    rows = [
        [" ".join(cell(*pair).split()) for pair in zip(table["columns"], row, strict=True)]
        for row in table["rows"]
    ]
    return aligned(names, rows, [one["numeric"] for one in table["columns"]])


def aligned(names: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Return rows of cells in columns under their names; wide ones as a list of named values."""
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    if sum(widths) + 2 * len(widths) > WIDEST:
        lines = [
            "; ".join(
                f"{name}: {word}" if name else word for name, word in zip(names, row, strict=True)
            )
            for row in rows
        ]
        return (
            "\n".join(
                textwrap.fill(
                    line,
                    WIDEST,
                    initial_indent="- ",
                    subsequent_indent="  ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
                for line in lines
            )
            + "\n"
        )
    lined = [names, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            f"{word:>{width}}" if right else f"{word:<{width}}"
            for word, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in lined
    )
