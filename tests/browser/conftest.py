"""A browser closed off from everything but the built site."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from cartbook import serve
from cartbook.export import chromium

collect_ignore = (
    [] if os.environ.get("RUNTIME") else ["pyodide"]
)  # needs a Pyodide release: make run-test


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; where there is none, the tests fail and say what to do."""
    with sync_playwright() as playwright:
        try:
            found = chromium.find(playwright)
        except RuntimeError as error:
            pytest.fail(str(error))
        yield found
        found.close()


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the built site is served, under the policy that forbids other hosts and code within pages."""
    server = serve.server(site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
