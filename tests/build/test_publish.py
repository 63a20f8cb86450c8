"""A build offers the PDF when it has one, and has no dead link when it has none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import TOP, build, small_book

PAGE = TOP / "chapters" / "26-downloads.md"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of one page, that of the downloads."""
    return small_book(tmp_path_factory.mktemp("published"), "26-downloads")


def test_offers_come_and_go_with_the_build(book: Path) -> None:
    page, taken = (
        book / "_build" / "html" / "chapters" / "26-downloads.html",
        book / "_build" / "html" / "downloads",
    )
    (book / "_build" / "print").mkdir(parents=True)
    (book / "_build" / "print" / "car-t-in-numbers.pdf").write_bytes(b"%PDF-" + bytes(2_345_678))

    done = build(book, CARTBOOK_OFFERS="_build/print")
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert '<a href="../downloads/car-t-in-numbers.pdf" download="">The book as PDF</a>' in text
    assert ">2.3 MB</span>" in text
    assert "car-t-in-numbers.epub" not in text
    assert (taken / "car-t-in-numbers.pdf").stat().st_size == 2_345_683

    done = build(book)
    assert done.returncode == 0, done.stderr
    assert "car-t-in-numbers.pdf" not in page.read_text(encoding="utf-8")
    assert not (taken / "car-t-in-numbers.pdf").exists()


def test_a_build_told_to_offer_nothing_says_so(book: Path) -> None:
    done = build(book, CARTBOOK_OFFERS="nowhere")
    assert done.returncode != 0
    assert "run make publish" in done.stderr


def test_binding_without_a_site_says_what_to_do(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from cartbook import export as bind; bind.SITE = Path(sys.argv[1]); sys.exit(bind.main(['pdf']))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.strip() == "error: there is no built book in _build: run make book first"
