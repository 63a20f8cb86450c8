"""Records of what a chapter shows: figures, tables and drawings, as data without any HTML.

:func:`figure`, :func:`table` and :func:`drawing` check what an author gives and return a record.
A record becomes JSON (``to_record``); :mod:`cartbook.render` turns that JSON into HTML or plain
text, for notebooks and for every builder. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, ClassVar
from xml.etree import ElementTree

import altair as alt
import pandas as pd

import cartbook.theme  # noqa: F401  (registers the look)
from cartbook.paths import PACKAGE, TOP
from cartbook.render import html, svg, text
from cartbook.sanitize import MISSING

#: Python in a page has no vl-convert: there the browser compiles and draws the chart
DRAWS = sys.platform != "emscripten"
if DRAWS:
    import vl_convert

#: the media type of a record in a notebook's outputs; cartbook.sphinxext turns it into a node
MIME = "application/vnd.cartbook.figure+json"
#: JupyterLab and VS Code know this name, and draw the newer specification too
LIVE_MIME = "application/vnd.vegalite.v5+json"
WIDE, NARROW = 680, 340  # px of the pictures
VEGALITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
SIGNIFICANT = 6  # digits of a number in a CSV
LEGEND_WIDTH = 460  # px; a narrower chart has a legend of one column
NOISE = 1e-12  # a smaller number is what floating-point arithmetic leaves of zero
OUTCOME = "outcome_id"  # the column that names the reported number of each row
PLACES = 2  # decimals of a picture's coordinates, in px
#: of a picture: boxes without a size, attributes for scripts and screen readers, and those with the value that SVG gives
UNSEEN = (
    r'<path [^>]*d="M0,0h0v0h0Z"[^>]*/>| (?:role|aria-[a-z]+|class|pointer-events)="[^"]*"'
    r'| (?:(?:fill-|stroke-)?opacity|stroke-width)="1"| text-anchor="start"'
)
#: what is left of a group's background without a colour, and of its foreground; a place that is no other
EMPTY = r'<path d="(?:M0,0h[\d.]+v[\d.]+h-[\d.]+Z)?"(?: display="none")?/>| transform="translate\(0,0\)"'
SVG = "{http://www.w3.org/2000/svg}"

Cell = str | int | float


@dataclass(frozen=True)
class Column:
    """A column: its name, whether it holds numbers alone, and how many decimals its fractions have."""

    name: str
    numeric: bool
    decimals: int = 0


class Shown:
    """The JSON of a record and its forms in a notebook, which shows it as HTML."""

    kind: ClassVar[str]

    def to_record(self) -> dict[str, Any]:
        """Return the record as JSON data."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]  # a dataclass

    def __repr__(self) -> str:
        return text(self.to_record()).strip()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        record = self.to_record()
        data = {MIME: record, "text/html": html(record), "text/plain": repr(self)}
        return data, {"cartbook": {"kind": self.kind}}


@dataclass(frozen=True, repr=False)
class Table(Shown):
    """A table: a caption, columns, and rows of text and numbers; the first column names its row."""

    kind = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    #: the key of the reported number that each row shows; empty if the table names none
    outcomes: tuple[str, ...] = ()


def csv_of(table: Mapping[str, Any]) -> str:
    """Return the record of a table as CSV, with the keys of its rows; whole numbers have no decimals."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    keys = [[key] for key in table.get("outcomes", ())] or [[]] * len(table["rows"])
    names = [column["name"] for column in table["columns"]]
    writer.writerow([*names, OUTCOME] if table.get("outcomes") else names)
    writer.writerows(
        [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in row] + key
        for row, key in zip(table["rows"], keys, strict=True)
    )
    return target.getvalue()


@dataclass(frozen=True)
class Picture:
    """A drawn picture: its size in px, its SVG without the root element, and the root's font."""

    width: float
    height: float
    body: str
    font: str = ""


@dataclass(frozen=True, repr=False)
class Figure(Shown):
    """A chart with its words and numbers.

    ``spec`` is Vega-Lite, ``live`` what a page's script draws (Vega, or Vega-Lite where only the
    browser can compile); ``wide`` and ``narrow`` are its pictures, None where nothing can draw them.
    """

    kind = "figure"
    id: str
    title: str
    reading: str
    alt: str
    source: str
    table: Table
    spec: dict[str, Any]
    live: dict[str, Any]
    wide: Picture | None
    narrow: Picture | None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return the live chart that Jupyter draws, the record, a picture and plain text."""
        data = {
            LIVE_MIME: {**self.spec, "width": WIDE, "title": self.title},
            MIME: self.to_record(),
            "image/svg+xml": svg(asdict(self.wide), self.alt) if self.wide else "",
            "text/plain": f"{self.title}\n{self.alt}",
        }
        return data, {"cartbook": {"kind": self.kind, "id": self.id}}


@dataclass(frozen=True, repr=False)
class Drawing(Shown):
    """A picture with a title and a description; one made by hand has a caption and follows the page's colours."""

    kind = "drawing"
    id: str
    caption: str
    title: str
    alt: str
    picture: Picture


# Charts


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """Return a chart's Vega-Lite; Altair names views and parameters by hash, so it is always the same."""
    text = json.dumps(chart.to_dict(), ensure_ascii=False, sort_keys=True)
    spec: dict[str, Any] = json.loads(text)
    legend = spec.setdefault("config", {}).setdefault("legend", {})
    legend["columns"] = {"expr": f"width < {LEGEND_WIDTH} ? 1 : 2"}
    return spec


def _with_width(spec: dict[str, Any], width: int | str) -> dict[str, Any]:
    return {**spec, "width": width, "autosize": {"type": "fit-x", "contains": "padding"}}


def _vega(spec: dict[str, Any]) -> dict[str, Any]:
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(spec, vl_version=VEGALITE)
    compiled.pop("$schema", None)
    return compiled


def compile_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what a page's script draws: Vega, or Vega-Lite where the browser has to compile it."""
    fluid = _with_width(spec, "container")
    return _vega(fluid) if DRAWS else fluid


def _own_ids(markup: str, prefix: str) -> str:
    """Return SVG whose ids, and what refers to them, begin with ``prefix``."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", markup)


def _lean(markup: str) -> str:
    """Return SVG without what changes nothing that is seen: roles, defaults, hidden decimals.

    The font that most texts have is named once, at the first group.
    """

    def shorter(number: re.Match[str]) -> str:
        return f"{round(float(number[0]), PLACES):.10g}"

    lean = re.sub(EMPTY, "", re.sub(UNSEEN, "", markup))
    lean = re.sub(r"<[^>]+>", lambda tag: re.sub(r"\d+\.\d{3,}", shorter, tag[0]), lean)
    fonts = Counter(re.findall(r' font-family="[^"]*"', lean))
    for font, _ in fonts.most_common(1):
        lean = lean.replace(font, "").replace("<g", f"<g{font}", 1)
    return lean


def _draw(spec: dict[str, Any], width: int, prefix: str) -> Picture | None:
    """Draw a chart at a width in px, its marks without roles; return None where nothing can draw."""
    if not DRAWS:
        return None
    legend = {**spec["config"]["legend"], "columns": 1 if width < LEGEND_WIDTH else 2}
    fixed = {**_with_width(spec, width), "config": {**spec["config"], "legend": legend}}
    markup = vl_convert.vega_to_svg(json.dumps(_vega(fixed)))
    pattern = r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>(.*)</svg>\s*'
    found = re.fullmatch(pattern, markup, re.DOTALL)
    assert found, "vl-convert gave an SVG without a viewBox"
    return Picture(float(found[1]), float(found[2]), _own_ids(_lean(found[3]), prefix))


def figure(
    chart: alt.TopLevelMixin,
    *,
    id: str,
    title: str,
    reading: str,
    alt: str,
    table: pd.DataFrame,
    columns: Mapping[str, str] | None = None,
    source: str,
    digits: Mapping[str, int] | None = None,
) -> Figure:
    """Give a chart its words and numbers.

    ``id`` is stable and unique in the book (lower case, digits, hyphens): it names the figure's
    anchor and its CSV. ``title`` is the finding; ``reading`` says how to read the chart; ``alt``
    describes the chart in one to three sentences to readers who cannot see it: its kind, its
    variables, what they show. ``table`` holds the numbers, without blank cells; ``columns`` gives
    the headings of those to show, in their order (default: all, under their own names); a column
    ``outcome_id`` links each row to its reported number. ``digits`` gives the decimals of a column,
    by its heading, where the default does not suit; ``source`` says where the numbers come from.

    Raise ValueError if a text is missing, if ``alt`` only repeats the title, or if the table has
    no rows, a blank cell or too few digits.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", id):
        raise ValueError(
            f"a figure's id is made of a-z, 0-9 and hyphens, and begins with a letter; {id!r} is not"
        )
    words = {"title": title, "reading": reading, "alt": alt, "source": source}
    words = {name: one.strip() for name, one in words.items()}
    if absent := [name for name, one in words.items() if not one]:
        raise ValueError(f"figure {id!r} has no {absent[0]}")
    title, alt = words["title"], words["alt"]
    if len(alt) < 40 or alt.rstrip(".").lower() == title.rstrip(".").lower():
        raise ValueError(
            f"figure {id!r}: the written alternative says what kind of chart it is, "
            "its variables and what they show"
        )
    if table.empty:
        raise ValueError(f"figure {id!r} has a table without rows")
    if columns:
        if unknown := [name for name in columns if name not in table.columns]:
            raise ValueError(f"figure {id!r}: its table has no column {', '.join(unknown)}")
        table = table.filter([*columns, OUTCOME]).rename(columns=columns)
    spec = {**specification(chart), "description": alt}
    return Figure(
        id=id,
        **words,
        table=_table(table, title, digits or {}),
        spec=spec,
        live=compile_spec(spec),
        wide=_draw(spec, WIDE, f"fig-{id}-w-"),
        narrow=_draw(spec, NARROW, f"fig-{id}-n-"),
    )


# Tables


def _cell(value: Any) -> Cell:
    """Return a cell as plain text or number. Raise ValueError if readers or a spreadsheet could not use it."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        raise ValueError(
            "a table for readers has no blank cells: "
            "write not reported, not reached or not applicable"
        )
    if pd.api.types.is_integer(value):
        return int(value)
    if pd.api.types.is_float(value):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("a table for readers has finite numbers")
        return 0.0 if abs(number) < NOISE else number
    words = str(value)
    if re.match(r"[=@\t\r]|[+-](?!\d[\d.]*$)", words):
        raise ValueError(
            f"{words[:40]!r} begins like a formula, and a spreadsheet would run it: "
            "begin it with a letter or a digit"
        )
    return words


def _rounded(number: float, decimals: int = 0) -> float:
    """Return a number with its six leading digits, or with more if ``decimals`` asks for them."""
    leading = SIGNIFICANT - 1 - math.floor(math.log10(abs(number))) if number else 0
    return round(number, max(leading, decimals))


def _decimals(values: Iterable[float]) -> int:
    """Return how many decimals suit a column's fractions.

    Whole numbers have none; a column that reaches 10 has one, a smaller one two; a fraction below
    0.1 keeps two significant digits. No column has more decimals than its numbers need.
    """
    found = [abs(_rounded(value)) for value in values if value]
    needed = [-int(Decimal(repr(one)).normalize().as_tuple().exponent) for one in found]
    if not found or max(needed) <= 0:
        return 0
    wanted = 1 if max(found) >= 10 else 2
    if min(found) < 0.1:
        wanted = max(wanted, 1 - math.floor(math.log10(min(found))))
    return min(wanted, max(needed))


def _table(rows: pd.DataFrame, caption: str, digits: Mapping[str, int]) -> Table:
    """Return a data frame as a table, with the decimals of each column.

    A column ``outcome_id`` is not shown: it names the reported number to which each row links.
    """
    keys: tuple[str, ...] = ()
    if OUTCOME in rows:
        keys = tuple("" if key in MISSING else str(key) for key in rows[OUTCOME].fillna(""))
    rows = rows.drop(columns=OUTCOME, errors="ignore")
    if unknown := [name for name in digits if name not in rows.columns]:
        raise ValueError(f"digits names columns that the table does not have: {', '.join(unknown)}")
    columns: list[Column] = []
    cells: list[list[Cell]] = []
    for place, (name, dtype) in enumerate(zip(rows.columns, rows.dtypes, strict=True)):
        values = [_cell(one) for one in rows.iloc[:, place].astype(object)]
        fractions = [one for one in values if isinstance(one, float)]
        decimals = digits[name] if name in digits else _decimals(fractions)
        if lost := [one for one in fractions if one and float(f"{one:.{decimals}f}") == 0]:
            raise ValueError(
                f"column {name!r}: {lost[0]:g} would be shown as 0 with {decimals} decimals; give it more in digits="
            )
        numeric = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
        columns.append(Column(str(name), numeric, decimals))
        cells.append([_rounded(one, decimals) if isinstance(one, float) else one for one in values])
    return Table(caption, tuple(columns), tuple(zip(*cells, strict=True)), keys)


def table(rows: pd.DataFrame, *, caption: str, digits: Mapping[str, int] | None = None) -> Table:
    """Make a table for readers, with a caption; its first column names the rows.

    ``digits`` gives the decimals of a column where the default does not suit. Raise ValueError if
    there are no rows or no caption, or if a cell is blank.
    """
    if rows.empty or not caption.strip():
        raise ValueError("a table has rows and a caption")
    return _table(rows, caption.strip(), digits or {})


# Drawings


def drawing(name: str, *, caption: str) -> Drawing:
    """Read the drawing ``chapters/drawings/NAME.svg``, which has a title and a description of its own.

    Raise ValueError if there is none, if it is not one SVG, or if it lacks its words.
    """
    folders = (TOP / "chapters" / "drawings", PACKAGE / "drawings")  # checkout, installed package
    path = next((one for one in (top / f"{name}.svg" for top in folders) if one.is_file()), None)
    if path is None:
        raise ValueError(f"there is no drawing {name!r} in chapters/drawings")
    markup = path.read_text(encoding="utf-8").strip()
    if (
        not markup.startswith("<svg ")
        or not all(f'<{tag} id="{tag}"' in markup for tag in ("title", "desc"))
        or "<script" in markup
    ):
        raise ValueError(
            f'{path.name} is one <svg> with <title id="title"> and <desc id="desc">, and no script'
        )
    root = ElementTree.fromstring(markup)
    title, desc = (
        " ".join((root.findtext(f"{SVG}{tag}") or "").split()) for tag in ("title", "desc")
    )
    _, _, width, height = map(float, root.get("viewBox", "").split())
    inside = markup[markup.index(">") + 1 : markup.rindex("</svg>")]
    body = re.sub(r'\s*<(title|desc) id="\1">.*?</\1>', "", inside, flags=re.DOTALL).strip()
    picture = Picture(width, height, _own_ids(body, f"{name}-"), root.get("font-family", ""))
    return Drawing(name, caption.strip(), title, desc, picture)


# Charts without words


def _bare(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what Jupyter and the book show of a chart without a title, source and table.

    Jupyter draws it live; the book shows its picture as a drawing without a caption, whose
    alternative is the chart's description.
    """
    spec = specification(alt.Chart.from_dict(spec))
    name = f"chart-{hashlib.sha256(json.dumps(spec).encode()).hexdigest()[:8]}"
    picture = _draw(spec, WIDE, f"{name}-")
    words = spec.get("description", "a chart without a written alternative")
    data = {
        LIVE_MIME: {**spec, "width": WIDE},
        "image/svg+xml": svg(asdict(picture), words) if picture else "",
        "text/plain": words,
    }
    if picture is None:
        return data, {}
    shown = Drawing(name, caption="", title="Chart", alt=words, picture=picture)
    return data | {MIME: shown.to_record()}, {"cartbook": {"kind": shown.kind}}


alt.renderers.register("cartbook", _bare)
alt.renderers.enable("cartbook")
