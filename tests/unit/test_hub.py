"""What a teacher's machine is made from: locked packages, files that their programs can read, measured memory."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from helpers import TOP

from scripts import measure_jupyter_memory as memory


def test_the_development_container_is_made_from_the_lock() -> None:
    container = json.loads(
        (TOP / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    )
    assert container["postCreateCommand"] == "make install-lab"
    assert re.fullmatch(r"\S+/python:3\.1[1-9]\S*", container["image"])
    assert 8000 in container["forwardPorts"], "make serve can be seen"


def test_binder_installs_the_lock_and_nothing_else() -> None:
    lines = [
        one
        for one in (TOP / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if not one.startswith("#")
    ]
    assert lines == ["-r ../requirements.lock", "-r ../requirements-lab.lock"]
    assert re.fullmatch(
        r"python-3\.1[1-9]\n", (TOP / "binder" / "runtime.txt").read_text(encoding="utf-8")
    )
    script = TOP / "binder" / "postBuild"
    assert os.access(script, os.X_OK), "repo2docker runs it only if it may be executed"
    subprocess.run(["sh", "-n", str(script)], check=True)
    (install,) = re.findall(r"pip install (.*)", script.read_text(encoding="utf-8"))
    assert {"--no-deps", "--no-index", "--no-build-isolation"} <= set(install.split()), (
        "the network is for the lock alone"
    )
    assert "-e" not in install.split(), "a student's own disk would hide it"


def test_a_click_on_a_chapter_opens_a_notebook_in_binder_and_make_lab(tmp_path: Path) -> None:
    """Both put the same settings beside JupyterLab, in the environment of the Python that they name."""
    assert "binder/jupyterlab-settings python\n" in (TOP / "binder" / "postBuild").read_text(
        encoding="utf-8"
    )
    assert re.search(
        r"^lab:.*\n(?:\t.*\n)*\t@binder/jupyterlab-settings \$\(RUN\)\n",
        (TOP / "Makefile").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    subprocess.run(
        [str(TOP / "binder" / "jupyterlab-settings"), str(tmp_path / "bin" / "python")],
        check=True,
        cwd=tmp_path,
    )
    settings = json.loads(
        (tmp_path / "share" / "jupyter" / "lab" / "settings" / "overrides.json").read_text(
            encoding="utf-8"
        )
    )
    assert settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"] == {
        "markdown": "Jupytext Notebook"
    }


def test_the_measured_memory_is_of_chapters_that_the_book_has() -> None:
    with memory.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["part_id"] for row in rows] == ["server", *memory.CHAPTERS]
    assert all((TOP / "chapters" / f"{name}.md").is_file() for name in memory.CHAPTERS)
    assert all(20 < int(row["peak_mib"]) < 4000 for row in rows)


def test_the_highest_memory_of_a_process_is_read() -> None:
    code = "x = b'x' * (300 << 20); del x; input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        while int(memory.peak(process.pid)) < 300:
            assert process.poll() is None
        assert int(memory.peak(process.pid)) < 360
        process.communicate(b"\n")


def test_the_page_reads_the_measurement() -> None:
    page = (TOP / "chapters" / "27-classes.md").read_text(encoding="utf-8")
    assert 'load("memory")' in page
    with memory.TABLE.open(encoding="utf-8", newline="") as file:
        assert not [row["peak_mib"] for row in csv.DictReader(file) if row["peak_mib"] in page]
