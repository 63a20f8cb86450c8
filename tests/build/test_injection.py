"""Text that is written to do harm is refused where it comes in, or comes out as mere text in every form."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
import sys
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from helpers import TOP, build, run, small_book
from markdown_it import MarkdownIt

from cartbook.validate import read_descriptor, validate_table

REFUSED = {
    "script": "<script>alert(1)</script>",
    "picture": "\"'><img src=x onerror=alert(1)>",
    "end of script": "</script>",
    "comment": "<!--",
    "address": "[here](javascript:alert(1))",
    "formula": '=HYPERLINK("http://x")',
    "plus": "+1",
    "at": "@SUM(A1)",
    "minus": "-2+3",
    "right-to-left": "a\u202eb",
    "mark": "a\u200fb",
    "100 kB": "x" * 100_000,
}
#: allowed, since 5 < 6 is said in tables; must stay what it is
STRANGE = "]]> \"'> &lt;b&gt; 5 < 6 {{ x }} ${y} %s \\u003c 'a','b'"
HARM = "</script><script>alert(1)</script><img src=x onerror=alert(1)>" + STRANGE

CHAPTER = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
book:
  title: Hostile
  description: A chapter made for a test, whose data are written to do harm.
  part: I
  level: introductory
  minutes: {reading: 1, doing: 1}
  as_of: today
  data: [studies.csv]
  objectives: [Stay unharmed]
---

# Hostile

```{code-cell} ipython3
:tags: [remove-input]
import json
from pathlib import Path
import altair as alt
import pandas as pd
from cartbook import Choice, Number, Order, figure, load, quiz, table
harm = json.loads(Path("HARM").read_text(encoding="utf-8"))
strange = load("studies")["note"].iloc[0]
rows = pd.DataFrame({harm: [harm, harm + "2"], "n": [1, 2]})
chart = alt.Chart(rows.rename(columns={harm: "name"})).mark_bar().encode(x="n:Q", y="name:N", tooltip="name:N")
figure(chart, id="harm", title=harm, reading=harm, alt="A bar chart of two bars with hostile names: " + harm, table=rows, source=harm)
```

```{code-cell} ipython3
:tags: [remove-input]
table(rows, caption=harm)
```

```{code-cell} ipython3
:tags: [remove-input]
quiz("harm", {
    harm: [Choice(harm, True, harm), Choice(harm + "2", False, harm)],
    strange: [Choice(strange, True, strange), Choice(strange + "2", False, strange)],
    strange + " three": Number(1, "%", strange, 0.1, strange, {2: strange}),
    strange + " four": Order([(strange, strange), (strange + "2", strange), (strange + "3", strange)], strange),
})
```

:::{admonition} In one sentence
:class: answer
The note of the first study is: {eval}`strange`, and harm is {eval}`harm`.
:::

## Takeaways

- Once more: {eval}`strange`
- And harm: {eval}`harm`
"""

CONTENTS = """format: jb-book
root: index
parts:
- caption: A part
  chapters: [{file: chapters/harm}, {file: chapters/words}, {file: chapters/evidence}]
"""


def free(resource: dict[str, object]) -> list[str]:
    """The columns of a table that take any text."""
    fields = resource["schema"]["fields"]  # type: ignore[index]
    return [
        one["name"]
        for one in fields
        if one["type"] == "string" and not {"enum", "pattern"} & set(one.get("constraints", {}))
    ]


def write(path: Path, columns: list[str], text: str) -> None:
    """Put a text into the first row, in each of the columns."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for column in columns:
        rows[1][rows[0].index(column)] = text
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_the_check_refuses_it_in_every_free_column_of_every_table(tmp_path, text):
    folder = Path(shutil.copytree(TOP / "data", tmp_path / "data"))
    text = f"{text} and some more words"  # no shorter than a sentence, which some columns ask for
    seen = 0
    for resource in read_descriptor(folder)["resources"]:
        path = folder / resource["path"]
        before = path.read_bytes()
        fields = {one["name"]: one.get("constraints", {}) for one in resource["schema"]["fields"]}
        bounded = [name for name in free(resource) if "maxLength" in fields[name]]
        others = [name for name in free(resource) if name not in bounded]
        for group in [others, *([name] for name in bounded)]:
            write(path, group, text)
            found = [str(one) for one in validate_table(folder, resource)]
            path.write_bytes(before)
            places = [f"{path.name}, row 2, column {column}:" for column in group]
            assert [one for one in places if not any(one in line for line in found)] == []
            assert all(len(line) < 600 for line in found), "a finding is a line that one can read"
            seen += len(group)
    assert seen > 40


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book whose tables hold strange text, and whose one chapter makes figures of harm that no check saw."""
    book = small_book(tmp_path_factory.mktemp("hostile") / "book", "harm", "words", "evidence")
    (book / "chapters" / "HARM").write_text(json.dumps(HARM), encoding="utf-8")
    (book / "chapters" / "harm.md").write_text(CHAPTER, encoding="utf-8")
    pages = {"index": "# A book\n", "chapters/words": "# Words\n\n```{glossary-table}\n```\n"}
    pages["chapters/evidence"] = "# Evidence\n\n```{evidence-explorer}\n```\n"
    (book / "_toc.yml").write_text(CONTENTS, encoding="utf-8")
    for name, text in pages.items():
        about = f"---\nbook:\n  title: {name}\n  description: A page made for a test, named {name}.\n  data: [outcomes.csv, studies.csv, sources.csv]\n---\n\n"
        (book / f"{name}.md").write_text(about + text, encoding="utf-8")
    write(book / "data" / "studies.csv", ["note"], STRANGE)
    write(book / "data" / "studies.csv", ["label"], "]]> \"'>&lt;b&gt; 5 < 6")
    write(book / "data" / "glossary.csv", ["definition"], STRANGE)
    build(book)
    return book / "_build" / "html"


@pytest.mark.parametrize("name", ["harm", "words", "evidence"])
def test_in_a_page_it_is_text(site: Path, name: str) -> None:
    tree = html5lib.parse(
        (site / "chapters" / f"{name}.html").read_text(encoding="utf-8"),
        namespaceHTMLElements=False,
    )
    article = next(one for one in tree.iter("article"))
    scripts = list(article.iter("script"))
    assert all(one.get("type") == "application/json" for one in scripts)
    assert not [
        one for one in article.iter() if one.tag in ("img", "b", "iframe") or one.get("onerror")
    ]
    words = " ".join(article.itertext())
    assert "&lt;b&gt; 5 < 6" in words, "the text is there as it was written"
    assert ("alert(1)" in words) == (name == "harm")


def test_in_the_charts_data_it_is_a_string(site: Path) -> None:
    script = (site / "figures" / "harm.js").read_text(encoding="utf-8")
    spec = json.loads(script.removeprefix('bookChart("harm",').removesuffix(");\n"))
    assert any(row.get("name") == HARM for data in spec["data"] for row in data.get("values", []))


def test_in_the_csv_and_the_database_it_is_a_cell(site: Path) -> None:
    with (site / "figures" / "harm.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [[HARM, "n"], [HARM, "1"], [HARM + "2", "2"]]
    with sqlite3.connect(site / "data" / "car-t-in-numbers.sqlite") as base:
        assert base.execute("SELECT note FROM studies LIMIT 1").fetchone() == (STRANGE,)
    with (site / "data" / "studies.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["note"] == STRANGE


def test_in_the_notebook_it_is_text(site: Path) -> None:
    book = json.loads((site / "downloads" / "harm.ipynb").read_text(encoding="utf-8"))
    assert "5 < 6" in json.dumps(book, ensure_ascii=False)
    outputs = [one for cell in book["cells"] for one in cell.get("outputs", [])]
    pages = [
        text for one in outputs for kind, text in one.get("data", {}).items() if kind == "text/html"
    ]
    assert pages
    for text in pages:
        tree = html5lib.parse(
            text if isinstance(text, str) else "".join(text), namespaceHTMLElements=False
        )
        assert not [one for one in tree.iter() if one.tag in ("script", "img")]


def curled(text: str) -> str:
    """Text whose quotation marks, which a page's sentences set in curls, are all the same."""
    return re.sub('[“”‘’"]', "'", text)


@pytest.fixture(scope="module")
def teaching(site: Path) -> Path:
    """What teachers take of that book."""
    book = site.parent.parent
    done = run(sys.executable, "-m", "cartbook", "teaching", folder=book, PYTHONPATH=str(book))
    assert done.returncode == 0, done.stderr
    return book / "_build" / "teaching"


def test_in_slides_it_is_text(teaching: Path) -> None:
    deck = next((teaching / "slides").glob("*.html")).read_text(encoding="utf-8")
    tree = html5lib.parse(deck, namespaceHTMLElements=False)
    scripts = [one for one in tree.iter("script") if one.get("src") is None]
    assert scripts
    assert all(one.get("type") == "application/json" for one in scripts)
    assert not [
        one for one in tree.iter() if one.tag in ("img", "b", "iframe") or one.get("onerror")
    ]
    words = curled(" ".join(" ".join(tree.itertext()).split()))
    assert words.count(curled(HARM)) >= 5, (
        "question, choices, reason, takeaway and figure say it as it was written"
    )
    assert words.count(curled(STRANGE)) > words.count(curled(HARM))


def test_in_questions_for_platforms_it_is_text(teaching):
    text = (teaching / "questions" / "car-t-in-numbers.xml").read_text(encoding="utf-8")
    asked = [
        one.findtext("questiontext/text") for one in ElementTree.fromstring(text).iter("question")
    ]
    shown = [unescape(one.removeprefix("<p>")) for one in asked if one]
    stems = [HARM, *(STRANGE + end for end in ("", " three", " four"))]
    assert len(shown) == 4
    assert all(one.startswith(stem) for one, stem in zip(shown, stems, strict=True))


def test_in_notebooks_for_classes_it_is_text(teaching: Path) -> None:
    for path in (teaching / "notebooks").rglob("*.ipynb"):
        book = json.loads(path.read_text(encoding="utf-8"))
        shown = MarkdownIt("commonmark").render(
            "".join(
                "".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "markdown"
            )
        )
        tree = html5lib.parse(shown, namespaceHTMLElements=False)
        assert not [one for one in tree.iter() if one.tag in ("script", "img", "b")]
        assert (
            "".join(curled("".join(tree.itertext())).split()).count(
                "".join(curled(STRANGE).split())
            )
            >= 2
        )
