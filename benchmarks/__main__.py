"""Measure the book beside its plain twin: ``python -m benchmarks [build] [pages] [growth]``.

Each part replaces its own entry in results.json; docs/benchmarks.md is written from all of them.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import date
from pathlib import Path
from typing import Any

import jinja2

from benchmarks.copies import TOP, copy_book, grown_book, plain_twin
from benchmarks.measure import BenchmarkError, first_chart, page_weight, profiles, run
from cartbook.serve import Quiet, serving

WORK = TOP / "_build" / "benchmarks"
RESULTS = Path(__file__).with_name("results.json")
BOOK = [sys.executable, "-m", "cartbook", "build"]
PLAIN = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
TYPICAL = [f"chapters/{name}.html" for name in ("08-b-cell", "10-myeloma", "13-toxicity")]


def touch(path: Path) -> None:
    """Advance a file's time by more than any file system's resolution."""
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10**10))


def pages(site: Path) -> dict[str, str]:
    """Return the pages that readers open, by name, with their text; redirects are left out."""
    found = [site / "index.html", *sorted((site / "chapters").glob("*.html"))]
    texts = {str(path.relative_to(site)): path.read_text(encoding="utf-8") for path in found}
    return {name: text for name, text in texts.items() if 'http-equiv="Refresh"' not in text}


def measure_build() -> dict[str, Any]:
    """Build both cleanly, then with nothing, one chapter and one table changed."""
    result: dict[str, Any] = {}
    for name, make, command in (("book", copy_book, BOOK), ("twin", plain_twin, PLAIN)):
        folder = make(WORK / name)
        timed = {"clean": run(folder, *command), "nothing": run(folder, *command)}
        touch(folder / "chapters" / "08-b-cell.md")
        timed["chapter"] = run(folder, *command)
        touch(folder / "data" / "outcomes.csv")
        # Jupyter Book does not notice a changed table: only a build of everything shows it.
        timed["table"] = run(folder, *command, *(["--all"] if name == "twin" else []))
        texts = "".join(pages(folder / "_build" / "html").values())
        charts = texts.count("data-chart=") + texts.count('<div id="altair-viz-')
        result[name] = {**timed, "charts": charts}
    return result


def measure_pages() -> dict[str, Any]:
    """Load every page of both sites, and time the first chart of typical ones."""
    result: dict[str, Any] = {}
    with profiles(WORK / "npm") as profile:
        for name in ("book", "twin"):
            site = WORK / name / "_build" / "html"
            # the book's policy would keep the twin from its CDN
            with serving(site, Quiet) as address:
                result[name] = {page: page_weight(profile, address, page) for page in pages(site)}
                for page in ["index.html", *TYPICAL]:
                    result[name][page] |= first_chart(profile, address, page)
    return result


def measure_growth() -> dict[str, Any]:
    """Build the book with 1, 10 and 100 times its studies and outcomes."""
    result: dict[str, Any] = {}
    for times in (1, 10, 100):
        folder = WORK / f"rows-{times}"
        result[f"{times}"] = {"rows": grown_book(folder, times), **run(folder, *BOOK)}
        texts = pages(folder / "_build" / "html")
        largest = max(texts, key=lambda page: len(texts[page]))
        result[f"{times}"] |= {"largest": largest, "bytes": len(texts[largest])}
    return result


def report(results: dict[str, Any]) -> str:
    """Return docs/benchmarks.md; a part that was never measured is left out."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, trim_blocks=True, keep_trailing_newline=True)
    return environment.get_template("report.md.jinja").render(results, typical=TYPICAL)


def main(*asked: str) -> None:
    """Measure the parts asked for (default: all, an hour on two cores) and write the report."""
    parts = {"build": measure_build, "pages": measure_pages, "growth": measure_growth}
    if unknown := set(asked) - set(parts):
        raise BenchmarkError(f"no such part: {', '.join(unknown)}; there are: {', '.join(parts)}")
    WORK.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    for name in asked or parts:
        load = f"{os.getloadavg()[0]:.1f}"
        measured = {"date": date.today().isoformat(), "machine": machine, "load": load}
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        results[name] = {"measured": measured, **parts[name]()}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = report(json.loads(RESULTS.read_text(encoding="utf-8")))
    (TOP / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BenchmarkError as error:
        sys.exit(f"error: {error}")
