"""The same sources give the same bytes: on another day, in another place, with another clock and language, read side by side or not."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers import build, site_files, small_book, touch

FIGURE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
book:
  title: Three
  description: A chapter made for a test, with a figure, a table and a quiz.
  data: [studies.csv, outcomes.csv, sources.csv]
---

# Three

```{code-cell} ipython3
from cartbook import Choice, evidence, figure, interval_plot, proportions, quiz, table
rates = proportions(evidence(section="table-1", endpoint="neurotoxicity", grade="any"))
shown = rates[["label", "events", "denominator", "percent", "low", "high"]]
figure(interval_plot(rates), id="rates", title="Six rates", reading="One dot is one study.", alt="Interval plot of six studies, each with its rate.", table=shown, source="Made for a test.")
```

```{code-cell} ipython3
table(shown, caption="The same numbers")
```

```{code-cell} ipython3
quiz("same", {"Which?": [Choice("This", True, "It is."), Choice("That", False, "It is not.")]})
```

There are {eval}`len(rates)` rates.
"""
#: none of these may show in the pages; between the two zones it is never the same day
HERE = {"JOBS": "2", "TZ": "Etc/GMT+12", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}
ELSEWHERE = {
    "JOBS": "2",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "LANGUAGE": "ja",
    "PYTHONHASHSEED": "4242",
    "SOURCE_DATE_EPOCH": "86400",
}


def built(folder: Path, place: dict[str, str]) -> dict[str, bytes]:
    """Every file of the site that a build of the book in ``folder`` gives."""
    done = build(folder, **place)
    assert done.returncode == 0, done.stderr[-3000:]
    return site_files(folder)


def differing(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    return sorted(
        name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
    )


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    figures = {
        name: FIGURE.replace("Three", name.title()).replace('"rates"', f'"rates-{name}"')
        for name in ("three", "four", "five")
    }
    pages = figures | {
        "six": "# Six\n\n```{glossary-table}\n```\n",
        "one": "# One\n",
        "two": "# Two\n",
    }
    book = small_book(tmp_path / "book", *pages)  # enough pages to be read side by side
    for name, text in pages.items():
        (book / "chapters" / f"{name}.md").write_text(text, encoding="utf-8")
    other = tmp_path / "Größe und Maß – 大きさ" / "the book"
    shutil.copytree(
        book,
        other,
        ignore=shutil.ignore_patterns("_build", "__pycache__"),
        copy_function=shutil.copyfile,
    )  # new times
    clean, elsewhere = built(book, HERE), built(other, ELSEWHERE)
    assert len(clean) > 50
    assert differing(clean, elsewhere) == []
    for changed in (
        "chapters/three.md",
        "README.md",
    ):  # and a build that executes one chapter anew, or none, gives what a clean one gives
        touch(book / changed)
        assert differing(clean, built(book, ELSEWHERE)) == [], changed
