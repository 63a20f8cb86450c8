"""Every file that names the version, its date, the title or the licence says the same."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
import yaml
from helpers import DATA, TOP, package

from cartbook.changes import NAME, current, versions


def text(name: str) -> str:
    return (TOP / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cited() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text("CITATION.cff"))
    return found


@pytest.fixture(scope="module")
def deposit() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text(".zenodo.json"))
    return found


def test_every_file_names_the_same_version_and_date(
    cited: dict[str, Any], deposit: dict[str, Any]
) -> None:
    version, day = (
        tomllib.loads(text("pyproject.toml"))["project"]["version"],
        cited["date-released"],
    )
    released = next(one for one in versions(DATA) if one.version)
    heading = re.search(r"^## \[(\d.+)\] – (\S+)$", text("CHANGELOG.md"), re.MULTILINE)
    assert heading
    assert {
        "CITATION.cff": (cited["version"], str(day)),
        ".zenodo.json": (deposit["version"], deposit["publication_date"]),
        "data/changes.csv": (released.version, released.date),
        "CHANGELOG.md": heading.groups(),
        "chapters/about.md": (version, str(day))
        if f"Version {version}, {day:%Y}." in text("chapters/about.md")
        else "",
    } == dict.fromkeys(
        ("CITATION.cff", ".zenodo.json", "data/changes.csv", "CHANGELOG.md", "chapters/about.md"),
        (version, str(day)),
    )


def test_the_descriptor_has_the_version_of_the_tables_as_they_are() -> None:
    version, day = current(DATA)
    assert (package()["version"], package()["created"]) == (version, f"{day}T00:00:00Z")


def test_citation_and_deposit_describe_the_same_work(
    cited: dict[str, Any], deposit: dict[str, Any]
) -> None:
    assert deposit["title"] == cited["title"]
    assert deposit["keywords"] == cited["keywords"]
    assert [one["name"] for one in deposit["creators"]] == [one["name"] for one in cited["authors"]]
    assert [one["doi"] for one in cited["references"]] == [
        one["identifier"] for one in deposit["related_identifiers"]
    ]


def test_the_licences_are_those_of_the_code_and_of_the_tables(
    cited: dict[str, Any], deposit: dict[str, Any]
) -> None:
    code = tomllib.loads(text("pyproject.toml"))["project"]["license"]
    (content,) = (one["name"] for one in package()["licenses"])
    assert cited["license"] == [code, content]
    assert deposit["license"] == content.lower()
    assert "CC BY 4.0" in deposit["description"]
    assert code in deposit["description"]
    assert NAME in {one["name"] for one in package()["resources"]}
