"""A browser closed off from everything but the built site."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *_: object) -> None: ...


def launch(playwright: Playwright, program: str | None) -> Browser | None:
    """A running browser, or None if this program does not start."""
    try:
        return playwright.chromium.launch(executable_path=program, args=FLAGS)
    except Error:
        return None


def try_command(*command: str) -> bool:
    """Whether a command for installing ran to its end."""
    try:
        return subprocess.run(command, capture_output=True, timeout=300, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find(playwright: Playwright) -> Browser:
    """A browser: $CHROMIUM, one on PATH, Playwright's own, or the distribution's package; else a clear failure."""
    named = os.environ.get("CHROMIUM")
    if named:
        browser = launch(playwright, named)
        if not browser:
            pytest.exit(f"$CHROMIUM is {named}, which does not start; name a Chromium of version 111 or newer", 3)
        return browser
    for name in NAMES:
        if (program := shutil.which(name)) and (browser := launch(playwright, program)):
            return browser
    if browser := launch(playwright, None):
        return browser
    print("No Chromium found; asking Playwright for its own ...", file=sys.stderr, flush=True)
    if try_command(sys.executable, "-m", "playwright", "install", "chromium") and (browser := launch(playwright, None)):
        return browser
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Asking the distribution for its package chromium ...", file=sys.stderr, flush=True)
        if try_command("apt-get", "update", "-qq") and try_command("apt-get", "install", "-y", "-qq", "chromium"):
            program = shutil.which("chromium")
            if program and (browser := launch(playwright, program)):
                return browser
    pytest.exit("no Chromium can be had: install one (Debian: apt install chromium) or name it in $CHROMIUM, then run make test again", 3)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = find(playwright)
        yield found
        found.close()


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the built site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
