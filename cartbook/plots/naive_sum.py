"""A simulation of meta-analyses: what goes wrong when the patients of several studies are added up."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from cartbook.charts import Layers, menu, percent_axis, slider
from cartbook.theme import colour


def naive_simulation(
    sizes: list[int],
    *,
    rate: float = 8,
    taus: tuple[float, ...] = (0, 0.2, 0.4, 0.6, 0.8, 1.0),
    repeats: int = 4000,
    shown: int = 40,
    seed: int = 7,
) -> pd.DataFrame:
    """Simulate meta-analyses of studies with these sizes, and pool each by two methods.

    The log odds of the studies are normal around that of ``rate`` per cent with the standard
    deviation τ. Adding up the patients gives Wilson's interval; it should contain the mean rate of
    all such studies. Random effects are those of `pool_logits`; their interval should contain
    ``rate``, that of the average study. One row per τ, method and shown meta-analysis: ``low``,
    ``high`` and ``truth`` in per cent, ``hit``, and ``coverage``, the share of all ``repeats``
    whose interval contains the truth.
    """
    from scipy import stats
    from scipy.special import expit, logit

    random = np.random.default_rng(seed)
    n = np.array(sizes, dtype=float)
    middle = logit(rate / 100)
    nodes = np.linspace(-8, 8, 2001)
    weight = stats.norm.pdf(nodes) / stats.norm.pdf(nodes).sum()
    z, t = stats.norm.ppf(0.975), stats.t.ppf(0.975, len(n) - 1)
    parts = []
    for tau in taus:
        odds = random.normal(middle, tau, (repeats, len(n)))
        events = random.binomial(n.astype(int), expit(odds)).astype(float)
        share, all_n = events.sum(axis=1) / n.sum(), n.sum()
        half = z * np.sqrt(share * (1 - share) / all_n + z**2 / (4 * all_n**2))
        centre = share + z**2 / (2 * all_n)
        whole = 1 + z**2 / all_n
        naive = (centre - half) / whole, (centre + half) / whole
        extra = np.where((events == 0) | (events == n), 0.5, 0)
        seen = np.log((events + extra) / (n - events + extra))
        variance = 1 / (events + extra) + 1 / (n - events + extra)
        w = 1 / variance
        mean = (w * seen).sum(axis=1) / w.sum(axis=1)
        q = (w * (seen - mean[:, None]) ** 2).sum(axis=1)
        squared = np.maximum(
            0, (q - len(n) + 1) / (w.sum(axis=1) - (w**2).sum(axis=1) / w.sum(axis=1))
        )
        w = 1 / (variance + squared[:, None])
        mean = (w * seen).sum(axis=1) / w.sum(axis=1)
        ratio = (w * (seen - mean[:, None]) ** 2).sum(axis=1) / (len(n) - 1)
        error = np.sqrt(np.maximum(1, ratio) / w.sum(axis=1))
        effects = expit(mean - t * error), expit(mean + t * error)
        average = float((weight * expit(middle + tau * nodes)).sum())
        for method, (low, high), truth in (
            ("add up the patients", naive, average),
            ("random effects", effects, rate / 100),
        ):
            hit = (low <= truth) & (truth <= high)
            parts.append(
                pd.DataFrame(
                    {
                        "tau": tau,
                        "method": method,
                        "number": range(1, shown + 1),
                        "low": 100 * low[:shown],
                        "high": 100 * high[:shown],
                        "truth": 100 * truth,
                        "hit": hit[:shown],
                        "coverage": 100 * hit.mean(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def naive_plot(simulated: pd.DataFrame, *, start: float = 0.8) -> Layers:
    """Draw the intervals of `naive_simulation`; the reader sets τ and the method.

    Intervals that miss the truth have another colour; the share of all that contain it is above them.
    """
    taus = sorted(simulated["tau"].unique())
    methods = list(dict.fromkeys(simulated["method"]))
    rows = simulated.round({"low": 2, "high": 2, "truth": 2, "coverage": 1})
    controls = [
        slider("tau", start, taus[0], taus[-1], taus[1] - taus[0], "τ, spread of the studies "),
        menu("method", methods[0], methods, "Method "),
    ]
    most = 30
    chosen = alt.Chart(rows).transform_filter(
        "abs(datum.tau - tau) < 0.01 && datum.method == method"
    )
    scale = alt.Scale(domain=[0, most], nice=False)
    x = alt.X(
        "low:Q",
        title="95% intervals of simulated meta-analyses",
        scale=scale,
        axis=percent_axis([0, 10, 20, 30], grid=True),
    )
    tint = alt.condition("datum.hit", alt.value(colour("blue")), alt.value(colour("vermillion")))
    span = chosen.mark_rule(strokeWidth=2.5, clip=True, aria=False).encode(
        x=x, x2="high:Q", y=alt.Y("number:O", axis=None), color=tint
    )
    once = chosen.transform_filter("datum.number == 1")
    truth = once.mark_rule(color=colour("text"), strokeDash=[4, 3], aria=False).encode(
        x=alt.X("truth:Q", scale=scale)
    )
    words = (
        once.transform_calculate(
            words="format(datum.coverage, '.0f') + '% contain the true rate (dashed); aim: 95%'"
        )
        .mark_text(align="left", baseline="bottom", fontWeight=600, limit=0, aria=False)
        .encode(x=alt.value(0), y=alt.value(-8), text="words:N")
    )
    return alt.layer(span, truth, words).add_params(*controls).properties(height=300)
