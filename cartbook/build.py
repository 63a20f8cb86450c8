"""Build the site: validate the data, execute the chapters, write ``_build/html``.

``_build/work`` keeps what the next build can use again. ``_build/html`` is replaced in one step
after a build without errors and warnings, so the last good site stays. A build may be killed at any
moment: the next one starts from the beginning if pages were being written.
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
#: exists while pages are written (cartbook.sphinxext makes it) and until they are published
UNFINISHED = WORK / "doctrees" / "unfinished"
STAMP = WORK / "stamp"  # what the last site was made of, and its files
VALIDATED = WORK / "validated"  # hash of the data and the validation code that passed last
IGNORED_DIRS = frozenset({"_build", "__pycache__", "tests", "docs"})  # no part of the site
UNUSED_EXTENSION = "sphinx_thebe"  # Jupyter Book's; it writes inline scripts into pages


class BuildError(Exception):
    """The build cannot go on; the message says what is wrong and what to do."""


def run_sphinx(builder: str, out: Path, doctrees: Path, jobs: int = 1) -> bool:
    """Run a Sphinx builder over the book; return whether it succeeded without a warning.

    Pages whose sources and dependencies are as in ``doctrees`` are not read again; of the others,
    the cells execute. Raise what Sphinx raises, such as CellError for a cell that fails.
    """
    import sphinx.util.console
    from jupyter_book.config import get_final_config
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    from cartbook import tables

    tables.FOLDER = TOP / "data"  # a build publishes the checkout's own, not $CARTBOOK_DATA
    sphinx.util.console.nocolor()
    os.environ.pop("SOURCE_DATE_EPOCH", None)  # its year would replace the one in _config.yml
    settings = {
        "nitpicky": True,
        "latex_individualpages": False,
        "external_toc_path": str(TOP / "_toc.yml"),
    }
    config, _ = get_final_config(user_yaml=TOP / "_config.yml", cli_config=settings, sourcedir=TOP)
    config["extensions"].remove(UNUSED_EXTENSION)
    out.mkdir(parents=True, exist_ok=True)
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            TOP,
            None,
            out,
            doctrees,
            builder,
            confoverrides=config,
            status=None,
            warningiserror=True,
            parallel=jobs,
            keep_going=True,
        )
        app.build()
    return app.statuscode == 0


def build(jobs: int) -> None:
    """Validate, execute, write, and replace the site. Raise BuildError if there is no new site."""
    began = time.monotonic()
    recover()
    environment = kernel_environment(TOP, WORK)
    os.environ.clear()
    os.environ.update(environment)
    inputs = build_inputs()  # a file that changes from here on is for the next build
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == "\n".join(
        [*inputs, *file_stats(SITE)]
    ):
        print("Nothing has changed: no chapter executes.", _where(), flush=True)
        return
    validate_data()
    html = WORK / "html"
    if not run_sphinx("html", html, WORK / "doctrees", jobs):
        raise BuildError(
            "the warnings above are errors; fix what they name and run make again. "
            + last_good_site()
        )
    publish(html)
    UNFINISHED.unlink(missing_ok=True)
    STAMP.write_text("\n".join([*inputs, *file_stats(SITE)]), encoding="utf-8")
    print(f"Built in {time.monotonic() - began:.1f} s.", _where(), flush=True)


def _where() -> str:
    return f"Open {SITE / 'index.html'}, or run: make serve"


def build_inputs() -> list[str]:
    """Return what a site is made of: Python, packages, settings and files."""
    settings = (f"{name}={one}" for name, one in os.environ.items() if name.startswith("CARTBOOK_"))
    packages = (path.name for folder in sys.path for path in Path(folder).glob("*.dist-info"))
    printed = os.environ.get("CARTBOOK_PRINT_DIR")
    files = [*file_stats(TOP, IGNORED_DIRS), *(file_stats(TOP / printed) if printed else ())]
    return [sys.version, *sorted(settings), *sorted(set(packages)), *files]


def file_stats(top: Path, ignored: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield path, size and time of each file of a folder; skip hidden and ignored ones."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in ignored
        )
        for name in sorted(files):
            stat = os.stat(os.path.join(folder, name))
            yield f"{folder}/{name} {stat.st_size} {stat.st_mtime_ns}"


def validate_data() -> None:
    """Validate the tables unless neither they nor the code have changed; tell kernels so.

    Raise BuildError for invalid data, after printing every finding.
    """
    from cartbook.signoff import unsigned
    from cartbook.validate import validate

    data, code = TOP / "data", TOP / "cartbook"
    files = [*data.iterdir(), *code.glob("*.py"), *code.glob("*.json")]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes() + b"\0")
    if not VALIDATED.is_file() or VALIDATED.read_text(encoding="utf-8") != digest.hexdigest():
        if findings := validate(data):
            print(*findings, sep="\n", file=sys.stderr)
            raise BuildError(f"{len(findings)} finding(s) in data/ (above); nothing was built")
        VALIDATED.write_text(digest.hexdigest(), encoding="utf-8")
    for change in unsigned(data):
        print(f"warning: {change}", file=sys.stderr, flush=True)
    os.environ["CARTBOOK_VALIDATED"] = validated_tables()


def validated_tables() -> str:
    """Return the hashes of all tables, for kernels that do not validate them again."""
    from cartbook.datapackage import read_descriptor, table_hash

    data = TOP / "data"
    return " ".join(table_hash(data, table) for table in read_descriptor(data)["resources"])


def publish(html: Path) -> None:
    """Replace the site by the finished pages and the files that they load, in one step."""
    from cartbook.sphinxext.assets import unused

    hidden = shutil.ignore_patterns(".buildinfo*", "reports")
    new = SITE.with_name("html.new")
    for folder in (new, OLD):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(html, new, ignore=lambda *found: {*hidden(*found), *unused(*found)})
    if SITE.is_dir():
        SITE.rename(OLD)
    new.rename(SITE)
    shutil.rmtree(OLD, ignore_errors=True)


def recover() -> None:
    """Recover from an interrupted build: half-written pages, or a site that was being replaced."""
    if UNFINISHED.exists():
        # first: without it Sphinx reads every page again, even if removing the rest is interrupted
        (UNFINISHED.parent / "environment.pickle").unlink(missing_ok=True)
        shutil.rmtree(WORK)
    if OLD.is_dir() and not SITE.exists():
        OLD.rename(SITE)


@contextmanager
def build_lock() -> Iterator[None]:
    """Hold an exclusive lock on ``_build``; the system releases it when the process exits.

    Wait a second for the workers of a build that was killed; raise BuildError after that.
    """
    WORK.parent.mkdir(exist_ok=True)
    with (WORK.parent / "lock").open("w") as file:
        for _ in range(10):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        else:
            raise BuildError(
                "another build is running in this folder; wait until it has ended and run make again"
            )
        yield


def describe_error(error: BaseException) -> str:
    """Return what went wrong and what to do; errors of worker processes arrive as text."""
    from cartbook.findings import DataError
    from cartbook.sphinxext.execution import CellError

    if isinstance(error, BuildError | DataError):
        return str(error)
    words = " ".join(str(error).split()) or "no message"
    cell = f"{CellError.__module__}.{CellError.__name__}: "
    if isinstance(error, KeyboardInterrupt):
        problem = "interrupted."
    elif is_disk_full(error):
        problem = "the disk is full; free some room and run make again."
    elif isinstance(error, OSError) and error.filename:
        problem = f"{error.strerror}: {error.filename}; check the file's rights and run make again."
    elif isinstance(error, CellError) or words.startswith(cell):
        problem = f"{words.removeprefix(cell)}. Fix the cell and run make again."
    else:
        problem = f"{type(error).__name__}: {words}."
    return f"{problem} {last_good_site()}"


def is_disk_full(error: BaseException | None) -> bool:
    """Return whether an error comes from a full disk, however it was wrapped."""
    signs = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "database or disk is full")
    text = f"{error} {getattr(error, 'traceback', '')}"
    return error is not None and (
        any(sign in text for sign in signs) or is_disk_full(error.__cause__ or error.__context__)
    )


def last_good_site() -> str:
    """Return a sentence on the site that is there after a build that failed."""
    here = SITE.is_dir()
    return "The last good site is still in _build/html." if here else "There is no site yet."


def default_jobs() -> int:
    """Return one job per processor and at most four: a chapter that executes needs some 400 MB."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, 4)


def main(jobs: int | None = None) -> int:
    """Build the site; return 0, or 1 after one line that says what is wrong and what to do."""
    os.chdir(TOP)
    try:
        with build_lock():
            build(jobs or default_jobs())
    except (Exception, KeyboardInterrupt) as error:
        print(f"error: {describe_error(error)}", file=sys.stderr, flush=True)
        return 1
    return 0
