"""The Sphinx extension of the book: it reads chapters, renders records, and writes what pages load.

Each module registers its own part. This one connects what concerns a page as a whole: its
dependencies, the parts that every chapter has, its head, and the files beside it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from docutils import nodes as docutils_nodes  # `nodes` is this package's own module
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from cartbook.csp import IN_PAGE
from cartbook.paths import PACKAGE
from cartbook.render import TEMPLATES, render
from cartbook.sphinxext import (
    assets,
    compat,
    directives,
    downloads,
    embeds,
    evidence,
    execution,
    explorer,
    exports,
    feed,
    lesson_plans,
    nodes,
    not_found,
    notebooks,
    previews,
    print_builders,
    pyodide,
    redirects,
    report,
    search,
    structured_data,
    text,
)
from cartbook.sphinxext.metadata import book_metadata, front_matter
from cartbook.sphinxext.nodes import RecordRenderer  # noqa: F401  (the entry point's name)

LOG = logging.getLogger(__name__)
#: modules with a part of their own, in the order in which their steps run
PARTS = (
    execution,
    nodes,
    directives,
    lesson_plans,
    exports,
    downloads,
    structured_data,
    feed,
    text,
    print_builders,
    pyodide,
    not_found,
    redirects,
    search,
    report,
    evidence,
    previews,
    embeds,
    assets,
)
#: what a chapter's outputs are made by
CODE = ("*.py", "*.json", "plots/*.py", "sphinxext/*.py", "templates/*.*")


def _config_inited(app: Sphinx, config: Any) -> None:
    """Let the book's layout come before the theme's; pages are written again after a change."""
    theme = str(PACKAGE / "sphinxext" / "theme")
    config.templates_path = [theme, *config.templates_path, str(TEMPLATES)]


def _source_read(app: Sphinx, docname: str, source: list[str]) -> None:
    """Declare a page's tables to its kernel, and note what the page depends on."""
    tables = front_matter(source[0]).get("book", {}).get("data", [])
    os.environ["CARTBOOK_DECLARED_TABLES"] = " ".join(Path(name).stem for name in tables)
    if "```{code-cell}" in source[0]:
        data = [Path(app.srcdir) / "data" / name for name in (*tables, "datapackage.json")]
        for path in [*data, *(path for pattern in CODE for path in PACKAGE.glob(pattern))]:
            app.env.note_dependency(str(path))


def _doctree_read(app: Sphinx, doctree: docutils_nodes.document) -> None:
    """Keep a page's figures and values, and add the parts that every chapter has."""
    os.environ.pop("CARTBOOK_DECLARED_TABLES", None)  # other code in this process may load any
    compat.correct_ids(doctree)
    compat.correct_addresses(doctree)
    metadata = app.env.metadata[app.env.docname]  # Sphinx purges and merges it
    figures = nodes.records(doctree, "figure")
    metadata["figures"] = {
        figure["id"]: {name: figure[name] for name in ("id", "title", "alt", "source", "table")}
        for figure in figures
    }
    metadata["values"] = [  # of {eval} in prose
        node.astext()
        for node in doctree.findall(docutils_nodes.inline)
        if node["classes"] == ["output", "text_plain"]
    ]
    book = book_metadata(app.env, app.env.docname)
    if "minutes" not in book:
        return
    for answer in doctree.findall(docutils_nodes.admonition):
        if "answer" in answer["classes"]:
            run = nodes.screen("", nodes.node_of({"kind": "run"}))
            parts = [nodes.node_of(_facts(book)), run]
            if any(
                "cell_input" in one["classes"] for one in doctree.findall(docutils_nodes.container)
            ):
                parts.insert(1, nodes.screen("", nodes.node_of({"kind": "code"})))
            answer.parent.insert(answer.parent.index(answer) + 1, parts)
            break
    links = {"kind": "take", "name": Path(app.env.docname).name, "archive": notebooks.ZIP_NAME}
    doctree.append(nodes.screen("", nodes.node_of(links)))


def _facts(book: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a chapter's facts: for whom it is, how long it takes, what it teaches."""
    minutes = book["minutes"]
    facts = [
        f"{book['level'].capitalize()} level",
        f"{minutes['reading']} minutes to read, {minutes['doing']} to do",
        f"Data as of {book['as_of']}",
        "Not yet clinically reviewed",
    ]
    return {"kind": "facts", "facts": facts, "objectives": book["objectives"]}


def _env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Warn of ids that two figures have; return pages that are to be written in any case."""
    owner: dict[str, str] = {}
    for docname, metadata in sorted(env.metadata.items()):
        for name in metadata.get("figures", {}):
            if name in owner:
                pages = f"{owner[name]} and in {docname}"
                LOG.warning("figure id %r is used in %s: ids are unique in the book", name, pages)
            owner[name] = docname
    # from here on Sphinx believes its pages to be new; cartbook.build looks for this file
    (Path(app.doctreedir) / "unfinished").touch()
    return compat.pages_with_index_entries(env)


def _write_started(app: Sphinx, builder: Builder) -> None:
    """Write the files that pages link to; a build with warnings is not published."""
    if builder.name == "html" and not compat.had_warnings(app):
        exports.write(app)


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Write a page's head, and correct its body."""
    if app.builder.name == "html":
        about = structured_data.describe(app, pagename, str(context.get("title", "")), doctree)
        metatags = context.get("metatags", "")
        context["metatags"] = render("head.html", policy=IN_PAGE, metatags=metatags, **about)
        if "body" in context:
            context["body"] = compat.correct_html(context["body"])


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    """Remove what was written for pages that the book no longer has."""
    if not error and app.builder.name == "html":
        out = Path(app.outdir)
        known = {*app.env.found_docs, "search", "genindex", "404"}
        for path in [*out.glob("*.html"), *out.glob("chapters/*")]:
            if path.relative_to(out).with_suffix("").as_posix() not in known:
                path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all parts."""
    app.add_directive("evidence-explorer", explorer.EvidenceExplorer)
    app.connect("config-inited", _config_inited)
    app.connect("source-read", _source_read)
    app.connect("doctree-read", _doctree_read)
    app.connect("env-updated", _env_updated)
    app.connect("write-started", _write_started)
    app.connect("html-page-context", _page)
    app.connect("build-finished", _build_finished)
    for part in PARTS:
        part.setup(app)
    return {
        "version": "1",
        "env_version": 4,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
