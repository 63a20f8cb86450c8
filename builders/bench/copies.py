"""Copies of the book to measure, and runs of their builds under a clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from builders.book import ASIDE

TOP = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", *ASIDE)
LONGEST = 3600  # seconds that a build may take


class BenchError(RuntimeError):
    """Something that a measurement needs is not there; the message is one line."""


@dataclass(frozen=True)
class Run:
    """One build: its time in seconds, and the most memory that all its processes held together."""

    seconds: float
    peak: int
    words: str


def copy_book(top: Path, folder: Path) -> Path:
    """The book at ``top``, without what was built."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(top, folder, ignore=LEFT_OUT)
    return folder


def _held(process: psutil.Process) -> int:
    """Bytes that a process and all its children hold; pages that they share count once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            full = one.memory_full_info()
            total += int(getattr(full, "pss", full.uss))
        except psutil.Error:
            continue
    return total


def run(folder: Path, *command: str, **changed: str) -> Run:
    """Run a command in a book's folder with that folder's own package. Raises BenchError if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(folder), **changed}
    began = time.perf_counter()
    log = folder.with_suffix(".log")  # beside the book: a file within it would be a change
    with log.open("w", encoding="utf-8") as words:
        started = psutil.Popen(command, cwd=folder, env=environment, stdout=words, stderr=subprocess.STDOUT)
        peak, ended = 0, threading.Event()

        def watch() -> None:
            nonlocal peak
            while not ended.wait(0.25):
                try:
                    peak = max(peak, _held(started))
                except psutil.Error:
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            code = started.wait(timeout=LONGEST)
        except (psutil.TimeoutExpired, KeyboardInterrupt):
            for one in [*started.children(recursive=True), started]:
                one.kill()
            raise BenchError(f"{' '.join(command)} in {folder} ran longer than {LONGEST} s or was interrupted") from None
        finally:
            ended.set()
            watcher.join()
    said = log.read_text(encoding="utf-8")
    if code:
        raise BenchError(f"{' '.join(command)} failed in {folder}: {' '.join(said.strip().splitlines()[-1:])}")
    return Run(time.perf_counter() - began, peak, said)


def touch(path: Path) -> None:
    """Give a file a time that no clock calls equal to its old one."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, max(stat.st_mtime_ns, time.time_ns()) + 2_000_000_000))


def build_book(folder: Path) -> Run:
    """Build a copy of the book as make book does."""
    return run(folder, sys.executable, "builders/book.py")


def build_plain(folder: Path, *options: str) -> Run:
    """Build a plain twin as Jupyter Book does by itself."""
    return run(folder, sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", *options, ".")
