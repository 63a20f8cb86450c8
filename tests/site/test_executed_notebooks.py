"""The executed notebooks have outputs, and a reader who runs them again gets the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from helpers import TOP

from cartbook.build import validated_tables
from cartbook.isolation import kernel_environment

EXECUTED = TOP / "_build" / "work" / "jupyter_execute" / "chapters"


def notebooks() -> list[Path]:
    """Those of the chapters that the book now has, with cells to run."""
    found = [
        EXECUTED / f"{page.stem}.ipynb"
        for page in sorted((TOP / "chapters").glob("*.md"))
        if "{code-cell}" in page.read_text(encoding="utf-8")
    ]
    assert found
    return found


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_keeps_its_outputs(path: Path) -> None:
    """nbval passes without a word on a notebook that has none."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.execution_count for cell in cells)
    shown = [output for cell in cells for output in cell.outputs]
    figures = [
        output
        for output in shown
        if "application/vnd.cartbook.figure+json" in output.get("data", {})
    ]
    assert len(figures) >= sum(
        "figure(" in cell.source for cell in cells
    ) > 0 or "figure(" not in "".join(cell.source for cell in cells)
    assert not [output for output in shown if output.output_type == "error"]


def test_running_them_again_gives_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "chapters"
    shutil.copytree(TOP / "chapters", folder)
    for path in notebooks():
        shutil.copy(path, folder)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        "-c",
        os.devnull,
        *(path.name for path in notebooks()),
    ]
    environment = kernel_environment(TOP, tmp_path / "settings") | {
        "CARTBOOK_VALIDATED": validated_tables()
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
