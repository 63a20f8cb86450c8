"""A checkout has the same bytes on every system."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from helpers import TOP


def test_a_checkout_that_asks_for_windows_line_ends_has_none(tmp_path: Path) -> None:
    """With core.autocrlf git writes carriage returns, which the data check refuses, where .gitattributes does not forbid it."""
    if not (TOP / ".git").exists():
        pytest.skip("this copy of the book has no history to check out")
    clone = [
        "git",
        "clone",
        "-q",
        "--depth=1",
        "-c",
        "core.autocrlf=true",
        f"file://{TOP}",
        str(tmp_path / "book"),
    ]
    subprocess.run(clone, check=True, capture_output=True)
    files = [
        path
        for path in (tmp_path / "book").rglob("*")
        if path.is_file() and ".git" not in path.parts and path.suffix != ".png"
    ]
    assert len(files) > 100
    assert not [path.name for path in files if b"\r\n" in path.read_bytes()]
