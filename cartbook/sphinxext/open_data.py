"""Describe the tables to data catalogues: as an RO-Crate and as Croissant, from the Data Package.

Both are written from ``datapackage.json``, beside it, so that nothing is described twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Package = Mapping[str, Any]
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
RO_CRATE, CROISSANT = "ro-crate-metadata.json", "croissant.json"
#: both files as downloads: what each is and what it is for
CATALOGUES = (
    {
        "title": "The tables as an RO-Crate",
        "description": "Every table with its hash, for research data repositories.",
        "use": "for research data repositories",
        "path": RO_CRATE,
        "mediatype": "application/ld+json",
    },
    {
        "title": "The tables as Croissant",
        "description": "Every table and column, for data catalogues.",
        "use": "for machine learning and data catalogues",
        "path": CROISSANT,
        "mediatype": "application/ld+json",
    },
)
MAKERS = {"@id": "#makers", "@type": "Organization", "name": "The makers of CAR-T in Numbers"}
TYPES = {"integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean"}
#: the terms of Croissant 1.1, as its specification asks every file to repeat them
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def ro_crate(package: Package, published: str, version: str) -> dict[str, Any]:
    """Return the metadata of an RO-Crate 1.1 with the tables; ``published`` is a date."""
    files = [
        {
            "@id": one["path"],
            "@type": "File",
            "name": one["title"],
            "description": one["description"],
            "encodingFormat": "text/csv",
            "contentSize": str(one["bytes"]),
            "sha256": one["hash"].removeprefix("sha256:"),
            "variableMeasured": [field["title"] for field in one["schema"]["fields"]],
        }
        for one in package["resources"]
    ]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": package["title"],
        "description": package["description"],
        "datePublished": published,
        "version": version,
        "license": {"@id": CC_BY},
        "author": {"@id": MAKERS["@id"]},
        "hasPart": [{"@id": one["@id"]} for one in files],
    }
    licence = {"@id": CC_BY, "@type": "CreativeWork", "name": "CC BY 4.0"}
    about = {
        "@id": RO_CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [about, root, licence, MAKERS, *files],
    }


def croissant(package: Package, published: str, version: str, address: str) -> dict[str, Any]:
    """Return the tables as Croissant 1.1; ``address`` is that of the folder with the tables."""
    files = [
        {
            "@type": "cr:FileObject",
            "@id": one["path"],
            "name": one["path"],
            "contentUrl": f"{address}{one['path']}",
            "encodingFormat": "text/csv",
            "sha256": one["hash"].removeprefix("sha256:"),
        }
        for one in package["resources"]
    ]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": package["name"],
        "description": package["description"],
        "license": CC_BY,
        "creator": {"@type": "Organization", "name": MAKERS["name"]},
        "url": address or "https://doi.org/10.1097/CM9.0000000000002549",
        "datePublished": published,
        "version": version,
        "citeAs": f"{MAKERS['name']}. {package['title']}, version {version}, {published}.",
        "distribution": files,
        "recordSet": [_records(one) for one in package["resources"]],
    }


def _records(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return one table as a set of records; a number that may be missing is text, as in the CSV."""
    name, schema = resource["name"], resource["schema"]
    missing = bool(schema.get("missingValues"))
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": resource["description"],
        "key": [{"@id": f"{name}/{column}"} for column in schema["primaryKey"]],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{field['name']}",
                "name": field["name"],
                "description": field["description"],
                "dataType": "sc:Text" if missing else TYPES.get(field["type"], "sc:Text"),
                "source": {
                    "fileObject": {"@id": resource["path"]},
                    "extract": {"column": field["name"]},
                },
            }
            for field in schema["fields"]
        ],
    }


def with_sizes(package: Package, folder: Path) -> dict[str, Any]:
    """Return the package with the hash and size that each table has now."""
    found = []
    for one in package["resources"]:
        body = (folder / one["path"]).read_bytes()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        found.append({**one, "hash": digest, "bytes": len(body)})
    return {**package, "resources": found}


def write(data: Path, out: Path, *, published: str, version: str, address: str) -> None:
    """Write both descriptions of the tables in ``data`` to the folder ``out``."""
    package = with_sizes(json.loads((data / "datapackage.json").read_text("utf-8")), data)
    texts = {
        RO_CRATE: ro_crate(package, published, version),
        CROISSANT: croissant(package, published, version, address),
    }
    for name, content in texts.items():
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (out / name).write_text(f"{text}\n", encoding="utf-8")
