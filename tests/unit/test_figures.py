"""Charts compile, figures are the same on every run, and no label breaks out of its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import altair as alt
import html5lib
import numpy as np
import pandas as pd
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from cartbook import (
    dot_plot,
    drawable,
    drawing,
    evidence,
    figure,
    interval_plot,
    proportions,
    render,
    table,
)
from cartbook.figures import LIVE_MIME, MIME, VEGALITE, Figure, csv_of, specification
from cartbook.theme import HUES, INK, colour, stylesheet

HOSTILE = '</script><script>alert(1)</script> "quoted" & <b>bold</b>'
ROWS = pd.DataFrame(
    {
        "label": ["One", "One", HOSTILE, "Three"],
        "what": ["any grade", "grade 3 or higher", "any grade", "any grade"],
        "disease": ["multiple myeloma", "multiple myeloma", "Hodgkin lymphoma", "something new"],
        "events": [9, 1, 17, 0],
        "denominator": [100, 100, 20, 25],
        "percent": [9.0, 1.0, 85.0, 0.0],
        "low": [4.8, 0.2, 64.0, 0.0],
        "high": [16.2, 5.4, 94.8, 13.3],
    }
)
CHARTS = {
    "interval": lambda: interval_plot(ROWS.iloc[[1, 2, 3]]),
    "interval by": lambda: interval_plot(ROWS, by="what"),
    "interval choose": lambda: interval_plot(ROWS, by="what", choose="disease"),
    "dot": lambda: dot_plot(ROWS, label="label", value="percent", title="Share", by="disease"),
}


def give(chart: Any, **words: Any) -> Figure:
    said = {
        "id": "a-figure",
        "title": "A finding",
        "reading": "Read it so.",
        "source": "Nobody.",
        "table": ROWS,
    }
    said |= {
        "alt": "An interval plot of made-up shares by row, which shows that one row is high."
    } | words
    return figure(chart, **said)


@pytest.mark.parametrize("name", CHARTS)
def test_every_builder_gives_valid_vega_lite_that_draws_each_row(name: str) -> None:
    spec = CHARTS[name]().to_dict(validate=True)
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGALITE)
    for label in ("One", "Three"):
        assert f">{label}<" in svg
    assert "null" not in svg
    assert "NaN" not in svg


@pytest.mark.parametrize("name", CHARTS)
def test_the_same_figure_is_the_same_bytes(name: str) -> None:
    first, second = (give(CHARTS[name]())._repr_mimebundle_() for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def html_of(chart: Any, **words: Any) -> str:
    return render.html(give(chart, **words).to_record(), root="../")


@pytest.mark.parametrize(
    "made",
    [
        lambda: give(CHARTS["interval"]()),
        lambda: table(ROWS, caption="Rows"),
        lambda: drawing("b-lineage", caption="Cells"),
    ],
)
def test_a_record_becomes_json(made: Callable[[], Any]) -> None:
    record = made()
    (data, metadata) = record._repr_mimebundle_()
    assert json.loads(json.dumps(data[MIME])) == json.loads(json.dumps(record.to_record()))
    assert metadata["cartbook"]["kind"] == data[MIME]["kind"] == record.kind


def test_a_record_holds_no_html() -> None:
    def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(value, dict | list):
            for key, one in value.items() if isinstance(value, dict) else enumerate(value):
                yield from texts(one, f"{path}/{key}")
        elif isinstance(value, str):
            yield path, value

    marked = {
        path
        for path, words in texts(give(CHARTS["dot"](), table=ROWS.iloc[[0, 3]]).to_record())
        if "<" in words
    }
    assert {path for path in marked if not path.startswith(("/spec/", "/live/"))} == {
        "/wide/body",
        "/narrow/body",
    }


def test_one_call_gives_all_forms() -> None:
    data, _ = give(CHARTS["interval"]())._repr_mimebundle_()
    assert {LIVE_MIME, MIME, "image/svg+xml", "text/plain"} == set(data)
    assert not hasattr(Figure, "_repr_html_"), (
        "Jupyter would keep the page's form in the notebook too"
    )
    assert data[LIVE_MIME]["title"] == "A finding"
    assert 'role="img"' in data["image/svg+xml"]
    tree = html5lib.parseFragment(html_of(CHARTS["interval"]()), namespaceHTMLElements=False)
    assert tree.find("figure").get("data-chart") == "a-figure"
    assert len(tree.findall(".//{http://www.w3.org/2000/svg}svg") or tree.findall(".//svg")) == 2
    cells = tree.findall(".//table//th")
    assert {cell.get("scope") for cell in cells} == {"col", "row"}
    assert tree.find(".//table/caption") is None, (
        "the title is heard once, in the caption of the figure"
    )
    numbers = re.findall(r"\d+\.(\d+)", (data["image/svg+xml"].partition("<g")[2]))
    assert max(map(len, numbers)) <= 2, "coordinates are no finer than a screen shows"
    links = [one.get("href") for one in tree.findall(".//a")]
    forms = (".csv", "-excel.csv", ".svg", ".html")
    assert links == [f"../figures/a-figure{form}" for form in forms]


@pytest.mark.parametrize("place", ["title", "reading", "alt", "source"])
def test_hostile_words_stay_words(place: str) -> None:
    html = html_of(
        CHARTS["interval by"](), **{place: HOSTILE + " and enough words to be an alternative text"}
    )
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    scripts = [one for one in tree.iter() if str(one.tag).endswith("script")]
    assert [one.get("type") for one in scripts] == ["application/json"]
    assert not [one for one in tree.iter() if str(one.tag) == "b"]
    json.loads(scripts[0].text)


def test_ids_are_unique_within_a_figure() -> None:
    ids = re.findall(r'\bid="([^"]+)"', html_of(CHARTS["interval by"]()))
    assert len(ids) == len(set(ids))


def test_the_pictures_fit_a_page_and_a_phone() -> None:
    widths = [
        float(one)
        for one in re.findall(r'<svg [^>]*viewBox="0 0 ([\d.]+)', html_of(CHARTS["interval by"]()))
    ]
    assert len(widths) == 2
    assert widths[0] > 600
    assert widths[1] <= 360


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"id": "Not An Id"}, "id is made of"),
        ({"title": " "}, "has no title"),
        ({"alt": "A finding."}, "written alternative"),
        ({"table": ROWS.iloc[:0]}, "without rows"),
        ({"table": ROWS.assign(percent=[None, 1, 2, 3])}, "no blank cells"),
        (
            {"digits": {"percent": 0}, "table": ROWS.assign(percent=[0.4, 1.5, 2, 3])},
            "would be shown as 0",
        ),
    ],
)
def test_a_figure_without_its_words_is_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        give(CHARTS["interval"](), **words)


def test_a_chart_says_which_columns_it_needs() -> None:
    with pytest.raises(ValueError, match="needs the columns low"):
        interval_plot(ROWS.drop(columns="low"))
    with pytest.raises(ValueError, match="no rows"):
        interval_plot(ROWS.iloc[:0])


@pytest.mark.parametrize("kind", ["interval", "dot"])
def test_of_very_many_rows_the_largest_are_drawn_and_the_chart_says_so(kind: str) -> None:
    many = pd.concat(
        [
            ROWS.iloc[[3]].assign(label=f"Row {n}", denominator=20 + n, percent=float(n % 97))
            for n in range(200)
        ]
    )
    chart = (
        interval_plot(many)
        if kind == "interval"
        else dot_plot(many, label="label", value="denominator", title="Patients")
    )
    svg = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=VEGALITE)
    assert "60 of 200 lines: those with the largest numbers (denominator)." in svg
    assert {f"Row {n}" for n in range(200) if f">Row {n}<" in svg} == {
        f"Row {n}" for n in range(140, 200)
    }
    assert "of 4 lines" not in vl_convert.vegalite_to_svg(
        CHARTS[kind]().to_dict(), vl_version=VEGALITE
    )


def luminance(hex_colour: str) -> float:
    parts = [int(hex_colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_chart_of_ones_own_can_keep_the_largest_rows_too() -> None:
    rows = pd.DataFrame({"name": [f"study {n}" for n in range(70)], "patients": [*range(69), None]})
    kept, said = drawable(rows, "name", "patients")
    assert list(kept["patients"]) == list(range(9, 69))
    assert said["title"].to_dict()["text"][0].startswith("60 of 70 lines")
    assert drawable(rows[:60], "name", "patients")[1] == {}


@pytest.mark.parametrize("side", [0, 1])
def test_every_colour_stands_out_from_its_page(side: int) -> None:
    paper = INK["paper"][side]
    for name, pair in HUES.items():
        assert contrast(pair[side], paper) >= 3, name
    for name in ("text", "quiet"):
        assert contrast(INK[name][side], paper) >= 4.5, name


def test_every_light_colour_has_its_dark_partner_in_the_stylesheet() -> None:
    css = stylesheet()
    for light, dark in [*HUES.values(), *INK.values()]:
        assert f'[fill="{light}" i]{{fill:{dark}}}' in css
    lights = [light for light, _ in [*HUES.values(), *INK.values()]]
    assert len(lights) == len(set(lights))


def test_a_meaning_has_one_colour_and_an_unknown_one_is_refused() -> None:
    assert colour("multiple myeloma") == HUES["purple"][0]
    with pytest.raises(KeyError, match="no colour is kept"):
        colour("unheard of")


def test_a_bare_chart_shows_through_the_same_renderer() -> None:
    chart = (
        alt.Chart(ROWS).mark_point().encode(x="percent", y="label").properties(description="dots")
    )
    bundle = chart._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert {LIVE_MIME, MIME, "image/svg+xml", "text/plain"} == set(data)
    shown = render.html(data[MIME])
    assert "<desc" in shown
    assert ">dots</desc>" in shown
    assert "figcaption" not in shown
    printed = render.html(data[MIME], "print", image="images/chart.svg", paged=False)
    assert 'alt="dots"' in printed
    assert "figcaption" not in printed


def test_real_evidence_draws() -> None:
    rows = proportions(
        evidence(section="table-2", endpoint="cytokine release syndrome", grade="any")
    )
    assert "KarMMa" in vl_convert.vegalite_to_svg(
        interval_plot(rows).to_dict(), vl_version=VEGALITE
    )


def test_a_table_has_caption_and_scopes_and_no_blanks() -> None:
    html = render.html(table(ROWS, caption="Made up & small").to_record())
    assert "<caption>Made up &amp; small</caption>" in html
    assert 'scope="col"' in html
    with pytest.raises(ValueError, match="caption"):
        table(ROWS, caption=" ")


@pytest.mark.parametrize("blank", [None, float("nan"), np.float32("nan"), pd.NaT, pd.NA])
def test_a_blank_cell_of_any_kind_is_refused(blank: Any) -> None:
    with pytest.raises(ValueError, match="no blank cells"):
        table(
            pd.DataFrame({"row": ["a", "b"], "value": pd.Series(["x", blank], dtype=object)}),
            caption="Blank",
        )


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (
            [0.015, 0.061, 0.002],
            ["0.015", "0.061", "0.002"],
        ),  # small chances keep two significant digits
        ([0.00123, 0.4], ["0.0012", "0.4000"]),
        ([63.95811352592431, 4.0], ["64.0", "4.0"]),  # percentages
        ([0.398, 1.2512], ["0.40", "1.25"]),  # ratios
        ([8.5, 9.25], ["8.50", "9.25"]),
        ([65.0, 100.0], ["65", "100"]),  # whole numbers stay whole
        ([8.3, 14.7], ["8.3", "14.7"]),
        ([34.2, 0.0151], ["34.200", "0.015"]),
        ([50.0, 1.4e-17], ["50", "0"]),  # what arithmetic leaves of zero
        ([3, 12], ["3", "12"]),
    ],
)
def test_a_column_has_digits_that_suit_its_numbers(values: list[float], shown: list[str]) -> None:
    record = table(
        pd.DataFrame({"row": ["a", "b", "c"][: len(values)], "value": values}), caption="Digits"
    ).to_record()
    assert [render.cell(record["columns"][1], row[1]) for row in record["rows"]] == shown


@given(st.lists(st.floats(min_value=1e-9, max_value=1e6), min_size=1, max_size=6))
def test_no_number_is_ever_shown_as_zero(values: list[float]) -> None:
    record = table(
        pd.DataFrame({"row": [str(one) for one in values], "value": values}), caption="Digits"
    ).to_record()
    assert all(float(render.cell(record["columns"][1], row[1])) > 0 for row in record["rows"])


def test_an_author_chooses_digits_but_not_too_few() -> None:
    rows = pd.DataFrame({"row": ["a", "b"], "p": [0.01512, 0.5]})
    record = table(rows, caption="Digits", digits={"p": 3}).to_record()
    assert [render.cell(record["columns"][1], row[1]) for row in record["rows"]] == [
        "0.015",
        "0.500",
    ]
    with pytest.raises(ValueError, match="would be shown as 0 with 1 decimals"):
        table(rows, caption="Digits", digits={"p": 1})
    with pytest.raises(ValueError, match="does not have: q"):
        table(rows, caption="Digits", digits={"q": 1})


def test_a_csv_has_six_digits_and_whole_numbers_stay_whole() -> None:
    rows = pd.DataFrame(
        {
            "row": ["a", "b"],
            "share": [63.95811352592431, 50.0],
            "count": [1234567, 2],
            "large": [1234567.0, 1.0],
        }
    )
    assert csv_of(table(rows, caption="Digits").to_record()).splitlines()[1:] == [
        "a,63.9581,1234567,1234567",
        "b,50,2,1",
    ]


def test_a_chart_is_the_same_on_every_run_and_its_data_stay() -> None:
    rows = pd.DataFrame({"view_7": [1, 2], "name": ["param_3", "view_7"]})

    def drawn() -> dict[str, Any]:
        brush = alt.selection_point(fields=["name"])
        shade = alt.condition(brush, alt.value(1), alt.value(0.2))
        chart = (
            alt.Chart(rows)
            .mark_point()
            .encode(x=alt.X("view_7:Q", title="view_7"), y="name:N", opacity=shade)
        )
        return specification((chart.add_params(brush) | chart).resolve_scale(x="shared"))

    first, second = drawn(), drawn()
    assert first == second
    assert {"name": "param_3", "view_7": 1} in next(iter(first["datasets"].values()))
    assert first["hconcat"][0]["encoding"]["x"]["title"] == "view_7"


def test_a_drawing_has_its_words_and_ids_of_its_own() -> None:
    record = drawing("b-lineage", caption="Where the targets sit")
    html = render.html(record.to_record())
    assert 'aria-labelledby="b-lineage-title"' in html
    assert 'id="b-lineage-desc"' in html
    assert len(record.alt) > 100
    assert "<title" not in record.picture.body
    with pytest.raises(ValueError, match="no drawing"):
        drawing("nothing", caption="x")


def test_plain_text_says_what_the_page_says_and_nothing_of_the_interface() -> None:
    words = render.text(
        give(
            CHARTS["interval"](),
            table=ROWS.drop(columns=["disease", "low", "high"]).replace(HOSTILE, "Two"),
        ).to_record()
    )
    assert words.startswith("[Figure] A finding\n\nHow to read it. Read it so.\n")
    assert "label  what               events  denominator  percent\n" in words
    assert "Two    any grade              17           20       85\n" in words
    assert not re.search("CSV|In words|<", words)


def test_a_wide_table_becomes_rows_of_named_values() -> None:
    words = render.text(
        table(pd.DataFrame({"Study": ["A"], "Result": ["x" * 99]}), caption="Wide").to_record()
    )
    assert words.startswith("Table: Wide\n\n- Study: A; Result:\n  xxx")


def test_rows_that_name_their_number_link_to_its_entry() -> None:
    rows = pd.DataFrame({"Study": ["A", "B"], "Patients": [20, 30], "outcome_id": ["a.crs", ""]})
    record = table(rows, caption="Linked").to_record()
    assert [column["name"] for column in record["columns"]] == ["Study", "Patients"]
    html = render.html(record, entry="../evidence/study.html#{}".format)
    assert html.count("<a ") == 1
    assert (
        '<a class="evidence reference internal" href="../evidence/study.html#a.crs">20</a>' in html
    )
    assert "<a " not in render.html(record), "in a notebook there are no entries"
    assert "a.crs" not in render.text(record)
    assert csv_of(record).splitlines() == ["Study,Patients,outcome_id", "A,20,a.crs", "B,30,"]
    assert list(rows) == ["Study", "Patients", "outcome_id"], "the frame itself is as it was"
