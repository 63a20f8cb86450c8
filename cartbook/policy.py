"""What a page of the site may load: its own files, and nothing that runs from within the page."""

from __future__ import annotations

#: sent as a header by whoever can (make serve, the tests)
POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
#: what the script of a running chapter may load besides: Python, from this site or from the host that the page names (see run.js)
WORKER = f"{POLICY}; script-src 'self' 'wasm-unsafe-eval' https:; connect-src 'self' https:"
#: the same inside each page, for hosts that send no headers; some browsers do not count files on a disk as 'self'
IN_PAGE = POLICY.replace("'self'", "'self' file:")
