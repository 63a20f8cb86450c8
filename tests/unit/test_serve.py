"""make serve sends the policy with every file."""

from __future__ import annotations

import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from cartbook import serve
from cartbook.csp import POLICY


def test_every_answer_has_the_policy(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>here</p>", encoding="utf-8")
    server = serve.server(tmp_path)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=10) as answer:
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.read() == b"<p>here</p>"
    server.shutdown()
    assert "unsafe-eval" not in POLICY
    assert "script-src" not in POLICY, "scripts fall under default-src: files of the site alone"


def test_a_port_in_use_ends_in_one_line() -> None:
    in_use = pytest.raises(
        SystemExit, match=r"^error: port \d+: Address already in use; choose another one"
    )
    with socket.create_server(("127.0.0.1", 0)) as taken, in_use:
        serve.main(taken.getsockname()[1])
