"""A build says what executes, what failed and where; the last site stays whole when it fails, is killed or started twice."""

from __future__ import annotations

import csv
import os
import re
import signal
import time

import pytest
from helpers import build, chapter, site_files, small_book, start, touch

#: Sphinx reads in parallel if it reads more than five pages
STUBS = ("three", "four", "five", "six")
SEVEN = "seven = 7\nseven"
#: a cell that ends only if the other chapter is executing meanwhile
MEETING = """from pathlib import Path
import os, time
os.utime({readme!r})
Path({top!r}, "{own}").touch()
began = time.monotonic()
while not Path({top!r}, "{other}").exists():
    assert time.monotonic() < began + 90, "the other chapter never came"
    time.sleep(0.1)"""
#: numbers of two studies, quoted by two of the stubs
QUOTED = {
    "three": "jacobson2022.single-group.complete-response.text",
    "four": "neelapu2017.group.complete-response.neelapu2017",
}
BROKEN = "class Broken:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        raise ValueError('no way to show it')\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of two chapters, on studies.csv and on products.csv, and of stubs, that was built once."""
    texts = {
        name: chapter(
            name.title(),
            f'from cartbook import load\nnote = load("{table}")["note"].iloc[0]',
            SEVEN,
            data=f"{table}.csv",
            end="It is {eval}`seven`: {eval}`note`",
        )
        for name, table in (("one", "studies"), ("two", "products"))
    }
    texts |= {name: f"# {name}\n" for name in STUBS}
    texts |= {name: f"# {name}\n\nOf these {{evidence}}`{key}`.\n" for name, key in QUOTED.items()}
    folder = small_book(tmp_path_factory.mktemp("book") / "book", texts=texts)
    (folder / "chapters" / "broken.py").write_text(BROKEN, encoding="utf-8")
    build(folder)
    return folder


@pytest.fixture
def edit(book):
    """Change a file of the book for the length of a test: ``edit("_toc.yml", "old", "new")``."""
    before = {}

    def change(name, old, new):
        path = book / name
        text = path.read_text(encoding="utf-8")
        before.setdefault(path, text)
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        touch(path)
        return path

    yield change
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")
        touch(path)


def touch_stubs(book):
    for name in STUBS:
        touch(book / "chapters" / f"{name}.md")


def executed(done):
    return set(re.findall(r"^\[\d+/\d+\] (\S+): \d+\.\d s", done.stdout, re.MULTILINE))


def wait_for(moment, running):
    """Wait for a moment while a build runs."""
    until = time.monotonic() + 120
    while not moment():
        assert running.poll() is None, "the build ended before the moment came"
        assert time.monotonic() < until
        time.sleep(0.002)


def alive(group):
    """Return whether a process group has processes."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_only_what_a_change_touches_executes(book):
    done = build(book)
    assert executed(done) == set()
    assert "no chapter executes" in done.stdout
    assert "Built in" not in done.stdout
    touch(book / "data" / "products.csv")
    done = build(book)
    assert executed(done) == {"chapters/two"}
    assert re.search(r"^\[1/1\] chapters/two: \d+\.\d s, 0 left$", done.stdout, re.MULTILINE)
    assert re.search(
        r"^Built in \d+\.\d s\. Open .*_build/html/index\.html", done.stdout, re.MULTILINE
    )
    touch(book / "cartbook" / "tables.py")
    assert executed(build(book)) == {"chapters/one", "chapters/two"}


def test_a_changed_sentence_is_named_beside_its_number_and_other_studies_pages_stay(book, edit):
    changed, other = (
        book / "_build" / "html" / "evidence" / f"{key.split('.')[0]}.html"
        for key in QUOTED.values()
    )
    before = changed.stat().st_mtime_ns, other.stat().st_mtime_ns
    edit("chapters/three.md", "Of these", "Of the patients")
    build(book)
    assert "Of the patients" in changed.read_text(encoding="utf-8")
    assert changed.stat().st_mtime_ns > before[0]
    assert other.stat().st_mtime_ns == before[1]
    edit("chapters/three.md", "# three", "# Renamed")
    build(book)
    assert "Renamed" in other.read_text(encoding="utf-8"), "the contents beside it name the chapter"


def test_chapters_execute_at_once_and_a_change_meanwhile_is_for_the_next_build(book, edit):
    for own, other in (("one", "two"), ("two", "one")):
        code = MEETING.format(top=str(book), readme=str(book / "README.md"), own=own, other=other)
        edit(f"chapters/{own}.md", "seven = 7", f"{code}\nseven = 7")
    touch_stubs(book)
    assert executed(build(book, JOBS="2")) >= {"chapters/one", "chapters/two"}
    assert "Built in" in build(book).stdout
    assert "Built in" not in build(book).stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            SEVEN,
            ":tags: [hide-input]\n\nseven = 7\n1 / 0",
            r"chapters/two\.md, cell 2, line 2 \(line \d+ of the file\): ZeroDivisionError: division by zero",
        ),
        (
            SEVEN,
            "import broken\nbroken.Broken()",
            r"chapters/two\.md, the cell at line \d+ of the file: ValueError: no way to show it",
        ),
        ("data: [products.csv]", "data: [studies.csv]", r"add products\.csv to book: data:"),
    ],
    ids=["error", "output", "undeclared table"],
)
def test_a_failing_cell_is_named_and_the_last_site_stays(book, edit, old, new, said):
    before = site_files(book)
    path = edit("chapters/two.md", old, new)
    touch_stubs(book)
    last = build(book, fails=True, JOBS="2").stderr.splitlines()[-1]
    assert re.search(f"^error: .*{said}", last)
    if new.endswith("1 / 0"):
        line = re.search(r"\(line (\d+) of the file\)", last)
        assert path.read_text(encoding="utf-8").splitlines()[int(line[1]) - 1] == "1 / 0"
    assert site_files(book) == before


def test_a_warning_fails_every_build_until_it_is_fixed(book, edit):
    edit("chapters/one.md", "It is", "{eval}`nobody.knows` It is")
    for _ in range(2):
        stderr = build(book, fails=True).stderr
        assert "one.md" in stderr
        assert "the warnings above are errors" in stderr


def test_invalid_data_stop_the_build_before_it_begins(book, edit):
    before = (book / "_build" / "html" / "index.html").stat().st_mtime_ns
    text = (book / "data" / "studies.csv").read_text(encoding="utf-8")
    edit("data/studies.csv", text, text[:-40])
    stderr = build(book, fails=True).stderr
    assert "data/studies.csv" in stderr
    assert "nothing was built" in stderr
    assert "Traceback" not in stderr
    assert (book / "_build" / "html" / "index.html").stat().st_mtime_ns == before


def test_a_removed_chapter_leaves_no_page_behind(book, edit):
    edit("_toc.yml", "- file: chapters/one\n", "")
    build(book)
    pages = site_files(book).keys()
    assert "chapters/one.html" not in pages
    assert "chapters/two.html" in pages


def test_a_build_killed_while_it_writes_pages_loses_nothing(book, edit):
    build(book)
    with (book / "data" / "products.csv").open(encoding="utf-8", newline="") as file:
        note = next(csv.DictReader(file))["note"]
    edit("data/products.csv", note, "Killed while writing.")
    before = site_files(book)
    pickle = book / "_build" / "work" / "doctrees" / "environment.pickle"
    old = pickle.stat().st_mtime_ns
    running = start(book)
    wait_for(
        lambda: old != (now := pickle.stat().st_mtime_ns) and time.time_ns() - now > 10**8, running
    )
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert site_files(book) == before, "the last good site is whole"
    build(book)
    page = site_files(book)["chapters/two.html"].decode()
    assert "Killed while writing." in page
    assert page.rstrip().endswith("</html>")
    assert sorted(path.name for path in (book / "_build").iterdir()) == ["html", "lock", "work"]


def test_a_second_build_waits_its_turn_and_a_killed_one_leaves_no_process(book, edit):
    begun = book / "begun"
    code = f"import time\nopen({str(begun)!r}, 'w').close()\ntime.sleep(60)\n"
    edit("chapters/one.md", "seven = 7", f"{code}seven = 7")
    first = start(book)
    wait_for(begun.exists, first)
    (line,) = build(book, fails=True).stderr.splitlines()
    assert line.startswith("error: another build is ")
    os.kill(first.pid, signal.SIGKILL)  # the build alone, not those that work for it
    first.wait()
    until = time.monotonic() + 5
    while alive(first.pid):
        assert time.monotonic() < until, "what worked for the build ends with it"
        time.sleep(0.05)
