"""What a reader takes away opens, is whole, and runs where there is no clone."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from scripts import SITE

import cartbook
from cartbook.check import describe

TOP = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((SITE / "downloads").glob("*.ipynb"))


def test_every_chapter_with_cells_can_be_taken() -> None:
    wanted = {page.stem for page in (TOP / "chapters").glob("*.md") if "{code-cell}" in page.read_text(encoding="utf-8")}
    assert {path.stem for path in NOTEBOOKS} == wanted | {"index"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_plain_jupyter_with_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    words = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    assert not re.findall(r"{(?:eval|term|cite|ref)[^`]*}`|^:{3,}", words, re.MULTILINE)
    assert "pip install ./cartbook-" in book.cells[0].source
    kinds = {kind for cell in book.cells for output in cell.get("outputs", []) for kind in output.get("data", {})}
    assert "image/svg+xml" in kinds
    assert "application/vnd.vegalite.v5+json" in kinds
    assert not [kind for kind in kinds if "cartbook" in kind]


def test_sentences_carry_their_values() -> None:
    book = nbformat.read(SITE / "downloads" / "08-b-cell.ipynb", as_version=4)
    words = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    assert "between 10 of 22 and 17 of 20 treated patients" in words


def test_a_notebook_runs_from_the_archive_without_the_clone(tmp_path: Path) -> None:
    with zipfile.ZipFile(SITE / "downloads" / "car-t-in-numbers-notebooks.zip") as zipped:
        assert zipped.testzip() is None
        zipped.extractall(tmp_path / "taken")
    wheel = next((tmp_path / "taken").glob("cartbook-*.whl"))
    installed = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", str(installed), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    book = nbformat.read(tmp_path / "taken" / "08-b-cell.ipynb", as_version=4)
    book.cells.append(nbformat.v4.new_code_cell("import cartbook; print(cartbook.__file__)"))
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    environment.pop("CARTBOOK_TABLES", None)
    NotebookClient(book, timeout=300, kernel_name="python3").execute(cwd=str(tmp_path / "taken"), env=environment)
    assert str(installed) in book.cells[-1].outputs[0]["text"]


def test_the_database_holds_what_load_gives() -> None:
    with sqlite3.connect(SITE / "data" / "car-t-in-numbers.sqlite") as base:
        for table in describe(TOP / "data")["resources"]:
            ours = cartbook.load(table["name"])
            theirs = pd.read_sql_query(f'SELECT * FROM "{table["name"]}"', base)
            assert len(ours) == len(theirs)
            for field in table["schema"]["fields"]:
                name = field["name"]
                if field["type"] in ("integer", "number"):
                    assert ours[name].isna().tolist() == theirs[name].isna().tolist()
                    assert ours[name].dropna().astype(float).tolist() == theirs[name].dropna().astype(float).tolist()
                    assert theirs.loc[theirs[name].isna(), f"{name}_missing"].isin(["not reported", "not reached", "not applicable"]).all()
                else:
                    assert ours[name].tolist() == theirs[name].tolist()
