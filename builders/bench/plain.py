"""A plain twin of the book: the same chapters, data and charts, through what Jupyter Book and Altair do by themselves.

It has no cartbook.site and none of the book's styles and scripts. A figure is its Altair chart and
a table its data frame, each as its library shows it; the pages that the extension makes from data are
ordinary MyST and pandas. The theme of the charts is kept, so that both draw the same picture.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import yaml

from builders.bench.copies import copy_book

#: appended to the copy's figures.py: what a chapter calls gives what it was given
FACE = """

def figure(chart, **_):
    return chart


def table(rows, **_):
    return rows


def drawing(name, **_):
    from IPython.display import SVG

    return SVG(filename=str(Path(__file__).parent.parent / "chapters" / "drawings" / f"{name}.svg"))


alt.renderers.enable("default")
"""
FRAME = """```{{code-cell}} ipython3
:tags: [remove-input]
import pandas as pd
from cartbook.data import evidence, load
pd.set_option("display.max_rows", None)
{shown}
```"""
DIRECTIVE = re.compile(r"^```{(glossary-table|data-dictionary|lesson-plans|evidence-explorer|downloads)}\n```$", re.MULTILINE)
KERNEL = "---\njupytext: {text_representation: {extension: .md, format_name: myst}}\nkernelspec: {display_name: Python 3, language: python, name: python3}\n"
KEPT_CONFIG = ("language", "myst_heading_anchors", "nb_eval_name_regex", "bibtex_default_style", "bibtex_reference_style")


def glossary(table: Path) -> str:
    """The glossary as MyST has it."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    entries = []
    for row in rows:
        names = [row["term"], *(name for name in row["also"].split("; ") if name not in ("none", "not applicable"))]
        entries.append("\n".join([*dict.fromkeys(names), f"   {row['definition']}"]))
    return "```{glossary}\n" + "\n\n".join(entries) + "\n```"


def plain_page(text: str, data: Path) -> str:
    """A page without the directives of cartbook.site."""

    def stand_in(found: re.Match[str]) -> str:
        if found[1] == "glossary-table":
            return glossary(data / "glossary.csv")
        if found[1] == "evidence-explorer":
            return FRAME.format(shown="evidence()")
        return ""

    changed = DIRECTIVE.sub(stand_in, text)
    if "```{code-cell}" in changed and "kernelspec" not in changed:
        changed = changed.replace("---\n", KERNEL, 1)
    return changed


def plain_config(text: str) -> str:
    """The book's _config.yml with what it needs to be read, and nothing of its look."""
    ours = yaml.safe_load(text)
    kept = {name: ours[name] for name in ("title", "author", "copyright", "logo", "only_build_toc_files", "exclude_patterns", "execute")}
    kept |= {"bibtex_bibfiles": ours["bibtex_bibfiles"], "parse": ours["parse"]}
    kept["sphinx"] = {
        "extra_extensions": ["sphinx_exercise"],
        "config": {name: ours["sphinx"]["config"][name] for name in KEPT_CONFIG},
    }
    written: str = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False)
    return written


def make_plain(top: Path, folder: Path) -> Path:
    """Lay the plain twin of the book at ``top`` into ``folder``."""
    copy_book(top, folder)
    for path in [folder / "index.md", *sorted((folder / "chapters").glob("*.md"))]:
        path.write_text(plain_page(path.read_text(encoding="utf-8"), folder / "data"), encoding="utf-8")
    config = folder / "_config.yml"
    config.write_text(plain_config(config.read_text(encoding="utf-8")), encoding="utf-8")
    with (folder / "cartbook" / "figures.py").open("a", encoding="utf-8") as file:
        file.write(FACE)
    return folder
