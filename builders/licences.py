"""List every locked dependency with its licence, and fail on one that the book may not use.

``make licences`` reads the locks and what each installed package says of itself.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-lab.lock")
LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)

#: how packages write a licence -> its SPDX name
SPDX = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
ALLOWED = frozenset(
    (
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib"),
        *("LGPL-2.1-or-later", "LGPL-3.0-or-later"),
    )
)
#: packages whose own words do not suffice -> the licence under which the book uses them, and why
KNOWN = {
    "axe-playwright-python": ("MIT", "its licence file; the metadata name none"),
    "docutils": ("BSD-2-Clause", "public domain, with parts under BSD, PSF; GPL is its Emacs mode alone, which is not installed"),
    "text-unidecode": ("Artistic-1.0", "Artistic or GPL, as one chooses; runs at build, is not in the site"),
}


@dataclass(frozen=True)
class Licence:
    """A dependency, its version, its licence in SPDX names, and what is wrong with it, if anything."""

    name: str
    version: str
    licence: str
    wrong: str = ""


def locked(top: Path) -> dict[str, str]:
    """Every dependency that the locks name, with its version."""
    found: dict[str, str] = {}
    for lock in LOCKS:
        found |= dict(LOCKED.findall((top / lock).read_text(encoding="utf-8")))
    return dict(sorted(found.items()))


def said(package: metadata.PackageMetadata) -> str:
    """What a package says of its licence, as an SPDX expression where that can be told."""
    if expression := package.get_all("License-Expression"):
        return str(expression[0])
    classifiers = [one.rpartition(" :: ")[2] for one in package.get_all("Classifier") or [] if one.startswith("License ::")]
    words = [one for one in classifiers if one != "OSI Approved"] or [
        str(one).strip().split("\n")[0] for one in package.get_all("License") or []
    ]
    return " AND ".join(SPDX.get(one.lower(), one) for one in words if one)


def allowed(expression: str) -> bool:
    """Whether every part of an expression is allowed, or one of its alternatives is."""
    plain = re.sub(r"[()]", "", expression)
    return any(all(part.strip() in ALLOWED for part in either.split(" AND ")) for either in plain.split(" OR "))


def judge(name: str, version: str) -> Licence | None:
    """A locked dependency with its licence; None if it is not installed here (another system, another extra)."""
    try:
        package = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    if name in KNOWN:
        return Licence(name, version, KNOWN[name][0])
    licence = said(package)
    if not licence:
        return Licence(name, version, "none named", "read its licence file, and add it to KNOWN in builders/licences.py")
    return Licence(name, version, licence, "" if allowed(licence) else "not in ALLOWED of builders/licences.py")


def main(top: Path) -> int:
    """Print the list; 1 if a licence is not allowed."""
    names = locked(top)
    judged = {name: judge(name, version) for name, version in names.items()}
    found = [one for one in judged.values() if one]
    for one in found:
        print(f"{one.name:<34}{one.version:<16}{one.licence}")
    missing = [name for name, one in judged.items() if not one]
    if missing:
        print(f"\nLocked and not installed here (another system or extra): {', '.join(missing)}")
    wrong = [one for one in found if one.wrong]
    for one in wrong:
        print(f"error: {one.name} {one.version}: {one.licence}: {one.wrong}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(TOP))
