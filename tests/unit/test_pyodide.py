"""Where a page's Python comes from, and what the page holds for it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sphinx.errors import ExtensionError

from cartbook.render import html
from cartbook.sphinxext import pyodide


def app(folder: Path, said: str) -> Any:
    return SimpleNamespace(srcdir=str(folder), config=SimpleNamespace(cartbook_runtime=said))


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A Pyodide release in miniature."""
    entries = {
        "pandas": ["numpy"],
        "numpy": [],
        "scipy": ["numpy"],
        "jinja2": [],
        "jsonschema": [],
        "packaging": [],
        "unwanted": [],
    }
    lock = {
        name: {"file_name": f"{name}.whl", "depends": depends} for name, depends in entries.items()
    }
    for name in [*pyodide.CORE, "pyodide.asm.js", *(f"{name}.whl" for name in entries)]:
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "pyodide-lock.json").write_text(json.dumps({"packages": lock}), encoding="utf-8")
    return tmp_path


def test_three_settings(release: Path) -> None:
    assert pyodide.runtime(app(release, "none")) is None
    assert (
        pyodide.runtime(app(release, "https://host.example/full/")) == "https://host.example/full/"
    )
    assert pyodide.runtime(app(release.parent, release.name)) == release


@pytest.mark.parametrize(
    "said", ["http://host.example/full/", "https://host.example/full", "nowhere/to/be/found"]
)
def test_another_setting_is_one_clear_line(tmp_path: Path, said: str) -> None:
    with pytest.raises(ExtensionError, match=r"cartbook_runtime in _config\.yml: [^\n]+$"):
        pyodide.runtime(app(tmp_path, said))


def test_the_site_takes_what_it_needs_of_a_release_and_no_more(release: Path) -> None:
    names = {path.name for path in pyodide.files_of(release, pyodide.FROM_RUNTIME)}
    assert {"pandas.whl", "numpy.whl", "pyodide.mjs", "pyodide.asm.js"} <= names
    assert not {"scipy.whl", "unwanted.whl"} & names
    (release / "numpy.whl").unlink()
    with pytest.raises(ExtensionError, match=r"lacks numpy\.whl"):
        pyodide.files_of(release, ["pandas"])
    with pytest.raises(ExtensionError, match="has no altogether-other"):
        pyodide.files_of(release, ["altogether-other"])


def test_sources_in_a_page_close_no_script() -> None:
    cells = [{"source": "print('</script><b>')", "placed": True}]
    page = html(pyodide.button("https://host.example/", cells, 2.0))
    inside = page.partition('class="cb-run-cells">')[2].partition("</script>")[0]
    assert json.loads(inside) == cells
    assert "about 17 MB, from host.example and this site" in page


def test_the_site_carries_the_package_its_tables_and_altair(site: Path) -> None:
    with zipfile.ZipFile(site / "run" / "packages.zip") as packed:
        names = set(packed.namelist())
    assert {
        "cartbook/cell_runner.py",
        "cartbook/data/outcomes.csv",
        "altair/__init__.py",
        "narwhals/__init__.py",
        "typing_extensions.py",
    } <= names
    assert not [
        name for name in names if name.startswith("cartbook/sphinxext/") or name.endswith(".pyc")
    ]


def test_every_chapter_offers_to_run_with_all_its_cells(site: Path) -> None:
    pages = [
        path
        for path in site.glob("chapters/*.html")
        if 'class="cb-run"' in path.read_text(encoding="utf-8")
    ]
    assert len(pages) == 20
    for path in pages:
        text = path.read_text(encoding="utf-8")
        cells = json.loads(text.partition('class="cb-run-cells">')[2].partition("</script>")[0])
        assert len(cells) == text.count('<div class="cell ')
        assert "from cartbook import" in cells[0]["source"]
