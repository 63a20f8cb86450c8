"""The build backend of cartbook: flit_core, with the tables and the drawings inside the wheel.

A checkout keeps them beside the package, in ``data/`` and ``chapters/drawings/``, where an editable install
reads them. A wheel has to carry them in the package, and Flit packs nothing from outside it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from flit_core import buildapi
from flit_core.buildapi import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Write the wheel of the package in the working folder, tables and drawings included, and return its name."""
    out, top = Path(wheel_directory).resolve(), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "cartbook")
        shutil.copytree(
            top / "cartbook",
            package,
            ignore=shutil.ignore_patterns("__pycache__", "data", "drawings"),
        )
        shutil.copytree(top / "data", package / "data")
        shutil.copytree(top / "chapters" / "drawings", package / "drawings")
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(top / name, folder)
        with contextlib.chdir(folder):
            return str(buildapi.build_wheel(str(out), config_settings, metadata_directory))
