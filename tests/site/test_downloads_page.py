"""The page of downloads lists every file that can be taken, with the size that it has."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from helpers import TOP

from cartbook.sphinxext.downloads import PRINTED, size

ITEM = re.compile(
    r'<li><a href="([^"]+)" download(?:="")?>([^<]+)</a>: ([^<]+) \(<span>([^<]*)</span>\)</li>'
)


def items(site: Path) -> dict[Path, tuple[str, str, str]]:
    page = site / "chapters" / "downloads.html"
    found = ITEM.findall(page.read_text(encoding="utf-8"))
    assert found
    return {
        (page.parent / href).resolve(): (unescape(title), use, told)
        for href, title, use, told in found
    }


def test_every_download_is_there_with_its_size(site: Path) -> None:
    for path, (title, use, told) in items(site).items():
        assert path.is_file()
        assert told == size(path)
        assert title.strip()
        assert len(use) > 4


def test_every_file_that_can_be_taken_is_listed(site: Path) -> None:
    listed = set(items(site))
    there = {
        path.resolve()
        for folder in ("downloads", "data")
        for path in (site / folder).iterdir()
        if path.suffix != ".whl"
    }
    assert there == listed  # the package goes in the archive of notebooks


def test_notebooks_are_named_as_in_the_contents(site: Path) -> None:
    toc = (TOP / "_toc.yml").read_text(encoding="utf-8")
    titles = dict(re.findall(r'file: chapters/(\S+)\n\s+title: "([^"]+)"', toc))
    named = {
        path.stem: title for path, (title, _, _) in items(site).items() if path.suffix == ".ipynb"
    }
    assert {name: named[name] for name in titles} == titles


def test_bound_books_are_offered_only_where_they_are(site: Path) -> None:
    listed = {path.name for path in items(site)} & set(PRINTED)
    assert listed == {name for name in PRINTED if (site / "downloads" / name).is_file()}
