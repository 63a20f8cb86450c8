"""The same sources give the same bytes: with another clock, place, language and settings of the user, read side by side or not."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
from helpers import build, chapter, site_files, small_book, touch

FIGURE = """from cartbook import Choice, evidence, figure, interval_plot, proportions, quiz, table
rates = proportions(evidence(section="table-1", endpoint="neurotoxicity", grade="any"))
shown = rates[["label", "events", "denominator", "percent", "low", "high"]]
figure(interval_plot(rates), id="rates-{name}", title="Six rates", reading="One dot is one study.", alt="Interval plot of six studies, each with its rate.", table=shown, source="Made for a test.")"""
QUIZ = 'quiz("same", {"Which?": [Choice("This", True, "It is."), Choice("That", False, "It is not.")]})'
#: none of these may show in the pages; between the two zones it is never the same day
HERE = {"JOBS": "2", "TZ": "Etc/GMT+12", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}
ELSEWHERE = {
    "JOBS": "2",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "LANGUAGE": "ja",
    "PYTHONHASHSEED": "4242",
    "SOURCE_DATE_EPOCH": "86400",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "JUPYTER_PREFER_ENV_PATH": "0",
    "MPLBACKEND": "nothing",
}


@pytest.fixture
def foreign(tmp_path):
    """The settings of a user whose own modules, kernel, start-up files and data would break or change a build."""
    home = tmp_path / "home"
    kernel = home / "jupyter" / "kernels" / "python3" / "kernel.json"
    argv = [sys.executable, "-O", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    files = {
        kernel: json.dumps({"argv": argv, "display_name": "Mine", "language": "python"}),
        home
        / "ipython"
        / "profile_default"
        / "startup"
        / "00.py": "raise RuntimeError('started')\n",
        home / "start.py": "import sys; sys.exit('started')\n",
        home / "data" / "datapackage.json": "{}",
    }
    for name in ("yaml", "hashlib", "sphinx/__init__", "cartbook/__init__", "sitecustomize"):
        files[home / "modules" / f"{name}.py"] = f"raise RuntimeError('{name} of the user')\n"
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (home / ".local" / "share").mkdir(parents=True)
    shutil.copytree(home / "jupyter", home / ".local" / "share" / "jupyter")
    return ELSEWHERE | {
        "HOME": str(home),
        "PYTHONPATH": str(home / "modules"),
        "PYTHONSTARTUP": str(home / "start.py"),
        "JUPYTER_PATH": str(home / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "IPYTHONDIR": str(home / "ipython"),
        "CARTBOOK_DATA": str(home / "data"),
    }


def differing(first, second):
    return sorted(
        name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
    )


def test_the_same_sources_give_the_same_bytes(tmp_path, foreign):
    cells = {
        name: (FIGURE.format(name=name), 'table(shown, caption="The same numbers")')
        for name in "abc"
    }
    texts = {
        name: chapter(
            name,
            *code,
            *([QUIZ] if name == "a" else []),
            data="studies.csv, outcomes.csv, sources.csv",
            end="There are {eval}`len(rates)` rates.",
        )
        for name, code in cells.items()
    }
    texts |= {"d": "# D\n\n```{glossary-table}\n```\n", "e": "# E\n", "f": "# F\n"}
    book = small_book(tmp_path / "book", texts=texts)  # enough pages to be read side by side
    other = tmp_path / "Größe und Maß – 大きさ" / "the book"
    shutil.copytree(book, other, copy_function=shutil.copyfile)  # with new times
    build(book, **HERE)
    build(other, **foreign)
    clean = site_files(book)
    assert len(clean) > 50
    assert differing(clean, site_files(other)) == []
    for changed in ("chapters/a.md", "README.md"):  # one chapter executes anew, or none
        touch(book / changed)
    build(book, **HERE | {"JOBS": "1"})
    assert differing(clean, site_files(book)) == []
