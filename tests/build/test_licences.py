"""Every locked dependency has a licence that the book may use; one that has not is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from scripts import TOP, load_script

licences = load_script("licences")


def test_every_locked_dependency_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main(TOP) == 0
    said = capsys.readouterr()
    assert said.err == ""
    for name in ("altair", "sphinx", "vl-convert-python", "pytest"):
        assert name in said.out


def test_each_lock_is_read() -> None:
    names = licences.locked(TOP)
    assert len(names) > 150
    assert {"altair", "pytest", "jupyterlab"} <= set(names)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("MIT AND PSF-2.0", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-2.0-or-later OR MIT", True),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_an_expression_is_judged_by_its_parts(expression: str, allowed: bool) -> None:
    assert licences.allowed(expression) is allowed


def test_a_licence_that_is_not_allowed_fails_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for lock in licences.LOCKS:
        shutil.copy(TOP / lock, tmp_path)
    monkeypatch.setattr(licences, "ALLOWED", licences.ALLOWED - {"MPL-2.0"})
    assert licences.main(tmp_path) == 1
    assert "error: certifi" in capsys.readouterr().err
