"""The built pages as leaves of a printed book: only what paper and e-readers can show, each picture as an SVG of its own.

Both the PDF and the EPUB are bound from these leaves, so that they hold the same text as the site,
and no chapter executes again. What a page keeps for the screen is left out: scripts, forms, buttons,
code that the site folds away, and whatever has the class ``cb-screen``.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

LEFT_OUT = "script, style, noscript, form, button.copybtn, .headerlink, .cb-take, .cb-run, .cb-screen, .cb-narrow, .cb-bar, .tag_hide-input > details.hide"
DRAWN = re.compile(r"<svg .*?</svg>", re.DOTALL)
NOT_PRINTED = frozenset({"26-downloads"})
EDGE = 20  # px beside a chart: a reader's font may be wider than the one that the chart was measured with, and would be cut
CONTROLS = "The online book lets you choose what this chart shows; here it shows the first choice."


@dataclass(frozen=True)
class Leaf:
    """One page: its file name without ending, the part that it stands in, its title, and its body."""

    name: str
    part: str
    title: str
    body: Tag


@dataclass(frozen=True)
class Book:
    """All leaves in their order, and the pictures that they show, as SVG by name."""

    leaves: list[Leaf]
    pictures: dict[str, str]


def contents(toc: Path) -> Iterator[tuple[str, str, str]]:
    """Page, part and short title (which may be empty) of everything that _toc.yml lists."""
    tree = yaml.safe_load(toc.read_text(encoding="utf-8"))
    yield tree["root"], "", ""
    for part in tree["parts"]:
        for page in part["chapters"]:
            yield page["file"], part["caption"], page.get("title", "")


def gather(site: Path, toc: Path) -> Book:
    """Every page of the site as a leaf. Raises FileNotFoundError if a page is not built."""
    pages = [one for one in contents(toc) if Path(one[0]).name not in NOT_PRINTED]
    known = {name: Path(name).name for name, _, _ in pages}
    leaves: list[Leaf] = []
    pictures: dict[str, str] = {}
    for number, (page, part, title) in enumerate(pages):
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        start, end = text.find('<article class="bd-article"'), text.rfind("</article>")
        if start < 0 or end < 0:
            raise ValueError(f"{page}.html has no article")
        text = text[start : end + len("</article>")]
        drawn = DRAWN.findall(text)
        places = iter(range(len(drawn)))
        text = DRAWN.sub(lambda _, places=places: f'<img data-drawn="{next(places)}"/>', text)  # type: ignore[misc]
        body = BeautifulSoup(text, "html.parser").article
        assert body is not None
        _strip(body)
        pictures |= _pictures(body, drawn, known[page])
        _quizzes(body)
        _links(body, page, known)
        leaves.append(Leaf(known[page], part, _heading(body, title, number), body))
    return Book(leaves, pictures)


def anchor(name: str, fragment: str = "") -> str:
    """The id, in the whole book, of a leaf or of a place in it."""
    return re.sub(r"[^\w.-]", "-", f"leaf-{name}--{fragment}" if fragment else f"leaf-{name}")


def new(name: str, text: str = "", **attributes: str) -> Tag:
    """An element with its text."""
    made = Tag(name=name, attrs={key.rstrip("_"): value for key, value in attributes.items()})
    made.string = text
    return made


def _strip(body: Tag) -> None:
    for chart in body.select("figure[data-chart]"):
        spec = chart.select_one("script.cb-spec")
        if spec is not None and any("bind" in signal for signal in json.loads(spec.get_text()).get("signals", [])):
            chart.append(new("p", CONTROLS, class_="cb-reading"))
    while (door := body.select_one("section .sd-stretched-link")) is not None:  # cards that lead to pages
        door.find_parent("section").decompose()  # type: ignore[union-attr]
    for one in body.select(LEFT_OUT):
        one.decompose()
    for one in body.select(".cell details.hide"):  # an output that the site folds
        if one.summary is not None:
            one.summary.decompose()
        one.unwrap()
    for one in body.find_all("button"):
        one.unwrap()
    for one in body.select(".cb-facts details"):
        one.summary.name = "p"  # type: ignore[union-attr]
        one.name = "div"
    for one in body.find_all(True):
        for name in ("tabindex", "valign", "border", "role", "aria-labelledby", "aria-describedby", "aria-label"):
            one.attrs.pop(name, None)
    for one in body.find_all(class_="cell"):
        if not one.get_text(strip=True) and not one.select_one("img"):
            one.decompose()


def _pictures(body: Tag, drawn: list[str], page: str) -> dict[str, str]:
    """Put ``<img>`` with words in the place of each drawing, and give the drawings."""
    found = {}
    for image in body.select("img[data-drawn]"):
        svg = drawn[int(str(image["data-drawn"]))]
        chart, figure = image.find_parent("figure", attrs={"data-chart": True}), image.find_parent("figure")
        if chart is not None:
            name = str(chart["data-chart"])
            words = chart.select_one(f"#fig-{name}-alt")
        else:
            name = f"{page}-{image['data-drawn']}"
            words = BeautifulSoup(svg, "html.parser").select_one("desc")
        if figure is None or words is None:
            raise ValueError(f"{page}.html has a picture without its words ({name})")
        size = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)
        if size is None:
            raise ValueError(f"{page}.html has a picture without a viewBox ({name})")
        edge = EDGE if chart is not None else 0
        width, height = f"{float(size[1]) + 2 * edge:.0f}", f"{float(size[2]):.0f}"
        root = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-edge} 0 {width} {height}" width="{width}" height="{height}"'
        kept = re.search(r'font-family="[^"]*"', svg.split(">", 1)[0])
        found[name] = re.sub(r"^<svg [^>]*>", f"{root} {kept[0] if kept else ''}>", svg)
        image.attrs = {
            "src": f"images/{name}.svg",
            "alt": " ".join(words.get_text().split()),
            "width": f"{float(size[1]):.0f}",
            "height": f"{float(size[2]):.0f}",
        }
    for chart in body.select("figure[data-chart]"):
        name = str(chart["data-chart"])
        for more in chart.select("details.cb-more"):
            if more.select_one(f"#fig-{name}-alt"):
                more.decompose()
            elif more.summary is not None:
                more.summary.string = "Table"
        first, *others = chart.select(".cb-source a[download]")
        for link in [*others, *(one for one in first.next_siblings if str(one).strip() == "·")]:
            link.extract()
        for link in [first]:
            link.replace_with(f"Numbers: figures/{name}.csv in the online book.")
    return found


def _quizzes(body: Tag) -> None:
    """A quiz on paper: choices by letter, and what to say to each of them after the last question."""
    for quiz in body.select(".cb-quiz"):
        answers = new("ol", class_="cb-answers")
        for question in quiz.select(".cb-question"):
            choices, said = new("ol", type="A"), new("li")
            for line in question.select(".cb-entry, .cb-verdict"):
                line.decompose()
            if (reveal := question.select_one("details.cb-reveal")) is not None:  # a number to give, or an order to find
                for part in [one for one in reveal.children if isinstance(one, Tag) and one.name != "summary"]:
                    part.attrs.pop("class", None)
                    said.append(part.extract())
                reveal.decompose()
                answers.append(said)
                continue
            for place, choice in enumerate(question.select("details")):
                summary, why = choice.summary, choice.p
                if summary is None or why is None:
                    raise ValueError("a quiz has a choice without its answer")
                choices.append(new("li", summary.get_text()))
                said.append(new("strong", f"{' ' if place else ''}{chr(65 + place)}. "))
                said.append(why.get_text())
                choice.decompose()
            if (empty := question.select_one("ol.cb-choices")) is not None:
                empty.decompose()
            question.append(choices)
            answers.append(said)
        quiz.append(new("p", "Answers", class_="cb-answers-title"))
        quiz.append(answers)


def _links(body: Tag, page: str, known: dict[str, str]) -> None:
    """Ids and links that hold in the whole book; ``data-leaf`` names a link's page. Links to files become their words."""
    mine = known[page]
    for one in body.find_all(id=True):
        one["id"] = anchor(mine, str(one["id"]))
    for link in body.find_all("a", href=True):
        address = urlsplit(str(link["href"]))
        if address.scheme:
            link["href"] = quote(str(link["href"]), safe="%/:?#[]@!$&'()*+,;=~")
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(address.path))) if address.path else f"{page}.html"
        target = known.get(path.removesuffix(".html")) if path.endswith(".html") else None
        if target is None:
            link.unwrap()
            continue
        link.attrs = {"href": f"#{anchor(target, unquote(address.fragment))}", "data-leaf": target, "class": "cb-inside"}


def _heading(body: Tag, title: str, number: int) -> str:
    """Give a chapter its number and title as heading, with its question under it; the leaf's title."""
    heading = body.h1
    if heading is None:
        raise ValueError("a page has no heading")
    question = heading.get_text(strip=True)
    if not title:
        return question
    title = f"{number} {title}"
    heading.string = title
    heading.insert_after(new("p", question, class_="cb-question-of"))
    return title


def lower(body: Tag, shift: int) -> None:
    """Move every heading down by some levels."""
    for level in range(6 - shift, 0, -1):
        for one in body.find_all(f"h{level}"):
            one.name = f"h{level + shift}"


def about(top: Path) -> dict[str, Any]:
    """What CITATION.cff says of the book."""
    told: dict[str, Any] = yaml.safe_load((top / "CITATION.cff").read_text(encoding="utf-8"))
    return told


def cover(told: dict[str, Any]) -> str:
    """The title page's facts as HTML, from CITATION.cff."""
    review = told["references"][0]
    names = " & ".join(one["family-names"] for one in review["authors"])
    cited = f"{review['title']}. {review['journal']} {review['volume']}: {review['start']}–{review['end']}, {review['year']}"
    doi = f"https://doi.org/{review['doi']}"
    return (
        '<p class="name">CAR-T in Numbers</p>'
        f'<p class="under">A companion to {escape(names)} {review["year"]}, number by number</p>'
        f'<p>{escape(cited)}. <a href="{doi}">{escape(doi)}</a></p>'
        '<p class="warned"><strong>Not medical advice. Not yet clinically reviewed.</strong></p>'
        f'<div class="facts"><p>Version {told["version"]}, {told["date-released"]:%-d %B %Y}. '
        f"By {escape(told['authors'][0]['name'].lower().replace('car-t in numbers', 'CAR-T in Numbers'))}.</p>"
        "<p>Each chapter says of which date its data are: the review was submitted in October 2022, and its trial counts end in March 2022.</p>"
        "<p>Words and figures CC BY 4.0, code MIT. In the online book every chart is live, and has its table and its numbers as CSV.</p></div>"
    )
