"""The packed site opens from a folder: charts live, search and explorer working, no server, nothing refused."""

from __future__ import annotations

import zipfile

import pytest
from helpers import WITH_CHARTS, scroll, until

from cartbook import export


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory):
    """The zip, unpacked."""
    out = tmp_path_factory.mktemp("zip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "PRINT", out)
        with zipfile.ZipFile(export.write_site()) as zipped:
            zipped.extractall(out / "opened")
    return out / "opened" / export.NAME


def test_site_opens_from_a_folder(visit, site, folder):
    ours, theirs = (
        {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}
        for top in (site, folder)
    )
    assert theirs == ours
    page = visit((folder / "index.html").as_uri())
    for name in ("index.html", *WITH_CHARTS[:2]):
        page.goto((folder / name).as_uri())
        scroll(page)
        assert (
            page.locator(".cb-live svg").count() == page.locator("figure[data-chart]").count() > 0
        )
    line = "getComputedStyle(document.querySelector('.bd-article')).lineHeight"
    assert page.evaluate(line) != "normal"

    page.goto(f"{(folder / 'search.html').as_uri()}?q=neurotoxicity")
    found = page.locator("#search-results li a")
    page.get_by_text("Search finished").wait_for()
    assert found.count() > 3
    excerpts = page.locator("#search-results li .context").all_text_contents()
    assert any("neurotox" in words.lower() for words in excerpts)
    found.first.click()
    page.locator("article h1").first.wait_for()

    page.goto((folder / "chapters" / "explorer.html").as_uri())
    until(page, "() => 'ready' in document.querySelector('.explorer').dataset")
    before = page.locator(".explorer-status").text_content()
    page.locator("select[name=disease]").select_option("multiple myeloma")
    until(
        page, "before => document.querySelector('.explorer-status').textContent !== before", before
    )
    assert "disease=multiple+myeloma" in page.url
