"""Turn records into HTML and plain text; no other module gives figures, tables or quizzes markup.

A record is JSON data with a ``kind`` (see :mod:`cartbook.figures`, :mod:`cartbook.quizzes`).
``templates/KIND.html`` renders it, and escapes every text. Notebooks, the pages of the site, slides
and Python that runs in a page all use this module.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cartbook.paths import PACKAGE

Record = Mapping[str, Any]
TEMPLATES = PACKAGE / "templates"
LETTERS = "ABCDEFGH"
WIDTH = 70  # characters of a line of prose, as Sphinx writes plain text
MAX_WIDTH = 100  # characters of a line of a table or a quiz
#: what a page says first to a right and to a wrong choice, by kind of question
VERDICTS = {"choose": ("Right.", "Not quite."), "spot": ("Well spotted.", "This one is accurate.")}


def cell(column: Record, value: Any) -> str:
    """Return a table's cell as readers see it, with the decimals of its column."""
    return f"{value:.{column['decimals']}f}" if isinstance(value, float) else str(value)


def linked(table: Record) -> int:
    """Return the column whose cells link to the row's reported number: the first of numbers."""
    return next((place for place, one in enumerate(table["columns"]) if one["numeric"]), 0)


def squares(start: int, stop: int, columns: int = 25, side: int = 10) -> str:
    """Return the path of squares ``start`` to ``stop`` of a grid, one dashed line per row."""
    rows = range(start // columns, -(-stop // columns) if stop > start else 0)
    spans = [
        (row, max(start - row * columns, 0), min(stop - row * columns, columns)) for row in rows
    ]
    return "".join(
        f"M{first * side} {row * side + side / 2:g}h{(last - first) * side - 1}"
        for row, first, last in spans
    )


def sentence(text: str) -> str:
    """Return the text with a full stop, unless it already ends a sentence."""
    return text if text.rstrip("”’\"')").endswith((".", "!", "?", "…")) else f"{text}."


def amount(question: Record) -> str:
    """Return the answer to a number question with its unit: ``74%``, ``3 patients``."""
    unit = str(question["unit"])
    return f"{question['shown']}{unit}" if unit == "%" else f"{question['shown']} {unit}".rstrip()


def cases(question: Record) -> list[dict[str, Any]]:
    """Return what the script needs of each variant of a question; what all share is in the page."""
    shared = {
        name
        for name in ("unit", "tolerance", "hint", "asked")
        if len({one[name] for one in question["variants"]}) == 1
    }
    wanted = [
        name
        for name in ("stem", "answer", "tolerance", "unit", "slips", "why", "hint", "asked")
        if name not in shared
    ]
    return [
        {name: one[name] for name in wanted} | {"shown": amount(one)}
        for one in question["variants"]
    ]


def compact_json(data: Any) -> str:
    """Return data as JSON without spaces."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
ENVIRONMENT.globals.update(cell=cell, letters=LETTERS, squares=squares, verdicts=VERDICTS)
ENVIRONMENT.filters.update(
    number="{:g}".format,
    linked=linked,
    cases=cases,
    amount=amount,
    sentence=sentence,
    json=compact_json,
)


def render(name: str, **options: Any) -> Markup:
    """Return what a template makes of some data."""
    return Markup(ENVIRONMENT.get_template(name).render(**options).strip())


def html(record: Record, form: str = "", **options: Any) -> Markup:
    """Return the HTML of a record.

    ``form`` names another template than that of its kind: ``html(record, "slide")`` renders
    ``figure-slide.html``. ``root`` is the address of the site's root from the page; ``version``
    that of a chart's script, in which its specification is then (:func:`chart_script`).
    """
    name = f"{record['kind']}-{form}.html" if form else f"{record['kind']}.html"
    usual = {"root": "", "entry": None, "notebook": False, "version": ""}
    return render(name, record=record, **{**usual, **options})


def chart_script(record: Record) -> str:
    """Return the script with which a page draws a chart live."""
    return f"bookChart({compact_json(record['id'])},{compact_json(record['live'])});\n"


def chart_version(record: Record) -> str:
    """Return a hash of a chart's script; a browser's copy is out of date if it differs."""
    return hashlib.sha256(chart_script(record).encode()).hexdigest()[:8]


def svg(picture: Record, label: str = "", *, edge: int = 0, paper: str = "") -> str:
    """Return a picture as an SVG file.

    ``label`` is what a screen reader says in its place; ``edge`` adds room at both sides, in px;
    ``paper`` is the colour behind it, which is transparent by default.
    """
    return render("picture.svg", picture=picture, label=label, edge=edge, paper=paper)


def text(record: Record) -> str:
    """Return a record as plain text, its prose wrapped, its table as it is."""
    parts = (one.rstrip("\n") if "\n" in one else _wrap(one) for one in paragraphs(record))
    return "\n\n".join(parts) + "\n"


def paragraphs(record: Record) -> Iterator[str]:
    """Yield the parts of a record's plain text: a line each, or several where it is a table."""
    form: Callable[[Record], Iterator[str]] = PARAGRAPHS.get(record["kind"], _strings)
    return form(record)


def _wrap(text: str, width: int = WIDTH, bullet: str = "") -> str:
    wrapper = textwrap.TextWrapper(width, bullet, " " * len(bullet), break_long_words=False)
    wrapper.break_on_hyphens = False
    return wrapper.fill(text)


def _strings(data: Any) -> Iterator[str]:
    """Yield every text of a record that has no plain form, for the search."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping | Sequence):
        for one in data.values() if isinstance(data, Mapping) else data:
            yield from _strings(one)


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
    yield f"[Drawing] {record['caption']}" if record["caption"] else f"[{record['title']}]"
    yield record["alt"]


def _facts(record: Record) -> Iterator[str]:
    yield "\n".join(f"- {one}" for one in record["facts"]) + "\n"
    yield "After this chapter you can …"
    yield "\n".join(_wrap(one, bullet="- ") for one in record["objectives"]) + "\n"


def _findings(record: Record) -> Iterator[str]:
    yield f"Table: {record['caption']}"
    for part in record["parts"]:
        lines = (
            f"{line['outcome']}: {line['words']} In numbers: {line['numbers']} ({line['people']}). "
            f"Certainty: {'. '.join([line['certainty'].lower(), *line['reasons']])}."
            for line in part["lines"]
        )
        yield part["title"]
        yield "\n".join(_wrap(line, MAX_WIDTH, "- ") for line in lines) + "\n"
    yield record["note"]


def _quiz(record: Record) -> Iterator[str]:
    yield quiz_text(record, answers=True) + "\n"


def _explorer(record: Record) -> Iterator[str]:
    yield f"The {record['count']:,} reported numbers are rows of data/outcomes.csv."
    yield from _table(record["studies"])


PARAGRAPHS: dict[str, Callable[[Record], Iterator[str]]] = {
    "code": lambda record: iter(()),
    "drawing": _drawing,
    "explorer": _explorer,
    "facts": _facts,
    "figure": _figure,
    "findings": _findings,
    "quiz": _quiz,
    "run": lambda record: iter(()),
    "table": _table,
    "take": lambda record: iter(()),
}


def columns(table: Record) -> str:
    """Return a table in columns; a wide one as a list of its rows, each value with its column's name."""
    heads = [" ".join(column["name"].split()) for column in table["columns"]]
    rows = [
        [" ".join(cell(*pair).split()) for pair in zip(table["columns"], row, strict=True)]
        for row in table["rows"]
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    if sum(widths) + 2 * len(widths) > MAX_WIDTH:
        named = (
            [f"{head}: {one}" if head else one for head, one in zip(heads, row, strict=True)]
            for row in rows
        )
        return "\n".join(_wrap("; ".join(row), MAX_WIDTH, "- ") for row in named) + "\n"
    signs = [">" if column["numeric"] else "<" for column in table["columns"]]
    lines = (
        "  ".join(
            f"{one:{sign}{width}}" for one, sign, width in zip(row, signs, widths, strict=True)
        )
        for row in [heads, ["-" * width for width in widths], *rows]
    )
    return "\n".join(line.rstrip() for line in lines)


def quiz_text(record: Record, *, answers: bool = False) -> str:
    """Return a quiz as plain text; with ``answers``, under each question what is right and why."""
    lines: list[str] = []
    for number, question in enumerate(record["questions"], start=1):
        asked, answered = _question(question)
        lines += [f"{number}. {question['stem']}", *(f"   {line}" for line in asked)]
        if answers:
            head = "   Answer" if question["kind"] == "number" else "   Answers"
            lines += [head, *(f"      {line}" for line in answered)]
    wrap = textwrap.TextWrapper(MAX_WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False)
    return "\n".join(map(wrap.fill, lines))


def _question(question: Record) -> tuple[list[str], list[str]]:
    """Return what a question asks for and its answers, as lines."""
    if question["kind"] == "number":
        return [question["asked"], "____"], [f"{amount(question)}. {question['why']}"]
    if question["kind"] == "order":
        items = question["items"]
        right = [
            f"{place}. {sentence(item['text'])} {item['why']}"
            for place, item in enumerate(items, start=1)
        ]
        mixed = [items[place]["text"] for place in question["mixed"]]
        return [f"Order: {question['by']}.", *_lettered(mixed)], right
    verdicts, choices = VERDICTS[question["kind"]], question["choices"]
    reasons = [f"{verdicts[0 if one['right'] else 1]} {one['why']}" for one in choices]
    return _lettered([one["text"] for one in choices]), _lettered(reasons)


def _lettered(texts: Sequence[str]) -> list[str]:
    return [f"{letter}. {text}" for letter, text in zip(LETTERS, texts, strict=False)]
