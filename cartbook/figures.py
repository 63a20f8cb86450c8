"""A chart becomes a figure: one call, five forms.

:func:`figure` gives Jupyter the ordinary live chart, and the site a ``<figure>`` that holds a
picture drawn beforehand (wide, and narrow for phones), the compiled chart that the page's script
turns live, a written alternative, a table, and the numbers as CSV; for other builders there is
an SVG. The same input gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

import cartbook.theme  # noqa: F401  (registers the look)
from cartbook.escape import in_page

#: Python in a page has no vl-convert: there the browser compiles and draws the chart by itself
DRAWS = sys.platform != "emscripten"
if DRAWS:
    import vl_convert

#: a page of the site takes this form; cartbook.site turns it into HTML
MIME = "application/vnd.cartbook.figure+json"
#: JupyterLab and VS Code know this name, and draw the newer specification too
LIVE_MIME = "application/vnd.vegalite.v5+json"
WIDE, NARROW = 680, 340  # px of the pictures
VEGALITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _settled(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart's specification, with the names that Altair counts up made the same on every run."""
    text = json.dumps(chart.to_dict(), ensure_ascii=False, sort_keys=True)
    for kind in ("view", "param"):
        order = list(dict.fromkeys(re.findall(rf'"{kind}_(\d+)', text)))
        for place, number in enumerate(order):
            text = re.sub(rf'(?<="){kind}_{number}(?=[_"])', f"{kind}~{place}", text)
        text = text.replace(f"{kind}~", f"{kind}_")
    spec: dict[str, Any] = json.loads(text)
    spec.setdefault("config", {}).setdefault("legend", {})["columns"] = {"expr": "width < 460 ? 1 : 2"}
    return spec


def _fitted(spec: dict[str, Any], width: int | str) -> dict[str, Any]:
    return {**spec, "width": width, "autosize": {"type": "fit-x", "contains": "padding"}}


def live(spec: dict[str, Any]) -> str:
    """What the page's script draws, as JSON that may stand in a page: compiled, or with its ``$schema`` where that is left to the browser."""
    drawn = _vega(spec, "container") if DRAWS else _fitted(spec, "container")
    return in_page(drawn)


def _vega(spec: dict[str, Any], width: int | str) -> dict[str, Any]:
    """Vega for a Vega-Lite specification; a width is in px or ``"container"``."""
    fitted = _fitted(spec, width)
    if isinstance(width, int):
        fitted["config"] = {**spec["config"], "legend": {**spec["config"]["legend"], "columns": 1 if width < 460 else 2}}
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(fitted, vl_version=VEGALITE)
    compiled.pop("$schema", None)
    return compiled


@lru_cache(maxsize=2)
def _drawn(vega: str) -> str:
    """A compiled chart as SVG; kept for a moment, for a page and a notebook show the same picture under other ids."""
    return str(vl_convert.vega_to_svg(vega))


def _picture(spec: dict[str, Any], width: int, prefix: str) -> str:
    """An SVG of the chart that scales, is one image to a screen reader, and has ids of its own; empty where nothing can draw it."""
    if not DRAWS:
        return ""
    svg = _drawn(json.dumps(_vega(spec, width)))
    svg = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg).replace("url(#", f"url(#{prefix}").replace('href="#', f'href="#{prefix}')
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size, "vl-convert gave an SVG without a viewBox"
    return re.sub(
        r"<svg [^>]*>",
        f'<svg xmlns="http://www.w3.org/2000/svg" class="marks" viewBox="0 0 {size[1]} {size[2]}" width="{size[1]}" height="{size[2]}">',
        svg,
        count=1,
    )


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        raise ValueError("a table for readers has no blank cells: write not reported, not reached or not applicable")
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, str) and re.match(r"[=@\t\r]|[+-](?!\d[\d.]*$)", value):
        raise ValueError(f"{value[:40]!r} begins like a formula, and a spreadsheet would run it: begin it with a letter or a digit")
    return str(value)


def _table(rows: pd.DataFrame, caption: str) -> str:
    """An HTML table with a caption and header scopes; the first column names its row."""
    numeric = [pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in rows.dtypes]
    kinds = [' class="cb-number"' if number else "" for number in numeric]
    head = "".join(f'<th scope="col"{kind}>{escape(str(name))}</th>' for name, kind in zip(rows.columns, kinds, strict=True))
    body = ""
    for row in rows.astype(object).itertuples(index=False, name=None):
        first, *rest = (escape(_cell(value)) for value in row)
        body += (
            f'<tr><th scope="row">{first}</th>'
            + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
            + "</tr>"
        )
    label = escape(caption, quote=True)
    return f'<div class="cb-scroll" tabindex="0" role="region" aria-label="{label}"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def bundle(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """What the registered renderer gives for a chart without words: live, SVG and plain text."""
    spec = _settled(chart)
    words = spec.get("description", "a chart without a written alternative")
    return {LIVE_MIME: {**spec, "width": WIDE}, "image/svg+xml": _picture(spec, WIDE, "chart-"), "text/plain": words}


@dataclass(frozen=True)
class Figure:
    """A chart with its words and numbers; Jupyter and the site show it, each in its own form."""

    chart: alt.TopLevelMixin
    id: str
    title: str
    reading: str
    alt: str
    table: pd.DataFrame
    source: str

    def _html(self, spec: dict[str, Any]) -> str:
        name, words = f"fig-{self.id}", {key: escape(getattr(self, key)) for key in ("title", "reading", "alt", "source")}
        wide, narrow = (_picture(spec, width, f"{name}-{kind}-") for width, kind in ((WIDE, "w"), (NARROW, "n")))
        shown = f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-alt"'
        return (
            f'<figure class="cb-figure" id="{name}" data-chart="{self.id}">'
            f'<figcaption id="{name}-title">{words["title"]}</figcaption>'
            f'<div class="cb-picture"><div class="cb-wide">{wide.replace("<svg ", f"<svg {shown} ", 1)}</div>'
            f'<div class="cb-narrow">{narrow.replace("<svg ", f"<svg {shown} ", 1)}</div></div>'
            f'<p class="cb-reading"><strong>How to read it.</strong> {words["reading"]}</p>'
            f'<p class="cb-source">Source: {words["source"]} <a href="{{root}}figures/{self.id}.csv" download>Numbers as CSV<span class="cb-hidden">: {words["title"]}</span></a></p>'
            f'<details class="cb-more"><summary>In words<span class="cb-hidden">: {words["title"]}</span></summary><p id="{name}-alt">{words["alt"]}</p></details>'
            f'<details class="cb-more"><summary>Table<span class="cb-hidden">: {words["title"]}</span></summary>{_table(self.table, self.title)}</details>'
            f'<script type="application/json" class="cb-spec">{live(spec)}</script>'
            "</figure>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        spec = _settled(self.chart)
        spec["description"] = self.alt
        svg = _picture(spec, WIDE, f"fig-{self.id}-")
        accessible = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(self.alt, quote=True)}" ', 1)
        data = {
            LIVE_MIME: {**spec, "width": WIDE, "title": self.title},
            MIME: {"id": self.id, "html": self._html(spec), "csv": self.table.to_csv(index=False, lineterminator="\n")},
            "image/svg+xml": accessible,
            "text/plain": f"{self.title}\n{self.alt}",
        }
        return data, {"cartbook": {"id": self.id}}


def figure(chart: alt.TopLevelMixin, *, id: str, title: str, reading: str, alt: str, table: pd.DataFrame, source: str) -> Figure:
    """Give a chart its words and numbers.

    ``id`` is stable and unique in the book (lower case, digits, hyphens): it names the figure's
    anchor and its CSV. ``title`` is the finding; ``reading`` says how to read the chart; ``alt``
    says in one to three sentences what kind of chart it is, which variables it shows and what
    they show, for whoever cannot see it; ``table`` holds the numbers, without blank cells;
    ``source`` says where they come from.

    Raises ValueError if a word is missing, if ``alt`` is no more than the title, or if the table
    has no rows or a blank cell.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", id):
        raise ValueError(f"a figure's id is made of a-z, 0-9 and hyphens, and begins with a letter; {id!r} is not")
    for name, words in {"title": title, "reading": reading, "alt": alt, "source": source}.items():
        if not words.strip():
            raise ValueError(f"figure {id!r} has no {name}")
    if len(alt.strip()) < 40 or alt.strip().rstrip(".").lower() == title.strip().rstrip(".").lower():
        raise ValueError(f"figure {id!r}: the written alternative says what kind of chart it is, its variables and what they show")
    if table.empty:
        raise ValueError(f"figure {id!r} has a table without rows")
    table.astype(object).map(_cell)
    return Figure(chart, id, title.strip(), reading.strip(), alt.strip(), table.reset_index(drop=True), source.strip())


@dataclass(frozen=True)
class Table:
    """A table that stands in the text by itself."""

    rows: pd.DataFrame
    caption: str

    def _repr_html_(self) -> str:
        return f'<div class="cb-table">{_table(self.rows, self.caption)}</div>'

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.rows.to_string(index=False)}"


def table(rows: pd.DataFrame, *, caption: str) -> Table:
    """A table for readers, with a caption and header scopes; its first column names the rows."""
    if rows.empty or not caption.strip():
        raise ValueError("a table has rows and a caption")
    return Table(rows.reset_index(drop=True), caption.strip())


@dataclass(frozen=True)
class Drawing:
    """A hand-made picture with its caption; it follows the page's colours."""

    svg: str
    caption: str

    def _repr_html_(self) -> str:
        return f'<figure class="cb-drawing cb-picture">{self.svg}<figcaption>{escape(self.caption)}</figcaption></figure>'

    def __repr__(self) -> str:
        return f"[drawing] {self.caption}"


def drawing(name: str, *, caption: str) -> Drawing:
    """The drawing ``chapters/drawings/NAME.svg``, which has a title and a description of its own.

    Raises ValueError if there is none, if it is not one SVG, or if it lacks its words.
    """
    here = Path(__file__).parent
    path = next(
        (one for one in (here.parent / "chapters" / "drawings" / f"{name}.svg", here / "drawings" / f"{name}.svg") if one.is_file()), None
    )
    if path is None:
        raise ValueError(f"there is no drawing {name!r} in chapters/drawings")
    svg = path.read_text(encoding="utf-8").strip()
    if not svg.startswith("<svg ") or not all(f'<{tag} id="{tag}"' in svg for tag in ("title", "desc")) or "<script" in svg:
        raise ValueError(f'{path.name} is one <svg> with <title id="title"> and <desc id="desc">, and no script')
    svg = re.sub(r'\bid="', f'id="{name}-', svg).replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    return Drawing(
        svg.replace('aria-labelledby="title desc"', f'aria-labelledby="{name}-title" aria-describedby="{name}-desc"'), caption.strip()
    )


alt.renderers.register("cartbook", lambda spec, **_: bundle(alt.Chart.from_dict(spec)))
alt.renderers.enable("cartbook")
