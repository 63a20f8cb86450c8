"""Read the numbers in a string as a source prints it: 12·8, 1,234, <0.001, 5–8, *thirty-two*."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

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
VALUES = {
    "none": 0,
    **{word: value for value, word in enumerate(ONES)},
    **{word: 10 * value for value, word in enumerate(TENS, start=2)},
}
WORDS = sorted([*VALUES, "hundred"], key=len, reverse=True)
SPELLED = re.compile(rf"\b(?:{'|'.join(WORDS)})\b")
DIGITS = re.compile(
    r"\d{1,3}(?:[,\u2009\u202f\u00a0]\d{3})+(?!\d)(?:[.·]\d+)?"  # 1,234 and 1 234 (thin space)
    r"|\d+[.·]\d+"  # 12.8 and 12·8, as the Lancet prints it
    r"|(?<![\d.·])[.·]\d+"  # .5
    r"|\d+"
)


@lru_cache(maxsize=10_000)
def printed_numbers(text: str) -> frozenset[float]:
    """Return the numbers in a string, written in digits or words.

    12,8 and 1 234 with a plain space may be one number or two, so both readings are returned.

    >>> sorted(printed_numbers("77 of 104 (74·0%)"))
    [74.0, 77.0, 104.0]
    """
    found = {
        float(re.sub(r"[^\d.]", "", piece.replace("·", "."))) for piece in DIGITS.findall(text)
    }
    commas = re.findall(r"(?<![\d,.])(\d+),(\d{1,2})(?![\d,])", text)
    found |= {float(f"{whole}.{part}") for whole, part in commas}
    spaced = re.findall(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d.,])", text)
    found |= {float(piece.replace(" ", "")) for piece in spaced}
    return frozenset(found | {float(value) for value in _spelled(text.lower())})


def _spelled(text: str) -> Iterator[int]:
    """Yield the numbers that are written as words, up to 999."""
    total, end, pending = 0, -1, False
    for word in SPELLED.finditer(text):
        between = text[end : word.start()]
        joined = pending and re.fullmatch(r"[-‐‑ ]|(?:\s+and\s+)", between) is not None
        value = VALUES.get(word[0], 100)
        after_tens = value < 10 and total % 10 == 0 and total % 100 >= 20
        after_hundreds = total >= 100 and total % 100 == 0 and value < 100
        if joined and word[0] == "hundred" and 0 < total < 10:
            total *= 100
        elif joined and (after_tens or after_hundreds):
            total += value
        else:
            if pending:
                yield total
            total = value
        end, pending = word.end(), True
    if pending:
        yield total
