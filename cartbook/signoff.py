"""Sign off the tables: record the hash of each as it was last read against its sources.

Validation cannot detect a transcription error, so ``datapackage.json`` holds the hash and size of each table as a person
last compared it with its sources. A table that has changed since is a warning of the build, and an error of
``cartbook check --signed``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from cartbook import changes
from cartbook.datapackage import DESCRIPTOR, read_descriptor
from cartbook.findings import DataError, Finding, condense
from cartbook.git import committed
from cartbook.validate import validate
from cartbook.whole_files import write_whole

SIGN_OFF_HINT = "restore it, or read the row against its source once more and run make sign-off"


def unsigned(folder: Path) -> list[Finding]:
    """Return what has changed in valid tables since they were signed off, cell by cell where Git has the signed state."""
    found: list[Finding] = []
    for resource in read_descriptor(folder)["resources"]:
        body = (folder / resource["path"]).read_bytes()
        if resource.get("hash") != _hash(body):
            found += _changes(folder, resource, body)
    return condense(found)


def _hash(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _changes(folder: Path, resource: Mapping[str, Any], body: bytes) -> list[Finding]:
    """Return the cells and rows of a table that differ from the signed state, or one finding where that is not known."""
    name = resource["path"]
    signed = committed(folder, name, resource.get("hash", "").removeprefix("sha256:"))
    if signed is None:
        state = "has changed since it was" if "hash" in resource else "was never"
        fix = "restore it, or read its new rows against their sources and run make sign-off"
        return [Finding(name, "-", "-", f"the table {state} signed off", fix)]
    key_of = resource["schema"]["primaryKey"]
    before, after = (changes.by_key(changes.rows_of(one), key_of) for one in (signed, body))
    since = "since the table was signed off"
    found = []
    for line, (key, row) in enumerate(after.items(), start=2):
        words = repr(", ".join(key))
        if key not in before:
            fix = "read the row against its source and run make sign-off"
            found.append(Finding(name, line, "-", f"the row {words} is new {since}", fix, "new"))
            continue
        for column, cell in row.items():
            old = before[key].get(column)
            if cell != old:
                problem = f"{cell!r} was {old!r} when the table was signed off"
                found.append(Finding(name, line, column, problem, SIGN_OFF_HINT, "changed"))
    for key in before.keys() - after.keys():
        problem = f"the row {', '.join(key)!r} was removed {since}"
        found.append(Finding(name, "-", "-", problem, "restore it, or run make sign-off"))
    return found or [
        Finding(name, "-", "-", f"the order or quoting of rows has changed {since}", SIGN_OFF_HINT)
    ]


def sign_off(folder: Path) -> list[str]:
    """Write hash and size of each table into ``datapackage.json``; return a line for each change that this accepts.

    The history of the tables is brought up to date first, and gives the descriptor its version.
    """
    accepted = [
        f"data/{one.file}, row {one.row}, column {one.column}: {one.problem}; signed off"
        for one in unsigned(folder)
    ]
    try:
        history = folder / f"{changes.NAME}.csv"
        write_whole({history: changes.updated(folder, date.today().isoformat())})
    except LookupError as error:
        accepted.append(f"data/{history.name} stays as it is: {error}")
    descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    version, day = changes.current(folder)
    descriptor |= {"version": version, "created": f"{day}T00:00:00Z"}
    for place, resource in enumerate(descriptor["resources"]):
        body = (folder / resource["path"]).read_bytes()
        signed = {**resource, "hash": _hash(body), "bytes": len(body)}
        schema = signed.pop("schema")
        descriptor["resources"][place] = {**signed, "schema": schema}  # the long part stays last
    text = json.dumps(descriptor, ensure_ascii=False, indent=2)
    write_whole({folder / DESCRIPTOR: f"{text}\n"})
    return [*accepted, f"{len(descriptor['resources'])} tables are signed off."]


def main(folder: Path, *, signing: bool = False, signed: bool = False) -> int:
    """Validate the tables in `folder`, and sign them off with `signing`; return 0 if there is no error.

    With `signed`, a table that has changed since it was signed off is an error.
    """
    try:
        errors = [str(found) for found in validate(folder)]
        if signing and not errors:
            print("\n".join(sign_off(folder)))
            return 0
        changes = [] if errors else [str(found) for found in unsigned(folder)]
    except DataError as error:
        errors, changes = [str(error)], []
    except OSError as error:
        problem = f"it cannot be written: {error.strerror}"
        errors = [str(Finding(DESCRIPTOR, "-", "-", problem, "check permissions and disk"))]
        changes = []
    if signing:
        errors.append("error: nothing was signed off; correct the rows above first")
    for line in [*errors, *(line if signed else f"warning: {line}" for line in changes)]:
        print(line, file=sys.stderr)
    if errors or (changes and signed):
        return 1
    state = "; the changes above are not signed off." if changes else " and signed off."
    print(f"data/: every table is valid{state}")
    return 0
