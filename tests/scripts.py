"""Where the book lies, and its scripts as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

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
