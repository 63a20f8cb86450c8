"""The evidence explorer: every reported number as rows that explorer.js filters, draws and compares.

The page has the form, the first rows and a list of all studies, for readers without scripts. The
rows themselves are a script (``_static/evidence.js``), so that the page stays light and also works
from a disk.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from cartbook.datapackage import read_descriptor
from cartbook.sphinxext import report
from cartbook.sphinxext.entries import (
    NO_STUDY,
    Row,
    cell,
    interval,
    known,
    outcomes,
    page_of,
    place_of,
    shown,
    source,
    what,
)
from cartbook.sphinxext.nodes import node_of
from cartbook.tables import FOLDER, KEY

FIRST = 50  # rows in the page itself, and shown at once
FACETS = {
    "study": "Study",
    "disease": "Disease",
    "product": "Product",
    "target": "Target",
    "topic": "Topic",
    "endpoint": "End point",
    "grade": "Grade",
    "population": "Population",
    "kind": "Kind of source",
    "phase": "Phase",
    "design": "Design",
    "year": "Year of source",
}
SIZES = (10, 20, 30, 50, 100, 200)
#: of one number in several sources, the one that is shown if duplicates are hidden
RANK = ("article", "label", "agency document", "abstract", "registry record", "review")
#: other words for an end point or statistic, by which a search finds it too
SYNONYMS = {
    "neurotoxicity": "ICANS immune effector cell-associated neurotoxicity syndrome",
    "delayed neurotoxicity": "parkinsonism",
    "movement and neurocognitive disorder": "MNT parkinsonism",
    "cytokine release syndrome": "CRS",
    "overall survival": "OS",
    "progression-free survival": "PFS",
    "event-free survival": "EFS",
    "relapse-free survival": "RFS",
    "objective response": "ORR overall response",
    "complete response": "CR complete remission",
    "CR or CRi": "complete remission with incomplete count recovery",
    "CR or stringent CR": "sCR complete response",
    "stringent CR": "sCR",
    "MRD negativity": "measurable minimal residual disease",
    "duration of response": "DOR",
    "non-relapse mortality": "NRM",
    "graft-versus-host disease": "GvHD",
    "second primary malignancy": "SPM second cancer",
    "early ICAHT": "cytopenia haematotoxicity",
    "vein-to-vein time": "leukapheresis to infusion turnaround",
    "hazard ratio": "HR",
}
SCALES = {"percent": "percent", "months": "months", "ratio": "ratio"}
#: columns of the explorer that are columns of the tables
TOLD = {
    **{name: name for name in ("disease", "product", "target", "topic", "endpoint")},
    **{name: name for name in ("phase", "design")},
    **{name: name for name in ("statistic", "grade", "arm", "unit", "printed", "as_of")},
    **{"id": "outcome_id", "study": "label", "kind": "source_kind", "address": "source_address"},
    **{"n": "denominator", "month": "at_month", "follow_up": "follow_up_months"},
    **{"events": "events", "value": "value", "flag": "flag", "note": "note"},
}


def facts(row: Row) -> dict[str, str]:
    """Return one row of the explorer: what the script filters by, and what readers see."""
    span = interval(row)
    ends = [f"{number:.4g}" for number in span[:3]] if span else ["", "", ""]
    scale = "percent" if span and span[3].startswith("Wilson") else SCALES.get(row["unit"], "")
    same = [row[name] for name in KEY if name != "statistic"]
    rank = RANK.index(row["source_kind"]) if row["source_kind"] in RANK else len(RANK)
    return {
        **{name: known(row, column) for name, column in TOLD.items()},
        **{name: cell(row, name) for name in ("population", "value")},
        **dict(zip(("estimate", "low", "high"), ends, strict=True)),
        "year": known(row, "source_year"),
        "source": source(row)["short"],
        "place": place_of(row),
        "also": " ".join(SYNONYMS.get(row[name], "") for name in ("endpoint", "statistic")).strip(),
        "page": page_of(row),
        "scale": scale if span else "",
        "same": "|".join(map(str, [*same, cell(row, "value")])),
        "rank": str(rank),
        "what": what(row),
        "group": known(row, "arm", "population", "subgroup"),
        "shown": shown(row),
    }


def _ordered(name: str, values: set[str]) -> list[str]:
    """Return the values of a filter in the order of the tables' own lists, else by alphabet."""
    lists = [
        field["constraints"]["enum"]
        for table in read_descriptor(FOLDER)["resources"]
        for field in table["schema"]["fields"]
        if {"endpoint": "endpoint", "kind": "kind"}.get(name, name) == field["name"]
        and table["name"] in ("outcomes", "studies", "sources")
        and "enum" in field.get("constraints", {})
    ]
    places = {value: place for place, value in enumerate(lists[0])} if lists else {}
    found = sorted(values - {""}, key=lambda one: (places.get(one, len(places)), one.lower()))
    return found[::-1] if name == "year" else found


def _sorted(found: list[Row]) -> list[Row]:
    """Return rows by disease, study and end point, as the lists of the tables order them."""
    orders = {
        name: {
            value: place for place, value in enumerate(_ordered(name, {row[name] for row in found}))
        }
        for name in ("disease", "endpoint")
    }

    def key(row: Row) -> tuple[Any, ...]:
        alone = row["study_id"] != NO_STUDY
        place = (orders[name].get(row[name], -1) for name in ("disease", "endpoint"))
        disease, endpoint = place
        return not alone, disease, row["label"].lower(), row["study_id"], endpoint, row["grade"]

    return sorted(found, key=key)


def _views(lines: Iterable[str], found: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return the ready questions: each line is ``Words: filter=value; filter=value``.

    Raises ValueError if a filter or value is not in the explorer.
    """
    views = []
    for line in lines:
        words, _, conditions = line.rpartition(": ")
        query = dict(one.strip().split("=", 1) for one in conditions.split(";"))
        if unknown := query.keys() - FACETS.keys():
            raise ValueError(
                f"the view {words!r} has the filter {min(unknown)!r}, which is none of {', '.join(FACETS)}"
            )
        count = sum(all(row[name] == value for name, value in query.items()) for row in found)
        if not count:
            raise ValueError(f"the view {words!r} ({conditions}) has no row: correct its filters")
        views.append({"words": words, "query": urlencode(query), "count": count})
    return views


class EvidenceExplorer(SphinxDirective):
    """``{evidence-explorer}``: every reported number, to filter, draw, compare and download.

    Its lines are questions that readers may start with: ``Words: filter=value; filter=value``.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        names = ("outcomes.csv", "studies.csv", "sources.csv", "datapackage.json")
        for name in names:
            self.env.note_dependency(str(FOLDER / name))
        told = _sorted(list(outcomes().values()))
        found = [facts(row) for row in told]
        places: dict[str, int] = {}
        coded = [[places.setdefault(word, len(places)) for word in row.values()] for row in found]
        data = {"columns": list(found[0]), "words": list(places), "rows": coded}
        content = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        script = Path(self.env.app.doctreedir) / "made" / "evidence.js"
        script.write_text(f"window.bookRows = {content};\n", encoding="utf-8")
        mark = zlib.crc32("".join((FOLDER / name).read_text("utf-8") for name in names).encode())
        studies: dict[str, list[Row]] = {}
        for row in told:
            studies.setdefault(page_of(row), []).append(row)
        try:
            views = _views(filter(None, self.content), found)
        except ValueError as error:
            raise self.error(str(error)) from None
        made = {
            "kind": "explorer",
            "views": views,
            "facets": [
                {
                    "name": name,
                    "label": label,
                    "options": _ordered(name, {row[name] for row in found}),
                }
                for name, label in FACETS.items()
            ],
            "sizes": SIZES,
            "rows": found[:FIRST],
            "count": len(found),
            "version": f"{report.book_version(Path(self.env.srcdir))}, tables {mark:08x}",
            "script": f"_static/evidence.js?v={zlib.crc32(content.encode()):08x}",
            "pages": list(studies),
            "studies": _studies(list(studies.values())),
        }
        return [node_of(made)]


def _studies(found: list[list[Row]]) -> dict[str, Any]:
    """Return the studies as the record of a table."""
    names = ("Study", "Disease", "Product", "Numbers")
    return {
        "kind": "table",
        "caption": "Studies with reported numbers",
        "columns": [{"name": name, "numeric": name == "Numbers", "decimals": 0} for name in names],
        "rows": [
            [
                study[0]["label"]
                if len({row["label"] for row in study}) == 1
                else "No single study",
                study[0]["disease"],
                study[0]["product"],
                len(study),
            ]
            for study in found
        ],
    }
