"""Chapters keep the shape that readers, teachers and tests rely on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_file

import cartbook
from cartbook.sphinxext.metadata import front_matter

TOP = Path(__file__).resolve().parents[2]
PAGES = [
    TOP / f"{one}.md"
    for one in re.findall(r"(?:root|file): (\S+)", (TOP / "_toc.yml").read_text(encoding="utf-8"))
]
CHAPTERS = [
    page
    for page in PAGES
    if "minutes" in front_matter(page.read_text(encoding="utf-8")).get("book", {})
]
VAGUE = {
    "understand",
    "know",
    "learn",
    "appreciate",
    "see",
    "be",
    "have",
    "get",
    "become",
    "familiarise",
    "realise",
}


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code(page: Path) -> list[str]:
    cells = re.findall(r"^```{code-cell}[^\n]*\n(.*?)^```", text(page), re.DOTALL | re.MULTILINE)
    return [
        re.sub(r"\A(?:---\n.*?^---\n|(?::[^\n]*\n)+)", "", cell, flags=re.DOTALL | re.MULTILINE)
        for cell in cells
    ]


def told(page: Path) -> str:
    """The prose that reports: without exercises, hints and *try this*, which may name a setting or a made-up number."""
    body = re.sub(
        r"^:::\{exercise-start\}.*?^:::\{exercise-end\}",
        "",
        text(page),
        flags=re.DOTALL | re.MULTILINE,
    )
    body = re.sub(
        r"^:::\{solution-start\}.*?^:::\{solution-end\}", "", body, flags=re.DOTALL | re.MULTILINE
    )
    body = re.sub(r"^:::\{hint\}.*?^:::$", "", body, flags=re.DOTALL | re.MULTILINE)
    return re.sub(
        r"^:::\{admonition\} [^\n]*\n:class: try\n.*?^:::$",
        "",
        body,
        flags=re.DOTALL | re.MULTILINE,
    )


def prose(page: Path, body: str | None = None) -> str:
    """A page without front matter, cells, roles, links' targets and directives' options."""
    body = re.sub(
        r"\A---\n.*?^---\n",
        "",
        text(page) if body is None else body,
        flags=re.DOTALL | re.MULTILINE,
    )
    body = re.sub(
        r"^```(?:{code-cell}|{evidence-explorer}|text).*?^```",
        "",
        body,
        flags=re.DOTALL | re.MULTILINE,
    )
    body = re.sub(r"^:{3,}\{(?!admonition).*$|^:[a-z-]+:.*$", "", body, flags=re.MULTILINE)
    body = re.sub(r"{term}`([^`<]*?)(?: <[^`]*>)?`", r"\1", body)
    body = re.sub(r"{(?:eval|cite|cite:t|cite:p|ref|numref|doc)}`[^`]*`", "", body)
    return re.sub(r"\]\([^)]*\)|<[^>]*>", "]", body)


def test_the_book_has_its_chapters() -> None:
    assert len(CHAPTERS) >= 4
    assert not [page for page in PAGES if not page.is_file()]
    assert sorted(page.name for page in (TOP / "chapters").glob("*.md")) == sorted(
        page.name for page in PAGES if page.parent.name == "chapters"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_has_a_title_and_a_description_of_its_own(page: Path) -> None:
    about = front_matter(text(page))["book"]
    assert 20 <= len(about["description"]) <= 240
    assert about["title"]
    others = [front_matter(text(other))["book"]["description"] for other in PAGES if other != page]
    assert about["description"] not in others
    assert (
        len(
            re.findall(
                r"^# ",
                re.sub(r"^```.*?^```", "", text(page), flags=re.DOTALL | re.MULTILINE),
                re.MULTILINE,
            )
        )
        == 1
    )


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_front_matter_is_complete(page: Path) -> None:
    about = front_matter(text(page))["book"]
    assert about["level"] in ("introductory", "intermediate", "advanced")
    assert set(about["minutes"]) == {"reading", "doing"}
    assert all(isinstance(one, int) and 1 <= one <= 90 for one in about["minutes"].values())
    assert about["as_of"]
    assert about["part"]
    assert 3 <= len(about["objectives"]) <= 6
    for aim in about["objectives"]:
        first = aim.split()[0]
        assert first[0].isupper()
        assert first.lower() not in VAGUE, (
            f"{aim!r} does not begin with a verb for something that one can show"
        )
    assert all((TOP / "data" / name).is_file() for name in about["data"])
    assert all(set(one) == {"claim", "meet"} for one in about["misconceptions"])
    assert about["misconceptions"]
    assert about["discussion"]
    before = CHAPTERS[: CHAPTERS.index(page)]
    assert set(about["prerequisites"]) <= {other.stem for other in before}


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_has_its_anatomy(page: Path) -> None:
    body = text(page)
    assert re.search(r"^# .*\?$", body, re.MULTILINE), "the title is a question"
    rewritten = "\n## What remains uncertain\n" in body
    ends = (
        ("What remains uncertain", "Exercises", "Check yourself", "Where to read on")
        if rewritten
        else ("Where this could mislead", "Exercises", "Check yourself", "Takeaways", "Sources")
    )
    answer = "In short" if rewritten else "In one sentence"
    assert re.search(rf"^:::\{{admonition\}} {answer}\n:class: answer$", body, re.MULTILINE)
    for heading in ends:
        assert f"\n## {heading}\n" in body, heading
    if rewritten:
        assert len(re.findall(r"^:class: review$", body, re.MULTILINE)) <= 1
    else:
        assert len(re.findall(r"^:class: careful$", body, re.MULTILINE)) >= 2, (
            "what not to conclude"
        )
    cells = "\n".join(code(page))
    assert 3 <= len(re.findall(r"\bfigure\(", cells)) <= 7
    assert len(re.findall(r"\{exercise-start\}", body)) >= 3
    assert len(re.findall(r"\{exercise-start\}", body)) == len(
        re.findall(r"\{solution-start\}", body)
    )
    assert re.search(r"\bquiz\(", cells)
    if not rewritten:
        takeaways = body.split("\n## Takeaways\n")[1].split("\n## ")[0]
        assert len(re.findall(r"\]\(#", takeaways)) >= 3, "takeaways link back"
    words = len(re.sub(r"[^\w\s’'-]", " ", prose(page)).split())
    assert 1000 <= words <= 2800, f"{words} words"


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_no_setup_cell_is_removed(page: Path) -> None:
    assert "remove-cell" not in text(page), (
        "a removed cell does not run in time for {eval}: use remove-input"
    )


ALLOWED = [
    r"\b95\s?%",  # the level of an interval
    r"\bn = \d+\b(?= each)",
    r"\b(?:[A-Za-z]+[-‑–/ ]?)?[A-Z][A-Za-zγ]*[-‑–/]?\d+[A-Za-z]*(?:[-/]\d+)?\b",  # CD19, ZUMA-7, NCT04404660, IL-6
    r"\b4-1BB\b|\bFOXO1\b|\b1(?:st|nd)\b|\bB7-H3\b",
    r"\bTRANSCEND (?:NHL|CLL) 00\d\b",
    r"\bRoB 2\b",
    r"\b(?:[Gg]rade|[Gg]rades|[Pp]hase|[Pp]hases|Table|Figure|Tables|[Pp]art|[Pp]aragraph|[Ss]ection|[Ss]tep|[Rr]eference|[Cc]hapter|panel)s?[  ](?:≥ )?\d+(?:[  ](?:or|and|to)[  ]\d+|[–/]\d+)?[ab]?",
    r"\b(?:19|20)\d\d\b",  # years
    r"^\d+\. ",  # a numbered list
    r"\b(?:at most|more than|than) (?:40|100)\b(?: people)?|limits than 40 and 100",  # the review's own limits of a small and a large trial
    r"\b0\.05\b",  # the usual mark for a p value
    r"TT52CAR19|IL13Rα2|CD3ζ|interleukin-\d+|caspase 9|β2-microglobulin",
    r"CC BY 4\.0|Version \d+\.\d+\.\d+",
]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.parent.name == "chapters" or page.stem == "index"],
    ids=lambda page: page.stem,
)
def test_no_evidence_number_is_typed_into_prose(page: Path) -> None:
    left = prose(page, told(page))
    for pattern in ALLOWED:
        left = re.sub(pattern, "", left, flags=re.MULTILINE)
    typed = [line.strip() for line in left.splitlines() if re.search(r"\d", line)]
    assert not typed, "read these from the data with {eval}: " + " | ".join(typed[:4])


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_chapters_use_the_public_face_only(page: Path) -> None:
    for cell in code(page):
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.ImportFrom):
                assert node.module in {"cartbook", "scipy.stats", "math", "itertools"}, node.module
                if node.module == "cartbook":
                    assert {one.name for one in node.names} <= set(cartbook.__all__)
            elif isinstance(node, ast.Import):
                assert {one.name for one in node.names} <= {"pandas", "altair", "math", "re"}, (
                    ast.dump(node)
                )


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_gives_the_same_whenever_it_runs(page: Path) -> None:
    chance = r"\.(?:rvs|sample|now|today)\(|\brandom\.\w|\btime\.\w+\("
    for cell in code(page):
        for line in re.findall(f".*(?:{chance}).*", cell):
            assert "random_state=" in line, f"give a seed: {line}"


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_visible_cell_is_short(page: Path) -> None:
    for tags, cell in re.findall(
        r"^```{code-cell}[^\n]*\n(---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^```",
        text(page),
        re.DOTALL | re.MULTILINE,
    ):
        if "hide-input" not in tags and "remove-input" not in tags:
            assert len(cell.strip().splitlines()) <= 10, cell


def test_ids_of_figures_and_quizzes_are_unique() -> None:
    for call in (r"figure\(.*?\bid=\"([a-z0-9-]+)\"", r"\bquiz\(\s*\"([a-z0-9-]+)\""):
        ids = [
            one
            for page in CHAPTERS
            for cell in code(page)
            for one in re.findall(call, cell, re.DOTALL)
        ]
        assert ids
        assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)


def test_the_contents_call_chapters_as_they_call_themselves() -> None:
    toc = yaml.safe_load((TOP / "_toc.yml").read_text(encoding="utf-8"))
    named = {
        one["file"]: one["title"]
        for part in toc["parts"]
        for one in part["chapters"]
        if "title" in one
    }
    assert named == {
        f"chapters/{page.stem}": front_matter(text(page))["book"]["title"] for page in CHAPTERS
    }


def test_the_table_of_contents_is_in_order() -> None:
    stems = [page.stem for page in CHAPTERS if page.stem[0].isdigit()]
    numbers = [
        int(stem.split("-")[0]) for stem in stems
    ]  # names never change; a later chapter has none
    assert numbers == sorted(numbers)
    assert len(CHAPTERS) - len(numbers) == 1
    assert yaml.safe_load((TOP / "_toc.yml").read_text(encoding="utf-8"))["format"] == "jb-book"


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_hint_is_folded_until_it_is_asked_for(page: Path) -> None:
    assert re.findall(r"^:::\{hint\}.*\n(?!:class: dropdown$).*", text(page), re.MULTILINE) == []


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_value_in_a_sentence_begins_with_a_name(page: Path) -> None:
    """MyST evaluates nothing else: a quoted string is shown as it is written."""
    config = yaml.safe_load((TOP / "_config.yml").read_text(encoding="utf-8"))
    pattern = config["sphinx"]["config"]["nb_eval_name_regex"]
    for expression in re.findall(r"{eval}`([^`]+)`", text(page)):
        assert re.match(pattern, expression), expression


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_citation_is_in_the_bibliography(page: Path) -> None:
    bibliography = parse_file(str(TOP / "chapters" / "references.bib"), "bibtex").entries
    cited = re.findall(r"{cite(?::\w+)?}`([^`]+)`", text(page))
    assert {key.strip() for keys in cited for key in keys.split(",")} <= set(bibliography)
