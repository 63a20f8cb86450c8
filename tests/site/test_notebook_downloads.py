"""What a reader takes away opens, is whole, and runs where there is no clone."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pandas as pd
import pytest
from helpers import SITE, TOP, run
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import cartbook
from cartbook.sanitize import MISSING
from cartbook.sphinxext import notebooks
from cartbook.validate import read_descriptor

NOTEBOOKS = sorted((SITE / "downloads").glob("*.ipynb"))


def test_every_chapter_with_cells_can_be_taken() -> None:
    wanted = {
        page.stem
        for page in (TOP / "chapters").glob("*.md")
        if "{code-cell}" in page.read_text(encoding="utf-8")
    }
    assert {path.stem for path in NOTEBOOKS} == wanted | {"index"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_plain_jupyter_with_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    words = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    assert not re.findall(r"{(?:eval|term|cite|ref)[^`]*}`|^:{3,}", words, re.MULTILINE)
    assert "pip install ./cartbook-" in book.cells[0].source
    kinds = {
        kind
        for cell in book.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    }
    assert "image/svg+xml" in kinds
    assert "application/vnd.vegalite.v5+json" in kinds
    assert not [kind for kind in kinds if "cartbook" in kind]


def prose(path: Path) -> str:
    return "\n\n".join(
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    )


def test_sentences_carry_their_values() -> None:
    assert "In its first trial 17 of 20 adults had an MRD-negative complete response" in prose(
        SITE / "downloads" / "08-b-cell.ipynb"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_a_notebook_lead_somewhere(path: Path) -> None:
    """To other notebooks and tables of the archive, to headings as Jupyter names them, or to the web."""
    archived = zipfile.ZipFile(SITE / "downloads" / "car-t-in-numbers-notebooks.zip").namelist()
    text = prose(path)
    assert not re.search(r'<a href="(?!https:)', text)
    for target in re.findall(r"\[[^\[\]]*\]\(([^()\s]+)\)", text):
        file, _, place = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        assert not file or file in archived, target
        there = prose(path.parent / file) if file.endswith(".ipynb") else text
        headings = [
            re.sub(r"[*`\\]", "", title)
            for title in re.findall(r"^#{1,6} (.+)$", there, re.MULTILINE)
        ]
        assert not place or unquote(place) in [title.replace(" ", "-") for title in headings], (
            target
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_cites_authors_and_says_to_run_all(path: Path) -> None:
    text = prose(path)
    keys = set(
        re.findall(
            r"^@\w+\{([^,]+),",
            (TOP / "chapters" / "references.bib").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    assert not {key for key in keys if re.search(rf"(?<![\w/.-]){key}(?![\w/-])", text)}
    assert "Run All Cells" in nbformat.read(path, as_version=4).cells[0].source


def test_citations_are_as_readers_know_them() -> None:
    found = notebooks.citations(TOP / "chapters" / "references.bib")
    assert found["lee2014"].startswith("[Lee et al. 2014](https://doi.org/10.")
    assert found["yang2023"].startswith("[Yang and Wang 2023](https://doi.org/10.")


@pytest.mark.parametrize(
    "path",
    [one for one in NOTEBOOKS if (SITE / "chapters" / f"{one.stem}.html").is_file()],
    ids=lambda path: path.stem,
)
def test_exercises_have_the_sites_numbers_and_folded_solutions(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    numbers = re.findall(r"^### Exercise (\d+)$", prose(path), re.MULTILINE)
    assert numbers == re.findall(
        r'"caption-number">Exercise (\d+) ?<',
        (SITE / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8"),
    )
    solutions = [at for at, cell in enumerate(cells) if cell.source == "#### Solution"]
    assert len(solutions) == len(numbers)
    for at in solutions:
        assert cells[at].metadata == {"jp-MarkdownHeadingCollapsed": True}
        after = next(
            cell
            for cell in cells[at + 1 :]
            if cell.cell_type == "markdown" and re.match(r"#{1,3} ", cell.source)
        )
        hidden = cells[at + 1 : cells.index(after)]
        assert notebooks.SOLVED in "".join(
            cell.source for cell in hidden if cell.cell_type == "markdown"
        )
        text = "".join(cell.source for cell in hidden if cell.cell_type == "markdown").rpartition(
            notebooks.SOLVED
        )[2]
        assert not text.strip(), "text after a solution would be folded with it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_that_the_site_folds_is_folded(path: Path) -> None:
    page = TOP / ("index.md" if path.stem == "index" else f"chapters/{path.stem}.md")
    tags = re.findall(
        r"^```{code-cell}.*\n((?:---\n(?:.*\n)*?---\n|(?::.*\n)*))",
        page.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    wanted = ["remove-input" in one or "hide-input" in one for one in tags]
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [
        cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in cells
    ] == wanted


def test_the_archive_says_how_to_start_on_every_system() -> None:
    with zipfile.ZipFile(SITE / "downloads" / "car-t-in-numbers-notebooks.zip") as zipped:
        said, (wheel,) = (
            zipped.read("README.txt").decode(),
            [one for one in zipped.namelist() if one.endswith(".whl")],
        )
    assert f".venv/bin/python -m pip install ./{wheel} jupyterlab" in said
    assert rf".venv\Scripts\python -m pip install .\{wheel} jupyterlab" in said


RECORD = {
    "kind": "figure",
    "reading": "Each dot is a *study*.",
    "source": "Table 1.",
    "alt": "A dot plot.",
    "table": {
        "columns": [
            {"name": "Study <1>", "numeric": False, "decimals": 0},
            {"name": "Rate", "numeric": True, "decimals": 1},
        ],
        "rows": [["A & B", 12.0]],
    },
}


def test_a_chart_is_followed_by_its_words_and_numbers(tmp_path: Path) -> None:
    output = new_output(
        "display_data",
        {notebooks.FIGURE_MIME: RECORD, "text/plain": "A chart"},
        metadata={"cartbook": {}},
    )
    path = tmp_path / "one.ipynb"
    nbformat.write(
        new_notebook(
            cells=[new_code_cell("figure()", outputs=[output]), new_markdown_cell("End.")]
        ),
        path,
    )
    made = nbformat.reads(
        notebooks.notebook(path, "One", [], notebooks.Book("cartbook.whl", "all.zip"), {}),
        as_version=4,
    )
    assert [cell.cell_type for cell in made.cells] == ["markdown", "code", "markdown", "markdown"]
    words = made.cells[2].source
    assert words.startswith(r"**How to read it.** Each dot is a \*study\*.")
    assert "Source: Table 1." in words
    assert "<summary>In words</summary>\n\nA dot plot." in words
    assert "<th>Study &lt;1&gt;</th>" in words
    assert "<td>A &amp; B</td><td>12.0</td>" in words
    assert made.cells[1].outputs[0].data == {"text/plain": "A chart"}


def test_links_that_a_notebook_cannot_follow_go_to_the_site_or_are_words(tmp_path: Path) -> None:
    book = notebooks.Book("cartbook.whl", "all.zip")
    book.add("08-b-cell", "# B\n\n```{code-cell}\n# no heading\n```\n\n## Who, and what?\n")
    assert (
        book.link("01", "x", "08-b-cell.md#who-and-what")
        == "[x](08-b-cell.ipynb#Who%2C-and-what%3F)"
    )
    assert book.link("08-b-cell", "x", "#who-and-what") == "[x](#Who%2C-and-what%3F)"
    assert book.link("08-b-cell", "x", "#no-heading") == "x"
    assert book.link("01", "x", "../data/studies.csv") == "[x](data/studies.csv)"
    assert book.link("01", "x", "references.md") == "x"
    book.address = "https://example.org/book/"
    assert (
        book.link("01", "x", "references.md#a")
        == "[x](https://example.org/book/chapters/references.html#a)"
    )
    assert (
        book.link("01", "x", "../downloads/all.zip")
        == "[x](https://example.org/book/downloads/all.zip)"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{eval}`n`", "fewer values"),
        ("{cite}`nobody2000`", "'nobody2000' is no reference"),
        ("Nothing.", "1 values of the page are left over"),
    ],
)
def test_what_a_page_and_its_notebook_do_not_share_is_named(
    tmp_path: Path, source: str, said: str
) -> None:
    path = tmp_path / "one.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell(source)]), path)
    with pytest.raises(ValueError, match=f"one: .*{said}"):
        notebooks.notebook(
            path,
            "One",
            [] if "eval" in source else ["7"] if source == "Nothing." else [],
            notebooks.Book("w", "z"),
            {},
        )


def test_a_notebook_runs_from_the_archive_and_gives_what_it_shows(tmp_path: Path) -> None:
    with zipfile.ZipFile(SITE / "downloads" / "car-t-in-numbers-notebooks.zip") as zipped:
        assert zipped.testzip() is None
        zipped.extractall(tmp_path)
    wheel = next(tmp_path.glob("cartbook-*.whl"))
    options = ("--no-index", "--no-deps", "--target", str(tmp_path / "installed"))
    done = run(sys.executable, "-m", "pip", "install", "-q", *options, wheel)
    assert done.returncode == 0, done.stderr
    book = nbformat.read(tmp_path / "08-b-cell.ipynb", as_version=4)
    shown = [list(map(pictured, cell.get("outputs", []))) for cell in book.cells]
    book.cells.append(new_code_cell("import cartbook; print(cartbook.__file__)"))
    environment = {key: word for key, word in os.environ.items() if not key.startswith("CARTBOOK_")}
    environment["PYTHONPATH"] = str(tmp_path / "installed")
    NotebookClient(book, timeout=300, kernel_name="python3", coalesce_streams=True).execute(
        cwd=str(tmp_path), env=environment
    )
    assert str(tmp_path / "installed") in book.cells[-1].outputs[0]["text"]
    assert [list(map(pictured, cell.get("outputs", []))) for cell in book.cells[:-1]] == shown


def pictured(output: NotebookNode) -> dict[str, str]:
    """What any Jupyter shows of an output."""
    return {kind: output.get("data", {}).get(kind, "") for kind in ("text/plain", "image/svg+xml")}


def test_the_database_holds_what_load_gives() -> None:
    with sqlite3.connect(SITE / "data" / "car-t-in-numbers.sqlite") as base:
        for table in read_descriptor(TOP / "data")["resources"]:
            ours = cartbook.load(table["name"])
            theirs = pd.read_sql_query(f'SELECT * FROM "{table["name"]}"', base)
            assert len(ours) == len(theirs)
            keys = table["schema"].get("foreignKeys", [])
            linked = {column for key in keys for column in key["fields"]}
            for field in table["schema"]["fields"]:
                name = field["name"]
                if field["type"] in ("integer", "number"):
                    assert ours[name].isna().tolist() == theirs[name].isna().tolist()
                    assert (
                        ours[name].dropna().astype(float).tolist()
                        == theirs[name].dropna().astype(float).tolist()
                    )
                    if theirs[name].isna().any():
                        reasons = set(theirs.loc[theirs[name].isna(), f"{name}_missing"])
                        assert reasons <= {"not reported", "not reached", "not applicable"}
                elif name in linked:  # a reference to no row is NULL
                    known = ours[name].where(~ours[name].isin(MISSING), None)
                    assert known.dropna().tolist() == theirs[name].dropna().tolist()
                else:
                    assert ours[name].tolist() == theirs[name].tolist()
