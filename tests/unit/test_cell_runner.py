"""Cells run one by one: values, printed words, mistakes, and figures that the browser draws."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import altair as alt
import pandas as pd
import pytest

from cartbook import figure, figures
from cartbook.cell_runner import Session, to_output


@pytest.fixture
def run() -> Any:
    session = Session()
    return lambda source, number=1: json.loads(session.run(number, source))


def test_names_stay_and_the_last_expression_is_shown(run: Any) -> None:
    assert run("one = 20 + 1\nNone") == {"outputs": [], "failed": "", "missing": ""}
    assert run("one * 2")["outputs"] == [{"text": "42"}]
    assert run("one;")["outputs"] == []
    assert run("")["outputs"] == []


def test_what_is_printed_and_displayed_keeps_its_order(run: Any) -> None:
    found = run("print('a', 1)\ndisplay(2)\nprint('b')\n3")["outputs"]
    assert found == [{"printed": "a 1\n"}, {"text": "2"}, {"printed": "b\n"}, {"text": "3"}]


def test_a_mistake_names_cell_and_line_and_nothing_of_ours(run: Any) -> None:
    found = run("def half(n):\n    return n / 0\nhalf(3)", 7)
    assert found["failed"] == "ZeroDivisionError: division by zero"
    trace = found["outputs"][-1]["error"]
    assert 'File "cell 7", line 3' in trace
    assert "return n / 0" in trace
    assert "session.py" not in trace
    assert run("1 +", 8)["failed"].startswith("SyntaxError")
    assert run("exit()", 9)["failed"]


def test_a_lacking_module_is_named(run: Any) -> None:
    assert run("import nowhere_to_be_found.part")["missing"] == "nowhere_to_be_found"


def test_a_table_is_html_and_a_figure_comes_with_its_numbers(run: Any) -> None:
    assert (
        "<table>"
        in run(
            "from cartbook import table\nimport pandas as pd\ntable(pd.DataFrame({'a': ['x']}), caption='Words')"
        )["outputs"][0]["html"]
    )


def test_without_vl_convert_a_figure_leaves_the_drawing_to_the_browser(
    monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    monkeypatch.setattr(figures, "DRAWS", False)
    rows = pd.DataFrame({"x": [1, 2]})
    drawn = figure(alt.Chart(rows).mark_bar().encode(x="x:Q"), id="bars", title="Bars", reading="Read.", alt="A bar chart with two bars, one longer than the other.", table=rows, source="Here.")  # fmt: skip
    form = to_output(drawn)
    html, csv = form["html"], form["csv"]
    spec = json.loads(html.partition('class="cb-spec">')[2].partition("</script>")[0])
    assert "vega-lite" in spec["$schema"]
    assert spec["width"] == "container"
    assert "<svg" not in html
    assert csv == "x\n1\n2\n"
    assert "{root}figures/bars.csv" in html
    assert "-excel.csv" not in html, "the script gives the link the new numbers"
    bare = run(
        "import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({'x': [1]})).mark_point().encode(x='x:Q')"
    )["outputs"][0]["html"]
    assert 'data-chart="chart"' in bare
    assert "vega-lite" in bare


def test_a_pages_python_needs_neither_frictionless_nor_scipy_nor_vl_convert() -> None:
    code = """
import sys, zoneinfo
sys.platform = "emscripten"
for name in ("frictionless", "scipy", "vl_convert", "sphinx", "docutils"):
    sys.modules[name] = None
import cartbook, cartbook.cell_runner
for name in cartbook.__all__:
    getattr(cartbook, name)
cartbook.proportion(3, 10)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
