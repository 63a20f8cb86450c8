"""The command line: what it offers, and one line on how to correct a call."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import TOP
from typer.testing import CliRunner

from cartbook import cli

RUN = CliRunner()


def test_help_lists_each_command_with_what_it_does() -> None:
    text = RUN.invoke(cli.app, ["--help"]).output
    for name in ("build", "check", "sign-off", "serve", "export", "teaching", "slides", "chromium"):
        line = next(line for line in text.splitlines() if line.split()[:1] == [name])
        assert len(line.split()) > 4


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["serve", "--port", "abc"], "Invalid value for '--port'"),
        (["serve", "--port", "70000"], "less than or equal to 65535"),
        (["build", "--jobs", "many"], "env var: 'JOBS'"),
        (["build", "--jobs", "0"], "greater than or equal to 1"),
        (["publish"], "No such command 'publish'"),
    ],
)
def test_a_wrong_call_is_refused_and_says_why(call: list[str], said: str) -> None:
    done = RUN.invoke(cli.app, call)
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.parametrize("call", [["serve"], ["export", "zip"], ["teaching"], ["slides"]])
def test_what_needs_a_site_says_so(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "SITE", tmp_path)
    done = RUN.invoke(cli.app, call)
    assert done.exit_code == 1
    assert str(done.exception) == "error: there is no site in _build/html; run `make book` first"


def test_the_makefile_calls_commands_that_exist() -> None:
    known = {
        command.name or command.callback.__name__.replace("_", "-")
        for command in cli.app.registered_commands
        if command.callback
    }
    lines = (TOP / "Makefile").read_text(encoding="utf-8").splitlines()
    called = {part.split()[0] for line in lines for part in line.split("$(CARTBOOK) ")[1:]}
    assert called <= known
    assert {"build", "serve", "export"} <= called
