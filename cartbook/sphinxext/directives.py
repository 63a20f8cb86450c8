"""Directives for pages that are made from the data: glossary, data dictionary, history."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.domains.std import Glossary
from sphinx.util.docutils import SphinxDirective

from cartbook import changes
from cartbook.datapackage import read_descriptor
from cartbook.escape import as_markdown
from cartbook.figures import table
from cartbook.rules import RULES
from cartbook.sphinxext.nodes import node_of, section


class GlossaryTable(Glossary):
    """``{glossary-table}``: every term of data/glossary.csv, so that ``{term}`` can link to it."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "data" / "glossary.csv"
        self.env.note_dependency(str(path))
        with path.open(encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["term"].lower())
        lines: list[str] = []
        for row in rows:
            also = [one for one in row["also"].split("; ") if one not in ("none", "not applicable")]
            names = dict.fromkeys([row["term"], *also])
            lines += [*names, f"   {as_markdown(row['definition'])}", ""]
        self.content = StringList(lines, source="data/glossary.csv")
        return super().run()


class DataDictionary(SphinxDirective):
    """``{data-dictionary}``: every table and column, as data/datapackage.json describes them."""

    def run(self) -> list[nodes.Node]:
        top = Path(self.env.srcdir)
        self.env.note_dependency(str(top / "data" / "datapackage.json"))
        for module in ("rules", "statements"):
            self.env.note_dependency(str(top / "cartbook" / f"{module}.py"))
        return [self._table(table) for table in read_descriptor(top / "data")["resources"]]

    def _table(self, table: dict[str, Any]) -> nodes.section:
        fields = [
            {**field, "allowed": field.get("constraints", {}).get("enum", [])}
            for field in table["schema"]["fields"]
        ]
        sources = [source for source in table["sources"] if "path" in source]
        data = {"file": table["path"], "sources": sources, "fields": fields}
        parts = [
            nodes.paragraph(text=table["description"]),
            node_of({"kind": "dictionary", **data}),
        ]
        rules = (f"{rule.sentence}." for rule in RULES if rule.tables[0] == table["name"])
        if items := [
            nodes.list_item("", nodes.paragraph(text=one)) for one in dict.fromkeys(rules)
        ]:
            parts.append(nodes.paragraph(text="Rules, beyond types and allowed values:"))
            parts.append(nodes.bullet_list("", *items))
        return section(table["title"], *parts, id=f"table-{table['name']}")


class DataChanges(SphinxDirective):
    """``{data-changes}``: what each version of the data changed, the newest first."""

    def run(self) -> list[nodes.Node]:
        data = Path(self.env.srcdir) / "data"
        self.env.note_dependency(str(data / f"{changes.NAME}.csv"))
        return [self._version(one) for one in changes.versions(data)]

    def _version(self, version: changes.Version) -> nodes.section:
        rows = pd.DataFrame(
            {
                "Table": row["table_name"],
                **{
                    name: int(row[name.lower()]) for name in ("Rows", "Added", "Changed", "Removed")
                },
                "What changed": row["what"] or "as counted",
            }
            for row in version.tables
        )
        shown = table(rows, caption=f"{version.title}, {version.day}")
        return section(version.title, node_of(shown.to_record()), id=version.anchor)


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("glossary-table", GlossaryTable)
    app.add_directive("data-dictionary", DataDictionary)
    app.add_directive("data-changes", DataChanges)
