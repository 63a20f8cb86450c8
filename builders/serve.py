"""Serve the built site on this computer, with the headers that a careful host sends."""

from __future__ import annotations

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from cartbook.policy import POLICY, worker

TOP = Path(__file__).resolve().parent.parent
SITE = TOP / "_build" / "html"
RUNTIME = str(yaml.safe_load((TOP / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]["cartbook_runtime"])
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder with :data:`HEADERS`, and without a word."""

    def end_headers(self) -> None:
        runs = self.path.partition("?")[0].endswith("/run-worker.js")
        for name, value in {**HEADERS, **({"Content-Security-Policy": worker(RUNTIME)} if runs else {})}.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None: ...


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of the folder on 127.0.0.1, not yet started; port 0 takes a free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Handler, directory=str(folder)))


def main(words: list[str]) -> None:
    """Serve the site on the port that is named, until Ctrl+C."""
    said = words[0] if words else "8000"
    if not said.isdecimal() or int(said) > 65535:
        sys.exit(f"error: port {said!r} is not a number from 0 to 65535; choose one: make serve PORT=8001")
    if not (SITE / "index.html").is_file():
        sys.exit("error: there is no site in _build/html: run make book first")
    try:
        running = server(SITE, int(said))
    except OSError as error:
        sys.exit(f"error: port {said}: {error.strerror}; choose another one: make serve PORT=8001")
    print(f"http://127.0.0.1:{running.server_port}  (Ctrl+C ends it)", flush=True)
    try:
        running.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
