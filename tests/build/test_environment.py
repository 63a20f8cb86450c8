"""A machine on which the book cannot be installed gets one line that says what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from scripts import TOP, load_script

environment = load_script("environment")


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"^error: Python 3\.11 or newer is needed.*make PYTHON="):
        environment.check_machine()


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError", encoding="utf-8")
    code = "import sys, runpy; sys.path.insert(0, sys.argv[1]); m = runpy.run_path(sys.argv[2]); m['check_machine']()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(TOP / "builders" / "environment.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert done.stderr.startswith("error: this Python has no venv module; install it")
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_is_told_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(SystemExit, match=r"^error: 0\.0 GB are free .* 1\.5 GB are needed"):
        environment.check_machine()


def test_a_failing_install_ends_in_one_line_and_is_not_taken_for_finished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "VENV", tmp_path / "venv")

    def fail(what: str, *_: str) -> None:
        environment.stop(f"{what} failed")

    monkeypatch.setattr(environment, "run", fail)
    with pytest.raises(SystemExit, match=r"error: Making \.venv failed"):
        environment.main("book")
    assert not environment.ready("book").exists()


def test_an_install_that_was_killed_is_made_anew_even_over_a_finished_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "UNFINISHED", venv / "unfinished")
    monkeypatch.setattr(environment, "check_machine", lambda: None)
    venv.mkdir()
    for kind in ("book", "test"):
        (venv / f"finished-{kind}").write_text(environment.fingerprint(kind), encoding="utf-8")
    (venv / "half").touch()
    (venv / "unfinished").touch()
    monkeypatch.setattr(environment, "run", lambda *_: venv.mkdir(exist_ok=True))
    environment.main("test")
    assert sorted(path.name for path in venv.iterdir()) == ["finished-test"]


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(SystemExit, match="book, test, lab"):
        environment.main("everything")


def test_locks_are_hashed_and_name_no_registry() -> None:
    for name in environment.LOCKS.values():
        text = (TOP / name).read_text(encoding="utf-8")
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "--index" not in text
        assert "\njupyter-book==1.0." in text


def test_the_three_locks_agree() -> None:
    book, *others = (
        dict(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", (TOP / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in environment.LOCKS.values()
    )
    for other in others:
        assert {name: other[name] for name in book} == book
