"""Find a Chromium for the tests, or install one: ``python builders/browser.py``.

$CHROMIUM, one on PATH, Playwright's own, or the distribution's package, in this order. When none
can be had, one line says what to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

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
NONE = "no Chromium can be had: install one (Debian: apt install chromium) or name it in $CHROMIUM, then run make test again"


def launch(playwright: Playwright, program: str | None) -> Browser | None:
    """A running browser, closed off from every host but this machine, or None if this program does not start."""
    try:
        return playwright.chromium.launch(executable_path=program, args=FLAGS)
    except Error:
        return None


def find(playwright: Playwright) -> Browser:
    """A running browser. Raises RuntimeError, with what to do, if none is there."""
    if named := os.environ.get("CHROMIUM"):
        if browser := launch(playwright, named):
            return browser
        raise RuntimeError(f"$CHROMIUM is {named}, which does not start; name a Chromium of version 120 or newer")
    for program in [*filter(None, map(shutil.which, NAMES)), None]:  # None: Playwright's own
        if browser := launch(playwright, program):
            return browser
    raise RuntimeError(NONE)


def ran(*command: str) -> bool:
    """Whether a command for installing ran to its end."""
    try:
        return subprocess.run(command, capture_output=True, timeout=600, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install(playwright: Playwright) -> Browser:
    """A running browser, installed if need be. Raises RuntimeError if none can be had."""
    try:
        return find(playwright)
    except RuntimeError:
        if os.environ.get("CHROMIUM"):
            raise
    print("No Chromium found; asking Playwright for its own ...", flush=True)
    if ran(sys.executable, "-m", "playwright", "install", "chromium") and (browser := launch(playwright, None)):
        return browser
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Asking the distribution for its package chromium ...", flush=True)
        if ran("apt-get", "update", "-qq"):
            ran("apt-get", "install", "-y", "-qq", "chromium")
    return find(playwright)


if __name__ == "__main__":
    with sync_playwright() as driver:
        try:
            install(driver).close()
        except RuntimeError as error:
            sys.exit(f"error: {error}")
