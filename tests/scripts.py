"""Where the book lies, and its scripts as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

TOP = Path(__file__).resolve().parent.parent


def load_script(name: str) -> ModuleType:
    """A script of builders/ as a module."""
    spec = importlib.util.spec_from_file_location(name, TOP / "builders" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def until(page: Any, true: str, arg: Any = None, seconds: float = 30) -> None:
    """Wait until an expression of JavaScript is true in a page. (Playwright's own way evaluates text within the page, which the site's policy forbids.)"""
    for _ in range(int(seconds * 50)):
        if page.evaluate(true, arg):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never true in {seconds:g} s: {true}")
