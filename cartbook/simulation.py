"""Simulate a randomised trial with follow-up, censoring and crossover, and analyse it.

Every patient has a time from randomisation to an event (relapse or progression) and from there to
death; both are exponential. A patient of the control arm may receive the cells after the event. The
trial stops at one calendar date, so patients who were enrolled late are followed up for less long.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd

EndPoint = Literal["event-free survival", "overall survival"]
ARMS = ("CAR-T cells", "Control")
#: median months from randomisation to an event in the control arm, and from an event to death
TO_EVENT, TO_DEATH = 6.0, 6.0
#: hazard ratio of the cells for an event, and for death when they are given after an event
EFFECT = 0.5
PATIENTS = 80  # in each arm
NEVER = 1e6  # months to the event of a patient who is cured


def patients(
    number: int = PATIENTS, *, effect: float = EFFECT, cured: float = 0, seed: int = 1
) -> pd.DataFrame:
    """Return the fate of `number` patients in each arm, whatever the trial sees of it.

    ``entry`` is the share of the enrolment period after which a patient is randomised; ``to_event``,
    ``to_death`` and ``to_death_after_crossover`` are months from randomisation; ``draw`` decides who
    crosses over (1 in the other arm, so that nobody does). The share ``cured`` of the arm with the
    cells never has an event.
    """
    random = np.random.default_rng(seed)
    control = np.repeat([False, True], number)
    rate = np.where(control, 1.0, effect)
    to_event = random.exponential(TO_EVENT / np.log(2), 2 * number) / rate
    never = np.random.default_rng([seed, 1]).uniform(size=2 * number) < cured  # a stream of its own
    to_event = np.where(never & ~control, NEVER, to_event)
    after = random.exponential(TO_DEATH / np.log(2), 2 * number)
    fate = {
        "entry": random.uniform(size=2 * number),
        "to_event": to_event,
        "to_death": to_event + after,
        "to_death_after_crossover": to_event + after / effect,
        "draw": np.where(control, random.uniform(size=2 * number), 1.0),
    }
    table = pd.DataFrame({name: values.round(2) for name, values in fate.items()})
    table.insert(0, "arm", np.where(control, ARMS[1], ARMS[0]))
    return table


def simulate_trial(
    number: int = PATIENTS,
    *,
    accrual: float = 18,
    follow_up: float = 12,
    crossover: float = 0,
    endpoint: EndPoint = "overall survival",
    effect: float = EFFECT,
    cured: float = 0,
    seed: int = 1,
) -> pd.DataFrame:
    """Simulate a trial of CAR-T cells against a control, one row per patient.

    `number` patients are randomised to each arm in the course of `accrual` months, evenly; the
    data are analysed `follow_up` months after the last could be enrolled. `crossover` is the share
    (0 to 1) of control patients who receive the cells after an event, which changes their survival
    and not their event-free survival. `effect` is the hazard ratio of the cells, and `cured` the
    share (0 to 1) of those treated with them who never have an event. The same `seed` gives the
    same patients.

    The rows have ``arm``, ``months`` from randomisation, and ``event``: True if the end point was
    seen by then, False if the patient was censored, that is still without it at the analysis.

    Raise ValueError for a number of months or a share that makes no sense.

    >>> trial = simulate_trial(follow_up=24, seed=2)
    >>> print(hazard_ratio(trial))
    0.51 (95% CI 0.36–0.73)
    """
    shares = 0 <= crossover <= 1 and 0 <= cured <= 1
    if number < 1 or accrual < 0 or follow_up < 0 or not shares or effect <= 0:
        raise ValueError(
            "a trial has patients, months that are not negative, shares (crossover, cured) between "
            "0 and 1, and an effect above 0"
        )
    fate = patients(number, effect=effect, cured=cured, seed=seed)
    if endpoint == "event-free survival":
        due = fate["to_event"]
    elif endpoint == "overall survival":
        due = fate["to_death"].mask(fate["draw"] < crossover, fate["to_death_after_crossover"])
    else:
        raise ValueError(f"the end points are {' and '.join(EndPoint.__args__)}, not {endpoint!r}")
    observed = accrual * (1 - fate["entry"]) + follow_up
    months = due.clip(upper=observed)
    return pd.DataFrame({"arm": fate["arm"], "months": months, "event": due <= observed})


def kaplan_meier(trial: pd.DataFrame) -> pd.DataFrame:
    """Return the Kaplan–Meier estimate of each arm, one row per time of an event or of censoring.

    ``survival`` is the estimated share without the event from that month on, ``at_risk`` the
    number of patients who were followed up until then without it. The first row of an arm is
    month 0.
    """
    from scipy import stats  # here, because a page's Python loads 15 MB for it

    parts = []
    for arm, rows in trial.groupby("arm", sort=False):
        sample = stats.CensoredData.right_censored(rows["months"], ~rows["event"])
        curve = stats.ecdf(sample).sf
        months = np.concatenate([[0.0], np.sort(rows["months"].unique())])
        survival = np.where(months > 0, curve.evaluate(months), 1.0)
        at_risk = [(rows["months"] >= month).sum() for month in months]
        part = {"arm": arm, "months": months, "survival": survival, "at_risk": at_risk}
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def median_survival(trial: pd.DataFrame) -> pd.Series[float]:
    """Return each arm's median: the first month at which no more than half are without the event.

    A median that is not reached is missing (NaN).
    """
    curve = kaplan_meier(trial)
    low = curve[curve["survival"] <= 0.5 + 1e-9].groupby("arm", sort=False)["months"].min()
    return low.reindex(trial["arm"].unique())


def landmark(trial: pd.DataFrame, month: float) -> pd.Series[float]:
    """Return the estimated share of each arm without the event at a month, between 0 and 1.

    It is missing (NaN) where no patient of the arm was followed up for so long.
    """
    curve = kaplan_meier(trial)
    known = curve[curve["months"] <= month].groupby("arm", sort=False)["survival"].last()
    last = trial.groupby("arm", sort=False)["months"].max()
    return known.where(last.ge(month) | known.eq(0))


def restricted_mean(trial: pd.DataFrame, month: float) -> pd.Series[float]:
    """Return each arm's mean time without the event up to a month: the area under its curve.

    Restricted mean survival time needs no constant hazard ratio. It is missing (NaN) where no
    patient of the arm was followed up for so long.
    """
    means = {}
    for arm, curve in kaplan_meier(trial).groupby("arm", sort=False):
        months = np.append(curve["months"].clip(upper=month), month)
        means[arm] = float((np.diff(months) * curve["survival"]).sum())
    return pd.Series(means).where(landmark(trial, month).notna())


def numbers_at_risk(trial: pd.DataFrame, every: int = 6) -> pd.DataFrame:
    """Return how many patients of each arm are still followed up without the event, by month."""
    months = np.arange(0, trial["months"].max() + 1, every).astype(int)
    rows = {
        arm: [(group >= month).sum() for month in months]
        for arm, group in trial.groupby("arm", sort=False)["months"]
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=months)


@dataclass(frozen=True)
class HazardRatio:
    """A hazard ratio, its interval, and the p value of the log-rank test."""

    estimate: float
    low: float
    high: float
    level: float
    p: float

    def __str__(self) -> str:
        return f"{self.estimate:.2f} ({100 * self.level:g}% CI {self.low:.2f}–{self.high:.2f})"


def hazard_ratio(trial: pd.DataFrame, *, level: float = 0.95) -> HazardRatio:
    """Return the hazard ratio of the CAR-T arm to the control arm, by Cox's partial likelihood.

    Tied times are treated as Breslow proposed; the interval is Wald's, on the logarithmic scale.
    Raise ValueError if an arm has no events, for then the ratio cannot be estimated.
    """
    cells = trial["arm"].eq(ARMS[0]).to_numpy()
    months, event = trial["months"].to_numpy(), trial["event"].to_numpy()
    if not event[cells].any() or not event[~cells].any():
        raise ValueError("a hazard ratio needs events in both arms")
    times = months[event]
    at_risk = [np.array([(months[arm] >= time).sum() for time in times]) for arm in (cells, ~cells)]
    log_ratio = information = 0.0
    for _ in range(25):
        expected = at_risk[0] * exp(log_ratio) / (at_risk[0] * exp(log_ratio) + at_risk[1])
        information = float((expected * (1 - expected)).sum())
        step = float((cells[event] - expected).sum()) / information
        log_ratio += float(np.clip(step, -1, 1))
        if abs(step) < 1e-10:
            break
    from scipy import stats  # here, because a page's Python loads 15 MB for it

    half = NormalDist().inv_cdf((1 + level) / 2) / sqrt(information)
    samples = [
        stats.CensoredData.right_censored(months[arm], ~event[arm]) for arm in (cells, ~cells)
    ]
    return HazardRatio(
        estimate=exp(log_ratio),
        low=exp(log_ratio - half),
        high=exp(log_ratio + half),
        level=level,
        p=float(stats.logrank(*samples).pvalue),
    )
