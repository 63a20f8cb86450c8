"""The benchmark compares what it says: same cells in the twin, and a report that keeps what was not measured again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.copies import TOP, grown_book, plain_twin, without_assertions

CELL = re.compile(r"^```{code-cell}.*?^```$", re.MULTILINE | re.DOTALL)


def test_the_twin_executes_the_same_cells(tmp_path: Path) -> None:
    twin = plain_twin(tmp_path / "twin")
    chapters = [
        path
        for path in (TOP / "chapters").glob("*.md")
        if "\n  minutes:" in path.read_text(encoding="utf-8")
    ]
    assert len(chapters) >= 20
    for chapter in chapters:
        ours, theirs = (
            CELL.findall(path.read_text(encoding="utf-8"))
            for path in (chapter, twin / "chapters" / chapter.name)
        )
        assert ours == theirs
    config = (twin / "_config.yml").read_text(encoding="utf-8")
    assert "cartbook" not in config.replace("exclude_patterns", "").split("execute:")[1]


def test_grown_book_multiplies_rows_and_drops_assertions_only(tmp_path: Path) -> None:
    counts = grown_book(tmp_path / "grown", 3)
    one = {
        name: sum(1 for _ in (TOP / "data" / f"{name}.csv").open(encoding="utf-8")) - 1
        for name in counts
    }
    assert counts == {name: 3 * rows for name, rows in one.items()}
    chapter = "```{code-cell} ipython3\n:tags: [remove-input]\nx = 1\nassert (\n    x == 2\n)\ny = x\n```\n"
    assert (
        without_assertions(chapter)
        == "```{code-cell} ipython3\n:tags: [remove-input]\nx = 1\ny = x\n```\n"
    )


def test_measuring_one_part_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results.json"
    results.write_text(benchmarks.RESULTS.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "docs").mkdir()
    again = json.loads(results.read_text(encoding="utf-8"))["build"]
    again["book"]["clean"]["seconds"] = 12.3
    for name, value in {"RESULTS": results, "TOP": tmp_path, "WORK": tmp_path / "work"}.items():
        monkeypatch.setattr(benchmarks, name, value)
    monkeypatch.setattr(benchmarks, "measure_build", lambda: again)
    benchmarks.main("build")
    written = (tmp_path / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert "| Clean build | 12.3 |" in written
    assert "## Growth" in written
    with pytest.raises(benchmarks.BenchmarkError, match="no such part: speed"):
        benchmarks.main("speed")
