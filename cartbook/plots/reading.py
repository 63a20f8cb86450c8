"""Charts that explain how to read a trial: denominators, a difference, and survival.

The charts with controls compute in the page, by Vega's own transforms, what the functions of
`cartbook.stats` and `cartbook.simulation` compute in Python; the tests compare the two.
"""

from __future__ import annotations

from typing import Any, Literal

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, named_points, percent_axis, row_texts, slider
from cartbook.simulation import (
    ARMS,
    hazard_ratio,
    kaplan_meier,
    median_survival,
    numbers_at_risk,
    patients,
    simulate_trial,
)
from cartbook.stats import proportions
from cartbook.theme import colour

TINTS = (colour("blue"), colour("vermillion"))
MONTHS = 72  # the longest time in the simulated trial: enrolment and follow-up at their ends
SPAN = "max(42, accrual + follow)"  # the end of its time axis, by the reader's settings
TRIALS = 3  # simulated trials that the reader can choose from
STEPS = 6  # Newton's steps to the hazard ratio
#: short names of end points
SHORT = {"CR or CRi": "CR/CRi", "objective response": "any response"}
ENDPOINTS = ("event-free survival", "overall survival")
#: whether the interval of a simulated trial shows a difference
FINDINGS = ("interval excludes 1", "interval includes 1")
Z = 1.959964  # 97.5th percentile of the normal distribution


def of_all_enrolled(rates: pd.DataFrame, enrolled: pd.DataFrame) -> pd.DataFrame:
    """Divide each trial's responders by the patients infused and by all who enrolled.

    ``rates`` are rows of `evidence` with responders and patients infused, one per trial, and
    ``enrolled`` rows with the numbers enrolled; they meet by ``study_id``. Patients who were not
    infused count as non-responders. The largest difference comes first; rates are in per cent.

    Raise ValueError if the number enrolled is not known for a trial, or if two rows disagree.
    """
    counted = enrolled.groupby("study_id")["value"].agg(["first", "nunique"])
    unknown = sorted(set(rates["study_id"]) - set(counted.index))
    unclear = [
        one for one in rates["study_id"] if one in counted.index and counted["nunique"][one] > 1
    ]
    if unknown or unclear:
        raise ValueError(f"need one number enrolled for each trial, not for {unknown + unclear}")
    lines = proportions(rates)
    both = pd.DataFrame(
        {
            "label": lines["trial_name"] + ", " + lines["endpoint"].replace(SHORT),
            "events": lines["events"],
            "infused": lines["denominator"],
            "enrolled": counted["first"].loc[lines["study_id"]].astype(int).to_numpy(),
            "of_infused": lines["percent"],
        }
    )
    both["of_enrolled"] = 100 * both["events"] / both["enrolled"]
    both["difference"] = both["of_infused"] - both["of_enrolled"]
    return both.sort_values("difference", ascending=False, kind="stable", ignore_index=True)


def joined_rates(both: pd.DataFrame) -> Layers:
    """Draw each trial's two response rates joined by a line; ``both`` is from `of_all_enrolled`."""
    lines = both.assign(
        written=[
            f"{k} of {n}; of {m}"
            for k, n, m in zip(both["events"], both["infused"], both["enrolled"], strict=True)
        ]
    )
    names = ["label", "of_infused", "of_enrolled", "written"]
    base = alt.Chart(lines[names]).encode(y=alt.Y("label:N", sort=None, axis=None))
    axis = percent_axis(grid=True)
    scale = PERCENT
    x = alt.X("of_enrolled:Q", title="Patients with a response", scale=scale, axis=axis)
    join = base.mark_rule(strokeWidth=3, color=colour("line"), aria=False).encode(
        x=x, x2="of_infused:Q"
    )
    sides = {
        "of_infused": ("of the infused", "blue", "circle"),
        "of_enrolled": ("of all enrolled", "vermillion", "square"),
    }
    places: dict[str, tuple[Literal["left", "right"], int]] = {
        "of_infused": ("left", 9),
        "of_enrolled": ("right", -9),
    }
    tooltip = [
        alt.Tooltip("label:N", title="Trial"),
        alt.Tooltip("counted:N", title="Counted"),
        alt.Tooltip("written:N", title="Responders"),
    ]

    def place(field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=scale)

    points = named_points(base, sides, place, tooltip, alt.Legend(title=None), size=100)
    layers: list[Any] = [join]
    for point, (field, (align, shift)) in zip(points, places.items(), strict=True):
        words = base.mark_text(align=align, dx=shift, color=colour(sides[field][1]), aria=False)
        share = words.transform_calculate(share=f"format(datum.{field}, '.0f') + '%'")
        layers += [point, share.encode(x=place(field), text=alt.Text("share:N"))]
    name, number = row_texts(base, "label", dy=-10)
    return alt.layer(*layers, name, number).properties(height=alt.Step(50))


def difference_explorer() -> Layers:
    """Draw two rates of a reader's choice with their intervals, and their difference with its own.

    The intervals are Wilson's and Newcombe's, as in `cartbook.stats`.
    """
    controls = [
        slider(name, value, low, high, step, words)
        for name, value, low, high, step, words in (
            ("size", 100, 10, 400, 10, "Patients in each group "),
            ("rate_a", 70, 30, 100, 5, "Response in group A, % "),
            ("rate_b", 55, 30, 100, 5, "Response in group B, % "),
        )
    ]
    half = f"{Z} * sqrt({Z * Z} + 4 * {{k}} * (size - {{k}}) / size)"
    calculated = {}
    for group in "ab":
        k = f"datum.k_{group}"
        calculated[f"k_{group}"] = f"round(size * rate_{group} / 100)"
        calculated[f"p_{group}"] = f"{k} / size"
        for end, sign in (("low", "-"), ("high", "+")):
            calculated[f"{end}_{group}"] = (
                f"(2 * {k} + {Z * Z} {sign} {half.format(k=k)}) / (2 * (size + {Z * Z}))"
            )
    calculated["d"] = "datum.p_a - datum.p_b"
    calculated["low_d"] = (
        "datum.d - sqrt(pow(datum.p_a - datum.low_a, 2) + pow(datum.high_b - datum.p_b, 2))"
    )
    calculated["high_d"] = (
        "datum.d + sqrt(pow(datum.high_a - datum.p_a, 2) + pow(datum.p_b - datum.low_b, 2))"
    )
    rows = ["Group A", "Group B", "Difference, A − B"]
    base = alt.Chart(pd.DataFrame({"row": rows, "key": ["a", "b", "d"]}))
    for name, expression in calculated.items():  # one after the other: each needs those before it
        base = base.transform_calculate(**{name: expression})
    chosen = "datum.key == 'a' ? datum.{0}_a : datum.key == 'b' ? datum.{0}_b : datum.{0}_d"
    ends = {"low": chosen.format("low"), "high": chosen.format("high")}
    ends["at"] = "datum.key == 'a' ? datum.p_a : datum.key == 'b' ? datum.p_b : datum.d"
    base = base.transform_calculate(**{name: f"100 * ({one})" for name, one in ends.items()})
    spoken = (
        "replace(format(datum.at, '.0f'), '-', '−') + (datum.key == 'd' ? ' points' : '%')"
        " + ' (95% CI ' + format(datum.low, '.0f') + ' to ' + format(datum.high, '.0f') + ')'"
    )
    counted = "datum.key == 'd' ? datum.row : datum.row + ': ' + {0} + ' of ' + size"
    base = base.transform_calculate(
        written=spoken, named=counted.format("(datum.key == 'a' ? datum.k_a : datum.k_b)")
    )
    y = alt.Y("row:N", sort=rows, axis=None)
    axis = alt.Axis(
        values=[-100, -50, 0, 50, 100], labelExpr="replace(datum.value, '-', '−')", grid=False
    )
    x = alt.X(
        "low:Q",
        title="Per cent, and percentage points for the difference",
        scale=alt.Scale(domain=[-100, 100], nice=False),
        axis=axis,
    )
    tint = alt.Color(
        "row:N",
        scale=alt.Scale(domain=rows, range=[*TINTS, colour("text")]),
        legend=None,
    )
    zero = (
        alt.Chart(pd.DataFrame({"at": [0]}))
        .mark_rule(color=colour("line"), strokeDash=[4, 3], aria=False)
        .encode(x="at:Q")
    )
    span = base.mark_rule(strokeWidth=3, aria=False).encode(x=x, x2="high:Q", y=y, color=tint)
    point = base.mark_point(size=110, filled=True, aria=False).encode(
        x="at:Q",
        y=y,
        color=tint,
        shape=alt.Shape(
            "row:N",
            scale=alt.Scale(domain=rows, range=["circle", "square", "diamond"]),
            legend=None,
        ),
    )
    name = base.mark_text(align="left", dy=-18, fontWeight=600, aria=False).encode(
        x=alt.value(0), y=y, text="named:N"
    )
    number = base.mark_text(align="right", dy=-18, aria=False).encode(
        x=alt.value("width"), y=y, text="written:N"
    )
    verdict = base.transform_filter("datum.key == 'd'").transform_calculate(
        verdict="(datum.low_a <= datum.high_b && datum.low_b <= datum.high_a"
        " ? 'The two intervals overlap;' : 'The two intervals do not overlap;')"
        " + '|' + (datum.low_d > 0 || datum.high_d < 0"
        " ? 'that of the difference excludes 0.' : 'that of the difference includes 0.')"
    )
    place: dict[str, Any] = {
        "align": "left",
        "baseline": "top",
        "dy": 11,
        "fontWeight": 600,
        "lineBreak": "|",
        "limit": 0,
        "aria": False,
    }
    paper: dict[str, Any] = {"color": colour("paper"), "stroke": colour("paper"), "strokeWidth": 5}
    verdicts = [  # the words, above an outline that keeps the broken line out of the letters
        verdict.mark_text(**place, **style).encode(x=alt.value(0), y=y, text="verdict:N")
        for style in (paper, {})
    ]
    return (
        alt.layer(zero, span, point, name, number, *verdicts)
        .add_params(*controls)
        .properties(height=alt.Step(88))
    )


def line_at_one(chart: Layers) -> Layers:
    """Return a forest plot of ratios with an unbroken line of no difference behind its rows."""
    rule = alt.Chart(pd.DataFrame({"at": [1.0]})).mark_rule(
        color=colour("text"), strokeWidth=1.5, aria=False
    )
    return alt.layer(rule.encode(x="at:Q"), chart).properties(height=chart.height)


def survival_plot(trial: pd.DataFrame, *, every: int = 6) -> Layers:
    """Draw the Kaplan–Meier curve of each arm, with censored patients and the numbers at risk.

    ``trial`` has ``arm``, ``months`` and ``event``, as `simulate_trial` returns it; `every` is the
    number of months between two numbers at risk.
    """
    curve = kaplan_meier(trial).assign(percent=lambda rows: 100 * rows["survival"])
    columns = ["arm", "months", "percent"]
    censored = curve[columns].merge(trial.loc[~trial["event"], ["arm", "months"]])
    at_risk = numbers_at_risk(trial, every).rename_axis("arm").reset_index()
    at_risk = at_risk.melt("arm", var_name="months", value_name="number")
    words = [f"{arm}: {_median(months)}" for arm, months in median_survival(trial).items()]
    words.append(f"Hazard ratio {hazard_ratio(trial)}")
    chart = _survival_layers(
        alt.Chart(curve[columns]),
        alt.Chart(censored),
        alt.Chart(at_risk.astype({"months": float})),
        [alt.Chart(pd.DataFrame({"words": [one]})) for one in words],
        last=max(float(every), float(trial["months"].max())),
        every=every,
    )
    told = f"Kaplan–Meier curves: patients without the event, by months. {'. '.join(words)}."
    return chart.properties(description=told)


def _median(months: float) -> str:
    return "median not reached" if pd.isna(months) else f"median {months:.1f} months"


def _survival_layers(
    curve: alt.Chart,
    censored: alt.Chart,
    at_risk: alt.Chart,
    words: list[alt.Chart],
    *,
    last: float | str,
    every: int,
) -> Layers:
    """Return the layers of a survival plot; all charts have ``arm``, ``months`` and ``percent``.

    ``last``, the end of the time axis, is a number of months or an expression of the page.
    """
    if isinstance(last, str):
        scale = alt.Scale(domainMin=0, domainMax=alt.ExprRef(last), nice=False)
        ticks: Any = alt.ExprRef(f"sequence(0, {last} + 1, {every})")
    else:
        scale = alt.Scale(domain=[0, last], nice=False)
        ticks = list(range(0, int(last) + 1, every))
    x = alt.X(
        "months:Q",
        title="Months since randomisation",
        scale=scale,
        axis=alt.Axis(values=ticks, grid=False),
    )
    y = alt.Y(  # room below 0 for the numbers at risk, above 100 for the words
        "percent:Q",
        title="Without the event, %",
        scale=alt.Scale(domain=[-38, 124], nice=False),
        axis=alt.Axis(values=[0, 25, 50, 75, 100], grid=True),
    )
    hue = alt.Color("arm:N", scale=alt.Scale(domain=list(ARMS), range=TINTS), legend=None)
    dash = alt.Scale(domain=list(ARMS), range=[[1, 0], [7, 3]])
    line = curve.mark_line(interpolate="step-after", strokeWidth=2.5, clip=True).encode(
        x=x, y=y, color=hue, strokeDash=alt.StrokeDash("arm:N", scale=dash, legend=None)
    )
    cut = censored.mark_tick(orient="vertical", size=9, thickness=1.5, clip=True, aria=False)
    number = at_risk.transform_calculate(percent=f"datum.arm == '{ARMS[0]}' ? -19 : -30")
    heading = alt.Chart(
        pd.DataFrame({"words": [f"Number at risk ({ARMS[0]} above)"], "percent": [-8]})
    )
    layers = [
        line,
        cut.encode(x=x, y=y, color=hue),
        number.mark_text(aria=False).encode(x=x, y=y, color=hue, text="number:Q"),
        heading.mark_text(align="left", color=colour("quiet"), aria=False).encode(
            x=alt.value(0), y=y, text="words:N"
        ),
    ]
    for place, one in enumerate(words):
        text = one.mark_text(
            align="right",
            baseline="top",
            fontWeight=600,
            limit=0,
            color=(*TINTS, colour("text"))[place],
            aria=False,
        )
        layers.append(
            text.encode(x=alt.value("width"), y=alt.value(2 + 18 * place), text="words:N")
        )
    return alt.layer(*layers).properties(height=386)


def trial_simulator() -> Layers:
    """Draw a simulated trial whose enrolment, follow-up and crossover the reader sets.

    Kaplan–Meier curves, medians, numbers at risk and Cox's hazard ratio follow the controls; they
    are those of `simulate_trial` with the same settings and seed; tied times may change the last
    printed digit.
    """
    fates = pd.concat([_fates(seed) for seed in range(1, TRIALS + 1)], ignore_index=True)
    ranges = (
        ("accrual", 18, 0, 36, 3, "Months of enrolment "),
        ("follow", 12, 0, 36, 3, "Months of follow-up "),
        ("crossover", 0, 0, 100, 10, "Control patients who cross over, % "),
        ("which", 1, 1, TRIALS, 1, "Other patients: trial "),
    )
    controls: list[alt.Parameter] = [menu("endpoint", ENDPOINTS[1], list(ENDPOINTS), "End point ")]
    controls += [
        slider(name, value, low, high, step, words)
        for name, value, low, high, step, words in ranges
    ]
    observed = (
        alt.Chart(fates)
        .transform_filter("datum.trial == which")
        .transform_calculate(
            due=f"endpoint == '{ENDPOINTS[0]}' ? datum.to_event"
            " : datum.draw < crossover / 100 ? datum.to_death_after_crossover : datum.to_death",
            observed="accrual * (1 - datum.entry) + follow",
        )
        .transform_calculate(
            months="datum.real ? min(datum.due, datum.observed) : 0",
            event="datum.real && datum.due <= datum.observed ? 1 : 0",
            cells=f"datum.arm == '{ARMS[0]}' ? datum.real : 0",
        )
        .transform_window(
            in_cells="sum(cells)",
            in_both="sum(real)",
            sort=[alt.SortField("months")],
            frame=[0, None],
            ignorePeers=True,  # tied patients leave the risk set one after the other
        )
        .transform_calculate(
            at_risk=f"datum.arm == '{ARMS[0]}' ? datum.in_cells : datum.in_both - datum.in_cells"
        )
        .transform_calculate(log_step="datum.event ? log(max(1 - 1 / datum.at_risk, 1e-12)) : 0")
        .transform_window(
            log_survival="sum(log_step)",
            sort=[alt.SortField("months")],
            groupby=["arm"],
            frame=[None, 0],
            ignorePeers=True,
        )
        .transform_calculate(percent="100 * exp(datum.log_survival)")
    )
    marks = list(range(0, MONTHS + 1, 12))
    counts = {f"n{month}": f"datum.real && datum.months >= {month} ? 1 : 0" for month in marks}
    at_risk = (
        observed.transform_calculate(**counts)
        .transform_aggregate(
            [alt.AggregatedFieldDef(op="sum", field=one, **{"as": one}) for one in counts],
            groupby=["arm"],
        )
        .transform_fold(list(counts), as_=["month", "number"])
        .transform_calculate(months="toNumber(slice(datum.month, 1))")
        .transform_filter(f"datum.months < {SPAN}")
    )
    medians = [
        observed.transform_filter(f"datum.arm == '{arm}'")
        .transform_calculate(half="datum.percent <= 50 + 1e-9 ? datum.months : 1e6")
        .transform_aggregate(median="min(half)")
        .transform_calculate(
            words=f"datum.median < 1e6 ? '{arm}: median ' + format(datum.median, '.1f') + ' months'"
            f" : '{arm}: median not reached'"
        )
        for arm in ARMS
    ]
    return _survival_layers(
        observed,
        observed.transform_filter("datum.real && !datum.event"),
        at_risk,
        [*medians, _cox(observed)],
        last=SPAN,
        every=12,
    ).add_params(*controls)


def repeated_trials(
    sizes: tuple[int, ...] = (40, 80, 160, 320), *, trials: int = 20, effect: float = 0.7
) -> pd.DataFrame:
    """Simulate one treatment in many trials of each size, and return the hazard ratio of each.

    The end point is event-free survival, of which ``effect`` is the true hazard ratio. Columns are
    ``patients`` (in each arm), ``trial`` (the seed), ``estimate``, ``low``, ``high`` and
    ``finding``: whether the 95% interval includes 1.
    """
    rows: list[dict[str, Any]] = []
    for size in sizes:
        for seed in range(1, trials + 1):
            trial = simulate_trial(size, effect=effect, endpoint="event-free survival", seed=seed)
            ratio = hazard_ratio(trial)
            excludes = ratio.high < 1 or ratio.low > 1
            rows.append(
                {
                    "patients": size,
                    "trial": seed,
                    "estimate": ratio.estimate,
                    "low": ratio.low,
                    "high": ratio.high,
                    "finding": FINDINGS[0] if excludes else FINDINGS[1],
                }
            )
    return pd.DataFrame(rows)


def repeats_plot(rows: pd.DataFrame, *, truth: float = 0.7) -> Layers:
    """Draw `repeated_trials` of a size that the reader chooses, the smallest ratio first.

    The solid rule is the true ratio. Above the trials are how many intervals exclude 1, and the
    geometric mean of the ratios of those trials and of all.
    """
    sizes = [int(one) for one in rows["patients"].unique()]
    chosen = menu("patients", sizes[0], sizes, "Patients in each arm: ", radio=True)
    ranked = rows.sort_values(["patients", "estimate"], kind="stable")
    ranked = ranked.assign(rank=ranked.groupby("patients").cumcount() + 1)
    lines = ranked[["patients", "trial", "rank", "estimate", "low", "high", "finding"]].round(3)
    base = alt.Chart(lines).transform_filter("datum.patients == patients")
    y = alt.Y("rank:O", axis=None)
    scale = alt.Scale(type="log", domain=[0.15, 2.2], nice=False)
    axis = alt.Axis(values=[0.2, 0.5, 0.7, 1, 2], grid=False)
    x = alt.X("low:Q", title="Hazard ratio (below 1 favours CAR-T cells)", scale=scale, axis=axis)
    tint = alt.Scale(domain=list(FINDINGS), range=[colour("blue"), colour("grey")])
    form = alt.Scale(domain=list(FINDINGS), range=["circle", "square"])
    legend = alt.Legend(title=None, orient="bottom")
    hue = alt.Color("finding:N", scale=tint, legend=legend)
    span = base.mark_rule(strokeWidth=2.5, clip=True, aria=False).encode(
        x=x, x2="high:Q", y=y, color=hue
    )
    tips = {"trial": "Trial", "estimate": "Hazard ratio", "low": "95% from", "high": "95% to"}
    point = base.mark_point(size=70, filled=True).encode(
        x="estimate:Q",
        y=y,
        color=hue,
        shape=alt.Shape("finding:N", scale=form, legend=legend),
        tooltip=[alt.Tooltip(f"{name}:Q", title=words) for name, words in tips.items()],
    )
    rules = []
    for at, dash in ((1.0, [4, 3]), (truth, [1, 0])):
        rule = alt.Chart(pd.DataFrame({"at": [at]})).mark_rule(
            color=colour("text"), strokeDash=dash, aria=False
        )
        rules.append(rule.encode(x=alt.X("at:Q", scale=scale)))
    found = f"datum.finding == '{FINDINGS[0]}'"
    summary = (
        base.transform_calculate(
            logged="log(datum.estimate)",
            found=f"{found} ? 1 : 0",
            logged_found=f"{found} ? log(datum.estimate) : 0",
        )
        .transform_aggregate(
            n="count()", k="sum(found)", all="mean(logged)", sum_found="sum(logged_found)"
        )
        .transform_calculate(
            words="datum.k + ' of ' + datum.n + ' intervals exclude 1'",
            means="'Mean ratio: ' + (datum.k > 0 ? format(exp(datum.sum_found / datum.k), '.2f')"
            " + ' in these, ' : '') + format(exp(datum.all), '.2f') + ' in all'",
        )
    )
    texts = [
        summary.mark_text(align="left", baseline="bottom", fontWeight=600, aria=False).encode(
            x=alt.value(0), y=alt.value(place), text=f"{name}:N"
        )
        for name, place in (("words", -24), ("means", -6))
    ]
    return alt.layer(*rules, span, point, *texts).add_params(chosen).properties(height=alt.Step(16))


def _fates(seed: int) -> pd.DataFrame:
    """Return the patients of one simulated trial, and for each arm a row at month 0."""
    start = pd.DataFrame({"arm": list(ARMS)})
    rows = pd.concat([start, patients(seed=seed)], ignore_index=True)
    return rows.assign(trial=seed, real=rows["entry"].notna().astype(int)).fillna(0)


def _cox(observed: alt.Chart) -> alt.Chart:
    """Add Newton's steps for Cox's partial likelihood, and the hazard ratio in words."""
    chart = observed.transform_calculate(b0="0")
    for step in range(STEPS):
        ratio = f"exp(datum.b{step})"
        chart = (
            chart.transform_calculate(
                p=f"datum.event ? datum.in_cells * {ratio} / (datum.in_cells * {ratio}"
                " + datum.in_both - datum.in_cells) : 0"
            )
            .transform_calculate(score="datum.event * datum.cells - datum.p")
            .transform_calculate(information="datum.p * (1 - datum.p)")
            .transform_joinaggregate(u="sum(score)", i="sum(information)")
            .transform_calculate(
                **{f"b{step + 1}": f"datum.b{step} + clamp(datum.u / max(datum.i, 1e-9), -1, 1)"}
            )
        )
    written = " + ".join(
        f"format(exp(datum.b + {z} / sqrt(datum.i)), '.2f') + '{after}'"
        for z, after in ((0, " (95% CI "), (-Z, "–"), (Z, ")"))
    )
    return chart.transform_aggregate(b=f"max(b{STEPS})", i="max(i)").transform_calculate(
        words=f"datum.i < 0.5 ? 'Hazard ratio: too few events' : 'Hazard ratio ' + {written}"
    )
