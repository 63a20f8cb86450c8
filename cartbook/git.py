"""Find an earlier state of a file in Git."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path


def _blobs(folder: Path, name: str) -> Iterator[bytes]:
    """Yield each committed content of a file, the newest first; nothing without Git or a repository."""

    def git(*arguments: str) -> bytes:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout

    try:
        log = git("log", "--format=", "--raw", "--no-abbrev", "--no-renames", "-m", "--", name)
        ids = (line.split()[3] for line in log.decode().splitlines())  # :mode mode old new status
        for one in dict.fromkeys(ids):
            if set(one) != {"0"}:  # the file was removed
                yield git("cat-file", "blob", one)
    except (OSError, subprocess.SubprocessError):
        return


def committed(folder: Path, name: str, sha256: str) -> bytes | None:
    """Return the newest committed content of a file with this hash, in hexadecimal; None if Git has none."""
    found = (one for one in _blobs(folder, name) if hashlib.sha256(one).hexdigest() == sha256)
    return next(found, None)
