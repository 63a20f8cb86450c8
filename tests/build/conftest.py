"""A small book to build, and the whole book bound anew from the built site in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import CHAPTER, TOP, build, small_book

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


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book that has all machinery and two chapters, on studies.csv and on products.csv."""
    folder = small_book(tmp_path_factory.mktemp("book"), "one", "two")
    (folder / "chapters" / "one.md").write_text(
        CHAPTER.format(name="One", data="studies.csv", table="studies"), encoding="utf-8"
    )
    (folder / "chapters" / "two.md").write_text(
        CHAPTER.format(name="Two", data="products.csv", table="products"), encoding="utf-8"
    )
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder
