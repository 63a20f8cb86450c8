"""A file that is no table gets one clear line: file, row, column, problem and fix."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import DATA, changed, row_of, to_bytes

from cartbook import datapackage, findings, validate
from cartbook.datapackage import Table, read_descriptor
from cartbook.findings import DataError, Finding
from cartbook.signoff import main, sign_off, unsigned
from cartbook.validate import check_tables

Check = Callable[..., list[Finding]]


def of_file(folder: Path, name: str, body: bytes) -> list[str]:
    """Findings about one table with these bytes, by itself."""
    (folder / f"{name}.csv").write_bytes(body)
    resource = next(
        one for one in datapackage.read_descriptor(folder)["resources"] if one["name"] == name
    )
    return [str(found) for found in validate.validate_table(folder, resource)]


def quoted_everywhere(body: bytes) -> bytes:
    return (
        b"\n".join(b'"' + line.replace(b",", b'","') + b'"' for line in body.splitlines()) + b"\n"
    )


MEMORY = b"""part_id,part,kind,peak_mib,measured_on,machine,versions
server,JupyterLab server,server,107,2026-11-24,"Linux x86_64, 2 cores","Python 3.11.7, jupyterlab 4.6.6, ipykernel 7.4.0"
a,Kernel of a,kernel,339,2026-11-24,"Linux x86_64, 2 cores","Python 3.11.7, jupyterlab 4.6.6, ipykernel 7.4.0"
b,Kernel of b,kernel,335,2026-11-24,"Linux x86_64, 2 cores","Python 3.11.7, jupyterlab 4.6.6, ipykernel 7.4.0"
"""
#: what happened to that file, and the one line that says so
FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "semicolons": (
        lambda body: body.replace(b",", b";"),
        "row 1, column -: the columns are separated by semicolons. Fix: save the file as CSV",
    ),
    "tabs": (
        lambda body: body.replace(b",", b"\t"),
        "row 1, column -: the columns are separated by tabs",
    ),
    "blank in the header": (
        lambda body: body.replace(b",part,", b", part,", 1),
        "row 1, column part: space around the column name ' part'",
    ),
    "header in another case": (
        lambda body: body.replace(b",kind,", b",Kind,", 1),
        "row 1, column kind: the column is named 'Kind'",
    ),
    "stray column": (
        lambda body: body.replace(b"\n", b",extra\n", 1),
        "row 1, column extra: the column 'extra' is not described",
    ),
    "missing column": (
        lambda body: body.replace(b",versions\n", b"\n", 1),
        "row 1, column versions: the column is missing",
    ),
    "column twice": (
        lambda body: body.replace(b",kind,", b",part,", 1),
        "row 1, column part: the column 'part' is there 2 times",
    ),
    "columns in another order": (
        lambda body: body.replace(b"part,kind", b"kind,part", 1),
        "row 1, column kind: the column is where part belongs",
    ),
    "byte order mark": (
        lambda body: b"\xef\xbb\xbf" + body,
        "row 1, column -: the file begins with a byte order mark",
    ),
    "UTF-16": (
        lambda body: body.decode().encode("utf-16"),
        "the text is UTF-16. Fix: open the file in the program that saved it",
    ),
    "UTF-16 without mark": (
        lambda body: body.decode().encode("utf-16-le"),
        "the text is UTF-16 or UTF-32. Fix: open the file in the program",
    ),
    "UTF-32": (
        lambda body: body.decode().encode("utf-32"),
        "the text is UTF-32. Fix: open the file in the program that saved it",
    ),
    "CRLF": (
        lambda body: body.replace(b"\n", b"\r\n"),
        "row 1, column -: the line ends in CR or CRLF",
    ),
    "CR": (lambda body: body.replace(b"\n", b"\r"), "row 1, column -: the line ends in CR or CRLF"),
    "NUL": (
        lambda body: body.replace(b"kernel", b"ker\0el", 1),
        "row 2, column -: the file contains NUL bytes",
    ),
    "cp1252": (
        lambda body: body.replace(b"Kernel", b"K\xe9rnel", 1),
        "row 3, column -: byte 0xe9 is not UTF-8",
    ),
    "half-written": (
        lambda body: body[:-20],
        "the last line has no end. Fix: the file may be half-written",
    ),
    "empty": (lambda _: b"", "row 1, column -: the file is empty"),
    "too large": (lambda _: b"part\n" * 2_500_000, "more than 10,000,000 bytes"),
    "open quotation mark": (
        lambda body: body.replace(b"\nserver,", b'\nserver,"', 1),
        "row 2, column -: ",
    ),
    "text after a quotation mark": (
        lambda body: body.replace(b',"Linux', b',"Li"nux', 1),
        "row 2, column -: the quotation marks do not match",
    ),
    "line break in a cell": (
        lambda body: body.replace(b"JupyterLab server", b'"JupyterLab\nserver"', 1),
        "row 2, column -: a quoted cell continues",
    ),
    "row cut short": (
        lambda body: body.replace(b"server,JupyterLab server,", b"server,", 1),
        "row 2, column -: the row has 6 cells, the header 7",
    ),
    "unquoted comma": (
        lambda body: body.replace(b"JupyterLab server", b"JupyterLab, server", 1),
        "row 2, column -: the row has 8 cells",
    ),
    "empty line": (
        lambda body: body.replace(b"\n", b"\n\n", 1),
        "row 2, column -: the line is empty. Fix: remove it",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_table_is_refused_in_one_line(folder: Path, case: str) -> None:
    change, said = FILES[case]
    assert of_file(folder, "memory", MEMORY) == []
    (line,) = of_file(folder, "memory", change(MEMORY))
    assert line.startswith("data/memory.csv, row ")
    assert said in line
    assert ". Fix: " in line
    assert line.isprintable()


def test_a_sound_cell_does_not_change_how_the_file_is_read(folder: Path) -> None:
    """Frictionless would guess another delimiter or quotation mark from such cells."""
    body = MEMORY
    for text in (b"a;b;c;d;e;f;g", b"a|b|c|d|e|f|g", b"'a' 'b'", b"a: b: c"):
        assert of_file(folder, "memory", body.replace(b"Kernel of", text)) == []
    assert (
        of_file(
            folder,
            "memory",
            quoted_everywhere(b"\n".join(body.splitlines()[:1]) + b"\n")
            + b"".join(body.splitlines(True)[1:]),
        )
        == []
    )


def test_many_rows_with_one_problem_are_summed_up(
    package: dict[str, Any], tables: dict[str, Table]
) -> None:
    recount = [
        row if number == 0 else [*row[:-1], "yesterday"]
        for number, row in enumerate(tables["recount"])
    ]
    lines = check_tables(package, {**tables, "recount": recount}, {"recount"})
    assert len(lines) == findings.MAX_LINES
    assert f"{len(recount) - 1 - findings.MAX_LINES} more rows have the same problem" in str(
        lines[-1]
    )


def test_a_broken_table_does_not_break_those_that_refer_to_it(
    package: dict[str, Any], tables: dict[str, Table]
) -> None:
    """Only the ragged row is named, not the 200 outcomes whose study is not found then."""
    studies = [row[:-1] if number == 4 else row for number, row in enumerate(tables["studies"])]
    (line,) = check_tables(package, {**tables, "studies": studies})
    assert (line.file, line.row) == ("studies.csv", 5)


CELLS = {
    "wrong type": ("studies", {"year": "MMXXII"}, "year", "'MMXXII' is not a plain number"),
    "fraction of a patient": (
        "studies",
        {"enrolled": "35.5"},
        "enrolled",
        "'35.5' is not of the type integer",
    ),
    "unknown end point": (
        "outcomes",
        {"endpoint": "participant"},
        "endpoint",
        "not an allowed value; the nearest is 'participants'",
    ),
    "pattern": ("recount", {"recount_id": "R1"}, "recount_id", "'R1' does not fit"),
    "minimum": ("studies", {"year": "1999"}, "year", "does not fit"),
    "not above zero": ("outcomes", {"at_month": "0"}, "at_month", '"exclusiveMinimum" is "0"'),
    "unknown study": (
        "outcomes",
        {"study_id": "locke1999"},
        "study_id",
        "'locke1999' is not in studies.csv, column study_id",
    ),
    "blank": ("outcomes", {"value": ""}, "value", "the cell is blank"),
    "nearly missing": (
        "outcomes",
        {"events": "not aplicable"},
        "events",
        "nearly a missing-value word. Fix: write not applicable",
    ),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_wrong_cell_is_named(check: Check, case: str) -> None:
    name, cells, column, said = CELLS[case]
    found = [str(one) for one in check(name, 2, **cells)]
    assert any(
        line.startswith(f"data/{name}.csv, row 2, column {column}: ") and said in line
        for line in found
    ), found
    assert len([line for line in found if f"column {column}:" in line]) == 1


def test_a_key_that_is_there_twice_is_named(
    package: dict[str, Any], tables: dict[str, Table]
) -> None:
    outcomes = [*tables["outcomes"][:3], tables["outcomes"][2], *tables["outcomes"][3:]]
    found = check_tables(package, {**tables, "outcomes": outcomes}, {"outcomes"})
    assert [(one.row, one.column) for one in found] == [(4, "outcome_id")]


def test_missing_stray_and_unreadable_files_are_named(folder: Path) -> None:
    (folder / "studies.csv").unlink()
    (folder / "more.csv").write_text("a\n1\n", encoding="utf-8")
    (folder / "memory.csv").unlink()
    (folder / "memory.csv").mkdir()
    lines = [str(found) for found in validate.validate(folder)]
    assert any(
        line.startswith("data/studies.csv, ") and "the file is missing" in line for line in lines
    )
    assert any(line.startswith("data/more.csv, ") and "does not describe" in line for line in lines)
    assert any(line.startswith("data/memory.csv, ") and "cannot be read" in line for line in lines)
    assert len(lines) == 3


def descriptor(folder: Path, change: Callable[[dict[str, Any]], object]) -> list[str]:
    """Findings about the tables with another descriptor."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    change(package)
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    try:
        return [str(found) for found in validate.validate(folder)]
    except DataError as error:
        return [str(error)]


#: an error in the descriptor: in our own part (a JSON Schema), or in the standard's (Frictionless)
DESCRIPTORS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "type": (
        lambda one: one["resources"][0]["schema"]["fields"][0].update(type="whole"),
        "resources/0/schema/fields/0/type: 'whole'",
    ),
    "path outside": (
        lambda one: one["resources"][0].update(path="../x.csv"),
        "resources/0/path: '../x.csv'",
    ),
    "no key": (
        lambda one: one["resources"][0]["schema"].pop("primaryKey"),
        "'primaryKey' is a required property",
    ),
    "pattern": (
        lambda one: one["resources"][0]["schema"]["fields"][1]["constraints"].update(pattern="("),
        "'(' is not a 'regex'",
    ),
    "other dialect": (
        lambda one: one["resources"][0]["dialect"].update(delimiter=";"),
        "resources/0/dialect",
    ),
    "table twice": (
        lambda one: one["resources"][1].update(name=one["resources"][0]["name"]),
        "the name 'references' is there 2 times",
    ),
    "column twice": (
        lambda one: one["resources"][0]["schema"]["fields"][1].update(name="reference"),
        "data/references.csv, row 1",
    ),
    "unknown key": (
        lambda one: one["resources"][0]["schema"].update(primaryKey=["ref"]),
        "primary key",
    ),
    "unknown foreign key": (
        lambda one: one["resources"][2]["schema"]["foreignKeys"][0].update(fields=["id"]),
        "foreign key",
    ),
    "minimum of words": (
        lambda one: one["resources"][0]["schema"]["fields"][1]["constraints"].update(minimum=1),
        '"minimum" is not supported',
    ),
}


@pytest.mark.parametrize("case", DESCRIPTORS)
def test_an_error_in_the_descriptor_is_named(folder: Path, case: str) -> None:
    change, said = DESCRIPTORS[case]
    found = descriptor(folder, change)
    assert any(said in line for line in found), found
    assert all(
        line.startswith("data/") and ". Fix: " in line and line.isprintable() for line in found
    )


def test_a_column_that_a_rule_needs_is_named(
    package: dict[str, Any], tables: dict[str, Table]
) -> None:
    renamed = json.loads(json.dumps(package))
    described = next(one for one in renamed["resources"] if one["name"] == "glossary")
    described["schema"]["fields"][4]["name"] = "see"
    glossary = [[*tables["glossary"][0][:4], "see"], *tables["glossary"][1:]]
    (found,) = check_tables(renamed, {**tables, "glossary": glossary}, {"glossary"})
    assert (found.file, found.column) == ("glossary.csv", "see_also")
    assert "the rule needs this column" in found.problem


@pytest.mark.parametrize("body", ["", "{", '{"resources": [', "\x00", "[" * 100_000])
def test_a_descriptor_that_is_not_json_is_named(folder: Path, body: str) -> None:
    (folder / "datapackage.json").write_text(body, encoding="utf-8")
    with pytest.raises(DataError, match=r"^data/datapackage\.json, .*Fix: "):
        validate.validate(folder)


# Each table is validated once per build


def resource(folder: Path, name: str) -> dict[str, Any]:
    return next(
        one for one in datapackage.read_descriptor(folder)["resources"] if one["name"] == name
    )


@pytest.fixture
def hashed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of data/ that a build has validated."""
    hashes = [
        datapackage.table_hash(folder, one)
        for one in datapackage.read_descriptor(folder)["resources"]
    ]
    monkeypatch.setenv("CARTBOOK_VALIDATED", " ".join(hashes))
    return folder


def test_a_validated_table_is_not_validated_again(
    hashed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "check_tables", lambda *_: pytest.fail("validated again"))
    assert validate.validate_table(hashed, resource(hashed, "studies")) == []


def test_a_changed_table_is_validated_again(hashed: Path) -> None:
    path = hashed / "studies.csv"
    path.write_bytes(path.read_bytes().replace(b",2022,ZUMA-7", b",MMXXII,ZUMA-7", 1))
    assert "MMXXII" in str(validate.validate_table(hashed, resource(hashed, "studies"))[0])


def test_changed_descriptor_invalidates_validated_tables(
    hashed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hashed / "datapackage.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    checked: list[object] = []
    monkeypatch.setattr(validate, "check_tables", lambda *_: checked.append(1) or [])
    validate.validate_table(hashed, resource(hashed, "studies"))
    assert checked


# Signing off


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def committed(folder: Path) -> Path:
    """A copy of data/ in a repository of its own, as it was signed off, with a later commit on top."""
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "signed")
    path = folder / "memory.csv"
    path.write_bytes(path.read_bytes().replace(b"server", b"servers", 1))
    git(folder, "commit", "-qam", "later")
    path.write_bytes((DATA / "memory.csv").read_bytes())
    return folder


def edit(folder: Path, name: str, row: int, **cells: str) -> None:
    table = datapackage.read_table(folder, resource(folder, name))
    (folder / f"{name}.csv").write_bytes(to_bytes(changed(table, row, **cells)))


def test_a_changed_cell_is_named_with_what_was_signed_off(
    committed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(committed, "outcomes", 3, note="Another note.")
    (found,) = unsigned(committed)
    assert (found.file, found.row, found.column) == ("outcomes.csv", 3, "note")
    assert found.problem.startswith("'Another note.' was 'Said to be the people who got the cells")
    assert "make sign-off" in found.fix
    assert main(committed) == 0  # a warning
    assert "warning: data/outcomes.csv, row 3, column note" in capsys.readouterr().err
    assert main(committed, signed=True) == 1
    assert capsys.readouterr().err.startswith("data/outcomes.csv, row 3, column note")


def test_new_and_removed_rows_are_named(committed: Path) -> None:
    path = committed / "memory.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    removed, kept = lines[2], [*lines[:2], *lines[3:]]
    path.write_text(
        "\n".join([*kept, removed.replace("01-reading-a-trial", "02-cells")]) + "\n",
        encoding="utf-8",
    )
    new, gone = unsigned(committed)
    assert (new.row, new.problem) == (5, "the row '02-cells' is new since the table was signed off")
    assert gone.problem == "the row '01-reading-a-trial' was removed since the table was signed off"


def test_without_git_the_table_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(folder, "outcomes", 3, note="Another note.")
    (found,) = unsigned(folder)
    assert (found.file, found.problem) == (
        "outcomes.csv",
        "the table has changed since it was signed off",
    )
    monkeypatch.setenv("PATH", "")  # not even the command
    assert unsigned(folder) == [found]


def test_sign_off_accepts_a_change_and_says_which(committed: Path) -> None:
    edit(committed, "outcomes", 3, note="Another note.")
    first, history, last = sign_off(committed)
    assert first.startswith("data/outcomes.csv, row 3, column note: 'Another note.' was ")
    assert history.startswith("data/changes.csv stays as it is: Git has no ")  # as it was released
    assert last == f"{len(read_descriptor(committed)['resources'])} tables are signed off."
    assert unsigned(committed) == []
    body = (committed / "outcomes.csv").read_bytes()
    signed = resource(committed, "outcomes")
    assert (signed["hash"], signed["bytes"]) == (
        f"sha256:{hashlib.sha256(body).hexdigest()}",
        len(body),
    )
    text = (committed / "datapackage.json").read_text(encoding="utf-8")
    changed_lines = set(text.splitlines()) ^ set(
        (DATA / "datapackage.json").read_text(encoding="utf-8").splitlines()
    )
    assert all('"hash"' in line or '"bytes"' in line for line in changed_lines)


def test_an_invalid_table_is_not_signed_off(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "datapackage.json").read_bytes()
    edit(folder, "outcomes", 3, value="")
    assert main(folder, signing=True) == 1
    assert (folder / "datapackage.json").read_bytes() == before
    assert "nothing was signed off" in capsys.readouterr().err


def test_a_new_row_is_valid_before_it_is_signed_off(folder: Path, tables: dict[str, Table]) -> None:
    row = row_of(tables["glossary"], term="4-1BB")
    edit(folder, "glossary", row, definition="Another definition of the domain.")
    assert validate.validate(folder) == []
    assert len(unsigned(folder)) == 1


def test_the_hash_is_that_of_the_standard(tmp_path: Path) -> None:
    """Frictionless checks `hash` and `bytes`, so that a reader of the package notices a change as well."""
    from frictionless import Package, system

    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    edit(folder, "memory", 2, peak_mib="999")
    with system.use_context(trusted=True):
        report = Package(str(folder / "datapackage.json")).validate(name="memory")
    assert "hash-count" in {error.type for task in report.tasks for error in task.errors}
