"""``python -m builders.bench [--only build pages growth]``: measure this book beside its plain twin, on this machine.

The results go to docs/benchmarks.md, and what was measured to _build/bench/results.json; a step that is
not run keeps its last results.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from builders.bench.copies import TOP, BenchError, Run, build_book, build_plain, copy_book, run, touch
from builders.bench.growth import make_grown
from builders.bench.plain import make_plain
from builders.bench.report import report

HOME = TOP / "_build" / "bench"
OUT = TOP / "docs" / "benchmarks.md"
TYPICAL = ("index.html", "chapters/08-b-cell.html", "chapters/10-myeloma.html", "chapters/13-toxicity.html")
TOUCHED = {"chapter": "chapters/08-b-cell.md", "table": "data/outcomes.csv"}
CHART = re.compile(r'<figure class="cb-figure"|<div id="altair-viz-')
EXPLORER = "chapters/20-evidence-explorer.html"


def say(line: str) -> None:
    print(line, flush=True)


def machine() -> dict[str, str]:
    """Where and when this was measured."""
    names = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", names, re.MULTILINE)
    busy = f"{os.getloadavg()[0]:.1f}"
    memory = f"{psutil.virtual_memory().total / 2**30:.0f} GB"
    return {
        "date": date.today().isoformat(),
        "processor": f"{found[1] if found else platform.processor() or platform.machine()}, {os.cpu_count()} cores, {memory}",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load": busy,
    }


def pages_of(site: Path) -> list[str]:
    """The pages that a table of contents leads to."""
    return sorted(
        str(path.relative_to(site))
        for path in [site / "index.html", *(site / "chapters").glob("*.html")]
        if 'http-equiv="Refresh"' not in path.read_text(encoding="utf-8")
    )


def charts_of(site: Path) -> int:
    return sum(len(CHART.findall((site / name).read_text(encoding="utf-8"))) for name in pages_of(site))


def copies() -> dict[str, tuple[Path, Callable[[Path], Run]]]:
    return {"book": (HOME / "book", build_book), "plain": (HOME / "plain", build_plain)}


def step_build() -> dict[str, Any]:
    """Both, cleanly; then again with nothing, a chapter and a table changed."""
    copy_book(TOP, HOME / "book")
    make_plain(TOP, HOME / "plain")
    result: dict[str, Any] = {}
    for name, (folder, build) in copies().items():
        runs = {"clean": build(folder)}
        say(f"{name}: clean build {runs['clean'].seconds:.0f} s")
        runs["nothing"] = build(folder)
        for what, path in TOUCHED.items():
            touch(folder / path)
            # Jupyter Book does not notice a changed table: only a build of everything shows it
            runs[what] = build_plain(folder, "--all") if name == "plain" and what == "table" else build(folder)
            say(f"{name}: {what} touched, {runs[what].seconds:.0f} s")
        result[name] = {what: {"seconds": one.seconds, "peak": one.peak} for what, one in runs.items()}
        result[name]["charts"] = charts_of(folder / "_build" / "html")
        result[name]["pages"] = len(pages_of(folder / "_build" / "html"))
    return result


def built(folder: Path) -> Path:
    site = folder / "_build" / "html"
    if not (site / "index.html").is_file():
        raise BenchError(f"there is no site in {site}: run the step build first")
    return site


def step_pages(visits: int) -> dict[str, Any]:
    """What a browser loads of every page, and when the first chart of a typical one is there."""
    from playwright.sync_api import sync_playwright

    from builders.bench.cdn import Packages
    from builders.bench.pages import Eye, served
    from builders.browser import find

    packages = Packages(HOME / "npm")
    result: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = find(playwright)
        for name, (folder, _) in copies().items():
            site = built(folder)
            seen: dict[str, Any] = {}
            refused: set[str] = set()
            with served(site) as address:
                eye = Eye(browser, address, packages)
                for page in pages_of(site):
                    before, after = eye.weigh(page)
                    refused |= after.refused
                    numbers = ("requests", "raw", "gzip", "outside")
                    seen[page] = {key: {n: getattr(one, n) for n in numbers} for key, one in (("before", before), ("all", after))}
                    if page in TYPICAL:
                        seen[page]["times"] = {key: one and asdict(one) for key, one in eye.times(page, visits).items()}
                    say(f"{name}: {page}")
            result[name] = {"pages": seen, "refused": sorted(refused)}
        browser.close()
    return result | {"packages": sorted(packages.used), "visits": visits}


#: name of the copy: how many times the rows, and how many times the chapters
SIZES = {"rows-10": (10, 1), "rows-100": (100, 1), "chapters-5": (1, 5)}


def step_growth(visits: int) -> dict[str, Any]:
    """The book with more rows and with more chapters: build, bytes, and the explorer where it has most to do."""
    from playwright.sync_api import Error, sync_playwright

    from builders.bench.cdn import Packages
    from builders.bench.pages import Eye, served
    from builders.browser import find

    result: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = find(playwright)
        for name, (rows, chapters) in {"rows-1": (1, 1), **SIZES}.items():
            folder = HOME / name
            studies, outcomes, count = make_grown(TOP, folder, data=rows, chapters=chapters)
            one: dict[str, Any] = {"studies": studies, "outcomes": outcomes, "chapters": count}
            try:
                # without assertions: they hold the prose to today's rows, and made-up rows make it untrue
                build = run(folder, sys.executable, "builders/book.py", PYTHONOPTIMIZE="1")
                one |= {"seconds": build.seconds, "peak": build.peak}
                site = folder / "_build" / "html"
                sizes = {page: (site / page).stat().st_size for page in pages_of(site)}
                largest = max(sizes, key=lambda page: sizes[page])
                one |= {"charts": charts_of(site), "bytes": sum(sizes.values()), "largest": [largest, sizes[largest]]}
                one["site"] = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
                if chapters == 1:
                    with served(site) as address:
                        eye = Eye(browser, address, Packages(HOME / "npm"))
                        _, load = eye.weigh(EXPLORER)
                        one["explorer"] = {key: asdict(spread) for key, spread in eye.explorer(EXPLORER, visits).items()}
                        one["explorer bytes"] = {"raw": load.raw, "gzip": load.gzip, "page": sizes[EXPLORER]}
            except (BenchError, Error) as error:
                one["broken"] = str(error).splitlines()[0]
            say(f"{name}: {one.get('broken') or format(one['seconds'], '.0f') + ' s'}")
            result[name] = one
        browser.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m builders.bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--only",
        nargs="*",
        choices=("build", "pages", "growth"),
        default=["build", "pages", "growth"],
        help="steps to run; none writes the last results anew",
    )
    parser.add_argument("--visits", type=int, default=5, help="how often a page is opened for its times (default: 5)")
    asked = parser.parse_args()
    if asked.visits < 1:
        parser.error("--visits is at least 1")
    HOME.mkdir(parents=True, exist_ok=True)
    kept = HOME / "results.json"
    results: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "build": step_build,
        "pages": lambda: step_pages(asked.visits),
        "growth": lambda: step_growth(asked.visits),
    }
    for name in asked.only:
        where = machine()
        results[name] = steps[name]() | {"machine": where}
        new = kept.with_suffix(".new")
        new.write_text(json.dumps(results, indent=1), encoding="utf-8")
        new.replace(kept)
    OUT.parent.mkdir(exist_ok=True)
    new = OUT.with_suffix(".new")
    new.write_text(report(results, TYPICAL), encoding="utf-8")
    new.replace(OUT)
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted; docs/benchmarks.md is as it was")
