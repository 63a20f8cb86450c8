"""The evidence behind the book's numbers: a page per study with an entry for each reported number.

- Each number has a permanent address, ``evidence/STUDY.html#KEY``, and an object in ``objects.inv``.
  In the book ``{evidence}`KEY``` links to it, and so does every :class:`cartbook.tables.Quote`.
- The pages are made from the tables at the end of a build (``html-collect-pages``). Each entry
  names the sentences, tables and figures of the book that use it (:class:`UseCollector`).
- ``evidence/STUDY.js`` has the same facts in short, for the cards that card.js opens at a number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import pandas as pd
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

from cartbook.escape import in_page
from cartbook.render import html
from cartbook.sphinxext import nodes as book_nodes
from cartbook.sphinxext import report
from cartbook.sphinxext.entries import (
    COUNTS,
    NO_STUDY,
    PLACE,
    Row,
    entry,
    known,
    page_of,
    records,
    rows,
    source,
    what,
)
from cartbook.tables import Quote, load

ALL = "*"  # the key under which a page with the explorer uses every number
FACTS = {
    **{"Product": "product", "Target": "target", "Costimulatory domain": "costimulation"},
    **{"Disease": "disease", "Age group": "age_group", "Phase": "phase", "Design": "design"},
    **{"Country": "country", "Enrolled": "enrolled", "Leukapheresed": "apheresed"},
    "Infused": "infused",
}


# Links


class EvidenceDomain(Domain):
    """Reported numbers as objects that this book and others can link to."""

    name = "evidence"
    label = "Evidence"
    object_types = {"outcome": ObjType("reported number", "outcome")}  # noqa: RUF012  (Sphinx declares it so)
    roles = {"outcome": XRefRole(innernodeclass=nodes.inline, warn_dangling=True)}  # noqa: RUF012

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield each number: key, name, type, page, anchor, and -1 (the search does not list it)."""
        for key, row in rows().items():
            yield key, f"{row['label']}: {what(row)}", "outcome", page_of(row), key, -1

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> nodes.Element | None:
        """Return a link to a number's entry; where there are no entries (EPUB, print, text) its words."""
        row = rows().get(target)
        if row is None:
            return None
        if not node["refexplicit"]:
            contnode = nodes.inline("", str(Quote(pd.Series(row)).text))
        if builder.name != "html":
            return contnode
        link = make_refnode(builder, fromdocname, page_of(row), target, contnode)
        link["classes"].append("evidence")
        return link

    def resolve_any_xref(self, *_: Any) -> list[tuple[str, nodes.Element]]:
        """Find nothing: a key names a number in the role ``evidence`` alone."""
        return []

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        """Do nothing: the tables have it all."""


class EvidenceRole(XRefRole):
    """``{evidence}`KEY``` and ``{evidence}`words <KEY>```: a link to a number's entry."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.name = "evidence:outcome"
        return super().run()


# Where the book uses a number


class UseCollector(EnvironmentCollector):
    """Keep which numbers each page uses: key, anchor, and the sentence or title that shows it."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        uses(env).pop(docname, None)

    def merge_other(
        self, app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
    ) -> None:
        uses(env).update({name: found for name, found in uses(other).items() if name in docnames})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        found = [
            (str(node["reftarget"]), _section(node), sentence(node))
            for node in doctree.findall(addnodes.pending_xref)
            if node.get("refdomain") == "evidence"
        ]
        for data in book_nodes.records(doctree, "figure"):
            keys = data["table"].get("outcomes", ())
            found += [(key, f"fig-{data['id']}", f"Figure: {data['title']}") for key in keys if key]
        if any(True for _ in book_nodes.records(doctree, "explorer")):
            found.append((ALL, "", ""))
        if found:
            uses(app.env)[app.env.docname] = list(dict.fromkeys(found))


def uses(env: BuildEnvironment) -> dict[str, list[tuple[str, str, str]]]:
    """Return the numbers that each page uses."""
    if not hasattr(env, "cartbook_uses"):
        env.cartbook_uses = {}  # type: ignore[attr-defined]  # an environment keeps what extensions put into it
    found: dict[str, list[tuple[str, str, str]]] = env.cartbook_uses  # type: ignore[attr-defined]
    return found


def _parents(node: nodes.Node) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        yield node


def _section(node: nodes.Node) -> str:
    """Return the anchor of the section that a node is in; empty at the top of a page."""
    return next(
        (one["ids"][0] for one in _parents(node) if isinstance(one, nodes.section) and one["ids"]),
        "",
    )


def sentence(node: nodes.Element) -> str:
    """Return the sentence of a paragraph in which a node is."""
    blocks = (
        one
        for one in _parents(node)
        if isinstance(one, nodes.TextElement) and not isinstance(one, nodes.Inline)
    )
    block = next(blocks, node)
    text, place = "", 0
    for part in block.findall(nodes.Text):
        if node in _parents(part):
            place = place or len(text) + 1
        text += part
    starts = [0, *(one.end() for one in re.finditer(r"[.!?][”)]?\s+(?=[A-Z“(\d])", text))]
    start = max(one for one in starts if one < max(place, 1))
    end = min((one for one in starts if one > start), default=len(text))
    return " ".join(text[start:end].split())


# Pages


def pages(app: Sphinx) -> dict[str, list[Row]]:
    """Return the rows of each page: of all if the book has the explorer, else of those it quotes."""
    quoted = {key for items in uses(app.env).values() for key, *_ in items}
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows().values():
        found[page_of(row)].append(row)
    wanted = {page_of(row) for key, row in rows().items() if quoted & {key, ALL}}
    return {page: study for page, study in sorted(found.items()) if page in wanted}


def study_page(app: Sphinx, page: str, study: list[Row]) -> dict[str, Any]:
    """Return a study with its entries as a record."""
    first, several = study[0], study[0]["study_id"] in (NO_STUDY, COUNTS)
    judged, places = _judged(), _places(app)
    topics: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in study:
        made = entry(row, study, judged[row["outcome_id"]])
        made |= {"uses": places[row["outcome_id"]], "problem": _problem(app, page, row, made)}
        topics[row["topic"]].append(made)
    return {
        "kind": "study",
        "title": "Reports of no single study" if first["study_id"] == NO_STUDY else first["label"],
        "facts": []
        if several
        else [(name, words) for name, of in FACTS.items() if (words := known(first, of))],
        "registry": [] if several else known(first, "registry_id").split("; "),
        "note": "" if several else known(first, "study_note"),
        "explorer": "" if several else _explorer(app, first["label"]),
        "topics": dict(topics),
        "sources": list({row["source_id"]: source(row) for row in study}.values()),
    }


def _judged() -> dict[str, list[Row]]:
    """Return the rows of comparisons.csv by the outcomes that they name."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in records(load("comparisons")):
        for name in ("outcome_id", "other_id"):
            found[row[name]].append(row)
    return found


def _places(app: Sphinx) -> dict[str, list[dict[str, str]]]:
    """Return where the book uses each number: address, page and words."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for docname, items in sorted(uses(app.env).items()):
        for key, anchor, words in items:
            there = f"../{app.builder.get_target_uri(docname)}{f'#{anchor}' if anchor else ''}"
            title = app.env.titles[docname].astext()
            found[key].append({"address": there, "title": title, "words": words})
    return found


def _explorer(app: Sphinx, label: str) -> str:
    """Return the address of the explorer, filtered by a study; empty if the book has none."""
    found = (name for name, items in uses(app.env).items() if (ALL, "", "") in items)
    page = next(found, "")
    query = urlencode({"study": label})
    return f"../{app.builder.get_target_uri(page)}?{query}" if page else ""


def _problem(app: Sphinx, page: str, row: Row, made: dict[str, Any]) -> dict[str, str]:
    """Return the text of a report about a number, and the address of a form that is filled with it."""
    there = urljoin(app.config.html_baseurl, f"{page}.html#{row['outcome_id']}")
    words = f"{made['study']}: {made['label']}, {made['number']} ({made['source']['short']})"
    text = report.text_of(words, there, report.version(Path(app.srcdir)), row["as_of"])
    repository, title = app.config.cartbook_repository, f"Problem with {row['outcome_id']}"
    return {"text": text, "link": report.new_issue(repository, title, text) if repository else ""}


def _collect(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write the pages and the scripts of their cards, and let the search know the studies."""
    found, folder = pages(app), Path(app.outdir) / PLACE
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.js"):
        if f"{PLACE}/{old.stem}" not in found:
            old.unlink()
    for page, study in found.items():
        made = study_page(app, page, study)
        entries = [one for topic in made["topics"].values() for one in topic]
        cards = {one["key"]: html(one, "card") for one in entries}
        cited = {one["id"]: one["bibtex"] for one in made["sources"]}
        script = f"bookEvidence({in_page(cards)},{in_page(cited)});\n"
        (folder / f"{Path(page).name}.js").write_text(script, encoding="utf-8")
        title = f"{made['title']}: reported numbers"
        about = f"The {len(study)} numbers reported of {made['title']}, with population, interval and source."
        app.env.cartbook_about[page] = {"description": about}  # type: ignore[attr-defined]
        doctree = new_document(page)
        doctree += nodes.section("", nodes.title(text=title), nodes.paragraph(text=_searched(made)))
        app.builder.index_page(page, doctree, title)  # type: ignore[attr-defined]
        yield page, {"title": title, "body": html(made)}, "page.html"


def _searched(made: dict[str, Any]) -> str:
    """Return what the search knows of a study: its facts, end points and sources."""
    labels = [one["label"] for topic in made["topics"].values() for one in topic]
    sources = [one["short"] for one in made["sources"]]
    facts = [words for _, words in made["facts"]]
    return ". ".join(dict.fromkeys([*facts, *made["registry"], *labels, *sources]))


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.sphinxext)."""
    app.add_domain(EvidenceDomain)
    app.add_role("evidence", EvidenceRole(innernodeclass=nodes.inline, warn_dangling=True))
    app.add_env_collector(UseCollector)
    app.connect("html-collect-pages", _collect)
