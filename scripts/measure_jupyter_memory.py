"""Measure what one learner takes in memory on a JupyterHub, and write ``data/memory.csv``: ``make memory``.

A single-user server starts as a hub starts it, three chapters are opened in it, and all their cells run, each
chapter in a kernel of its own. The numbers are peaks of resident memory, sampled ten times a second.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
TABLE = TOP / "data" / "memory.csv"
CHAPTERS = ("01-reading-a-trial", "08-b-cell", "17-checking-the-review")
COLUMNS = ("part_id", "part", "kind", "peak_mib", "measured_on", "machine", "versions")
NEEDED = ("jupyterhub", "jupyterlab", "jupytext", "ipykernel", "psutil")
TIMEOUT = 120  # seconds for the server to start, and for each cell
USER = "learner"


class Peaks(threading.Thread):
    """Sample the resident memory of a process and of its children, in bytes, and keep the highest of each."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.highest, self.ended = pid, {pid: 0}, threading.Event()

    def run(self) -> None:
        import psutil

        server = psutil.Process(self.pid)
        while not self.ended.wait(0.1):
            try:
                for process in [server, *server.children(recursive=True)]:
                    self.highest[process.pid] = max(
                        self.highest.get(process.pid, 0), process.memory_info().rss
                    )
            except psutil.Error:  # a process ended meanwhile
                continue

    def mib(self, pid: int) -> int:
        return -(-self.highest[pid] // 2**20)


class Hub(BaseHTTPRequestHandler):
    """What a single-user server asks of its hub: the version, and whose token it is."""

    def do_GET(self) -> None:
        user = {
            "kind": "user",
            "name": USER,
            "admin": False,
            "groups": [],
            "scopes": [f"access:servers!user={USER}"],
        }
        self._answer(
            {"version": version("jupyterhub")} if self.path.rstrip("/") == "/hub/api" else user
        )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({})

    def _answer(self, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def run_chapter(ask: Any, runtime: Path, name: str) -> int:
    """Open a chapter in the server, run all its cells, and return the process id of its kernel."""
    import jupytext
    from jupyter_client.blocking.client import BlockingKernelClient

    path = f"chapters/{name}.md"
    ask(f"api/contents/{path}?type=notebook")
    session = json.loads(
        ask(
            "api/sessions",
            {"path": path, "name": name, "type": "notebook", "kernel": {"name": "python3"}},
        )
    )
    client = BlockingKernelClient(
        connection_file=str(runtime / f"kernel-{session['kernel']['id']}.json")
    )
    client.load_connection_file()
    client.start_channels()
    try:
        for last in (
            *[False] * 9,
            True,
        ):  # a kernel that takes long to start has no heartbeat yet, and counts as dead
            try:
                client.wait_for_ready(timeout=TIMEOUT)
                break
            except RuntimeError:
                if last:
                    raise
                time.sleep(1)
        for number, cell in enumerate(
            (one for one in jupytext.read(TOP / path).cells if one.cell_type == "code"), start=1
        ):
            answer = client.execute_interactive(
                cell.source, timeout=TIMEOUT, output_hook=lambda _: None
            )["content"]
            if answer["status"] != "ok":
                raise RuntimeError(
                    f"{path}, cell {number}: {answer.get('ename')}: {answer.get('evalue')}"
                )
        found = client.execute_interactive(
            "", user_expressions={"pid": "__import__('os').getpid()"}, timeout=TIMEOUT
        )
        time.sleep(0.3)  # for one more sample
        return int(found["content"]["user_expressions"]["pid"]["data"]["text/plain"])
    finally:
        client.stop_channels()


def measure() -> list[dict[str, str]]:
    """Return one row per process: the server, and the kernel of each chapter."""
    hub, port, token = (
        ThreadingHTTPServer(("127.0.0.1", 0), Hub),
        free_port(),
        secrets.token_hex(16),
    )
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    home, prefix = f"http://127.0.0.1:{hub.server_port}/hub/api", f"/user/{USER}/"

    def ask(path: str, send: dict[str, Any] | None = None) -> bytes:
        address, body = (
            f"http://127.0.0.1:{port}{prefix}{path}",
            json.dumps(send).encode() if send else None,
        )
        request = urllib.request.Request(address, body, {"Authorization": f"token {token}"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read())

    with (
        tempfile.TemporaryDirectory() as folder,
        Path(folder, "log").open("w", encoding="utf-8") as log,
    ):
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "IPYTHON"))
        }
        environment |= {
            f"JUPYTER_{name}_DIR": str(Path(folder, name.lower()))
            for name in ("RUNTIME", "CONFIG", "DATA")
        }
        environment |= {"IPYTHONDIR": str(Path(folder, "ipython"))}
        hub_settings = {
            "API_TOKEN": token,
            "API_URL": home,
            "USER": USER,
            "SERVICE_PREFIX": prefix,
            "BASE_URL": "/",
        }
        hub_settings |= {
            "SERVICE_URL": f"http://127.0.0.1:{port}{prefix}",
            "CLIENT_ID": f"jupyterhub-user-{USER}",
            "HOST": "",
        }
        hub_settings |= {
            "ACTIVITY_URL": f"{home}/users/{USER}/activity",
            "OAUTH_CALLBACK_URL": f"{prefix}oauth_callback",
        }
        hub_settings |= {
            name: json.dumps([f"access:servers!user={USER}"])
            for name in ("OAUTH_SCOPES", "OAUTH_ACCESS_SCOPES")
        }
        environment |= {f"JUPYTERHUB_{name}": value for name, value in hub_settings.items()}
        command = [sys.executable, "-m", "jupyterhub.singleuser", "--allow-root"]
        server = subprocess.Popen(command, cwd=TOP, env=environment, stdout=log, stderr=log)
        peaks = Peaks(server.pid)
        peaks.start()
        try:
            for _ in range(TIMEOUT):
                if server.poll() is not None:
                    break
                try:
                    ask("api/status")
                    break
                except OSError:
                    time.sleep(1)
            else:
                raise RuntimeError("the single-user server did not start")
            if server.poll() is not None:
                raise RuntimeError(
                    f"the single-user server ended: {Path(folder, 'log').read_text(encoding='utf-8').strip()[-300:]}"
                )
            for asked in (
                "lab",
                "lab/api/settings",
                "lab/api/listings/@jupyterlab/extensionmanager-extension/listings.json",
                "api/contents/chapters",
            ):
                ask(asked)  # as a browser does that opens JupyterLab
            kernels = {name: run_chapter(ask, Path(folder, "runtime"), name) for name in CHAPTERS}
        finally:
            peaks.ended.set()
            server.terminate()
            server.wait(30)
            hub.shutdown()
    facts = {
        "measured_on": date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": ", ".join(
            [
                f"Python {platform.python_version()}",
                *(f"{name} {version(name)}" for name in NEEDED[:2] + NEEDED[3:4]),
            ]
        ),
    }
    rows = [
        {
            "part_id": "server",
            "part": "JupyterHub server",
            "kind": "server",
            "peak_mib": str(peaks.mib(server.pid)),
        }
    ]
    rows += [
        {
            "part_id": name,
            "part": f"Kernel of {name}",
            "kind": "kernel",
            "peak_mib": str(peaks.mib(pid)),
        }
        for name, pid in kernels.items()
    ]
    return [row | facts for row in rows]


def main() -> int:
    try:
        for name in NEEDED:
            version(name)
    except PackageNotFoundError as error:
        print(
            f"error: {error.name} is not installed here; install it (.venv/bin/python -m pip install {error.name}) and run: make memory",
            file=sys.stderr,
        )
        return 1
    try:
        rows = measure()
    except (OSError, RuntimeError, TimeoutError, KeyError) as error:
        print(f"error: {error}; data/memory.csv is unchanged", file=sys.stderr)
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
