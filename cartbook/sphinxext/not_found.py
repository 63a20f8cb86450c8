"""404.html: the page that a host shows for an address that leads nowhere.

A host shows it under whatever address was asked for, at any depth, so a link that is relative to the page
would lead astray. Where the public address is known, links begin at the host's root. Where it is not, a small
script that the page looks for in its own folder and in those above finds the site's root and mends the links.
The page carries its style, and says what to do where neither helps.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.application import Sphinx

from cartbook.csp import IN_PAGE
from cartbook.theme import FONT, HUES, INK, colour

DEEPEST = 5  # folders above the page in which the script is looked for


def _style() -> str:
    light, dark = ({name: pair[side] for name, pair in INK.items()} for side in (0, 1))
    return (
        f":root{{color-scheme:light dark;--ink:{light['text']};--quiet:{light['quiet']};--paper:{light['paper']};--line:{light['line']};--link:{colour('blue')}}}"
        f"@media(prefers-color-scheme:dark){{:root{{--ink:{dark['text']};--quiet:{dark['quiet']};--paper:{dark['paper']};--line:{dark['line']};--link:{HUES['blue'][1]}}}}}"
        f"body{{font:1.06rem/1.62 {FONT};color:var(--ink);background:var(--paper);max-width:42rem;margin:0 auto;padding:2rem 1.2rem 4rem}}"
        "h1{font-size:2.05rem;line-height:1.18;letter-spacing:-.015em;margin:1.4rem 0 .6rem}h2{font-size:1.3rem;margin:2.4rem 0 .6rem}"
        "a{color:var(--link);text-underline-offset:.16em}header,.quiet{color:var(--quiet)}header a{color:inherit}li{padding:.12rem 0}"
        "form{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end}label{flex:1 1 14rem}"
        "input{display:block;box-sizing:border-box;width:100%;font:inherit;padding:.45rem .6rem;border:1px solid var(--line);border-radius:6px;color:inherit;background:transparent}"
        "button{font:inherit;padding:.45rem 1rem;border:1px solid var(--line);border-radius:6px;color:inherit;background:transparent;cursor:pointer}"
        ":focus-visible{outline:2px solid var(--link);outline-offset:2px}"
    )


def lost(book: str, pages: dict[str, str], address: str = "") -> str:
    """The page, with a link to each of ``pages`` (name in the site: title)."""
    root = urlsplit(address).path if address else ""
    links = "".join(
        f'<li><a href="{root}{name}.html">{escape(title)}</a></li>' for name, title in pages.items()
    )
    scripts = (
        ""
        if address
        else "".join(
            f'<script defer src="{"../" * up}_static/lost.js"></script>'
            for up in range(DEEPEST + 1)
        )
    )
    hint = (
        ""
        if address
        else '<p class="quiet" id="hint">If a link here leads nowhere, shorten the address above, from its end, up to the book’s own folder.</p>'
    )
    return f"""<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{IN_PAGE}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<meta name="robots" content="noindex">
<meta name="description" content="The address leads to no page of the book; here are its contents and its search.">
<title>There is no such page — {escape(book)}</title>
<style>{_style()}</style>
<noscript><style>form{{display:none}}</style></noscript>
{scripts}
</head>
<body>
<header><a href="{root}index.html">{escape(book)}</a></header>
<main>
<h1>There is no such page</h1>
<p>The address leads to nothing here: it may be mistyped, or the page was taken out.
Find it in the contents, or by a search.</p>
{hint}
<form action="{root}search.html" role="search"><label>Search the book<input type="search" name="q" required></label><button>Search</button></form>
<h2>Contents</h2>
<ul>{links}</ul>
</main>
</body>
</html>
"""


def _finished(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    about = app.env.cartbook_about  # type: ignore[attr-defined]
    pages = {
        name: about.get(name, {}).get("title") or app.env.titles[name].astext()
        for name in app.config.external_site_map
        if name in app.env.found_docs
    }
    (Path(app.outdir) / "404.html").write_text(
        lost(str(app.config.html_title), pages, app.config.html_baseurl), encoding="utf-8"
    )


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.sphinxext)."""
    app.connect("build-finished", _finished)
