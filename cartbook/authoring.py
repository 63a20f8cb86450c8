"""Add a row to a table: ask for what it needs, check it, show what it changes, then append it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
import tempfile
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cartbook.datapackage import read_descriptor
from cartbook.effects import effects
from cartbook.findings import DataError
from cartbook.sanitize import MISSING
from cartbook.validate import validate
from cartbook.whole_files import write_whole

#: what is added, and the table that has it
TABLES = {"source": "sources", "study": "studies", "outcome": "outcomes"}
CROSSREF = "https://api.crossref.org/works/"
IDS = "https://pmc.ncbi.nlm.nih.gov/tools/idconv/api/v1/articles/?format=json&ids="
MOST_SHOWN = 40  # allowed words that a question lists


class AuthoringError(ValueError):
    """A row cannot be added; the message says why and what to do."""


def fields(data: Path, table: str) -> list[dict[str, Any]]:
    """Return the columns of a table, as ``datapackage.json`` describes them."""
    resources = {one["name"]: one for one in read_descriptor(data)["resources"]}
    found: list[dict[str, Any]] = resources[table]["schema"]["fields"]
    return found


def allowed(field: Mapping[str, Any]) -> list[str]:
    """Return the words that a column takes; an empty list if it takes any."""
    return list(field.get("constraints", {}).get("enum", []))


def parse(pairs: list[str], columns: list[str]) -> dict[str, str]:
    """Return ``COLUMN=VALUE`` pairs as a dictionary. Raise AuthoringError for one that is none."""
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or name not in columns:
            near = ", ".join(columns)
            raise AuthoringError(f"{pair!r} is not COLUMN=VALUE with one of the columns {near}")
        found[name] = value
    return found


def complete(
    given: Mapping[str, str], described: list[dict[str, Any]], ask: Callable[[str], str] | None
) -> list[str]:
    """Return a whole row, in the order of the columns.

    A column that is not given is asked for, with the words that it takes. Raise AuthoringError for
    one that has no value then: *not reported* and *not applicable* say different things, so that
    neither is the default.
    """
    row = []
    for field in described:
        name, words = field["name"], allowed(field)
        value = given.get(name)
        if len(words) > MOST_SHOWN:
            words = [*words[:MOST_SHOWN], f"{len(words) - MOST_SHOWN} more in datapackage.json"]
        if not field.get("constraints", {}).get("required"):
            words = [*words, *(one for one in MISSING if one not in words)]
        listed = "; ".join(words)
        if value is None and ask:
            value = ask(f"{name}: {field['description']}" + (f" [{listed}]" if words else ""))
        if not value:
            choice = f", one of: {listed}" if words else ""
            raise AuthoringError(f"the column {name} needs a value{choice}")
        row.append(value)
    return row


def source_of(identifier: str, fetch: Callable[[str], bytes]) -> dict[str, str]:
    """Return what a DOI or a PubMed number says of a document, as columns of ``sources``.

    Raise AuthoringError if the answer has no such document.
    """
    doi = re.sub(
        r"^(https?://)?(dx\.)?doi\.org/|^doi:", "", identifier.strip(), flags=re.IGNORECASE
    )
    records: list[dict[str, Any]] = []
    with contextlib.suppress(ValueError):  # the identifiers of PubMed are useful, not needed
        records = json.loads(fetch(f"{IDS}{urllib.parse.quote(doi)}")).get("records", [])
    ids = records[0] if records else {}
    doi = str(ids.get("doi") or (doi if doi.startswith("10.") else ""))
    if not doi:
        raise AuthoringError(f"{identifier!r} is no DOI, and PubMed has none for it: give the DOI")
    try:
        work = json.loads(fetch(f"{CROSSREF}{urllib.parse.quote(doi)}"))["message"]
        title, year = work["title"][0], work["issued"]["date-parts"][0][0]
        first = work["author"][0]
        journal = (work.get("short-container-title") or work["container-title"])[0]
    except (ValueError, KeyError, IndexError, TypeError):
        raise AuthoringError(
            f"Crossref's answer does not describe {doi}: write the row by hand"
        ) from None
    initials = "".join(part[0] for part in re.split(r"[\s.-]+", first.get("given", "")) if part)
    found = {
        "title": " ".join(str(title).split()),
        "first_author": f"{first['family']} {initials}".strip(),
        "journal": journal.replace(".", ""),
        "year": str(year),
        "doi": doi.lower(),
        "pmid": str(ids.get("pmid", "")) or "not reported",
        "pmcid": str(ids.get("pmcid", "")) or "not reported",
        "address": f"https://doi.org/{doi.lower()}",
    }
    return {name: re.sub(r"^$", "not reported", value) for name, value in found.items()}


def changed_copy(data: Path, table: str, row: list[str], folder: Path) -> Path:
    """Return a copy of the tables with one more row. Raise AuthoringError with what is wrong with it."""
    copy = Path(shutil.copytree(data, folder / "data"))
    path = copy / f"{table}.csv"
    path.write_text(appended(path, row), encoding="utf-8", newline="\n")
    try:
        findings = [str(one) for one in validate(copy)]
    except DataError as error:
        findings = [str(error)]
    if findings:
        raise AuthoringError("\n".join([*findings, "nothing was written"]))
    return copy


def appended(path: Path, row: list[str]) -> str:
    """Return the text of a table with one more row."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(row)
    return path.read_text(encoding="utf-8") + line.getvalue()


def add(
    data: Path,
    kind: str,
    pairs: list[str],
    *,
    ask: Callable[[str], str] | None = None,
    agree: Callable[[list[str]], bool] = lambda _: True,
    show: bool = True,
    known: Mapping[str, str] | None = None,
) -> list[str]:
    """Add a source, study or outcome; return the lines that say what changes.

    ``pairs`` are ``COLUMN=VALUE``, ``known`` what is already known of the row; ``ask`` answers for
    the other columns; ``agree`` is asked with the lines before anything is written. Without ``show``
    no chapter is executed.

    Raise AuthoringError if the row is not valid, or if ``agree`` says no; nothing is written then.
    """
    table = TABLES[kind]
    described = fields(data, table)
    given = {**(known or {}), **parse(pairs, [one["name"] for one in described])}
    row = complete(given, described, ask)
    with tempfile.TemporaryDirectory() as folder:
        copy = changed_copy(data, table, row, Path(folder))
        lines = effects([table], data, copy) if show else []
    if not agree(lines):
        raise AuthoringError("nothing was written")
    path = data / f"{table}.csv"
    write_whole({path: appended(path, row)})
    return lines
