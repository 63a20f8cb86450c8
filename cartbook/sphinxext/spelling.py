"""Give British and American spellings of a word one form, so that a search for either finds both.

The form is for comparison alone and is never shown: a rule may join words that differ in meaning
(*four* is safe, *does* becomes *des*) as long as it treats what is searched and what is searched for alike.
Python uses the rules while it indexes the book, the browser while a reader searches.
"""

from __future__ import annotations

import json
import re

#: regular expressions that mean the same in Python and JavaScript, and what replaces their first group and the rest
RULES = (
    (r"()[ao]e", "e"),  # leukaemia, anaemia, haematology, paediatric, foetal, oesophagus, oedema
    (r"^([a-z]{2,})our", "or"),  # tumour, behaviour, favourable; not four, course, source
    (r"^(pract)is(?=(?:e|ed|es|ing)$)", "ic"),  # practise
    (
        r"([a-z]{2})is(?=(?:e|ed|es|er|ers|ing|able|ation|ations|ational)$)",
        "iz",
    ),  # randomised, hospitalisation
    (r"([a-z]{2})ys(?=(?:e|ed|es|er|ers|ing)$)", "yz"),  # analyse, paralysed
    (
        r"^(cent|fib|lit|met|calib|theat|meag|spect|[a-z]+met|[a-z]+lit)re(?=s?$|d$)",
        "er",
    ),  # centre, fibre, millilitre
    (r"([a-z]{2})ll(?=(?:ed|ing|er|ers|ment|ments|s)?$)", "l"),  # labelled, signalling, enrollment
    (r"([a-z]{2})ogue(?=s?$)", "og"),  # analogue, catalogue
    (r"(lic|def|off|pret)ence", "ense"),  # licence, defence
    (r"(program)me(?=s?$)", ""),
    (r"(s)ulph", "ulf"),
    (r"(leu)co(?=[a-z])", "ko"),  # leucocyte
    (r"(gr)ey", "ay"),
    (r"(ag)eing$", "ing"),
    (r"(art)efact", "ifact"),
    (r"(m)ould", "old"),
    (r"(dg)ement", "ment"),  # judgement
)


def normalize(word: str) -> str:
    """Return the form that the British and the American spelling of a lower-case word share."""
    for pattern, replacement in RULES:
        word = re.sub(pattern, rf"\g<1>{replacement}", word)
    return word


def script() -> str:
    """Return the same function for the browser, as ``bookSpelling``."""
    rules = ", ".join(
        f"[/{pattern}/g, {json.dumps('$1' + replacement)}]" for pattern, replacement in RULES
    )
    return (
        "// Made from cartbook/sphinxext/spelling.py: one form of a word for its British and American spelling.\n"
        f"var bookSpelling = word => [{rules}].reduce((text, [pattern, form]) => text.replace(pattern, form), word);\n"
    )
