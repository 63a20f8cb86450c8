"""Exports of the built book to ``_build/print``: PDF, EPUB and a site that opens from a folder.

The doctrees of the build are rendered again. A page that has changed since is read, and its cells
execute, as in a build.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cartbook.build import run_sphinx
from cartbook.paths import PRINT, SITE, WORK
from cartbook.sphinxext.exports import archive

DOCTREES = WORK / "doctrees"
NAME = "car-t-in-numbers"


@contextmanager
def rendered(builder: str) -> Iterator[Path]:
    """Yield the folder into which a Sphinx builder wrote the book.

    It works on a copy of the doctrees, so that the next build of the site finds its own as they were.
    Raise ValueError if there are warnings; Sphinx writes them to stderr.
    """
    with tempfile.TemporaryDirectory() as work:
        doctrees, out = Path(work) / "doctrees", Path(work) / builder
        shutil.copytree(DOCTREES, doctrees)
        if not run_sphinx(builder, out, doctrees):
            raise ValueError(
                "the warnings above are errors; fix what they name and run make book again"
            )
        yield out


def write_pdf() -> Path:
    """Write the book as PDF."""
    from cartbook.export import pdf

    target = PRINT / f"{NAME}.pdf"
    with rendered("print") as folder:
        pdf.write(folder, target)
    return target


def write_epub() -> Path:
    """Write the book as EPUB."""
    target = PRINT / f"{NAME}.epub"
    with rendered("epub") as folder:
        (written,) = folder.glob("*.epub")
        part = target.with_suffix(".new")
        shutil.copyfile(written, part)
        os.replace(part, target)
    return target


def write_site() -> Path:
    """Write the site as a zip that opens from a folder."""
    target = PRINT / f"{NAME}-site.zip"
    part = target.with_suffix(".new")
    archive(
        part,
        {
            f"{NAME}/{path.relative_to(SITE)}": path.read_bytes()
            for path in SITE.rglob("*")
            if path.is_file()
        },
    )
    os.replace(part, target)
    return target


KINDS: dict[str, Callable[[], Path]] = {"pdf": write_pdf, "epub": write_epub, "zip": write_site}


def main(kinds: list[str]) -> str | None:
    """Write what is named; return the line that says what is wrong, if something is."""
    if not kinds or set(kinds) - set(KINDS):
        return f"error: say what to make: {', '.join(KINDS)}"
    if not (SITE / "index.html").is_file() or not (DOCTREES / "environment.pickle").is_file():
        return "error: there is no built book in _build: run make book first"
    PRINT.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        try:
            target = KINDS[kind]()
        except (RuntimeError, ValueError) as error:
            return f"error: {error}"
        except OSError as error:
            hint = (
                "free some room" if error.errno == errno.ENOSPC else "run make book, then try again"
            )
            return f"error: {error.strerror}: {error.filename}; {hint}"
        print(f"{os.path.relpath(target)}: {target.stat().st_size / 1e6:.1f} MB", flush=True)
    return None
