"""The domain rules: what the cells of ``data/`` must agree on, within a row, a table, and from table to table.

Each rule is a function over the rows of one or more tables, and its docstring is the rule as a sentence.
It yields a `Break` for each cell that breaks it. Rules are about kinds of rows, never about one of them, so that
a new row has to follow them as the old ones do. `IMPLICATIONS` has the rules of the form *if these cells, then those*,
`ONE_LINERS` those that say one thing of a known kind, such as *one product has one target*.

Types, allowed values, keys and foreign keys are in ``datapackage.json``; see :mod:`cartbook.validate`.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from cartbook.sanitize import MISSING, NUMBER

Row = dict[str, str]
Rows = Sequence[Row]
Cells = Callable[[str], bool]

AGREE = "correct the cell, or the one that it must agree with"
#: end points that have a severity
GRADED = ("cytokine release syndrome", "neurotoxicity")
#: how many paragraphs each section of the review has; a paragraph broken by a page counts once
PARAGRAPHS = {
    "abstract": 1, "introduction": 2, "landscape-methods": 1, "landscape-number": 2, "landscape-size": 1, "landscape-targets": 2,
    "genetic-modification": 1, "efficacy": 2, "b-cell": 5, "hodgkin": 1, "myeloma": 4, "t-cell": 1, "aml": 4, "limits": 1, "toxicity": 4,
    "relapse": 1, "antigen-negative": 4, "antigen-positive": 7, "availability": 2, "conclusion": 1,
}  # fmt: skip


class Break(NamedTuple):
    """A cell that breaks a rule: its row (the header is row 1), its column, and what is wrong."""

    row: int
    column: str
    problem: str
    fix: str = AGREE


class Rule(NamedTuple):
    """A rule over tables; its findings are about the first of them."""

    name: str
    tables: tuple[str, ...]
    sentence: str
    check: Callable[..., Iterator[Break]]


RULES: list[Rule] = []


def rule(
    *tables: str,
) -> Callable[[Callable[..., Iterator[Break]]], Callable[..., Iterator[Break]]]:
    """Register a function as one rule that takes the rows of all these tables."""

    def register(check: Callable[..., Iterator[Break]]) -> Callable[..., Iterator[Break]]:
        RULES.append(Rule(check.__name__, tables, (check.__doc__ or "").strip().rstrip("."), check))
        return check

    return register


def rule_for_each(
    *tables: str,
) -> Callable[[Callable[..., Iterator[Break]]], Callable[..., Iterator[Break]]]:
    """Register a function as a rule of each of these tables alone."""

    def register(check: Callable[..., Iterator[Break]]) -> Callable[..., Iterator[Break]]:
        for table in tables:
            rule(table)(check)
        return check

    return register


def broken(
    tables: Mapping[str, Rows], only: Collection[str] | None = None
) -> Iterator[tuple[Rule, Break]]:
    """Yield each break of the rules whose tables are all there; with `only`, of the rules that read one of those tables."""
    for one in RULES:
        if all(name in tables for name in one.tables) and (
            only is None or not set(only).isdisjoint(one.tables)
        ):
            try:
                yield from (
                    (one, found) for found in one.check(*(tables[name] for name in one.tables))
                )
            except KeyError as error:  # the descriptor is without a column that the rule reads
                yield (
                    one,
                    Break(
                        1,
                        str(error.args[0]),
                        "the rule needs this column, which is not described",
                        "describe the column",
                    ),
                )


def numbered(rows: Rows) -> Iterable[tuple[int, Row]]:
    """Rows with the numbers that an editor shows; the header is row 1."""
    return enumerate(rows, start=2)


# Numbers in cells and in quoted text


@lru_cache(maxsize=100_000)
def number(cell: str) -> float | None:
    """Return a cell as a number, or None where it is a word."""
    try:
        return float(cell)
    except ValueError:
        return None


def slug(words: str) -> str:
    """Return words as an id has them: "CR or CRi" is ``cr-or-cri``."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
VALUES = (
    {word: value for value, word in enumerate(ONES)}
    | {word: 10 * value for value, word in enumerate(TENS, start=2)}
    | {"none": 0}
)
SPELLED = re.compile(rf"\b(?:{'|'.join(sorted([*VALUES, 'hundred'], key=len, reverse=True))})\b")
DIGITS = re.compile(
    r"\d{1,3}(?:[,\u2009\u202f\u00a0]\d{3})+(?!\d)(?:[.·]\d+)?"  # 1,234 and 1 234 (thin space)
    r"|\d+[.·]\d+"  # 12.8 and 12·8, as the Lancet prints it
    r"|(?<![\d.·])[.·]\d+"  # .5
    r"|\d+"
)


@lru_cache(maxsize=10_000)
def printed_numbers(text: str) -> frozenset[float]:
    """Return the numbers in a string as sources print them, in digits or words.

    Knows 12.8, 12·8, .5, 1,234, 1 234, <0.001, 5–8 and *thirty-two*; 12,8 and 1 234 with a plain space
    may be read as one number or as two, so both readings are returned.
    """
    found = {
        float(re.sub(r"[^\d.]", "", piece.replace("·", "."))) for piece in DIGITS.findall(text)
    }
    found |= {
        float(f"{whole}.{part}")
        for whole, part in re.findall(r"(?<![\d,.])(\d+),(\d{1,2})(?![\d,])", text)
    }
    found |= {
        float(piece.replace(" ", ""))
        for piece in re.findall(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d.,])", text)
    }
    return frozenset(found | {float(value) for value in _spelled(text.lower())})


def _spelled(text: str) -> Iterator[int]:
    """Yield the numbers that are written as words, up to 999."""
    total, end, pending = 0, -1, False
    for word in SPELLED.finditer(text):
        joined = (
            pending and re.fullmatch(r"[-‐‑ ]|(?:\s+and\s+)", text[end : word.start()]) is not None
        )
        value = VALUES.get(word[0], 100)
        if joined and word[0] == "hundred" and 0 < total < 10:
            total *= 100
        elif (joined and value < 10 and total % 10 == 0 and total % 100 >= 20) or (
            joined and total >= 100 and total % 100 == 0 and value < 100
        ):
            total += value
        else:
            if pending:
                yield total
            total = value
        end, pending = word.end(), True
    if pending:
        yield total


def follows(percent: str, events: float, denominator: float) -> bool:
    """Return whether a fraction gives the percentage at the precision with which it is printed."""
    digits = len(percent.partition(".")[2])
    return abs(100 * events / denominator - float(percent)) <= 0.5 * 10.0**-digits + 1e-9


# What many rules share


def agree(rows: Rows, by: Callable[[Row], tuple[str, ...]], *columns: str) -> Iterator[Break]:
    """Yield cells that differ from the usual one among the rows that `by` puts together; a key that is missing groups nothing."""
    for column in columns:
        groups: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
        for line, row in numbered(rows):
            groups[by(row)].append((line, row[column]))
        for key, cells in groups.items():
            words = [cell for _, cell in cells]
            usual = max(dict.fromkeys(words), key=words.count)
            if set(key) & set(MISSING):
                continue
            for line, cell in cells:
                if cell != usual:
                    yield Break(
                        line,
                        column,
                        f"{cell!r}, but {usual!r} in the other rows of {', '.join(key) or 'the table'}",
                    )


def by(*columns: str) -> Callable[[Row], tuple[str, ...]]:
    """Return a function that gives these cells of a row."""
    return lambda row: tuple(row[column] for column in columns)


def copied(
    rows: Rows, key: str, other: Rows, there: str, name: str, **columns: str
) -> Iterator[Break]:
    """Yield cells that differ from those of the row of another table (`name`) with the same key; `columns` maps ours to theirs."""
    known = {row[there]: row for row in other}
    for line, row in numbered(rows):
        match = known.get(row[key], {})
        for column, theirs in columns.items():
            cell, wanted = row[column], match.get(theirs, row[column])
            if cell != wanted and not {cell, wanted} & set(MISSING):
                yield Break(line, column, f"{cell!r}, but {wanted!r} in {name}.csv for {row[key]}")


def listed(rows: Rows, column: str, known: Collection[str], what: str) -> Iterator[Break]:
    """Yield cells with an item ("a; b") that is not among the known ones."""
    for line, row in numbered(rows):
        for item in row[column].split("; "):
            if item not in MISSING and item not in known:
                yield Break(line, column, f"{item!r} is not {what}")


def named(
    rows: Rows, key: str, *columns: str, words: Mapping[str, str] | None = None
) -> Iterator[Break]:
    """Yield ids that do not contain what these columns say, as a slug; `words` has the words that ids abbreviate."""
    for line, row in numbered(rows):
        for column in columns:
            word = (words or {}).get(row[column], slug(row[column]))
            if row[column] not in MISSING and word and f"-{word}-" not in f"-{slug(row[key])}-":
                yield Break(line, key, f"{row[key]!r} does not name {word!r}, its {column}")


def everywhere(tables: Iterable[tuple[Rows, str]]) -> set[str]:
    """Return all values of these columns."""
    return {row[column] for rows, column in tables for row in rows}


def repeated(rows: Rows, key: str, *own: str) -> Iterator[Break]:
    """Yield rows that repeat an earlier one, but for their key and the columns of their `own`."""
    seen: dict[tuple[str, ...], int] = {}
    for line, row in numbered(rows):
        cells = tuple(cell for column, cell in row.items() if column not in (key, *own))
        if cells in seen:
            yield Break(
                line,
                key,
                f"{row[key]!r} repeats row {seen[cells]} under another key",
                "remove the copy, or correct its cells",
            )
        seen.setdefault(cells, line)


def sequence(rows: Rows, column: str, form: str) -> Iterator[Break]:
    """Yield rows that are not numbered 1, 2, 3 in this form."""
    for place, row in enumerate(rows, start=1):
        if row[column] != form.format(place):
            problem = f"{row[column]!r} where {form.format(place)!r} comes"
            yield Break(place + 1, column, problem, "number the rows in their order, without a gap")


# If these cells, then those


def one_of(*values: str) -> Cells:
    """Return a test for cells with one of these values."""
    return lambda cell: cell in values


def none_of(*values: str) -> Cells:
    """Return a test for cells with none of these values."""
    return lambda cell: cell not in values


def number_or(*values: str) -> Cells:
    """Return a test for cells with a number or one of these values."""
    return lambda cell: cell in values or NUMBER.fullmatch(cell) is not None


def matching(pattern: str) -> Cells:
    """Return a test for cells that a pattern matches as a whole."""
    compiled = re.compile(pattern)
    return lambda cell: compiled.fullmatch(cell) is not None


def not_matching(pattern: str) -> Cells:
    """Return a test for cells that a pattern does not match as a whole."""
    return lambda cell: re.fullmatch(pattern, cell) is None


class Implication(NamedTuple):
    """Where the cells of `when` have their values, those of `then` have theirs."""

    tables: tuple[str, ...]
    sentence: str
    when: Mapping[str, Cells]
    then: Mapping[str, Cells]

    def check(self, rows: Rows) -> Iterator[Break]:
        """Yield the cells of `then` that are otherwise."""
        for line, row in numbered(rows):
            if all(test(row[column]) for column, test in self.when.items()):
                for column, test in self.then.items():
                    if not test(row[column]):
                        where = " and ".join(f"{name} is {row[name]!r}" for name in self.when)
                        yield Break(line, column, f"{row[column]!r} where {where}")


NUMBERS = ("outcomes", "papers", "since")
NO_EVENTS = {"events": one_of("not applicable"), "denominator": one_of("not applicable")}
ABSENT = one_of("not applicable")
PRESENT = none_of("not applicable")
IMPLICATIONS = [
    Implication(
        NUMBERS,
        "A proportion is a percentage with events and a denominator, or says that they are not reported",
        {"statistic": one_of("proportion")},
        {
            "unit": one_of("percent"),
            "events": number_or("not reported"),
            "denominator": number_or("not reported"),
            "at_month": ABSENT,
        },
    ),
    Implication(
        NUMBERS,
        "A landmark rate is a percentage at a month",
        {"statistic": one_of("landmark rate")},
        {"unit": one_of("percent"), "at_month": number_or("not reported"), **NO_EVENTS},
    ),
    Implication(
        NUMBERS,
        "A median is a time or an amount, and has no events",
        {"statistic": one_of("median")},
        {"unit": none_of("percent", "patients"), "at_month": ABSENT, **NO_EVENTS},
    ),
    Implication(
        NUMBERS,
        "What has no number has no unit",
        {"statistic": one_of("named without a number")},
        {
            "unit": ABSENT,
            "value": one_of("not reported", "not applicable"),
            "at_month": ABSENT,
            **NO_EVENTS,
        },
    ),
    Implication(
        ("outcomes",),
        "What the review names without a number is not reported",
        {"statistic": one_of("named without a number")},
        {"value": one_of("not reported")},
    ),
    Implication(
        NUMBERS,
        "A count is of people or things",
        {"statistic": one_of("count")},
        {"unit": none_of("percent", "months", "not applicable"), "at_month": ABSENT},
    ),
    Implication(
        NUMBERS,
        "Only proportions and counts have events and a denominator",
        {
            "statistic": one_of(
                *(
                    "difference of medians",
                    "duration (at least)",
                    "duration (less than)",
                    "single value",
                ),
                *("hazard ratio", "odds ratio", "p value", "price"),
            )
        },
        {"at_month": ABSENT, **NO_EVENTS},
    ),
    Implication(
        ("outcomes",),
        "What has no denominator needs no basis for it",
        {"denominator": ABSENT},
        {"denominator_basis": ABSENT},
    ),
    Implication(
        ("outcomes",),
        "A denominator says where it comes from",
        {"denominator": PRESENT},
        {"denominator_basis": PRESENT},
    ),
    Implication(
        ("outcomes",),
        "A row of a table has an id and a place that say so",
        {"section": matching("table-.*")},
        {"outcome_id": matching(".*[.-]table-.*"), "place": matching("row .*")},
    ),
    Implication(
        ("outcomes",),
        "Only a row of a table has an id and a place that say so",
        {"section": not_matching("table-.*")},
        {"outcome_id": not_matching(".*[.-]table-.*"), "place": not_matching("row .*")},
    ),
    Implication(
        ("outcomes",), "A harm has a grade", {"endpoint": one_of(*GRADED)}, {"grade": PRESENT}
    ),
    Implication(
        ("outcomes",), "Only harms have a grade", {"endpoint": none_of(*GRADED)}, {"grade": ABSENT}
    ),
    Implication(
        ("outcomes",),
        "A flag has a reason in the note",
        {"flag": none_of("none")},
        {"note": none_of("none")},
    ),
    Implication(
        ("papers", "since"),
        "A share of patients with a harm has a grade",
        {"endpoint": one_of(*GRADED), "statistic": one_of("proportion")},
        {"grade": PRESENT},
    ),
    Implication(
        ("papers",),
        "What agrees, or was not found, changes nothing",
        {"agrees": one_of("yes", "not found")},
        {"matters": ABSENT},
    ),
    Implication(
        ("papers",),
        "A difference says whether it matters",
        {"agrees": one_of("no")},
        {"matters": PRESENT},
    ),
    Implication(
        ("papers",),
        "Only harms have a grade",
        {"endpoint": none_of(*GRADED, "cytopenia", "graft-versus-host disease")},
        {"grade": ABSENT},
    ),
    *(
        Implication(
            ("approvals", "approvals_since"),
            "The date is as precise as it says",
            {"precision": one_of(word)},
            {"date": matching(date)},
        )
        for word, date in {
            "day": r"\d{4}-\d\d-\d\d",
            "month": r"\d{4}-\d\d",
            "year": r"\d{4}",
            "not reported": "not reported",
        }.items()
    ),
]
RULES += [
    Rule(slug(one.sentence).replace("-", "_"), (table,), one.sentence, one.check)
    for one in IMPLICATIONS
    for table in one.tables
]


# Numbers of one row


@rule_for_each("outcomes", "papers", "since", "landscape")
def events_within_denominator(rows: Rows) -> Iterator[Break]:
    """There are never more events than patients in the denominator."""
    for line, row in numbered(rows):
        part = "events" if "events" in row else "numerator"
        events, denominator = number(row[part]), number(row["denominator"])
        ratio = row.get("count_id", "").startswith(
            "ratio-"
        )  # of two counts, so it may be above one
        if events is not None and denominator is not None and events > denominator and not ratio:
            yield Break(
                line,
                part,
                f"{row[part]} events of {row['denominator']} patients",
                "correct the events or the denominator",
            )


@rule_for_each("outcomes", "papers", "since")
def percentage_within_bounds(rows: Rows) -> Iterator[Break]:
    """A percentage is between 0 and 100."""
    for line, row in numbered(rows):
        value = number(row["value"])
        if row["unit"] == "percent" and value is not None and not 0 <= value <= 100:
            yield Break(line, "value", f"{row['value']} per cent", "correct the value or its unit")


@rule_for_each("papers", "since")
def interval_contains_value(rows: Rows) -> Iterator[Break]:
    """An interval has two ends, the lower first, and the value lies between them."""
    for line, row in numbered(rows):
        value, low, high = (number(row[column]) for column in ("value", "low", "high"))
        if low is not None and high is not None and low > high:
            yield Break(
                line,
                "low",
                f"the interval runs from {row['low']} to {row['high']}",
                "write the lower end first",
            )
        elif (
            value is not None and low is not None and high is not None and not low <= value <= high
        ):
            problem = f"{row['value']} is not between {row['low']} and {row['high']}"
            yield Break(line, "low", problem, "correct the value or an end of its interval")
        if (low is None) != (high is None) and row["high"] != "not reached":
            problem = f"the interval runs from {row['low']} to {row['high']}"
            yield Break(line, "low", problem, "write both ends, or not applicable for both")


@rule_for_each("papers", "since")
def percentage_follows(rows: Rows) -> Iterator[Break]:
    """A percentage follows from its fraction, or the note says how the source rounds."""
    for line, row in numbered(rows):
        events, denominator = number(row["events"]), number(row["denominator"])
        share = (
            row["statistic"] == "proportion"
            and number(row["value"]) is not None
            and " rounds " not in row["note"]
        )
        if (
            share
            and events is not None
            and denominator
            and not follows(row["value"], events, denominator)
        ):
            problem = f"{row['events']} of {row['denominator']} is {100 * events / denominator:.2f}%, the value is {row['value']}%"
            yield Break(
                line, "value", problem, "correct the cell, or say in the note how the source rounds"
            )


@rule_for_each("papers", "since")
def count_equals_events(rows: Rows) -> Iterator[Break]:
    """The value of a count is its number of events."""
    for line, row in numbered(rows):
        value, events = number(row["value"]), number(row["events"])
        if (
            row["statistic"] == "count"
            and value is not None
            and events is not None
            and value != events
        ):
            yield Break(
                line,
                "events",
                f"{row['events']} events, but the value counts {row['value']}",
                "the two are one number",
            )


@rule("outcomes")
def printed_percentage_follows(outcomes: Rows) -> Iterator[Break]:
    """A printed percentage follows from its fraction, or the row is flagged; a flag is only for one that does not."""
    for line, row in numbered(outcomes):
        events, denominator = number(row["events"]), number(row["denominator"])
        if (
            row["unit"] == "percent"
            and events is not None
            and denominator
            and number(row["value"]) is not None
        ):
            flagged = "percentage does not follow" in row["flag"]
            if follows(row["value"], events, denominator) == flagged:
                problem = f"{row['events']} of {row['denominator']} is {100 * events / denominator:.2f}%, printed is {row['value']}%"
                fix = (
                    "remove the flag"
                    if flagged
                    else "correct the cell, or flag that the percentage does not follow"
                )
                yield Break(line, "value", problem, fix)


@rule("outcomes")
def patients_equal_events(outcomes: Rows) -> Iterator[Break]:
    """The value of a count of patients is its number of events."""
    for line, row in numbered(outcomes):
        value, events = number(row["value"]), number(row["events"])
        if (
            row["unit"] == "patients"
            and events is not None
            and value is not None
            and value != events
        ):
            problem = f"{row['events']} events, but the value counts {row['value']} patients"
            yield Break(line, "events", problem, "the two are one number")


@rule("outcomes")
def outcome_is_printed(outcomes: Rows) -> Iterator[Break]:
    """A number is in the string that the source prints."""
    for line, row in numbered(outcomes):
        fraction = (
            ("events", "denominator")
            if row["denominator_basis"] == "printed with the number"
            else ()
        )
        if "10^" in row["printed"] or "×" in row["printed"]:
            continue
        yield from _printed(line, row, "value", *fraction)


@rule("landscape")
def count_is_printed(landscape: Rows) -> Iterator[Break]:
    """A count is in the string that the review prints."""
    for line, row in numbered(landscape):
        if row["printed"] not in MISSING and printed_numbers(row["printed"]):
            yield from _printed(line, row, "numerator", "percent_printed")


def _printed(line: int, row: Row, *columns: str) -> Iterator[Break]:
    for column in columns:
        value = number(row[column])
        if value is not None and value not in printed_numbers(row["printed"]):
            yield Break(
                line,
                column,
                f"{row[column]} is not in the printed string {row['printed']!r}",
                "copy the number as the source prints it",
            )


@rule("outcomes")
def basis_has_number(outcomes: Rows) -> Iterator[Break]:
    """A basis "printed with the number" needs a fraction."""
    for line, row in numbered(outcomes):
        if (
            row["denominator_basis"] == "printed with the number"
            and number(row["denominator"]) is None
            and number(row["events"]) is None
        ):
            yield Break(
                line,
                "denominator_basis",
                "nothing is printed with the number",
                "say where the denominator comes from",
            )


@rule("landscape")
def verdict_on_percentage(landscape: Rows) -> Iterator[Break]:
    """The verdict on a percentage is what its fraction gives."""
    for line, row in numbered(landscape):
        numerator, denominator = number(row["numerator"]), number(row["denominator"])
        if (
            number(row["percent_printed"]) is None
            or numerator is None
            or not denominator
            or row["follows"] not in ("yes", "cannot follow")
        ):
            continue
        if follows(row["percent_printed"], numerator, denominator) != (row["follows"] == "yes"):
            problem = f"{row['numerator']} of {row['denominator']} is {100 * numerator / denominator:.2f}%, printed is {row['percent_printed']}%"
            yield Break(line, "follows", problem, "correct the cells, or the verdict")


@rule("papers")
def agreement_is_one_number(papers: Rows) -> Iterator[Break]:
    """Where review and paper agree they give one number."""
    for line, row in numbered(papers):
        here, there = number(row["review_says"]), number(row["value"])
        compared = row["agrees"] == "yes" and row["statistic"] in (
            "count",
            "median",
            "landmark rate",
        )
        if compared and here is not None and there is not None and here != there:
            yield Break(
                line, "review_says", f"{row['review_says']!r}, but value is {row['value']!r}"
            )


# Groups of patients


SIZES = ("enrolled", "apheresed", "infused")


@rule("studies")
def groups_shrink(studies: Rows) -> Iterator[Break]:
    """No more patients are apheresed than enrolled, infused than apheresed, or evaluable than enrolled."""
    for line, row in numbered(studies):
        for larger, smaller in [
            *itertools.combinations(SIZES, 2),
            ("enrolled", "evaluable"),
            ("apheresed", "evaluable"),
        ]:
            before, after = number(row[larger]), number(row[smaller])
            if before is not None and after is not None and after > before:
                yield Break(
                    line,
                    smaller,
                    f"{row[smaller]} {smaller} of {row[larger]} {larger}",
                    "correct one of the two numbers",
                )


def count(row: Row) -> float | None:
    """Return how many patients had the event, where a row says so."""
    return (
        number(row["events"])
        if number(row["events"]) is not None
        else number(row["value"])
        if row["unit"] == "patients"
        else None
    )


def share(row: Row) -> float | None:
    """Return a percentage, where a row gives one."""
    return number(row["value"]) if row["unit"] == "percent" else None


WHOLE = ("randomised", "enrolled")
LARGER = ("screened", "planned", "meant for the cells")  # populations that may be larger than those


@rule("outcomes", "studies")
def outcomes_within_study(outcomes: Rows, studies: Rows) -> Iterator[Break]:
    """No group of a study has more patients than were enrolled in it or randomised to its arm."""
    whole = {
        (row["study_id"], arm): number(row["enrolled"])
        for row in studies
        for arm in ("all", "single group")
    }
    yield from _within(
        outcomes,
        lambda row: row["study_id"],
        {key: size for key, size in whole.items() if size is not None},
    )


@rule("papers")
def papers_within_study(papers: Rows) -> Iterator[Break]:
    """No group of a paper has more patients than it enrolled or randomised to its arm."""
    yield from _within(papers, study_of, {})


@rule("since")
def reports_within_study(since: Rows) -> Iterator[Break]:
    """No group of a report has more patients than it enrolled or randomised to its arm."""
    yield from _within(since, study_of, {})


def report(row: Row) -> str:
    """Return the report to which a row of since.csv belongs: its id without the last part."""
    return row["since_id"].rpartition(".")[0]


def study_of(row: Row) -> str:
    """Return the study, or the one source about it, whose numbers must fit together."""
    return (
        f"{report(row)} {row['trial']}"
        if "since_id" in row
        else f"{row['study_id']} {row.get('address', '')}"
    )


def _within(
    rows: Rows, study: Callable[[Row], str], whole: dict[tuple[str, str], float]
) -> Iterator[Break]:
    for row in rows:
        size = number(row["value"]) if row["unit"] == "patients" else None
        if (
            row["endpoint"] == "participants"
            and row["statistic"] == "count"
            and row["population"] in WHOLE
            and size is not None
        ):
            key = study(row), row["arm"]
            whole[key] = max(size, whole.get(key, 0))
    for line, row in numbered(rows):
        limit = whole.get((study(row), row["arm"]))
        for column in (
            ("denominator", "value")
            if row["endpoint"] == "participants" and row["unit"] == "patients"
            else ("denominator",)
        ):
            size = number(row[column])
            if (
                limit is not None
                and size is not None
                and size > limit
                and row["population"] not in LARGER
            ):
                yield Break(
                    line,
                    column,
                    f"{row[column]} patients, of {limit:g} who were enrolled or randomised",
                )


#: a response, and those that include it
INCLUDED_IN = {
    "stringent CR": ("CR or stringent CR", "objective response"),
    "complete response": ("CR or stringent CR", "CR or CRi", "objective response"),
    "MRD-negative complete response": (
        "complete response",
        "CR or CRi",
        "CR or stringent CR",
        "objective response",
    ),
    "CR or stringent CR": ("objective response",),
    "CR or CRi": ("objective response",),
    "CRi": ("CR or CRi", "objective response"),
    "very good partial response": ("objective response",),
    "partial response": ("objective response",),
}
#: a grade, and those that include it
GRADE_IN = {
    "3 or higher": ("any",),
    "3 or 4": ("3 or higher", "any"),
    "3": ("3 or higher", "any"),
    "1 or 2": ("any",),
}


@rule_for_each("outcomes", "papers", "since")
def response_within_response(rows: Rows) -> Iterator[Break]:
    """A response is never more frequent than one that includes it, in the same patients."""
    key = by("arm", "population", "grade", "at_month")
    yield from _included(rows, lambda row: (study_of(row), *key(row)), "endpoint", INCLUDED_IN)


@rule_for_each("outcomes", "papers", "since")
def severe_within_any(rows: Rows) -> Iterator[Break]:
    """Severe harm is never more frequent than harm of any grade, in the same patients."""
    key = by("arm", "population", "endpoint", "at_month")
    yield from _included(rows, lambda row: (study_of(row), *key(row)), "grade", GRADE_IN)


def _included(
    rows: Rows,
    group: Callable[[Row], tuple[str, ...]],
    column: str,
    wider: Mapping[str, tuple[str, ...]],
) -> Iterator[Break]:
    groups: dict[tuple[str, ...], list[tuple[int, Row]]] = defaultdict(list)
    for line, row in numbered(rows):
        if row["statistic"] in ("proportion", "count"):
            groups[group(row)].append((line, row))
    for members in groups.values():
        for (line, row), (other, wide) in itertools.permutations(members, 2):
            if wide[column] in wider.get(row[column], ()) and (more := _more(row, wide)):
                yield Break(
                    line,
                    "value",
                    f"{more} with {column} {row[column]!r}, {wide[column]!r} in row {other} has fewer",
                )


def _more(row: Row, wide: Row) -> str:
    """Return the number of a row that is larger than that of a row which includes it; an empty string if none is."""
    for measure, unit, slack in ((count, " patients", 0.0), (share, "%", 1.0)):
        here, there = measure(row), measure(wide)
        comparable = measure is count or row["denominator"] == wide["denominator"]
        if comparable and here is not None and there is not None and here > there + slack:
            return f"{here:g}{unit}"
    return ""


@rule("outcomes")
def text_and_table_agree(outcomes: Rows) -> Iterator[Break]:
    """Rows about one thing give one value, or are flagged because text and table disagree."""
    groups: dict[tuple[str, ...], list[tuple[int, Row]]] = defaultdict(list)
    same = by("study_id", "arm", "endpoint", "statistic", "grade", "population", "unit", "at_month")
    for line, row in numbered(outcomes):
        groups[same(row)].append((line, row))
    for group in groups.values():
        values = {float(row["value"]) for _, row in group if number(row["value"]) is not None}
        if (
            len(values) > 1
            and max(values) - min(values) > 0.5
            and not all("text and table disagree" in row["flag"] for _, row in group)
        ):
            line, row = group[-1]
            problem = f"{row['value']}, but another row about the same has another value"
            yield Break(line, "value", problem, "correct it, or flag that text and table disagree")


@rule("studies", "outcomes")
def group_has_outcome(studies: Rows, outcomes: Rows) -> Iterator[Break]:
    """A group that was treated or evaluated is a number of one of its study's outcomes."""
    known = {
        (row["study_id"], row[column])
        for row in outcomes
        for column in ("value", "denominator", "events")
    }
    for line, row in numbered(studies):
        for column in ("infused", "evaluable"):
            if row[column] not in MISSING and (row["study_id"], row[column]) not in known:
                yield Break(line, column, f"{row[column]!r} is in no outcome of {row['study_id']}")


# Rows


@rule("glossary")
def glossary_is_sorted(glossary: Rows) -> Iterator[Break]:
    """Terms are sorted, each once."""
    terms = [row["term"].lower().replace("γ", "g") for row in glossary]
    for line, (before, term) in enumerate(itertools.pairwise(terms), start=3):
        if before >= term:
            yield Break(
                line,
                "term",
                f"{term!r} comes after {before!r}",
                "sort the terms, and list each once",
            )


@rule_for_each(
    *(
        "products",
        "approvals",
        "trial_ids",
        "studies",
        "outcomes",
        "landscape",
        "antigens",
        "preclinical",
        "strategies",
        "findings",
    )
)
def place_exists(rows: Rows) -> Iterator[Break]:
    """A place is one that its section of the review has."""
    for line, row in numbered(rows):
        paragraph = re.fullmatch(r"paragraph (\d+)", row["place"])
        if paragraph and row["section"].startswith("table-"):
            yield Break(line, "place", f"a table has no {row['place']}", "name row and column")
        elif paragraph and int(paragraph[1]) > PARAGRAPHS.get(row["section"], 0):
            fix = "count the section's paragraphs; a paragraph broken by a page counts once"
            yield Break(line, "place", f"{row['section']} has no {row['place']}", fix)


# Ids


@rule("outcomes")
def outcome_id_has_parts(outcomes: Rows) -> Iterator[Break]:
    """The id of an outcome is study.arm.end-point.suffix."""
    arms = {"standard care": "standard-care", "single group": "single-group"}
    for line, row in numbered(outcomes):
        outcome_id = row["outcome_id"]
        if not outcome_id.startswith(f"{row['study_id']}."):
            yield Break(
                line,
                "outcome_id",
                f"{outcome_id!r} does not begin with the study {row['study_id']!r}",
            )
        for word in (slug(row["endpoint"]), arms.get(row["arm"], "")):
            if word not in outcome_id:
                yield Break(line, "outcome_id", f"{outcome_id!r} does not name {word!r}")


@rule("references")
def reference_key_is_made(references: Rows) -> Iterator[Break]:
    """The key of a reference is made of family name and year."""
    for line, row in numbered(references):
        family = unicodedata.normalize(
            "NFKD", row["first_author_printed"].rsplit(" ", 1)[0].lower()
        )
        family = "".join(letter for letter in family if letter.isalpha())
        if not row["key"].startswith(family[:3]) or row["year"] not in row["key"]:
            yield Break(
                line, "key", f"{row['key']!r} is not {row['first_author_printed']} {row['year']}"
            )


@rule("trial_ids")
def trial_id_is_as_printed(trial_ids: Rows) -> Iterator[Break]:
    """A well-formed trial number is stored as printed."""
    for line, row in numbered(trial_ids):
        if row["well_formed"] == "yes" and row["nct_id"].lower() != row["nct_printed"].lower():
            yield Break(
                line, "nct_id", f"{row['nct_id']!r}, but nct_printed is {row['nct_printed']!r}"
            )


@rule("references")
def doi_is_as_printed(references: Rows) -> Iterator[Break]:
    """A DOI that is not corrected is stored as printed, in small letters."""
    for line, row in numbered(references):
        if row["doi_is"] == "as printed" and row["doi"].lower() != row["doi_printed"].lower():
            yield Break(line, "doi", f"{row['doi']!r}, but doi_printed is {row['doi_printed']!r}")


@rule("recount")
def groupings_count_every_trial(recount: Rows) -> Iterator[Break]:
    """Every grouping counts every trial once."""
    sums: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in recount:
        sums[row["window"], row["country_group"], row["record_kind"]][row["dimension"]] += (
            number(row["trials"]) or 0
        )
    dimensions = sorted({row["dimension"] for row in recount})
    for key, found in sums.items():
        if len({found.get(dimension, 0) for dimension in dimensions}) > 1:
            totals = ", ".join(
                f"{found.get(dimension, 0):g} by {dimension}" for dimension in dimensions
            )
            yield Break(1, "trials", f"{', '.join(key)} adds up to {totals}")


# Rules that take one line each


#: tables to whose rows findings and judgements refer, with the columns that name a row
REFERRED = [
    ("outcomes", "outcome_id"), ("papers", "paper_id"), ("since", "since_id"), ("landscape", "count_id"), ("studies", "study_id"),
    ("approvals", "approval_id"), ("approvals_since", "approval_id"), ("products", "product_id"), ("references", "key"),
    ("references", "reference"), ("trial_ids", "nct_printed"), ("strategies", "strategy_id"), ("preclinical", "finding_id"),
    ("antigens", "antigen_id"),
]  # fmt: skip
REFERRED_TABLES, REFERRED_COLUMNS = zip(*REFERRED, strict=True)
US = {"United States": "us", "all": "", "other countries": ""}  # how ids abbreviate countries


def _keys(tables: Iterable[Rows]) -> set[str]:
    return everywhere(zip(tables, REFERRED_COLUMNS, strict=True))


def _tables_only(outcomes: Rows) -> list[Row]:
    return [
        row if row["section"].startswith("table-") else {**row, "section": "not applicable"}
        for row in outcomes
    ]


def _but_places(landscape: Rows) -> list[Row]:
    return [
        row if row["topic"] != "place" else dict.fromkeys(row, "not applicable")
        for row in landscape
    ]


ONE_LINERS: list[tuple[tuple[str, ...], str, Callable[..., Iterator[Break]]]] = [
    # one thing has one description
    (("studies",), "A product has one target", lambda t: agree(t, by("product"), "target")),
    (
        ("papers",),
        "One address is one kind of source",
        lambda t: agree(t, by("address"), "source_kind"),
    ),
    (
        ("since",),
        "Rows of one report have one topic, year and source",
        lambda t: agree(
            t,
            lambda row: (report(row),),
            "topic",
            "year",
            "follow_up_months",
            "source_kind",
            "verified",
        ),
    ),
    (
        ("since",),
        "One address is one source, read on one day",
        lambda t: agree(t, by("address"), "year", "doi_or_id", "source_kind", "as_of"),
    ),
    (
        ("since",),
        "One source is one kind of source",
        lambda t: agree(t, by("source"), "year", "source_kind", "as_of"),
    ),
    (
        ("approvals_since",),
        "A product has one name, brand and target",
        lambda t: agree(t, by("product_id"), "product", "brand", "target"),
    ),
    (
        ("trial_ids",),
        "Trials with one purpose have one target, disease, approach and place",
        lambda t: agree(t, by("purpose"), "target", "disease", "approach", "section", "place"),
    ),
    (("landscape",), "A topic has one window", lambda t: agree(t, by("topic"), "window")),
    (("landscape",), "An item has one topic", lambda t: agree(t, by("item"), "topic")),
    (
        ("strategies",),
        "A mechanism belongs to one limit",
        lambda t: agree(t, by("mechanism"), "limit", "section"),
    ),
    (
        ("certainty",),
        "The same reasons give the same certainty",
        lambda t: agree(t, by("reasons"), "certainty"),
    ),
    (("recount",), "The whole table is of one day", lambda t: agree(t, by(), "as_of")),
    # ids say what they name
    (("papers",), "The id names the study", lambda t: named(t, "paper_id", "study_id")),
    (
        ("approvals",),
        "The id names product and agency",
        lambda t: named(t, "approval_id", "product_id", "agency"),
    ),
    (("approvals_since",), "The id names the agency", lambda t: named(t, "approval_id", "agency")),
    (
        ("landscape",),
        "The id names country and year",
        lambda t: named(_but_places(t), "count_id", "country", "year", words=US),
    ),
    (("antigens",), "The id is the antigen", lambda t: named(t, "antigen_id", "antigen")),
    (("products",), "The id is the short name", lambda t: named(t, "product_id", "short_name")),
    # tables say the same
    (
        ("outcomes", "studies"),
        "A study is in one table of the review",
        lambda t, u: copied(_tables_only(t), "study_id", u, "study_id", "studies", section="table"),
    ),
    (
        ("studies", "references"),
        "A study is the reference after which it is named",
        lambda t, u: copied(
            t,
            "reference",
            u,
            "reference",
            "references",
            first_author="first_author_printed",
            year="year",
            study_id="key",
        ),
    ),
    (
        ("studies", "products"),
        "A product has one target in every table",
        lambda t, u: copied(t, "product", u, "product", "products", target="target"),
    ),
    (
        ("since", "products"),
        "A product has one target in every table",
        lambda t, u: copied(t, "product", u, "short_name", "products", target="target"),
    ),
    (
        ("approvals_since", "products"),
        "A product has one target in every table",
        lambda t, u: copied(t, "product_id", u, "product_id", "products", target="target"),
    ),
    (
        ("papers", "outcomes"),
        "What is compared is of the same study, arm and month",
        lambda t, u: copied(
            t,
            "outcome_id",
            u,
            "outcome_id",
            "outcomes",
            study_id="study_id",
            arm="arm",
            at_month="at_month",
        ),
    ),
    (
        ("approvals", "approvals_since"),
        "An approval is of one product by one agency",
        lambda t, u: copied(
            t,
            "approval_id",
            u,
            "approval_id",
            "approvals_since",
            product_id="product_id",
            agency="agency",
        ),
    ),
    # what is referred to is there
    (
        ("strategies", "trial_ids"),
        "A trial number is in trial_ids.csv",
        lambda t, u: listed(
            t, "nct_ids", everywhere([(u, "nct_printed"), (u, "nct_id")]), "in trial_ids.csv"
        ),
    ),
    (
        ("strategies", "references"),
        "A reference is in references.csv",
        lambda t, u: listed(t, "reference", everywhere([(u, "reference")]), "in references.csv"),
    ),
    (
        ("glossary",),
        "A term under see_also is explained",
        lambda t: listed(t, "see_also", everywhere([(t, "term")]), "a term here"),
    ),
    (
        ("findings", *REFERRED_TABLES),
        "A finding refers to a row",
        lambda t, *u: listed(t, "table_ref", _keys(u), "the key of a row"),
    ),
    (
        ("certainty", *REFERRED_TABLES),
        "A judgement refers to the rows on which it is based",
        lambda t, *u: listed(t, "basis", _keys(u) | {"table-1", "table-2"}, "the key of a row"),
    ),
    # rows
    (
        ("findings",),
        "Findings are numbered in their order",
        lambda t: sequence(t, "finding_id", "F{:03d}"),
    ),
    (
        ("references",),
        "References are numbered in their order",
        lambda t: sequence(t, "reference", "{}"),
    ),
    (
        ("trial_ids",),
        "Trial numbers are numbered in their order",
        lambda t: sequence(t, "order", "{}"),
    ),
    (
        ("recount",),
        "Rows are numbered in their order",
        lambda t: sequence(t, "recount_id", "R{:04d}"),
    ),
    (
        ("studies",),
        "No study repeats another under a new id and label",
        lambda t: repeated(t, "study_id", "label", "reference"),
    ),
    (
        ("products",),
        "No product repeats another under a new name",
        lambda t: repeated(t, "product_id", "product", "short_name"),
    ),
    (
        ("recount",),
        "A group of trials has one row",
        lambda t: repeated(t, "recount_id", "trials", "as_of"),
    ),
]
ONE_LINERS += [
    (
        (table,),
        "No row repeats another under a new key",
        lambda t: repeated(t, next(iter(t[0]))) if t else iter(()),
    )
    for table in (
        "outcomes",
        "papers",
        "since",
        "approvals",
        "approvals_since",
        "landscape",
        "strategies",
        "preclinical",
        "findings",
    )
]
RULES += [
    Rule(slug(sentence).replace("-", "_"), tables, sentence, check)
    for tables, sentence, check in ONE_LINERS
]
