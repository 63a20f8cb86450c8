"""A site that was being replaced is put back, and a full disk is recognised however it is reported."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3

from cartbook import build


def test_a_site_that_was_being_replaced_is_put_back(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "SITE", tmp_path / "html")
    monkeypatch.setattr(build, "OLD", tmp_path / "html.old")
    monkeypatch.setattr(build, "WORK", tmp_path / "work")
    monkeypatch.setattr(build, "UNFINISHED", tmp_path / "work" / "doctrees" / "unfinished")
    (tmp_path / "html.old").mkdir()
    (tmp_path / "html.old" / "index.html").write_text("good", encoding="utf-8")
    build.recover()
    assert (tmp_path / "html" / "index.html").read_text(encoding="utf-8") == "good"
    assert not (tmp_path / "html.old").exists()


def test_a_full_disk_is_recognised():
    first = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")
    wrapped = RuntimeError("a part of Sphinx failed")
    wrapped.__cause__ = first
    copies = shutil.Error([("a", "b", str(first))])
    database = sqlite3.OperationalError("database or disk is full")
    assert all(build.is_disk_full(error) for error in (first, wrapped, copies, database))
    assert not build.is_disk_full(PermissionError(errno.EACCES, "Permission denied", "x"))
