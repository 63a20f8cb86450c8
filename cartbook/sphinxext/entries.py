"""What a reported number says in its entry: what it counts, of whom, its interval and its source."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd
from pybtex.database import BibliographyData, Entry, Person
from pybtex.database.output.bibtex import Writer

from cartbook.checks import REVIEW, same_value
from cartbook.stats import implied_events
from cartbook.tables import FOLDER, KEY, Quote, evidence, load

Row = dict[str, Any]
PLACE = "evidence"  # the folder of the pages
NO_STUDY = "not applicable"
COUNTS = "registered-trials"  # the page of what the review counts in trial registries
NONE = ("none", "not applicable", "not reported")
ARTICLES = ("article", "abstract", "review")  # what BibTeX calls articles
SECTIONS = {  # of the review
    "introduction": "Introduction",
    "b-cell": "section on B-cell malignancies",
    "hodgkin": "section on Hodgkin lymphoma",
    "myeloma": "section on multiple myeloma",
    "t-cell": "section on T-cell malignancies",
    "aml": "section on acute myeloid leukaemia",
    "toxicity": "section on toxicity",
    "antigen-negative": "section on antigen-negative relapse",
    "antigen-positive": "section on antigen-positive relapse",
    "availability": "section on availability",
}
UNITLESS = ("ratio", "p value")  # what the number is says what it is counted in
SELF_EVIDENT = ("proportion", "count", "single value", "named without a number")


# Rows


def outcomes() -> dict[str, Row]:
    """Return every reported number by its key, with the facts of its study and source."""
    return {row["outcome_id"]: row for row in records(evidence())}


def records(table: pd.DataFrame) -> list[Row]:
    """Return the rows of a table as dictionaries."""
    return [{str(name): one for name, one in row.items()} for row in table.to_dict("records")]


def rows() -> dict[str, Row]:
    """Return every number that has an entry: the outcomes and the review's counts of trials."""
    names = ("outcomes.csv", "studies.csv", "sources.csv", "landscape.csv", "datapackage.json")
    return _rows(tuple((FOLDER / name).stat().st_mtime_ns for name in names))


@lru_cache(maxsize=1)
def _rows(stamp: tuple[int, ...]) -> dict[str, Row]:
    found = outcomes()
    review = next(row for row in found.values() if row["source_id"] == REVIEW)
    counts = [_count(review, row) for row in records(load("landscape"))]
    return found | {row["outcome_id"]: row for row in counts}


def _count(review: Row, count: Row) -> Row:
    """Return a count of the review as a row of evidence; `review` is any other row of it."""
    year, of = known(count, "year"), pd.notna(count["denominator"])
    return {
        **dict.fromkeys(review, "not applicable"),
        **dict.fromkeys(("low", "high", "at_month", "follow_up_months", "events", "denominator")),
        **{name: value for name, value in review.items() if name.startswith("source_")},
        **{name: count[name] for name in ("section", "place", "printed", "topic")},
        **({"events": count["numerator"], "denominator": count["denominator"]} if of else {}),
        **{"outcome_id": count["count_id"], "study_id": COUNTS, "label": "Registered trials"},
        **{"endpoint": count["item"], "arm": count["country"], "statistic": "count"},
        **{"value": count["numerator"], "value_missing": count.get("numerator_missing", "")},
        **{"unit": "trials", "as_of": "2022-10", "flag": "none", "denominator_missing": "none"},
        "subgroup": f"in {year}" if year else "not applicable",
        "note": " ".join(word for name in ("definition", "note") if (word := known(count, name))),
    }


def page_of(row: Row) -> str:
    """Return the page with a row's entry."""
    return f"{PLACE}/{'other' if row['study_id'] == NO_STUDY else row['study_id']}"


def address(key: str) -> str:
    """Return the address of a number's entry in the site."""
    return f"{page_of(rows()[key])}.html#{key}"


# Words


def cell(row: Row, name: str) -> str:
    """Return a cell as text; a number that is missing as the word that says why."""
    value = row[name]
    if pd.isna(value):
        return str(row.get(f"{name}_missing") or "not reported")
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def known(row: Row, *names: str, between: str = "; ") -> str:
    """Return cells as text, without those that say that there is nothing."""
    return between.join(word for name in names if (word := cell(row, name)) not in NONE)


def what(row: Row) -> str:
    """Return what a number counts: "cytokine release syndrome, grade 3 or higher"."""
    parts = [row["endpoint"]]
    parts += [row["statistic"]] if row["statistic"] not in SELF_EVIDENT else []
    if grade := known(row, "grade"):
        parts.append(
            "any grade" if grade == "any" else f"grade {grade}".replace("grade severe", "severe")
        )
    if month := known(row, "at_month"):
        parts.append(f"at {month} months")
    return ", ".join(parts)


def is_fraction(row: Row) -> bool:
    """Return whether a number is of patients out of others, so that Wilson's interval holds."""
    if pd.isna(row["denominator"]) or row["statistic"] not in ("proportion", "count"):
        return False
    if pd.notna(row["events"]):
        return bool(row["events"] <= row["denominator"])
    try:
        return row["unit"] == "percent" and implied_events(row["value"], row["denominator"])[0] >= 0
    except (TypeError, ValueError):  # no value, or one that no whole number of patients gives
        return False


def interval(row: Row) -> tuple[float, float, float, str] | None:
    """Return estimate, low and high (a fraction in per cent), and whose interval it is."""
    if pd.notna(row["low"]) and pd.notna(row["high"]) and pd.notna(row["value"]):
        return row["value"], row["low"], row["high"], "as the source prints it"
    if not is_fraction(row):
        return None
    share = Quote(pd.Series(row)).proportion
    return 100 * share.estimate, 100 * share.low, 100 * share.high, "Wilson, computed here"


def shown(row: Row) -> str:
    """Return a number as readers see it: "77 of 104 (74%, 95% CI 65–82)", "24.9 months"."""
    told, span = Quote(pd.Series(row)), interval(row)
    if is_fraction(row) and span:
        return f"{told.fraction} ({told.share}, 95% CI {span[1]:.0f}–{span[2]:.0f})"
    number = told.number if row["unit"] in UNITLESS else told.text
    return f"{number} (95% CI {told.printed_interval})" if span else str(number)


# Sources


def source(row: Row) -> dict[str, Any]:
    """Return the source of a row as a record: its reference, where it can be read, BibTeX."""
    return _source(tuple((name, row[name]) for name in row if name.startswith("source_")))


@lru_cache(maxsize=1024)
def _source(cells: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    row = dict(cells)
    author, body, year = (
        known(row, f"source_{one}") for one in ("first_author", "journal", "year")
    )
    article = row["source_kind"] in ARTICLES
    title, number = known(row, "source_title").rstrip("."), known(row, "source_document")
    who = f"{author}, et al" if author and article else author
    family, _, initials = author.rpartition(" ")
    person = f"{family}, {initials}" if family and article else f"{{{author}}}"
    fields = {"title": f"{{{title}}}" if title else "", "year": year, "number": number}
    address = str(row["source_address"])
    fields |= {"doi": known(row, "source_doi"), "url": address}
    fields["journal" if article else "howpublished"] = body
    people = [Person(person), *([Person("others")] if article else [])] if author else []
    made = Entry(
        "article" if article else "misc", {k: v for k, v in fields.items() if v}, {"author": people}
    )
    doi = known(row, "source_doi")
    links = {address: _link_words(row, doi)}
    if pmid := known(row, "source_pmid"):
        links[f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"] = f"PubMed {pmid}"
    if pmcid := known(row, "source_pmcid"):
        links[f"https://pmc.ncbi.nlm.nih.gov/articles/{pmcid}/"] = pmcid
    return {
        "id": row["source_id"],
        "kind": row["source_kind"],
        "read": row["source_read"],
        "short": str(Quote(pd.Series(row)).source),
        "text": ". ".join(one for one in (who, title, f"{body} {year}".strip(), number) if one)
        + ".",
        "links": list(links.items()),
        "bibtex": Writer().to_string(BibliographyData({row["source_id"]: made})).strip(),
        "note": known(row, "source_note"),
    }


def _link_words(row: Row, doi: str) -> str:
    """Return the words of a source's link: its DOI, or what is at its address."""
    host = str(row["source_address"]).split("/")[2]
    if host == "clinicaltrials.gov" and row["source_kind"] != "registry record":
        return "registry record of the trial"
    return f"doi:{doi}" if doi else host


# Entries


def place_of(row: Row) -> str:
    """Return the place of a number in its source; the review's sections are named in words."""
    section = known(row, "section")
    section = SECTIONS.get(section, section.replace("-", " ").capitalize())
    return ", ".join(one for one in (section, known(row, "place")) if one)


def entry(row: Row, study: list[Row], judged: list[Row]) -> dict[str, Any]:
    """Return the entry of one number as a record.

    `study` has all rows of its study; `judged` the rows of comparisons.csv that name it.
    """
    span = interval(row)
    unit = "%" if row["unit"] == "percent" or is_fraction(row) else ""
    ends = f"{span[1]:.3g}–{span[2]:.3g}{unit} ({span[3]})" if span else ""
    printed, months = known(row, "printed"), known(row, "follow_up_months")
    facts = {
        "Group": known(row, "arm"),
        "Population": known(row, "population", "subgroup"),
        "Count": str(Quote(pd.Series(row)).fraction)
        if is_fraction(row)
        else known(row, "denominator"),
        "95% interval": ends,
        "Median follow-up": f"{months} months" if months else "",
        "As printed": f"“{printed}”" if printed else "",
        "Place": place_of(row),
        "As of": known(row, "as_of"),
    }
    return {
        "kind": "entry",
        "key": row["outcome_id"],
        "study": row["label"],
        "label": what(row)[:1].upper() + what(row)[1:],
        "number": shown(row),
        "facts": [(name, words) for name, words in facts.items() if words],
        "source": source(row),
        "others": _others(row, study, judged),
        "flag": known(row, "flag"),
        "note": known(row, "note"),
    }


def _others(row: Row, study: list[Row], judged: list[Row]) -> list[dict[str, str]]:
    """Return what is reported of the same thing elsewhere, and comparisons that were judged."""
    reasons = {one[name]: one for one in judged for name in ("outcome_id", "other_id")}
    found = [
        _other(row, other, reasons.get(other["outcome_id"]))
        for other in study
        if other is not row and (_same_thing(row, other) or other["outcome_id"] in reasons)
    ]
    for one in judged:
        if one["other_id"] == NO_STUDY and (said := known(one, "other_says")):
            words = {"key": "", "source": one["source_id"], "number": said}
            found.append({**words, "verdict": one["verdict"], "remark": known(one, "reason")})
    return list({tuple(one.items()): one for one in found if one}.values())


def _same_thing(row: Row, other: Row) -> bool:
    return all(cell(row, name) == cell(other, name) for name in KEY)


def _other(row: Row, other: Row, judgement: Row | None) -> dict[str, str]:
    """Return another report beside this one; nothing if one source says the same twice."""
    same = _same_thing(row, other)
    equal = same and same_value(cell(row, "value"), cell(other, "value"))
    if equal and other["source_id"] == row["source_id"]:
        return {}
    if same or judgement is None:
        verdict = "the same number" if equal else _relation(row, other)
    else:
        verdict = judgement["verdict"]
    return {
        "key": other["outcome_id"],
        "source": source(other)["short"],
        "number": shown(other),
        "verdict": verdict,
        "remark": known(judgement, "reason") if judgement else "",
    }


def _relation(row: Row, other: Row) -> str:
    """Return how a report with another number relates to this one, as far as their dates say."""
    months = [known(one, "follow_up_months") for one in (row, other)]
    if all(months) and months[0] != months[1]:
        later = float(months[1]) > float(months[0])
        return "a later follow-up" if later else "an earlier follow-up"
    dates = [known(one, "as_of") for one in (row, other)]
    if all(dates) and dates[0] != dates[1]:
        return "a later report" if dates[1] > dates[0] else "an earlier report"
    return "another number"
