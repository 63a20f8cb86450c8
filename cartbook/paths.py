"""Folders of the checkout that the build, the exports and the commands share."""

from __future__ import annotations

from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DATA = TOP / "data"
SITE = TOP / "_build" / "html"
WORK = TOP / "_build" / "work"  # what a next build can use again
PRINT = TOP / "_build" / "print"
