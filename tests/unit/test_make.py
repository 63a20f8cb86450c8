"""make installs what a target needs, once, from hashed locks; a failure ends in one line that says what to do."""

from __future__ import annotations

import os
import re
import shutil
import tomllib

import pytest
from helpers import TOP, run

LOCKS = sorted(TOP.glob("requirements*.lock"))
PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;]+)", re.MULTILINE)
HASHED = re.compile(r"[a-z0-9._-]+==[^ ]+.*\\\n    --hash=sha256:[0-9a-f]{64}")
#: in place of Python: notes how it was called, makes a .venv that is itself, and fails where it is told to
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
FOREIGN = {
    "PYTHONPATH": "a",
    "PYTHONHOME": "a",
    "PYTHONOPTIMIZE": "1",
    "PIP_USER": "1",
    "PIP_TARGET": "a",
}


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Run make in a folder with the Makefile, its locks, and a program in place of Python."""
    for name in [*os.environ]:
        if name.startswith(("MAKE", "PIP_", "PYTHON")):
            monkeypatch.delenv(name)
    for path in (TOP / "Makefile", TOP / "pyproject.toml", *LOCKS):
        shutil.copy(path, tmp_path)
    (tmp_path / "python").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)

    def call(target, **environment):
        (tmp_path / "calls").write_text("", encoding="utf-8")
        command = ("make", f"PYTHON={tmp_path / 'python'}", target)
        done = run(*command, folder=tmp_path, **environment)
        return done, (tmp_path / "calls").read_text(encoding="utf-8")

    return call


def installed(calls):
    """The locks that pip was given."""
    return [
        name.removesuffix(".lock")
        for name in re.findall(r"pip install .*-r requirements(\S*)", calls)
    ]


@pytest.mark.parametrize(
    ("target", "locks"),
    [
        ("book", [""]),
        ("serve", [""]),
        ("pdf", ["", "-print"]),
        ("test", ["", "-test"]),
        ("install-lab", ["", "-lab"]),
        ("lint", ["-lint"]),
        ("licences", ["-licences", "", "-test", "-lab"]),
    ],
)
def test_a_target_installs_what_it_needs_once(make, tmp_path, target, locks):
    done, calls = make(target)
    assert done.returncode == 0, done.stderr
    assert installed(calls) == locks
    done, calls = make(target)
    assert (done.returncode, installed(calls)) == (0, [])
    os.utime(tmp_path / f"requirements{locks[0]}.lock", (2**32, 2**32))
    assert installed(make(target)[1])[0] == locks[0], "a changed lock is installed"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("OLD", "error: Python 3.11 or newer is needed, and "),
        ("BARE", "has no venv module; install it (Debian, Ubuntu: apt install python3-venv)"),
        (
            "OFFLINE",
            "error: the installation failed (above); check the network, the disk and the settings of pip",
        ),
    ],
)
def test_trouble_ends_in_one_line_and_is_not_taken_for_installed(make, tmp_path, trouble, said):
    done, _ = make("book", **{trouble: "1"})
    assert done.returncode
    (line,) = [one for one in done.stderr.splitlines() if said in one]
    assert line.startswith("error: ")
    assert not list(tmp_path.glob(".venv/book-3.11"))


def test_a_killed_installation_is_done_again_over_what_it_left(make):
    assert make("book", KILLED="1")[0].returncode
    done, calls = make("book")
    assert done.returncode == 0
    assert "--ignore-installed" in calls
    assert installed(make("book")[1]) == []


def test_settings_of_the_user_reach_neither_python_nor_pip_but_the_index_does(make):
    done, calls = make("book", PIP_INDEX_URL="https://mirror.example", **FOREIGN)
    assert done.returncode == 0
    seen = {re.sub(r"^.*(?= user=)", "", one) for one in calls.splitlines()}
    assert seen == {" user=0 target= index=https://mirror.example path="}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_package_of_a_lock_has_its_hash_and_none_its_registry(lock):
    text = lock.read_text(encoding="utf-8")
    packages = re.split(r"\n(?=\S)", text.strip())
    assert not [one.splitlines()[0] for one in packages if not HASHED.match(one)]
    assert "://" not in text
    assert "--index" not in text


def test_the_locks_have_what_pyproject_names_and_agree():
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    about = project["project"]
    named = {"": [*about["dependencies"], *about["optional-dependencies"]["book"]]}
    for group, wanted in project["dependency-groups"].items():
        named[f"-{group}"] = [one for one in wanted if isinstance(one, str)]
    pins = {
        path.stem.removeprefix("requirements"): dict(PIN.findall(path.read_text("utf-8")))
        for path in LOCKS
    }
    assert pins.keys() == named.keys(), "run make lock"
    for name, wanted in named.items():
        words = {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-") for one in wanted}
        assert words <= pins[name].keys(), "run make lock"
        for other in pins.values():
            assert not [one for one, pin in pins[name].items() if other.get(one, pin) != pin]
