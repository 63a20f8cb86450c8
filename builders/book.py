"""Build the site: check the data, execute the chapters, write ``_build/html``.

``_build/work`` keeps what a next build can use again; ``_build/html`` is replaced only when
everything went well, so the last good site stays where it is. A build may be killed at any moment:
the next one starts anew where pages were being written, and goes on where chapters were being read.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cartbook.check import DataError, check, describe, mark

TOP = Path(__file__).resolve().parent.parent
WORK = TOP / "_build" / "work"
SITE = TOP / "_build" / "html"
OLD = SITE.with_name("html.old")
UNFINISHED = WORK / "doctrees" / "unfinished"  # there from the moment at which pages are written (cartbook.site) until they are published
CELL = re.compile(r"^```{code-cell}.*\n(?:---\n(?:.*\n)*?---\n|(?::.*\n)*)", re.MULTILINE)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def where(error: BaseException) -> str | None:
    """Chapter, cell and line of a failing cell, or None if it was not a cell that failed."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    cause = error.__cause__
    chapter = Path(str(error))
    name = chapter.relative_to(TOP) if chapter.is_absolute() and chapter.is_relative_to(TOP) else chapter
    if isinstance(cause, CellTimeoutError):
        return f"{name}: a cell ran longer than the time that _config.yml allows (execute: timeout)"
    if not isinstance(cause, CellExecutionError):
        return None
    trace = ANSI.sub("", cause.traceback)
    found = re.findall(r"Cell In\[(\d+)\], line (\d+)|File <.*?>:(\d+)|Cell In\[(\d+)\](?=.*?line (\d+))", trace)
    cell, line = (found[0][0], found[0][1]) if found and found[0][0] else ("?", "?")
    place = ""
    if cell != "?":
        text = chapter.read_text(encoding="utf-8")
        starts = [match.end() for match in CELL.finditer(text)]
        if int(cell) <= len(starts):
            start = starts[int(cell) - 1]
            place = f" (line {text[:start].count(chr(10)) + int(line)} of the file)"
    return f"{name}, cell {cell}, line {line}{place}: {cause.ename}: {cause.evalue.splitlines()[0] if cause.evalue else ''}"


def build() -> int:
    """Check, execute, write, swap; 0 if the site is new and whole."""
    began = time.monotonic()
    settle()
    os.environ.pop("CARTBOOK_SOUND", None)
    findings = check(TOP / "data")
    if findings:
        print("\n".join(findings), file=sys.stderr)
        return stop(f"{len(findings)} finding(s) in data/ (above); nothing was built")
    os.environ["CARTBOOK_SOUND"] = " ".join(mark(TOP / "data", table) for table in describe(TOP / "data")["resources"])

    import sphinx.util.console
    from jupyter_book import sphinx as jupyter_book
    from myst_nb.core.execute.base import ExecutionError

    sphinx.util.console.nocolor()
    raised: list[BaseException] = []
    profile = WORK / "ipython" / "profile_default"  # the kernels' own settings: no user's start-up files, no chatter
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n", encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)
    os.environ.pop("SOURCE_DATE_EPOCH", None)  # Sphinx would write its year over the one in _config.yml

    def keep(_app: object, _args: object, error: BaseException, *_: object) -> None:
        raised.append(error)

    jupyter_book.handle_exception = keep
    html = WORK / "html"
    html.mkdir(parents=True, exist_ok=True)
    code = jupyter_book.build_sphinx(
        str(TOP),
        str(html),
        path_config=str(TOP / "_config.yml"),
        confoverrides={"nitpicky": True, "latex_individualpages": False, "external_toc_path": str(TOP / "_toc.yml")},
        noconfig=True,
        doctreedir=str(WORK / "doctrees"),
        quiet=True,
        warningiserror=True,
        keep_going=True,
    )
    if raised:
        print(flush=True)
        error = raised[0]
        if isinstance(error, KeyboardInterrupt):
            return stop("interrupted; _build/html is as it was")
        if full(error):
            return stop(f"the disk is full; free some room and run make again. {kept()}")
        if isinstance(error, ExecutionError) and (line := where(error)):
            if isinstance(error.__cause__, Exception):
                print(ANSI.sub("", str(error.__cause__)).strip(), file=sys.stderr)
            return stop(f"{line}. Mend the cell and run make again. {kept()}")
        return stop(f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}. {kept()}")
    if code:  # Sphinx would not repeat the warnings of pages that it keeps; it keeps none, since this build is unfinished
        return stop(f"the warnings above are errors; mend what they name and run make again. {kept()}")
    publish(html)
    UNFINISHED.unlink(missing_ok=True)
    print(f"Built in {time.monotonic() - began:.1f} s. Open {SITE / 'index.html'}, or run: make serve", flush=True)
    return 0


class Busy(Exception):
    """Another build has the folder."""


@contextmanager
def alone() -> Iterator[None]:
    """Keep the folder to this build; the system gives it back even if the build is killed."""
    WORK.parent.mkdir(exist_ok=True)
    with (WORK.parent / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        yield


def settle() -> None:
    """Put right what a build left that was killed: half-written pages, or a site that was being replaced."""
    if UNFINISHED.exists():
        (UNFINISHED.parent / "environment.pickle").unlink(missing_ok=True)  # first: without it Sphinx keeps no page
        shutil.rmtree(WORK)
    if OLD.is_dir() and not SITE.exists():
        OLD.rename(SITE)


def full(error: BaseException | None) -> bool:
    """Whether it comes from a full disk, however it was wrapped on its way."""
    words = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "database or disk is full")
    return error is not None and (any(one in str(error) for one in words) or full(error.__cause__ or error.__context__))


def kept() -> str:
    """What a reader still has after a build that failed."""
    return "The last good site is still in _build/html." if SITE.is_dir() else "There is no site yet."


def publish(html: Path) -> None:
    """Put a copy of the finished pages, with those files alone that they load, where the site is, in one step."""
    from cartbook.site.light import unused

    hidden = shutil.ignore_patterns(".buildinfo*", "reports")
    new = SITE.with_name("html.new")
    for folder in (new, OLD):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(html, new, ignore=lambda folder, names: {*hidden(folder, names), *unused(folder, names)})
    if SITE.is_dir():
        SITE.rename(OLD)
    new.rename(SITE)
    shutil.rmtree(OLD, ignore_errors=True)


def stop(line: str) -> int:
    """Say in one line what is wrong and what to do."""
    print(f"error: {line}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    os.chdir(TOP)
    try:
        with alone():
            sys.exit(build())
    except Busy:
        sys.exit(stop("another build is at work in this folder; wait until it has ended and run make again"))
    except DataError as error:
        sys.exit(stop(str(error)))
    except OSError as error:
        if full(error):
            sys.exit(stop(f"the disk is full; free some room and run make again. {kept()}"))
        sys.exit(stop(f"{error.strerror or error}: {error.filename or TOP}; check the file's rights and run make again. {kept()}"))
