"""docs/benchmarks.md from what was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HEAD = """# Benchmarks

This file is written by `make bench` and by nothing else.
It compares the book with a *plain twin*: the same chapters, data and charts, shown as Jupyter Book and Altair show them by themselves.
The twin has no styles, scripts, figures, tables, downloads or checks of this book; its charts keep the theme, so that both draw the same picture.
A ratio is the book divided by the twin: below 1, the book is quicker or lighter.
"""
WHAT = {
    "clean": "Clean build",
    "nothing": "Again, with nothing changed",
    "chapter": "One chapter touched",
    "table": "One table touched",
}
SIZES = {"rows-1": "As it is", "rows-10": "10 × the rows", "rows-100": "100 × the rows", "chapters-5": "5 × the chapters"}


def _slowest(one: dict[str, Any]) -> float:
    return max((one["explorer"][key]["middle"] for key in ("filter", "word", "sort")), default=0) if "explorer" in one else 0


#: what a reader or an author would call too much: what it is called, what of a size it is, the limit, how it is written
LIMITS: list[tuple[str, Callable[[dict[str, Any]], float], float, Callable[[float], str]]] = [
    ("a clean build", lambda one: one["seconds"], 600, lambda value: f"{value:.0f} s"),
    ("memory", lambda one: one["peak"], 4e9, lambda value: f"{value / 1e9:.1f} GB"),
    ("the largest page", lambda one: one["largest"][1], 5e6, lambda value: f"{value / 1e6:.1f} MB"),
    ("the explorer's slowest answer", _slowest, 1000, lambda value: f"{value:,.0f} ms"),
]


def _beyond(one: dict[str, Any]) -> str:
    """What of a size passes its limit."""
    if "broken" in one:
        return "it breaks (above)"
    beyond = [f"{name}, {write(of(one))}" for name, of, limit, write in LIMITS if of(one) > limit]
    return f"beyond its limit is {'; '.join(beyond)}" if beyond else "all within"


def _first_to_go(found: dict[str, Any]) -> str:
    """What passes its limit first as the book grows, and what does not."""
    limits = ", ".join(f"{name} of {write(limit)}" for name, _, limit, write in LIMITS)
    return f"\nLimits: {limits}.\n" + "".join(f"{said}: {_beyond(found[size])}.\n" for size, said in SIZES.items())


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _measured(machine: dict[str, str]) -> str:
    return f"Measured on {machine['date']}: {machine['processor']}; {machine['system']}; load {machine['load']} at the start (0 is an idle machine).\n"


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}" if other else "–"


def _kb(value: float) -> str:
    return f"{value / 1000:,.0f}"


def _spread(one: dict[str, float] | None) -> str:
    return f"{one['middle']:,.0f} ({one['low']:,.0f}–{one['high']:,.0f})" if one else "never"


def _build(found: dict[str, Any]) -> str:
    book, plain = found["book"], found["plain"]
    rows = [
        [said, f"{book[key]['seconds']:.1f}", f"{plain[key]['seconds']:.1f}", _ratio(book[key]["seconds"], plain[key]["seconds"])]
        for key, said in WHAT.items()
    ]
    each = [one["clean"]["seconds"] / one["charts"] for one in (book, plain)]
    rows.append(["Clean build, a chart", *(f"{one:.2f}" for one in each), _ratio(*each)])
    peaks = [one["clean"]["peak"] for one in (book, plain)]
    rows.append(["Peak memory of all processes, MB", *(f"{one / 1e6:.0f}" for one in peaks), _ratio(*peaks)])
    return (
        f"\n## Building\n\n{_measured(found['machine'])}\n"
        + _table(["Seconds", "Book", "Plain twin", "Ratio"], rows)
        + f"\n{book['charts']} charts on {book['pages']} pages here, {plain['charts']} on {plain['pages']} in the twin.\n"
        "Jupyter Book does not notice a changed table, so the twin is built anew from the start (`--all`) to show it.\n"
        "The book's build also checks the data, compiles and draws every chart twice (wide and narrow), and packs notebooks, package and database.\n"
        "It executes chapters side by side, which costs memory; where no file has changed it leaves the site as it is.\n"
    )


def _pages(found: dict[str, Any], typical: tuple[str, ...]) -> str:
    book, plain = (found[name]["pages"] for name in ("book", "plain"))
    rows = []
    shared = [page for page in book if page in plain]
    for page in [*(one for one in typical if one in shared), "all pages"]:
        some = shared if page == "all pages" else [page]
        cells = [page]
        for when in ("before", "all"):
            for size in ("raw", "gzip"):
                one, other = (sum(site[name][when][size] for name in some) for site in (book, plain))
                cells.append(f"{_kb(one)} / {_kb(other)} = {_ratio(one, other)}")
        asked = [sum(site[name]["all"]["requests"] for name in some) for site in (book, plain)]
        cells.append(f"{asked[0]} / {asked[1]}")
        rows.append(cells)
    text = f"\n## Loading\n\n{_measured(found['machine'])}\n"
    text += _table(["kB, book / twin = ratio", "Before interaction", "the same, gzip -9", "In all", "the same, gzip -9", "Requests"], rows)
    outside = [sum(page["all"]["outside"] for page in site.values()) for site in (book, plain)]
    text += (
        "\n*Before interaction*: until the network is quiet. *In all*: after scrolling to the end, every chart live.\n"
        "Each page is opened with an empty cache; a file that gzip does not make smaller counts as it is.\n"
        f"Requests to other hosts: {outside[0]} by the book, {outside[1]} by the twin on {len(shared)} pages.\n"
        f"The twin's were answered on this machine with {', '.join(found['packages']) or 'nothing'} from npm, as the CDN has them"
    )
    refused = sorted({*found["book"]["refused"], *found["plain"]["refused"]})
    text += f"; refused were {', '.join(refused)}.\n" if refused else "; none was refused.\n"
    rows = []
    for page in typical:
        for key, said in (("seen", "seen"), ("live", "live")):
            if page in shared:
                one, other = book[page]["times"][key], plain[page]["times"][key]
                ratio = _ratio(one["middle"], other["middle"]) if one and other else "–"
                rows.append([f"{page}, {said}", _spread(one), _spread(other), ratio])
    text += f"\n### Until the first chart is there\n\nMilliseconds, median of {found['visits']} visits (lowest–highest).\n\n"
    text += _table(["First chart", "Book", "Plain twin", "Ratio"], rows)
    return text + (
        "\nA phone's screen, a quarter of the processor, an empty cache, a reader who touches the page and goes to the first chart at once.\n"
        "*Seen*: a picture of it stands on the page. *Live*: it reacts. In the twin both are one moment.\n"
        "All comes from this machine, also what the twin asks of a CDN, so that the network costs neither anything; a real one costs the twin more.\n"
    )


def _crowd(found: dict[str, Any]) -> str:
    """What many readers cost whoever hosts the pages."""
    shared = [page for page in found["book"]["pages"] if page in found["plain"]["pages"]]
    whole = [sum(found[name]["pages"][page]["all"]["gzip"] for page in shared) for name in ("book", "plain")]
    rows = [
        ["a million pages", *(f"{one / len(shared) / 1e3:,.0f}" for one in whole), _ratio(*whole)],
        ["a million times all pages", *(f"{one / 1e3:,.0f}" for one in whole), _ratio(*whole)],
    ]
    return (
        "\n## A crowd\n\nThe site is files, which any web server or content delivery network hands out; nothing runs for a reader.\n"
        "From the bytes above, every page read to its end with an empty cache (a browser that keeps styles and Vega asks for less):\n\n"
        + _table(["GB, gzip -9", "Book", "Plain twin", "Ratio"], rows)
        + "\nA chapter that is run in its page runs on the reader's own machine. Run on a server, it scales with the JupyterHub or Binder that is there: "
        "the page *Running it for a class* reckons with the memory of a kernel.\n"
    )


def _growth(found: dict[str, Any]) -> str:
    rows = []
    explorer = []
    broken = []
    for name, said in SIZES.items():
        one = found[name]
        size = [said, f"{one['studies']:,}", f"{one['outcomes']:,}", str(one["chapters"])]
        if "broken" in one:
            rows.append([*size, "broken", "–", "–", "–", "–"])
            broken.append(f"{said}: {one['broken']}")
            continue
        largest, largest_size = one["largest"]
        rows.append(
            [
                *size,
                f"{one['seconds']:.0f}",
                f"{one['peak'] / 1e6:.0f}",
                f"{one['bytes'] / 1e6:.1f}",
                f"{one['site'] / 1e6:.1f}",
                f"{largest_size / 1e6:.2f} ({largest})",
            ]
        )
        if "explorer" in one:
            times = [_spread(one["explorer"][key]) for key in ("first paint", "all rows", "filter", "word", "sort")]
            weight = one["explorer bytes"]
            explorer.append([f"{one['outcomes']:,} rows", _kb(weight["page"]), f"{_kb(weight['raw'])} ({_kb(weight['gzip'])})", *times])
    text = f"\n## Growing\n\n{_measured(found['machine'])}\n"
    text += "Made-up rows that obey every rule of the data, and copies of chapters. Assertions in chapters are off: they hold the prose to today's rows. "
    text += "With them off, Python reads no bytecode but what it may write for that, so that these builds can take longer than the one above.\n\n"
    head = ["", "Studies", "Outcomes", "Chapters with code", "Build, s", "Peak, MB", "Pages, MB", "Site, MB", "Largest page, MB"]
    text += _table(head, rows)
    text += "".join(f"\nBroken: {line}\n" for line in broken) + _first_to_go(found)
    text += "\nThe evidence explorer, at a quarter of the processor on a phone's screen: milliseconds, median (lowest–highest).\n\n"
    head = ["Explorer", "Page, kB", "Loaded, kB (gzip)", "First paint", "All rows there", "A filter", "A word", "Sorting"]
    return text + _table(head, explorer)


def report(results: dict[str, Any], typical: tuple[str, ...]) -> str:
    """The whole file; a step that was never run is left out."""
    text = HEAD
    if "build" in results:
        text += _build(results["build"])
    if "pages" in results:
        text += _pages(results["pages"], typical) + _crowd(results["pages"])
    if "growth" in results:
        text += _growth(results["growth"])
    return text
