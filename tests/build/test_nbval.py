"""Each executed notebook gives the outputs that it shows when a reader runs it again (nbval)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from helpers import TOP, run

from cartbook.build import validated_tables
from cartbook.isolation import kernel_environment

EXECUTED = TOP / "_build" / "work" / "jupyter_execute" / "chapters"


def test_running_the_notebooks_again_gives_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "chapters"
    shutil.copytree(TOP / "chapters", folder)
    names = [
        f"{page.stem}.ipynb"
        for page in sorted((TOP / "chapters").glob("*.md"))
        if "{code-cell}" in page.read_text(encoding="utf-8")
    ]
    for name in names:
        shutil.copy(EXECUTED / name, folder)
    nbval = (sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider")
    where = ("--rootdir", str(tmp_path), "-c", os.devnull)
    environment = kernel_environment(TOP, tmp_path / "settings")
    environment["CARTBOOK_VALIDATED"] = validated_tables()
    done = run(*nbval, *where, *names, folder=folder, **environment)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
