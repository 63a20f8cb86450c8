"""Exports of the built site: PDF, EPUB and a packed site in ``_build/print``. Nothing executes again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from cartbook.export import print_document
from cartbook.paths import PRINT, SITE, TOP
from cartbook.sphinxext.exports import archive

NAME = "car-t-in-numbers"


def pdf() -> Path:
    """The book as PDF."""
    from cartbook.export import pdf as binder

    target = PRINT / f"{NAME}.pdf"
    binder.write(print_document.gather(SITE, TOP / "_toc.yml"), print_document.about(TOP), PRINT / "work", target)
    return target


def epub() -> Path:
    """The book as EPUB."""
    from cartbook.export import epub as binder

    target = PRINT / f"{NAME}.epub"
    told = print_document.about(TOP)
    binder.write(print_document.gather(SITE, TOP / "_toc.yml"), told, print_document.cover(told), target)
    return target


def site() -> Path:
    """The site as a zip that opens from a folder."""
    target = PRINT / f"{NAME}-site.zip"
    part = target.with_suffix(".new")
    archive(part, {f"{NAME}/{path.relative_to(SITE)}": path.read_bytes() for path in SITE.rglob("*") if path.is_file()})
    os.replace(part, target)
    return target


KINDS: dict[str, Callable[[], Path]] = {"pdf": pdf, "epub": epub, "zip": site}


def main(kinds: list[str]) -> str | None:
    """Write what is named; the line that says what is wrong, if something is."""
    if not kinds or set(kinds) - set(KINDS):
        return f"error: say what to make: {', '.join(KINDS)}"
    PRINT.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        try:
            target = KINDS[kind]()
        except (RuntimeError, ValueError) as error:
            return f"error: {error}"
        except OSError as error:
            hint = "free some room" if error.errno == errno.ENOSPC else "run make book, then try again"
            return f"error: {error.strerror}: {error.filename}; {hint}"
        print(f"{os.path.relpath(target)}: {target.stat().st_size / 1e6:.1f} MB", flush=True)
    return None
