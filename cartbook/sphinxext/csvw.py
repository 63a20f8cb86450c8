"""Describe the CSV of a chart: ``ID.csv-metadata.json`` beside ``ID.csv``, after CSV on the Web.

A program that knows the standard finds the description by its name. It has the title, the source,
the licence and the citation of the figure, and of each column its title and type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartbook.figures import OUTCOME
from cartbook.sphinxext.open_data import CC_BY

SUFFIX = ".csv-metadata.json"
KEY = "The key of the reported number of the row, in outcomes.csv."


def describe(
    figure: Mapping[str, Any], *, citation: str, author: str, address: str = ""
) -> dict[str, Any]:
    """Return the description of a figure's CSV; ``address`` is that of the figure, if it is public."""
    table = figure["table"]
    cells = zip(*table["rows"], strict=True)
    columns = [
        {"titles": column["name"], "datatype": _type(column["numeric"], values)}
        for column, values in zip(table["columns"], cells, strict=True)
    ]
    if table.get("outcomes"):
        columns.append({"titles": OUTCOME, "datatype": "string", "dc:description": KEY})
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en-GB"}],
        "url": f"{figure['id']}.csv",
        "dc:title": figure["title"],
        "dc:description": figure["alt"],
        "dc:source": figure["source"],
        "dc:creator": author,
        "dc:license": {"@id": CC_BY},
        "dc:bibliographicCitation": citation,
        **({"dc:isPartOf": {"@id": address}} if address else {}),
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\n"], "header": True},
        "tableSchema": {"columns": columns},
    }


def _type(numeric: bool, values: tuple[Any, ...]) -> str:
    """Return the type of a column as its CSV has it: whole numbers have no decimals there."""
    if not numeric:
        return "string"
    return "integer" if all(float(one).is_integer() for one in values) else "number"
