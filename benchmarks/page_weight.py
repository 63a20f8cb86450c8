"""What each page of the built site weighs for a reader: ``python -m benchmarks.page_weight`` prints a table.

Counted are the bytes that a browser asks for before anybody touches the page: the page, its styles,
scripts and pictures, text as ``gzip -9`` sends it. Vega's runtime comes later, with the first chart
that a reader nears, and is counted apart.
"""

from __future__ import annotations

import gzip
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
VEGA = "_static/vega.js"
KINDS = ("page", "styles", "scripts", "pictures", "fonts")
#: bytes of a page before interaction, with Vega's runtime, and of one static picture of a chart
MOST, MOST_LIVE, MOST_PICTURE = 190_000, 395_000, 12_000
#: of the search page, which holds the index and the text of every section, and then fetches no page for its excerpts
MOST_SEARCH = 240_000
PACKED = (".woff", ".woff2", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".zip")


class Loads(HTMLParser):
    """The addresses that a page makes a browser load, each with its kind."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        relation = given.get("rel", "").split()
        if tag == "script" and "src" in given:
            self.found[given["src"]] = "scripts"
        elif tag == "link" and "stylesheet" in relation:
            self.found[given["href"]] = "styles"
        elif tag == "link" and {"preload", "modulepreload"} & set(relation):
            self.found[given["href"]] = {
                "font": "fonts",
                "image": "pictures",
                "style": "styles",
            }.get(given.get("as", ""), "scripts")
        elif (tag == "link" and "icon" in relation) or tag in ("img", "source"):
            self.found[given.get("href") or given.get("src", "")] = "pictures"


@cache
def size(path: Path) -> int:
    """Bytes on the way to a reader."""
    body = path.read_bytes()
    return len(body) if path.suffix in PACKED else len(gzip.compress(body, 9, mtime=0))


def loads(page: Path) -> dict[Path, str]:
    """The files that a page loads by itself, each with its kind."""
    parser = Loads()
    parser.feed(page.read_text(encoding="utf-8"))
    return {
        (page.parent / unquote(urlsplit(address).path)).resolve(): kind
        for address, kind in parser.found.items()
        if address and not urlsplit(address).scheme
    }


def weigh(page: Path) -> dict[str, int]:
    """Bytes of a page by kind."""
    total = dict.fromkeys(KINDS, 0) | {"page": size(page)}
    for path, kind in loads(page).items():
        total[kind] += size(path)
    return total


def pages(site: Path) -> list[Path]:
    """Every page of the site that a reader opens; 404.html loads nothing of it but one small script, from wherever it stands."""
    return sorted(
        path
        for path in site.rglob("*.html")
        if not path.relative_to(site).parts[0].startswith("_") and path.name != "404.html"
    )


def table(site: Path) -> str:
    """A line a page, the heaviest first, in kB (1,000 bytes)."""
    rows = []
    for page in pages(site):
        weights = weigh(page)
        whole = sum(weights.values())
        live = (
            whole + size(site / VEGA)
            if "data-chart=" in page.read_text(encoding="utf-8")
            else whole
        )
        rows.append((whole, live, str(page.relative_to(site)), weights))
    lines = [
        f"{'kB, gzip -9':<36}" + "".join(f"{kind:>10}" for kind in (*KINDS, "all", "with Vega"))
    ]
    for whole, live, name, weights in sorted(rows, key=lambda row: (-row[0], row[2])):
        lines.append(
            f"{name:<36}"
            + "".join(f"{one / 1000:>10.1f}" for one in (*weights.values(), whole, live))
        )
    return "\n".join(lines)


if __name__ == "__main__":
    if not (SITE / "index.html").is_file():
        sys.exit("error: there is no site in _build/html; run make book first")
    print(table(SITE))
