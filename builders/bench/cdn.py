"""Answers for cdn.jsdelivr.net and cdnjs.cloudflare.com from npm packages on this machine, so that plain charts can draw.

``npm pack`` brings each package once into a folder; what a page asks for beyond these is refused, and listed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from builders.bench.copies import BenchError

ASKED = re.compile(r"https://cdn\.jsdelivr\.net/npm/((?:@[\w.-]+/)?[\w.-]+)@([\w.^~-]+)(/[^?#]*)?")
#: cdnjs has the same files under other names: address -> package, version and file
OTHERS = {
    re.compile(r"https://cdnjs\.cloudflare\.com/ajax/libs/require\.js/([\d.]+)/require(?:\.min)?\.js"): ("requirejs", "/require.js"),
}


class Packages:
    """npm packages, each unpacked in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.used: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def _package(self, name: str, version: str) -> Path:
        home = self.folder / f"{name.replace('/', '+')}@{version}"
        if not home.is_dir():
            if not shutil.which("npm"):
                raise BenchError(f"npm is needed once, for the scripts of plain charts ({name}@{version}): install Node.js")
            unfinished = home.with_name(home.name + ".new")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            command = ["npm", "pack", "--silent", "--pack-destination", str(unfinished), f"{name}@{version}"]
            done = subprocess.run(command, cwd=unfinished, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                raise BenchError(f"npm could not bring {name}@{version}: {' '.join(done.stderr.split())[:200]}; it needs the network once")
            packed = next(unfinished.glob("*.tgz"))
            with tarfile.open(packed) as archive:
                archive.extractall(unfinished, filter="data")
            packed.unlink()
            unfinished.rename(home)
        return next(path for path in home.iterdir() if path.is_dir())

    def answer(self, url: str) -> Path | None:
        """The file that a CDN would give for an address, or None if it is not one of npm's."""
        name, version, asked = "", "", ""
        if found := ASKED.match(url):
            name, version, asked = found[1], found[2], found[3] or ""
        for pattern, (package, file) in OTHERS.items():
            if other := pattern.match(url):
                name, version, asked = package, other[1], file
        if not name:
            return None
        home = self._package(name, version)
        about = json.loads((home / "package.json").read_text(encoding="utf-8"))
        path = (home / (asked.lstrip("/") or about.get("jsdelivr") or about.get("unpkg") or about["main"])).resolve()
        if not path.is_file() or not path.is_relative_to(home.resolve()):
            return None
        self.used.add(f"{about['name']} {about['version']}")
        return path
