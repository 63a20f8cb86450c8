"""The book with more of everything: ten and a hundred times the studies and outcomes, five times the chapters.

The rows are made up, and obey every rule of data/datapackage.json: new ids and labels, counts that differ
from copy to copy, percentages that follow from them.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from builders.bench.copies import copy_book

Row = dict[str, str]
GROUP = ("study_id", "arm", "endpoint", "statistic", "grade", "population", "unit", "at_month")
OWN_NAMES = (
    re.compile(r'(\bid=")([a-z0-9-]+)(?=")'),
    re.compile(r'(\bquiz\(")([a-z0-9-]+)(?=")'),
    re.compile(r"(^:label: )([a-z0-9-]+)$", re.MULTILINE),
    re.compile(r"(\{solution-start\} )([a-z0-9-]+)$", re.MULTILINE),
)


def _whole(word: str) -> int | None:
    return int(word) if word.isdigit() else None


def _study(row: Row, copy: int, number: int) -> Row:
    found = re.fullmatch(r"([a-z]+(?:-[a-z])?\d{4})-?(.*)", row["study_id"])
    assert found, row["study_id"]
    made = {**row, "study_id": f"{found[1]}-{found[2]}x{copy}", "label": f"Made-up study {number}", "reference": "not applicable"}
    for column in ("enrolled", "apheresed", "infused", "evaluable"):
        if (count := _whole(row[column])) is not None:
            made[column] = str(count * _times(copy))
    return made


def _times(copy: int) -> int:
    """By how much a copy's groups are larger than those of its model."""
    return 1 + copy % 7


def _outcome(row: Row, study: str, copy: int, alone: bool) -> Row:
    made, times = {**row, "study_id": study}, _times(copy)
    made["outcome_id"] = study + row["outcome_id"].removeprefix(row["study_id"])
    events, denominator, value = _whole(row["events"]), _whole(row["denominator"]), row["value"]
    if denominator is not None:
        made["denominator"] = str(denominator * times)
    if events is not None and denominator is not None:
        more = copy % times if alone and "does not follow" not in row["flag"] else 0
        events = min(events * times + more, denominator * times)
        made["events"] = str(events)
        if row["unit"] == "percent" and more:
            digits = len(value.partition(".")[2])
            made["value"] = f"{100 * events / (denominator * times):.{digits}f}"
    elif events is not None:
        made["events"] = str(events * times)
    if row["unit"] == "patients" and _whole(value) is not None:
        made["value"] = made["events"] if events is not None else str(int(value) * times)
    if any(made[name] != row[name] for name in ("value", "events", "denominator")):
        made["printed"] = f"{made['value']} ({made['events']} of {made['denominator']})"
    return made


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def grow_data(data: Path, times: int) -> tuple[int, int]:
    """Make so many times the studies and outcomes in ``data``; how many of each there are then."""
    studies, outcomes = _read(data / "studies.csv"), _read(data / "outcomes.csv")
    groups = [tuple(row[column] for column in GROUP) for row in outcomes]
    alone = {group for group in groups if groups.count(group) == 1}
    more_studies, more_outcomes = list(studies), list(outcomes)
    for copy in range(2, times + 1):
        names = {}
        for place, row in enumerate(studies):
            made = _study(row, copy, len(studies) * (copy - 1) + place + 1)
            names[row["study_id"]] = made["study_id"]
            more_studies.append(made)
        more_outcomes += [_outcome(row, names[row["study_id"]], copy, group in alone) for row, group in zip(outcomes, groups, strict=True)]
    _write(data / "studies.csv", more_studies)
    _write(data / "outcomes.csv", more_outcomes)
    return len(more_studies), len(more_outcomes)


def grow_chapters(book: Path, times: int) -> int:
    """Make so many times the chapters that have code, each with ids of its own; how many there are then."""
    contents = book / "_toc.yml"
    text, count = contents.read_text(encoding="utf-8"), 0
    for path in sorted((book / "chapters").glob("*.md")):
        chapter = path.read_text(encoding="utf-8")
        if "```{code-cell}" not in chapter:
            continue
        count += times
        entry = re.search(rf"^ *- file: chapters/{re.escape(path.stem)}\n(?: +title: .*\n)?", text, re.MULTILINE)
        if not entry:
            continue
        added = entry[0]
        for copy in range(2, times + 1):
            name, made = f"{path.stem}-copy-{copy}", chapter
            for pattern in OWN_NAMES:
                made = pattern.sub(rf"\g<1>\g<2>-copy-{copy}", made)
            (path.parent / f"{name}.md").write_text(made, encoding="utf-8")
            added += entry[0].replace(f"chapters/{path.stem}", f"chapters/{name}").replace('"\n', f' ({copy})"\n')
        text = text.replace(entry[0], added, 1)
    contents.write_text(text, encoding="utf-8")
    return count


def make_grown(top: Path, folder: Path, *, data: int = 1, chapters: int = 1) -> tuple[int, int, int]:
    """Lay a grown copy of the book at ``top`` into ``folder``; its studies, outcomes and chapters with code."""
    copy_book(top, folder)
    studies, outcomes = grow_data(folder / "data", data)
    return studies, outcomes, grow_chapters(folder, chapters)
