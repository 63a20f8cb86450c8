"""A chapter's plain text says what its page says, and nothing of the page's interface."""

from __future__ import annotations

import re
from types import SimpleNamespace
from xml.etree.ElementTree import Element

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document
from helpers import SITE, TOP, tree
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.writers.text import TextTranslator

from cartbook.sphinxext.metadata import front_matter
from cartbook.sphinxext.nodes import node_of, screen
from cartbook.sphinxext.text import PlainText, works_cited

CHAPTERS = [
    page.stem
    for page in sorted((TOP / "chapters").glob("*.md"))
    if "minutes" in front_matter(page.read_text(encoding="utf-8")).get("book", {})
]
MARKUP = re.compile(
    r"</?(?:p|div|span|table|td|svg|a|details)\b|{(?:eval|term|cite)[^`]*}`|^:{3,}|&(?:amp|lt|#)",
    re.MULTILINE,
)


def flat(text: str) -> str:
    """The words of a text in one line, without the marks that set off emphasis and code."""
    return re.sub(r"\s+", " ", re.sub(r"[*\"“”]", "", text)).strip()


def said(name: str) -> str:
    return (SITE / "chapters" / f"{name}.txt").read_text(encoding="utf-8-sig")


def article(name: str) -> Element:
    return next(iter(tree(f"chapters/{name}.html").iter("article")))


def classed(element: Element, name: str) -> list[Element]:
    return [one for one in element.iter() if name in (one.get("class") or "").split()]


def written(*content: nodes.Node) -> str:
    """Plain text of a document with this content."""
    document = new_document("page", get_default_settings())
    document += content
    config = SimpleNamespace(
        text_newlines="unix",
        text_sectionchars="*=-",
        text_add_secnumbers=False,
        text_secnumber_suffix=". ",
    )
    translator = PlainText(document, SimpleNamespace(config=config))  # type: ignore[arg-type]
    document.walkabout(translator)
    return translator.body


def test_what_is_for_a_screen_is_in_no_text() -> None:
    link = nodes.reference("", "Take it with you", refuri="x.ipynb")
    button = nodes.raw("", "<button>Run this chapter here</button>", format="html")
    assert (
        written(nodes.paragraph(text="Words."), screen("", button, nodes.paragraph("", "", link)))
        == "Words.\n"
    )


def test_a_record_is_its_text_and_any_other_builder_finds_the_same_words() -> None:
    column = {"name": "Study", "numeric": False, "decimals": 0}
    table = {"kind": "table", "caption": "Studies", "columns": [column], "rows": [["ZUMA-7"]]}
    assert written(node_of(table)) == "Table: Studies\n\nStudy\n------\nZUMA-7\n"
    assert node_of(table).astext() == "Table: Studies\n\nStudy\n------\nZUMA-7"


@pytest.mark.parametrize("wrapped", [True, False])
def test_code_that_a_page_folds_is_in_no_text_and_its_output_is(wrapped: bool) -> None:
    source = nodes.container("", nodes.literal_block("", "1 + 1"), nb_element="cell_code_source")
    output = nodes.container("", nodes.paragraph(text="2"), nb_element="cell_code_output")
    cell = nodes.container(
        "", nb_element="cell_code", **({} if wrapped else {"hide_mode": "input"})
    )
    cell += [HideCodeCellNode("", source), output] if wrapped else [source, output]
    assert written(cell) == "2\n"


def test_a_box_stands_under_its_title_and_an_address_behind_its_words() -> None:
    link = nodes.reference("", "the paper", refuri="https://example.org/x")
    box = nodes.admonition(
        "", nodes.title(text="Try this"), nodes.paragraph("", "See ", link, nodes.Text("."))
    )
    assert written(box) == "[Try this]\n  See the paper <https://example.org/x>.\n"
    assert not hasattr(TextTranslator, "visit_record"), "Sphinx has no such node of its own"


def test_works_are_listed_once_in_the_order_of_their_citation() -> None:
    def cited(work: str) -> nodes.inline:
        return nodes.inline(
            "", "", nodes.reference("", "x", refuri="#", reftitle=work), classes=["bibtex-citation"]
        )

    assert works_cited(
        nodes.paragraph("", "", cited("B.  Two."), cited("A. One."), cited("B. Two."))
    ) == ["B. Two.", "A. One."]  # type: ignore[arg-type]


def test_chapters_and_nothing_else_have_a_text() -> None:
    assert sorted(path.stem for path in (SITE / "chapters").glob("*.txt")) == CHAPTERS
    assert len(CHAPTERS) >= 4


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_text_has_all_words_of_its_page_and_none_of_the_interface(name):
    raw, page = said(name), article(name)
    text = flat(raw)
    bytes_ = (SITE / "chapters" / f"{name}.txt").read_bytes()
    assert bytes_.startswith(b"\xef\xbb\xbf"), "browsers read it as UTF-8"
    assert not MARKUP.findall(raw)
    assert "\n\n\n" not in raw
    assert "[]" not in raw.splitlines(), "every box has its title"
    assert "Not medical advice; not yet clinically reviewed." in raw.splitlines()[-1]

    interface = [one for kind in ("cb-run", "cb-download-links") for one in classed(page, kind)]
    links = [one for source in classed(page, "cb-source") for one in source.iter("a")]
    interface += [one for one in links if one.get("download") is not None]
    interface += [one for fold in classed(page, "hide") for one in fold.iter("summary")]
    parts = [part for one in interface for part in (one, *one.iter("p"), *one.iter("button"))]
    words = {flat("".join(part.itertext())) for part in parts}
    folded = {"Show the code"} if classed(page, "hide") else set()
    assert {"Run this chapter here"} | folded <= words
    assert not [one for one in words if one and one in text]

    figures = [one for one in page.iter("figure") if one.get("data-chart")]
    questions = classed(page, "cb-question")
    assert figures
    assert questions
    wanted = [
        "".join(one.itertext()).strip().removesuffix("#")
        for kind in ("h1", "h2")
        for one in page.iter(kind)
    ]
    for figure in figures:
        wanted.append(f"[Figure] {flat(''.join(figure.find('figcaption').itertext()))}")
        alts = [one for one in figure.iter("p") if (one.get("id") or "").endswith("-alt")]
        cells = [one for kind in ("th", "td") for one in figure.iter(kind)]
        assert alts
        assert cells
        wanted += ["".join(one.itertext()) for one in (*alts, *cells)]
    wanted += ["".join(one.find("p").itertext()).split(" ", 1)[1] for one in questions]
    wanted += [
        "".join(one.itertext()) for fold in classed(page, "cb-choice") for one in fold.iter("p")
    ]
    assert [one for one in wanted if flat(one) not in text] == []
    exercises = len(classed(page, "solution"))
    assert text.count("[Solution to Exercise ") == text.count("[Exercise ") == exercises > 0


def test_the_page_leads_to_its_text_which_has_values_and_citations():
    links = [(one.tag, one.get("href")) for one in tree("chapters/08-b-cell.html").iter()]
    assert {("link", "08-b-cell.txt"), ("a", "08-b-cell.txt")} <= set(links)
    text = flat(said("08-b-cell"))
    for value in ("31 of 58 patients with large B-cell lymphoma", "in 35 of 59 with mantle cell"):
        assert value in text, "values are filled in"
    assert "[Shah et al., 2021]" in text
    assert re.search(r"B\. D\. Shah, .*doi:10\.1016/s0140-6736\(21\)01222-8", text)
