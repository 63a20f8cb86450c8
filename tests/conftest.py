"""What every layer of tests shares: where the book lies, and its built site."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

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


@pytest.fixture(scope="session")
def top() -> Path:
    """The book's folder."""
    return TOP


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site; a missing one fails the tests that read it."""
    folder = TOP / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run make book first")
    return folder
