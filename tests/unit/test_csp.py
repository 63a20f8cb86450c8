"""The content security policy: sent by make serve with every file, and no wider than a page needs."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest

from cartbook import serve
from cartbook.csp import POLICY, worker


def test_every_answer_has_the_policy(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>here</p>", encoding="utf-8")
    with (
        serve.serving(tmp_path) as address,
        urllib.request.urlopen(address, timeout=10) as answer,
    ):
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.read() == b"<p>here</p>"
    assert "unsafe-eval" not in POLICY
    assert "script-src" not in POLICY, "scripts fall under default-src: files of the site alone"


def test_a_port_in_use_ends_in_one_line() -> None:
    in_use = pytest.raises(
        SystemExit, match=r"^error: port \d+: Address already in use; choose another one"
    )
    with socket.create_server(("127.0.0.1", 0)) as taken, in_use:
        serve.main(taken.getsockname()[1])


def test_a_chapter_that_runs_may_ask_the_named_host_alone() -> None:
    address = "https://cdn.example.org/pyodide/v1/full/"
    found = dict(rule.strip().split(" ", 1) for rule in worker(address).split(";"))
    assert found["connect-src"] == f"'self' {address}"
    assert found["script-src"] == f"'self' 'wasm-unsafe-eval' {address}"
    assert "https:" not in worker("none") + worker("../pyodide")
