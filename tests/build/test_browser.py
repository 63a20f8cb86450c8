"""A machine without a browser is told so in one line; nothing is skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from scripts import TOP


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOP / "builders" / "browser.py")]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=120)


def test_a_named_browser_that_does_not_start_is_named_in_one_line(tmp_path: Path) -> None:
    done = run(CHROMIUM=str(tmp_path / "nothing"))
    assert done.returncode
    assert done.stderr.strip().startswith(f"error: $CHROMIUM is {tmp_path / 'nothing'}, which does not start")
    assert len(done.stderr.strip().splitlines()) == 1


def test_no_browser_at_all_says_what_to_install(tmp_path: Path) -> None:
    done = run(PATH=str(tmp_path), CHROMIUM="", PLAYWRIGHT_BROWSERS_PATH=str(tmp_path), PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD="1")
    assert done.returncode
    assert done.stderr.strip().splitlines()[-1].startswith("error: no Chromium can be had: install one (Debian: apt install chromium)")
