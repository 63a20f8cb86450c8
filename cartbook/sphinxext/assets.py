"""What a page loads, cut to what it uses: one stylesheet, few scripts, the part of Vega that draws.

The theme and its extensions bring some 90 kB of compressed styles, of which the book uses a small part.
:func:`stylesheet` joins the styles that pages name, and leaves out each rule that asks for a class or an
id which no page and no script of the site has.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tinycss2
import vl_convert
from sphinx.application import Sphinx

STYLE = "site.css"
NAMED = re.compile(r"""\s(?:class|id)=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"')\s]+)["']?\)?\s*;""")
READ = re.compile(r"var\(\s*(--[\w-]+)")
VARIABLE = re.compile(r"""(?<=[{;])\s*(--[\w-]+)\s*:(?:"[^"]*"|'[^']*'|[^;{}"'])*(?:;|(?=}))""")

#: where vl-convert 1.9 keeps the parts of Vega; a chart with a transform of another part (loess, geoshape) needs it here
PARTS = {
    "view": "vega-view@6.1.0",
    "parser": "vega-parser@7.1.0",
    "dataflow": "vega-dataflow@6.1.0",
    "data": "vega-transforms@5.1.0",
    "layout": "vega-view-transforms@5.1.0",
    "encode": "vega-encode@5.1.0",
    "interpreter": "vega-interpreter@2.0.0",
}
COMPILER = "vega-lite@6.4.1"
RUNTIME = """
import {{ View }} from "{view}";
import {{ parse }} from "{parser}";
import {{ transforms }} from "{dataflow}";
import * as data from "{data}";
import * as layout from "{layout}";
import * as encode from "{encode}";
import {{ expressionInterpreter }} from "{interpreter}";
Object.assign(transforms, data, layout, encode);
window.vega = {{ View, parse, expressionInterpreter }};
"""

#: scripts that no page needs, and scripts that a page needs only if it has a certain text
DROPPED = (
    "thebe",
    "mathjax",
    "design-tabs",
    "sphinx_highlight",
    "translations",
    "togglebutton",
)  # translations makes functions of text; page.js folds
WANTED = {
    "explorer.js": 'class="explorer"',
    "forest.js": 'class="explorer"',
    "spelling.js": 'class="explorer"',
    "figure.js": "data-chart=",
    "quiz.js": "data-quiz=",
    "card.js": 'class="evidence ',
    "clipboard.min.js": "<pre",
    "copybutton.js": "<pre",
}
#: scripts that the search page alone needs
SEARCH = ("doctools.js",)
#: files that the theme and its extensions bring and nothing on the site loads
UNUSED = (
    *(
        "*.map",
        "*.LICENSE.txt",
        "*webpack-macros.html",
        "locales",
        "images",
        "vendor",
        "design-tabs.js",
        "sphinx-thebe.*",
    ),
    *(
        "bootstrap.js",
        "fontawesome.js",
        "sphinx_highlight.js",
        "translations.js",
        "togglebutton.js",
        "file.png",
        "minus.png",
        "plus.png",
        "play-solid.svg",
    ),
)
#: styles of the theme that no page names by itself, and which come first
FIRST = ("styles/theme.css", "styles/pydata-sphinx-theme.css")


def _bundled(source: str, store: Path) -> str:
    """The script that vl-convert makes of a source; made once for each source and version, and kept in a folder."""
    made_by = f"vl-convert {version('vl-convert-python')}: {source}"
    path = store / f"{hashlib.sha256(made_by.encode()).hexdigest()[:16]}.js"
    if not path.is_file():
        store.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        # closed in, so that its short names meet no others
        new.write_text(f"(() => {{{vl_convert.javascript_bundle(source)}}})();\n", encoding="utf-8")
        new.replace(path)
    return path.read_text(encoding="utf-8")


def runtime(store: Path) -> str:
    """Vega's runtime with its expression interpreter (no ``eval``), as one script that sets ``window.vega``."""
    return _bundled(
        RUNTIME.format(**{name: f"/npm/{part}/+esm" for name, part in PARTS.items()}), store
    )


def compiler(store: Path) -> str:
    """What turns Vega-Lite into Vega, for charts that are made in the page (cartbook.sphinxext.pyodide); sets ``window.vegaLite``."""
    return _bundled(
        f'import {{ compile }} from "/npm/{COMPILER}/+esm"; window.vegaLite = {{ compile }};', store
    )


def scripts(files: list[Any], page: str, body: str) -> list[Any]:
    """Those of a page's scripts that it uses; code in the page itself is never one of them."""
    kept = []
    for one in files:
        name = str(getattr(one, "filename", "") or "").rpartition("/")[2].partition("?")[0]
        wanted = WANTED.get(name, "") in body
        if (
            name
            and wanted
            and not any(word in name for word in DROPPED)
            and (page == "search" or name not in SEARCH)
        ):
            kept.append(one)
    return kept


def used(out: Path) -> tuple[set[str], set[str]]:
    """Every class and id of the site's pages with every word of its scripts (which may set some), and the variables that pages read."""
    names: set[str] = set()
    variables: set[str] = set()
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        names.update(name for value in NAMED.findall(text) for name in "".join(value).split())
        variables |= set(READ.findall(text))
    for script in (out / "_static").rglob("*.js"):
        if not script.name.startswith("vega") and not unused("_static", [script.name]):
            text = script.read_text(encoding="utf-8")
            names.update(re.findall(r"[A-Za-z_][\w-]*", text))
            variables |= set(READ.findall(text))
    return names, variables


def _fits(selector: str, names: set[str]) -> bool:
    """Whether a selector can match: each class and id that it asks for is used (what stands in brackets is let pass)."""
    bare = re.sub(r"\[[^\]]*\]", "", selector)
    while (shorter := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = shorter
    return all(
        re.sub(r"\\(.)", r"\1", name) in names
        for name in re.findall(r"[.#]((?:[\w-]|\\.|[^\x00-\x7f])+)", bare)
    )


def _selectors(prelude: list[Any]) -> list[str]:
    """A rule's selectors, apart."""
    parts: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def shaken(css: str | list[Any], names: set[str]) -> str:
    """A style sheet without the rules that match nothing."""
    rules = (
        tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        if isinstance(css, str)
        else tinycss2.parse_rule_list(css, skip_comments=True, skip_whitespace=True)
    )
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            fits = [one for one in _selectors(rule.prelude) if _fits(one, names)]
            if fits and (body := tinycss2.serialize(rule.content).strip()):
                kept.append(f"{','.join(fits)}{{{body}}}")
        elif (
            rule.type == "at-rule"
            and rule.lower_at_keyword in ("media", "supports", "container", "layer")
            and rule.content
        ):
            if inner := shaken(rule.content, names):
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword not in ("font-face", "charset"):
            kept.append(rule.serialize())
    return "\n".join(kept)


def _needed(css: str, elsewhere: set[str]) -> str:
    """A style sheet without the variables that nothing reads, neither a rule nor a page."""
    read = elsewhere | set(READ.findall(css))
    less = VARIABLE.sub(lambda found: found[0] if found[1] in read else "", css)
    return css if less == css else _needed(less, elsewhere)


def _whole(path: Path) -> str:
    """A style sheet with those that it imports in their places, and without pictures in files (marks of the theme that the book does not use)."""
    text = re.sub(r"url\((?![\"']?data:)[^)]*\.png\)", "none", path.read_text(encoding="utf-8"))
    return IMPORT.sub(lambda found: _whole(path.parent / found[1]), text)


def stylesheet(out: Path, styles: list[str], ours: set[str]) -> str:
    """The styles of the site as one sheet, in the order of the pages; ``ours`` are kept whole."""
    (names, variables), parts = used(out), []
    for name in [*FIRST, *styles]:
        text = _whole(out / "_static" / name)
        parts.append(text if Path(name).name in ours else shaken(text, names))
    return _needed("\n".join(parts), variables)


def unused(folder: str, names: list[str]) -> set[str]:
    """Those of a folder's files that nothing on the site loads; :func:`shutil.copytree` asks like this what to ignore."""
    found = {name for pattern in UNUSED for name in fnmatch.filter(names, pattern)}
    if Path(folder).name in ("_static", "styles"):
        found |= {name for name in names if name.endswith(".css") and name != STYLE}
    return found


def styles(app: Sphinx) -> list[str]:
    """Return the names of the styles that every page would load, in their order; none if no page was written."""
    found = sorted(
        getattr(app.builder, "globalcontext", {}).get("css_files", []),
        key=lambda one: int(one.priority),
    )
    names = [str(one.filename).removeprefix("_static/").partition("?")[0] for one in found]
    return [name for name in dict.fromkeys(names) if name not in FIRST and "thebe" not in name]


def finish(out: Path, styles: list[str], ours: set[str]) -> None:
    """Write the one style sheet, and name it in every page with its hash."""
    if not styles:  # Sphinx wrote no page, so all is as it was
        return
    text = stylesheet(out, styles, ours)
    (out / "_static" / STYLE).write_text(text, encoding="utf-8")
    named = f"{STYLE}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"
    for page in out.rglob("*.html"):
        old = page.read_text(encoding="utf-8")
        new = re.sub(rf"{re.escape(STYLE)}(?:\?v=\w+)?", named, old)
        if new != old:
            page.write_text(new, encoding="utf-8")
