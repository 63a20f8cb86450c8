"""JupyterLab opens every page as a notebook, and saving it loses nothing."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers import TOP

from cartbook.sphinxext.metadata import front_matter

PAGES = ["index.md", *(f"chapters/{path.name}" for path in sorted((TOP / "chapters").glob("*.md")))]
NOTEBOOKS = [page for page in PAGES if "{code-cell}" in (TOP / page).read_text(encoding="utf-8")]
#: What Jupytext writes back of a chapter's front matter, and what it leaves out of its cells. Each chapter names both: in a configuration
#: file they would be out of reach in other folders, and would add a header to Markdown that is no notebook.
FILTER = "all,-language_info,-toc,-widgets,-jupytext.text_representation.jupytext_version"
CELL_FILTER = "-user_expressions,-execution,-ExecuteTime"


def body(text: str) -> str:
    return re.sub(r"\A---\n.*?^---\n", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A copy of the pages."""
    for page in PAGES:
        (tmp_path / page).parent.mkdir(exist_ok=True)
        shutil.copy(TOP / page, tmp_path / page)
    return tmp_path


def wait(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own: Playwright leaves a loop running in the main one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


class Lab:
    """JupyterLab's way to files: the contents manager that Jupytext puts into its server."""

    def __init__(self, folder: Path) -> None:
        from jupytext.async_contentsmanager import AsyncTextFileContentsManager

        self.contents = AsyncTextFileContentsManager(root_dir=str(folder))

    def open(self, page: str) -> Any:
        model = wait(self.contents.get(page, type="notebook"))
        return json.loads(json.dumps(model["content"]))  # over the wire

    def save(self, content: Any, page: str) -> None:
        wait(self.contents.save({"type": "notebook", "format": "json", "content": content}, page))

    def rename(self, page: str, to: str) -> None:
        wait(self.contents.rename_file(page, to))


def use(content: Any) -> Any:
    """What JupyterLab adds to a notebook whose cells have run."""
    content["metadata"]["language_info"] = {
        "name": "python",
        "version": "3.12.1",
        "pygments_lexer": "ipython3",
    }
    if "kernelspec" in content["metadata"]:
        content["metadata"]["kernelspec"] = {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        }
    content["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    for cell in content["cells"]:
        cell["metadata"] |= {
            "trusted": True,
            "execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"},
        }
        if cell["cell_type"] == "markdown":  # jupyterlab-myst puts the values of {eval} here
            cell["metadata"]["user_expressions"] = [
                {"expression": "n", "result": {"status": "ok", "data": {"text/plain": "7"}}}
            ]
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "seven\n"}]
            cell["metadata"] |= {"collapsed": False, "scrolled": True}
    return content


def assert_same(saved: Path, page: str) -> None:
    before, after = (TOP / page).read_text(encoding="utf-8"), saved.read_text(encoding="utf-8")
    assert front_matter(after) == front_matter(before)
    assert body(after) == body(before)


@pytest.mark.parametrize("page", PAGES)
def test_saving_a_page_loses_nothing(book: Path, page: str) -> None:
    lab = Lab(book)
    lab.save(use(lab.open(page)), page)
    assert_same(book / page, page)
    once = (book / page).read_bytes()
    lab.save(use(lab.open(page)), page)
    assert (book / page).read_bytes() == once, "only the first save rewraps the front matter"


def test_a_page_that_is_renamed_or_saved_under_another_name_loses_nothing(book: Path) -> None:
    page = "chapters/03-two-countries.md"
    lab = Lab(book)
    content = lab.open(page)
    lab.save(use(content), "chapters/copy.md")
    lab.rename(page, "chapters/mine.md")
    lab.save(use(content), "chapters/mine.md")
    assert not (book / page).exists()
    assert_same(book / "chapters" / "copy.md", page)
    assert_same(book / "chapters" / "mine.md", page)


def test_keys_of_other_programs_survive(book: Path) -> None:
    """Front matter that Jupytext does not know, and a cell's options."""
    header = f"jupytext:\n  notebook_metadata_filter: {FILTER}\n  text_representation: {{extension: .md, format_name: myst}}\n"
    header += "html_meta: {keywords: cells}\nmystnb: {execution_timeout: 9}\nbook: {title: New}"
    cell = "```{code-cell} ipython3\n---\nmystnb:\n  code_prompt_show: Show\ntags: [hide-input]\n---\nseven = 7\n```\n"
    (book / "chapters" / "new.md").write_text(
        f"---\n{header}\n---\n\n# New\n\n{cell}", encoding="utf-8"
    )
    lab = Lab(book)
    lab.save(use(lab.open("chapters/new.md")), "chapters/new.md")
    saved = (book / "chapters" / "new.md").read_text(encoding="utf-8")
    kept = front_matter(saved)
    assert (kept["html_meta"], kept["mystnb"], kept["book"]) == (
        {"keywords": "cells"},
        {"execution_timeout": 9},
        {"title": "New"},
    )
    assert cell in saved


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_notebook_names_its_kernel_and_keeps_its_front_matter_anywhere(page: str) -> None:
    header = front_matter((TOP / page).read_text(encoding="utf-8"))
    assert header["jupytext"]["notebook_metadata_filter"] == FILTER
    assert header["jupytext"]["cell_metadata_filter"] == CELL_FILTER
    assert header["kernelspec"] == {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
