"""A build tells the truth: what executes, what failed and where, and what is left when it fails."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from helpers import build, touch


def executed(done: subprocess.CompletedProcess[str]) -> set[str]:
    return set(re.findall(r"^\[\d+/\d+\] (\S+): ", done.stdout, re.MULTILINE))


def test_nothing_changed_nothing_executes(book: Path) -> None:
    done = build(book)
    assert done.returncode == 0, done.stderr
    assert executed(done) == set()
    assert "no chapter executes" in done.stdout
    assert "Built in" not in done.stdout, (
        "the site is left alone, also after a build in which all was read by one process"
    )


def test_what_changes_while_a_build_is_at_work_is_for_the_next_one(book: Path) -> None:
    chapter = book / "chapters" / "one.md"
    sound = chapter.read_text(encoding="utf-8")
    chapter.write_text(
        sound.replace(
            "seven = 7\n", f"seven = 7\nimport os\nos.utime({str(book / 'README.md')!r})\n"
        ),
        encoding="utf-8",
    )
    touch(chapter)
    assert build(book).returncode == 0
    assert "Built in" in build(book).stdout
    assert "Built in" not in build(book).stdout
    chapter.write_text(sound, encoding="utf-8")
    touch(chapter)
    assert build(book).returncode == 0


def test_a_changed_table_executes_the_chapters_that_read_it_and_no_others(book: Path) -> None:
    touch(book / "data" / "products.csv")
    assert executed(build(book)) == {"chapters/two"}


def test_a_changed_module_executes_the_chapters_that_use_it(book: Path) -> None:
    path = book / "cartbook" / "tables.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    touch(path)
    assert executed(build(book)) == {"chapters/one", "chapters/two"}
    touch(book / "cartbook" / "quizzes.py")
    assert executed(build(book)) == set()


def test_the_terminal_says_which_chapter_executes_and_how_many_are_left(book: Path) -> None:
    touch(book / "chapters" / "one.md")
    done = build(book)
    assert re.search(r"^\[1/1\] chapters/one: \d+\.\d s, 0 left$", done.stdout, re.MULTILINE)
    assert re.search(
        r"^Built in \d+\.\d s\. Open .*_build/html/index\.html", done.stdout, re.MULTILINE
    )


def test_a_failing_cell_is_named_and_the_last_site_stays(book: Path) -> None:
    chapter = book / "chapters" / "two.md"
    sound, before = (
        chapter.read_text(encoding="utf-8"),
        (book / "_build" / "html" / "chapters" / "two.html").read_bytes(),
    )
    chapter.write_text(
        sound.replace("seven = 7\nseven", ":tags: [hide-input]\n\nseven = 7\n1 / 0"),
        encoding="utf-8",
    )
    done = build(book)
    assert done.returncode != 0
    line = chapter.read_text(encoding="utf-8").splitlines().index("1 / 0") + 1
    assert (
        f"error: chapters/two.md, cell 2, line 2 (line {line} of the file): ZeroDivisionError"
        in done.stderr.splitlines()[-1]
    )
    assert (book / "_build" / "html" / "chapters" / "two.html").read_bytes() == before
    chapter.write_text(sound, encoding="utf-8")
    touch(chapter)


def test_a_warning_fails_the_build_again_and_again_until_mended(book: Path) -> None:
    chapter = book / "chapters" / "one.md"
    sound = chapter.read_text(encoding="utf-8")
    chapter.write_text(sound + "\n{eval}`nobody.knows`\n", encoding="utf-8")
    touch(chapter)
    for _ in range(2):
        done = build(book)
        assert done.returncode != 0
        assert "one.md" in done.stderr
        assert "the warnings above are errors" in done.stderr
    chapter.write_text(sound, encoding="utf-8")
    touch(chapter)


def test_a_table_read_but_not_declared_fails(book: Path) -> None:
    chapter = book / "chapters" / "one.md"
    sound = chapter.read_text(encoding="utf-8")
    chapter.write_text(
        sound.replace("data: [studies.csv]", "data: [products.csv]"), encoding="utf-8"
    )
    touch(chapter)
    done = build(book)
    assert done.returncode != 0
    assert "add studies.csv to book: data:" in done.stderr
    chapter.write_text(sound, encoding="utf-8")
    touch(chapter)


def test_broken_data_stops_the_build_before_it_begins(book: Path) -> None:
    path = book / "data" / "studies.csv"
    sound, stamp = path.read_bytes(), (book / "_build" / "html" / "index.html").stat().st_mtime_ns
    path.write_bytes(sound[:-40])
    done = build(book)
    path.write_bytes(sound)
    assert done.returncode != 0
    assert "data/studies.csv" in done.stderr
    assert "nothing was built" in done.stderr
    assert "Traceback" not in done.stderr
    assert (book / "_build" / "html" / "index.html").stat().st_mtime_ns == stamp


def test_a_removed_chapter_leaves_no_page_behind(book: Path) -> None:
    toc = book / "_toc.yml"
    sound = toc.read_text(encoding="utf-8")
    toc.write_text(sound.replace("- file: chapters/one\n", ""), encoding="utf-8")
    done = build(book)
    toc.write_text(sound, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert not (book / "_build" / "html" / "chapters" / "one.html").exists()
    assert (book / "_build" / "html" / "chapters" / "two.html").exists()
