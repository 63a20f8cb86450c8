"""Copies of the book to measure: as it is, as a plain Jupyter Book, and with more rows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import yaml

from cartbook.export import assignments

TOP = Path(__file__).resolve().parent.parent
#: appended to the twin's nodes.py: records are shown as notebooks show them
PLAIN_NODES = """
RecordRenderer.mime_priority_overrides = []
RecordRenderer.handle_mime = staticmethod(lambda renderer, data, inline: None)
"""
#: appended to the twin's figures.py: each call returns what Altair, pandas and IPython show by themselves
PLAIN_FIGURES = """
from IPython.display import SVG
figure = lambda chart, **_: chart
table = lambda rows, **_: rows
drawing = lambda name, **_: SVG(filename=f"drawings/{name}.svg")
alt.renderers.enable("default")
"""
EXPLORER = """```{code-cell} ipython3
from cartbook import evidence
evidence().style
```"""
KERNEL = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
"""
DIRECTIVE = re.compile(
    r"^```{(?:[a-z]+-(?:table|dictionary|plans|explorer|changes)|downloads)}\n(?:.*\n)*?```$", re.M
)
CELL = re.compile(
    r"(^```{code-cell}[^\n]*\n(?:---\n.*?\n---\n|(?::[^\n]*\n)*))(.*?)(^```$)", re.M | re.S
)
SETTINGS = (
    *("title", "author", "copyright", "only_build_toc_files", "exclude_patterns"),
    *("execute", "bibtex_bibfiles", "parse"),
)
SPHINX_SETTINGS = (
    *("language", "myst_heading_anchors", "nb_eval_name_regex"),
    *("bibtex_default_style", "bibtex_reference_style"),
)
COUNTS = ["enrolled", "apheresed", "infused", "evaluable", "events", "denominator"]


def copy_book(folder: Path) -> Path:
    """Copy the checkout to `folder`, without what was built."""
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "_build", "__pycache__", "tests", "docs")
    shutil.copytree(TOP, folder, ignore=ignored)
    return folder


def plain_twin(folder: Path) -> Path:
    """Copy the book's chapters, data and charts to `folder` as a plain Jupyter Book."""
    copy_book(folder)
    for path in [folder / "index.md", *sorted((folder / "chapters").glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        text = DIRECTIVE.sub(lambda found: EXPLORER if "explorer" in found[0] else "", text)
        if "```{code-cell}" in text and "kernelspec" not in text:
            text = text.replace("---\n", KERNEL, 1)
        path.write_text(text, encoding="utf-8")
    config = yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
    plain = {name: config[name] for name in SETTINGS}
    sphinx = {name: config["sphinx"]["config"][name] for name in SPHINX_SETTINGS}
    plain["sphinx"] = {"extra_extensions": ["sphinx_exercise"], "config": sphinx}
    (folder / "_config.yml").write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
    for name, plainer in (("figures.py", PLAIN_FIGURES), ("sphinxext/nodes.py", PLAIN_NODES)):
        with (folder / "cartbook" / name).open("a", encoding="utf-8") as file:
            file.write(plainer)
    return folder


def without_assertions(text: str) -> str:
    """Return a chapter without its assertions, which hold its sentences to the real rows."""
    return CELL.sub(
        lambda found: f"{found[1]}{assignments.without_assertions(found[2])}\n{found[3]}", text
    )


def _multiplied(rows: pd.DataFrame, times: int) -> pd.DataFrame:
    """Return made-up rows: every id is new, every number of patients `times` as large."""
    made = rows.copy()
    for name in made.columns.intersection(["study_id", "outcome_id"]):
        pattern = r"^([a-z]+(?:-[a-z])?\d{4})-?([a-z0-9]*)"
        made[name] = made[name].str.replace(pattern, rf"\1-\2x{times}", regex=True)
    for name in made.columns.intersection(COUNTS):
        made[name] = [str(int(word) * times) if word.isdigit() else word for word in made[name]]
    if "printed" in made:
        patients = made["unit"].eq("patients") & made["value"].str.isdigit()
        made.loc[patients, "value"] = (rows.loc[patients, "value"].astype(int) * times).astype(str)
        made["printed"] = made["value"] + " (" + made["events"] + " of " + made["denominator"] + ")"
    else:
        first = len(made) * (times - 1) + 1
        made["label"] = [f"Made-up study {first + place}" for place in range(len(made))]
        made["note"] = made["label"] + "."  # else it is refused as a copy
        made["reference"] = "not applicable"
    return made


def grow_tables(folder: Path, times: int) -> dict[str, int]:
    """Multiply the studies and outcomes of the book in `folder`; count both."""
    counts = {}
    for name in ("studies", "outcomes"):
        path = folder / "data" / f"{name}.csv"
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        rows = pd.concat([rows, *(_multiplied(rows, copy) for copy in range(2, times + 1))])
        rows.to_csv(path, index=False, lineterminator="\n")
        counts[name] = len(rows)
    return counts


def grown_book(folder: Path, times: int) -> dict[str, int]:
    """Copy the book to `folder` with `times` as many studies and outcomes; count both."""
    counts = grow_tables(copy_book(folder), times)
    for path in [folder / "index.md", *(folder / "chapters").glob("*.md")]:
        path.write_text(without_assertions(path.read_text(encoding="utf-8")), encoding="utf-8")
    return counts
