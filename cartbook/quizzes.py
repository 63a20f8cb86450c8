"""Define quizzes as records: questions, answers, and what to say to each answer.

Four kinds of question: choose one (a list of :class:`Choice`), type a number (:class:`Number`), put in order
(:class:`Order`), find the claim that misleads (:class:`Spot`). A number can be asked in several variants
(:func:`variants`), each of another row of a table.

A quiz gives a notebook HTML for readers, plain text, and its record (:data:`MIME`), from which the site and
every export are rendered (:mod:`cartbook.render`). Options are in one pseudo-random order everywhere,
whatever their order in the source and whichever is right.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from itertools import chain, pairwise
from string import Formatter
from typing import Any

from cartbook.render import html, quiz_text

#: the record of a quiz: questions, answers and feedback as data
MIME = "application/vnd.cartbook.quiz+json"
#: Decides the order of all options. If a position comes to hold too many of the right answers, count it up.
SALT = 1
ID = re.compile(r"[a-z][a-z0-9-]*")
ID_RULE = "an id is a letter, then a-z, 0-9 and hyphens"
#: a link, bold words or code, as Markdown writes them
MARKUP = re.compile(r"\]\(|\*\*|`")


@dataclass(frozen=True)
class Stem:
    """The words of a question with an id, or with the figure that it needs.

    ``id`` is unique in the quiz and survives any change of the words. Without one, it is derived from the words
    (not from the numbers in them). ``figure`` is the id of a figure of the chapter: exports show it.
    """

    text: str
    id: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Choice:
    """An option: its text, whether it is the right one, and the feedback to a reader who chooses it."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Number:
    """A number to type, right within ``tolerance``.

    ``slips`` maps common wrong answers to their feedback; ``hint`` is the feedback to any other wrong answer.
    """

    answer: float
    why: str
    hint: str
    tolerance: float = 0.0
    unit: str = ""
    slips: Mapping[float, str] = field(default_factory=dict)

    @property
    def decimals(self) -> int:
        """Return the decimal places asked for: the fewest to which every right answer may be rounded."""
        if self.tolerance:
            return max(0, math.ceil(-math.log10(2 * self.tolerance) - 1e-9))
        return max(0, -int(Decimal(f"{self.answer:.10g}").normalize().as_tuple().exponent))

    @property
    def shown(self) -> str:
        """Return the answer rounded to the decimal places asked for (half up, as readers round)."""
        return str(
            Decimal(repr(self.answer)).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        )

    @property
    def asked(self) -> str:
        """Return the unit and the precision wanted, in words."""
        places = {0: "the nearest whole number", 1: "one decimal place"}.get(
            self.decimals, f"{self.decimals} decimal places"
        )
        precision = f"Round to {places}." if self.tolerance or self.decimals else "A whole number."
        return f"Unit: {self.unit}. {precision}" if self.unit else precision


@dataclass(frozen=True)
class Order:
    """Items to put in order, given in the right order with their feedback; ``by`` names the order: "from … to …"."""

    items: Sequence[tuple[str, str]]
    by: str

    @property
    def mixed(self) -> list[int]:
        """Return the places of the items as shown first: always the same, and never the right order."""
        places = sorted(range(len(self.items)), key=lambda place: _digest(self.items[place][0]))
        return places if places != sorted(places) else [*places[1:], places[0]]


@dataclass(frozen=True)
class Spot:
    """Claims of which exactly one misleads; that one is the right :class:`Choice`."""

    claims: Sequence[Choice]


@dataclass(frozen=True)
class Variants:
    """A number asked of several rows: what the stem says of each, by name, and the answer."""

    cases: Sequence[tuple[Mapping[str, str], Number]]


Answer = Sequence[Choice] | Number | Order | Spot | Variants
#: how many variants a question has at least
FEWEST = 5


def _row_words(row: Mapping[Any, Any]) -> dict[str, str]:
    """Return a row as a stem shows it: whole numbers without a decimal point."""
    return {
        str(name): f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in row.items()
    }


def variants(
    rows: Iterable[Mapping[Any, Any]],
    number: Callable[[Mapping[Any, Any]], Number],
    *,
    most: int = 6,
    seed: int = 1,
) -> Variants:
    """Return the same question of up to ``most`` rows, chosen and ordered by ``seed``.

    ``number`` gives the answer to a row; the stem has the names of columns in braces. A row is left
    out if one of its mistakes gives nearly the right answer, or if another row has the same answer.
    Raise ValueError if fewer than five rows remain.
    """
    found: list[tuple[dict[str, str], Number]] = []
    for row in rows:
        words, answer = _row_words(row), _plain(number(row))
        usable = not any(broken for broken, _, _ in _check_number(answer))
        if usable and all(answer.shown != other.shown for _, other in found):
            found.append((words, answer))
    if len(found) < FEWEST:
        raise ValueError(
            f"a question with variants needs {FEWEST} rows with different answers, and has {len(found)}; "
            "give more rows, or ask it once as a Number"
        )
    found.sort(key=lambda case: _digest(str(seed), *case[0].values()))
    return Variants(tuple(found[:most]))


def _number_record(record: Mapping[str, Any], answer: Number) -> dict[str, Any]:
    slips = [{"value": value, "why": why} for value, why in answer.slips.items()]
    asked = {"decimals": answer.decimals, "shown": answer.shown, "asked": answer.asked}
    return {**record, "kind": "number", **asdict(answer), **asked, "slips": slips}


@dataclass(frozen=True)
class Question:
    """A question of a quiz, its options in the order in which every page and export shows them."""

    id: str  # unique in the book
    stem: str
    answer: Answer
    figure: str = ""

    def to_record(self) -> dict[str, Any]:
        """Return the question as plain data; ``kind`` is choose, number, order or spot.

        A number with variants is its first variant, and has all of them under ``variants``.
        """
        record = {"id": self.id, "stem": self.stem, "figure": self.figure}
        answer = self.answer
        if isinstance(answer, Variants):
            made = [
                _number_record({**record, "stem": self.stem.format_map(words)}, one)
                for words, one in answer.cases
            ]
            ids = [{**one, "id": f"{self.id}-{place}"} for place, one in enumerate(made, start=1)]
            return {**made[0], "variants": ids}
        if isinstance(answer, Number):
            return _number_record(record, answer)
        if isinstance(answer, Order):
            items = [{"text": text, "why": why} for text, why in answer.items]
            return {
                **record,
                "kind": "order",
                "by": answer.by,
                "items": items,
                "mixed": answer.mixed,
            }
        kind = "spot" if isinstance(answer, Spot) else "choose"
        choices = answer.claims if isinstance(answer, Spot) else answer
        return {**record, "kind": kind, "choices": [asdict(choice) for choice in choices]}


class _Shown:
    """What notebooks show of a quiz: its record, HTML and plain text."""

    def to_record(self) -> dict[str, Any]:
        """Return the quiz as plain data."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return html(self.to_record(), notebook=True)

    def __repr__(self) -> str:
        return quiz_text(self.to_record())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: self.to_record(), "text/html": self._repr_html_(), "text/plain": repr(self)}


@dataclass(frozen=True, repr=False)
class Quiz(_Shown):
    """Questions with their answers."""

    id: str
    questions: tuple[Question, ...]

    def to_record(self) -> dict[str, Any]:
        return {
            "kind": "quiz",
            "id": self.id,
            "questions": [one.to_record() for one in self.questions],
        }


@dataclass(frozen=True, repr=False)
class PackedQuiz(_Shown):
    """A quiz from its record."""

    record: Mapping[str, Any]

    def to_record(self) -> dict[str, Any]:
        return dict(self.record)


def asked_once(question: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the record of a question as a list, or those of its variants."""
    return list(question.get("variants", [question]))


def packed_cell(record: Mapping[str, Any]) -> str:
    """Return a cell's code that shows a quiz, without its answers in readable form."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    packed = b64encode(zlib.compress(text.encode(), 9)).decode()
    lines = "\n".join(textwrap.wrap(packed, 96))
    return f'from cartbook import packed_quiz\n\npacked_quiz("""\n{lines}\n""")'


def packed_quiz(packed: str) -> PackedQuiz:
    """Return the quiz that a chapter's notebook packs, so that nobody reads the answers by accident.

    Raise ValueError if the text is not whole.
    """
    try:
        record = json.loads(zlib.decompress(b64decode("".join(packed.split()), validate=True)))
    except (ValueError, zlib.error) as error:
        raise ValueError(
            f"this is not a packed quiz ({error}); copy the cell from the chapter's notebook"
        ) from None
    return PackedQuiz(record)


def shown_by(cell: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the record of the quiz that an executed cell shows, if it shows one."""
    outputs = (one.get("data", {}) for one in cell.get("outputs", []))
    return next((data[MIME] for data in outputs if MIME in data), None)


def source_shown(cell: Mapping[str, Any]) -> str:
    """Return the code of an executed cell as notebooks show it: a quiz is packed."""
    record = shown_by(cell)
    return packed_cell(record) if record else str(cell["source"])


def _digest(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode()).digest()


def _shuffled(choices: Sequence[Choice], id: str) -> tuple[Choice, ...]:
    """Return the options in an order that follows from the question and their texts alone."""
    return tuple(sorted(choices, key=lambda choice: _digest(str(SALT), id, choice.text)))


def _words(text: str) -> str:
    """Return the words of a stem without its numbers, which change with the data."""
    return re.sub(r"[\d\W_]+", " ", text.casefold()).strip()


Rule = tuple[bool, str, str]  # whether it is broken, the rule, how to fix it


def _check_number(answer: Number) -> Iterator[Rule]:
    numbers = [answer.answer, answer.tolerance, *answer.slips]
    finite = all(map(math.isfinite, numbers))
    yield (
        not finite,
        "the answer, its tolerance and the slips are finite numbers",
        f"found {numbers}",
    )
    yield answer.tolerance < 0, "a tolerance is not below 0", f"found {answer.tolerance:g}"
    vague = not answer.tolerance and answer.decimals > 4
    fix = "a tolerance of 0.5 asks for a whole number, 0.05 for one decimal place"
    yield vague, f"an answer of {answer.answer!r} needs a tolerance, or fewer digits", fix
    near = [slip for slip in answer.slips if abs(slip - answer.answer) <= 2 * answer.tolerance]
    fix = f"remove {near}, which could be right, or narrow the tolerance {answer.tolerance:g}"
    yield bool(near), "a slip lies further from the answer than twice the tolerance", fix
    slips = sorted(answer.slips)
    close = [
        pair for pair in pairwise(slips) if finite and pair[1] - pair[0] <= answer.tolerance + 1e-9
    ]
    fix = f"remove one of {close}, or narrow the tolerance {answer.tolerance:g}"
    yield bool(close), "two slips lie further from each other than the tolerance", fix
    yield not answer.why.strip(), "the answer says why it is right", "give why="
    yield not answer.hint.strip(), "there is a hint for any other number", "give hint="
    mute = [slip for slip, why in answer.slips.items() if not why.strip()]
    yield bool(mute), "every slip says why it is wrong", f"give feedback to {mute}"


def _plain(answer: Number) -> Number:
    """Return a number whose parts are plain ones, not those of pandas or NumPy."""
    slips = {float(slip): why for slip, why in answer.slips.items()}
    value, tolerance = float(answer.answer), float(answer.tolerance)
    return replace(answer, answer=value, tolerance=tolerance, slips=slips)


def _check_variants(stem: str, answer: Variants) -> Iterator[Rule]:
    names = {name for _, name, _, _ in Formatter().parse(stem) if name is not None}
    known = set(answer.cases[0][0])
    yield (
        not names,
        "a question with variants names columns in braces",
        "write {label}, for example",
    )
    fix = f"there is no {', '.join(sorted(names - known))}; a row has {', '.join(sorted(known))}"
    yield not names <= known, "a stem names columns of the rows", fix


def _check_order(answer: Order) -> Iterator[Rule]:
    count = len({text.strip() for text, _ in answer.items})
    twice = count < max(3, len(answer.items))
    found = f"found {count} of {len(answer.items)}"
    yield twice, "an order has at least three different items", found
    yield not answer.by.strip(), "an order says from what to what", 'give by="from … to …"'
    mute = [text for text, why in answer.items if not why.strip()]
    yield bool(mute), "every item says why it has its place", f"give feedback to {mute}"


def _check_choices(choices: Sequence[Choice]) -> Iterator[Rule]:
    right = [choice.text for choice in choices if choice.right]
    yield len(choices) < 2, "there are at least two options", f"found {len(choices)}"
    yield len(right) != 1, "exactly one option is right", f"found {len(right)}: {right}"
    texts = [choice.text.strip() for choice in choices]
    twice = sorted({text for text in texts if texts.count(text) > 1})
    yield bool(twice), "every option differs from the others", f"change {twice}"
    mute = [choice.text for choice in choices if not choice.why.strip()]
    yield bool(mute), "every option says why it is right or wrong", f"give feedback to {mute}"


def _check_text(stem: str, answer: Answer) -> Iterator[Rule]:
    cases = [one for _, one in answer.cases] if isinstance(answer, Variants) else [answer]
    texts = [stem]
    for one in cases:
        if isinstance(one, Number):
            texts += [one.why, one.hint, *one.slips.values()]
        elif isinstance(one, Order):
            texts += [text for pair in one.items for text in pair]
        else:
            choices = one.claims if isinstance(one, Spot) else one
            texts += [text for choice in choices for text in (choice.text, choice.why)]
    marked = [text[:60] for text in texts if MARKUP.search(text)]
    yield bool(marked), "a quiz has plain text, without links and code", f"change {marked[:3]}"


def _question(quiz_id: str, number: int, stem: Stem, answer: Answer) -> Question:
    """Return a question, its answer as plain numbers and text and its options in their order."""
    id = f"{quiz_id}-{stem.id or _digest(_words(stem.text)).hex()[:6]}"
    rules: Iterable[Rule] = [
        (not stem.text.strip(), "a question has words", "write its stem"),
        (bool(stem.id) and not ID.fullmatch(stem.id), ID_RULE, f"found {stem.id!r}"),
    ]
    if isinstance(answer, Number):
        answer = _plain(answer)
        rules = chain(rules, _check_number(answer))
    elif isinstance(answer, Variants):
        rules = chain(rules, _check_variants(stem.text, answer))
    elif isinstance(answer, Order):
        answer = Order(tuple((str(text), str(why)) for text, why in answer.items), answer.by)
        rules = chain(rules, _check_order(answer))
    else:
        choices = _shuffled(answer.claims if isinstance(answer, Spot) else answer, id)
        rules = chain(rules, _check_choices(choices))
        answer = Spot(choices) if isinstance(answer, Spot) else choices
    for broken, rule, fix in chain(rules, _check_text(stem.text, answer)):
        if broken:
            place = f"quiz {quiz_id!r}, question {number} ({stem.text[:60]!r})"
            raise ValueError(f"{place}: {rule}; {fix}")
    return Question(id, stem.text.strip(), answer, stem.figure)


def quiz(id: str, questions: Mapping[str | Stem, Answer] | Mapping[str, Answer]) -> Quiz:
    """Return a quiz of questions and their answers, in the order given.

    A question is its words, or a :class:`Stem`. An answer is a list of :class:`Choice` (exactly one
    right), a :class:`Number`, an :class:`Order` or a :class:`Spot`. ``id`` is unique in the book.

    Raise ValueError, which names the question, unless every question has one right answer, every
    option has feedback, and ids differ.
    """
    if not ID.fullmatch(id):
        raise ValueError(f"quiz {id!r}: {ID_RULE}; change it")
    if not questions:
        raise ValueError(f"quiz {id!r}: a quiz has at least one question; it has none")
    numbers: dict[str, int] = {}
    found = []
    for number, (stem, answer) in enumerate(questions.items(), start=1):
        stem = stem if isinstance(stem, Stem) else Stem(stem)
        question = _question(id, number, stem, answer)
        if question.id in numbers:
            raise ValueError(
                f"quiz {id!r}, questions {numbers[question.id]} and {number}: they have the same id, "
                "since they have the same words or differ in numbers alone; "
                f'give one of them an id of its own: Stem("{question.stem[:30]}…", id="…")'
            )
        numbers[question.id] = number
        found.append(question)
    return Quiz(id, tuple(found))
