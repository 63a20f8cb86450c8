"""Directives for pages that are made from the data and from front matter: glossary, data dictionary, lesson plans."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.domains.std import Glossary
from sphinx.util.docutils import SphinxDirective

from cartbook.escape import as_markdown
from cartbook.rules import RULES
from cartbook.sphinxext import lesson_plans
from cartbook.sphinxext.explorer import EvidenceExplorer
from cartbook.sphinxext.nodes import node_of


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
