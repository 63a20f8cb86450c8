"""Every page of the built site holds together: links, ids, titles, figures, no other host, no inline code."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
from functools import cache
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import fastparquet
import pandas as pd
import pytest
from helpers import PAGES, SITE, THEMED, TOP, tree

from cartbook import load
from cartbook.csp import IN_PAGE

GENERATED = ("genindex.html", "search.html")
LOADED = dict.fromkeys(("script", "img", "iframe", "source", "video", "audio", "embed"), "src")
LOADED |= {"link": "href", "object": "data", "form": "action"}
HOSTS = ("unpkg.com", "jsdelivr", "cdnjs", "googleapis", "mathjax", "require.js")
MACHINE = (
    "np.int64",
    "np.float64",
    "&lt;NA&gt;",
    "<NA>",
    "Traceback",
    "{eval}",
    "{term}",
    "object at 0x",
    "\\xa0",
    "\\u20",
)
FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d[\d.]*$)")  # a number may have a sign


def texts(page, tag):
    return ["".join(one.itertext()) for one in tree(page).iter(tag)]


@cache
def ids(page):
    return [one.get("id") for one in tree(page).iter() if one.get("id")]


@pytest.mark.parametrize("page", THEMED)
def test_no_internal_link_is_broken_and_ids_are_unique(page):
    assert len(ids(page)) == len(set(ids(page))), sorted(
        {one for one in ids(page) if ids(page).count(one) > 1}
    )
    broken = []
    for link in (
        one.get(name) for one in tree(page).iter() if one.tag != "base" for name in ("href", "src")
    ):
        address = urlsplit(link or "")
        if address.scheme or address.netloc or not (address.path or address.fragment):
            continue
        assert not address.path.startswith("/"), f"{link} breaks where the site is in a folder"
        target = (
            ((SITE / page).parent / unquote(address.path)).resolve()
            if address.path
            else SITE / page
        )
        place = unquote(address.fragment) if target.suffix == ".html" else ""
        if not target.is_file() or (place and place not in ids(str(target.relative_to(SITE)))):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", THEMED)
def test_a_page_says_what_it_is_and_how_to_report_a_problem(page):
    assert len(texts(page, "title")[0].strip()) > 5
    assert tree(page).get("lang", "").startswith("en")
    about = [
        one.get("content") for one in tree(page).iter("meta") if one.get("name") == "description"
    ]
    assert page in GENERATED or [len(one) >= 20 for one in about] == [True]
    html = (SITE / page).read_text(encoding="utf-8")
    assert html.count("Report a problem with this page") == 1
    assert "mailto:" not in html


def test_titles_are_each_used_once():
    titles = [texts(page, "title")[0] for page in THEMED]
    assert "index.html" in THEMED
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_asks_another_host_and_links_out_tell_nothing(page):
    elements = [one for one in tree(page).iter() if one.get("rel") != "canonical"]
    asked = [one.get(LOADED[one.tag]) or "" for one in elements if one.tag in LOADED]
    assert not [one for one in asked if urlsplit(one).netloc]
    html = (SITE / page).read_text(encoding="utf-8")
    html = re.sub(
        r'<section class="cb-run".*?</section>', "", html, flags=re.DOTALL
    )  # asks after a click alone
    assert not [host for host in HOSTS if host in html]
    out = [one for one in elements if one.tag == "a" and urlsplit(one.get("href") or "").netloc]
    assert all(one.get("href").startswith("https://") for one in out)
    (policy,) = [one for one in elements if one.tag == "meta" and one.get("name") == "referrer"]
    assert policy.get("content") == "no-referrer"


@pytest.mark.parametrize("page", PAGES)
def test_no_code_is_in_a_page_and_the_policy_comes_before_anything_loads(page):
    elements = list(tree(page).iter())
    scripts = [one for one in elements if one.tag == "script" and not one.get("src")]
    assert {one.get("type") for one in scripts} <= {"application/json", "application/ld+json"}
    assert not [name for one in elements for name in one.attrib if name.lower().startswith("on")]
    assert not [
        one for one in elements if (one.get("href") or "").lower().startswith("javascript:")
    ]
    head = list(tree(page).find("head"))
    (policy,) = [
        at for at, one in enumerate(head) if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert head[policy].get("content") == IN_PAGE
    assert policy < min(
        at for at, one in enumerate(head) if one.tag in ("script", "link", "style", "noscript")
    )


def test_no_style_asks_another_host():
    outside = re.compile(r"""(?:url\(|@import\s+)['"]?(?:https?:)?//""")
    sheets = {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in SITE.rglob("*.css")
    }
    assert [name for name, css in sheets.items() if outside.search(css)] == []


@pytest.mark.parametrize("page", THEMED)
def test_every_figure_has_its_parts_and_no_machine_speech_reaches_a_reader(page):
    figures = [one for one in tree(page).iter("figure") if one.get("data-chart")]
    names = [one.get("data-chart") for one in figures]
    assert len(names) == len(set(names))
    for name, figure in zip(names, figures, strict=True):
        assert (SITE / "figures" / f"{name}.csv").is_file()
        assert figure.find(".//table") is not None
        script = figure.get("data-spec").partition("?")[0]
        assert ((SITE / page).parent / script).is_file()
        described = {one.get("aria-describedby") for one in figure.iter()} - {None}
        assert described == {f"fig-{name}-said"}
        said, shown = (
            "".join(one.itertext())
            for part in ("said", "alt")
            for one in figure.iter()
            if one.get("id") == f"fig-{name}-{part}"
        )
        assert said == shown
        assert len(said) > 40
    words = re.sub(r"def |code", "", " ".join(tree(page).itertext()))
    assert [one for one in MACHINE if one in words] == []


def test_the_data_goes_with_the_site_and_every_figure_has_its_numbers():
    for path in [*(TOP / "data").glob("*.csv"), TOP / "data" / "datapackage.json"]:
        assert (SITE / "data" / path.name).read_bytes() == path.read_bytes()
    shown = {one.get("data-chart") for page in THEMED for one in tree(page).iter("figure")} - {None}
    assert {path.stem.removesuffix("-excel") for path in (SITE / "figures").glob("*.csv")} == shown


def test_the_csv_of_every_chart_has_its_description_beside_it():
    types = {"string": str, "integer": int, "number": float}
    for path in (SITE / "figures").glob("*.csv"):
        if path.stem.endswith("-excel"):
            continue
        about = json.loads(path.with_name(f"{path.name}-metadata.json").read_text("utf-8"))
        assert about["@context"] == ["http://www.w3.org/ns/csvw", {"@language": "en-GB"}]
        assert about["url"] == path.name
        assert about["dc:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
        words = [about[f"dc:{name}"] for name in ("title", "description", "source", "creator")]
        assert all(words)
        assert words[0].rstrip(".") in about["dc:bibliographicCitation"]
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        columns = about["tableSchema"]["columns"]
        assert [one["titles"] for one in columns] == header
        for place, column in enumerate(columns):
            for row in rows:
                types[column["datatype"]](row[place])  # raises if the type is wrong


def test_every_chart_is_an_svg_and_a_page_of_its_own():
    shown = {one.get("data-chart") for page in THEMED for one in tree(page).iter("figure")} - {None}
    for form in ("html", "svg"):
        assert {path.stem for path in (SITE / "figures").glob(f"*.{form}")} == shown
    for name in shown:
        picture = ElementTree.parse(SITE / "figures" / f"{name}.svg").getroot()
        assert len(picture.get("aria-label")) > 40
        page = tree(f"figures/{name}.html")
        assert [one.get("data-chart") for one in page.iter("figure")] == [name]
        links = [one.get("href") for one in page.iter("a")]
        assert any(link.endswith(f".html#fig-{name}") for link in links)
        policy = [one.get("content") for one in page.iter("meta") if one.get("http-equiv")]
        assert "default-src 'self'" in policy[0]


def test_the_database_has_the_keys_of_the_tables_and_every_reference_leads_to_a_row():
    package = json.loads((SITE / "data" / "datapackage.json").read_text(encoding="utf-8"))
    with sqlite3.connect(SITE / "data" / "car-t-in-numbers.sqlite") as base:
        for resource in package["resources"]:
            name, schema = resource["name"], resource["schema"]
            columns = base.execute(f'PRAGMA table_info("{name}")').fetchall()
            assert {one[1] for one in columns if one[5]} == set(schema["primaryKey"])
            kinds = {one[1]: one[2] for one in columns}
            numbers = {"integer": "INTEGER", "number": "REAL"}
            for field in schema["fields"]:
                assert kinds[field["name"]] == numbers.get(field["type"], "TEXT")
            keys = base.execute(f'PRAGMA foreign_key_list("{name}")').fetchall()
            assert len({one[0] for one in keys}) == len(schema.get("foreignKeys", []))
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []
        row = base.execute(
            "SELECT source.doi FROM outcomes JOIN sources AS source USING (source_id) "
            "WHERE outcome_id = 'rct-zuma7-os.overall-survival-hazard-ratio'"
        ).fetchone()
    assert row[0].startswith("10.")


def test_catalogue_descriptions_name_every_table_with_its_hash_and_columns():
    package = json.loads((SITE / "data" / "datapackage.json").read_text(encoding="utf-8"))
    crate = json.loads((SITE / "data" / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    croissant = json.loads((SITE / "data" / "croissant.json").read_text(encoding="utf-8"))
    entities = {one["@id"]: one for one in crate["@graph"]}
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    parts = {one["@id"] for one in entities["./"]["hasPart"]}
    assert parts == {one["path"] for one in package["resources"]}
    sums = {one["@id"]: one["sha256"] for one in croissant["distribution"]}
    sets = {one["@id"]: [field["name"] for field in one["field"]] for one in croissant["recordSet"]}
    for resource in package["resources"]:
        body = (SITE / "data" / resource["path"]).read_bytes()
        digest = hashlib.sha256(body).hexdigest()
        assert entities[resource["path"]]["sha256"] == sums[resource["path"]] == digest
        assert entities[resource["path"]]["contentSize"] == str(len(body))
        assert sets[resource["name"]] == [one["name"] for one in resource["schema"]["fields"]]


def test_an_outline_for_language_models_leads_to_text_and_data():
    text = (SITE / "llms.txt").read_text(encoding="utf-8")
    links = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", text, re.MULTILINE)
    assert all((SITE / link).is_file() for link in links)
    chapters = {
        path.stem for path in (TOP / "chapters").glob("*.md") if "minutes:" in path.read_text()
    }
    assert {f"chapters/{name}.txt" for name in chapters} <= set(links)
    assert "data/outcomes.csv" in links


def test_each_table_is_a_parquet_file_too():
    package = json.loads((SITE / "data" / "datapackage.json").read_text(encoding="utf-8"))
    names = {resource["name"] for resource in package["resources"]}
    assert {path.stem for path in (SITE / "data").glob("*.parquet")} == names
    for name in names:
        found = fastparquet.ParquetFile(SITE / "data" / f"{name}.parquet").to_pandas()
        table = load(name)
        assert list(found) == list(table)
        for column in table:
            numeric = pd.api.types.is_numeric_dtype(table[column])
            assert pd.api.types.is_numeric_dtype(found[column]) == numeric
            both = found[column].convert_dtypes(), table[column].convert_dtypes()
            pd.testing.assert_series_equal(*both, check_dtype=False)


def test_no_cell_of_a_download_is_a_formula():
    for path in SITE.glob("*/*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert cells
        assert [one for one in cells if FORMULA.match(one)] == [], path.name
    with sqlite3.connect(SITE / "data" / "car-t-in-numbers.sqlite") as base:
        tables = [
            name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        assert tables
        cells = [
            cell
            for name in tables
            for row in base.execute(f'SELECT * FROM "{name}"')
            for cell in row
        ]
    assert [one for one in cells if isinstance(one, str) and one.startswith(("=", "+", "@"))] == []
