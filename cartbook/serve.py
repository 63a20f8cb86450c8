"""Serve the built site on this computer, with the headers that a careful host sends."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from cartbook.csp import POLICY, worker
from cartbook.paths import SITE, TOP

RUNTIME = str(
    yaml.safe_load((TOP / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"][
        "cartbook_runtime"
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a log of requests."""

    def log_message(self, *_: object) -> None: ...


class Handler(Quiet):
    """Serves a folder with :data:`HEADERS`."""

    def end_headers(self) -> None:
        runs = self.path.partition("?")[0].endswith("/run-worker.js")
        for name, value in {
            **HEADERS,
            **({"Content-Security-Policy": worker(RUNTIME)} if runs else {}),
        }.items():
            self.send_header(name, value)
        super().end_headers()


def server(folder: Path, port: int = 0, handler: type[Quiet] = Handler) -> ThreadingHTTPServer:
    """Return a server of the folder on 127.0.0.1, not yet started; port 0 takes a free one."""
    return ThreadingHTTPServer(
        ("127.0.0.1", port), functools.partial(handler, directory=str(folder))
    )


@contextmanager
def serving(folder: Path, handler: type[Quiet] = Handler) -> Iterator[str]:
    """Serve a folder beside the running program; yield its address."""
    running = server(folder, handler=handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/"
    finally:
        running.shutdown()


def main(port: int) -> None:
    """Serve the site on a port until Ctrl+C."""
    try:
        running = server(SITE, port)
    except OSError as error:
        sys.exit(f"error: port {port}: {error.strerror}; choose another one: make serve PORT=8001")
    print(f"http://127.0.0.1:{running.server_port}  (Ctrl+C ends it)", flush=True)
    try:
        running.serve_forever()
    except KeyboardInterrupt:
        print()
