"""Run the command line as ``python -m cartbook``, without the user's own Python settings and packages."""

from __future__ import annotations

import os
import sys

if not sys.flags.isolated:  # -I leaves out PYTHON* variables, user packages and the current folder; this checkout comes back
    start = "import sys; sys.path.insert(0, sys.argv.pop(1)); from cartbook.cli import main; main()"
    checkout = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    os.execv(sys.executable, [sys.executable, "-I", "-c", start, checkout, *sys.argv[1:]])

from cartbook.cli import main

main()
