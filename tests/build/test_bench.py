"""What make bench compares is what it says it compares."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts import TOP

from builders.bench.growth import grow_chapters, grow_data
from builders.bench.plain import make_plain
from builders.bench.report import report
from cartbook.check import check


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_made_up_rows_obey_every_rule_and_differ(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(TOP / "data", data)
    before = len(rows(data / "studies.csv")), len(rows(data / "outcomes.csv"))
    after = grow_data(data, 8)
    assert after == (8 * before[0], 8 * before[1])
    assert check(data) == []
    ours, made = (
        {(row["events"], row["denominator"]) for row in rows(folder / "outcomes.csv") if row["events"].isdigit()}
        for folder in (TOP / "data", data)
    )
    assert len(made) > 4 * len(ours)


def test_copied_chapters_have_ids_of_their_own(tmp_path: Path) -> None:
    for name in ("chapters", "_toc.yml"):
        (shutil.copytree if (TOP / name).is_dir() else shutil.copy)(TOP / name, tmp_path / name)
    count = grow_chapters(tmp_path, 2)
    texts = [path.read_text(encoding="utf-8") for path in sorted((tmp_path / "chapters").glob("*.md")) if "{code-cell}" in path.read_text()]
    assert len(texts) == count
    for pattern in (r'^    id="([a-z0-9-]+)"', r'^quiz\("([a-z0-9-]+)"', r"^:label: (\S+)$"):
        found = [one for text in texts for one in re.findall(pattern, text, re.MULTILINE)]
        assert found
        assert len(found) == len(set(found))
    listed = re.findall(r"file: (\S+)", (tmp_path / "_toc.yml").read_text(encoding="utf-8"))
    assert sum(name.endswith("-copy-2") for name in listed) * 2 == count


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_plain(TOP, tmp_path_factory.mktemp("twin") / "book")


def test_the_twin_has_the_same_cells_and_data(twin: Path) -> None:
    for path in sorted((TOP / "chapters").glob("*.md")):
        ours = re.findall(r"^```{code-cell}.*?^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        assert set(ours) <= set(
            re.findall(r"^```{code-cell}.*?^```", (twin / "chapters" / path.name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        )
    assert (twin / "data" / "outcomes.csv").read_bytes() == (TOP / "data" / "outcomes.csv").read_bytes()


def test_the_twin_has_nothing_of_the_extension(twin: Path) -> None:
    config = yaml.safe_load((twin / "_config.yml").read_text(encoding="utf-8"))
    assert config["sphinx"]["extra_extensions"] == ["sphinx_exercise"]
    assert "html_static_path" not in config["sphinx"]["config"]
    pages = "".join(path.read_text(encoding="utf-8") for path in (twin / "chapters").glob("*.md"))
    assert not re.search(r"{(glossary-table|data-dictionary|lesson-plans|evidence-explorer|downloads)}", pages)
    assert "return chart" in (twin / "cartbook" / "figures.py").read_text(encoding="utf-8")


def measured() -> dict[str, Any]:
    """Results as a run gives them, with round numbers."""
    machine = {"date": "2026-01-02", "processor": "a processor", "system": "a system", "load": "0.1"}
    run = {"seconds": 10.0, "peak": 100_000_000}
    builds = dict.fromkeys(("clean", "nothing", "chapter", "table"), run) | {"charts": 20, "pages": 2}
    load = {"requests": 30, "raw": 1_000_000, "gzip": 200_000, "outside": 0}
    times = {"middle": 400.0, "low": 300.0, "high": 500.0}
    page = {"before": load, "all": load, "times": {"seen": times, "live": times}}
    grown = {"studies": 420, "outcomes": 2100, "chapters": 19, "seconds": 60.0, "peak": 1, "charts": 20, "bytes": 1, "site": 1}
    grown |= {"largest": ["index.html", 1], "explorer bytes": {"raw": 1, "gzip": 1, "page": 1}}
    grown["explorer"] = dict.fromkeys(("first paint", "all rows", "filter", "word", "sort"), times)
    return {
        "build": {"book": builds, "plain": builds | {"clean": {"seconds": 5.0, "peak": 100_000_000}}, "machine": machine},
        "pages": {
            "book": {"pages": {"index.html": page}, "refused": []},
            "plain": {
                "pages": {"index.html": page | {"all": {**load, "raw": 4_000_000, "outside": 3}, "times": {"seen": times, "live": None}}},
                "refused": ["https://example.org/x.js"],
            },
            "packages": ["vega 6.4.0"],
            "visits": 5,
            "machine": machine,
        },
        "growth": dict.fromkeys(("rows-1", "rows-10", "chapters-5"), grown)
        | {"rows-100": {"studies": 1, "outcomes": 1, "chapters": 1, "broken": "a reason"}, "machine": machine},
    }


def test_the_report_has_ratios_machine_and_date_and_hides_nothing() -> None:
    text = report(measured(), ("index.html",))
    assert "| Clean build | 10.0 | 5.0 | 2.00 |" in text
    assert "| Clean build, a chart | 0.50 | 0.25 | 2.00 |" in text
    assert "1,000 / 4,000 = 0.25" in text
    assert "2026-01-02: a processor; a system; load 0.1" in text
    assert "refused were https://example.org/x.js" in text
    assert "400 (300–500) | never | –" in text
    assert "| a million pages | 200 | 200 | 1.00 |" in text
    assert "Broken: 100 × the rows: a reason" in text
    assert "10 × the rows: all within." in text
    slow = measured()
    slow["growth"]["rows-10"] = {**slow["growth"]["rows-10"], "largest": ["index.html", 6_000_000], "seconds": 601.0}
    assert "10 × the rows: beyond its limit is a clean build, 601 s; the largest page, 6.0 MB." in report(slow, ("index.html",))


def test_a_step_that_was_not_run_is_left_out() -> None:
    text = report({"pages": measured()["pages"]}, ("index.html",))
    assert "## Loading" in text
    assert "## Building" not in text
