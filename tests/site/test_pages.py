"""Every page of the built site holds together: links, ids, titles, and no other host."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote, urlsplit

import pytest
from helpers import SITE, THEMED, tree

PAGES = THEMED
GENERATED = ("genindex.html", "search.html")
LOADED = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
    "embed": "src",
    "form": "action",
}


@cache
def ids(page: str) -> frozenset[str]:
    return frozenset(one.get("id", "") for one in tree(page).iter() if one.get("id"))


def test_there_are_pages() -> None:
    assert "index.html" in PAGES
    assert len(PAGES) >= 6


@pytest.mark.parametrize("page", PAGES)
def test_no_internal_link_is_broken(page: str) -> None:
    broken = []
    for one in tree(page).iter():
        for name in ("href", "src"):
            address = urlsplit(one.get(name) or "")
            if (
                address.scheme
                or address.netloc
                or not (address.path or address.fragment)
                or one.tag == "base"
            ):
                continue
            assert not address.path.startswith("/"), (
                f"{address.path} breaks where the site lies in a folder"
            )
            target = (
                (SITE / page).parent.joinpath(unquote(address.path)).resolve()
                if address.path
                else SITE / page
            )
            if not target.is_file() or (
                address.fragment
                and target.suffix == ".html"
                and unquote(address.fragment) not in ids(str(target.relative_to(SITE)))
            ):
                broken.append(one.get(name))
    assert not broken


@pytest.mark.parametrize("page", PAGES)
def test_ids_are_unique(page: str) -> None:
    found = [one.get("id") for one in tree(page).iter() if one.get("id")]
    assert len(found) == len(set(found)), sorted(
        {one for one in found if found.count(one) > 1 and one}
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_it_is(page: str) -> None:
    title = tree(page).findtext(".//title") or ""
    assert len(title.strip()) > 5
    assert tree(page).get("lang", "").startswith("en")
    if page not in GENERATED:
        descriptions = [
            one.get("content", "")
            for one in tree(page).iter("meta")
            if one.get("name") == "description"
        ]
        assert len(descriptions) == 1
        assert len(descriptions[0]) >= 20


def test_titles_and_descriptions_are_each_used_once() -> None:
    titles = [tree(page).findtext(".//title") for page in PAGES]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_asks_another_host(page: str) -> None:
    asked = [
        one.get(LOADED[str(one.tag)])
        for one in tree(page).iter()
        if str(one.tag) in LOADED and one.get("rel") != "canonical"
    ]
    outside = [one for one in asked if one and (urlsplit(one).netloc or one.startswith("//"))]
    assert not outside
    text = (SITE / page).read_text(encoding="utf-8")
    text = re.sub(
        r'<section class="cb-run".*?</section>', "", text, flags=re.DOTALL
    )  # names its host, and asks it after a click alone
    for host in ("unpkg.com", "jsdelivr", "cdnjs", "googleapis", "mathjax", "require.js"):
        assert host not in text


def test_no_style_asks_another_host() -> None:
    for path in SITE.rglob("*.css"):
        assert not re.findall(
            r"""(?:url\(|@import\s+)['"]?(?:https?:)?//""",
            path.read_text(encoding="utf-8", errors="replace"),
        ), path.name


@pytest.mark.parametrize("page", PAGES)
def test_a_problem_can_be_reported_once_and_not_by_mail(page: str) -> None:
    html = (SITE / page).read_text(encoding="utf-8")
    assert html.count("Report a problem with this page") == 1
    assert "mailto:" not in html


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_has_its_parts(page: str) -> None:
    seen = set()
    for figure in (one for one in tree(page).iter("figure") if one.get("data-chart")):
        name = figure.get("data-chart", "")
        assert name not in seen
        seen.add(name)
        assert (SITE / "figures" / f"{name}.csv").is_file()
        assert figure.find(".//table/caption") is not None
        assert [one for one in figure.iter("script") if one.get("type") == "application/json"]
        described = {
            one.get("aria-describedby") for one in figure.iter() if one.get("aria-describedby")
        }
        assert described == {f"fig-{name}-alt"}
        alternative = [one for one in figure.iter() if one.get("id") == f"fig-{name}-alt"]
        assert len("".join(alternative[0].itertext())) > 40


def test_no_machine_speech_reaches_a_reader() -> None:
    for page in PAGES:
        words = " ".join(tree(page).itertext())
        for wrong in (
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
        ):
            shown = re.sub(r"def |code", "", words)
            assert wrong not in shown, f"{page}: {wrong}"


def test_the_data_goes_with_the_site() -> None:
    source = SITE.parents[1] / "data"
    for path in [*source.glob("*.csv"), source / "datapackage.json"]:
        assert (SITE / "data" / path.name).read_bytes() == path.read_bytes()


def test_the_numbers_of_figures_are_those_that_pages_show() -> None:
    shown = {
        one.get("data-chart")
        for page in PAGES
        for one in tree(page).iter("figure")
        if one.get("data-chart")
    }
    assert {path.stem.removesuffix("-excel") for path in (SITE / "figures").glob("*.csv")} == shown
