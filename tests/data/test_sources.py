"""Sources have canonical addresses and identifiers, and no other address is in the data."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import row_of

from cartbook.addresses import HOSTS, known_host
from cartbook.datapackage import Table
from cartbook.findings import Finding
from cartbook.sanitize import MISSING

DATA = Path(__file__).resolve().parents[2] / "data"
#: the only hosts of sources: libraries, registries, agencies, journals, companies; outlets for news
ALLOWED = {
    "doi.org",
    "christie.openrepository.com",
    "pubmed.ncbi.nlm.nih.gov",
    "pmc.ncbi.nlm.nih.gov",
    "clinicaltrials.gov",
    "fda.gov",
    "english.nmpa.gov.cn",
    "ema.europa.eu",
    "nice.org.uk",
    "gov.uk",
    "ec.europa.eu",
    "ctep.cancer.gov",
    "medicines.org.uk",
    "janssen-pi.co.uk",
    "ashpublications.org",
    "authorea.com",
    "researchinformation.umcutrecht.nl",
    "experts.nebraska.edu",
    "aacrjournals.org",
    "hmpi.org",
    "ispor.org",
    "ehaweb.org",
    "scientific.sparx-ip.net",  # abstracts of the EULAR congress
    "ash.confex.com",  # abstracts of the ASH congress
    "imsannual2025.eventscribe.net",  # abstracts of the IMS congress
    "hmpgloballearningnetwork.com",
    "carsgen.com",
    "gilead.com",
    "jwtherapeutics.com",
    "en.precision-biotech.com",
    "businesswire.com",
    "globenewswire.com",
    "med.unc.edu",
    "sec.gov",
    "tecartushcp.com",
    "yescartahcp.com",
    "jnjmedicalconnect.com",
    "carvyktihcp.com",
    "abecmahcp.com",
    "mskcc.org",
}
OUTLETS = {
    "conferences.medicom-publishers.com",
    "manufacturingchemist.com",
    "precisionmedicineonline.com",
    "szdaily.com",
    "yicaiglobal.com",
    "cgtlive.com",
    "ascopost.com",
    "apmhealtheurope.com",
    "the-scientist.com",
    "survivornet.com",
    "onclive.com",
    "ajmc.com",
    "healio.com",
    "bloodcancerstoday.com",
    "fiercebiotech.com",
    "cancernetwork.com",
    "aabb.org",
    "sohoinsider.com",
    "montefioreeinstein.org",
}


def read(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SOURCES = read("sources")


def test_addresses_are_of_the_allowed_kinds() -> None:
    for row in SOURCES:
        if row["address"] not in MISSING:
            host = row["address"].split("/")[2].removeprefix("www.")
            allowed = ALLOWED | OUTLETS if row["kind"] == "news" else ALLOWED
            assert host in allowed, row["source_id"]


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("article", "https://preview-www.nature.com/articles/s41408-024-01183-8/tables/1"),
        ("article", "https://staging.bloodcancerstoday.com/post/cema-cel"),
        ("article", "https://synapse.patsnap.com/drug/e1d3d65db94247ba81e1f825b3dce983"),
        ("article", "https://cnrmersinguzellikfuari.com/article/revolutionary-gene-editing"),
        ("article", "http://ashpublications.net/blood/article/143/6/496/498426"),
        ("article", "https://ashpublications.net/blood/article/143/6/496/498426"),
        ("article", "https://doi.org.example.org/10.1056/NEJMoa2116133"),
        ("article", "https://www.cancernetwork.com/view/cilta-cel-boosts-survival"),
        ("agency document", "https://fda.einnews.com/pr_news/826043976"),
        ("news", "https://www.itiger.com/news/1198403473"),
    ],
)
def test_mirrors_and_aggregators_are_refused(kind: str, address: str) -> None:
    assert not known_host(address, kind)


def test_a_new_source_needs_its_canonical_address(
    check: Callable[..., list[Finding]], tables: dict[str, Table]
) -> None:
    with_doi = row_of(tables["sources"], source_id="westin2023")
    without = row_of(tables["sources"], doi="not reported", pmid="not reported")
    for row, address in [
        (with_doi, "https://doi.org/10.1/other"),
        (without, "https://doi.org/10.1/x"),
    ]:
        (found,) = check("sources", row, address=address)
        assert (found.file, found.column) == ("sources.csv", "address")


def test_most_sources_have_an_identifier() -> None:
    names = ("doi", "pmid", "pmcid", "registry_id")
    numbered = ("agency document", "label")  # the number of an abstract or a table finds nothing
    known = [
        row
        for row in SOURCES
        if any(row[name] not in MISSING for name in names)
        or (row["kind"] in numbered and row["document"] not in MISSING)
    ]
    assert len(known) >= 0.85 * len(SOURCES)


def test_every_source_can_be_looked_up(
    tables: dict[str, Table], check: Callable[..., list[Finding]]
) -> None:
    (found,) = check("sources", row_of(tables["sources"], kind="news"), address="not reported")
    assert (found.file, found.column) == ("sources.csv", "address")


def test_nothing_is_given_from_memory() -> None:
    for path in DATA.glob("*.csv"):
        assert "from memory" not in path.read_text(encoding="utf-8").lower(), path.name


def test_an_address_is_that_of_the_document_and_no_home_page() -> None:
    home = {row["source_id"] for row in SOURCES if re.fullmatch(r"https://[^/]+/?", row["address"])}
    # the pages of these were read as copies or are home pages themselves
    assert home <= {
        "apm-2018-08-31",
        "apm-2018-12-28",
        "thescientist-2018-09-05",
        "kite-tecartus-2021",
    }


def test_only_sources_have_addresses() -> None:
    for path in DATA.glob("*.csv"):
        if path.stem != "sources":
            assert re.search(r"https?://|www\.", path.read_text(encoding="utf-8")) is None, path


def test_every_kind_of_document_has_hosts() -> None:
    assert set(HOSTS) >= {row["kind"] for row in SOURCES}


def test_every_source_is_used() -> None:
    used = {
        row["source_id"]
        for name in ("outcomes", "approvals", "products", "comparisons", "scales", "scales_used")
        for row in read(name)
    } | {row["source_id"] for row in read("checklists")}
    used |= {key for row in read("appraisals") for key in row["basis"].split("; ")}
    assert {row["source_id"] for row in SOURCES} <= used
