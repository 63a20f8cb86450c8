"""The evidence explorer: every reported number as rows that explorer.js filters, draws and compares.

The page has the form, the first rows and a list of all studies, for readers without scripts. The
rows themselves are a script (``_static/evidence.js``), so that the page stays light and also works
from a disk.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from cartbook.datapackage import read_descriptor
from cartbook.sphinxext import report
from cartbook.sphinxext.entries import (
    Row,
    cell,
    interval,
    known,
    outcomes,
    page_of,
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
    "endpoint": "End point",
    "population": "Population",
    "kind": "Kind of source",
    "phase": "Phase",
    "design": "Design",
    "year": "Year of source",
}
SIZES = (10, 20, 30, 50, 100, 200)
#: of one number in several sources, the one that is shown if duplicates are hidden
RANK = ("article", "label", "agency document", "abstract", "registry record", "review")
SCALES = {"percent": "percent", "months": "months", "ratio": "ratio"}
#: columns of the explorer that are columns of the tables
TOLD = {
    **{name: name for name in ("disease", "product", "target", "endpoint", "phase", "design")},
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
        "place": known(row, "section", "place", between=", "),
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


class EvidenceExplorer(SphinxDirective):
    """``{evidence-explorer}``: every reported number, to filter, draw, compare and download."""

    def run(self) -> list[nodes.Node]:
        names = ("outcomes.csv", "studies.csv", "sources.csv", "datapackage.json")
        for name in names:
            self.env.note_dependency(str(FOLDER / name))
        told = list(outcomes().values())
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
        made = {
            "kind": "explorer",
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
