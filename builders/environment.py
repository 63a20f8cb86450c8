"""Make ``.venv`` from a lock: ``python3 builders/environment.py book|test|lab``.

It needs Python alone. Whatever is wrong ends with one line that says what to do, and an
environment that was not finished is made anew the next time.
"""

import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
VENV = TOP / ".venv"
UNFINISHED = VENV / "unfinished"  # there while pip is at work: what a killed pip left may look installed
LOCKS = {"book": "requirements.lock", "test": "requirements-test.lock", "lab": "requirements-lab.lock"}
ROOM = 1_500_000_000  # bytes that an environment and a build need


def stop(line: str) -> None:
    """End with one line that says what is wrong and what to do."""
    sys.exit(f"error: {line}")


def ready(kind: str) -> Path:
    """The stamp that says which lock an environment was finished from."""
    return VENV / f"finished-{kind}"


def fingerprint(kind: str) -> str:
    """What an environment depends on: the lock, the package's description, the Python."""
    parts = [(TOP / LOCKS[kind]).read_bytes(), (TOP / "pyproject.toml").read_bytes(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def check_machine() -> None:
    """Python, its venv module and room on the disk, before anything is written."""
    if sys.version_info < (3, 11):  # noqa: UP036  (it runs before anything has checked)
        stop(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; install one and run: make PYTHON=python3.12 book")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop("this Python has no venv module; install it (Debian, Ubuntu: apt install python3-venv) and run make again")
    free = shutil.disk_usage(TOP).free
    if free < ROOM:
        stop(f"{free / 1e9:.1f} GB are free on the disk of {TOP}, {ROOM / 1e9:.1f} GB are needed; free some and run make again")


def run(what: str, *command: str) -> None:
    """Run a command quietly; show its last lines and stop if it fails."""
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
    if done.returncode:
        tail = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-8:]
        print("\n".join(tail), file=sys.stderr)
        stop(f"{what} failed (above); check the network and the disk, then run make again")


def main(kind: str) -> None:
    """Make the environment, or leave it as it is if it was made from this very lock."""
    if kind not in LOCKS:
        stop(f"say which environment: {', '.join(LOCKS)}")
    if sys.version_info >= (3, 11) and ready(kind).is_file() and not UNFINISHED.exists() and ready(kind).read_text() == fingerprint(kind):
        return
    check_machine()
    python = str(VENV / "bin" / "python")
    began = time.monotonic()
    print(f"Installing what the book needs ({LOCKS[kind]}) into .venv; a minute or two, once ...", flush=True)
    if UNFINISHED.exists() or not any(VENV.glob("finished-*")):
        shutil.rmtree(VENV, ignore_errors=True)
        run("Making .venv", sys.executable, "-m", "venv", str(VENV))
    ready(kind).unlink(missing_ok=True)
    UNFINISHED.touch()
    run(
        "Installing the locked packages",
        python,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        LOCKS[kind],
    )
    run(
        "Installing cartbook", python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "-e", "."
    )
    ready(kind).write_text(fingerprint(kind))
    UNFINISHED.unlink()
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
