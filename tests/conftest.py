"""What every folder shares: the built site, markers by folder, and no deadline for Hypothesis."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import SITE
from hypothesis import settings

# How long an example takes says nothing of whether it is right.
settings.register_profile("book", deadline=None)
settings.load_profile("book")

MARKERS = {"build": "slow", "browser": "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in MARKERS:
            item.add_marker(MARKERS[folder])


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site; a missing one fails the tests that read it."""
    if not (SITE / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run make book first")
    return SITE
