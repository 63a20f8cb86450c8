"""make installs what a target needs, once, from hashed locks; what is wrong ends in one line that says what to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from helpers import TOP

LOCKS = sorted(TOP.glob("requirements*.lock"))
PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;]+)", re.MULTILINE)
#: stands in for Python: says what it was called with, makes a .venv that is itself, and fails where it is told to
PYTHON = """#!/bin/sh
case "$*" in
    *"%d.%d"*) echo 3.11; exit 0 ;;
    *version_info*) [ -z "$OLD" ] || exit 1 ;;
    *"import ensurepip"*) [ -z "$BARE" ] || exit 1 ;;
    *"-m venv"*) mkdir -p .venv/bin .venv/lib/python3.11; for name in python oxfmt oxlint; do cp "$0" .venv/bin/$name; done ;;
    *"pip install"*) [ -z "$KILLED" ] || kill -9 $PPID; [ -z "$OFFLINE" ] || { echo "no route to host" >&2; exit 1; } ;;
esac
echo "$* user=$PIP_USER target=$PIP_TARGET index=$PIP_INDEX_URL path=$PYTHONPATH$PYTHONHOME$PYTHONOPTIMIZE" >> calls
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile with its locks, and a stand-in for Python."""
    for path in (TOP / "Makefile", TOP / "pyproject.toml", *LOCKS):
        shutil.copy(path, tmp_path)
    (tmp_path / "python").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def make(checkout: Path, *targets: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make; the calls of Python are in the file ``calls``."""
    (checkout / "calls").unlink(missing_ok=True)
    command = ["make", f"PYTHON={checkout / 'python'}", *targets]
    plain = {
        name: word
        for name, word in os.environ.items()
        if not name.startswith(("MAKE", "PIP_", "PYTHON"))
    }
    return subprocess.run(
        command,
        cwd=checkout,
        env=plain | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def installed(checkout: Path) -> list[str]:
    """Which locks pip was given by the last make."""
    calls = (
        (checkout / "calls").read_text(encoding="utf-8") if (checkout / "calls").is_file() else ""
    )
    return re.findall(r"pip install .*-r (\S+)", calls)


@pytest.mark.parametrize(
    ("target", "locks"),
    [
        ("book", ["requirements.lock"]),
        ("serve", ["requirements.lock"]),
        ("pdf", ["requirements.lock", "requirements-print.lock"]),
        ("test", ["requirements.lock", "requirements-test.lock"]),
        ("install-lab", ["requirements.lock", "requirements-lab.lock"]),
        ("lint", ["requirements-lint.lock"]),
        (
            "licences",
            [
                "requirements-licences.lock",
                "requirements.lock",
                "requirements-test.lock",
                "requirements-lab.lock",
            ],
        ),
    ],
)
def test_a_target_installs_what_it_needs_once(
    checkout: Path, target: str, locks: list[str]
) -> None:
    done = make(checkout, target)
    assert done.returncode == 0, done.stderr
    assert installed(checkout) == locks
    assert make(checkout, target).returncode == 0
    assert installed(checkout) == []
    os.utime(checkout / locks[0], (2**32, 2**32))
    make(checkout, target)
    assert installed(checkout)[0] == locks[0], "a changed lock is installed"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("OLD", "error: Python 3.11 or newer is needed, and "),
        (
            "BARE",
            "has no venv module; install it (Debian, Ubuntu: apt install python3-venv) and run make again",
        ),
        (
            "OFFLINE",
            "error: the installation failed (above); check the network, the disk and the settings of pip",
        ),
    ],
)
def test_trouble_ends_in_one_line_and_is_not_taken_for_installed(
    checkout: Path, trouble: str, said: str
) -> None:
    done = make(checkout, "book", **{trouble: "1"})
    assert done.returncode
    (line,) = [one for one in done.stderr.splitlines() if said in one]
    assert line.startswith("error: ")
    assert not list(checkout.glob(".venv/book-3.11"))


def test_an_installation_that_was_killed_is_done_again_over_what_it_left(checkout: Path) -> None:
    assert make(checkout, "book", KILLED="1").returncode
    assert make(checkout, "book").returncode == 0
    assert "--ignore-installed" in (checkout / "calls").read_text(encoding="utf-8")
    assert make(checkout, "book").returncode == 0
    assert installed(checkout) == []


def test_settings_of_the_user_reach_neither_python_nor_pip_but_the_index_does(
    checkout: Path,
) -> None:
    foreign = {
        "PYTHONPATH": "theirs",
        "PYTHONHOME": "theirs",
        "PYTHONOPTIMIZE": "1",
        "PIP_USER": "1",
        "PIP_TARGET": "theirs",
    }
    assert make(checkout, "book", PIP_INDEX_URL="https://mirror.example", **foreign).returncode == 0
    calls = (checkout / "calls").read_text(encoding="utf-8").splitlines()
    assert {re.sub(r"^.*(?= user=)", "", one) for one in calls} == {
        " user=0 target= index=https://mirror.example path="
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_package_of_a_lock_has_its_hash_and_none_its_registry(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    packages = re.split(r"\n(?=\S)", text.strip())
    assert not [
        one.splitlines()[0]
        for one in packages
        if not re.match(r"[a-z0-9._-]+==[^ ]+.*\\\n    --hash=sha256:[0-9a-f]{64}", one)
    ]
    assert "://" not in text
    assert "--index" not in text


def test_the_locks_have_what_pyproject_names_and_agree() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    named = {
        "requirements": [
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["book"],
        ]
    }
    named |= {
        f"requirements-{group}": [one for one in wanted if isinstance(one, str)]
        for group, wanted in project["dependency-groups"].items()
    }
    pinned = {lock.stem: dict(PIN.findall(lock.read_text(encoding="utf-8"))) for lock in LOCKS}
    assert pinned.keys() == named.keys(), "run make lock"
    for name, wanted in named.items():
        assert {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-") for one in wanted} <= pinned[
            name
        ].keys(), "run make lock"
        for other in pinned.values():
            assert not {
                one for one, version in pinned[name].items() if other.get(one, version) != version
            }
