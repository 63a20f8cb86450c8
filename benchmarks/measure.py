"""Clocks: a build with its peak memory, and pages as a browser loads them."""

from __future__ import annotations

import gzip
import json
import os
import re
import statistics
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from playwright.sync_api import BrowserContext, Error, Response, Route, sync_playwright

from cartbook.export import chromium

VISITS = 5
CPU_SLOWDOWN = 4
CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/((?:@[\w.-]+/)?[\w.-]+)@([\w.^~-]+)(/[^?#]*)?")
#: notes when the first chart of the page has a picture, and when it is live
FIRST_CHART = """(() => {
  const times = (window.firstChart = {});
  const look = () => {
    const chart = document.querySelector('figure[data-chart], [id^="altair-viz"], .vega-embed');
    if (chart && !times.found) {
      times.found = performance.now();
      chart.scrollIntoView({ behavior: "instant", block: "center" });
    }
    const drawn = [...(chart?.querySelectorAll("svg, canvas") ?? [])];
    if (drawn.some(one => one.getBoundingClientRect().width > 40 && one.checkVisibility())) {
      times.seen ??= performance.now();
      const live = !chart.matches("figure") || chart.querySelector(".cb-is-live");
      if (live) return (times.live = performance.now());
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();"""
SCROLL = """async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight * 0.8) {
    scrollTo({ top: y, behavior: "instant" });
    await new Promise(done => setTimeout(done, 60));
  }
}"""
Profile = Callable[[int], BrowserContext]


class BenchmarkError(RuntimeError):
    """A build failed, or something that a measurement needs is missing."""


def _memory(process: psutil.Process) -> int:
    """Return the bytes that a process and its children hold; shared pages count once (Linux)."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):
            held = one.memory_full_info()
            total += int(getattr(held, "pss", held.uss))
    return total


def run(folder: Path, *command: str) -> dict[str, float]:
    """Run a command in a copy of the book, with its own package; return seconds and peak bytes."""
    log, peak, started = folder.with_suffix(".log"), 0, time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    with log.open("w", encoding="utf-8") as output:
        process = psutil.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, _memory(process))
            time.sleep(0.1)
    if process.returncode:
        raise BenchmarkError(f"{' '.join(command)} failed in {folder}; see {log}")
    return {"seconds": time.perf_counter() - started, "peak": peak}


def cdn_file(url: str, cache: Path) -> Path | None:
    """Return the file that the CDN would give, from its npm package; None if it has none."""
    found = CDN.match(url)
    if not found:
        return None
    home = cache / f"{found[1].replace('/', '+')}@{found[2]}"
    if not home.is_dir():
        home.mkdir(parents=True)
        command = ["npm", "pack", "--silent", f"{found[1]}@{found[2]}"]
        packed = subprocess.run(command, cwd=home, check=True, capture_output=True, text=True)
        with tarfile.open(home / packed.stdout.strip()) as archive:
            archive.extractall(home, filter="data")
    about = json.loads((home / "package" / "package.json").read_text(encoding="utf-8"))
    main = (found[3] or "").lstrip("/") or about.get("jsdelivr") or about["main"]
    path: Path = home / "package" / main
    return path if path.is_file() else None


@contextmanager
def profiles(cache: Path) -> Iterator[Profile]:
    """Start Chromium; yield a way to an empty profile of a width. npm packages answer for the CDN."""

    def answer(route: Route) -> None:
        if route.request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            return route.continue_()
        file = cdn_file(route.request.url, cache)
        allowed = {"Access-Control-Allow-Origin": "*"}
        return route.fulfill(path=file, headers=allowed) if file else route.abort()

    def profile(width: int) -> BrowserContext:
        context = browser.new_context(viewport={"width": width, "height": 900})
        context.route("**/*", answer)
        return context

    with sync_playwright() as playwright:
        browser = chromium.find(playwright)
        yield profile
        browser.close()


def _weight(responses: list[Response], address: str) -> dict[str, int]:
    total = {"requests": 0, "gzip": 0, "outside": 0}
    for response in responses:
        with suppress(Error):
            body = response.body() if response.status < 300 else b""
            total["requests"] += 1
            total["gzip"] += min(len(body), len(gzip.compress(body, 9)))
            total["outside"] += not response.url.startswith(address)
    return total


def page_weight(profile: Profile, address: str, name: str) -> dict[str, dict[str, int]]:
    """Return requests and gzipped bytes of a page before interaction and after scrolling."""
    seen: list[Response] = []
    with profile(1280) as context:
        page = context.new_page()
        page.on("response", lambda one: seen.append(one))
        page.goto(address + name, wait_until="networkidle")
        before = _weight(list(seen), address)
        page.evaluate(SCROLL)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(700)
        return {"before": before, "all": _weight(list(seen), address)}


def first_chart(profile: Profile, address: str, name: str) -> dict[str, list[float]]:
    """Return median, lowest and highest ms until the first chart is seen and live on a phone."""
    visits: list[dict[str, float]] = []
    while len(visits) < VISITS:
        with profile(390) as context:
            page = context.new_page()
            page.add_init_script(FIRST_CHART)
            session = context.new_cdp_session(page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
            page.goto(address + name, wait_until="commit")
            times: dict[str, float] = {}
            deadline = time.monotonic() + 30
            while "live" not in times and time.monotonic() < deadline:
                page.mouse.move(len(times), 1)  # charts come alive at a reader's first action
                page.wait_for_timeout(50)
                with suppress(Error):  # the page is still on its way
                    times = page.evaluate("window.firstChart || {}")
            if "live" not in times:
                raise BenchmarkError(f"{name}: the first chart was not live after 30 s")
            visits.append(times)
    spread = {key: sorted(one[key] for one in visits) for key in ("seen", "live")}
    return {key: [statistics.median(ms), ms[0], ms[-1]] for key, ms in spread.items()}
