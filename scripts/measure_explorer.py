"""Time the evidence explorer with made-up rows: ``python scripts/measure_explorer.py [ROWS]``.

The rows of the built site are repeated under new keys and names. Each filter is changed in Chromium;
the time is from the change to the next painted frame.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Route, sync_playwright

from cartbook import serve
from cartbook.export import chromium

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
ROWS = 10_000
NEW = ("id", "study", "same")  # columns whose words are new in each copy
READY = "() => 'ready' in (document.querySelector('.explorer')?.dataset ?? {})"
CHANGES = [
    *(("disease", word) for word in ("multiple myeloma", "large B-cell lymphoma", "")),
    *(("endpoint", word) for word in ("complete response", "overall survival", "")),
    *(("population", word) for word in ("infused", "randomised", "")),
    *(("words", word) for word in ("z", "zu", "zuma", "zuma crs", "leukemia grade 3", "")),
    *(("size", word) for word in ("30", "100", "")),
    *(("kind", word) for word in ("review", "article", "")),
]
TIME = """async ([name, value]) => {
  const field = document.querySelector(`.explorer form [name=${name}]`);
  field.value = value;
  const before = performance.now();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - before;
}"""


def grown(script: str, wanted: int) -> str:
    """Return the rows of a site as a script with so many rows."""
    data = json.loads(script.partition("= ")[2].rstrip(";\n"))
    places = [data["columns"].index(name) for name in NEW]
    rows, words = data["rows"], data["words"]
    for copy in range(-(-wanted // len(rows)) - 1):
        for row in data["rows"][: len(rows)]:
            new = list(row)
            for place in places:
                words.append(f"{words[row[place]]} {copy} {len(words)}")
                new[place] = len(words) - 1
            data.setdefault("made", []).append(new)
    data["rows"] = [*rows, *data.pop("made", [])][:wanted]
    return f"window.bookRows = {json.dumps(data)};\n"


def measure(wanted: int, rounds: int = 3) -> list[float]:
    """Return the milliseconds of each change of a filter."""
    place = "chapters/explorer.html"
    text = grown((SITE / "_static" / "evidence.js").read_text(encoding="utf-8"), wanted)

    def answer(route: Route) -> Any:
        return route.fulfill(body=text, content_type="text/javascript")

    with serve.serving(SITE) as home, sync_playwright() as playwright:
        browser = chromium.find(playwright)
        page = browser.new_page()
        page.route("**/evidence.js*", answer)
        page.goto(f"{home}{place}")
        while not page.evaluate(READY):
            page.wait_for_timeout(50)
        page.wait_for_timeout(2000)  # words are prepared for searching when the page is idle
        found = [page.evaluate(TIME, list(one)) for _ in range(rounds) for one in CHANGES]
        browser.close()
    return found


if __name__ == "__main__":
    rows = int(sys.argv[1]) if sys.argv[1:] else ROWS
    times = measure(rows)
    ends = statistics.quantiles(times, n=20)
    print(
        f"{rows:,} rows, {len(times)} changes of a filter to the next frame: "
        f"median {statistics.median(times):.0f} ms, 95% within {ends[-1]:.0f} ms"
    )
