"""Write text files whole: a reader never sees half of one, or some new files beside old ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write_whole(texts: Mapping[Path, str]) -> None:
    """Write each text to its path; all are complete before any replaces an old file."""
    parts = {path: path.with_name(f"{path.name}.new") for path in texts}
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        parts[path].write_text(text, encoding="utf-8", newline="\n")
    for path, part in parts.items():
        os.replace(part, path)
