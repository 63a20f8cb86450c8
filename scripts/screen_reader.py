#!/usr/bin/env python3
"""Walk every chart of the built site with a virtual screen reader, and check what it says.

The reader is @guidepup/virtual-screen-reader (MIT). npm fetches the version below, whose hash is
checked, into a temporary folder; so this is not a part of ``make test``. It needs npm, a Chromium
and the site (``make book``)::

    .venv/bin/python scripts/screen_reader.py             # all charts: which break a rule
    .venv/bin/python scripts/screen_reader.py cart-4      # what is heard of one chart

The rules: a figure's title is heard once; the live chart is an image with its description; each key
in the tree of *Explore* is answered by one phrase, which has the position once and no other item's
words. Exit with 1 if a chart breaks one.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from cartbook import serve
from cartbook.export import chromium
from cartbook.paths import SITE

PACKAGE = "@guidepup/virtual-screen-reader@0.33.0"
INTEGRITY = "sha512-CXMkIx19oFZ7BS7TcvDibXn6A2RsEs8nVX9IijHW7HQ0qTGHgc2WErkaMi12YPQi1Zypxr36NfRYWgBxUNvMtQ=="
MODULE = "package/lib/esm/index.browser.js"
KEYS = ("ArrowRight", "ArrowRight", "ArrowDown", "End", "Escape", "ArrowDown", "Enter", "Escape")

#: what is heard from the start of a figure to its end
READ = """async name => {
  const { virtual } = await import("/screen-reader.js");
  await virtual.start({ container: document.getElementById(name) });
  do await virtual.next(); while (await virtual.lastSpokenPhrase() !== "end of figure");
  const phrases = await virtual.spokenPhraseLog();
  await virtual.stop();
  return phrases;
}"""
#: what is heard after each key in the tree of a figure, which is open and has the focus
EXPLORE = """async ([name, keys]) => {
  const { virtual } = await import("/screen-reader.js");
  await virtual.start({ container: document.getElementById(name) });
  document.querySelector(`[id="${name}"] [role=treeitem]`).focus();
  const heard = [];
  for (const key of keys) {
    await virtual.clearSpokenPhraseLog();
    await virtual.press(key);
    await new Promise(done => setTimeout(done, 50));
    const item = document.activeElement;
    heard.push({ key, phrases: await virtual.spokenPhraseLog(), words: item.firstElementChild.textContent });
  }
  await virtual.stop();
  return heard;
}"""


def fetch(folder: Path) -> Path:
    """Return the reader's module, which npm fetches into a folder."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), PACKAGE]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    packed = next(folder.glob("*.tgz"))
    found = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    if f"sha512-{found}" != INTEGRITY:
        sys.exit(f"error: {PACKAGE} has the hash sha512-{found}, not {INTEGRITY}")
    with tarfile.open(packed) as archive:
        archive.extract(MODULE, folder, filter="data")
    return folder / MODULE


def walk(page: Page, name: str) -> tuple[list[str], list[str]]:
    """Return what is heard of a chart, and which rules it breaks."""
    figure = page.locator(f"#{name}")
    figure.evaluate("one => one.scrollIntoView({ behavior: 'instant' })")
    figure.locator(".cb-is-live").wait_for(state="attached")
    heard = page.evaluate(READ, name)
    title = figure.locator("figcaption").text_content() or ""
    faults = []
    if (count := sum(title in phrase for phrase in heard)) != 1:
        faults.append(f"its title is heard {count} times")
    if not any(phrase.startswith("image, Chart, ") for phrase in heard):
        faults.append("the live chart has no description")
    figure.locator(".cb-explore > summary").click()
    figure.locator("[role=treeitem]:focus").wait_for()
    for step in page.evaluate(EXPLORE, [name, KEYS]):
        phrases, words = step["phrases"], step["words"]
        heard.append(f"[{step['key']}] {' | '.join(phrases)}")
        said = phrases[0] if len(phrases) == 1 else ""
        rest = said.removeprefix(f"treeitem, {words}, ")
        if rest == said or rest.count("position ") != 1:
            faults.append(f"{step['key']} is answered by {phrases}")
    return heard, faults


def main(wanted: list[str]) -> int:
    """Walk the charts that are asked for, or all."""
    broken = walked = 0
    with (
        serve.serving(SITE) as address,
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
    ):
        module = fetch(Path(folder))
        browser = chromium.find(playwright)
        for path in [SITE / "index.html", *sorted((SITE / "chapters").glob("*.html"))]:
            page = browser.new_page()
            page.route(
                "**/screen-reader.js",
                lambda route: route.fulfill(path=module, content_type="text/javascript"),
            )
            page.goto(f"{address}{path.relative_to(SITE)}")
            page.mouse.move(5, 5)
            for chart in page.locator("figure[data-chart]").all():
                name = chart.get_attribute("data-chart") or ""
                if wanted and name not in wanted:
                    continue
                heard, faults = walk(page, f"fig-{name}")
                walked += 1
                broken += bool(faults)
                print(f"{path.stem}: {name}: {'; '.join(faults) or 'all rules hold'}", flush=True)
                if wanted:
                    print(*(f"  {phrase}" for phrase in heard), sep="\n")
            page.close()
        browser.close()
    print(f"{walked} charts, {broken} with a fault")
    return int(bool(broken) or not walked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
