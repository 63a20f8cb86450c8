"""Whatever is written into the tables, the check says what is wrong, or ``load`` gives what the file says."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scripts import TOP

from cartbook import check, data, seal

DATA = TOP / "data"
PACKAGE: dict[str, Any] = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
TABLES = {one["name"]: one for one in PACKAGE["resources"]}
#: what people, spreadsheets and scripts have been seen to write
WRITTEN = [
    "nan",
    "NaN",
    "Infinity",
    "-inf",
    "1e999",
    "1E5",
    "0x10",
    "1_000",
    "1,000",
    "1.5",
    "-0",
    "+5",
    "007",
    "1.",
    ".5",
    "5e-324",
    "9007199254740993",
    "１２",
    "٣",
    "१२",
    "²",
    "½",
    "true",
    "null",
    "NA",
    "1%",
    "12.50",
    "2023-02-30",
    "2023-13-01",
    "0000-00-00",
    "2023-1-5",
    "10000-01-01",
    'a"b',
    '""',
    "'",
    ";",
    "é",
    "😀",
    "[",
    "(",
    "<b>",
    "=1+1",
]
CELL = st.one_of(
    st.sampled_from([*WRITTEN, "", " ", " 5", "1 000", "a\nb", "a,b", "\r", "\0", "\ufeff", "\u2028", "9" * 400, "x" * 200_000]),
    st.sampled_from(check.MISSING),
    st.text(max_size=8),
    st.integers().map(str),
    st.floats().map(str),
)
BOUNDED = settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


def written(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def folder() -> Any:
    """A copy of data/, all of whose tables count as checked until they change; cartbook reads from it."""
    with tempfile.TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch:
        here = Path(shutil.copytree(DATA, Path(made) / "data"))
        patch.setenv("CARTBOOK_SOUND", " ".join(check.mark(here, one) for one in TABLES.values()))
        patch.delenv("CARTBOOK_TABLES", raising=False)
        patch.setattr(data, "FOLDER", here)
        yield here
        data._read.cache_clear()


def judge(folder: Path, name: str, body: bytes, sealed: bool = False) -> list[str]:
    """The findings about a table with other bytes; where there are none, what it says has been compared with what is loaded."""
    path = folder / f"{name}.csv"
    path.write_bytes(body)
    try:
        findings = check.check(folder, sealed=sealed)
        if not findings:
            data._read.cache_clear()
            same(name, list(csv.reader(io.StringIO(body.decode("utf-8")))))
    finally:
        shutil.copyfile(DATA / path.name, path)
    assert all(one.startswith("data/") and ". To mend it: " in one and one.isprintable() for one in findings), findings
    return findings


def same(name: str, rows: list[list[str]]) -> None:
    loaded, types = data.load(name), {one["name"]: one["type"] for one in TABLES[name]["schema"]["fields"]}
    assert len(loaded) == len(rows) - 1
    for place, column in enumerate(rows[0]):
        cells = [row[place] for row in rows[1:]]
        if types[column] == "string":
            assert list(loaded[column]) == cells
            continue
        for number, cell in enumerate(cells):
            value = loaded[column].iloc[number]
            if cell in check.MISSING:
                assert loaded[f"{column}_missing"].iloc[number] == cell
            elif types[column] == "integer":
                assert Fraction(cell) == int(value)
            else:
                assert float(cell) == float(value)


@settings(BOUNDED, max_examples=25)
@given(st.data())
def test_any_cell(folder: Path, draw: st.DataObject) -> None:
    name = draw.draw(st.sampled_from(sorted(TABLES)))
    rows = list(csv.reader(io.StringIO((DATA / f"{name}.csv").read_text(encoding="utf-8"))))
    row, column = draw.draw(st.integers(0, len(rows) - 1)), draw.draw(st.integers(0, len(rows[0]) - 1))
    rows[row][column] = draw.draw(CELL)
    judge(folder, name, written(rows), sealed=draw.draw(st.booleans()))


@settings(BOUNDED, max_examples=15)
@given(st.data())
def test_any_bytes(folder: Path, draw: st.DataObject) -> None:
    name = draw.draw(st.sampled_from(sorted(TABLES)))
    body = (DATA / f"{name}.csv").read_bytes()
    start = draw.draw(st.integers(0, len(body)))
    end = draw.draw(st.one_of(st.integers(start, min(start + 40, len(body))), st.just(len(body))))
    judge(folder, name, body[:start] + draw.draw(st.binary(max_size=40)) + body[end:])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a description."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [one for key, part in inside for one in [(*path, key), *places(part, (*path, key))]]


PLACES = places(PACKAGE)


@settings(BOUNDED, max_examples=12)
@given(
    st.integers(1, 8).flatmap(lambda deep: st.sampled_from([one for one in PLACES if len(one) <= deep])),
    st.sampled_from(
        ["gone", None, 1, -1, 1.5, True, "x", "(", "", [], [1], ["x"], {}, {"x": 1}, "../studies.csv", "studies.csv", "studies"]
    ),
)
def test_any_slip_in_the_description(tmp_path_factory: pytest.TempPathFactory, way: tuple[Any, ...], value: Any) -> None:
    """A slip is named, or leaves a description that the whole check can use on one row of a table."""
    package = copy.deepcopy(PACKAGE)
    inside: Any = package
    for key in way[:-1]:
        inside = inside[key]
    if value == "gone":
        del inside[way[-1]]
    else:
        assume(inside[way[-1]] != value)
        inside[way[-1]] = value
    folder = tmp_path_factory.mktemp("slip")
    for path in DATA.glob("*.csv"):
        (folder / path.name).write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    try:
        os.environ.pop("CARTBOOK_SOUND", None)
        findings = check.check(folder)
    except check.DataError as error:
        findings = [str(error)]
    assert all(one.startswith("data/") and ". To mend it: " in one and one.isprintable() for one in findings), findings


@settings(BOUNDED, max_examples=6)
@given(st.one_of(st.binary(max_size=60), st.text(alphabet="studieszuma7\t\n0af", max_size=60).map(str.encode)))
def test_any_seals(folder: Path, body: bytes) -> None:
    path = folder / seal.NAME
    path.write_bytes(body)
    try:
        findings = check.check(folder)
    finally:
        shutil.copyfile(DATA / seal.NAME, path)
    assert all(one.startswith("data/") and ". To mend it: " in one for one in findings)


def cell(name: str, column: str, text: str) -> bytes:
    rows = list(csv.reader(io.StringIO((DATA / f"{name}.csv").read_text(encoding="utf-8"))))
    rows[1][rows[0].index(column)] = text
    return written(rows)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "1_000", "9" * 400, "9" * 16, "٣", "１２", "007", "+5", "1e2", "1."])
def test_a_number_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    shutil.copy(DATA / "datapackage.json", tmp_path)
    for name, column in (("studies", "enrolled"), ("outcomes", "value")):
        (tmp_path / f"{name}.csv").write_bytes(cell(name, column, text))
        findings = check.check_table(tmp_path, TABLES[name])
        assert any(f"data/{name}.csv, row 2, column {column}: " in one for one in findings), (name, findings)


@pytest.mark.parametrize("day", ["2022-02-30", "2022-13-01", "2022-00-00", "２０２２-01-01"])
def test_a_day_that_never_was_is_named(folder: Path, day: str) -> None:
    assert any("row 2, column date" in one for one in judge(folder, "approvals", cell("approvals", "date", day)))


def slip(change: Callable[[dict[str, Any]], object]) -> str:
    package = copy.deepcopy(PACKAGE)
    change(package)
    return json.dumps(package)


@pytest.mark.parametrize(
    ("body", "said"),
    {
        slip(lambda one: one["resources"][0]["schema"]["fields"][0].update(type="whole")): "resources/0/schema/fields/0/type: 'whole'",
        slip(lambda one: one["resources"][0].update(path="../x.csv")): "resources/0/path: '../x.csv'",
        slip(lambda one: one["resources"][1].update(name=one["resources"][0]["name"])): "stands 2 times",
        slip(lambda one: one["agreements"][0].update(kind="other")): "agreements/0/kind: 'other'",
        slip(lambda one: one["resources"][0]["schema"].pop("primaryKey")): "'primaryKey' is a required property",
        "[" * 100_000: "write valid JSON",
    }.items(),
)
def test_a_slip_in_the_description_is_named(tmp_path: Path, body: str, said: str) -> None:
    (tmp_path / "datapackage.json").write_text(body, encoding="utf-8")
    with pytest.raises(check.DataError) as error:
        check.check(tmp_path)
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["studies.csv", "datapackage.json", "seals.txt"])
def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    (folder / name).unlink()
    (folder / name).mkdir()
    code = "import sys; from pathlib import Path; from cartbook.check import main; sys.exit(main(Path(sys.argv[1])))"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"data/{name}, ")
    assert len(done.stderr.splitlines()) == 1
