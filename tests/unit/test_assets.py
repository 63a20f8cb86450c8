"""Cutting styles and scripts to what pages use leaves what matches, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers import SITE

from cartbook.sphinxext import assets


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".used{color:red}", ".used{color:red}"),
        (".gone{color:red}", ""),
        (".used,.gone{color:red}", ".used{color:red}"),
        (".used .gone>p{color:red}", ""),
        ("p:not(.gone){color:red}", "p:not(.gone){color:red}"),
        (":is(.gone,.used) p{color:red}", ":is(.gone,.used) p{color:red}"),
        ('[class*="sd-"].used{color:red}', '[class*="sd-"].used{color:red}'),
        ("#gone{color:red}", ""),
        (r".used\:hover{color:red}", ""),
        ("@media print{.used{color:red}.gone{color:red}}", "@media print{.used{color:red}}"),
        ("@media print{.gone{color:red}}", ""),
        ("@font-face{font-family:x;src:url(x.woff)}", ""),
        ("@keyframes turn{to{rotate:1turn}}", "@keyframes turn{to{rotate:1turn}}"),
        ("a:hover{color:#fff}", "a:hover{color:#fff}"),
    ],
)
def test_a_rule_stays_if_it_can_match(css: str, left: str) -> None:
    assert assets.prune_css(css, {"used"}) == left


def test_a_variable_stays_if_something_reads_it() -> None:
    css = ':root{--a:1px;--b:url("data:image/svg+xml;x,{}");--c:var(--b);--d:2px}p{margin:var(--a)}'
    assert assets.prune_variables(css, {"--d"}) == ":root{--a:1px;--d:2px}p{margin:var(--a)}"


def test_a_page_gets_the_scripts_that_it_uses() -> None:
    class Script:
        def __init__(self, name: str) -> None:
            self.filename = name

    files = [
        Script(f"_static/{name}")
        for name in ("doctools.js", "figure.js", "copybutton.js?v=1", "togglebutton.js")
    ] + [Script("")]
    names = [
        one.filename
        for one in assets.select_scripts(files, "chapters/one", '<figure data-chart="x"><pre>')
    ]
    assert names == ["_static/figure.js", "_static/copybutton.js?v=1"]
    assert [one.filename for one in assets.select_scripts(files, "search", "")] == [
        "_static/doctools.js"
    ]


def transforms(part: Any) -> set[str]:
    """The transforms that a compiled chart, or a part of it, asks for."""
    if isinstance(part, list):
        return {name for one in part for name in transforms(one)}
    if not isinstance(part, dict):
        return set()
    own = part.get("transform", [])
    return {one["type"] for one in own if isinstance(own, list) and "type" in one} | transforms(
        list(part.values())
    )


def test_the_runtime_knows_every_transform_that_charts_use() -> None:
    runtime = (SITE / "_static" / "vega.js").read_text(encoding="utf-8").lower()
    used = transforms(
        [
            json.loads(path.read_text(encoding="utf-8").partition(",")[2].rstrip(");\n"))
            for path in (SITE / "figures").glob("*.js")
        ]
    )
    assert {"formula", "filter"} <= used
    assert not [one for one in used if f'type:"{one}"' not in runtime], (
        "add its part of Vega to PARTS in cartbook/sphinxext/assets.py"
    )


def test_a_compact_style_sheet_means_the_same() -> None:
    css = 'a { content: "; , x" ; b : c  d }\n/* note */\n@media (a: b) and (c) { .x  .y , z { e: calc( 1px + 2px ) } }\n'
    assert assets.compact_css(css) == (
        'a{content: "; , x";b : c d}@media (a: b) and (c){.x .y,z{e: calc( 1px + 2px )}}'
    )
