"""The history of the tables: ``data/changes.csv`` has what each version changed, a row per version and table.

A build reads the file alone. ``make sign-off`` brings it up to date: it compares each table with the
one of the last released version, which it finds in Git by its hash.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from cartbook.datapackage import read_descriptor
from cartbook.git import committed

NAME = "changes"
UNRELEASED = "unreleased"
NO_HASH = "not applicable"  # of a table that was removed
NO_WORDS = "none"
Row = dict[str, str]


@dataclass(frozen=True)
class Version:
    """What one version of the data changed; ``version`` is empty for changes after the last one.

    The cell ``what`` of a table is empty where nothing is said beside the counts.
    """

    version: str
    date: str
    since: str
    tables: tuple[Row, ...]

    @property
    def title(self) -> str:
        """Return the name of the version, for readers."""
        return f"Version {self.version}" if self.version else f"Since version {self.since}"

    @property
    def day(self) -> str:
        """Return the date, for readers: ``24 November 2026``."""
        return f"{date.fromisoformat(self.date):%-d %B %Y}"

    @property
    def anchor(self) -> str:
        """Return the id of the version, which stays when what is unreleased gets its number."""
        return f"after-{self.since.replace('.', '-')}" if self.since else "first"


def read(folder: Path) -> list[Row]:
    """Return the rows of the history, oldest first."""
    with (folder / f"{NAME}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def versions(folder: Path) -> list[Version]:
    """Return the versions of the data, newest first, each with the tables that it changed."""
    found: list[Version] = []
    for name, rows in groupby(read(folder), key=lambda row: row["version"]):
        tables = tuple(row | ({"what": ""} if row["what"] == NO_WORDS else {}) for row in rows)
        released = "" if name == UNRELEASED else name
        since = found[-1].version if found else ""
        found.append(Version(released, max(row["date"] for row in tables), since, tables))
    return found[::-1]


def current(folder: Path) -> tuple[str, str]:
    """Return version and date of the tables as they are.

    After a release the date is part of the version (``0.1.0+20261130``, as Semantic Versioning has it).
    """
    newest = versions(folder)[0]
    if newest.version:
        return newest.version, newest.date
    return f"{newest.since}+{newest.date.replace('-', '')}", newest.date


def rows_of(body: bytes) -> list[Row]:
    """Return the rows of a table."""
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))


def by_key(rows: Iterable[Row], key: list[str]) -> dict[tuple[str, ...], Row]:
    """Return the rows of a table by the cells of its primary key."""
    return {tuple(row[column] for column in key): row for row in rows}


def difference(before: bytes | None, after: bytes | None, key: list[str]) -> dict[str, str]:
    """Return how many rows were added, changed and removed, and the columns that are new or gone.

    A row has changed if a cell differs in a column that both tables have. Without the columns of the
    key in the older table no row is the same.
    """
    old, new = (rows_of(body) if body else [] for body in (before, after))
    was, now = (list(rows[0]) if rows else [] for rows in (old, new))
    before_by_key = by_key(old, key) if set(key) <= set(was) else {}
    after_by_key = by_key(new, key)
    shared = [column for column in now if column in was]
    same = [(before_by_key[one], after_by_key[one]) for one in before_by_key.keys() & after_by_key]
    changed = sum(any(a[name] != b[name] for name in shared) for a, b in same)
    words = [f"Columns {verb}: {', '.join(names)}." for verb, names in _columns(was, now) if names]
    return {
        "rows": str(len(new)),
        "added": str(len(new) - len(same)),
        "changed": str(changed),
        "removed": str(len(old) - len(same)),
        "what": " ".join(words) or NO_WORDS,
    }


def _columns(was: list[str], now: list[str]) -> Iterator[tuple[str, list[str]]]:
    if was and now:
        yield "added", [one for one in now if one not in was]
        yield "removed", [one for one in was if one not in now]


def updated(folder: Path, today: str) -> str:
    """Return the history as CSV, with what has changed in the tables since the last released version.

    Words that a person wrote about an unreleased change stay. Raise LookupError if Git does not have
    a table as it was released.
    """
    rows = read(folder)
    released = {row["table_name"]: row for row in rows if row["version"] != UNRELEASED}
    pending = {row["table_name"]: row for row in rows if row["version"] == UNRELEASED}
    described = {one["name"]: one for one in read_descriptor(folder)["resources"]}
    new = []
    for name in dict.fromkeys([*described, *released]):
        if (
            name == NAME
            or (row := _row(folder, name, described.get(name), released, today)) is None
        ):
            continue
        old = pending.get(name, row)
        if old["sha256"] == row["sha256"]:
            row["date"] = old["date"]
        if old["what"] != NO_WORDS:
            row["what"] = old["what"]
        new.append(row)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows([*(row for row in rows if row["version"] != UNRELEASED), *new])
    return target.getvalue()


def _row(
    folder: Path,
    name: str,
    resource: Mapping[str, Any] | None,
    released: Mapping[str, Row],
    today: str,
) -> Row | None:
    """Return what has changed in one table since it was released; None if nothing has."""
    body = (folder / resource["path"]).read_bytes() if resource else None
    digest = hashlib.sha256(body).hexdigest() if body else NO_HASH
    last = released[name]["sha256"] if name in released else NO_HASH
    if digest == last:
        return None
    before = committed(folder, f"{name}.csv", last) if last != NO_HASH else None
    if before is None and last != NO_HASH:
        raise LookupError(f"Git has no {name}.csv as it was in version {released[name]['version']}")
    key = resource["schema"]["primaryKey"] if resource else []
    found = difference(before, body, key)
    if before is None and resource:
        found["what"] = f"New table: {resource['title']}."
    elif body is None:
        found["what"] = "The table was removed."
    return {"version": UNRELEASED, "date": today, "table_name": name, **found, "sha256": digest}
