"""Proportions with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt
from statistics import NormalDist
from typing import Literal

import pandas as pd

Method = Literal["wilson", "exact"]
METHOD_NAMES = {"wilson": "Wilson", "exact": "Clopper–Pearson"}
SMALL = 30  # below this many patients a proportion is marked as a small sample


@dataclass(frozen=True)
class Proportion:
    """A share of patients and its interval; ``estimate``, ``low`` and ``high`` lie between 0 and 1."""

    events: int
    denominator: int
    estimate: float
    low: float
    high: float
    level: float
    method: Method

    def __str__(self) -> str:
        span = f"{100 * self.low:.0f}–{100 * self.high:.0f}"
        share = f"{100 * self.estimate:.0f}%, {100 * self.level:g}% CI {span}"
        return f"{self.events} of {self.denominator} ({share})"


def proportion(
    events: int, denominator: int, *, level: float = 0.95, method: Method = "wilson"
) -> Proportion:
    """The share ``events / denominator`` with a two-sided interval for the probability behind it.

    Wilson's score interval by default; ``method="exact"`` gives Clopper and Pearson's, which is
    never too narrow and usually too wide; it comes from SciPy's ``binomtest``.

    Raises ValueError if the events are negative or more than the denominator, if the denominator
    is not positive, if the level does not lie between 0 and 1, or if there is no such method.
    """
    if denominator <= 0 or not 0 <= events <= denominator:
        raise ValueError(
            f"{events} of {denominator} is no proportion: 0 ≤ events ≤ denominator and denominator > 0"
        )
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, as 0.95 does; {level} does not")
    if method not in METHOD_NAMES:
        raise ValueError(f"the methods are {' and '.join(METHOD_NAMES)}; {method!r} is neither")
    low, high = (_wilson if method == "wilson" else _exact)(events, denominator, level)
    return Proportion(events, denominator, events / denominator, low, high, level, method)


def _wilson(events: int, denominator: int, level: float) -> tuple[float, float]:
    """Wilson 1927: the probabilities from which the share seen lies no more than z standard errors away."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = 2 * events + z * z
    half = z * sqrt(z * z + 4 * events * (denominator - events) / denominator)
    whole = 2 * (denominator + z * z)
    low, high = (middle - half) / whole, (middle + half) / whole
    return (0.0 if events == 0 else low), (1.0 if events == denominator else high)


def _exact(events: int, denominator: int, level: float) -> tuple[float, float]:
    from scipy.stats import (
        binomtest,
    )  # here, because a page's Python loads 20 MB for it, and most chapters do without

    span = binomtest(events, denominator).proportion_ci(confidence_level=level, method="exact")
    return float(span.low), float(span.high)


def implied_events(percent: float, denominator: int) -> tuple[int, bool]:
    """Return the number of patients nearest to a percentage of a known denominator, and whether it is the only one.

    The half-width of the rounding follows from the digits of ``percent``. Of large groups a percentage
    without decimals may stand for two or more whole numbers. Raise ValueError if it stands for none.
    """
    text = f"{percent:g}"
    half = 0.5 * 10.0 ** -(len(text.partition(".")[2]))
    fits = [
        k for k in range(denominator + 1) if abs(100 * k / denominator - percent) <= half + 1e-9
    ]
    if not fits:
        raise ValueError(f"{text}% of {denominator} stands for no whole number of patients")
    return min(fits, key=lambda k: abs(100 * k / denominator - percent)), len(fits) == 1


def proportions(
    rows: pd.DataFrame, *, level: float = 0.95, method: Method = "wilson"
) -> pd.DataFrame:
    """Rows with ``events`` and ``denominator``, as outcomes have them, with ``percent``, ``low`` and ``high`` (all in per cent) beside them.

    Only rows whose denominator is reported can have an interval; the others are dropped, and a
    chapter that uses them says so. Where the events are not printed, they are the whole
    number that the printed percentage stands for, and ``events_are`` says *implied*, or *nearest*
    where the percentage is too coarse to tell it from its neighbours. ``small`` marks fewer than 30 patients. The row order is kept.
    """
    out = rows[rows["denominator"].notna()].copy()
    if "statistic" in out:  # a median or a rate from a curve has patients, but is no share of them
        out = out[out["statistic"].isin(["proportion", "count"])]
    if "flag" in out:  # no whole number of patients gives such a percentage
        impossible = out["flag"].str.contains("percentage does not follow") & out["events"].isna()
        out = out[~impossible]
    events, events_are = [], []
    values = out["value"] if "value" in out else out["events"]
    for known, value, n in zip(out["events"], values, out["denominator"], strict=True):
        if pd.notna(known):
            found, how = int(known), "printed"
        else:
            found, only = implied_events(float(value), int(n))
            how = "implied" if only else "nearest"
        events.append(found)
        events_are.append(how)
    out["events"], out["events_are"] = events, events_are
    out["denominator"] = out["denominator"].astype(int)
    spans = [
        proportion(k, n, level=level, method=method)
        for k, n in zip(out["events"], out["denominator"], strict=True)
    ]
    for name in ("estimate", "low", "high"):
        out["percent" if name == "estimate" else name] = [
            100 * getattr(span, name) for span in spans
        ]
    out["small"] = out["denominator"] < SMALL
    out["method"] = METHOD_NAMES[method]
    return out


@dataclass(frozen=True)
class Difference:
    """The difference of two proportions and its interval, each between -1 and 1."""

    estimate: float
    low: float
    high: float
    level: float

    def __str__(self) -> str:
        points = [
            f"{100 * one:.0f}".replace("-", "−") for one in (self.estimate, self.low, self.high)
        ]
        return (
            f"{points[0]} percentage points ({100 * self.level:g}% CI {points[1]} to {points[2]})"
        )


def difference(first: Proportion, second: Proportion) -> Difference:
    """Return ``first - second`` for two independent groups, with Newcombe's interval.

    The interval (method 10 of Newcombe, Stat Med 1998;17:873-890) is made from the two Wilson
    intervals. Raise ValueError if these are not Wilson's, or have different levels.

    >>> print(difference(proportion(56, 70), proportion(48, 80)))
    20 percentage points (95% CI 5 to 33)
    """
    if {first.method, second.method} != {"wilson"} or first.level != second.level:
        raise ValueError("Newcombe's interval needs two Wilson intervals of the same level")
    estimate = first.estimate - second.estimate
    low = estimate - hypot(first.estimate - first.low, second.high - second.estimate)
    high = estimate + hypot(first.high - first.estimate, second.estimate - second.low)
    return Difference(estimate, low, high, first.level)
