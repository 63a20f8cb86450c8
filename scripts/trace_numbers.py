"""Follow random numbers of the built site to their sources: ``python scripts/trace_numbers.py [COUNT] [SEED]``.

Every link from a page to the entry of a number may be drawn. Each is followed without scripts, as a
reader would: the first click opens the entry, the second is its first link to the source. The script
prints a line for each number and fails if an entry or a canonical address is missing.
"""

from __future__ import annotations

import random
import sys

from playwright.sync_api import Page, sync_playwright

from cartbook import serve
from cartbook.addresses import HOSTS, known_host
from cartbook.export import chromium
from cartbook.paths import SITE, TOP

LINKS = """links => links.map(one => [one.textContent.trim(), one.href])"""


def links(page: Page, home: str) -> list[tuple[str, str, str]]:
    """Return page, words and address of each link from a page of the book to a number's entry."""
    found = []
    pages = [f"chapters/{path.stem}.html" for path in sorted((TOP / "chapters").glob("*.md"))]
    for name in ["index.html", *pages]:
        page.goto(f"{home}{name}")
        for words, address in page.locator("article a[href*='evidence/'][href*='#']").evaluate_all(
            LINKS
        ):
            found.append((name, words, address))
    return found


def trace(page: Page, address: str) -> tuple[str, str]:
    """Return the number in an entry and the address of its source; empty text for what is missing."""
    page.goto(address)
    entry = page.locator(f"[id='{address.partition('#')[2]}']")
    source = entry.locator(".evidence-source a[href^='https://']").first
    number = entry.locator(".evidence-number").first
    if not source.count() or not number.count():
        return "", ""
    return number.inner_text(), source.get_attribute("href") or ""


def main(count: int = 100, seed: int = 1) -> int:
    """Draw, follow and report; return the number of links that lead to no canonical source."""
    failed = 0
    with serve.serving(SITE) as home, sync_playwright() as playwright:
        page = chromium.find(playwright).new_context(java_script_enabled=False).new_page()
        all_links = links(page, home)
        drawn = random.Random(seed).sample(all_links, min(count, len(all_links)))
        for place, words, address in drawn:
            number, source = trace(page, address)
            good = any(known_host(source, kind) for kind in HOSTS)
            failed += not good
            verdict = "" if good else "NO CANONICAL SOURCE: "
            print(f"{verdict}{place}: {words} -> {number} -> {source}")
    print(f"{len(drawn)} of {len(all_links)} links drawn; {failed} without a canonical source")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
