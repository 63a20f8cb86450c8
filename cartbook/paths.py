"""Folders of the checkout that the build, the exports and the commands share."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
TOP = PACKAGE.parent
DATA = TOP / "data"
SITE = TOP / "_build" / "html"
WORK = TOP / "_build" / "work"  # what a next build can use again
PRINT = TOP / "_build" / "print"
