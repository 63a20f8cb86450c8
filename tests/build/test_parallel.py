"""Chapters execute side by side; what fails is named as if they did not, and a build that is killed leaves nothing at work."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from helpers import CHAPTER, build, site_files, small_book, start

from cartbook.sphinxext.execution import dealt

NAMES = ("one", "two", "three", "four", "five", "six")
#: a chapter that ends only if the other one is executing meanwhile
MEETING = """from pathlib import Path
import time
Path({top!r}, "{own}").touch()
for _ in range(300):
    if Path({top!r}, "{other}").exists():
        break
    time.sleep(0.1)
else:
    raise TimeoutError("the other chapter never came")
"""


def chapter(folder: Path, name: str, code: str = "seven = 7\n") -> Path:
    path = folder / "chapters" / f"{name}.md"
    text = CHAPTER.format(name=name.title(), data="products.csv", table="products")
    path.write_text(text.replace("seven = 7\n", f"seven = 7\n{code}"), encoding="utf-8")
    return path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of six short chapters that was never built."""
    folder = small_book(tmp_path / "book", *NAMES)
    for name in NAMES:
        chapter(folder, name)
    return folder


def at_work(group: int) -> bool:
    """Whether a process group has processes."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_chapters_execute_at_once(book: Path) -> None:
    for own, other in (("one", "two"), ("two", "one")):
        chapter(book, own, MEETING.format(top=str(book), own=own, other=other))
    for name in NAMES[2:]:
        (book / "chapters" / f"{name}.md").write_text(f"# {name}\n", encoding="utf-8")
    done = build(book, JOBS="2")
    assert done.returncode == 0, done.stderr
    assert {"chapters/one.html", "chapters/two.html"} <= site_files(book).keys()


def test_a_failing_cell_is_named_and_nothing_is_published(book: Path) -> None:
    failing = chapter(book, "five", "1 / 0\n")
    done = build(book, JOBS="3")
    assert done.returncode != 0
    line = failing.read_text(encoding="utf-8").splitlines().index("1 / 0") + 1
    said = f"error: chapters/five.md, cell 2, line 2 (line {line} of the file): ZeroDivisionError: division by zero. Mend the cell"
    assert done.stderr.splitlines()[-1].startswith(said)
    assert "1 / 0" in done.stderr, "the trace is shown"
    assert not (book / "_build" / "html").exists()


BROKEN = "class Broken:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        raise ValueError('no way to show it')\n"


def test_an_output_that_cannot_be_shown_is_named(book: Path) -> None:
    (book / "chapters" / "broken.py").write_text(BROKEN, encoding="utf-8")
    failing = chapter(book, "two", "import broken\nbroken.Broken()\n")
    failing.write_text(
        failing.read_text(encoding="utf-8").replace("\nseven\n```", "\n```"), encoding="utf-8"
    )
    done = build(book)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith(
        "error: chapters/two.md, the cell at line 18 of the file: ValueError: no way to show it. Mend the cell"
    )


def test_a_build_that_is_killed_leaves_nothing_at_work(book: Path) -> None:
    for name in NAMES:
        chapter(
            book, name, f"import time\nopen({str(book / 'begun')!r}, 'w').close()\ntime.sleep(60)\n"
        )
    running = start(book)
    until = time.monotonic() + 60
    while not (book / "begun").exists():
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGKILL)  # the build alone, not those that work for it
    running.wait()
    until = time.monotonic() + 5
    while at_work(running.pid):
        assert time.monotonic() < until, "what worked for the build ends with it"
        time.sleep(0.05)
    for name in NAMES:
        chapter(book, name)
    done = build(book)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("count", "light", "jobs"), [(28, 8, 2), (28, 8, 4), (7, 0, 2), (100, 10, 3)]
)
def test_the_parts_of_a_book_cost_about_the_same(count: int, light: int, jobs: int) -> None:
    from sphinx.util.parallel import make_chunks

    costs = {f"page {number}": 0 if number < light else 10 + number % 7 for number in range(count)}
    order = dealt(costs, jobs)
    assert sorted(order) == sorted(costs)
    loads = [sum(costs[name] for name in part) for part in make_chunks(order, jobs)][:jobs]
    assert max(loads) - min(loads) <= 0.3 * max(loads)
