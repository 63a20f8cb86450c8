"""A build may be killed, or started twice: the last good site stays whole, and the next build is as if nothing had been."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import build, site_files, start, touch

from cartbook import build as script


def kill(running: subprocess.Popen[str], moment: Callable[[], bool]) -> None:
    """Kill the whole group at the moment."""
    until = time.monotonic() + 120
    while not moment():
        assert running.poll() is None, "the build ended before the moment came"
        assert time.monotonic() < until
        time.sleep(0.002)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def writing(folder: Path) -> Callable[[], bool]:
    """The moment a little after Sphinx has noted what it read: it writes pages."""
    pickle = folder / "_build" / "work" / "doctrees" / "environment.pickle"
    old = pickle.stat().st_mtime_ns

    def moment() -> bool:
        now = pickle.stat().st_mtime_ns
        return now != old and time.time_ns() - now > 100_000_000

    return moment


def note(folder: Path, text: str) -> None:
    """Write a note into the first product, and let the chapter on products show it; the change is valid, not signed off."""
    path = folder / "data" / "products.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    rows[1][rows[0].index("note")] = text
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    touch(path)


@pytest.fixture(scope="module")
def shown(book: Path) -> Path:
    """The small book, whose second chapter shows a cell of products.csv."""
    chapter = book / "chapters" / "two.md"
    text = chapter.read_text(encoding="utf-8")
    chapter.write_text(
        text.replace("seven = 7\n", 'seven = load("products")["note"].iloc[0]\n'), encoding="utf-8"
    )
    touch(chapter)
    done = build(book)
    assert done.returncode == 0, done.stderr
    return book


def test_a_build_killed_while_it_writes_pages_loses_nothing(shown: Path) -> None:
    note(shown, "Killed while writing.")
    before = site_files(shown)
    kill(start(shown), writing(shown))
    assert site_files(shown) == before, "the last good site is whole"
    done = build(shown)
    assert done.returncode == 0, done.stderr
    page = site_files(shown)["chapters/two.html"].decode()
    assert page.count("Killed while writing.") >= 2, (
        "the new cell is shown, by the output and in the prose"
    )
    assert page.rstrip().endswith("</html>")
    assert sorted(path.name for path in (shown / "_build").iterdir()) == ["html", "lock", "work"]


def test_a_second_build_in_the_same_folder_is_told_to_wait(shown: Path) -> None:
    touch(shown / "chapters" / "one.md")
    lock = shown / "_build" / "lock"
    lock.unlink(missing_ok=True)
    first = start(shown)
    while not lock.exists():
        assert first.poll() is None
        time.sleep(0.002)
    time.sleep(0.1)
    done = build(shown)
    assert done.returncode != 0
    assert done.stderr.splitlines() == [
        "error: another build is at work in this folder; wait until it has ended and run make again"
    ]
    assert first.wait(300) == 0


def test_a_site_that_was_being_replaced_is_put_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, path in {
        "SITE": "html",
        "OLD": "html.old",
        "WORK": "work",
        "UNFINISHED": "work/doctrees/unfinished",
    }.items():
        monkeypatch.setattr(script, name, tmp_path / path)
    (tmp_path / "html.old").mkdir()
    (tmp_path / "html.old" / "index.html").write_text("good", encoding="utf-8")
    script.recover()
    assert (tmp_path / "html" / "index.html").read_text(encoding="utf-8") == "good"
    assert not (tmp_path / "html.old").exists()


def test_the_database_is_one_transaction(shown: Path) -> None:
    """Whatever the locale: in a Turkish one each row was committed, which took long and gave other bytes."""
    body = (shown / "_build" / "html" / "data" / "car-t-in-numbers.sqlite").read_bytes()
    assert int.from_bytes(body[24:28], "big") == 1, "SQLite's count of changes to the file"


def test_a_full_disk_is_known_however_it_is_said() -> None:
    import errno
    import shutil
    import sqlite3

    first = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")
    wrapped = RuntimeError("a part of Sphinx failed")
    wrapped.__cause__ = first
    for error in (
        first,
        wrapped,
        shutil.Error([("a", "b", str(first))]),
        sqlite3.OperationalError("database or disk is full"),
    ):
        assert script.is_disk_full(error)
    assert not script.is_disk_full(PermissionError(errno.EACCES, "Permission denied", "x"))
