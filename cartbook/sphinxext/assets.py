"""What a page loads, cut to what it uses: one style sheet, few scripts, the part of Vega that draws.

The theme and its extensions bring some 90 kB of compressed styles, of which the book uses a small
part. :func:`stylesheet` joins them, and leaves out each rule for a class or an id that no page has
and no script names (as PurgeCSS does).
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tinycss2
import vl_convert
from sphinx.application import Sphinx

from cartbook.paths import PACKAGE
from cartbook.sphinxext import pyodide, spelling
from cartbook.sphinxext.store import FOLDER, remembered
from cartbook.theme import stylesheet as colours

STATIC = PACKAGE / "static"
STYLE = "site.css"
#: the book's own styles, which are kept whole
STYLES = (
    *("colours.css", "icons.css", "book.css", "quiz.css", "modes.css", "run.css"),
    *("card.css", "explorer.css", "findings.css"),
)
#: styles of the theme that no page names by itself, and which come first
THEME_STYLES = ("styles/theme.css", "styles/pydata-sphinx-theme.css")
SCRIPTS = ("figure.js", "spelling.js", "forest.js", "explorer.js", "quiz.js", "card.js")
EARLY = (
    "figure.js"  # runs as soon as it is there; the others when the page is whole, in their order
)
#: scripts that a page needs only if its text matches
CONDITIONAL_SCRIPTS = {
    "explorer.js": 'class="explorer"',
    "forest.js": 'class="explorer"',
    "spelling.js": 'class="explorer"',
    "card.js": 'class="(evidence|preview) ',
    "figure.js": "data-chart=",
    "quiz.js": "data-quiz=",
    "run.js": "cb-run",
    "clipboard.min.js": "<pre",
    "copybutton.js": "<pre",
}
#: scripts that no page needs
EXCLUDED_SCRIPTS = (
    "mathjax",
    "bootstrap",
    "fontawesome",
    "design-tabs",
    "sphinx_highlight",
    "translations",
    "togglebutton",
)
SEARCH_SCRIPTS = ("doctools.js",)  # the search page alone needs them
#: files that the theme and its extensions bring and nothing on the site loads
UNUSED = ("*.map", "*.LICENSE.txt", "*webpack-macros.html", "locales", "images", "vendor")

#: where vl-convert 1.9 keeps the parts of Vega; a chart with a transform of another part (loess,
#: geoshape) needs it here
PARTS = {
    "view": "vega-view@6.1.0",
    "parser": "vega-parser@7.1.0",
    "dataflow": "vega-dataflow@6.1.0",
    "data": "vega-transforms@5.1.0",
    "layout": "vega-view-transforms@5.1.0",
    "encode": "vega-encode@5.1.0",
    "interpreter": "vega-interpreter@2.0.0",
}
COMPILER = 'import {{ compile }} from "/npm/vega-lite@6.4.1/+esm"; window.vegaLite = {{ compile }};'
RUNTIME = """
import {{ View }} from "/npm/{view}/+esm";
import {{ parse }} from "/npm/{parser}/+esm";
import {{ transforms }} from "/npm/{dataflow}/+esm";
import * as data from "/npm/{data}/+esm";
import * as layout from "/npm/{layout}/+esm";
import * as encode from "/npm/{encode}/+esm";
import {{ expressionInterpreter }} from "/npm/{interpreter}/+esm";
Object.assign(transforms, data, layout, encode);
window.vega = {{ View, parse, expressionInterpreter }};
"""

NAMED = re.compile(r"""\s(?:class|id)\s*=\s*["']([^"']*)""")
WORD = re.compile(r"[A-Za-z_][\w-]*")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"')\s]+)["']?\)?\s*;""")
READ = re.compile(r"var\(\s*(--[\w-]+)")
VARIABLE = re.compile(r"""(?<=[{;])\s*(--[\w-]+)\s*:(?:"[^"]*"|'[^']*'|[^;{}"'])*(?:;|(?=}))""")


def bundle(source: str, store: Path) -> str:
    """Return vl-convert's bundle of a script, from a folder of what was made before."""
    source = source.format(**PARTS)
    # in a function, so that its short names meet no others
    return remembered(
        store,
        f"vl-convert {version('vl-convert-python')}: {source}",
        lambda: f"(() => {{{vl_convert.javascript_bundle(source)}}})();\n",
    )


def select_scripts(files: list[Any], page: str, body: str) -> list[Any]:
    """Return those of a page's scripts that it uses, and none that is inside the page."""
    selected = []
    for file in files:
        name = str(getattr(file, "filename", "") or "").rpartition("/")[2].partition("?")[0]
        excluded = not name or any(word in name for word in EXCLUDED_SCRIPTS)
        elsewhere = page != "search" and name in SEARCH_SCRIPTS
        if not excluded and not elsewhere and re.search(CONDITIONAL_SCRIPTS.get(name, ""), body):
            selected.append(file)
    return selected


def deferred(file: Any) -> Any:
    """Return a script that does not hold up the page: the theme and its extensions declare none."""
    if {"async", "defer"} & file.attributes.keys():
        return file
    return type(file)(file.filename, priority=file.priority, defer="defer", **file.attributes)


def selector_can_match(selector: str, names: set[str]) -> bool:
    """Return whether a selector's classes and ids are all used; ignore what is in brackets."""
    bare = re.sub(r"\[[^\]]*\]", "", selector)
    while (shorter := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = shorter
    wanted = re.findall(r"[.#]((?:[\w-]|\\.|[^\x00-\x7f])+)", bare)
    return all(re.sub(r"\\(.)", r"\1", name) in names for name in wanted)


def _selectors(prelude: list[Any]) -> list[str]:
    """Return the selectors of a rule one by one."""
    parts: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def prune_css(css: str | list[Any], names: set[str]) -> str:
    """Return a style sheet without the rules that match nothing."""
    parse = tinycss2.parse_stylesheet if isinstance(css, str) else tinycss2.parse_rule_list
    kept = []
    for rule in parse(css, skip_comments=True, skip_whitespace=True):
        if rule.type == "qualified-rule":
            matching = [one for one in _selectors(rule.prelude) if selector_can_match(one, names)]
            if matching and (body := tinycss2.serialize(rule.content).strip()):
                kept.append(f"{','.join(matching)}{{{body}}}")
        elif rule.type == "at-rule":
            keyword = rule.lower_at_keyword
            if keyword in ("media", "supports", "container", "layer") and rule.content:
                if inner := prune_css(rule.content, names):
                    kept.append(f"@{keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
            elif keyword not in ("font-face", "charset"):
                kept.append(rule.serialize())
    return "\n".join(kept)


def prune_variables(css: str, elsewhere: set[str]) -> str:
    """Return a style sheet without the variables that neither a rule nor a page reads."""
    read = elsewhere | set(READ.findall(css))
    less = VARIABLE.sub(lambda found: found[0] if found[1] in read else "", css)
    return css if less == css else prune_variables(less, elsewhere)


def compact_css(css: str | list[Any]) -> str:
    """Return a style sheet without comments and without white space that means nothing."""
    tokens = tinycss2.parse_component_value_list(css) if isinstance(css, str) else css
    text = ""
    for token in tokens:
        if token.type == "comment":
            continue
        part = token.serialize()
        if token.type == "{} block":
            part = f"{{{compact_css(token.content).strip()}}}"
        elif token.type == "whitespace":
            part = " " if text and text[-1] not in " {};," else ""
        text = (text.rstrip(" ") if part[:1] in tuple("{};,") else text) + part
    return text


def inline_imports(path: Path) -> str:
    """Return a style sheet with its imports in their places, and without pictures in files."""
    text = re.sub(r"url\((?![\"']?data:)[^)]*\.png\)", "none", path.read_text(encoding="utf-8"))
    return IMPORT.sub(lambda found: inline_imports(path.parent / found[1]), text)


def stylesheet(out: Path, styles: list[str], store: Path) -> str:
    """Return the styles of the site as one sheet, in the order of the pages, from a folder of what was made before."""
    scripts = [
        path
        for path in (out / "_static").rglob("*.js")
        if not path.name.startswith("vega") and not unused("_static", [path.name])
    ]
    pages = [path.read_text(encoding="utf-8") for path in out.rglob("*.html")]
    codes = [path.read_text(encoding="utf-8") for path in scripts]
    texts = [*pages, *codes]
    names = {name for text in codes for name in WORD.findall(text)}
    names |= {name for text in pages for found in NAMED.findall(text) for name in found.split()}
    parts = [inline_imports(out / "_static" / name) for name in styles]
    read = {name for text in texts for name in READ.findall(text)}

    def make() -> str:
        pruned = (
            text if Path(name).name in STYLES else prune_css(text, names)
            for name, text in zip(styles, parts, strict=True)
        )
        return compact_css(prune_variables("\n".join(pruned), read))

    code = Path(__file__).read_text(encoding="utf-8")
    return remembered(store, "\n".join([code, *parts, *sorted(names), *sorted(read)]), make)


def unused(folder: str, names: list[str]) -> set[str]:
    """Return those of a folder's files that nothing on the site loads (for :func:`shutil.copytree`)."""
    found = {name for pattern in UNUSED for name in fnmatch.filter(names, pattern)}
    found |= {name for name in names if name.endswith(".js") and name.startswith(EXCLUDED_SCRIPTS)}
    if Path(folder).name in ("_static", "styles"):
        found |= {name for name in names if name.endswith(".css") and name != STYLE}
    return found


def _styles(app: Sphinx) -> list[str]:
    """Return the style sheets that every page would load, in their order."""
    context: dict[str, Any] = getattr(app.builder, "globalcontext", {})  # {}: no page was written
    found = sorted(context.get("css_files", []), key=lambda file: int(file.priority))
    names = [str(file.filename).removeprefix("_static/").partition("?")[0] for file in found]
    return list(dict.fromkeys([*THEME_STYLES, *names])) if names else []


def _config_inited(app: Sphinx, config: Any) -> None:
    """Write the scripts and styles that are made of other packages' parts."""
    folder, store = Path(app.doctreedir) / "made", Path(app.doctreedir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "vega.js": bundle(RUNTIME, store),
        "colours.css": colours(),
        "spelling.js": spelling.script(),
    }
    if pyodide.runtime(app) is not None:
        files["vega-lite.js"] = bundle(COMPILER, store)
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    config.html_static_path = [*config.html_static_path, str(folder)]


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let a page load the scripts that it uses, and one style sheet."""
    if app.builder.name == "html":
        body = context.get("body", "")
        selected = select_scripts(context["script_files"], pagename, body)
        context["script_files"] = [deferred(file) for file in selected]
        context["css_files"] = [f"_static/{STYLE}?v={styles_version()}"]


@cache
def styles_version() -> str:
    """Return a hash of the styles; a browser's copy of the sheet is out of date if it differs."""
    ours = [path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.css"))]
    theirs = [version(name) for name in ("sphinx-book-theme", "sphinx-design", "myst-nb")]
    return hashlib.sha256("".join([colours(), *ours, *theirs]).encode()).hexdigest()[:8]


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheet, unless Sphinx wrote no page."""
    if app.builder.name == "html" and not error and (styles := _styles(app)):
        out = Path(app.outdir)
        sheet = stylesheet(out, styles, Path(app.doctreedir) / FOLDER)
        (out / "_static" / STYLE).write_text(sheet, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register styles and scripts, and connect the steps."""
    for name in STYLES:
        app.add_css_file(name)
    for name in SCRIPTS:
        app.add_js_file(name, loading_method="async" if name == EARLY else "defer")
    app.connect("config-inited", _config_inited)
    app.connect("html-page-context", _page, priority=900)
    app.connect("build-finished", _build_finished, priority=900)  # extensions still copy styles
