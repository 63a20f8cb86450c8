"""Whatever is written into the tables, validation says what is wrong, or ``load`` gives what the file says."""

from __future__ import annotations

import copy
import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import DATA, all_tables, package, to_bytes
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cartbook import tables as data
from cartbook import validate
from cartbook.findings import DataError
from cartbook.sanitize import MISSING

TABLES = {one["name"]: one for one in package()["resources"]}
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
    st.sampled_from(
        [
            *WRITTEN,
            "",
            " ",
            " 5",
            "1 000",
            "a\nb",
            "a,b",
            "\r",
            "\0",
            "\ufeff",
            "\u2028",
            "9" * 400,
            "x" * 200_000,
        ]
    ),
    st.sampled_from(MISSING),
    st.text(max_size=8),
    st.integers().map(str),
    st.floats().map(str),
)
BOUNDED = settings(
    deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def copied() -> Iterator[Path]:
    """A copy of data/ from which cartbook reads."""
    with tempfile.TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch:
        folder = Path(shutil.copytree(DATA, Path(made) / "data"))
        patch.delenv("CARTBOOK_DECLARED_TABLES", raising=False)
        patch.delenv("CARTBOOK_VALIDATED", raising=False)
        patch.setattr(data, "FOLDER", folder)
        yield folder


def judge(folder: Path, name: str, body: bytes) -> None:
    """Check that a file is refused in lines that say where, or that cartbook and pandas load just what it says."""
    path = folder / f"{name}.csv"
    path.write_bytes(body)
    try:
        found = [str(one) for one in validate.validate_table(folder, TABLES[name])]
        assert all(
            one.startswith(f"data/{name}.csv, row ") and ". Fix: " in one and one.isprintable()
            for one in found
        ), found
        if not found:
            rows = list(csv.reader(io.StringIO(body.decode("utf-8"), newline="")))
            same(name, rows)
            plain = pd.read_csv(path, dtype=str, keep_default_na=False)
            assert [list(plain.columns), *plain.to_numpy().tolist()] == rows
    finally:
        shutil.copyfile(DATA / path.name, path)


def same(name: str, rows: list[list[str]]) -> None:
    """Check that what is loaded is what the rows say."""
    loaded, types = (
        data.load(name),
        {one["name"]: one["type"] for one in TABLES[name]["schema"]["fields"]},
    )
    assert len(loaded) == len(rows) - 1
    for place, column in enumerate(rows[0]):
        cells = [row[place] for row in rows[1:]]
        if types[column] == "string":
            assert list(loaded[column]) == cells
            continue
        for number, cell in enumerate(cells):
            value = loaded[column].iloc[number]
            if cell in MISSING:
                assert loaded[f"{column}_missing"].iloc[number] == cell
            elif types[column] == "integer":
                assert Fraction(cell) == int(value)
            else:
                assert float(cell) == float(value)


@settings(BOUNDED, max_examples=25)
@given(st.data())
def test_any_cell(copied: Path, draw: st.DataObject) -> None:
    name = draw.draw(st.sampled_from(sorted(TABLES)))
    rows = [list(row) for row in all_tables()[name]]
    row, column = (
        draw.draw(st.integers(0, len(rows) - 1)),
        draw.draw(st.integers(0, len(rows[0]) - 1)),
    )
    rows[row][column] = draw.draw(CELL)
    judge(copied, name, to_bytes(rows))


@settings(BOUNDED, max_examples=25)
@given(st.data())
def test_any_bytes(copied: Path, draw: st.DataObject) -> None:
    name = draw.draw(st.sampled_from(sorted(TABLES)))
    body = (DATA / f"{name}.csv").read_bytes()
    start = draw.draw(st.integers(0, len(body)))
    end = draw.draw(st.one_of(st.integers(start, min(start + 40, len(body))), st.just(len(body))))
    judge(copied, name, body[:start] + draw.draw(st.binary(max_size=40)) + body[end:])


@settings(BOUNDED, max_examples=25)
@given(
    st.sampled_from(sorted(TABLES)),
    st.lists(
        st.lists(
            st.sampled_from(["a", "b", "1", "not reported", ";", "'", '"', "|", "\t", ","]),
            max_size=9,
        ),
        max_size=4,
    ),
)
def test_any_few_rows(copied: Path, name: str, rows: list[list[str]]) -> None:
    """Files of one row or few, where a guess of the dialect goes wrong most easily."""
    judge(copied, name, to_bytes([all_tables()[name][0], *rows]))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a descriptor."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [one for key, part in inside for one in [(*path, key), *places(part, (*path, key))]]


PLACES = places(package())


@settings(BOUNDED, max_examples=25)
@given(
    st.integers(1, 8).flatmap(
        lambda deep: st.sampled_from([one for one in PLACES if len(one) <= deep])
    ),
    st.sampled_from(
        [
            "gone",
            None,
            1,
            -1,
            1.5,
            True,
            "x",
            "(",
            "",
            [],
            [1],
            ["x"],
            {},
            {"x": 1},
            "../studies.csv",
            "studies.csv",
            "studies",
        ]
    ),
)
def test_any_descriptor(
    tmp_path_factory: pytest.TempPathFactory, way: tuple[Any, ...], value: Any
) -> None:
    """An error in the descriptor is named, or leaves one that the whole validation can use on one row per table."""
    changed = copy.deepcopy(package())
    inside: Any = changed
    for key in way[:-1]:
        inside = inside[key]
    if value == "gone":
        del inside[way[-1]]
    else:
        assume(inside[way[-1]] != value)
        inside[way[-1]] = value
    folder = tmp_path_factory.mktemp("descriptor")
    for path in DATA.glob("*.csv"):
        (folder / path.name).write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    (folder / "datapackage.json").write_text(json.dumps(changed), encoding="utf-8")
    try:
        found = [str(one) for one in validate.validate(folder)]
    except DataError as error:
        found = [str(error)]
    assert all(
        one.startswith("data/") and ". Fix: " in one and one.isprintable() for one in found
    ), found
