"""The executed notebooks have outputs, their figures among them, and no error."""

from __future__ import annotations

import nbformat
import pytest
from helpers import TOP

PAGES = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((TOP / "chapters").glob("*.md"))
}


@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if "{code-cell}" in text])
def test_a_notebook_has_its_outputs(name):
    path = TOP / "_build" / "work" / "jupyter_execute" / "chapters" / f"{name}.ipynb"
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.execution_count for cell in cells)
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    figures = ["application/vnd.cartbook.figure+json" in one.get("data", {}) for one in outputs]
    assert any(figures) or not any("figure(" in cell.source for cell in cells)
