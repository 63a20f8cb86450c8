"""The history of the tables: counted by key, found in Git by hash, read by the page and the feed."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers import DATA, package

from cartbook import changes
from cartbook.changes import difference, updated, versions
from cartbook.sphinxext.feed import feed

ATOM = "{http://www.w3.org/2005/Atom}"
BEFORE = b"key,name,old\na,one,1\nb,two,2\nc,three,3\n"
AFTER = b"key,name,new\na,one,9\nb,TWO,9\nd,four,9\n"


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A table and its history, released as version 0.1.0."""
    described = {**package()["resources"][0], "name": "things", "path": "things.csv"}
    described["schema"] = {**described["schema"], "primaryKey": ["key"]}
    descriptor = {"resources": [described]}
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    (tmp_path / "things.csv").write_bytes(BEFORE)
    (tmp_path / "changes.csv").write_text(
        "version,date,table_name,rows,added,changed,removed,sha256,what\n"
        f"0.1.0,2026-11-24,things,3,3,0,0,{sha256(BEFORE)},First version.\n",
        encoding="utf-8",
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "released")
    return tmp_path


def test_rows_are_compared_by_key_in_the_columns_that_both_versions_have() -> None:
    assert difference(BEFORE, AFTER, ["key"]) == {
        "rows": "3",
        "added": "1",
        "changed": "1",
        "removed": "1",
        "what": "Columns added: new. Columns removed: old.",
    }
    assert difference(BEFORE, AFTER, ["new"])["removed"] == "3"  # the older table has no such key


def test_the_history_compares_with_the_released_table_and_keeps_words(repository: Path) -> None:
    assert updated(repository, "2027-01-01").count("\n") == 2, "nothing has changed"
    (repository / "things.csv").write_bytes(AFTER)
    git(repository, "commit", "-qam", "later")
    text = updated(repository, "2027-01-01")
    line = text.splitlines()[-1]
    assert line.startswith(f"unreleased,2027-01-01,things,3,1,1,1,{sha256(AFTER)},Columns added")
    by_hand = text.replace("Columns added: new. Columns removed: old.", "Four is new.")
    (repository / "changes.csv").write_text(by_hand, encoding="utf-8")
    assert updated(repository, "2027-02-02") == by_hand, "the same table keeps its date"
    newest, first = versions(repository)
    assert (newest.title, newest.day, first.title) == (
        "Since version 0.1.0",
        "1 January 2027",
        "Version 0.1.0",
    )
    assert changes.current(repository) == ("0.1.0+20270101", "2027-01-01")
    (repository / "changes.csv").write_text(
        by_hand.replace("unreleased", "0.2.0"), encoding="utf-8"
    )
    assert changes.current(repository) == ("0.2.0", "2027-01-01")
    assert versions(repository)[0].anchor == newest.anchor, "the address stays"


def test_a_released_table_that_git_does_not_have_is_named(repository: Path) -> None:
    history = repository / "changes.csv"
    history.write_text(history.read_text("utf-8").replace(sha256(BEFORE), "0" * 64), "utf-8")
    with pytest.raises(LookupError, match=r"Git has no things\.csv as it was in version 0\.1\.0"):
        updated(repository, "2027-01-01")


def test_the_history_is_that_of_the_tables_as_they_are() -> None:
    newest = {row["table_name"]: row for row in changes.read(DATA)}
    for resource in package()["resources"]:
        if resource["name"] != changes.NAME:
            body = (DATA / resource["path"]).read_bytes()
            row = newest.pop(resource["name"])
            assert row["sha256"] == sha256(body), "run make sign-off"
            assert int(row["rows"]) == len(changes.rows_of(body))
    gone = [row for name, row in newest.items() if name != changes.NAME]
    assert {(row["rows"], row["sha256"]) for row in gone} <= {("0", changes.NO_HASH)}


@pytest.mark.parametrize("base", ["", "https://example.org/book/"])
def test_the_feed_has_what_atom_requires(base: str) -> None:
    found = versions(DATA)
    root = ElementTree.fromstring(feed(found, book="A & B", author="Authors", base=base))
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == len(found)
    ids = [one.findtext(f"{ATOM}id") or "" for one in [root, *entries]]
    assert len(ids) == len(set(ids))
    assert all(one.startswith("urn:uuid:") for one in ids)
    updated = [one.findtext(f"{ATOM}updated") or "" for one in [root, *entries]]
    assert updated[0] == max(updated) == f"{found[0].date}T00:00:00Z"
    assert root.findtext(f"{ATOM}title") == "A & B: changes of the data"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Authors"
    links = {one.get("rel"): one.get("href") for one in root.findall(f"{ATOM}link")}
    own = {"self": f"{base}changes.atom"} if base else {}
    assert links == {"alternate": f"{base}chapters/changes.html", **own}
    for entry, version in zip(entries, found, strict=True):
        assert entry.find(f"{ATOM}link").get("href").endswith(f"#{version.anchor}")
        (content,) = entry.findall(f"{ATOM}content")
        assert content.get("type") == "xhtml"
        (box,) = content
        assert box.tag == "{http://www.w3.org/1999/xhtml}div"
        assert len(box[0]) == len(version.tables)
