"""What a browser loads of a page, and when its first chart is there: pages of a built site, seen by Chromium."""

from __future__ import annotations

import functools
import gzip
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, Response, Route

from builders.bench.cdn import Packages

SLOWDOWN = 4  # times: a processor of a quarter the speed
PATIENCE = 60_000  # ms until something that does not come is given up
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
#: goes to the first chart as soon as it is in the page, and notes when it has a picture and when it is live
CLOCK = """(() => {
  const times = window.benchTimes = {}, wide = e => e.getBoundingClientRect().width > 40;
  const inked = canvas => { try {
    return new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer).some((p, i, all) => p !== all[0]);
  } catch { return true; } };
  const look = () => {
    const chart = document.querySelector('figure[data-chart], [id^="altair-viz"], .vega-embed');
    if (chart) {
      if (!times.found) { times.found = performance.now(); chart.scrollIntoView({behavior: 'instant', block: 'center'}); }
      const drawn = [...chart.querySelectorAll('svg, canvas')].filter(one => wide(one) && one.checkVisibility());
      if (!times.seen && drawn.some(one => one.matches('canvas') ? inked(one) : one.querySelector('path, text'))) times.seen = performance.now();
      const live = chart.matches('figure') ? chart.querySelector('.cb-is-live') : times.seen;
      if (live) { times.live = performance.now(); return; }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();"""
SCROLL = """async () => {
  const step = innerHeight * 0.8;
  for (let y = 0; y < document.documentElement.scrollHeight; y += step) {
    scrollTo({top: y, behavior: 'instant'});
    await new Promise(done => setTimeout(done, 60));
  }
}"""


def _until(page: Page, true: str, touching: bool = False) -> None:
    """Wait until an expression is true, :data:`PATIENCE` at most, with a reader's hand on the page if asked.

    (Playwright's own way to wait compiles text in the page, which the book's policy forbids.)
    """
    for turn in range(PATIENCE // 50):
        if touching:
            page.mouse.move(1 + turn % 2, 1)
        with suppress(Error):  # the page is on its way to its address
            if page.evaluate(true):
                return
        page.wait_for_timeout(50)


@dataclass
class Load:
    """What one visit brought: how many requests, and bytes as they are and as gzip -9 makes them."""

    requests: int = 0
    raw: int = 0
    gzip: int = 0
    outside: int = 0
    refused: set[str] = field(default_factory=set)

    def add(self, body: bytes, outside: bool) -> None:
        self.requests += 1
        self.raw += len(body)
        self.gzip += min(len(body), len(gzip.compress(body, 9, mtime=0)))
        self.outside += outside


@dataclass(frozen=True)
class Spread:
    """The middle of some values, with the lowest and the highest."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser may leave before all has come."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


class Eye:
    """A browser that sees one site; what the pages ask of CDNs comes from packages."""

    def __init__(self, browser: Browser, address: str, packages: Packages) -> None:
        self.browser, self.address, self.packages = browser, address, packages

    @contextmanager
    def page(self, size: dict[str, int], load: Load) -> Iterator[Page]:
        """A page in a context of its own, so that nothing is in its cache."""
        context = self.browser.new_context(viewport={"width": size["width"], "height": size["height"]}, reduced_motion="reduce")

        def outside(route: Route) -> None:
            url = route.request.url
            if url.startswith((self.address, "data:", "blob:")):
                return route.continue_()
            path = self.packages.answer(url)
            if path is None:
                load.refused.add(url.split("?")[0])
                return route.abort()
            kind = {".css": "text/css", ".woff2": "font/woff2", ".woff": "font/woff"}.get(path.suffix, "text/javascript")
            return route.fulfill(body=path.read_bytes(), content_type=kind, headers={"Access-Control-Allow-Origin": "*"})

        context.route("**/*", outside)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        try:
            yield page
        finally:
            context.close()

    def weigh(self, name: str) -> tuple[Load, Load]:
        """What a page loads before a reader does anything, and what when all of it has been scrolled through."""
        load, seen = Load(), []

        def came(response: Response) -> None:
            if not response.url.startswith(("data:", "blob:")):
                seen.append(response)

        with self.page(DESK, load) as page:
            page.on("response", came)
            page.goto(self.address + name, wait_until="networkidle")
            before = self._sum(seen, load)
            page.evaluate(SCROLL)
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(700)
            return before, self._sum(seen, load)

    def _sum(self, seen: list[Response], load: Load) -> Load:
        total = Load(refused=set(load.refused))
        for response in list(seen):
            try:
                body = response.body() if response.status < 300 else b""
            except Error:
                body = b""
            total.add(body, not response.url.startswith(self.address))
        return total

    def times(self, name: str, visits: int) -> dict[str, Spread | None]:
        """Until the first chart has a picture and until it is live: ms at a quarter of the processor, on a phone's screen."""
        found: dict[str, list[float]] = {"seen": [], "live": []}
        for _ in range(visits):
            with self.page(PHONE, Load()) as page:
                page.add_init_script(CLOCK)
                page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
                page.goto(self.address + name, wait_until="commit")
                _until(page, "!!window.benchTimes?.live", touching=True)  # what did not come is told by its absence
                measured: dict[str, Any] = page.evaluate("window.benchTimes || {}")
            for key, values in found.items():
                if key in measured:
                    values.append(float(measured[key]))
        return {key: Spread.of(values) if len(values) == visits else None for key, values in found.items()}

    def explorer(self, name: str, visits: int) -> dict[str, Spread]:
        """The evidence explorer at a quarter of the processor: first paint, all rows there, one filter, one word: ms."""
        found: dict[str, list[float]] = {"first paint": [], "all rows": [], "filter": [], "word": [], "sort": []}
        act = """([name, value]) => new Promise(done => {
          const began = performance.now(), field = document.querySelector(name);
          if (value === null) field.click(); else { field.value = value; field.dispatchEvent(new Event('input', {bubbles: true})); }
          requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
        })"""
        for _ in range(visits):
            with self.page(PHONE, Load()) as page:
                page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
                page.goto(self.address + name, wait_until="load")
                _until(page, "!!document.querySelector('.cb-said')?.textContent && !document.querySelector('.cb-rest')")
                found["all rows"].append(float(page.evaluate("performance.now()")))
                paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()"
                found["first paint"].append(float(page.evaluate(paint)))
                option = "[...document.querySelector('select[name=endpoint]').options].find(one => one.value.startsWith('complete')).value"
                found["filter"].append(float(page.evaluate(act, ["select[name=endpoint]", page.evaluate(option)])))
                page.evaluate(act, ["select[name=endpoint]", ""])
                found["word"].append(float(page.evaluate(act, ["input[name=words]", "zuma"])))
                page.evaluate(act, ["input[name=words]", ""])
                found["sort"].append(float(page.evaluate(act, ["th[data-sort=endpoint] button", None])))
        return {key: Spread.of(values) for key, values in found.items()}
