"""What a teacher's machine is made from: locked packages, settings for JupyterLab, measured memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from helpers import TOP, run

from scripts import measure_jupyter_memory as memory

SETTINGS = "binder/jupyterlab-settings"


def text(name):
    return (TOP / name).read_text(encoding="utf-8")


def test_container_and_binder_install_the_lock_and_nothing_else():
    container = json.loads(text(".devcontainer/devcontainer.json"))
    assert container["postCreateCommand"] == "make install-lab"
    assert re.fullmatch(r"\S+/python:3\.1[1-9]\S*", container["image"])
    assert 8000 in container["forwardPorts"], "the port of make serve"
    lines = [one for one in text("binder/requirements.txt").splitlines() if one[:1] != "#"]
    assert lines == ["-r ../requirements.lock", "-r ../requirements-lab.lock"]
    assert re.fullmatch(r"python-3\.1[1-9]\n", text("binder/runtime.txt"))
    script = TOP / "binder" / "postBuild"
    assert os.access(script, os.X_OK), "repo2docker runs it only if it may be executed"
    assert run("sh", "-n", script).returncode == 0
    (install,) = re.findall(r"pip install (.*)", text("binder/postBuild"))
    offline = {"--no-deps", "--no-index", "--no-build-isolation"}
    assert offline <= set(install.split()), "the network is for the lock alone"
    assert "-e" not in install.split(), "a student's own disk would hide it"


def test_a_click_on_a_chapter_opens_a_notebook(tmp_path):
    """Binder and make lab put the same settings beside JupyterLab, in the environment of their Python."""
    assert f"{SETTINGS} python\n" in text("binder/postBuild")
    assert f"\t@{SETTINGS} $(RUN)\n" in text("Makefile").partition("\nlab:")[2]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    assert run(TOP / SETTINGS, tmp_path / "bin" / "python", folder=tmp_path).returncode == 0
    found = json.loads((tmp_path / "share/jupyter/lab/settings/overrides.json").read_text("utf-8"))
    viewers = found["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Jupytext Notebook"}


def test_the_measured_chapters_exist_and_the_highest_memory_is_read():
    assert all((TOP / "chapters" / f"{name}.md").is_file() for name in memory.CHAPTERS)
    code = "x = b'x' * (300 << 20); del x; input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        while int(memory.peak(process.pid)) < 300:
            assert process.poll() is None
        assert int(memory.peak(process.pid)) < 360
        process.communicate(b"\n")
