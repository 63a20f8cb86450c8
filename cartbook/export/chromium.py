"""Find the Chromium that tests and the PDF use: $CHROMIUM, one on PATH, or Playwright's own, in this order.

``cartbook chromium`` says in one line what to do if none starts; nothing is installed.
"""

from __future__ import annotations

import os
import shutil

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
REMEDY = "install one (Debian: apt install chromium; elsewhere: make browser) or name it in $CHROMIUM, then run make again"


def find(playwright: Playwright) -> Browser:
    """Start a browser that reaches no host but this machine.

    Raises RuntimeError, with what failed and what to do, if the first one found does not start.
    """
    named = os.environ.get("CHROMIUM")
    program = named or next(filter(None, map(shutil.which, NAMES)), None)  # None: Playwright's own
    try:
        return playwright.chromium.launch(executable_path=program, args=FLAGS)
    except Error as error:
        if program is None and not os.path.exists(playwright.chromium.executable_path):
            raise RuntimeError(f"no Chromium is installed: {REMEDY}") from None
        what = f"$CHROMIUM, {named}," if named else program or "Playwright's Chromium"
        why = next(
            (line.strip() for line in error.message.splitlines() if "error while loading" in line),
            error.message.splitlines()[0],
        )
        raise RuntimeError(f"{what} does not start ({why}): {REMEDY}") from None


def main() -> str | None:
    """Start and close the browser; return the line that says what is wrong, if something is."""
    with sync_playwright() as driver:
        try:
            find(driver).close()
        except RuntimeError as error:
            return f"error: {error}"
    return None
