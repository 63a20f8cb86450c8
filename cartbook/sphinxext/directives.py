"""Pages that are made from the data and from front matter: glossary, data dictionary, lesson plans, evidence explorer."""

from __future__ import annotations

import csv
import json
import re
import zlib
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.domains.std import Glossary
from sphinx.util.docutils import SphinxDirective

from cartbook.escape import as_markdown
from cartbook.rules import RULES
from cartbook.sphinxext import lesson_plans
from cartbook.sphinxext.nodes import node_of, paper
from cartbook.tables import Reported, evidence


def front_matter(text: str) -> dict[str, Any]:
    """A page's front matter; an empty dictionary if it has none."""
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return (yaml.safe_load(found[1]) if found else None) or {}


class GlossaryTable(Glossary):
    """``{glossary-table}``: every term of data/glossary.csv, so that ``{term}`` can link to it."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        with (Path(self.env.srcdir) / "data" / "glossary.csv").open(
            encoding="utf-8", newline=""
        ) as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["term"].lower())
        self.env.note_dependency(str(Path(self.env.srcdir) / "data" / "glossary.csv"))
        lines: list[str] = []
        for row in rows:
            names = [
                row["term"],
                *(
                    name
                    for name in row["also"].split("; ")
                    if name not in ("none", "not applicable")
                ),
            ]
            lines += [*dict.fromkeys(names), f"   {as_markdown(row['definition'])}", ""]
        self.content = StringList(lines, source="data/glossary.csv")
        return super().run()


def _section(title: str, name: str, *children: nodes.Node) -> nodes.section:
    section = nodes.section("", nodes.title(text=title), *children, ids=[name])
    section["names"].append(nodes.fully_normalize_name(title))
    return section


def _html(text: str, words: str = "") -> nodes.raw:
    """Return HTML as a node; ``words`` are its text, for the search (cartbook.sphinxext.search)."""
    return nodes.raw(text=text, format="html", words=words)


class DataDictionary(SphinxDirective):
    """``{data-dictionary}``: every table and column, as data/datapackage.json describes them."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "data" / "datapackage.json"
        self.env.note_dependency(str(path))
        self.env.note_dependency(str(Path(self.env.srcdir) / "cartbook" / "rules.py"))
        sections: list[nodes.Node] = []
        for table in json.loads(path.read_text(encoding="utf-8"))["resources"]:
            fields = [
                {**field, "allowed": field.get("constraints", {}).get("enum", [])}
                for field in table["schema"]["fields"]
            ]
            sources = [one for one in table["sources"] if "path" in one]
            data = {
                "kind": "dictionary",
                "file": table["path"],
                "sources": sources,
                "fields": fields,
            }
            sentences = dict.fromkeys(
                f"{rule.sentence}." for rule in RULES if rule.tables[0] == table["name"]
            )
            rules = nodes.bullet_list(
                "", *(nodes.list_item("", nodes.paragraph(text=sentence)) for sentence in sentences)
            )
            extra = (
                [nodes.paragraph(text="Rules, beyond types and allowed values:"), rules]
                if sentences
                else []
            )
            description = nodes.paragraph(text=table["description"])
            sections.append(
                _section(
                    table["title"], f"table-{table['name']}", description, node_of(data), *extra
                )
            )
        return sections


class LessonPlans(SphinxDirective):
    """``{lesson-plans}``: what each chapter's front matter says to a teacher."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        sections: list[nodes.Node] = []
        for docname in self.env.found_docs and list(self.config.external_site_map):
            path = Path(self.env.srcdir) / f"{docname}.md"
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            about = front_matter(text).get("book", {})
            if "minutes" not in about:
                continue
            needs = [_title(Path(self.env.srcdir), one) for one in about.get("prerequisites", [])]
            data = lesson_plans.record(lesson_plans.Chapter(docname, about, text), needs)
            sections.append(_section(about["title"], f"lesson-{Path(docname).name}", node_of(data)))
        return sections


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
        for name in ("outcomes.csv", "studies.csv", "datapackage.json"):
            self.env.note_dependency(str(Path(self.env.srcdir) / "data" / name))
        rows = evidence()
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
        table = f"<table><caption>The numbers that the review reports of each study</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        rest, note = self._rest(facts[FIRST:])
        notice = '<p class="cb-notice" hidden></p>'
        page = _html(
            f'<div class="cb-explorer"{rest}>{form}{notice}<p class="cb-said" aria-live="off"></p>{note}{table}</div>'
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
        "caption": "The numbers that the review reports of each study",
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
    told = Reported(row)
    facts = {name: str(row[name]) for name in (*FILTERS, "grade", "population", "unit", "section")}
    facts |= {name: "" if row[name] == "none" else str(row[name]) for name in ("flag", "note")}
    facts |= {"study": row["label"], "value": str(told.number), "place": str(place)}
    facts |= dict.fromkeys(("n", "events", "percent", "low", "high"), "")
    facts["month"] = "" if pd.isna(row["at_month"]) else str(row["at_month"])
    facts["shown"] = str(told.text)
    if pd.notna(row["denominator"]):
        share = told.proportion
        ends = {"percent": share.estimate, "low": share.low, "high": share.high}
        facts |= {"n": str(share.denominator), "events": str(share.events)} | {
            name: f"{100 * end:.1f}" for name, end in ends.items()
        }
        facts["shown"] = (
            f"{told.fraction} · {told.share} (95\N{NO-BREAK SPACE}% CI {told.interval})"
        )
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


def _title(top: Path, name: str) -> str:
    """The short title of a chapter named by its file."""
    path = top / "chapters" / f"{name}.md"
    return (
        str(front_matter(path.read_text(encoding="utf-8"))["book"]["title"])
        if path.is_file()
        else name
    )


DIRECTIVES = {
    "glossary-table": GlossaryTable,
    "data-dictionary": DataDictionary,
    "lesson-plans": LessonPlans,
    "evidence-explorer": EvidenceExplorer,
}
