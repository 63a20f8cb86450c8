"""The Sphinx extension: records become pages, text, EPUB and print.

It

- renders records of figures, tables, drawings and quizzes (nodes), and writes ``figures/ID.csv``;
- tells Sphinx which tables and modules a chapter depends on, so that a changed CSV executes the
  chapters that read it and no others;
- reads chapters in parallel, and reports progress and failing cells (execution);
- bundles scripts and styles, cut to what pages use (assets), and adds the content security policy;
- adds descriptions, structured data, downloads, the search of sections and the 404 page;
- lets readers run a chapter in its page (pyodide).
"""

from __future__ import annotations

import ast
import os
import re
import shutil
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes as docutils_nodes  # `nodes` is this package's own module
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import cartbook
from cartbook.csp import IN_PAGE
from cartbook.render import TEMPLATES
from cartbook.sphinxext import (
    assets,
    compat,
    downloads,
    evidence,
    execution,
    exports,
    not_found,
    print_builders,
    pyodide,
    report,
    search,
    spelling,
    structured_data,
)
from cartbook.sphinxext import nodes as records
from cartbook.sphinxext import text as plain_text
from cartbook.sphinxext.directives import DIRECTIVES, front_matter
from cartbook.sphinxext.nodes import RecordRenderer  # noqa: F401  (the entry point's name)
from cartbook.theme import stylesheet

LOG = logging.getLogger(__name__)
PACKAGE = Path(cartbook.__file__).parent
PAGES = ("html",)
DATA_OF_THE_TEXT = "datapackage.json"
STYLES = (
    "colours.css",
    "icons.css",
    "book.css",
    "quiz.css",
    "modes.css",
    "run.css",
    "card.css",
    "explorer.css",
)  # the book's own


@cache
def _imports(module: str) -> frozenset[str]:
    """A cartbook module and all cartbook modules that it needs."""
    path = PACKAGE / f"{module}.py"
    needed = {module}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [node.module]
            if isinstance(node, ast.ImportFrom) and node.module
            else [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        for name in names:
            if name.startswith("cartbook.") and name.split(".")[1] not in needed:
                needed |= _imports(name.split(".")[1])
    return frozenset(needed)


def modules_of(text: str) -> set[str]:
    """The cartbook modules on which a chapter's code depends, from the names that it imports."""
    names: set[str] = set()
    for block in re.findall(r"^```{code-cell}.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for found in re.findall(r"from cartbook import (\([^)]*\)|[^\n]*)", block):
            names |= set(re.findall(r"\w+", found))
    return {
        module for name in names & set(cartbook.FACE) for module in _imports(cartbook.FACE[name])
    }


def _source_read(app: Sphinx, docname: str, source: list[str]) -> None:
    about = front_matter(source[0]).get("book", {})
    app.env.cartbook_about[docname] = about  # type: ignore[attr-defined]
    tables = about.get("data", [])
    os.environ["CARTBOOK_TABLES"] = " ".join(Path(name).stem for name in tables)
    data = Path(app.srcdir) / "data"
    if modules := modules_of(source[0]):
        parts = [PACKAGE / f"{module}.py" for module in modules | {"__init__"}]
        rendering = [*(PACKAGE / "templates").glob("*.*"), *(PACKAGE / "sphinxext").glob("*.py")]
        for path in [*parts, *rendering]:
            app.env.note_dependency(str(path))
        for table in [*tables, DATA_OF_THE_TEXT]:
            app.env.note_dependency(str(data / table))


def _chapter_read(app: Sphinx, doctree: docutils_nodes.document) -> None:
    """Take the chapter's tables out of the environment: who builds in the same process may load any."""
    os.environ.pop("CARTBOOK_TABLES", None)


def _take(app: Sphinx, doctree: docutils_nodes.document) -> None:
    """At the end of a chapter: the chapter as a notebook, and everything at once."""
    about = app.env.cartbook_about.get(app.env.docname, {})  # type: ignore[attr-defined]
    if "minutes" not in about:
        return
    data = {"kind": "take", "name": Path(app.env.docname).name, "archive": exports.ZIP_NAME}
    doctree.append(records.screen("", records.node_of(data)))


def _facts(app: Sphinx, doctree: docutils_nodes.document) -> None:
    """Under a chapter's answer: for whom it is, how long it takes, what it teaches, from front matter."""
    about = app.env.cartbook_about.get(app.env.docname, {})  # type: ignore[attr-defined]
    answer = next(
        (one for one in doctree.findall(docutils_nodes.admonition) if "answer" in one["classes"]),
        None,
    )
    if answer is None or "minutes" not in about:
        return
    facts = [
        f"{about['level'].capitalize()} level",
        f"{about['minutes']['reading']} minutes to read, {about['minutes']['doing']} to do",
        f"Data as of {about['as_of']}",
        "Not yet clinically reviewed",
    ]
    data = {"kind": "facts", "facts": facts, "objectives": about["objectives"]}
    answer.parent.insert(answer.parent.index(answer) + 1, records.node_of(data))


def _updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    owner: dict[str, str] = {}
    for docname, figures in records.figures(env).items():
        for name in figures:
            if name in owner:
                LOG.warning(
                    "figure id %r is used in %s and in %s: ids are unique in the book",
                    name,
                    owner[name],
                    docname,
                    type="cartbook",
                    subtype="figure",
                )
            owner[name] = docname
    (
        Path(app.doctreedir) / "unfinished"
    ).touch()  # from here on Sphinx believes its pages to be new; cartbook.build looks for it
    return compat.pages_with_index_entries(env)


def _assets(app: Sphinx, config: Any) -> None:
    """Vega's script and the colours, made from the packages that carry them."""
    made = Path(app.doctreedir) / "made"
    made.mkdir(parents=True, exist_ok=True)
    store = Path(app.doctreedir) / "bundles"
    files = {
        "vega.js": assets.runtime(store),
        "colours.css": stylesheet(),
        "spelling.js": spelling.script(),
    }
    if pyodide.runtime(app) is not None:
        files["vega-lite.js"] = assets.compiler(store)
    for name, text in files.items():
        path = made / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    config.html_static_path = [*config.html_static_path, str(made)]
    config.templates_path = [
        str(PACKAGE / "sphinxext" / "theme"),
        *config.templates_path,
        str(TEMPLATES),
    ]  # a newer template rewrites pages


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    if app.builder.name not in PAGES:
        return
    about = getattr(app.env, "cartbook_about", {}).get(pagename, {})
    if description := about.get("description"):
        context["metatags"] = (
            context.get("metatags", "")
            + f'\n<meta name="description" content="{escape(description, quote=True)}">\n'
        )
    if "body" in context:
        context["body"] = compat.mended(context["body"])
    context["metatags"] = (
        f'\n<meta http-equiv="Content-Security-Policy" content="{IN_PAGE}">'
        + context.get("metatags", "")
    )
    context["script_files"] = assets.scripts(
        context["script_files"], pagename, context.get("body", "")
    )
    context["css_files"] = [f"_static/{assets.STYLE}"]


def _finished(app: Sphinx, error: Exception | None) -> None:
    if (
        error or compat.had_warnings(app) or app.builder.name not in PAGES
    ):  # a build with warnings is not published
        return
    out = Path(app.outdir)
    figures = {name: csv for one in records.figures(app.env).values() for name, csv in one.items()}
    assets.finish(out, assets.styles(app), set(STYLES))
    plain = {f"{name}.csv": csv for name, csv in figures.items()}
    excel = {
        f"{name}-excel.csv": f"\ufeff{csv}" for name, csv in figures.items()
    }  # by its mark Excel knows UTF-8
    _sync(out / "figures", {**plain, **excel})
    data = Path(app.srcdir) / "data"
    _sync(
        out / "data",
        {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted(data.iterdir())
            if path.suffix in (".csv", ".json")
        },
    )
    exports.write(app)
    downloads.finish(app)
    pyodide.write(app)
    pages = [*app.env.found_docs, *evidence.pages(app.env), "search", "genindex", "404"]
    known = {f"{name}.html" for name in pages}
    for path in out.rglob("*.html"):
        if str(path.relative_to(out)) not in known and not path.relative_to(out).parts[
            0
        ].startswith("_"):
            path.unlink()
    shutil.rmtree(out / "_sources", ignore_errors=True) if not app.config.html_copy_source else None


def _sync(folder: Path, files: dict[str, str]) -> None:
    """Make the folder hold just these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    execution.setup(app)
    records.setup(app)
    app.add_directive("downloads", downloads.Downloads)
    app.connect("config-inited", _assets)
    app.connect("source-read", _source_read)
    app.connect("doctree-read", _chapter_read)
    app.connect("doctree-read", exports.collect)
    app.connect("doctree-read", _facts)
    app.connect("doctree-read", _take)
    app.connect("env-updated", _updated)
    app.connect("html-page-context", _page, priority=900)
    app.connect(
        "build-finished", _finished, priority=900
    )  # other extensions still copy their styles
    for part in (
        plain_text,
        print_builders,
        structured_data,
        not_found,
        pyodide,
        search,
        report,
        evidence,
    ):
        part.setup(app)
    for name in STYLES:
        app.add_css_file(name)
    for name in ("figure.js", "spelling.js", "forest.js", "explorer.js", "quiz.js", "card.js"):
        app.add_js_file(name, loading_method="defer")
    return {
        "version": "1",
        "env_version": 3,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
