"""What the built site holds is inert: no code within pages, links out that tell nothing, tables that a spreadsheet only shows."""

from __future__ import annotations

import csv
import re
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers import PAGES, SITE, tree

from cartbook.csp import IN_PAGE


@pytest.mark.parametrize("page", PAGES)
def test_no_code_stands_in_a_page(page: str) -> None:
    elements = list(tree(page).iter())
    scripts = [one for one in elements if one.tag == "script" and not one.get("src")]
    assert all(one.get("type") in ("application/json", "application/ld+json") for one in scripts)
    handlers = [name for one in elements for name in one.keys() if name.lower().startswith("on")]  # noqa: SIM118 (an Element is no dict)
    assert not handlers
    assert not [
        one.get("href")
        for one in elements
        if (one.get("href") or "").lower().startswith("javascript:")
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_carries_the_policy_before_anything_loads(page: str) -> None:
    head = tree(page).find("head")
    assert head is not None
    policies = [
        i for i, one in enumerate(head) if one.get("http-equiv") == "Content-Security-Policy"
    ]
    loading = [
        i for i, one in enumerate(head) if one.tag in ("script", "link", "style", "noscript")
    ]
    assert [head[i].get("content") for i in policies] == [IN_PAGE]
    assert policies[0] < min(loading)


@pytest.mark.parametrize("page", PAGES)
def test_links_out_are_encrypted_and_tell_nothing(page: str) -> None:
    out = [one for one in tree(page).iter("a") if urlsplit(one.get("href") or "").netloc]
    assert all((one.get("href") or "").startswith("https://") for one in out)
    (policy,) = [one for one in tree(page).iter("meta") if one.get("name") == "referrer"]
    assert policy.get("content") == "no-referrer"


@pytest.mark.parametrize("path", sorted(SITE.glob("*/*.csv")), ids=lambda path: path.name)
def test_no_cell_of_a_download_is_a_formula(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert cells
    assert not [
        one for one in cells if re.match(r"[=@\t\r]|[+-](?!\d[\d.]*$)", one)
    ]  # a number may have a sign


def test_no_text_of_the_database_is_a_formula() -> None:
    with sqlite3.connect(SITE / "data" / "car-t-in-numbers.sqlite") as base:
        tables = [
            name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        assert tables
        for table in tables:
            texts = [
                cell
                for row in base.execute(f'SELECT * FROM "{table}"')
                for cell in row
                if isinstance(cell, str)
            ]
            assert not [one for one in texts if one.startswith(("=", "+", "@"))], table
