"""The declarative rules: rows of a known kind, cells that imply others, and what tables share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cartbook.checks import (
    REVIEW,
    STEPS_DOWN,
    Break,
    Row,
    Rows,
    agree,
    by,
    copied,
    implies,
    listed,
    named,
    numbered,
    repeated,
    sequence,
    state,
)
from cartbook.sanitize import NUMBER

GRADED = ("cytokine release syndrome", "neurotoxicity")  # end points that have a severity
NA, NR = "not applicable", "not reported"
SET, NUM = rf"(?!{NA}$).*", NUMBER.pattern
NO_EVENTS = {"events": NA}
NO_SHARE = "difference|minimum|maximum|single value|.* ratio|p value|range|mean"
OF_REVIEW, ELSEWHERE = {"source_id": REVIEW}, {"source_id": f"(?!{REVIEW}$).*"}
DAYS = {"day": r"\d{4}-\d\d-\d\d", "month": r"\d{4}-\d\d", "year": r"\d{4}", NR: NR}
HARM = "|".join(GRADED)
#: how many paragraphs each section of the review has; a paragraph broken by a page counts once
PARAGRAPHS = {"b-cell": 5, "antigen-positive": 7}
PARAGRAPHS |= dict.fromkeys(["myeloma", "aml", "toxicity", "antigen-negative"], 4)
PARAGRAPHS |= dict.fromkeys(["introduction", "landscape-number", "landscape-targets"], 2)
PARAGRAPHS |= dict.fromkeys(["efficacy", "availability"], 2)
PARAGRAPHS |= dict.fromkeys(
    ["abstract", "landscape-methods", "landscape-size", "limits", "relapse"], 1
)
PARAGRAPHS |= dict.fromkeys(["genetic-modification", "hodgkin", "t-cell", "conclusion"], 1)

# Cells that imply others; patterns match a whole cell

Cells = Mapping[str, str]
IMPLIED: dict[str, dict[str, tuple[Cells, Cells]]] = {
    "outcomes": {
        "A proportion is a percentage with events and a denominator, or says that they are missing": (
            {"statistic": "proportion"},
            {"unit": "percent", "events": f"{NUM}|{NR}", "denominator": f"{NUM}|{NR}"},
        ),
        "A landmark rate is a percentage at a month": (
            {"statistic": "landmark rate"},
            {"unit": "percent", "at_month": f"{NUM}|{NR}", **NO_EVENTS},
        ),
        "A median and a single value have no month": (
            {"statistic": "median|single value|p value|named without a number"},
            {"at_month": NA},
        ),
        "A median is a time or an amount, and has no events": (
            {"statistic": "median"},
            {"unit": "(?!percent$|patients$).*", **NO_EVENTS},
        ),
        "A result named without a number has no value and no unit": (
            {"statistic": "named without a number"},
            {"unit": NA, "value": NR, **NO_EVENTS},
        ),
        "A value has a unit": ({"value": NUM}, {"unit": SET}),
        "A count is of patients or things": (
            {"statistic": "count"},
            {"unit": f"(?!percent$|months$|{NA}$).*"},
        ),
        "A number that is no share has no events": ({"statistic": NO_SHARE}, NO_EVENTS),
        "A flag has a reason in the note": ({"flag": "(?!none$).*"}, {"note": "(?!none$).*"}),
        "A share of patients with CRS or neurotoxicity has a grade": (
            {"endpoint": HARM, "statistic": "proportion"},
            {"grade": SET},
        ),
        "In the review only CRS and neurotoxicity have a grade": (
            {**OF_REVIEW, "endpoint": f"(?!({HARM})$).*"},
            {"grade": NA},
        ),
        "Only the review has a section, a printed end point and a basis of the denominator": (
            ELSEWHERE,
            {"section": NA, "endpoint_printed": NA, "denominator_basis": NA},
        ),
        "A number of the review has its section and month of submission": (
            OF_REVIEW,
            {"section": SET, "as_of": "2022-10", "study_id": SET},
        ),
        "A denominator of the review says where it comes from": (
            {**OF_REVIEW, "denominator": SET},
            {"denominator_basis": SET},
        ),
        "What has no denominator needs no basis for it": (
            {"denominator": NA},
            {"denominator_basis": NA},
        ),
        "A row of a table of the review has an id and a place that say so": (
            {"section": "table-.*"},
            {"outcome_id": ".*[.-]table-.*", "place": "row .*"},
        ),
        "Only a row of a table of the review has an id and a place that say so": (
            {**OF_REVIEW, "section": "(?!table-).*"},
            {"outcome_id": "(?!.*[.-]table-).*", "place": "(?!row ).*"},
        ),
    },
    "comparisons": {
        "What was not found has no other source": (
            {"verdict": "not found"},
            {"source_id": NA, "other_id": NA},
        ),
        "What was compared has a source": ({"verdict": "(?!not found$).*"}, {"source_id": SET}),
        "A difference says whether it matters": ({"verdict": "differs"}, {"matters": SET}),
        "What agrees, or was not found, changes nothing": (
            {"verdict": "agrees|not found"},
            {"matters": NA},
        ),
    },
    "approvals": {
        "What the review states has its place, the rest has none": (
            {"in_review": "no"},
            {"section": NA, "place": NA, "date_printed": NA},
        ),
        "What the review states has its place": ({"in_review": "yes"}, {"section": SET}),
    },
    "studies": {
        "A study that the review does not cite has no place in it": (
            {"reference": NA},
            {"table": NA, "section": NA, "place": NA, "product_printed": NA, "disease_printed": NA},
        ),
        "A study that the review cites has a place in it": (
            {"reference": NUM},
            {"table": SET, "section": SET, "place": SET},
        ),
    },
    "summary_of_findings": {
        "A comparison has a control": (
            {"question": "comparison"},
            {"control": SET, "method": "landmarks|counts|ratio"},
        ),
        "A rate has no control": (
            {"question": "rate"},
            {"control": NA, "ratio": NA, "method": "rate|pooled|range"},
        ),
        "A difference from a ratio names the ratio": ({"method": "ratio"}, {"ratio": SET}),
    },
}
for table, sentences in IMPLIED.items():
    for sentence, (when, then) in sentences.items():
        state(table, sentence, implies(when, then))
for precision, form in DAYS.items():
    exact = implies({"precision": precision}, {"date": form})
    state("approvals", "The date is as precise as it says", exact)


# One thing has one description


def _topic_key(row: Row) -> tuple[str, ...]:
    """Return the end point, apart for comparisons between randomised groups."""
    return row["endpoint"], *{"randomised comparison"} & {row["topic"]}


def _product(row: Row) -> tuple[str, ...]:
    """Return the product; *several* is none."""
    return (NA if row["product"] == "several" else row["product"],)


TRIAL = ("target", "disease", "approach", "section", "place")
state("studies", "A product has one target", agree(_product, "target"))
state("outcomes", "An end point has one topic, or compares groups", agree(_topic_key, "topic"))
state("trial_ids", "Trials with one purpose are described alike", agree(by("purpose"), *TRIAL))
state("landscape", "A topic has one window", agree(by("topic"), "window"))
state("landscape", "An item has one topic", agree(by("item"), "topic"))
state("strategies", "A mechanism belongs to one limit", agree(by("mechanism"), "limit", "section"))
state("recount", "The whole table is of one day", agree(by(), "as_of"))

# Ids say what they name, and tables say the same

US = {"United States": "us", "all": "", "other countries": ""}  # how ids abbreviate countries


def _names_of_counts(rows: Rows) -> Iterator[Break]:
    """Yield ids of counts that do not name country and year; those of places name the place."""
    blank = [dict.fromkeys(row, NA) if row["topic"] == "place" else row for row in rows]
    yield from named("count_id", "country", "year", words=US)(blank)


def _one_table(rows: Rows, studies: Rows) -> Iterator[Break]:
    """Yield numbers in a table of the review that is not the table of their study."""
    blank = [row if "table-" in row["section"] else {**row, "section": NA} for row in rows]
    yield from copied("study_id", "studies", "study_id", section="table")(blank, studies)


AUTHOR = {"first_author": "first_author_printed", "year": "year", "study_id": "key"}
state("approvals", "The id names the agency", named("approval_id", "agency"))
state("antigens", "The id is the antigen", named("antigen_id", "antigen"))
state("landscape", "The id names country and year", _names_of_counts)
state("outcomes studies", "A study is in one table of the review", _one_table)
state(
    "studies references",
    "A study of the review is the reference after which it is named",
    copied("reference", "references", "reference", **AUTHOR),
)
state(
    "studies products",
    "A product has one target in every table",
    copied("product", "products", "product", target="target"),
)

# What is referred to is there

KEYS = {
    **{"outcomes": "outcome_id", "comparisons": "comparison_id", "landscape": "count_id"},
    **{"studies": "study_id", "approvals": "approval_id", "products": "product_id"},
    **{"trial_ids": "nct_printed", "strategies": "strategy_id", "preclinical": "finding_id"},
    **{"antigens": "antigen_id", "sources": "source_id", "references": "key reference"},
}
NUMBERS = listed("nct_ids", "in trial_ids.csv", "nct_printed nct_id")
state("strategies trial_ids", "A trial number is in trial_ids.csv", NUMBERS)
CITED = listed("reference", "in references.csv", "reference")
state("strategies references", "A reference is in references.csv", CITED)
TERMS = listed("see_also", "a term here", "term")
state("glossary glossary", "A term under see_also is explained", TERMS)
for column in ("effect", "control", "ratio", "participants"):
    found = listed(column, "the key of an outcome", "outcome_id")
    state("summary_of_findings outcomes", f"A finding names outcomes: {column}", found)
REFERRED = " ".join(KEYS)
FOUND = listed("table_ref", "the key of a row", *KEYS.values())
state(f"findings {REFERRED}", "A finding refers to a row", FOUND)
SOURCED = listed("basis", "in sources.csv", "source_id")
state("appraisals sources", "An appraisal names the sources on which it is based", SOURCED)

# The Summary of Findings

DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
CERTAINTIES = ("very low", "low", "moderate", "high")
#: how plain language says how certain a finding is (GRADE guidelines 26)
HEDGES = {
    "high": r"(?!.*\b(probably|may|uncertain)\b).*",
    "moderate": r"(?i:(.*\b)?probably\b.*)",
    "low": r"(.*\b)?may\b.*",
    "very low": r"We are very uncertain .*",
}
#: a number that stands alone, not within a name such as ZUMA-7, CD28, 4-1BB or RoB 2, or an age
TYPED = re.compile(r"(?<![\w-])(?<!age )(?<!RoB )\d+(?![\w-])")


def _graded(findings: Rows) -> Iterator[Break]:
    """Yield certainties that do not follow from the domains, which lower it from high."""
    for line, row in numbered(findings):
        steps = sum(STEPS_DOWN.get(row[domain], len(CERTAINTIES)) for domain in DOMAINS)
        wanted = CERTAINTIES[max(0, len(CERTAINTIES) - 1 - steps)]
        if row["certainty"] != wanted:
            problem = f"{steps} steps down from high give {wanted!r}, not {row['certainty']!r}"
            yield Break(line, "certainty", problem, "correct the certainty or a domain")


def _not_typed(findings: Rows) -> Iterator[Break]:
    """Yield texts with a number of their own: numbers come from the outcomes that a row names."""
    texts = ["outcome", "label", "words", "would_change", *(f"{one}_reason" for one in DOMAINS)]
    for line, row in numbered(findings):
        for column in texts:
            if found := TYPED.search(row[column]):
                problem = f"the number {found[0]} is typed"
                yield Break(line, column, problem, "say it in words, or name the outcome")


def _worded(findings: Rows) -> Iterator[Break]:
    """Yield findings whose words are not those of their certainty."""
    for line, row in numbered(findings):
        if not re.fullmatch(HEDGES.get(row["certainty"], ".*"), row["words"]):
            problem = f"{row['words']!r} are not the words of {row['certainty']} certainty"
            yield Break(line, "words", problem, "correct the words, or the certainty")


state("summary_of_findings", "Certainty follows from the five domains", _graded)
state("summary_of_findings", "A number of a finding comes from its outcomes", _not_typed)
state("summary_of_findings", "The words say how certain the finding is", _worded)

# Rows

#: tables whose rows have a key of their own, and tables that name a place of the review
KEYED = "outcomes sources approvals landscape strategies preclinical findings"
PLACED = "products approvals trial_ids studies outcomes landscape antigens preclinical strategies findings"

state("findings", "Findings are numbered in order", sequence("finding_id", "F{:03d}"))
state("references", "References are numbered in order", sequence("reference", "{}"))
state("trial_ids", "Trial numbers are numbered in order", sequence("order", "{}"))
state("recount", "Rows are numbered in order", sequence("recount_id", "R{:04d}"))
state("studies", "No study repeats another under a new name", repeated("label", "reference"))
state("products", "No product repeats another", repeated("product", "short_name"))
state("recount", "A group of trials has one row", repeated("trials", "participants", "as_of"))
for table in KEYED.split():
    state(table, "No row repeats another under a new key", repeated())


def _place_exists(rows: Rows) -> Iterator[Break]:
    """Yield places that their section of the review does not have."""
    for line, row in numbered(rows):
        paragraph = re.fullmatch(r"paragraph (\d+)", row["place"])
        if paragraph and row["section"].startswith("table-"):
            yield Break(line, "place", f"a table has no {row['place']}", "name row and column")
        elif paragraph and int(paragraph[1]) > PARAGRAPHS.get(row["section"], 0):
            fix = "count the section's paragraphs; a paragraph broken by a page counts once"
            yield Break(line, "place", f"{row['section']} has no {row['place']}", fix)


for table in PLACED.split():
    state(table, "A place is one that its section of the review has", _place_exists)
