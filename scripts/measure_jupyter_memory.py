"""Measure the memory that one learner takes: JupyterLab's server, and the kernels of three chapters.

``make memory`` writes data/memory.csv. Peaks are the kernel's own count of resident pages (VmHWM), so
it runs on Linux only.
"""

from __future__ import annotations

import csv
import os
import platform
import re
import subprocess
import sys
import time
import urllib.request
from datetime import date
from importlib.metadata import version
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TABLE = TOP / "data" / "memory.csv"
CHAPTERS = ("01-reading-a-trial", "08-b-cell", "17-checking-the-review")
ADDRESS = "http://127.0.0.1:8899"
SERVER = [
    "-m",
    "jupyterlab",
    "--no-browser",
    "--allow-root",
    "--port=8899",
    "--IdentityProvider.token=",
    f"--ServerApp.root_dir={TOP}",
]


def peak(pid: int) -> str:
    """Return the highest memory that a process has held, in MiB, rounded up."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return str(-(-int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024))


def kernel(chapter: str) -> str:
    """Run a chapter as JupyterLab does; return the peak of its kernel."""
    import jupytext
    from nbclient import NotebookClient

    client = NotebookClient(
        jupytext.read(TOP / "chapters" / f"{chapter}.md"), kernel_name="python3"
    )
    with client.setup_kernel(cwd=str(TOP / "chapters")):
        for number, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, number)
        return peak(client.km.provisioner.pid)  # type: ignore[union-attr]


def server() -> str:
    """Start JupyterLab, ask for what a browser asks for; return the peak of the server."""
    with subprocess.Popen([sys.executable, *SERVER], stderr=subprocess.DEVNULL) as process:
        try:
            for place in ("api/status", "lab", "lab/api/settings", "api/contents/chapters"):
                for last in (*[False] * 60, True):
                    try:
                        urllib.request.urlopen(f"{ADDRESS}/{place}", timeout=60).close()
                        break
                    except OSError:
                        if last or process.poll() is not None:
                            raise
                        time.sleep(1)
            return peak(process.pid)
        finally:
            process.terminate()


def main() -> None:
    """Measure, and replace the table in one step."""
    peaks = [("server", "JupyterLab server", "server", server())]
    peaks += [(name, f"Kernel of {name}", "kernel", kernel(name)) for name in CHAPTERS]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in ("jupyterlab", "ipykernel")]
    facts = (date.today().isoformat(), machine, ", ".join(versions))
    with TABLE.with_suffix(".new").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["part_id", "part", "kind", "peak_mib", "measured_on", "machine", "versions"])
        rows.writerows((*one, *facts) for one in peaks)
    TABLE.with_suffix(".new").replace(TABLE)


if __name__ == "__main__":
    main()
