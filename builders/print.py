"""Bind the built site: ``python -m builders.print pdf epub zip`` writes what is named to ``_build/print``.

It needs a site in ``_build/html`` (make book). Nothing executes again.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from builders import leaves
from cartbook.site.takeaway import archive

TOP = Path(__file__).resolve().parent.parent
SITE = TOP / "_build" / "html"
OUT = TOP / "_build" / "print"
NAME = "car-t-in-numbers"


def pdf() -> Path:
    """The book as PDF."""
    from builders import pdf as binder

    target = OUT / f"{NAME}.pdf"
    binder.write(leaves.gather(SITE, TOP / "_toc.yml"), leaves.about(TOP), OUT / "work", target)
    return target


def epub() -> Path:
    """The book as EPUB."""
    from builders import epub as binder

    target = OUT / f"{NAME}.epub"
    told = leaves.about(TOP)
    binder.write(leaves.gather(SITE, TOP / "_toc.yml"), told, leaves.cover(told), target)
    return target


def site() -> Path:
    """The site as a zip that opens from a folder."""
    target = OUT / f"{NAME}-site.zip"
    part = target.with_suffix(".new")
    archive(part, {f"{NAME}/{path.relative_to(SITE)}": path.read_bytes() for path in SITE.rglob("*") if path.is_file()})
    os.replace(part, target)
    return target


KINDS: dict[str, Callable[[], Path]] = {"pdf": pdf, "epub": epub, "zip": site}


def main(kinds: list[str]) -> str | None:
    """Write what is named; the line that says what is wrong, if something is."""
    if not kinds or set(kinds) - set(KINDS):
        return f"error: say what to make: {', '.join(KINDS)}"
    if not (SITE / "index.html").is_file():
        return "error: there is no site in _build/html: run make book first"
    OUT.mkdir(parents=True, exist_ok=True)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
