"""What the documents name is there: files, functions, commands."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from helpers import TOP

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/deployment.md"]
CODE = ["cartbook", "tests", "scripts", "benchmarks", "binder", "chapters", ".github"]
FILE = re.compile(r"[\w./-]*\w\.(?:py|js|css|html|jinja|md|json|toml|yml|csv|svg|bib)")
NAME = re.compile(r"(?:\w+\.)*(_?[a-zA-Z]\w*_\w+|_[a-z]\w+|[A-Z][A-Z_]{2,})(?:\(.*\))?")
#: names that stand for any, and files that a build or another program writes
PLACEHOLDER = re.compile(r"(?:ID|KEY|KIND|NAME|STUDY|SUBJECT|PART|COLUMN|VALUE)\b|\.\.\.|…")
WRITTEN = {"book.json", "outcomes.json", "page.json", "pyodide-lock.json", "glossary.js"}
WRITTEN |= {"references.js", "index.html", "run-worker.js"}


def quoted(document: str) -> set[str]:
    """Return what a document has in backticks, outside its blocks of code."""
    text = (TOP / document).read_text(encoding="utf-8")
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


@cache
def files() -> list[str]:
    kept = [path for folder in CODE for path in (TOP / folder).rglob("*") if path.is_file()]
    kept += [path for folder in (".", "data", "docs") for path in (TOP / folder).glob("*")]
    return [path.relative_to(TOP).as_posix() for path in kept if "__pycache__" not in path.parts]


@cache
def words() -> set[str]:
    texts = [
        Path(TOP, name).read_text(encoding="utf-8")
        for name in files()
        if name.endswith((".py", ".js", ".html", ".toml", ".json", ".yml", "Makefile"))
    ]
    return set(re.findall(r"\w+", "\n".join(texts)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_names_in_a_document_exist(document: str) -> None:
    there = files()
    missing = []
    for one in sorted(quoted(document)):
        if PLACEHOLDER.search(one):
            continue
        if FILE.fullmatch(one) and Path(one).name not in WRITTEN:
            if not any(f"/{name}".endswith(f"/{one.removeprefix('./')}") for name in there):
                missing.append(one)
        elif (name := NAME.fullmatch(one)) and name[1] not in words():
            missing.append(one)
    assert missing == []
