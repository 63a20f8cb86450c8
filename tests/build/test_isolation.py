"""Settings of the user's own Python, Jupyter and pip neither break a build nor change what it publishes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import build, site_files, small_book

CHAPTER = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
book:
  title: One
  description: A chapter made for a test, with an assertion.
  data: [studies.csv]
---

# One

```{{code-cell}} ipython3
from cartbook import load
studies = len(load("studies"))
assert {claim}
studies
```

It counts {{eval}}`studies` studies.
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of one chapter, whose assertion holds."""
    folder = small_book(tmp_path_factory.mktemp("isolated") / "book", "one")
    (folder / "chapters" / "one.md").write_text(
        CHAPTER.format(claim="studies > 10"), encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user whose own modules, kernel, start-up files and data would break or change a build."""
    home = tmp_path_factory.mktemp("home")
    for kernels in (home / ".local" / "share" / "jupyter", home / "jupyter"):
        kernel = kernels / "kernels" / "python3" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        argv = [sys.executable, "-O", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel.write_text(
            json.dumps({"argv": argv, "display_name": "Mine", "language": "python"}),
            encoding="utf-8",
        )
    modules = home / "modules"
    for name in (
        "yaml.py",
        "hashlib.py",
        "sphinx/__init__.py",
        "cartbook/__init__.py",
        "sitecustomize.py",
    ):
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_text(f"raise RuntimeError('{name} of the user')\n", encoding="utf-8")
    startup = home / "ipython" / "profile_default" / "startup" / "00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("raise RuntimeError('a start-up file of the user')\n", encoding="utf-8")
    (home / "start.py").write_text("import sys; sys.exit('started')\n", encoding="utf-8")
    (home / "data").mkdir()
    return {
        "HOME": str(home),
        "PYTHONPATH": str(modules),
        "PYTHONOPTIMIZE": "2",
        "PYTHONSTARTUP": str(home / "start.py"),
        "PYTHONWARNINGS": "error",
        "JUPYTER_PATH": str(home / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "IPYTHONDIR": str(home / "ipython"),
        "MPLBACKEND": "nothing",
        "CARTBOOK_DATA": str(home / "data"),
    }


def test_the_users_settings_change_nothing(book: Path, foreign: dict[str, str]) -> None:
    sites = []
    for environment in ({}, foreign):
        stamp = book / "_build" / "work" / "stamp"
        stamp.unlink(missing_ok=True)
        (book / "_build" / "work" / "doctrees" / "environment.pickle").unlink(missing_ok=True)
        done = build(book, **environment)
        assert done.returncode == 0, done.stderr[-3000:]
        assert "[2/2]" in done.stdout or "chapters/one: " in done.stdout
        sites.append(site_files(book))
    assert sites[0] == sites[1]


@pytest.mark.parametrize("option", [[], ["-O"]], ids=["by the environment", "by an option"])
def test_a_false_assertion_fails_the_build_though_assertions_are_switched_off(
    book: Path, foreign: dict[str, str], option: list[str]
) -> None:
    chapter = book / "chapters" / "one.md"
    chapter.write_text(CHAPTER.format(claim="studies > 10_000"), encoding="utf-8")
    settings = {} if option else foreign
    command = [sys.executable, *option, "-m", "cartbook", "build"]
    done = subprocess.run(
        command,
        cwd=book,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    chapter.write_text(CHAPTER.format(claim="studies > 10"), encoding="utf-8")
    assert done.returncode != 0
    assert "chapters/one.md, cell 1, line 3" in done.stderr.splitlines()[-1]
    assert "AssertionError" in done.stderr.splitlines()[-1]
