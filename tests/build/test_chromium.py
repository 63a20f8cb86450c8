"""A machine without a working browser gets one line that says what to do; nothing is installed or skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cartbook", "chromium"]
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_browser_that_does_not_start_is_named_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text(
        "#!/bin/sh\necho 'chromium: error while loading shared libraries: libnss3.so' >&2\nexit 127\n",
        encoding="utf-8",
    )
    broken.chmod(0o755)
    done = run(CHROMIUM=str(broken))
    assert done.returncode
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: $CHROMIUM, {broken}, does not start (")
    assert "libnss3.so" in line
    assert "apt install chromium" in line


def test_no_browser_at_all_says_what_to_install(tmp_path: Path) -> None:
    done = run(PATH=str(tmp_path), CHROMIUM="", PLAYWRIGHT_BROWSERS_PATH=str(tmp_path))
    assert done.returncode
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        "error: no Chromium is installed: install one (Debian: apt install chromium; elsewhere: make browser)"
    )
