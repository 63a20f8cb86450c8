"""A model of transplantation after CAR-T cells that shows immortal time bias and confounding.

Patients in remission have a low or a high risk of relapse, half of each, with constant monthly
hazards. Some of those who are still in remission in one month have a transplant, which multiplies
their hazard from then on. There is no censoring, and no death without relapse.
"""

from __future__ import annotations

from math import exp, nan

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, slider
from cartbook.theme import colour

MONTHS = 24
#: hazard of relapse in a month, in patients at low and at high risk: half of all relapse in a year
LOW_RISK, HIGH_RISK = 0.03, 0.1
GROUPS = ("transplanted", "not transplanted")
#: the share of patients at low and at high risk, still in remission, who have the transplant
CHOSEN = {
    "whatever the risk": (0.5, 0.5),
    "mostly at low risk": (0.7, 0.3),
    "mostly at high risk": (0.3, 0.7),
}
FROM_REMISSION, FROM_TRANSPLANT = "from remission", "from the month of the transplant"


def _groups(month: float, chosen: str, counted: str) -> tuple[float, float, float, float]:
    """Return the size of the two groups, and the patients of low and high risk who are transplanted."""
    if chosen not in CHOSEN or counted not in (FROM_REMISSION, FROM_TRANSPLANT):
        raise ValueError(
            f"patients are chosen {', '.join(map(repr, CHOSEN))}, "
            f"and counted {FROM_REMISSION!r} or {FROM_TRANSPLANT!r}"
        )
    low, high = CHOSEN[chosen]
    low, high = low * exp(-LOW_RISK * month), high * exp(-HIGH_RISK * month)
    everyone = 2.0
    if counted == FROM_TRANSPLANT:
        everyone = exp(-LOW_RISK * month) + exp(-HIGH_RISK * month)
    return low + high, everyone - low - high, low, high


def transplant_model(
    *,
    month: int = 3,
    effect: float = 1.0,
    chosen: str = "whatever the risk",
    counted: str = FROM_REMISSION,
) -> pd.DataFrame:
    """Return the share free of relapse in two groups, one row per month and group.

    ``month`` is the month of the transplant, ``effect`` its true hazard ratio (1: none), ``chosen``
    says who is transplanted among those still in remission. Counted "from remission", the groups are
    the patients who are ever transplanted and all the others; counted "from the month of the
    transplant" (a landmark analysis), only patients in remission in that month, and no month before it.

    Raise ValueError for a month outside 0 to 24, an effect that is not positive, or another way of
    choosing or counting.

    >>> last = transplant_model(month=3, effect=1).query("month == 24").set_index("group")["share"]
    >>> [f"{share:.0%}" for share in last]
    ['35%', '25%']
    """
    if not 0 <= month <= MONTHS or effect <= 0:
        raise ValueError("the month lies between 0 and 24, and a hazard ratio is positive")
    given, others, low, high = _groups(month, chosen, counted)
    rows = []
    for at in range(month if counted == FROM_TRANSPLANT else 0, MONTHS + 1):
        after = max(0, at - month) * effect
        treated = low * exp(-LOW_RISK * after) + high * exp(-HIGH_RISK * after)
        everyone = exp(-LOW_RISK * max(at, month)) + exp(-HIGH_RISK * max(at, month))
        spared = everyone - low * exp(-LOW_RISK * max(0, at - month))
        spared -= high * exp(-HIGH_RISK * max(0, at - month))
        if at < month:  # those who will relapse before the month are among the others
            spared = exp(-LOW_RISK * at) + exp(-HIGH_RISK * at) - low - high
        for group, left, size in zip(GROUPS, (treated, spared), (given, others), strict=True):
            rows.append((at, group, left / size, left))
    return pd.DataFrame(rows, columns=["month", "group", "share", "left"])


def transplant_hazard_ratio(shares: pd.DataFrame) -> float:
    """Return the average hazard ratio of the groups of `transplant_model`, as a log-rank test does.

    It is the ratio of observed to expected relapses in the transplanted, divided by that in the others;
    it is missing (NaN) if the two groups have no month in common.
    """
    wide = shares.pivot(index="month", columns="group", values="left")[list(GROUPS)]
    before, events = wide.shift(1).iloc[1:], -wide.diff().iloc[1:]
    if before.empty:
        return nan
    expected = before.mul(events.sum(axis=1) / before.sum(axis=1), axis=0)
    ratio = events.sum() / expected.sum()
    return float(ratio[GROUPS[0]] / ratio[GROUPS[1]])


def transplant_plot(
    *,
    month: int = 3,
    effect: float = 1.0,
    chosen: str = "whatever the risk",
    counted: str = FROM_REMISSION,
) -> Layers:
    """Draw `transplant_model` with a control for each setting, and the hazard ratio that it gives.

    The arguments are the first settings. The browser computes what `transplant_model` and
    `transplant_hazard_ratio` compute here.
    """
    params = [
        slider("given", month, 0, 9, 1, "Transplant in month "),
        slider("truth", effect, 0.25, 1.5, 0.25, "True hazard ratio "),
        menu("chosen", chosen, list(CHOSEN), "Transplanted "),
        menu("counted", counted, [FROM_REMISSION, FROM_TRANSPLANT], "Counted ", radio=True),
    ]
    shares = [
        " : ".join(f"chosen == '{name}' ? {one[k]}" for name, one in CHOSEN.items()) for k in (0, 1)
    ]
    fall = {"low": LOW_RISK, "high": HIGH_RISK}
    months = alt.Chart(alt.sequence(0, MONTHS + 1, 1, as_="month")).transform_calculate(
        **{
            f"{name}0": f"({share} : 0) * exp(-{hazard} * given)"
            for (name, hazard), share in zip(fall.items(), shares, strict=True)
        },
        since="max(0, datum.month - given)",
        landmark=f"counted == '{FROM_TRANSPLANT}'",
    )
    everyone = " + ".join(f"exp(-{hazard} * {{}})" for hazard in fall.values())
    months = months.transform_calculate(
        treated=" + ".join(
            f"datum.{n}0 * exp(-{h} * datum.since * truth)" for n, h in fall.items()
        ),
        gone=" + ".join(f"datum.{n}0 * exp(-{h} * datum.since)" for n, h in fall.items()),
        all=everyone.format("datum.month", "datum.month"),
        size1="datum.low0 + datum.high0",
        whole=f"datum.landmark ? {everyone.format('given', 'given')} : 2",
    )
    months = months.transform_calculate(
        left1="datum.treated", left2="datum.all - datum.gone", size2="datum.whole - datum.size1"
    ).transform_filter("!datum.landmark || datum.month >= given")
    lines = months.transform_calculate(
        **{
            GROUPS[0]: "100 * datum.left1 / datum.size1",
            GROUPS[1]: "100 * datum.left2 / datum.size2",
        }
    ).transform_fold(list(GROUPS), as_=["group", "percent"])
    tint = alt.Color(
        "group:N",
        scale=alt.Scale(domain=list(GROUPS), range=[colour("blue"), colour("vermillion")]),
        legend=None,  # the curves are named at their ends
    )
    line = lines.mark_line(strokeWidth=3).encode(
        x=alt.X(
            "month:Q",
            title="Months since remission",
            scale=alt.Scale(domain=[0, MONTHS], nice=False),
            axis=alt.Axis(values=[0, 6, 12, 18, 24]),
        ),
        y=alt.Y(
            "percent:Q",
            title="Free of relapse",
            scale=PERCENT,
            axis=percent_axis(),
        ),
        color=tint,
        strokeDash=alt.StrokeDash(
            "group:N", scale=alt.Scale(domain=list(GROUPS), range=[[1, 0], [6, 4]]), legend=None
        ),
    )
    upper = "(datum.left1 / datum.size1 >= datum.left2 / datum.size2)"
    upper += f" == (datum.group == '{GROUPS[0]}')"
    ends = lines.transform_filter(f"datum.month == {MONTHS}")
    names = [
        ends.transform_filter(which)
        .mark_text(align="right", dx=-4, dy=dy, fontSize=14, fontWeight=600, aria=False)
        .encode(x="month:Q", y=alt.Y("percent:Q", scale=PERCENT), text="group:N", color=tint)
        for which, dy in ((upper, -48), (f"!({upper})", 18))
    ]
    step = months.transform_window(
        sort=[alt.SortField("month")], before1="lag(left1)", before2="lag(left2)"
    )
    step = step.transform_filter("isValid(datum.before1)").transform_calculate(
        lost="datum.before1 - datum.left1 + datum.before2 - datum.left2",
        risk="datum.before1 + datum.before2",
    )
    step = step.transform_calculate(
        o1="datum.before1 - datum.left1",
        o2="datum.before2 - datum.left2",
        x1="datum.lost * datum.before1 / datum.risk",
        x2="datum.lost * datum.before2 / datum.risk",
    )
    total = step.transform_aggregate(o1="sum(o1)", o2="sum(o2)", x1="sum(x1)", x2="sum(x2)")
    total = total.transform_calculate(
        written="'Hazard ratio ' + format((datum.o1 / datum.x1) / (datum.o2 / datum.x2), '.2f')"
        " + ', true ' + format(truth, '.2f')"
    )
    ratio = total.mark_text(align="right", baseline="top", fontSize=16, fontWeight=600).encode(
        x=alt.value("width"), y=alt.value(6), text="written:N"
    )
    return alt.layer(line, *names, ratio).add_params(*params).properties(height=280)
