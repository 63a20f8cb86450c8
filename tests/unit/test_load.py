"""Tables come typed, and what is missing keeps its reason."""

from __future__ import annotations

import doctest
import importlib
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from helpers import TOP

import cartbook
from cartbook import agreement, evidence, history, load, quote
from cartbook import tables as data
from cartbook.findings import DataError


def test_numbers_are_numbers_and_missing_ones_keep_their_word() -> None:
    outcomes = load("outcomes")
    assert outcomes["value"].dtype == "Float64"
    assert outcomes["denominator"].dtype == "Int64"
    kinds = set(outcomes["value_missing"])
    assert {"not reported", "not reached", ""} <= kinds
    assert (outcomes["value"].isna() == outcomes["value_missing"].ne("")).all()


def test_a_table_is_a_copy() -> None:
    mine = load("studies")
    mine.loc[0, "label"] = "changed"
    assert load("studies").loc[0, "label"] != "changed"


def test_a_changed_table_is_read_anew_in_a_live_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(TOP / "data", tmp_path / "data"))
    monkeypatch.setattr(data, "FOLDER", folder)
    path = folder / "products.csv"
    before, times = load("products"), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    text = path.read_text(encoding="utf-8")
    name = str(before.loc[0, "brand_printed"])
    path.write_text(text.replace(name, name[::-1]), encoding="utf-8")
    os.utime(
        path, ns=times
    )  # of the same size and time, as an editor that restores times leaves it
    assert load("products").loc[0, "brand_printed"] == name[::-1]
    path.write_text(text.splitlines()[0] + "\n,,\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"data/products\.csv, row 2"):
        load("products")
    path.write_text(text, encoding="utf-8")
    assert load("products").equals(before)


def test_evidence_joins_and_filters() -> None:
    rows = evidence(section="table-1", endpoint="cytokine release syndrome", grade="any")
    assert len(rows) == 6
    assert rows["disease"].nunique() > 2
    assert evidence(study_id=["locke2022", "ying2021"])["study_id"].nunique() == 2


def test_a_number_without_a_study_is_complete() -> None:
    rows = evidence(study_id="not applicable")
    assert (rows["product"] == "not applicable").all()
    words = rows.select_dtypes(exclude="number")
    assert words.notna().all(axis=None)
    assert not rows["label"].str.startswith("not ").any()
    assert quote("saf-fda-boxed.products").source.endswith("2024")


def test_evidence_filters_by_source() -> None:
    assert set(evidence(source="review")["source_id"]) == {"yang2023"}
    assert set(evidence(source="label")["source_kind"]) == {"label"}
    assert set(evidence(source=["westin2023", "review"])["source_id"]) == {"westin2023", "yang2023"}
    with pytest.raises(DataError, match="no outcome has source = 'letter'"):
        evidence(source="letter")


def test_a_number_is_followed_through_time() -> None:
    rows = history("siddiqi2022", "CR or CRi")
    assert list(rows["as_of"]) == sorted(rows["as_of"])
    assert {"yang2023", "siddiqi2023"} <= set(rows["source_id"])


def test_agreement_pairs_numbers_of_one_thing() -> None:
    pairs = agreement()
    assert pairs["outcome_id"].isin(evidence(source="review")["outcome_id"]).all()
    assert pairs["other_id"].isin(evidence(source="review")["outcome_id"]).sum() == 0
    later = pairs[pairs["other_id"] == "lt-zuma3-3y.infused"]
    assert not later["agrees"].any()  # 78 infused in both phases, 55 in the review
    assert 0.5 < pairs["agrees"].mean() < 1


@pytest.mark.parametrize("name", ["tables", "stats", "printed", "checks"])
def test_the_examples_of_docstrings_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"cartbook.{name}"))
    assert results.failed == 0


def test_evidence_says_what_it_does_not_know() -> None:
    with pytest.raises(DataError, match="no column 'end_point'"):
        evidence(end_point="x")
    with pytest.raises(DataError, match="no outcome has endpoint = 'cure'"):
        evidence(endpoint="cure")


def test_a_quoted_number_reads_as_a_sentence_needs_it() -> None:
    zuma5 = quote("jacobson2022.single-group.complete-response.text")
    assert str(zuma5.text) == "74%"
    assert repr(zuma5.fraction) == "77 of 104"
    assert str(zuma5.full) == "77 of 104 (74%, 95% CI 65–82)"
    assert (
        str(quote("shah2021.single-group.overall-survival.text-responders").text) == "not reached"
    )
    assert (
        str(quote("ramos2020.single-group.participants.text-in-cr-before-treatment").text)
        == "1\N{NO-BREAK SPACE}patient"
    )
    assert str(quote("ying2021.single-group.overall-survival.table-1").text) == "not reported"
    assert str(quote("locke2022.standard-care.complete-response.text").fraction).startswith(
        "about "
    )


def test_parts_of_a_number_are_quoted_too_and_large_ones_are_grouped() -> None:
    deaths = quote("saf-nrm-meta.patients")
    assert (str(deaths.number), deaths.number.key) == ("7,604", "saf-nrm-meta.patients")
    zuma7 = quote("rct-zuma7-os.overall-survival-hazard-ratio")
    assert (str(zuma7.text), str(zuma7.printed_interval)) == ("0.73", "0.54–0.98")
    assert (str(zuma7.months), zuma7.months.key) == ("47.2", zuma7.row.name)
    assert str(quote("jacobson2022.single-group.complete-response.text").people) == "104"
    assert str(quote("rct-transform-3y.overall-survival-hazard-ratio").number) == "0.757"


def test_an_unknown_outcome_is_refused_with_its_neighbours() -> None:
    with pytest.raises(DataError, match=r"locke2022\.all"):
        quote("locke2022.nothing")


def test_a_chapter_may_read_only_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    load("studies")
    monkeypatch.setenv("CARTBOOK_DECLARED_TABLES", "outcomes")
    with pytest.raises(DataError, match=r"add studies\.csv to book: data"):
        load("studies")


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(DataError, match="there is no table 'trials'"):
        load("trials")


def test_the_public_face_is_what_it_says() -> None:
    for _ in range(2):  # the second time, a module may lie where a function of its name is expected
        for name in cartbook.__all__:
            assert callable(getattr(cartbook, name)), name


def test_small_samples_are_marked() -> None:
    rows = cartbook.proportions(
        evidence(section="table-1", endpoint="cytokine release syndrome", grade="any")
    )
    assert (
        rows.loc[rows["small"], "denominator"].max()
        < 30
        <= rows.loc[~rows["small"], "denominator"].min()
    )
    assert isinstance(rows, pd.DataFrame)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment into which ``pip install .`` has put the checkout; what cartbook depends on is there."""
    folder: Path = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python3.*/site-packages")
    (packages / "dependencies.pth").write_text(
        "\n".join(site.getsitepackages()) + "\n", encoding="utf-8"
    )  # an editable cartbook is not among them
    install = [
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        str(TOP),
    ]
    subprocess.run(
        [sys.executable, *install],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    return python


def run(
    python: Path, code: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CARTBOOK", "PYTHON"))
    }
    return subprocess.run(
        [python, "-c", code],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_package_carries_every_table_and_drawing(
    installed: Path, tmp_path: Path
) -> None:
    tables = sorted(path.stem for path in (TOP / "data").glob("*.csv"))
    drawings = sorted(path.stem for path in (TOP / "chapters" / "drawings").glob("*.svg"))
    code = f"import cartbook; print(cartbook.__file__); print(*(len(cartbook.load(one)) for one in {tables})); [cartbook.drawing(one, caption='x') for one in {drawings}]"
    done = run(installed, code, tmp_path)
    assert not done.returncode, done.stderr
    where, lengths = done.stdout.splitlines()
    assert Path(where).is_relative_to(installed.parent.parent)
    assert lengths.split() == [str(len(load(one))) for one in tables]


def test_tables_that_are_not_there_come_with_the_right_advice(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "import cartbook; cartbook.load('outcomes')"
    assert (
        f"$CARTBOOK_DATA names {tmp_path}, which has no datapackage.json"
        in run(installed, asked, tmp_path, CARTBOOK_DATA=str(tmp_path)).stderr
    )
    monkeypatch.setattr(data, "FOLDER", tmp_path / "data")
    with pytest.raises(DataError, match="git checkout data"):
        load("outcomes")
    (tables,) = installed.parent.parent.glob("lib/python3.*/site-packages/cartbook/data")
    tables.rename(tmp_path / "tables")
    stderr = run(installed, asked, tmp_path).stderr
    (tmp_path / "tables").rename(tables)
    assert "install it again, from its wheel or with pip install . in a checkout" in stderr
    assert "git checkout" not in stderr


def test_a_ratio_is_quoted_with_its_printed_interval() -> None:
    ratio = quote("rct-zuma7-os.overall-survival-hazard-ratio")
    assert ratio.ratio() == "0.73 (95% CI 0.54–0.98)"
    assert ratio.ratio("") == "0.73 (0.54–0.98)"
    assert ratio.ratio().key == "rct-zuma7-os.overall-survival-hazard-ratio"
    large = quote("pulsipher2022.residual-disease-in-marrow-at-month-3.relapse.pulsipher2022")
    assert large.ratio() == "12 (95% CI 2.87–50)"  # no decimals that the source does not print
