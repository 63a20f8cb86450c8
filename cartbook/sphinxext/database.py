"""Write all tables as one SQLite file, with their types, primary keys and foreign keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cartbook.datapackage import read_descriptor
from cartbook.sanitize import MISSING
from cartbook.tables import load

TYPES = {"Int64": "INTEGER", "Float64": "REAL"}


def write_database(data: Path, out: Path) -> None:
    """Write the tables in ``data`` to ``out``.

    A missing number is NULL, and the column NAME_missing says why; so is a reference to no row.
    """
    out.unlink(missing_ok=True)
    base = sqlite3.connect(":memory:", isolation_level=None)
    for resource in read_descriptor(data)["resources"]:
        rows = load(resource["name"])
        for key in resource["schema"].get("foreignKeys", []):
            for column in key["fields"]:
                rows[column] = rows[column].where(~rows[column].isin(MISSING), None)
        base.execute(create_table(resource["name"], rows, resource["schema"]))
        rows.to_sql(resource["name"], base, index=False, if_exists="append")
    base.execute("VACUUM INTO ?", (str(out),))  # the same rows give the same bytes
    base.close()


def create_table(name: str, rows: pd.DataFrame, schema: Mapping[str, Any]) -> str:
    """Return the statement that creates a table."""
    parts = [
        f"{_quoted(column)} {TYPES.get(str(dtype), 'TEXT')}"
        for column, dtype in rows.dtypes.items()
    ]
    parts.append(f"PRIMARY KEY ({_quoted(*schema['primaryKey'])})")
    for key in schema.get("foreignKeys", []):
        other = key["reference"]
        table = _quoted(other["resource"] or name)
        parts.append(
            f"FOREIGN KEY ({_quoted(*key['fields'])}) REFERENCES {table} ({_quoted(*other['fields'])})"
        )
    return f"CREATE TABLE {_quoted(name)} ({', '.join(parts)})"


def _quoted(*names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names)
