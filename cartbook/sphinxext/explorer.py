"""The evidence explorer: every number of every study, as a table that a script filters and sorts."""

from __future__ import annotations

import json
import zlib
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from cartbook.sphinxext.nodes import node_of, paper
from cartbook.tables import Quote, evidence

FILTERS = {
    "endpoint": "End point",
    "disease": "Disease",
    "target": "Target",
    "product": "Product",
    "country": "Country",
    "phase": "Phase",
}
SIZES = (10, 20, 30, 50, 100)
SORTS = {"study": "Study", "endpoint": "What was counted", "percent": "Number"}


FIRST = 300  # rows that the explorer's page holds; the rest comes from a script of its own, so that the page stays light


class EvidenceExplorer(SphinxDirective):
    """``{evidence-explorer}``: every number of every study, as a table that a script filters and sorts."""

    def run(self) -> list[nodes.Node]:
        for name in ("outcomes.csv", "studies.csv", "sources.csv", "datapackage.json"):
            self.env.note_dependency(str(Path(self.env.srcdir) / "data" / name))
        rows = evidence(source="review")
        facts = [
            _evidence(place, row)
            for place, row in enumerate(map(pd.Series, rows.to_dict("records")))
        ]
        body = "".join(map(_row, facts[:FIRST]))
        selects = "".join(
            _select(name, said, sorted(set(rows[name]), key=str.lower))
            for name, said in FILTERS.items()
        )
        sizes = "".join(f'<option value="{n}">{n} patients or more</option>' for n in SIZES)
        form = (
            f'<form hidden aria-label="Filters">{selects}'
            f'<label>Denominator<select name="size"><option value="">any</option>{sizes}</select></label>'
            '<label>Search<input name="words" type="search" autocomplete="off"></label>'
            '<p><button type="reset">Reset</button> <button type="button" data-download="csv">Download CSV</button> '
            '<button type="button" data-download="excel">CSV for Excel</button></p></form>'
        )
        heads = "".join(
            f'<th scope="col" data-sort="{key}">{said}</th>' for key, said in SORTS.items()
        )  # the script makes buttons of them
        table = f"<table><caption>The numbers that the review and other sources report</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        rest, note = self._rest(facts[FIRST:])
        notice = '<p class="cb-notice" hidden></p>'
        page = nodes.raw(
            format="html",
            text=f'<div class="cb-explorer"{rest}>{form}{notice}<p class="cb-said" aria-live="off"></p>{note}{table}</div>',
        )
        return [page, paper("", node_of(_printed(facts)))]

    def _rest(self, facts: list[dict[str, str]]) -> tuple[str, str]:
        """Write the rows that the page does not hold; where they are, and what a reader without scripts should know."""
        script = Path(self.env.app.doctreedir) / "made" / "evidence.js"
        for old in (script, Path(self.env.app.outdir) / "_static" / script.name):
            old.unlink(missing_ok=True)
        if not facts:
            return "", ""
        known: dict[str, int] = {}
        coded = [[known.setdefault(word, len(known)) for word in row.values()] for row in facts]
        content = json.dumps(
            {"columns": list(facts[0]), "words": list(known), "rows": coded},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        script.write_text(f"window.cartbookEvidence = {content};\n", encoding="utf-8")
        note = f'<p class="cb-rest">The first {FIRST} of {FIRST + len(facts):,} numbers; <a href="../data/outcomes.csv">all are in this file</a>.</p>'
        return f' data-rest="../_static/evidence.js?v={zlib.crc32(content.encode()):08x}"', note


def _printed(facts: list[dict[str, str]]) -> dict[str, Any]:
    """Return the rows as the record of a table, for paper."""
    names = {
        "study": "Study",
        "disease": "Disease",
        "what": "What",
        "group": "Group",
        "shown": "Number",
        "where": "Place",
    }
    columns = [{"name": name, "numeric": False, "decimals": 0} for name in names.values()]
    rows = [[one[name] for name in names] for one in facts]
    return {
        "kind": "table",
        "caption": "The numbers that the review and other sources report",
        "columns": columns,
        "rows": rows,
    }


def _select(name: str, said: str, values: list[str]) -> str:
    # each with its value: a browser that translates the page changes the words of an option
    options = "".join(
        f'<option value="{escape(one, quote=True)}">{escape(one)}</option>' for one in values
    )
    return f'<label>{said}<select name="{name}"><option value="">all</option>{options}</select></label>'


def _evidence(place: int, row: pd.Series[Any]) -> dict[str, str]:
    """One row of the explorer: the facts by which the script chooses and sorts, and what a reader sees."""
    told = Quote(row)
    facts = {name: str(row[name]) for name in (*FILTERS, "grade", "population", "unit", "section")}
    facts |= {name: "" if row[name] == "none" else str(row[name]) for name in ("flag", "note")}
    facts |= {"study": row["label"], "value": str(told.number), "place": str(place)}
    facts |= dict.fromkeys(("n", "events", "percent", "low", "high"), "")
    facts["month"] = "" if pd.isna(row["at_month"]) else str(row["at_month"])
    facts["shown"] = str(told.text)
    counts = row["statistic"] in ("proportion", "count") and pd.notna(row["denominator"])
    if counts and (pd.notna(row["events"]) or "percentage does not follow" not in row["flag"]):
        share = told.proportion
        ends = {"percent": share.estimate, "low": share.low, "high": share.high}
        facts |= {"n": str(share.denominator), "events": str(share.events)} | {
            name: f"{100 * end:.1f}" for name, end in ends.items()
        }
        facts["shown"] = f"{told.fraction} · {told.share} (95% CI {told.interval})"
    counted = [row["endpoint"]]
    counted += [row["statistic"]] if row["statistic"] not in ("proportion", "count") else []
    counted += (
        ["any grade" if row["grade"] == "any" else f"grade {row['grade']}"]
        if row["grade"] != "not applicable"
        else []
    )
    counted += [f"month {facts['month']}"] if facts["month"] else []
    return facts | {
        "what": ", ".join(counted),
        "group": f"{row['arm']}; {row['population']}",
        "where": f"{row['section']}, {row['place']}",
    }


SHOWN = ("shown", "what", "group", "where")


def _row(facts: dict[str, str]) -> str:
    """One row as HTML: what a reader sees, and the same as data for the script."""
    said = {name: escape(word, quote=True) for name, word in facts.items()}
    data = "".join(f' data-{name}="{word}"' for name, word in said.items() if name not in SHOWN)
    ends = f"--low:{said['low']};--mid:{said['percent']};--high:{said['high']}"
    bar = (
        f'<span class="cb-bar" aria-hidden="true" style="{ends}"></span>' if said["percent"] else ""
    )
    flag = f"<strong>Flag: {said['flag']}.</strong> " if said["flag"] else ""
    remark = (
        f'<small class="cb-remark">{flag}{said["note"]}</small>' if flag or said["note"] else ""
    )
    return (
        f'<tr{data}><th scope="row">{said["study"]}<small>{said["disease"]}</small></th>'
        f"<td>{said['what']}<small>{said['group']}</small></td>"
        f"<td>{said['shown']}{bar}<small>{said['where']}</small>{remark}</td></tr>"
    )
