"""What every layer of tests shares: the built site."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts import TOP


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site; a missing one fails the tests that read it."""
    folder = TOP / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run make book first")
    return folder
