"""Compare the registry with the last count: new trials, changes, results, sentences that fail.

It writes three files of ``data/`` in one step: ``recount.csv`` (counts), ``registry/trials.json``
(what the next comparison starts from) and ``registry/DATE.md`` (rules, counts and differences, for
the person who reviews the change). It commits nothing.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from cartbook.effects import effects
from cartbook.registry import api, trials
from cartbook.registry.api import RegistryError, Study
from cartbook.registry.groups import count
from cartbook.registry.trials import Trial
from cartbook.render import render
from cartbook.tables import evidence, load
from cartbook.validate import validate
from cartbook.whole_files import write_whole

FOLDER, STATE, TABLE = "registry", "trials.json", "recount.csv"
#: what of a trial is compared, and its name for readers
COMPARED = {
    "status": "status",
    "patients": "number of patients",
    "phase": "phase",
    "disease": "disease",
    "target": "target",
    "countries": "countries",
    "centres": "number of centres",
}


def update(
    data: Path,
    *,
    saved: Sequence[Path] = (),
    ask: Callable[[str], bytes] | None = None,
    today: date | None = None,
    sentences: bool = True,
) -> str:
    """Count the registry anew, write the files, and return the text for the reviewer.

    ``saved`` and ``ask`` are those of `cartbook.registry.api.studies`. Without ``sentences`` no
    chapter is executed.

    Raise RegistryError if the answer cannot be used, or if the new table breaks a rule of the book;
    then no file has changed.
    """
    day = (today or date.today()).isoformat()
    found = api.studies(saved, ask)
    decided = [trials.trial(one) for one in found]
    counted = {one.nct: one for one in decided if isinstance(one, Trial)}
    left_out = Counter(one for one in decided if isinstance(one, str))
    if not counted:
        raise RegistryError("no study of the answer is a trial of CAR-T cells in blood cancers")
    before = _state(data / FOLDER / STATE)
    new = count(trials.table(list(counted.values())), day)
    with tempfile.TemporaryDirectory() as scratch:
        changed = Path(scratch) / "data"
        shutil.copytree(data, changed)
        new.to_csv(changed / TABLE, index=False, lineterminator="\n")
        if findings := validate(changed):
            raise RegistryError(f"the new counts break a rule of the book: {findings[0]}")
        lines = effects(["recount"], data, changed) if sentences else []
    text = render(
        "registry-update.md",
        day=day,
        search=api.SEARCH,
        rules=trials.RULES,
        left_out=sorted(left_out.items()),
        total=len(found),
        trials=len(counted),
        groups=_groups(new),
        differences=_differences(before, counted),
        first=before is None,
        results=_results(found, before),
        effects=lines,
    )
    state = {nct: asdict(one) for nct, one in sorted(counted.items())}
    write_whole(
        {
            data / TABLE: new.to_csv(index=False, lineterminator="\n"),
            data / FOLDER / STATE: json.dumps(state, ensure_ascii=False, indent=1) + "\n",
            data / FOLDER / f"{day}.md": f"{text}\n",
        }
    )
    return str(text)


def _state(path: Path) -> dict[str, Any] | None:
    """Return the trials of the last count; None before the first."""
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RegistryError(
            f"{path}: it is not JSON ({error}); restore it (git checkout)"
        ) from None
    return found


def _groups(table: pd.DataFrame) -> list[tuple[str, int]]:
    rows = table[table["dimension"] == "year"]
    return [
        (str(name), int(rows.loc[one, "trials"].sum()))
        for name, one in rows.groupby("country_group").groups.items()
    ]


def _differences(before: dict[str, Any] | None, after: dict[str, Trial]) -> dict[str, list[str]]:
    """Return the trials that were added, have changed, were withdrawn, or are no longer found."""
    found: dict[str, list[str]] = {"added": [], "withdrawn": [], "changed": [], "gone": []}
    for nct, one in sorted(after.items()):
        old = (before or {}).get(nct)
        name = f"{nct}, {one.title}"
        if old is None:
            if before is not None:
                found["added"].append(f"{name} ({one.disease}; {one.target}; {one.phase})")
            continue
        now = json.loads(json.dumps(asdict(one)))
        changes = [
            f"{words}: {_words(old.get(key))} becomes {_words(now[key])}"
            for key, words in COMPARED.items()
            if old.get(key) != now[key]
        ]
        if changes:
            gone = one.kind == "withdrawn" and old.get("kind") != "withdrawn"
            found["withdrawn" if gone else "changed"].append(f"{name}. {'; '.join(changes)}")
    for nct in sorted(set(before or {}) - set(after)):
        found["gone"].append(f"{nct}, {(before or {})[nct]['title']}")
    return found


def _words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value) or "not stated"


def _results(studies: Sequence[Study], before: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return results that were posted for trials of the book since the last count, beside its rows."""
    known = load("studies")
    cited: dict[str, list[tuple[str, str]]] = {}
    for _, row in known.iterrows():
        for nct in str(row["registry_id"]).split("; "):
            cited.setdefault(nct, []).append((str(row["study_id"]), str(row["label"])))
    found = []
    for one in studies:
        nct = one.get("protocolSection", {}).get("identificationModule", {}).get("nctId", "")
        seen = bool((before or {}).get(nct, {}).get("results"))
        if nct in cited and one.get("hasResults") and not seen:
            label = ", ".join(name for _, name in cited[nct])
            rows = [line for study, _ in cited[nct] for line in _rows(study)]
            found.append({"nct": nct, "label": label, "posted": _posted(one), "rows": rows})
    return found


def _posted(study: Study) -> list[str]:
    """Return the primary outcome measures of posted results, each with its values by group."""
    measures = study.get("resultsSection", {}).get("outcomeMeasuresModule", {})
    lines = []
    for one in measures.get("outcomeMeasures", []):
        if one.get("type") != "PRIMARY":
            continue
        groups = {group["id"]: group.get("title", "") for group in one.get("groups", [])}
        values = [
            f"{groups.get(value.get('groupId', ''), '')}: {value.get('value', 'not stated')}"
            for part in one.get("classes", [])
            for category in part.get("categories", [])
            for value in category.get("measurements", [])
        ]
        unit = one.get("unitOfMeasure", "no unit stated")
        lines.append(f"{one.get('title', 'no title')} ({unit}): {'; '.join(values) or 'no value'}")
    return lines


def _rows(study: str) -> list[str]:
    from cartbook.sphinxext.entries import records, shown, what

    return [
        f"{what(row)}: {shown(row)} ({row['source_citation']}, {row['outcome_id']})"
        for row in records(evidence(study_id=study))
    ]
