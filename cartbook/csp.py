"""The Content-Security-Policy of the site: its own files, and nothing that is written into a page."""

from __future__ import annotations

from urllib.parse import urlsplit

#: sent as a header where that is possible (make serve, the tests)
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"  # the last two do not follow from default-src
)
#: the same inside each page, for hosts that send no headers; some browsers do not count files on a disk as 'self'
IN_PAGE = POLICY.replace("'self'", "'self' file:")


def worker(runtime: str) -> str:
    """Return the policy of the script that runs a chapter: it may load Python from one more place, if that is on another host.

    ``runtime`` is the setting ``cartbook_runtime``; an address ends with a slash, so it stands for one folder of its host.
    """
    place = f" {runtime}" if urlsplit(runtime).scheme == "https" else ""
    return f"{POLICY}; script-src 'self' 'wasm-unsafe-eval'{place}; connect-src 'self'{place}"
