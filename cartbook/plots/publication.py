"""What chance and selective publication do to a set of reports: deals of cards, thresholds, funnels."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, slider
from cartbook.theme import colour

SEED = 2023
DEALS = 400
KINDS = ("as observed", "as unlikely or more", "more likely")


def deal(reports: int, marked: int, dealt: int, *, times: int = 1, seed: int = SEED) -> list[int]:
    """Shuffle ``reports`` cards of which some are ``marked``; count the marked among the first ``dealt``.

    Do so ``times`` times, with a fixed ``seed``, and return the counts. Raise ValueError if there
    are more marked cards, or more cards to deal, than reports.

    >>> deal(74, 24, 42, times=5, seed=1)
    [15, 14, 13, 10, 14]
    """
    if not (0 <= marked <= reports and 0 <= dealt <= reports and times >= 1):
        raise ValueError("marked and dealt are at most the reports, and there is at least one deal")
    random = np.random.default_rng(seed)
    return [int(one) for one in random.hypergeometric(marked, reports - marked, dealt, times)]


def unlikely(reports: int, marked: int, dealt: int, observed: int) -> set[int]:
    """Return the counts that are as unlikely as the observed one, or more, if cards are shuffled."""
    from scipy.stats import hypergeom  # here, because a page's Python loads SciPy for it

    cards = hypergeom(reports, marked, dealt)
    counts = range(max(0, dealt + marked - reports), min(marked, dealt) + 1)
    limit = cards.pmf(observed) * (1 + 1e-9)
    return {count for count in counts if cards.pmf(count) <= limit}


def ends_of(counts: list[int], observed: int) -> tuple[int, int]:
    """Return the ends of an axis that has room for every count and the observed one."""
    return min([*counts, observed]) - 1, max([*counts, observed]) + 1


def dealing_table(questions: dict[str, tuple[int, int]], reports: int, dealt: int) -> Layers:
    """Draw deals that the reader makes one after the other, and how many are as unlikely as observed.

    ``questions`` maps a property of reports to how many have it in all, and among those ``dealt``.
    """
    rows: list[dict[str, int]] = []
    totals: list[dict[str, str | int]] = []
    for name, (marked, observed) in questions.items():
        rare = unlikely(reports, marked, dealt, observed)
        for number, count in enumerate(deal(reports, marked, dealt, times=DEALS), start=1):
            kind = 0 if count == observed else 1 if count in rare else 2
            rows.append({"q": len(totals), "d": number, "c": count, "k": kind})
        totals.append({"q": name, "observed": observed})
    names = list(questions)
    first = next(iter(questions))
    ask = menu(
        "ask",
        first,
        list(questions),
        "Mark reports with ",
        labels=[f"{one}\N{EM SPACE}" for one in questions],
        radio=True,
    )
    made = slider("made", DEALS, 1, DEALS, 1, "Deals ")
    base = (
        alt.Chart(pd.DataFrame(rows))
        .transform_filter(f"{names}[datum.q] == ask && datum.d <= made")
        .transform_calculate(count="datum.c", kind=f"{list(KINDS)}[datum.k]")
    )
    ends = [
        ends_of([row["c"] for row in rows if row["q"] == place], questions[name][1])
        for place, name in enumerate(names)
    ]
    low, high = (
        alt.ExprRef(f"{[pair[end] for pair in ends]}[indexof({names}, ask)]") for end in (0, 1)
    )
    scale = alt.Scale(domainMin=low, domainMax=high, nice=False, zero=False)
    x = alt.X(
        "count:Q",
        title="Marked reports dealt to China",
        scale=scale,
        axis=alt.Axis(tickMinStep=1, tickCount=8, grid=False, format="d"),
    )
    y = alt.Y("deals:Q", title=None, axis=alt.Axis(tickCount=4, tickMinStep=1, format="d"))
    hues = [colour("vermillion"), colour("blue"), colour("grey")]
    tint = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(KINDS), range=hues),
        legend=alt.Legend(title=None, symbolType="square", offset=30),
    )
    bar = (
        base.transform_aggregate(deals="count()", groupby=["count", "kind"])
        .mark_bar(size=11)
        .encode(x=x, y=y, color=tint)
    )
    rule = (
        alt.Chart(pd.DataFrame(totals))
        .transform_filter("datum.q == ask")
        .mark_rule(color=colour("vermillion"), strokeDash=[4, 3], strokeWidth=2, aria=False)
        .encode(x=alt.X("observed:Q", scale=scale))
    )
    words = (
        base.transform_calculate(rare="datum.k < 2 ? 1 : 0")
        .transform_aggregate(rare="sum(rare)", deals="count()")
        .transform_calculate(
            written="datum.rare + ' of ' + datum.deals + ' deals as unlikely as observed'"
        )
        .mark_text(align="left", fontWeight=600, fontSize=13, limit=0, aria=False)
        .encode(x=alt.value(0), y=alt.value(-14), text="written:N")
    )
    return alt.layer(bar, rule, words).add_params(ask, made).properties(height=240)


def chance_to_pass(true: float, patients: int, threshold: float = 0.6) -> float:
    """Return the chance that a report's rate is above the threshold, if its true rate is ``true``.

    >>> round(chance_to_pass(0.5, 10), 2)
    0.17
    """
    from scipy.stats import binom  # here, because a page's Python loads SciPy for it

    return float(binom.sf(int(np.floor(round(threshold * patients, 9))), patients, true))


SIZES = range(5, 101)


def passing_plot(threshold: float = 0.6) -> Layers:
    """Draw the chance to pass the threshold by the number of patients, for a true rate that a slider sets."""
    rows = pd.DataFrame(
        [
            {"true": true, "n": n, "chance": 100 * chance_to_pass(true / 100, n, threshold)}
            for true in range(40, 81, 5)
            for n in SIZES
        ]
    ).round(1)
    level = slider("truth", 50, 40, 80, 5, "True response rate, % ")
    base = (
        alt.Chart(rows)
        .transform_filter("datum.true == truth")
        .encode(
            x=alt.X(
                "n:Q",
                title="Patients in the report",
                scale=alt.Scale(domain=[0, 104], nice=False),
                axis=alt.Axis(values=[0, 20, 40, 60, 80, 100]),
            ),
            y=alt.Y(
                "chance:Q",
                title=f"Chance of a rate above {100 * threshold:.0f}%",
                scale=alt.Scale(domain=[0, 100]),
                axis=percent_axis(),
            ),
        )
    )
    blue = colour("blue")
    fill = alt.condition("datum.n < 30", alt.value(colour("paper")), alt.value(blue))
    dot = base.mark_point(size=18, strokeWidth=1.5, filled=False, color=blue).encode(fill=fill)
    end = (
        base.transform_filter(f"datum.n == {SIZES[-1]}")
        .transform_calculate(written="format(datum.chance, '.0f') + '%'")
        .mark_text(align="center", dy=-15, fontWeight=600, aria=False)
        .encode(text="written:N")
    )
    return (
        alt.layer(base.mark_line(color=blue, strokeWidth=1), dot, end)
        .add_params(level)
        .properties(height=260)
    )


REPORTS = 120
TRUE_RATES = (50, 60, 63, 70)
MIXED = (90, 47)  # two true rates, in per cent; two thirds of the reports have the first
BOTH = "90% and 47%"


def simulated_reports(
    true: float = 60, *, also: float | None = None, seed: int = SEED
) -> pd.DataFrame:
    """Simulate reports of 6 to 150 patients with one true response rate, in per cent.

    With ``also`` every third report has that true rate instead, as if it were of another disease.
    Columns: ``patients``, ``responses``, ``rate`` (per cent), and ``draw``, a number between 0 and
    100 by which `published` decides about a report that is not above the threshold.

    >>> simulated_reports(50)["patients"].between(6, 150).all()
    True
    """
    random = np.random.default_rng(seed)
    patients = np.exp(random.uniform(np.log(6), np.log(150), REPORTS)).round().astype(int)
    draw = random.uniform(0, 100, REPORTS).round(1)
    rates = np.full(REPORTS, float(true))
    if also is not None:
        rates[2::3] = also
    responses = random.binomial(patients, rates / 100)
    rate = (100 * responses / patients).round(1)
    columns = {"patients": patients, "responses": responses, "rate": rate, "draw": draw}
    return pd.DataFrame(columns)


def published(reports: pd.DataFrame, low: float, threshold: float = 60) -> pd.DataFrame:
    """Return the reports that are published: all above the threshold, and ``low`` per cent of the others."""
    return reports[(reports["rate"] > threshold) | (reports["draw"] < low)]


def selection_explorer(threshold: float = 60) -> Layers:
    """Draw simulated reports by rate and size, with the true rate and the selection as controls."""
    first, second = MIXED
    sets: list[tuple[int | str, pd.DataFrame]] = [
        (true, simulated_reports(true)) for true in TRUE_RATES
    ]
    sets.append((BOTH, simulated_reports(first, also=second)))
    reports = pd.concat([rows.assign(true=true) for true, rows in sets], ignore_index=True)
    reports = reports[["true", "patients", "rate", "draw"]]
    truth_is = menu(
        "truth_is",
        60,
        [*TRUE_RATES, BOTH],
        "True response rate ",
        labels=[f"{one}%\N{EM SPACE}" for one in TRUE_RATES] + [BOTH],
        radio=True,
    )
    low = slider("low", 25, 0, 100, 5, f"Of reports at or below {threshold:g}%, published, % ")
    base = (
        alt.Chart(reports)
        .transform_filter("datum.true == truth_is")
        .transform_calculate(above=f"datum.rate > {threshold} ? 1 : 0")
        .transform_calculate(seen="datum.above || datum.draw < low ? 'published' : 'not published'")
    )
    x = alt.X(
        "rate:Q",
        title="Response rate in the report",
        scale=PERCENT,
        axis=percent_axis(),
    )
    y = alt.Y(
        "patients:Q",
        title="Patients (logarithmic axis)",
        scale=alt.Scale(type="log", domain=[5, 170], nice=False),
        axis=alt.Axis(values=[6, 10, 20, 50, 100, 150], grid=True),
    )
    names = ["published", "not published"]
    blue, grey = colour("blue"), colour("grey")
    dot = base.mark_point(size=55, strokeWidth=1.5).encode(
        x=x,
        y=y,
        color=alt.Color(
            "seen:N",
            scale=alt.Scale(domain=names, range=[blue, grey]),
            legend=alt.Legend(title=None, offset=28),
        ),
        shape=alt.Shape(
            "seen:N",
            scale=alt.Scale(domain=names, range=["circle", "cross"]),
            legend=alt.Legend(title=None, offset=28),
        ),
        opacity=alt.condition("datum.seen == 'published'", alt.value(0.95), alt.value(0.7)),
    )
    truth = (
        alt.Chart(pd.DataFrame({"mixed": [0, *MIXED]}))
        .transform_filter(f"(truth_is == '{BOTH}') == (datum.mixed > 0)")
        .transform_calculate(rate="datum.mixed > 0 ? datum.mixed : truth_is")
        .mark_rule(color=colour("text"), strokeDash=[4, 3], aria=False)
        .encode(x=alt.X("rate:Q", scale=PERCENT))
    )
    mean = base.transform_filter("datum.seen == 'published'").transform_aggregate(
        mean="mean(rate)", above="mean(above)", reports="count()"
    )
    line = mean.mark_rule(color=colour("vermillion"), strokeWidth=2.5, aria=False).encode(
        x=alt.X("mean:Q", scale=PERCENT)
    )
    lines = {
        16: "datum.reports + ' published'",
        33: f"format(100 * datum.above, '.0f') + '% above {threshold:g}%'",
        50: "'mean rate ' + format(datum.mean, '.0f') + '%'",
    }
    words = [
        mean.transform_calculate(written=what)
        .mark_text(
            align="left", fontWeight=600, fontSize=13, color=colour("vermillion"), aria=False
        )
        .encode(x=alt.value(6), y=alt.value(height), text="written:N")
        for height, what in lines.items()
    ]
    return alt.layer(dot, truth, line, *words).add_params(truth_is, low).properties(height=300)
