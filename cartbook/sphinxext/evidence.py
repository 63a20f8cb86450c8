"""The evidence behind the book's numbers: a page per study with an entry for each reported number.

- Each number has a permanent address, ``evidence/STUDY.html#KEY``, and an object in ``objects.inv``.
  In the book ``{evidence}`KEY``` links to it, and so does every :class:`cartbook.tables.Quote`.
- The pages are made from the tables at the end of a build. Each entry names the sentences and
  figures of the book that use it.
- ``evidence/STUDY.js`` has the entries in short, for the cards that card.js opens at a number.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import pandas as pd
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node

from cartbook.escape import in_page
from cartbook.paths import PACKAGE
from cartbook.render import html
from cartbook.sphinxext import nodes as book_nodes
from cartbook.sphinxext import report
from cartbook.sphinxext.assets import styles_version
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
from cartbook.sphinxext.store import digest
from cartbook.tables import Quote, load

Use = tuple[str, str, str]  # key of a number, anchor in the page, the words that show it
WRITTEN = "studies.json"  # beside the doctrees: what each page was made of in the last build
ALL = "*"  # the key under which a page with the explorer uses every number
FACTS = {
    **{"Product": "product", "Target": "target", "Costimulatory domain": "costimulation"},
    **{"Disease": "disease", "Age group": "age_group", "Phase": "phase", "Design": "design"},
    **{"Country": "country", "Enrolled": "enrolled", "Leukapheresed": "apheresed"},
    "Infused": "infused",
}


class EvidenceRole(XRefRole):
    """``{evidence}`KEY``` and ``{evidence}`words <KEY>```: a link to a number's entry."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.name = "evidence:outcome"
        return super().run()


class EvidenceDomain(Domain):
    """Reported numbers as objects that this book and others can link to, and where they are used."""

    name = "evidence"
    label = "Evidence"
    object_types = {"outcome": ObjType("reported number", "outcome")}  # noqa: RUF012
    roles = {"outcome": XRefRole(innernodeclass=nodes.inline)}  # noqa: RUF012
    initial_data: dict[str, Any] = {"uses": {}}  # noqa: RUF012  (Sphinx copies it)
    data_version = 1

    @property
    def uses(self) -> dict[str, list[Use]]:
        """The numbers that each page uses."""
        found: dict[str, list[Use]] = self.data["uses"]
        return found

    def clear_doc(self, docname: str) -> None:
        self.uses.pop(docname, None)

    def merge_domaindata(self, docnames: Any, otherdata: dict[str, Any]) -> None:
        self.uses.update({name: of for name, of in otherdata["uses"].items() if name in docnames})

    def process_doc(self, env: Any, docname: str, document: nodes.document) -> None:
        """Note the numbers that a page quotes or draws, each with its sentence or the figure's title."""
        found = [
            (str(node["reftarget"]), _section(node), sentence(node))
            for node in document.findall(addnodes.pending_xref)
            if node.get("refdomain") == self.name
        ]
        for data in book_nodes.records(document, "figure"):
            place = (f"fig-{data['id']}", f"Figure: {data['title']}")
            found += [(key, *place) for key in data["table"].get("outcomes", ()) if key]
        for data in book_nodes.records(document, "findings"):
            lines = [line for part in data["parts"] for line in part["lines"]]
            found += [(line["key"], data["id"], f"Table: {line['outcome']}") for line in lines]
        found += [(ALL, "", "") for _ in book_nodes.records(document, "explorer")]
        if found:
            self.uses[docname] = list(dict.fromkeys(found))

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield each number: key, name, type, page, anchor, and -1 (the search does not list it)."""
        for page, study in pages(self.env).items():
            for row in study:
                name = f"{row['label']}: {what(row)}"
                yield row["outcome_id"], name, "outcome", page, row["outcome_id"], -1

    def resolve_xref(
        self,
        env: Any,
        fromdocname: str,
        builder: Any,
        typ: str,
        target: str,
        node: Any,
        contnode: Any,
    ) -> nodes.Element | None:
        """Return a link to a number's entry; where there are no entries (EPUB, PDF) its words."""
        row = rows().get(target)
        if row is None:
            return None
        if not node["refexplicit"]:
            contnode = nodes.inline("", str(Quote(pd.Series(row)).text))
        if builder.name != "html":
            words: nodes.Element = contnode
            return words
        link = make_refnode(builder, fromdocname, page_of(row), target, contnode)
        link["classes"].append("evidence")
        return link

    def resolve_any_xref(self, *_: Any) -> list[tuple[str, nodes.Element]]:
        """Find nothing: a key names a number in the role ``evidence`` alone."""
        return []


def _parents(node: nodes.Node) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        yield node


def _section(node: nodes.Node) -> str:
    """Return the anchor of the section or exercise that a node is in; empty at the top of a page.

    The section within an exercise has no address of its own (``compat.correct_ids``).
    """
    places = (nodes.section, exercise_node, exercise_enumerable_node, solution_node)
    found = (one["ids"] for one in _parents(node) if isinstance(one, places))
    ids = (one for these in found for one in these[:1] if not one.endswith("-content"))
    return str(next(ids, ""))


def sentence(node: nodes.Element) -> str:
    """Return the sentence of a paragraph in which a node is."""
    texts = (nodes.paragraph, nodes.title, nodes.term, nodes.caption)
    block = next((one for one in _parents(node) if isinstance(one, texts)), node)
    text, place = "", 0
    for part in block.findall(nodes.Text):
        if node in _parents(part):
            place = place or len(text)
        text += part
    starts = [
        0,
        *(one.end() for one in re.finditer(r"[.!?][”)]?\s+(?=[A-Z“(\d])", text)),
        len(text),
    ]
    start = max(one for one in starts if one <= place)
    return " ".join(text[start : min((one for one in starts if one > start), default=None)].split())


# Pages


def pages(env: BuildEnvironment) -> dict[str, list[Row]]:
    """Return the rows of each page: of all if the book has the explorer, else of those it quotes."""
    used = {key for items in _domain(env).uses.values() for key, *_ in items}
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows().values():
        found[page_of(row)].append(row)
    wanted = {page_of(row) for key, row in rows().items() if used & {key, ALL}}
    return {page: study for page, study in sorted(found.items()) if page in wanted}


def _domain(env: BuildEnvironment) -> EvidenceDomain:
    found = env.get_domain(EvidenceDomain.name)
    assert isinstance(found, EvidenceDomain)
    return found


def title_of(page: str, first: Row) -> str:
    """Return the title of a page whose first row is given."""
    return "Reports of no single study" if page.endswith("other") else str(first["label"])


class Site:
    """What the pages of a build share."""

    def __init__(self, app: Sphinx) -> None:
        self.app = app
        #: rows of comparisons.csv by the outcomes that they name; places of the book by key
        self.judged: dict[str, list[Row]] = defaultdict(list)
        self.places: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.explorer = ""
        for row in records(load("comparisons")):
            for name in ("outcome_id", "other_id"):
                self.judged[row[name]].append(row)
        for docname, items in sorted(_domain(app.env).uses.items()):
            there = f"../{app.builder.get_target_uri(docname)}"
            for key, anchor, words in items:
                place = {"title": app.env.titles[docname].astext(), "words": words}
                self.places[key].append({"address": f"{there}#{anchor}".rstrip("#"), **place})
                self.explorer = there if key == ALL else self.explorer

    def made_of(self, study: list[Row]) -> str:
        """Return all that a study's record is made of, as text: cheaper to compare than the record."""
        used = [(self.places[row["outcome_id"]], self.judged[row["outcome_id"]]) for row in study]
        return repr((study, used, self.explorer, report.book_version(Path(self.app.srcdir))))

    def record(self, page: str, study: list[Row]) -> dict[str, Any]:
        """Return a study with its entries as a record."""
        first, one = study[0], study[0]["study_id"] not in (NO_STUDY, COUNTS)
        topics: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in study:
            made = entry(row, study, self.judged[row["outcome_id"]])
            made |= {
                "uses": self.places[row["outcome_id"]],
                "problem": self._problem(page, row, made),
            }
            topics[row["topic"]].append(made)
        facts = [(name, words) for name, of in FACTS.items() if (words := known(first, of))]
        query = urlencode({"study": first["label"]})
        return {
            "kind": "study",
            "title": title_of(page, first),
            "facts": facts if one else [],
            "registry": known(first, "registry_id").split("; ") if one else [],
            "note": known(first, "study_note") if one else "",
            "explorer": f"{self.explorer}?{query}" if one and self.explorer else "",
            "topics": dict(topics),
            "sources": list({row["source_id"]: source(row) for row in study}.values()),
        }

    def _problem(self, page: str, row: Row, made: dict[str, Any]) -> dict[str, str]:
        """Return the text of a report on a number, and the address of a form filled with it."""
        config, version = self.app.config, report.book_version(Path(self.app.srcdir))
        there = urljoin(config.html_baseurl, f"{page}.html#{row['outcome_id']}")
        words = f"{made['study']}: {made['label']}, {made['number']} ({made['source']['short']})"
        text = report.report_text(words, there, version, row["as_of"])
        repository = config.cartbook_repository
        link = report.new_issue(repository, row["outcome_id"], text) if repository else ""
        return {"text": text, "link": link}


def _index(app: Sphinx, error: Exception | None) -> None:
    """Write the search index again, with the studies: Sphinx leaves out what has no source file."""
    searched = getattr(app, "cartbook_searched", {})
    indexer = getattr(app.builder, "indexer", None)
    if error or not searched or indexer is None:
        return
    for page, doctree in searched.items():
        indexer.feed(page, "", doctree["title"], doctree)
    with (Path(app.outdir) / "searchindex.js").open("w", encoding="utf-8") as file:
        indexer.dump(file, app.builder.indexer_format)  # type: ignore[attr-defined]


def _searched(title: str, first: Row) -> nodes.document:
    """Return what the search knows of a study: its names, not its numbers, so the index stays small."""
    names = known(first, "trial_name", "product", "registry_id", "first_author")
    found = new_document("")
    found["title"] = title
    found += nodes.paragraph(text=f"{title}; {names}")
    return found


def _shared(app: Sphinx) -> str:
    """Return what every page of a study has besides its record: the book's contents, code, settings."""
    builder, env = app.builder, app.env
    assert isinstance(builder, StandaloneHTMLBuilder)
    titles = sorted((name, title.astext()) for name, title in env.titles.items())
    settings = (builder.build_info.config_hash, builder.build_info.tags_hash, styles_version())
    shared = hashlib.sha256(repr((titles, sorted(env.toctree_includes.items()), settings)).encode())
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            shared.update(path.read_bytes())
    return shared.hexdigest()


def _collect(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write the pages and the scripts of their cards, and let the search know the studies.

    A page that would be as the last build wrote it is left as it is. An EPUB has no such pages:
    there a number is words, not a link (see ``resolve_xref``).
    """
    if app.builder.name != "html":
        return
    found, folder, site = pages(app.env), Path(app.outdir) / PLACE, Site(app)
    shared, store = _shared(app), Path(app.doctreedir) / WRITTEN
    before = json.loads(store.read_text(encoding="utf-8")) if store.is_file() else {}
    written: dict[str, str] = {}
    searched: dict[str, nodes.document] = {}
    app.cartbook_searched = searched  # type: ignore[attr-defined]
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if f"{PLACE}/{old.stem}" not in found:
            old.unlink()
    for page, study in found.items():
        of = title_of(page, study[0])
        title, about = f"Numbers of {of}", f"{len(study)} numbers reported of {of}"
        about += ", with population, interval, source."
        app.env.metadata[page] = {"book": json.dumps({"description": about})}
        searched[page] = _searched(title, study[0])
        written[page] = digest(f"{shared}{site.made_of(study)}")
        if before.get(page) == written[page] and (folder / f"{Path(page).name}.html").is_file():
            continue
        made = site.record(page, study)
        entries = [one for topic in made["topics"].values() for one in topic]
        cards = {one["key"]: html(one, "card") for one in entries}
        cited = {one["id"]: one["bibtex"] for one in made["sources"]}
        script = f"bookEvidence({in_page(cards)},{in_page(cited)});\n"
        (folder / f"{Path(page).name}.js").write_text(script, encoding="utf-8")
        yield page, {"title": title, "body": html(made)}, "page.html"
    store.write_text(json.dumps(written), encoding="utf-8")


def _contents_once(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Make the book's contents once for all pages of studies: none of them is in it, so it is the same on each."""
    if pagename.startswith(f"{PLACE}/") and "toctree" in context:
        known = getattr(app, "cartbook_contents", None) or cache(context["toctree"])
        app.cartbook_contents = known  # type: ignore[attr-defined]
        context["toctree"] = known


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.sphinxext)."""
    app.add_domain(EvidenceDomain)
    app.add_role("evidence", EvidenceRole(innernodeclass=nodes.inline, warn_dangling=True))
    app.connect("html-collect-pages", _collect)
    app.connect("html-page-context", _contents_once, priority=400)  # the theme asks for it at 500
    app.connect("build-finished", _index)
