"""Random-effects meta-analysis of proportions, by maximum likelihood of the binomial-normal model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd

# The integral over a standard normal, by the trapezoidal rule: for a smooth integrand that vanishes at
# both ends it converges as fast as Gauss-Hermite quadrature, and it stays exact for large studies.
NODES, STEP = np.linspace(-8, 8, 1001, retstep=True)
LOG_WEIGHTS = -(NODES**2) / 2 - np.log(2 * np.pi) / 2 + np.log(STEP)


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
    from scipy.special import expit

    events, sizes = (rows[name].to_numpy(float) for name in ("events", "denominator"))
    if len(rows) < 3 or not 0 < events.sum() < sizes.sum():
        raise ValueError("pooling needs at least three studies, with and without events")
    loss = _negative_log_likelihood(events, sizes)
    start = np.array([np.log(events.sum() / (sizes.sum() - events.sum())), 0.5])
    fit = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    mean, tau = fit.x[0], abs(fit.x[1])
    error = _standard_error(loss, np.array([mean, tau]))
    t = stats.t.ppf((1 + level) / 2, len(rows) - 1)
    ends = expit(mean + t * error * np.array([-1, 1]))
    prediction = expit(mean + t * sqrt(error**2 + tau**2) * np.array([-1, 1]))
    limit = fit.fun + stats.chi2.ppf(level, 1) / 2

    def excess(spread: float) -> float:
        profile = optimize.minimize_scalar(
            lambda middle: loss([middle, spread]), (mean - 1, mean + 1)
        )
        return float(profile.fun - limit)

    tau_low = optimize.brentq(excess, 0, tau) if tau > 0 and excess(0) > 0 else 0.0
    tau_high = optimize.brentq(excess, tau, tau + 10)
    return Pooled(
        studies=len(rows),
        events=int(events.sum()),
        denominator=int(sizes.sum()),
        estimate=float(expit(mean)),
        low=float(ends[0]),
        high=float(ends[1]),
        prediction_low=float(prediction[0]),
        prediction_high=float(prediction[1]),
        tau=float(tau),
        tau_low=float(tau_low),
        tau_high=float(tau_high),
        level=level,
    )


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


def _standard_error(
    loss: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-4
) -> float:
    """Return the standard error of the first parameter, from the curvature at the minimum."""
    steps = step * np.eye(2)
    if at[1] < step:  # at the boundary τ = 0 its curvature says nothing of the mean's error
        up, down = loss(at + steps[0]), loss(at - steps[0])
        return step / sqrt(up - 2 * loss(at) + down)
    signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
    curvature = np.array(
        [
            [
                sum(a * b * loss(at + a * row + b * column) for a, b in signs) / (4 * step**2)
                for column in steps
            ]
            for row in steps
        ]
    )
    return sqrt(np.linalg.inv(curvature)[0, 0])
