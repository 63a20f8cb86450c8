"""Decide what a registered study counts as, with the reason for each decision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cartbook.registry import groups
from cartbook.registry.api import RegistryError, Study
from cartbook.registry.groups import TERMS, text

RULES: Mapping[str, Mapping[str, str]] = TERMS["record"]


@dataclass(frozen=True)
class Trial:
    """One registered trial: what the registry says, and the groups in which it is counted."""

    nct: str
    title: str
    status: str
    posted: str
    phase: str
    patients: int | None  # planned or enrolled; None if the registry does not say
    sponsor: str
    ages: str
    oldest: str
    started: str  # empty if the registry does not say
    countries: tuple[str, ...]
    centres: int
    kind: str
    disease: str
    target: str
    results: bool
    reasons: tuple[str, ...]


def trial(study: Study) -> Trial | str:
    """Return a study as a trial that counts, or the reason why it does not count.

    Raise RegistryError for a study without a number, or with a word that no rule knows.
    """
    protocol = study.get("protocolSection", {})
    identity = protocol.get("identificationModule", {})
    nct = str(identity.get("nctId", ""))
    if not re.fullmatch(r"NCT\d{8}", nct):
        raise RegistryError(
            f"a study has the number {nct!r}, which is none of the registry: its format has changed"
        )
    title = text(str(identity.get("briefTitle", "")))
    conditions = protocol.get("conditionsModule", {})
    diseases = "; ".join(map(str, conditions.get("conditions", [])))
    given = protocol.get("armsInterventionsModule", {}).get("interventions", [])
    names = [str(one.get("name", "")) for one in given]
    cells = "; ".join([title, *names, *map(str, conditions.get("keywords", []))])
    if not _matches("cells", cells):
        return "no CAR-T cells"
    if other := _matches("other_cells", cells):
        return other[0]
    if not _matches("blood", diseases):
        return "no blood cancer"
    return _counted(study, nct, title, diseases, cells)


def _counted(study: Study, nct: str, title: str, diseases: str, cells: str) -> Trial:
    protocol = study["protocolSection"]
    when = protocol.get("statusModule", {})
    design = protocol.get("designModule", {})
    places = protocol.get("contactsLocationsModule", {}).get("locations", [])
    size = design.get("enrollmentInfo", {}).get("count", "")
    posted = str(when.get("studyFirstPostDateStruct", {}).get("date", ""))

    def known(what: str, read: Any, cell: str) -> Any:
        try:
            return read(cell)
        except KeyError:
            raise RegistryError(
                f"{nct}: the {what} {cell!r} is in no rule; add it to registry/terms.toml"
            ) from None

    people = protocol.get("eligibilityModule", {})
    lead = protocol.get("sponsorCollaboratorsModule", {}).get("leadSponsor", {})
    began = known("start date", groups.start, str(when.get("startDateStruct", {}).get("date", "")))
    state = known("status", groups.status, str(when.get("overallStatus", "")))
    found = {known("country", groups.country, str(one.get("country", ""))) for one in places} - {""}
    disease, why_disease = _one_of("diseases", diseases, "other", "several diseases")
    target, why_target = _one_of("targets", cells, "not stated", "two or more targets")
    return Trial(
        nct=nct,
        title=title,
        status=state,
        posted=known("date", groups.day, posted).isoformat(),
        phase=known("phase", groups.phases, "|".join(design.get("phases", []) or ["NA"])),
        patients=known("number of patients", groups.enrolment, str(size)),
        sponsor=known("class of sponsor", groups.sponsor, str(lead.get("class", ""))),
        ages=known("group of ages", groups.ages, "|".join(people.get("stdAges", []))),
        oldest=known("highest age", groups.oldest, str(people.get("maximumAge", ""))),
        started=began.isoformat() if began else "",
        countries=tuple(sorted(found)),
        centres=len({(one.get("city"), one.get("country")) for one in places}),
        kind=groups.kind(title, state),
        disease=disease,
        target=target,
        results=bool(study.get("hasResults")),
        reasons=(why_disease, why_target),
    )


def _matches(rule: str, words: str) -> list[str]:
    """Return the groups of a rule whose pattern is found in the words."""
    return [
        name
        for name, pattern in RULES[rule].items()
        if re.search(pattern, text(words), re.IGNORECASE)
    ]


def _one_of(rule: str, words: str, none: str, several: str) -> tuple[str, str]:
    """Return the group of a trial by a rule, and the reason."""
    found = _matches(rule, words)
    if len(found) > 1:
        return several, f"{rule}: {' and '.join(found)} are named"
    return (found[0], f"{rule}: {found[0]}") if found else (none, f"{rule}: none is named")


def table(trials: list[Trial]) -> pd.DataFrame:
    """Return one row per trial with the groups by which `cartbook.registry.groups.count` counts."""
    return groups.grouped(
        groups.Record(
            posted=groups.day(one.posted),
            started=groups.start(one.started),
            countries=set(one.countries),
            centres=one.centres,
            kind=one.kind,
            disease=one.disease,
            target=one.target,
            phase=one.phase,
            patients=one.patients,
            sponsor=one.sponsor,
            status=one.status,
            ages=one.ages,
            oldest=one.oldest,
        )
        for one in trials
    )
