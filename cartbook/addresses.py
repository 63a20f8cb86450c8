"""Hosts of canonical web addresses, by kind of document: no mirror, copy, aggregator or search."""

from __future__ import annotations

import re

#: hosts of canonical addresses by kind of document; any kind may also have a DOI or be in PubMed
LIBRARIES = "doi.org pubmed.ncbi.nlm.nih.gov pmc.ncbi.nlm.nih.gov"
REGISTRIES = "clinicaltrials.gov chictr.org.cn isrctn.com"
AGENCIES = """fda.gov accessdata.fda.gov ema.europa.eu nice.org.uk gov.uk nmpa.gov.cn nhsa.gov.cn
ec.europa.eu ctep.cancer.gov medicines.org.uk dailymed.nlm.nih.gov"""
JOURNALS = """ashpublications.org aacrjournals.org nature.com ascopubs.org nejm.org thelancet.com
jamanetwork.com sciencedirect.com wiley.com springer.com biomedcentral.com frontiersin.org
authorea.com researchinformation.umcutrecht.nl experts.nebraska.edu
christie.openrepository.com
jclinepi.com ehaweb.org ash.confex.com imsannual2025.eventscribe.net hmpgloballearningnetwork.com hmpi.org ispor.org scientific.sparx-ip.net"""
COMPANIES = """gilead.com kitepharma.com novartis.com bms.com jnj.com legendbiotech.com autolus.com
jwtherapeutics.com carsgen.com iasobio.com juventas.cn prnewswire.com businesswire.com
globenewswire.com precision-biotech.com
janssen-pi.co.uk tecartushcp.com yescartahcp.com carvyktihcp.com jnjmedicalconnect.com mskcc.org
med.unc.edu sec.gov abecmahcp.com"""
OUTLETS = """ascopost.com cancernetwork.com targetedonc.com onclive.com reuters.com caixinglobal.com
yicaiglobal.com manufacturingchemist.com precisionmedicineonline.com szdaily.com
cgtlive.com apmhealtheurope.com the-scientist.com survivornet.com hmpgloballearningnetwork.com
ajmc.com healio.com aabb.org bloodcancerstoday.com fiercebiotech.com sohoinsider.com
montefioreeinstein.org conferences.medicom-publishers.com"""
HOSTS = {
    "review": LIBRARIES,
    "article": f"{LIBRARIES} {JOURNALS} {REGISTRIES}",
    "abstract": f"{LIBRARIES} {JOURNALS} {REGISTRIES}",
    "label": f"{AGENCIES} {COMPANIES}",
    "agency document": f"{LIBRARIES} {AGENCIES} {COMPANIES}",
    "registry record": REGISTRIES,
    "company release": f"{COMPANIES} {REGISTRIES}",
    "news": OUTLETS,
}


def known_host(address: str, kind: str) -> bool:
    """Return whether an address is on one of the hosts of this kind of document."""
    host = re.match(r"https://([^/?#:]+)(?:[/?#]|$)", address)
    return host is not None and any(
        host[1] in (known, f"www.{known}", f"en.{known}", f"english.{known}")
        for known in HOSTS.get(kind, "").split()
    )
