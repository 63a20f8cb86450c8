"""Keep the user's own Python and Jupyter settings away from a build.

PYTHONPATH, PYTHONOPTIMIZE (which would switch a chapter's assertions off), a kernel of the user's
named python3 and the like neither break a build nor change what it publishes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOREIGN = ("PYTHON", "IPYTHON", "JUPYTER", "MPL")  # how the names of such settings begin
OURS = ("CARTBOOK_DATA", "CARTBOOK_DECLARED_TABLES", "CARTBOOK_VALIDATED")  # set by a build itself
KERNEL = """c.IPKernelApp.log_level = "ERROR"
# What a cell prints leaves the kernel in one message, when the cell ends: by default it leaves every
# 0.2 s, and how many outputs a cell has depends on the machine.
at_once = "sys.stdout.flush_interval = sys.stderr.flush_interval = 10**6"
c.IPKernelApp.exec_lines = [f"import sys; {at_once}; del sys"]
"""


def kernel_environment(top: Path, scratch: Path) -> dict[str, str]:
    """Return the environment in which the chapters of the checkout ``top`` execute.

    Kernels import the checkout's package, are those of this Python, and read their settings from
    ``scratch`` alone, where this writes them.
    """
    profile = scratch / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL, encoding="utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and name not in OURS
    }
    return kept | {
        "PYTHONPATH": str(top),
        "PYTHONNOUSERSITE": "1",
        "IPYTHONDIR": str(profile.parent),
        "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"),  # before the user's kernels
        "JUPYTER_DATA_DIR": str(scratch / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "JUPYTER_NO_CONFIG": "1",
    }
