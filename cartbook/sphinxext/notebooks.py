"""Downloaded notebooks: a chapter as it was executed, for any Jupyter, without Sphinx or MyST.

Values are filled into sentences, citations and links lead somewhere, exercises have the site's numbers,
solutions and set-up code are folded, and the words and numbers of a chart follow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from nbformat import NotebookNode
from pybtex.database import Entry, parse_file

from cartbook.escape import as_markdown
from cartbook.figures import MIME as FIGURE_MIME
from cartbook.quizzes import MIME as QUIZ_MIME
from cartbook.quizzes import source_shown
from cartbook.render import render

ZIP_NAME = "car-t-in-numbers-notebooks.zip"  # all of them
DIRECTIVE = re.compile(
    r"^:{3,}\{([a-z-]+)\}[ ]?(.*)\n((?::[a-z-]+:.*\n)*)(?::{3,}\n)?", re.MULTILINE
)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
SOLVED = "<!-- the solution ends here -->"  # not shown; a notebook without solutions is cut there
#: lines at which a cell ends and another begins
PARTS = re.compile(
    rf"^(?=### Exercise \d)|^(#### Solution)$|(?<=^{re.escape(SOLVED)}\n)", re.MULTILINE
)
FOLDED = {
    "jp-MarkdownHeadingCollapsed": True
}  # JupyterLab then hides all cells up to the next heading of this or a higher level
HIDDEN = {"jupyter": {"source_hidden": True}}
#: for a whole chapter alone: a class gets no solutions, and one folder
ASIDE = """Set-up code and solutions are folded: click on the dots, or on the arrow beside *Solution*.
Links to data and to other chapters work in the unpacked `{zip}`.

"""
FIRST = """*{title}*, a chapter of CAR-T in Numbers, with its outputs.

**To work with it, choose *Run*, then *Run All Cells* first.** The cells need each other in their order.
The book's package has to be installed once, from the folder in which this notebook and the wheel are:

```
python -m pip install ./{wheel}
```

{aside}Words and figures CC BY 4.0, code MIT. Not medical advice; not yet clinically reviewed."""


def citations(bibliography: Path) -> dict[str, str]:
    """Return a Markdown citation, as ``[Lee et al. 2014](https://doi.org/...)``, for each key of a BibTeX file."""
    return {key: _citation(entry) for key, entry in parse_file(str(bibliography)).entries.items()}


def _citation(entry: Entry) -> str:
    fields, authors = entry.fields, entry.persons.get("author", [])
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in authors]
    names = [re.sub(r"[{}]", "", name) for name in names if name != "others"]
    names = names or [fields.get("title", entry.key)]
    who = f"{names[0]} et al." if len(authors) > 2 else " and ".join(names)
    words = as_markdown(f"{who} {fields['year']}")
    address = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", "")
    return f"[{words}]({quote(address, safe=':/')})" if address else words


def slug(heading: str) -> str:
    """Return the anchor that MyST gives a heading (as GitHub does)."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace(" ", "-"))


def anchor(heading: str) -> str:
    """Return the anchor that Jupyter gives a heading: its text, with hyphens for spaces."""
    return quote(re.sub(r"[*`\\]", "", heading.strip()).replace(" ", "-"), safe="")


@dataclass
class Book:
    """What a notebook has to know of the others: citations, headings by page and slug, and the site's address, if it has one."""

    wheel: str
    zip: str
    citations: dict[str, str] = field(default_factory=dict)
    anchors: dict[str, dict[str, str]] = field(default_factory=dict)
    address: str = ""

    def add(self, name: str, source: str) -> None:
        """Note a page that becomes a notebook, and its headings."""
        prose = re.sub(r"^```.*?^```$", "", source, flags=re.DOTALL | re.MULTILINE)
        self.anchors[name] = {slug(title): anchor(title) for title in HEADING.findall(prose)}

    def link(self, own: str, words: str, target: str) -> str:
        """Return a link of a page as a notebook can follow it: to a notebook, a table or the site; its words alone if there is none of them."""
        path, _, section = target.partition("#")
        if re.match(r"[a-z]+:", target):
            return f"[{words}]({target})"
        if path.startswith("../data/"):
            return f"[{words}]({path.removeprefix('../')})"
        name = Path(path).stem if path else own
        if name in self.anchors and (not path or path.endswith(".md")):
            place = self.anchors[name].get(section, "")
            address = (f"{name}.ipynb" if path else "") + (f"#{place}" if place else "")
        elif self.address:
            page = f"chapters/{Path(path).with_suffix('.html').name}"
            page = path.removeprefix("../") if path.startswith("../") else page
            address = self.address + page + (f"#{section}" if section else "")
        else:
            address = ""
        return f"[{words}]({address})" if address else words


def plain(text: str, values: list[str], book: Book, own: str, exercises: dict[str, int]) -> str:
    """Return MyST as plain Markdown: values (taken from the front of the list) filled in, roles, links and directives undone."""

    def cited(keys: str) -> list[str]:
        return [book.citations[key.strip()] for key in keys.split(",")]

    def opening(found: re.Match[str]) -> str:
        kind, title = found[1], found[2]
        if kind == "exercise-start":
            label = re.search(r"^:label: (\S+)$", found[3], re.MULTILINE)
            return f"### Exercise {exercises[label[1]] if label else ''}\n\n"
        if kind == "solution-start":
            return "#### Solution\n\n"
        if kind == "hint":
            return "**Hint.** "
        if kind.endswith("-end"):
            return f"{SOLVED}\n" if kind == "solution-end" else ""
        return f"**{title}**\n\n" if title else ""

    def link(found: re.Match[str]) -> str:
        return book.link(own, found["words"], found["target"])

    text = re.sub(r"{eval}`[^`]*`", lambda _: as_markdown(values.pop(0)), text)
    text = re.sub(r"{term}`([^`<]*?)(?: <[^`]*>)?`", r"\1", text)
    text = re.sub(r"{cite:t}`([^`]*)`", lambda found: ", ".join(cited(found[1])), text)
    text = re.sub(r"{cite(?::p)?}`([^`]*)`", lambda found: f"({'; '.join(cited(found[1]))})", text)
    text = DIRECTIVE.sub(opening, text)
    text = re.sub(r"^:{3,}$\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r'<a href="(?P<target>[^"]*)"[^>]*>(?P<words>.*?)</a>', link, text)
    return re.sub(r"(?<!!)\[(?P<words>[^\[\]]*)\]\((?P<target>[^()\s]+)\)", link, text)


def _split(source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the cells of a Markdown cell: exercises begin one, and a solution's heading is one by itself, folded."""
    for piece in PARTS.split(source):
        if piece and piece.strip():
            yield piece.strip(), dict(FOLDED) if piece == "#### Solution" else {}


def chart_words(record: dict[str, Any]) -> str:
    """Return what the site says under a chart as Markdown: how to read it, its source, its description and its table."""
    words = {name: as_markdown(record[name]) for name in ("reading", "source", "alt")}
    return str(render("notebook-chart.md", table=record["table"], **words))


def _markdown(source: str, **metadata: Any) -> NotebookNode:
    return NotebookNode(cell_type="markdown", metadata=NotebookNode(metadata), source=source)


def _code(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Yield a code cell for any Jupyter, a quiz without readable answers, and after it the words of its charts."""
    cell.source = source_shown(cell)
    folded = {"remove-input", "hide-input"} & set(cell.metadata.get("tags", []))
    cell.metadata = NotebookNode(HIDDEN if folded else {})
    yield cell
    for output in cell.outputs:
        if "data" in output:
            output.metadata = NotebookNode()
            output.data.pop(QUIZ_MIME, None)
            record = output.data.pop(FIGURE_MIME, {})
            if record.get("kind") == "figure":
                yield _markdown(chart_words(record))


def notebook(
    path: Path, title: str, values: list[str], book: Book, exercises: dict[str, int]
) -> str:
    """Return a downloaded notebook, from the one that the build executed; ``exercises`` gives the numbers of its exercises by label.

    Raise ValueError if a value is left over or lacking, or if a key is not in the bibliography.
    """
    rest, name = list(values), path.stem
    aside = ASIDE.format(zip=book.zip)
    cells = [_markdown(FIRST.format(title=title, wheel=book.wheel, aside=aside))]
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            cells += _code(cell)
        elif cell.cell_type == "markdown":
            try:
                source = plain(cell.source, rest, book, name, exercises)
            except IndexError:
                raise ValueError(
                    f"{name}: the page shows fewer values than its text asks for"
                ) from None
            except KeyError as error:
                raise ValueError(
                    f"{name}: {error} is no reference or exercise of the book"
                ) from None
            cells += [_markdown(text, **metadata) for text, metadata in _split(source)]
    if rest:
        raise ValueError(f"{name}: {len(rest)} values of the page are left over")
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = NotebookNode(kernelspec=kernel, language_info={"name": "python"})
    made = NotebookNode(cells=cells, metadata=metadata, nbformat=4, nbformat_minor=5)
    return str(nbformat.writes(made)) + "\n"
