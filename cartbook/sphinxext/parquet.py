"""Write each table as a Parquet file, with types, beside its CSV."""

from __future__ import annotations

from pathlib import Path

import fastparquet

from cartbook.datapackage import read_descriptor
from cartbook.tables import load


def write_parquet(data: Path, out: Path) -> None:
    """Write the tables in ``data`` to ``out`` as ``NAME.parquet``.

    A missing number is null, and the column NAME_missing says why.
    """
    for resource in read_descriptor(data)["resources"]:
        name = resource["name"]
        target = out / f"{name}.parquet"
        fastparquet.write(str(target), load(name), compression="GZIP", write_index=False)
