"""Open every page of the built site in Firefox: charts come alive, nothing is refused, nothing fails.

    .venv/bin/python scripts/firefox_smoke.py [page ...]

It needs Firefox (Debian: apt install firefox-esr, or $FIREFOX) and what `make test` installs. Firefox
speaks WebDriver BiDi itself, so no driver is needed. It prints a line for each page with a problem,
and ends with an error if there is one.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websocket

from cartbook import serve
from cartbook.paths import SITE
from cartbook.sphinxext.redirects import REDIRECTS

READY = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
#: come to every chart, as a reader does, and wait until each is live; then say how many there are and are not
CHARTS = """(async () => {
  const figures = [...document.querySelectorAll('figure[data-chart]')];
  dispatchEvent(new Event('pointermove'));
  for (const figure of figures) {
    figure.scrollIntoView({ behavior: 'instant' });
    for (let turn = 0; turn < 300 && !figure.querySelector('.cb-is-live'); turn += 1)
      await new Promise(done => setTimeout(done, 50));
  }
  const dead = figures.filter(one => !one.querySelector('.cb-live svg'));
  return JSON.stringify([figures.length, dead.map(one => one.dataset.chart)]);
})()"""
#: choose the right option of the first question with options, and say whether the page marks it
QUIZ = """(async () => {
  const choice = document.querySelector('.cb-choices .cb-right summary');
  if (!choice) return JSON.stringify(null);
  choice.click();
  await new Promise(done => setTimeout(done, 200));
  const marked = choice.closest('.cb-question').querySelector('.cb-said');
  return JSON.stringify(choice.closest('details').open && Boolean(marked?.textContent));
})()"""


class Firefox:
    """A session of WebDriver BiDi, in one tab."""

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(
            f"{address}/session", timeout=120, suppress_origin=True
        )
        self.numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.tab = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; note the events that come before it."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message: dict[str, Any] = json.loads(self.socket.recv())
            if message.get("type") == "event":
                self.events.append(message)
            elif message.get("id") == number:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['message']}")
                result: dict[str, Any] = message["result"]
                return result

    def open(self, address: str) -> None:
        """Open a page and wait until it has loaded."""
        self.send("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression that gives JSON."""
        options = {"target": {"context": self.tab}, "awaitPromise": True}
        result = self.send("script.evaluate", expression=expression, **options)
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def faults(self, home: str) -> Iterator[str]:
        """Yield errors and warnings of the console, and requests to other hosts, since the last call."""
        for event in self.events:
            about = event["params"]
            if event["method"] == "log.entryAdded" and about["level"] in ("error", "warn"):
                yield str(about["text"])
            elif event["method"] == "network.beforeRequestSent":
                url = str(about["request"]["url"])
                if not url.startswith((home, "data:", "blob:", "about:")):
                    yield f"a request to {url}"
        self.events.clear()


@contextmanager
def running() -> Iterator[Firefox]:
    """Start Firefox with a profile of its own. Exit with one line if there is none."""
    program = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if not program:
        sys.exit("error: there is no Firefox; install one (Debian: apt install firefox-esr)")
    with tempfile.TemporaryDirectory() as profile:
        command = [program, "--headless", "--no-remote", "--profile", profile]
        process = subprocess.Popen(
            [*command, "--remote-debugging-port", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr
            lines = map(READY.search, process.stderr)
            found = next(filter(None, lines), None)
            if not found:
                sys.exit("error: Firefox ended before it could be driven")
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield Firefox(found[1])
        finally:
            process.terminate()
            process.wait(30)


def pages() -> list[str]:
    """Return every page of the contents, and one of each other kind."""
    names = (path.relative_to(SITE).as_posix() for path in SITE.glob("chapters/*.html"))
    chapters = sorted(name for name in names if name.removesuffix(".html") not in REDIRECTS)
    other = ("search.html", "genindex.html", "evidence/locke2022.html")
    chart = next(SITE.glob("figures/*.html"))
    return ["index.html", *chapters, *other, str(chart.relative_to(SITE))]


def main(names: list[str]) -> None:
    """Open the pages, and print what is wrong."""
    if not (SITE / "index.html").is_file():
        sys.exit("error: there is no site in _build/html; run make book first")
    start = time.monotonic()
    charts, quizzes, wrong = 0, 0, 0
    with serve.serving(SITE) as home, running() as firefox:
        version = firefox.evaluate("JSON.stringify(navigator.userAgent.split(' ').at(-1))")
        for name in names or pages():
            firefox.open(home + name)
            count, dead = firefox.evaluate(CHARTS)
            answered = firefox.evaluate(QUIZ)
            found = [f"the chart {one} is not live" for one in dead]
            if answered is False:
                found.append("the quiz does not answer")
            found += firefox.faults(home)
            for one in found:
                print(f"{name}: {one}")
            charts, quizzes, wrong = charts + count, quizzes + bool(answered), wrong + len(found)
    seconds = time.monotonic() - start
    print(
        f"{version}: {len(names or pages())} pages, {charts} live charts, {quizzes} quizzes, {wrong} problems, {seconds:.0f} s"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
