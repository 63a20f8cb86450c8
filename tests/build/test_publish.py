"""A build offers the PDF when it has one, and has no dead link when it has none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import TOP

PAGE = TOP / "chapters" / "26-downloads.md"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of one page, that of the downloads."""
    folder = tmp_path_factory.mktemp("published")
    for name in ("cartbook", "builders", "data"):
        shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("_static", "drawings"):
        shutil.copytree(TOP / "chapters" / name, folder / "chapters" / name)
    for name in ("_config.yml", "pyproject.toml", "README.md", "LICENSE", "chapters/references.bib", "chapters/26-downloads.md"):
        shutil.copy(TOP / name, folder / name)
    (folder / "index.md").write_text("# A book\n", encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters:\n- file: chapters/26-downloads\n", encoding="utf-8")
    return folder


def build(folder: Path, **offers: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), **offers}
    return subprocess.run(
        [sys.executable, "builders/book.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=400
    )


def test_offers_come_and_go_with_the_build(book: Path) -> None:
    page, taken = book / "_build" / "html" / "chapters" / "26-downloads.html", book / "_build" / "html" / "downloads"
    (book / "_build" / "print").mkdir(parents=True)
    (book / "_build" / "print" / "car-t-in-numbers.pdf").write_bytes(b"%PDF-" + bytes(2_345_678))

    done = build(book, CARTBOOK_OFFERS="_build/print")
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert '<a href="../downloads/car-t-in-numbers.pdf" download>The book as PDF</a>' in text
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
    code = "import sys; from pathlib import Path; from builders import print as bind; bind.SITE = Path(sys.argv[1]); sys.exit(bind.main(['pdf']))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.strip() == "error: there is no site in _build/html: run make book first"
