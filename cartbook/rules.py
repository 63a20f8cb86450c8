"""The domain rules: what the cells of ``data/`` must agree on, in a row, a table, and across tables.

A rule is a function over the rows of one or more tables; its docstring is the rule as a sentence.
It yields a `Break` for each cell that breaks it. Rules are about kinds of rows, never about one
row, so a new row has to follow them as the old ones do. Rules of a common kind, such as *one
product has one target*, are in :mod:`cartbook.statements`. Types, allowed values, keys and
foreign keys are in ``datapackage.json``.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from cartbook.addresses import known_host
from cartbook.checks import (
    REVIEW,
    RULES,
    Break,
    Row,
    Rows,
    Rule,
    broken,
    by,
    follows,
    grouped,
    number,
    numbered,
    rule,
    same_value,
    share,
    slug,
)
from cartbook.printed import printed_numbers
from cartbook.sanitize import MISSING
from cartbook.statements import GRADED, NA, NR

__all__ = ["GRADED", "RULES", "Break", "Rule", "broken"]


# Sources


@rule("sources")
def address_is_canonical(sources: Rows) -> Iterator[Break]:
    """An address is that of the DOI, else of PubMed, else of a publisher of that kind of document."""
    for line, row in numbered(sources):
        address, wanted = row["address"], ""
        if row["doi"] not in MISSING:
            wanted = f"https://doi.org/{row['doi']}"
        elif row["pmid"] not in MISSING:
            wanted = f"https://pubmed.ncbi.nlm.nih.gov/{row['pmid']}/"
        bare = re.match(r"https://(doi\.org|pubmed\.ncbi\.nlm\.nih\.gov)/", address)
        if bare and not wanted:
            problem = f"{address!r}, but no DOI and no PMID"
            yield Break(line, "address", problem, "write the identifier in its own column too")
        elif wanted and address != wanted:
            yield Break(line, "address", f"{address!r} is not {wanted!r}", f"write {wanted}")
        elif address in MISSING:
            yield Break(line, "address", "there is none", "write where a reader can look it up")
        elif not wanted and not known_host(address, row["kind"]):
            problem = f"{address!r} is no known address of a document of kind {row['kind']!r}"
            yield Break(
                line, "address", problem, "write the canonical address (cartbook/addresses.py)"
            )


@rule("outcomes", "sources")
def as_of_before_source(outcomes: Rows, sources: Rows) -> Iterator[Break]:
    """No number goes up to a later year than that of its source."""
    years = {row["source_id"]: row["year"] for row in sources}
    for line, row in numbered(outcomes):
        year = years.get(row["source_id"], NR)
        if year not in MISSING and row["as_of"] not in MISSING and row["as_of"][:4] > year:
            yield Break(line, "as_of", f"{row['as_of']}, but {row['source_id']} is of {year}")


# Numbers of one row


@rule("outcomes")
def fraction_fits(outcomes: Rows) -> Iterator[Break]:
    """Events are at most the denominator, a count is its events, a percentage at most 100."""
    for line, row in numbered(outcomes):
        value, events, whole = (number(row[name]) for name in ("value", "events", "denominator"))
        if events is not None and whole is not None and events > whole:
            problem = f"{row['events']} events of {row['denominator']} patients"
            yield Break(line, "events", problem, "correct the events or the denominator")
        if row["unit"] == "percent" and value is not None and value > 100:
            yield Break(line, "value", f"{row['value']} per cent", "correct the value or its unit")
        counted = row["statistic"] == "count" or row["unit"] == "patients"
        if counted and value is not None and events is not None and value != events:
            problem = f"{row['events']} events, but the value counts {row['value']}"
            yield Break(line, "events", problem, "the two are one number")


@rule("outcomes")
def percentage_follows(outcomes: Rows) -> Iterator[Break]:
    """A percentage follows from its fraction, or from a whole number of its patients, or is flagged."""
    for line, row in numbered(outcomes):
        events, whole = number(row["events"]), number(row["denominator"])
        percent = row["unit"] == "percent" and row["statistic"] in ("proportion", "count")
        if not percent or number(row["value"]) is None or not whole:
            continue
        possible = [events] if events is not None else range(int(whole) + 1)
        right = any(follows(row["value"], one, whole) for one in possible)
        flagged = "percentage does not follow" in row["flag"] or " rounds " in row["note"]
        if right == flagged:
            problem = f"no number of {row['denominator']} patients is {row['value']}%"
            problem = share(row, "events", "value") if events is not None else problem
            fix = "remove the flag" if flagged else "correct the cell, or flag it and say why"
            yield Break(line, "value", problem, fix)


@rule("outcomes")
def interval_contains_value(outcomes: Rows) -> Iterator[Break]:
    """An interval has two ends, the lower first, and the value lies between them."""
    for line, row in numbered(outcomes):
        value, low, high = (number(row[column]) for column in ("value", "low", "high"))
        span = f"the interval runs from {row['low']} to {row['high']}"
        if low is not None and high is not None and low > high:
            yield Break(line, "low", span, "write the lower end first")
        elif (low is None) != (high is None) and row["high"] != "not reached":
            yield Break(line, "low", span, "write both ends, or not applicable for both")
        elif value is not None and (
            (low is not None and value < low) or (high is not None and value > high)
        ):
            problem = f"{row['value']} is not between {row['low']} and {row['high']}"
            yield Break(line, "low", problem, "correct the value or an end of its interval")


@rule("outcomes")
def number_is_printed(outcomes: Rows) -> Iterator[Break]:
    """A number is in the string that its source prints."""
    for line, row in numbered(outcomes):
        fraction = row["denominator_basis"] == "printed with the number"
        columns = ("value", "events", "denominator") if fraction else ("value", "low", "high")
        if row["printed"] not in MISSING and not re.search(r"10\^|×", row["printed"]):
            yield from _printed(line, row, *columns)
        if fraction and number(row["denominator"]) is None and number(row["events"]) is None:
            problem, fix = "nothing is printed with the number", "say where it comes from"
            yield Break(line, "denominator_basis", problem, fix)


@rule("landscape")
def count_is_printed(landscape: Rows) -> Iterator[Break]:
    """A count is in the string that the review prints, and is at most its denominator."""
    for line, row in numbered(landscape):
        part, whole = number(row["numerator"]), number(row["denominator"])
        ratio = row["count_id"].startswith("ratio-")  # of two counts, so it may be above one
        if part is not None and whole is not None and part > whole and not ratio:
            problem = f"{row['numerator']} events of {row['denominator']}"
            yield Break(line, "numerator", problem, "correct the count or the denominator")
        if row["printed"] not in MISSING and printed_numbers(row["printed"]):
            yield from _printed(line, row, "numerator", "percent_printed")


def _printed(line: int, row: Row, *columns: str) -> Iterator[Break]:
    for column in columns:
        value, found = number(row[column]), printed_numbers(row["printed"])
        as_share = row.get("unit") == "percent" and any(value == round(100 * n, 6) for n in found)
        if value is not None and value not in found and not as_share:
            problem = f"{row[column]} is not in the printed string {row['printed']!r}"
            yield Break(line, column, problem, "copy the number as the source prints it")


@rule("landscape")
def verdict_on_percentage(landscape: Rows) -> Iterator[Break]:
    """The verdict on a percentage is what its fraction gives."""
    for line, row in numbered(landscape):
        part, whole = number(row["numerator"]), number(row["denominator"])
        judged = row["follows"] in ("yes", "cannot follow")
        if not judged or part is None or not whole or number(row["percent_printed"]) is None:
            continue
        if follows(row["percent_printed"], part, whole) != (row["follows"] == "yes"):
            problem = share(row, "numerator", "percent_printed")
            yield Break(line, "follows", problem, "correct the cells, or the verdict")


@rule("comparisons", "outcomes")
def verdict_on_numbers(comparisons: Rows, outcomes: Rows) -> Iterator[Break]:
    """Two numbers that are said to agree are one number, and are of one study and arm."""
    known = {row["outcome_id"]: row for row in outcomes}
    for line, row in numbered(comparisons):
        here, there = known.get(row["outcome_id"]), known.get(row["other_id"])
        if here is None or there is None:
            continue
        if any(here[name] != there[name] for name in ("study_id", "arm")):
            yield Break(line, "other_id", f"{row['other_id']!r} is of another study or arm")
        elif row["verdict"] == "agrees" and here["unit"] == there["unit"]:
            if same_value(here["value"], there["value"]):
                continue
            values = f"{here['value']} and {there['value']}"
            yield Break(line, "verdict", f"the numbers are {values}", "correct the verdict")
        if here["source_id"] != REVIEW or there["source_id"] == REVIEW:
            yield Break(line, "outcome_id", "the first number is the review's, the other is not")


# Groups of patients


@rule("studies")
def groups_shrink(studies: Rows) -> Iterator[Break]:
    """No more patients are apheresed than enrolled, infused than apheresed, or evaluable."""
    sizes = [*itertools.combinations(("enrolled", "apheresed", "infused"), 2)]
    for line, row in numbered(studies):
        for larger, smaller in [*sizes, ("enrolled", "evaluable"), ("apheresed", "evaluable")]:
            before, after = number(row[larger]), number(row[smaller])
            if before is not None and after is not None and after > before:
                problem = f"{row[smaller]} {smaller} of {row[larger]} {larger}"
                yield Break(line, smaller, problem, "correct one of the two numbers")


WHOLE = ("randomised", "enrolled")
LARGER = ("screened", "planned", "intended for treatment")  # populations that may be larger


@rule("outcomes", "studies")
def outcomes_within_study(outcomes: Rows, studies: Rows) -> Iterator[Break]:
    """No group has more patients than its source enrolled in the study or randomised to its arm."""
    whole: dict[tuple[str, ...], float] = defaultdict(float)
    for row, arm in itertools.product(studies, ("all", "single group")):
        if number(row["enrolled"]) is not None and row["reference"] not in MISSING:
            whole[row["study_id"], REVIEW, arm] = float(row["enrolled"])
    key = by("study_id", "source_id", "arm")
    for row in outcomes:
        counted = row["endpoint"] == "participants" and row["statistic"] == "count"
        size = number(row["value"]) if row["unit"] == "patients" and counted else None
        if size is not None and row["population"] in WHOLE and row["subgroup"] in MISSING:
            whole[key(row)] = max(size, whole[key(row)])
    for line, row in numbered(outcomes):
        people = row["endpoint"] == "participants" and row["unit"] == "patients"
        limit = 0.0 if row["population"] in LARGER or NA in key(row) else whole.get(key(row), 0.0)
        for column in ("denominator", "value") if people else ("denominator",):
            size = number(row[column])
            if limit and size is not None and size > limit:
                problem = f"{row[column]} patients, of {limit:g} who were enrolled or randomised"
                yield Break(line, column, problem)


#: a response, and those that include it; a grade, and those that include it
RESPONSES = {
    "stringent CR": ("CR or stringent CR", "objective response"),
    "complete response": ("CR or stringent CR", "CR or CRi", "objective response"),
    "CR or stringent CR": ("objective response",),
    "CR or CRi": ("objective response",),
    "CRi": ("CR or CRi", "objective response"),
    "very good partial response": ("objective response",),
    "partial response": ("objective response",),
}
RESPONSES["MRD-negative complete response"] = ("complete response", *RESPONSES["complete response"])
GRADES = {
    "5": ("3 or higher", "2 or higher", "any"),
    "4": ("3 or 4", "3 or higher", "2 or higher", "any"),
    "3": ("3 or 4", "3 or higher", "2 or higher", "any"),
    "3 or 4": ("3 or higher", "2 or higher", "any"),
    "3 or higher": ("2 or higher", "any"),
    "2 or higher": ("any",),
    "1 or 2": ("any",),
}


@rule("outcomes")
def part_within_whole(outcomes: Rows) -> Iterator[Break]:
    """No response or grade is more frequent than one that includes it, in the same patients."""
    key = ("study_id", "source_id", "arm", "population", "subgroup", "at_month")
    shares = {"proportion", "count"}
    for column, wider, same in (("endpoint", RESPONSES, "grade"), ("grade", GRADES, "endpoint")):
        for group in grouped(outcomes, by(*key, same), whole=True):
            group = [(line, row) for line, row in group if row["statistic"] in shares]
            for (line, row), (other, wide) in itertools.permutations(group, 2):
                more = _more(row, wide) if wide[column] in wider.get(row[column], ()) else ""
                if more:
                    problem = f"{more} with {column} {row[column]!r}, {wide[column]!r} in row"
                    yield Break(line, "value", f"{problem} {other} has fewer")


def _more(row: Row, wide: Row) -> str:
    """Return the number that is larger than that of a row which includes it; empty if none is."""

    def measure(cells: Row, unit: str) -> float | None:
        events = number(cells["events"]) if unit == " patients" else None
        own = cells["unit"] == ("patients" if unit == " patients" else "percent")
        return events if events is not None else number(cells["value"]) if own else None

    for unit, slack in ((" patients", 0.0), ("%", 1.0)):
        here, there = measure(row, unit), measure(wide, unit)
        comparable = unit == " patients" or row["denominator"] == wide["denominator"]
        if comparable and here is not None and there is not None and here > there + slack:
            return f"{here:g}{unit}"
    return ""


@rule("outcomes")
def one_source_one_value(outcomes: Rows) -> Iterator[Break]:
    """One source has one row about one thing; text and table of the review agree, or are flagged."""
    key = by(
        *("study_id", "source_id", "arm", "endpoint", "statistic", "grade", "population"),
        *("subgroup", "unit", "at_month"),
    )
    for group in grouped(outcomes, key, whole=True):
        group = [(line, row) for line, row in group if number(row["value"]) is not None]
        if len(group) < 2 or group[0][1]["study_id"] in MISSING:
            continue
        values = {float(row["value"]) for _, row in group}
        flagged = all("text and table disagree" in row["flag"] for _, row in group)
        first, (line, row) = group[0][0], group[-1]
        if row["source_id"] != REVIEW:
            problem, fix = f"row {first} is about the same", "remove one, or name the subgroup"
            yield Break(line, "outcome_id", f"{problem}, from the same source", fix)
        elif max(values) - min(values) > 0.5 and not flagged:
            problem = f"{row['value']}, but row {first} about the same has another value"
            fix = "correct it, name the subgroup, or flag that text and table disagree"
            yield Break(line, "value", problem, fix)


# Rows and ids


@rule("glossary")
def glossary_is_sorted(glossary: Rows) -> Iterator[Break]:
    """Terms are sorted, each once."""
    terms = [row["term"].lower().replace("γ", "g") for row in glossary]
    for line, (before, term) in enumerate(itertools.pairwise(terms), start=3):
        if before >= term:
            fix = "sort the terms, and list each once"
            yield Break(line, "term", f"{term!r} comes after {before!r}", fix)


@rule("outcomes")
def outcome_id_has_parts(outcomes: Rows) -> Iterator[Break]:
    """The id of a number of the review is study.arm.end-point.suffix."""
    arms = {"standard of care": "standard-care", "single group": "single-group"}
    for line, row in numbered(outcomes):
        parts = (f"{row['study_id']}.", slug(row["endpoint"]), arms.get(row["arm"], ""))
        for word in parts if row["source_id"] == REVIEW else ():
            if word not in row["outcome_id"]:
                yield Break(line, "outcome_id", f"{row['outcome_id']!r} does not name {word!r}")


@rule("references")
def reference_key_is_made(references: Rows) -> Iterator[Break]:
    """The key of a reference is made of family name and year."""
    for line, row in numbered(references):
        family = row["first_author_printed"].rsplit(" ", 1)[0].lower()
        family = "".join(char for char in unicodedata.normalize("NFKD", family) if char.isalpha())
        if not row["key"].startswith(family[:3]) or row["year"] not in row["key"]:
            problem = f"{row['key']!r} is not {row['first_author_printed']} {row['year']}"
            yield Break(line, "key", problem)


@rule("references")
def doi_is_as_printed(references: Rows) -> Iterator[Break]:
    """A DOI that is not corrected is stored as printed, in small letters."""
    for line, row in numbered(references):
        if row["doi_is"] == "as printed" and row["doi"] != row["doi_printed"].lower():
            yield Break(line, "doi", f"{row['doi']!r}, but doi_printed is {row['doi_printed']!r}")


@rule("trial_ids")
def trial_id_is_as_printed(trial_ids: Rows) -> Iterator[Break]:
    """A well-formed trial number is stored as printed."""
    for line, row in numbered(trial_ids):
        if row["well_formed"] == "yes" and row["nct_id"].lower() != row["nct_printed"].lower():
            yield Break(line, "nct_id", f"{row['nct_id']!r}, but printed is {row['nct_printed']!r}")


@rule("recount")
def groupings_count_every_trial(recount: Rows) -> Iterator[Break]:
    """Every grouping counts every trial once."""
    sums: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    key = by("window", "country_group", "record_kind")
    for row in recount:
        sums[key(row)][row["dimension"]] += number(row["trials"]) or 0
    dimensions = sorted({row["dimension"] for row in recount})
    for name, found in sums.items():
        if len({found.get(dimension, 0) for dimension in dimensions}) > 1:
            totals = ", ".join(f"{found.get(one, 0):g} by {one}" for one in dimensions)
            yield Break(1, "trials", f"{', '.join(name)} adds up to {totals}")


@rule("changes")
def rows_of_versions_add_up(changes: Rows) -> Iterator[Break]:
    """The rows of a table are those of its version before, less those removed, and those added."""
    last: dict[str, float] = {}
    for line, row in numbered(changes):
        now, added, changed, removed = (
            number(row[name]) or 0 for name in ("rows", "added", "changed", "removed")
        )
        kept = last.get(row["table_name"], 0) - removed
        if kept + added != now:
            yield Break(line, "rows", f"{row['rows']}, but {kept:g} stayed and {added:g} are new")
        if changed > kept:
            yield Break(line, "changed", f"{row['changed']} of {kept:g} rows that stayed")
        last[row["table_name"]] = now


@rule("changes")
def versions_are_in_order(changes: Rows) -> Iterator[Break]:
    """Versions are in the order of their dates, and what is unreleased is last."""
    for line, (before, row) in enumerate(itertools.pairwise(changes), start=3):
        same = before["version"] == row["version"]
        if not same and (before["version"] == "unreleased" or before["date"] > row["date"]):
            problem = f"{row['version']} comes after {before['version']} of {before['date']}"
            yield Break(line, "version", problem, "put the rows of the older version first")
