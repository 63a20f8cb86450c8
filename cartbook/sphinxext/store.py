"""What a build makes once and keeps beside the doctrees, for later builds from the same parts."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

FOLDER = "bundles"


def remembered(store: Path, made_from: str, make: Callable[[], str]) -> str:
    """Return what ``make`` makes of a text; keep it in a folder, for builds with the same text."""
    path = store / digest(made_from)
    if not path.is_file():
        store.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(make(), encoding="utf-8")
        new.replace(path)
    return path.read_text(encoding="utf-8")


def remembered_files(
    store: Path, name: str, made_from: str, make: Callable[[Path], None]
) -> list[Path]:
    """Return the files that ``make`` writes into a folder; keep those that were made last."""
    folder, new = store / f"{name}-{digest(made_from)}", store / f"{name}-new"
    if not folder.is_dir():
        for old in store.glob(f"{name}-*"):
            shutil.rmtree(old)
        new.mkdir(parents=True)
        make(new)
        new.rename(folder)
    return sorted(folder.iterdir())


def digest(made_from: str) -> str:
    """Return a short hash of a text."""
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]
