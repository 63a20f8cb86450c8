"""Each executed notebook gives the outputs that it shows when a reader runs it again (nbval)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from helpers import TOP, run
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from cartbook.build import validated_tables
from cartbook.isolation import kernel_environment

EXECUTED = TOP / "_build" / "work" / "jupyter_execute" / "chapters"


def test_running_the_notebooks_again_gives_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "chapters"
    shutil.copytree(TOP / "chapters", folder)
    names = [
        f"{page.stem}.ipynb"
        for page in sorted((TOP / "chapters").glob("*.md"))
        if "{code-cell}" in page.read_text(encoding="utf-8")
    ]
    for name in names:
        shutil.copy(EXECUTED / name, folder)
    nbval = (sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider")
    where = ("--rootdir", str(tmp_path), "-c", os.devnull)
    environment = kernel_environment(TOP, tmp_path / "settings")
    environment["CARTBOOK_VALIDATED"] = validated_tables()
    done = run(*nbval, *where, *names, folder=folder, **environment)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout


def test_what_a_cell_prints_is_one_output_however_slowly(tmp_path: Path) -> None:
    cell = new_code_cell("import time\nprint(1)\ntime.sleep(0.5)\nprint(2)")
    book = new_notebook(cells=[cell])
    NotebookClient(book, timeout=60, kernel_name="python3").execute(
        env=kernel_environment(TOP, tmp_path)
    )
    assert [output.text for output in book.cells[0].outputs] == ["1\n2\n"]
