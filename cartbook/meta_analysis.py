"""Random-effects meta-analysis of proportions.

`pool` and `compare_groups` maximise the likelihood of the binomial-normal model; `pool_logits` is
the older method of DerSimonian and Laird, with which a page can compute in Vega.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

# The integral over a standard normal, by the trapezoidal rule: for a smooth integrand that vanishes at
# both ends it converges as fast as Gauss-Hermite quadrature, and it stays exact for large studies.
NODES, STEP = np.linspace(-8, 8, 1001, retstep=True)
LOG_WEIGHTS = -(NODES**2) / 2 - np.log(2 * np.pi) / 2 + np.log(STEP)
STEP_SIZE = 1e-4  # for numerical derivatives


@dataclass(frozen=True)
class Pooled:
    """A pooled proportion; proportions are between 0 and 1, ``tau`` is a standard deviation of log odds."""

    studies: int
    events: int
    denominator: int
    estimate: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau: float
    tau_low: float
    tau_high: float
    level: float

    def __str__(self) -> str:
        estimate, low, high, least, most = (
            f"{100 * one:.1f}"
            for one in (
                self.estimate,
                self.low,
                self.high,
                self.prediction_low,
                self.prediction_high,
            )
        )
        level = f"{100 * self.level:g}%"
        return (
            f"{estimate}% ({level} CI {low}–{high}; {level} prediction interval {least}–{most}; "
            f"τ {self.tau:.2f}; {self.studies} studies, {self.events} of {self.denominator})"
        )


def pool(rows: pd.DataFrame, *, level: float = 0.95) -> Pooled:
    """Pool the proportions of several studies, one row each, with ``events`` and ``denominator``.

    The log odds of the studies are normal around a mean with a standard deviation τ, and events are
    binomial (Stijnen et al., Stat Med 2010;29:3046-3067); τ and the mean have maximum likelihood.
    Intervals of the pooled proportion and of a new study's proportion (the prediction
    interval) use Student's t with one degree of freedom fewer than there are studies; that of τ is
    from the profile likelihood. The estimate is the proportion of a study with average log odds.

    Raise ValueError if there are fewer than three studies, or no events, or nothing but events.
    """
    from scipy import optimize, stats  # here, because a page's Python loads 15 MB for it

    events, sizes = _counts(rows)
    loss = _negative_log_likelihood(events, sizes)
    start = np.array([np.log(events.sum() / (sizes.sum() - events.sum())), 0.5])
    fit = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    mean, tau = fit.x[0], abs(fit.x[1])
    error = _standard_error(loss, np.array([mean, tau]))
    limit = fit.fun + stats.chi2.ppf(level, 1) / 2

    def excess(spread: float) -> float:
        profile = optimize.minimize_scalar(
            lambda middle: loss([middle, spread]), (mean - 1, mean + 1)
        )
        return float(profile.fun - limit)

    tau_low = optimize.brentq(excess, 0, tau) if tau > 0 and excess(0) > 0 else 0.0
    tau_high = optimize.brentq(excess, tau, tau + 10)
    return _pooled(events, sizes, mean, error, (tau, tau_low, tau_high), level)


def _counts(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return events and denominators. Raise ValueError if they cannot be pooled."""
    events, sizes = (rows[name].to_numpy(float) for name in ("events", "denominator"))
    if len(rows) < 3 or not 0 < events.sum() < sizes.sum():
        raise ValueError("pooling needs at least three studies, with and without events")
    return events, sizes


def _pooled(
    events: np.ndarray,
    sizes: np.ndarray,
    mean: float,
    error: float,
    spread: Sequence[float],
    level: float,
) -> Pooled:
    """Return the proportions of a mean of log odds, its standard error, and τ with its interval."""
    from scipy import stats
    from scipy.special import expit

    t, both = stats.t.ppf((1 + level) / 2, len(events) - 1), np.array([-1, 1])
    tau, tau_low, tau_high = map(float, spread)
    low, high = expit(mean + t * error * both)
    least, most = expit(mean + t * sqrt(error**2 + tau**2) * both)
    return Pooled(
        studies=len(events),
        events=int(events.sum()),
        denominator=int(sizes.sum()),
        estimate=float(expit(mean)),
        low=float(low),
        high=float(high),
        prediction_low=float(least),
        prediction_high=float(most),
        tau=tau,
        tau_low=tau_low,
        tau_high=tau_high,
        level=level,
    )


@dataclass(frozen=True)
class Comparison:
    """The odds of an event in one group of studies divided by those in another, and τ within groups."""

    groups: tuple[str, str]
    odds_ratio: float
    low: float
    high: float
    tau: float
    level: float

    def __str__(self) -> str:
        span = f"{100 * self.level:g}% CI {self.low:.1f}–{self.high:.1f}"
        return f"odds ratio {self.odds_ratio:.1f} ({span}); τ within groups {self.tau:.2f}"


def compare_groups(rows: pd.DataFrame, by: str, *, level: float = 0.95) -> Comparison:
    """Compare two groups of studies in one binomial-normal model, with τ in common.

    The column ``by`` has two values; the odds of the first that occurs are divided by those of the
    second. The interval uses the normal distribution.

    Raise ValueError if there are not two groups, or if one has fewer than two studies, no events
    or nothing but events.
    """
    from scipy import optimize, stats

    groups = list(dict.fromkeys(rows[by]))
    parts = [rows[rows[by] == one] for one in groups]
    if len(groups) != 2 or any(
        len(part) < 2 or not 0 < part["events"].sum() < part["denominator"].sum() for part in parts
    ):
        raise ValueError(
            "a comparison needs two groups of at least two studies, with and without events"
        )
    losses = [
        _negative_log_likelihood(
            *(part[name].to_numpy(float) for name in ("events", "denominator"))
        )
        for part in parts
    ]
    totals = [(float(part["events"].sum()), float(part["denominator"].sum())) for part in parts]
    start = [*(np.log(x / (n - x)) for x, n in totals), 0.5]

    def loss(at: np.ndarray) -> float:
        return sum(one([mean, at[2]]) for one, mean in zip(losses, at[:2], strict=True))

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 2000}
    fit = optimize.minimize(loss, start, method="Nelder-Mead", options=options)
    at = np.array([*fit.x[:2], abs(fit.x[2])])
    contrast = np.array([1.0, -1.0, 0.0])[: 2 if at[2] < STEP_SIZE else 3]
    error = sqrt(contrast @ np.linalg.inv(_curvature(loss, at, len(contrast))) @ contrast)
    z = stats.norm.ppf((1 + level) / 2)
    ratio, low, high = np.exp(at[0] - at[1] + z * error * np.array([0, -1, 1]))
    return Comparison((groups[0], groups[1]), float(ratio), float(low), float(high), at[2], level)


def pool_logits(rows: pd.DataFrame, *, level: float = 0.95) -> Pooled:
    """Pool proportions by the inverse variances of their log odds, with τ of DerSimonian and Laird.

    A study without events, or with nothing else, gets half an event and half a patient without.
    Intervals are those of Hartung, Knapp, Sidik and Jonkman, modified so that results which happen
    to agree closely do not shrink them (Röver, Knapp and Friede 2015,
    https://doi.org/10.1186/s12874-015-0091-1); that of τ is from the Q profile.
    With few events `pool` is the better method; this one can be computed in a page.

    Raise ValueError as `pool` does.
    """
    from scipy import optimize, stats

    events, sizes = _counts(rows)
    half = np.where((events == 0) | (events == sizes), 0.5, 0.0)
    odds = np.log((events + half) / (sizes - events + half))
    variances = 1 / (events + half) + 1 / (sizes - events + half)
    weights = 1 / variances
    freedom = len(rows) - 1

    def q(squared: float) -> float:
        weight = 1 / (variances + squared)
        return float((weight * (odds - np.average(odds, weights=weight)) ** 2).sum())

    squared = max(0.0, (q(0) - freedom) / (weights.sum() - (weights**2).sum() / weights.sum()))
    weights = 1 / (variances + squared)
    mean = np.average(odds, weights=weights)
    error = sqrt(max(1.0, q(squared) / freedom) / weights.sum())
    tails = stats.chi2.ppf([(1 + level) / 2, (1 - level) / 2], freedom)
    ends = [
        sqrt(optimize.brentq(lambda at, tail=tail: q(at) - tail, 0, 1e4)) if q(0) > tail else 0.0
        for tail in tails
    ]
    return _pooled(events, sizes, mean, error, (sqrt(squared), *ends), level)


def pooled_in_r() -> list[dict[str, Any]]:
    """Return what metafor and lme4 compute from the counts of the review's tables, to compare with `pool`.

    Rates are in per cent; lme4 gives the ``mean`` of the log odds and its standard ``error``.
    """
    body = files("cartbook").joinpath("pooled_in_r.json").read_text(encoding="utf-8")
    return json.loads(body)  # type: ignore[no-any-return]


def _negative_log_likelihood(
    events: np.ndarray, sizes: np.ndarray
) -> Callable[[Sequence[float] | np.ndarray], float]:
    from scipy.special import gammaln, logsumexp

    ways = gammaln(sizes + 1) - gammaln(events + 1) - gammaln(sizes - events + 1)

    def loss(parameters: Sequence[float] | np.ndarray) -> float:
        odds = parameters[0] + abs(parameters[1]) * NODES[:, None]
        likelihood = events * odds - sizes * np.logaddexp(0, odds) + ways
        return -float(logsumexp(likelihood + LOG_WEIGHTS[:, None], axis=0).sum())

    return loss


def _standard_error(loss: Callable[[np.ndarray], float], at: np.ndarray) -> float:
    """Return the standard error of the first parameter, from the curvature at the minimum."""
    # at the boundary τ = 0 its curvature says nothing of the mean's error
    free = 1 if at[1] < STEP_SIZE else 2
    return sqrt(np.linalg.inv(_curvature(loss, at, free))[0, 0])


def _curvature(loss: Callable[[np.ndarray], float], at: np.ndarray, free: int) -> np.ndarray:
    """Return the second derivatives of a function by its first ``free`` parameters."""
    steps = STEP_SIZE * np.eye(len(at))[:free]
    signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
    return np.array(
        [
            [
                sum(a * b * loss(at + a * row + b * column) for a, b in signs) / (4 * STEP_SIZE**2)
                for column in steps
            ]
            for row in steps
        ]
    )
