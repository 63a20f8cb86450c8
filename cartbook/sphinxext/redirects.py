"""Write pages at the former addresses of pages; each leads to the new one."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from cartbook.csp import IN_PAGE
from cartbook.render import render

#: former name in the site: name of the page
REDIRECTS = {
    "chapters/20-evidence-explorer": "chapters/explorer",
    "chapters/21-glossary": "chapters/glossary",
    "chapters/22-data-dictionary": "chapters/data-dictionary",
    "chapters/23-references": "chapters/references",
    "chapters/24-for-teachers": "chapters/teaching",
    "chapters/25-about": "chapters/about",
    "chapters/26-downloads": "chapters/downloads",
    "chapters/27-classes": "chapters/classes",
}


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    for former, docname in REDIRECTS.items():
        if docname in app.env.found_docs:
            target = f"{Path(docname).name}.html"
            address = f"{app.config.html_baseurl}{docname}.html" if app.config.html_baseurl else ""
            title = app.env.titles[docname].astext()
            words = {"policy": IN_PAGE, "target": target, "address": address, "title": title}
            page = render("redirect.html", **words)
            (Path(app.outdir) / f"{former}.html").write_text(f"{page}\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the step, after pages without a source are removed."""
    app.connect("build-finished", _build_finished, priority=600)
