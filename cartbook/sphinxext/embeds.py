"""Write each chart as an SVG, as a page of its own that other sites may show in a frame, and its script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from cartbook.csp import IN_PAGE
from cartbook.render import Record, chart_script, html, render, svg
from cartbook.sphinxext import nodes
from cartbook.sphinxext.assets import STYLE, styles_version

EDGE = 12  # px around a chart in its own file


def embed(record: Record, page: str, *, book: str, address: str) -> str:
    """Return the page of one chart; ``page`` is the chapter that has it, by its name in the site."""
    chart = html(record, root="../", files=False)
    options = {"policy": IN_PAGE, "style": f"{STYLE}?v={styles_version()}", "address": address}
    return render("embed.html", record=record, chart=chart, page=page, book=book, **options)


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Write the files of the charts of a page."""
    if app.builder.name != "html" or doctree is None:
        return
    folder = Path(app.outdir) / "figures"
    folder.mkdir(exist_ok=True)
    for record in nodes.records(doctree, "figure"):
        base = app.config.html_baseurl
        address = f"{base}{pagename}.html#fig-{record['id']}" if base else ""
        text = embed(record, pagename, book=str(app.config.html_title), address=address)
        (folder / f"{record['id']}.html").write_text(f"{text}\n", encoding="utf-8")
        (folder / f"{record['id']}.js").write_text(chart_script(record), encoding="utf-8")
        if record["wide"]:
            picture = svg(record["wide"], record["alt"], edge=EDGE, paper="#fff")
            (folder / f"{record['id']}.svg").write_text(f"{picture}\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the step."""
    app.connect("html-page-context", _page)
