"""Lesson plans: what a chapter's front matter and text give a teacher for 50 minutes and two hours.

Nothing is typed twice: times come from the chapter's own minutes, steps (templates/plans.html) from
its misconceptions, charts, boxes, exercises, quiz and questions to discuss.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cartbook.sphinxext.metadata import front_matter
from cartbook.sphinxext.nodes import node_of, section

#: sections that every chapter ends with, and which are no topic of their own
CLOSING = (
    "Where this could mislead",
    "Exercises",
    "Check yourself",
    "Takeaways",
    "Sources",
    "What remains uncertain",
    "Where to read on",
    "What not to conclude",
)


def lesson(docname: str, text: str) -> dict[str, Any]:
    """Return the record of a lesson from a chapter's Markdown."""
    about = front_matter(text)["book"]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    question = re.search(r"^# (.+)$", prose, re.MULTILINE)
    topics = re.findall(r"^## (.+)$", prose, re.MULTILINE)
    topics = [topic for topic in topics if topic not in CLOSING and "{" not in topic]
    closing = "the takeaways" if "\n## Takeaways\n" in text else "what remains uncertain"
    names = ("title", "level", "objectives", "misconceptions", "discussion")
    return {
        "kind": "lesson",
        "page": docname,
        "question": question[1] if question else about["title"],
        "topics": topics[:5],
        "charts": re.findall(r'^    id="([a-z0-9-]+)",$', text, re.MULTILINE)[:2],
        "exercises": text.count("{exercise-start}"),
        "cautions": ":class: careful\n" in text,
        "closing": closing,
        **about["minutes"],
        **{name: about[name] for name in names},
    }


class LessonPlans(SphinxDirective):
    """``{lesson-plans}``: what each chapter's front matter says to a teacher."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        texts: dict[str, str] = {}
        for docname in self.config.external_site_map:
            path = Path(self.env.srcdir) / f"{docname}.md"
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            if "minutes" in front_matter(text).get("book", {}):
                texts[docname] = text
        titles = {Path(name).name: front_matter(text)["book"] for name, text in texts.items()}
        parts = []
        for docname, text in texts.items():
            name = Path(docname).name
            before = titles[name].get("prerequisites", [])
            needs = [titles[one]["title"] if one in titles else one for one in before]
            node = node_of({**lesson(docname, text), "needs": needs})
            parts.append(section(titles[name]["title"], node, id=f"lesson-{name}"))
        return parts


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("lesson-plans", LessonPlans)
