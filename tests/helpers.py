"""Paths, pages, tables, small books to build, and waits in a browser: what tests of several folders use."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import vl_convert
from playwright.sync_api import Locator, Page

from cartbook.datapackage import Table, read_table
from cartbook.figures import compile_spec, specification
from cartbook.sphinxext.redirects import REDIRECTS

TOP = Path(__file__).resolve().parent.parent
SITE = TOP / "_build" / "html"
#: the pages with entries that stand for all of them, which come from one template
ENTRIES = ("evidence/locke2022.html", "evidence/registered-trials.html")
#: every page of the built site, by its name within it; all test modules share these, so they cannot be changed
PAGES = tuple(
    sorted(
        name
        for path in SITE.rglob("*.html")
        if not (name := str(path.relative_to(SITE))).startswith(("_", "evidence/"))
        or name in ENTRIES
    )
)
#: those that have the theme's layout; 404.html is shown at other addresses than its own (tests/browser/test_404.py),
#: and the page of one chart has no frame around it
THEMED = tuple(
    page
    for page in PAGES
    if page != "404.html"
    and not page.startswith("figures/")
    and page.removesuffix(".html") not in REDIRECTS
)
WITH_CHARTS = tuple(
    page for page in THEMED if "data-chart=" in (SITE / page).read_text(encoding="utf-8")
)


@cache
def tree(page: str) -> Element:
    """A page of the built site, read as a browser would."""
    return html5lib.parse((SITE / page).read_text(encoding="utf-8"), namespaceHTMLElements=False)


HEADER = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
book:
  title: {title}
  description: A chapter made for a test, named {title}.
  data: [{data}]
---

# {title}
"""


def chapter(title: str, *cells: str, data: str = "products.csv", end: str = "") -> str:
    """A chapter of these code cells, then a text."""
    parts = [HEADER.format(title=title, data=data)]
    parts += [f"```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells]
    return "\n".join([*parts, end])


def small_book(folder: Path, *pages: str, texts: Mapping[str, str] = MappingProxyType({})) -> Path:
    """A book in a folder with the machinery and data of this one, of these pages (chapters/NAME) of it and of new ones."""
    # what the book's build has compiled and bundled is not made again
    for name in (
        "cartbook",
        "scripts",
        "data",
        "chapters/drawings",
        "_build/work/doctrees/bundles",
    ):
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, folder / name)
    kept = [f"chapters/{page}.md" for page in pages if (TOP / "chapters" / f"{page}.md").is_file()]
    validated = (
        "_build/work/validated"  # data that the book's build has validated are not validated again
    )
    (folder / validated).parent.mkdir(parents=True, exist_ok=True)
    for name in (
        "_config.yml",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CITATION.cff",
        "chapters/references.bib",
        validated,
        *kept,
    ):
        if (TOP / name).is_file():
            shutil.copy(TOP / name, folder / name)
    (folder / "index.md").write_text("# A book\n", encoding="utf-8")
    for name, text in texts.items():
        (folder / "chapters" / f"{name}.md").write_text(text, encoding="utf-8")
    listed = "".join(f"- file: chapters/{page}\n" for page in dict.fromkeys([*pages, *texts]))
    (folder / "_toc.yml").write_text(
        f"format: jb-book\nroot: index\nchapters:\n{listed}", encoding="utf-8"
    )
    return folder


def run(
    *command: str | Path, folder: Path = TOP, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it said."""
    there = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=folder, env=there, capture_output=True, text=True, check=False, timeout=600
    )


#: python -I -m cartbook, as the Makefile has it, with the package of a copy of the book
ISOLATED = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('cartbook', run_name='__main__')"


def build(
    folder: Path, fails: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Build a copy of the book; it must succeed, or fail without a traceback of its own."""
    command = (sys.executable, "-I", "-c", ISOLATED, folder, "build")
    done = run(*command, folder=folder, **environment)
    assert (done.returncode != 0) == fails, done.stderr[-3000:]
    return done


def site_files(folder: Path) -> dict[str, bytes]:
    """Every file of the site that a build has put into a copy of the book."""
    site = folder / "_build" / "html"
    return {
        str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }


def until(page: Page, true: str, arg: Any = None, seconds: float = 30) -> None:
    """Wait until an expression of JavaScript is true in a page. (Playwright's own way evaluates text within the page, which the site's policy forbids.)"""
    for _ in range(int(seconds * 50)):
        if page.evaluate(true, arg):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never true in {seconds:g} s: {true}")


def opened(page: Page, name: str) -> Locator:
    """Open the tree of a figure by the keyboard; return the figure."""
    page.mouse.move(5, 5)
    figure = page.locator(f"figure[data-chart='{name}']")
    figure.locator(".cb-explore > summary").focus()
    page.keyboard.press("Enter")
    figure.locator("[role=treeitem]:focus").wait_for()
    return figure


DATA = TOP / "data"


@cache
def package() -> dict[str, Any]:
    return json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))


@cache
def all_tables() -> dict[str, Table]:
    return {resource["name"]: read_table(DATA, resource) for resource in package()["resources"]}


def changed(table: Table, row: int, /, **cells: str) -> Table:
    """A table with other cells in one row; the header is row 1."""
    columns = table[0]
    new = [list(one) if place == row - 1 else one for place, one in enumerate(table)]
    for column, cell in cells.items():
        new[row - 1][columns.index(column)] = cell
    return new


def row_of(table: Table, **cells: str) -> int:
    """The number of the first row with these cells."""
    places = {table[0].index(column): cell for column, cell in cells.items()}
    return next(
        row
        for row, one in enumerate(table, start=1)
        if all(one[place] == cell for place, cell in places.items())
    )


def to_bytes(table: Table) -> bytes:
    """A table as the bytes of its file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode("utf-8", "surrogatepass")


def touch(path: Path) -> None:
    """Change a file's time to one that no clock calls equal."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, max(stat.st_mtime_ns, time.time_ns()) + 2_000_000_000))


def start(folder: Path) -> subprocess.Popen[str]:
    """A build in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "cartbook", "build"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def scroll(page: Page) -> None:
    """Come to every chart, as a reader does, and wait until it is live; a minute a chart at most."""
    page.mouse.move(5, 5)
    for figure in page.locator("figure[data-chart]").all():
        figure.evaluate("one => one.scrollIntoView({ behavior: 'instant' })")
        figure.locator(".cb-is-live").wait_for(state="attached", timeout=60_000)


def chart_words(chart: Any, **settings: Any) -> list[str]:
    """Return the texts of a chart after its controls have been set."""
    spec = specification(chart)
    assert set(settings) <= {one["name"] for one in spec.get("params", [])}
    for one in spec.get("params", []):
        if one["name"] in settings:
            one["value"] = settings[one["name"]]
    vega = compile_spec({**spec, "width": 600})
    drawn = vl_convert.vega_to_svg(json.dumps(vega))
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)</(?:text|tspan)>", drawn)
