"""Measure what one learner's JupyterLab takes in memory, and write ``data/memory.csv``: ``make memory``.

A JupyterLab server starts as a hub would start it, three chapters are opened in it, and all their cells run,
each chapter in a kernel of its own. The numbers are peaks of resident memory, as Linux counts them.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import date
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
TABLE = TOP / "data" / "memory.csv"
CHAPTERS = ("01-reading-a-trial", "08-b-cell", "17-checking-the-review")
COLUMNS = ("part_id", "part", "kind", "peak_mib", "measured_on", "machine", "versions")
PATIENCE = 120  # seconds for the server to start, and for each cell


def peak(pid: int) -> int:
    """The most resident memory that a process has had, in MiB, rounded up."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    if not found:
        raise ProcessLookupError(f"process {pid} ended before it was measured")
    return -(-int(found[1]) // 1024)


class Server:
    """A JupyterLab server on this machine, with a folder of its own for what it runs."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.token, self.address = secrets.token_hex(16), f"http://127.0.0.1:{port}"
        self.runtime = folder / "runtime"
        settings = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("RUNTIME", "CONFIG", "DATA")}
        environment = {**os.environ, **settings, "JUPYTER_TOKEN": self.token, "IPYTHONDIR": str(folder / "ipython")}
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            "--allow-root",
        ]
        self.log = (folder / "log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(command, cwd=TOP, env=environment, stdout=self.log, stderr=self.log)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("api/status")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise RuntimeError("JupyterLab did not start; try: make lab") from None
                time.sleep(0.3)

    def ask(self, path: str, send: dict[str, Any] | None = None) -> bytes:
        body = json.dumps(send).encode() if send else None
        request = urllib.request.Request(f"{self.address}/{path}", body, {"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return bytes(answer.read())

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


def run(server: Server, name: str) -> int:
    """Open a chapter in the server, run all its cells, and give its kernel's peak in MiB."""
    import jupytext
    from jupyter_client.blocking.client import BlockingKernelClient

    path = f"chapters/{name}.md"
    server.ask(f"api/contents/{path}?type=notebook")
    kernel = {"name": "python3"}
    session = json.loads(server.ask("api/sessions", {"path": path, "name": name, "type": "notebook", "kernel": kernel}))
    client = BlockingKernelClient(connection_file=str(server.runtime / f"kernel-{session['kernel']['id']}.json"))
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        for number, cell in enumerate((one for one in jupytext.read(TOP / path).cells if one.cell_type == "code"), start=1):
            answer = client.execute_interactive(cell.source, timeout=PATIENCE, output_hook=lambda _: None)["content"]
            if answer["status"] != "ok":
                raise RuntimeError(f"{path}, cell {number}: {answer.get('ename')}: {answer.get('evalue')}")
        said = client.execute_interactive("", user_expressions={"pid": "__import__('os').getpid()"}, timeout=PATIENCE)
        return peak(int(said["content"]["user_expressions"]["pid"]["data"]["text/plain"]))
    finally:
        client.stop_channels()


def measure() -> list[dict[str, str]]:
    """One row a process: the server, and the kernel of each chapter."""
    from importlib.metadata import version

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            server.ask("lab")
            peaks = {name: run(server, name) for name in CHAPTERS}
            whole = peak(server.process.pid)
        finally:
            server.stop()
    facts = {
        "measured_on": date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": f"Python {platform.python_version()}, jupyterlab {version('jupyterlab')}, ipykernel {version('ipykernel')}",
    }
    rows = [{"part_id": "server", "part": "JupyterLab server", "kind": "server", "peak_mib": str(whole)}]
    rows += [{"part_id": name, "part": f"Kernel of {name}", "kind": "kernel", "peak_mib": str(mib)} for name, mib in peaks.items()]
    return [row | facts for row in rows]


def main() -> int:
    try:
        import jupyterlab  # noqa: F401
        import jupytext  # noqa: F401
    except ImportError:
        print("error: JupyterLab is not installed here; run: make memory", file=sys.stderr)
        return 1
    try:
        rows = measure()
    except (OSError, RuntimeError, TimeoutError) as error:
        print(f"error: {error}; data/memory.csv is as it was", file=sys.stderr)
        return 1
    new = TABLE.with_suffix(".new")
    with new.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    new.replace(TABLE)
    print("\n".join(f"{row['peak_mib']:>6} MiB  {row['part']}" for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
