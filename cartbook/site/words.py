"""A chapter as plain text: what its page says, for readers and programs that want words alone.

It is made from the finished page, so that values are filled in and citations read as they do there.
A figure becomes its message, its description and its table; code that the page folds away is left out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString
from sphinx.application import Sphinx

INLINE = {"a", "abbr", "b", "br", "cite", "code", "em", "i", "kbd", "small", "span", "strong", "sub", "sup", "u"}
UNSAID = "script, style, button, form, nav, input, template, .headerlink, .cb-hidden, .cb-take, details.hide"
WIDEST = 100  # characters of a table that still stands in columns


def _line(one: Tag | NavigableString) -> str:
    """Inline content as one line; an address that leads out of the book stands behind its words."""
    if isinstance(one, NavigableString):
        return "" if isinstance(one, PreformattedString) else str(one)
    if one.name == "svg":
        return ""
    if one.name == "br":
        return " "
    words = "".join(_line(child) for child in one.children if isinstance(child, (Tag, NavigableString)))
    target = str(one.get("href", ""))
    if one.name == "a" and target.startswith("http") and target not in words:
        return f"{words} <{target}>"
    return words


def _tidy(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def _table(table: Tag) -> str:
    """A table in columns; one too wide for that as one line a row, each value with its column's name."""
    rows = [[_tidy(_line(cell)) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
    caption = table.find("caption")
    said = [f"Table: {_tidy(_line(caption))}"] if isinstance(caption, Tag) else []
    rows = [row for row in rows if any(row)]
    heads = len(table.select("thead tr"))
    if not rows or len({len(row) for row in rows}) > 1:
        return "\n".join([*said, *("; ".join(row) for row in rows)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * len(widths) > WIDEST and heads:
        names = rows[heads - 1]
        return "\n".join(
            [*said, *("- " + "; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True)) for row in rows[heads:])]
        )
    number = [bool(re.fullmatch(r"[\d.,]+", row)) for row in rows[-1]]
    lines = [
        "  ".join(f"{cell:>{w}}" if right else f"{cell:<{w}}" for cell, w, right in zip(row, widths, number, strict=True)).rstrip()
        for row in rows
    ]
    if heads:
        lines.insert(heads, "  ".join("-" * w for w in widths))
    return "\n".join([*said, *lines])


def _figure(figure: Tag) -> Iterator[str]:
    title = figure.find("figcaption")
    kind = "Figure" if figure.get("data-chart") else "Drawing"
    yield f"[{kind}] {_tidy(_line(title)) if isinstance(title, Tag) else ''}"
    for said in figure.select("svg > desc")[:1] if kind == "Drawing" else figure.select(".cb-reading, p[id$='-alt']"):
        yield _tidy(said.get_text())
    for table in figure.find_all("table"):
        for caption in table.find_all("caption"):  # it repeats the figure's message
            caption.decompose()
        yield _table(table)
    for source in figure.select(".cb-source"):
        for link in source.select("a[download]"):
            link.decompose()
        yield _tidy(_line(source))


def _question(question: Tag) -> str:
    """A quiz question with its choices or its items, and below them what the page says to each."""
    stem, choices = question.find("p"), question.select("details.cb-choice")
    count = question.select_one(".cb-count")
    head = f"{count.extract().get_text()}. " if count else ""
    lines = [head + (_tidy(_line(stem)) if isinstance(stem, Tag) else "")]
    for order in question.select(".cb-by, .cb-order > li"):
        lines.append(f"   {'' if 'cb-by' in (order.get('class') or []) else '- '}{_tidy(_line(order))}")
    for answer in question.select("details.cb-reveal > p, details.cb-reveal > ol"):
        said = _tidy(_line(answer)) if answer.name == "p" else "\n" + textwrap.indent(_list(answer), "      ")
        lines.append(f"   Answer: {said}")
    if not choices:
        return "\n".join(lines)
    for said, parts in (("", "summary"), ("   Answers", "p")):
        lines += [said] if said else []
        for letter, choice in zip("abcdefgh", choices, strict=False):
            part = choice.find(parts)
            lines.append(f"   {letter}) {_tidy(_line(part)) if isinstance(part, Tag) else ''}")
    return "\n".join(lines)


def _list(items: Tag) -> str:
    lines = []
    for number, item in enumerate(items.find_all("li", recursive=False), start=1):
        mark = f"{number}. " if items.name == "ol" else "- "
        lines.append(mark + textwrap.indent("\n".join(_blocks(item)), " " * len(mark)).lstrip())
    return "\n".join(lines)


def _block(one: Tag) -> Iterator[str]:
    kinds: list[str] = list(one.get("class") or [])
    if one.name in ("h1", "h2", "h3", "h4", "h5", "h6"):
        words = _tidy(_line(one))
        yield f"{words}\n{('=' if one.name == 'h1' else '-' if one.name == 'h2' else '~') * len(words)}"
    elif one.name == "p" or one.name == "dt":
        yield _tidy(_line(one))
    elif one.name in ("ul", "ol"):
        yield _list(one)
    elif one.name == "dd":
        yield textwrap.indent("\n\n".join(_blocks(one)), "    ")
    elif one.name == "pre":
        yield textwrap.indent(one.get_text().strip("\n"), "    ")
    elif one.name == "table":
        yield _table(one)
    elif one.name == "figure":
        yield from _figure(one)
    elif "cb-question" in kinds:
        yield _question(one)
    elif "admonition" in kinds:
        title, *rest = _blocks(one)
        yield f"[{title}]\n" + textwrap.indent("\n\n".join(rest), "  ")
    elif one.name != "svg":
        yield from _blocks(one)


def _blocks(tag: Tag) -> Iterator[str]:
    """The paragraphs, lists, tables and figures inside a tag, each as text."""
    run = ""
    for child in tag.children:
        if isinstance(child, NavigableString) or (isinstance(child, Tag) and child.name in INLINE):
            run += _line(child)
        elif isinstance(child, Tag):
            if _tidy(run):
                yield _tidy(run)
            run = ""
            yield from (block for block in _block(child) if block.strip())
    if _tidy(run):
        yield _tidy(run)


def plain_text(body: str, book: str, address: str = "") -> str:
    """A page's body as text, with the works that it cites and the book's licence at its end."""
    soup = BeautifulSoup(body, "html.parser")
    cited = list(dict.fromkeys(_tidy(str(one["title"])) for one in soup.select(".bibtex-citation a[title]")))
    for one in soup.select(UNSAID):
        one.decompose()
    blocks = [*_blocks(soup)]
    if cited:
        blocks += ["Works cited\n-----------", "\n".join(f"- {one}" for one in cited)]
    blocks.append(
        "\n".join(
            [f"From {book}. {address}".strip(), "Words and figures CC BY 4.0, code MIT. Not medical advice; not yet clinically reviewed."]
        )
    )
    return "\n\n".join(blocks) + "\n"


def _page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    about = getattr(app.env, "cartbook_about", {}).get(pagename, {})
    if "minutes" not in about or "body" not in context or app.builder.name != "html":
        return
    address = f"{app.config.html_baseurl}{pagename}.html" if app.config.html_baseurl else ""
    path = Path(app.outdir) / f"{pagename}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    # The mark at the start tells a browser that this is UTF-8, also where the page is opened from a disk.
    path.write_text(plain_text(context["body"], str(app.config.html_title), address), encoding="utf-8-sig")
    title = f"{about['title']}, as plain text".replace('"', "&quot;")
    context["metatags"] = context.get("metatags", "") + f'<link rel="alternate" type="text/plain" title="{title}" href="{path.name}">\n'


def _finished(app: Sphinx, error: Exception | None) -> None:
    """Remove the text of chapters that the book no longer has."""
    if error is None and app.builder.name == "html":
        for path in (Path(app.outdir) / "chapters").glob("*.txt"):
            if "minutes" not in app.env.cartbook_about.get(f"chapters/{path.stem}", {}):  # type: ignore[attr-defined]
                path.unlink()


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.site)."""
    app.connect("html-page-context", _page, priority=940)  # after cartbook.site has mended the body
    app.connect("build-finished", _finished)
