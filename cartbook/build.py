"""Build the site: check the data, execute the chapters, write ``_build/html``.

``_build/work`` keeps what a next build can use again; ``_build/html`` is replaced only when
everything went well, so the last good site stays where it is. A build may be killed at any moment:
the next one starts anew where pages were being written, and goes on where chapters were being read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:
    sys.exit(
        "error: the book is built on Linux or macOS; on Windows, run make in WSL (Windows Subsystem for Linux)"
    )

from cartbook.isolation import kernel_environment
from cartbook.paths import SITE, TOP, WORK

OLD = SITE.with_name("html.old")
UNFINISHED = (
    WORK / "doctrees" / "unfinished"
)  # there from the moment at which pages are written (cartbook.sphinxext) until they are published
STAMP = WORK / "stamp"  # what the last site was made of, and its files
VALIDATED = WORK / "validated"  # hash of the data and the validation code that passed last
IGNORED_DIRS = frozenset({"_build", "__pycache__", "tests", "docs"})  # no site is made of these


def file_stats(top: Path, ignored: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield each file of a folder with its size and time, by which make and Sphinx, too, notice a change; hidden and ignored ones are left out."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in ignored
        )
        for name in sorted(files):
            stat = os.stat(os.path.join(folder, name))
            yield f"{folder}/{name} {stat.st_size} {stat.st_mtime_ns}"


def build_inputs() -> list[str]:
    """Return what a site is made of: Python and its packages, settings, files."""
    settings = sorted(
        f"{name}={word}" for name, word in os.environ.items() if name.startswith("CARTBOOK_")
    )
    packages = sorted(
        {path.name for folder in sys.path for path in Path(folder).glob("*.dist-info")}
    )
    offers = os.environ.get("CARTBOOK_OFFERS")
    return [
        sys.version,
        *settings,
        *packages,
        *file_stats(TOP, IGNORED_DIRS),
        *(file_stats(Path(offers)) if offers else ()),
    ]


def build(jobs: int) -> int:
    """Validate, execute, write and swap; return 0 if the site is up to date, 1 after one line on what is wrong."""
    began = time.monotonic()
    recover()
    environment = kernel_environment(TOP, WORK)
    os.environ.clear()
    os.environ.update(environment)
    made_of = (
        build_inputs()
    )  # before anything is read: what changes from here on is for the next build
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == "\n".join(
        [*made_of, *file_stats(SITE)]
    ):
        print(
            f"Nothing has changed: no chapter executes. Open {SITE / 'index.html'}, or run: make serve",
            flush=True,
        )
        return 0
    from cartbook.validate import DataError, unsigned, validate

    try:
        now = validation_fingerprint()
        findings = (
            []
            if VALIDATED.is_file() and VALIDATED.read_text(encoding="utf-8") == now
            else validate(TOP / "data")
        )
        if findings:
            print("\n".join(map(str, findings)), file=sys.stderr)
            return fail(f"{len(findings)} finding(s) in data/ (above); nothing was built")
        VALIDATED.write_text(now, encoding="utf-8")
        for change in unsigned(TOP / "data"):
            print(f"warning: {change}", file=sys.stderr, flush=True)
        os.environ["CARTBOOK_VALIDATED"] = validated_tables()
    except DataError as error:
        return fail(str(error))

    import sphinx.util.console
    from jupyter_book import sphinx as jupyter_book

    sphinx.util.console.nocolor()
    raised: list[BaseException] = []
    os.environ.pop(
        "SOURCE_DATE_EPOCH", None
    )  # Sphinx would write its year over the one in _config.yml

    def keep(_app: object, _args: object, error: BaseException, *_: object) -> None:
        raised.append(error)

    jupyter_book.handle_exception = keep
    html = WORK / "html"
    html.mkdir(parents=True, exist_ok=True)
    code = jupyter_book.build_sphinx(
        str(TOP),
        str(html),
        path_config=str(TOP / "_config.yml"),
        confoverrides={
            "nitpicky": True,
            "latex_individualpages": False,
            "external_toc_path": str(TOP / "_toc.yml"),
        },
        noconfig=True,
        doctreedir=str(WORK / "doctrees"),
        quiet=True,
        warningiserror=True,
        keep_going=True,
        jobs=jobs,
    )
    if raised:
        print(flush=True)
        return fail(f"{describe_error(raised[0])} {last_good_site()}")
    if code:  # Sphinx would not repeat the warnings of pages that it keeps; it keeps none, since this build is unfinished
        return fail(
            f"the warnings above are errors; mend what they name and run make again. {last_good_site()}"
        )
    publish(html)
    UNFINISHED.unlink(missing_ok=True)
    STAMP.write_text("\n".join([*made_of, *file_stats(SITE)]), encoding="utf-8")
    print(
        f"Built in {time.monotonic() - began:.1f} s. Open {SITE / 'index.html'}, or run: make serve",
        flush=True,
    )
    return 0


def validation_fingerprint() -> str:
    """Return a hash of the data and the validation code; validation is skipped when it is unchanged."""
    files = sorted(
        [
            *(TOP / "data").iterdir(),
            *(TOP / "cartbook").glob("*.py"),
            *(TOP / "cartbook").glob("*.json"),
        ]
    )
    bodies = b"".join(
        path.name.encode() + path.read_bytes() + b"\0" for path in files if path.is_file()
    )
    return hashlib.sha256(sys.version.encode() + bodies).hexdigest()


def validated_tables() -> str:
    """Return the hashes of all tables, so that kernels do not validate again what the build has validated."""
    from cartbook.validate import read_descriptor, table_hash

    return " ".join(
        table_hash(TOP / "data", table) for table in read_descriptor(TOP / "data")["resources"]
    )


def default_jobs() -> int:
    """Return one job per processor and at most four: a chapter that executes needs some 400 MB."""
    return min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 4
    )


def describe_error(error: BaseException) -> str:
    """Return what went wrong and what to do; errors of worker processes arrive as strings."""
    from cartbook.sphinxext.execution import CellError

    if isinstance(error, KeyboardInterrupt):
        return "interrupted."
    if is_disk_full(error):
        return "the disk is full; free some room and run make again."
    words = " ".join(str(error).split()) or "no message"
    named = f"{CellError.__module__}.{CellError.__name__}: "
    if isinstance(error, CellError) or words.startswith(named):
        return f"{words.removeprefix(named)}. Mend the cell and run make again."
    return f"{type(error).__name__}: {words}."


class BuildLocked(Exception):
    """Another build holds the lock on the folder."""


@contextmanager
def build_lock() -> Iterator[None]:
    """Hold an exclusive lock on `_build`; the system releases it when the process exits."""
    WORK.parent.mkdir(exist_ok=True)
    with (WORK.parent / "lock").open("w") as file:
        for left in range(10, -1, -1):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    raise BuildLocked from None
                time.sleep(0.1)
        yield


def recover() -> None:
    """Recover from an interrupted build: half-written pages, or a site that was being replaced."""
    if UNFINISHED.exists():
        (UNFINISHED.parent / "environment.pickle").unlink(
            missing_ok=True
        )  # first: without it Sphinx keeps no page
        shutil.rmtree(WORK)
    if OLD.is_dir() and not SITE.exists():
        OLD.rename(SITE)


def is_disk_full(error: BaseException | None) -> bool:
    """Return whether an error comes from a full disk, however it was wrapped."""
    words = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "database or disk is full")
    said = f"{error} {getattr(error, 'traceback', '')}"
    return error is not None and (
        any(one in said for one in words) or is_disk_full(error.__cause__ or error.__context__)
    )


def last_good_site() -> str:
    """Return a sentence on the site that is there after a build that failed."""
    return (
        "The last good site is still in _build/html." if SITE.is_dir() else "There is no site yet."
    )


def publish(html: Path) -> None:
    """Replace the site by the finished pages and the files that they load, in one step."""
    from cartbook.sphinxext.assets import unused

    hidden = shutil.ignore_patterns(".buildinfo*", "reports")
    new = SITE.with_name("html.new")
    for folder in (new, OLD):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        html, new, ignore=lambda folder, names: {*hidden(folder, names), *unused(folder, names)}
    )
    if SITE.is_dir():
        SITE.rename(OLD)
    new.rename(SITE)
    shutil.rmtree(OLD, ignore_errors=True)


def fail(line: str) -> int:
    """Print one line on what is wrong and what to do; return exit code 1."""
    print(f"error: {line}", file=sys.stderr, flush=True)
    return 1


def main(jobs: int | None = None) -> int:
    """Build with an exclusive lock on ``_build``; return 0, or 1 after one line that says what is wrong and what to do."""
    os.chdir(TOP)
    try:
        with build_lock():
            return build(jobs or default_jobs())
    except BuildLocked:
        return fail(
            "another build is at work in this folder; wait until it has ended and run make again"
        )
    except OSError as error:
        if is_disk_full(error):
            return fail(f"the disk is full; free some room and run make again. {last_good_site()}")
        return fail(
            f"{error.strerror or error}: {error.filename or TOP}; check the file's rights and run make again. {last_good_site()}"
        )
