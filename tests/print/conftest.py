"""The book bound anew from the built site, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scripts import TOP

CODE = "import sys; from pathlib import Path; from cartbook import export as bind; bind.PRINT = Path(sys.argv[1]); sys.exit(bind.main(sys.argv[2:]))"


@pytest.fixture(scope="session")
def bind(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Binds the book as pdf, epub or zip; says where it is."""

    def made(kind: str) -> Path:
        out = tmp_path_factory.mktemp(kind)
        environment = {**os.environ, "PYTHONPATH": str(TOP)}
        command = [sys.executable, "-c", CODE, str(out), kind]
        done = subprocess.run(
            command,
            cwd=TOP,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr
        return next(path for path in out.iterdir() if path.is_file())

    return made
