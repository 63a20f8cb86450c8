"""Where the book and its site lie, small books to build, and the book's scripts as modules."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree.ElementTree import Element

import html5lib

from cartbook.sphinxext.redirects import REDIRECTS

TOP = Path(__file__).resolve().parent.parent
SITE = TOP / "_build" / "html"
#: every page of the built site, by its name within it; all test modules share these, so they cannot be changed
PAGES = tuple(
    sorted(
        str(path.relative_to(SITE))
        for path in SITE.rglob("*.html")
        if not path.relative_to(SITE).parts[0].startswith("_")
    )
)
#: those that have the theme's layout; 404.html is shown at other addresses than its own (tests/browser/test_lost.py)
THEMED = tuple(
    page for page in PAGES if page != "404.html" and page.removesuffix(".html") not in REDIRECTS
)
WITH_CHARTS = tuple(
    page for page in PAGES if "data-chart=" in (SITE / page).read_text(encoding="utf-8")
)


@cache
def tree(page: str) -> Element:
    """A page of the built site, read as a browser would."""
    return html5lib.parse((SITE / page).read_text(encoding="utf-8"), namespaceHTMLElements=False)


def load_script(name: str, folder: str = "scripts") -> ModuleType:
    """A file of scripts/, or of another folder, as a module."""
    spec = importlib.util.spec_from_file_location(name, TOP / folder / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def small_book(folder: Path, *pages: str) -> Path:
    """A book with all machinery and data in a folder, whose contents are these pages (chapters/NAME); those that the book has are copied."""
    for name in ("cartbook", "scripts", "data", "chapters/drawings"):
        shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    kept = [f"chapters/{page}.md" for page in pages if (TOP / "chapters" / f"{page}.md").is_file()]
    for name in (
        "_config.yml",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "chapters/references.bib",
        *kept,
    ):
        shutil.copy(TOP / name, folder / name)
    (folder / "index.md").write_text("# A book\n", encoding="utf-8")
    validated = (
        Path("_build") / "work" / "validated"
    )  # a hash: data that the book's build has validated are not validated again
    if (TOP / validated).is_file():
        (folder / validated).parent.mkdir(parents=True)
        shutil.copy(TOP / validated, folder / validated)
    listed = "".join(f"- file: chapters/{page}\n" for page in pages)
    (folder / "_toc.yml").write_text(
        f"format: jb-book\nroot: index\nchapters:\n{listed}", encoding="utf-8"
    )
    return folder


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build a copy of the book."""
    there = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-m", "cartbook", "build"],
        cwd=folder,
        env=there,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def site_files(folder: Path) -> dict[str, bytes]:
    """Every file of the site that a build has put into a copy of the book."""
    site = folder / "_build" / "html"
    return {
        str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }


def until(page: Any, true: str, arg: Any = None, seconds: float = 30) -> None:
    """Wait until an expression of JavaScript is true in a page. (Playwright's own way evaluates text within the page, which the site's policy forbids.)"""
    for _ in range(int(seconds * 50)):
        if page.evaluate(true, arg):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never true in {seconds:g} s: {true}")
