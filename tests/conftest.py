"""What every layer of tests shares: the built site."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from scripts import TOP

settings.register_profile(
    "book", deadline=None
)  # how long an example takes says nothing of whether it is right
settings.load_profile("book")


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site; a missing one fails the tests that read it."""
    folder = TOP / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run make book first")
    return folder
