"""Measure chart text with Inter, the font of a pinned package, whatever fonts the machine has.

vl-convert lays out labels with the fonts that it finds on the machine, so two machines would draw
different pictures. It reads the list of font folders once, from the fontconfig file, where it draws
its first chart: :func:`use_own_font` has it read a list that holds Inter alone.

Pages load no font. A reader's browser draws with Inter where it is installed, otherwise with the
system's font; Inter is slightly wider than those of Windows, macOS and Android, so labels fit.
"""

from __future__ import annotations

import os
import tempfile
from html import escape
from pathlib import Path

import vl_convert

MEASURED = "Inter"


def folder() -> Path:
    """Return the folder of Inter's files.

    Raises ModuleNotFoundError, with what to run, if its package is not installed.
    """
    try:
        from fontpkg_inter import ROOT
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "the package fontpkg-inter, which measures chart text, is not installed: run make book"
        ) from None
    return Path(ROOT) / "files"


def use_own_font() -> None:
    """Have vl-convert measure with Inter and, where it uses fontconfig (Linux), know no other system font."""
    fonts, before = folder(), os.environ.get("FONTCONFIG_FILE")
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "fonts.conf"
        config.write_text(
            f"<?xml version='1.0'?><fontconfig><dir>{escape(str(fonts))}</dir></fontconfig>",
            encoding="utf-8",
        )
        os.environ["FONTCONFIG_FILE"] = str(config)
        try:
            vl_convert.register_font_directory(str(fonts))
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before
