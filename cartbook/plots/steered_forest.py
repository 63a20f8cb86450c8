"""A forest plot whose studies the reader chooses; the pooled rate follows, in the page.

Vega's own transforms compute what `cartbook.meta_analysis.pool_logits` computes in Python; the
tests compare the two.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from cartbook.charts import Layers, menu, row_texts, slider
from cartbook.plots.synthesis import (
    DISEASES,
    END_POINTS,
    GRADES,
    POPULATIONS,
    SETS,
    STUDY_OR_POOLED,
    pooled_span,
)
from cartbook.theme import colour

MOST = 60  # studies for which there is a quantile of Student's t
COLUMNS = {
    "study_id": "study",
    "name": "name",
    "set": "set",
    "end_point": "end_point",
    "grade": "grade",
    "disease_group": "disease",
    "costimulation": "domain",
    "patients": "patients",
    "preferred": "preferred",
    "events": "x",
    "denominator": "n",
    "percent": "at",
    "low": "low",
    "high": "high",
}
#: rows of the plot that no study fills: pooled rate, prediction interval, and their words
SUMMARY = {"pooled": "Pooled rate, 95% CI", "prediction": "95% prediction interval"}
ANY = "all"
PREFERRED = "infused, else as reported"


def _steps() -> list[dict[str, str] | list[tuple[str, str]]]:
    """Return the transforms of DerSimonian and Laird: fields to calculate, or sums over all rows.

    Each row has ``x`` events among ``n`` patients; ``used`` is 1 for the studies that are pooled.
    """
    from scipy import stats

    quantiles = [round(float(stats.t.ppf(0.975, df)), 9) for df in range(1, MOST)]
    return [
        {"half": "datum.used && (datum.x == 0 || datum.x == datum.n) ? 0.5 : 0"},
        {
            "odds": "datum.used ? log((datum.x + datum.half) / (datum.n - datum.x + datum.half)) : 0",
            "v": "datum.used ? 1 / (datum.x + datum.half)"
            " + 1 / (datum.n - datum.x + datum.half) : 1",
        },
        {"w": "datum.used / datum.v"},
        {"wy": "datum.w * datum.odds", "ww": "datum.w * datum.w", "xu": "datum.used * datum.x"},
        {"nu": "datum.used * datum.n"},
        [
            ("k", "used"),
            ("events", "xu"),
            ("patients_used", "nu"),
            ("sw", "w"),
            ("swy", "wy"),
            ("sww", "ww"),
        ],
        {"gap": "datum.w * pow(datum.odds - datum.swy / datum.sw, 2)"},
        [("q", "gap")],
        {
            "tau2": "max(0, (datum.q - datum.k + 1) / (datum.sw - datum.sww / datum.sw))",
            "i2": "100 * max(0, 1 - (datum.k - 1) / datum.q)",
        },
        {"w2": "datum.used / (datum.v + datum.tau2)"},
        {"w2y": "datum.w2 * datum.odds"},
        [("s", "w2"), ("sy", "w2y")],
        {"mean": "datum.sy / datum.s"},
        {"gap2": "datum.w2 * pow(datum.odds - datum.mean, 2)"},
        [("q2", "gap2")],
        {
            "error2": "max(1, datum.q2 / (datum.k - 1)) / datum.s",
            "t": f"{quantiles}[min(max(datum.k, 2), {MOST}) - 2]",
        },
        {
            "e": "datum.t * sqrt(datum.error2)",
            "pe": "datum.t * sqrt(datum.error2 + datum.tau2)",
        },
        {
            "estimate": "100 / (1 + exp(-datum.mean))",
            "ci_low": "100 / (1 + exp(-datum.mean + datum.e))",
            "ci_high": "100 / (1 + exp(-datum.mean - datum.e))",
            "pi_low": "100 / (1 + exp(-datum.mean + datum.pe))",
            "pi_high": "100 / (1 + exp(-datum.mean - datum.pe))",
        },
    ]


def pooled_in_vega(chart: Any) -> Any:
    """Add transforms that pool the rows of a chart with ``used`` = 1, and write the result to each row."""
    for step in _steps():
        if isinstance(step, dict):
            for name, expression in step.items():
                chart = chart.transform_calculate(**{name: expression})
        else:
            sums = [
                alt.JoinAggregateFieldDef(op="sum", field=one, **{"as": name}) for name, one in step
            ]
            chart = chart.transform_joinaggregate(sums)
    return chart


def _controls(rows: pd.DataFrame) -> list[alt.Parameter]:
    def first_of(name: str, words: str, options: list[str]) -> alt.Parameter:
        return menu(name, options[0], options, words)

    names = rows.drop_duplicates("study").sort_values("label")
    return [
        first_of("studies", "Studies ", list(SETS)),
        first_of("outcome", "End point ", list(dict.fromkeys(END_POINTS.values()))),
        first_of("severity", "Grade (of toxicity) ", list(GRADES)),
        first_of("cancer", "Disease ", [ANY, *dict.fromkeys(DISEASES.values())]),
        first_of("costimulation", "Costimulation ", [ANY, "CD28", "4-1BB"]),
        first_of("who", "Patients counted ", [PREFERRED, *dict.fromkeys(POPULATIONS.values())]),
        slider("least", 0, 0, 150, 10, "Minimum n "),
        first_of("without", "Leave out ", ["none", *names["label"]]),
        alt.param(
            name="also",
            value="",
            bind=alt.binding(
                input="text",
                name="Leave out also (names or parts, with commas) ",
                autocomplete="off",
            ),
        ),
    ]


def steered_forest(rows: pd.DataFrame) -> Layers:
    """Draw studies and their pooled rate; the reader chooses and drops studies, and the rate follows.

    ``rows`` is from `pooling_rows`. The rate, its interval, τ² and the prediction interval are those
    of `pool_logits`. A menu leaves out one study, a text field those whose names it contains, and a
    click on a study's mark leaves it out or puts it back.
    """
    table = rows[list(COLUMNS)].rename(columns=COLUMNS).assign(label=rows["label"])
    table = table.round({"at": 2, "low": 2, "high": 2}).assign(kind="study")
    table["order"] = 100 - table["at"]
    extra = pd.DataFrame(
        {"kind": list(SUMMARY), "name": list(SUMMARY.values()), "order": [-2.0, -1.0]}
    )
    numbers = ["x", "n", "at", "low", "high"]
    data = pd.concat([table, extra], ignore_index=True)
    data = data.fillna(dict.fromkeys(numbers, 0) | {"preferred": False}).fillna("")
    data = data.astype({"preferred": bool})
    controls = _controls(table)
    dropped = alt.selection_point(
        name="dropped", fields=["study"], on="click", toggle="true", clear=False, empty=False
    )
    fits = (
        "datum.kind != 'study' || (datum.set == studies && datum.end_point == outcome"
        " && (datum.grade == severity || datum.grade == 'not applicable')"
        f" && (cancer == '{ANY}' || datum.disease == cancer)"
        f" && (costimulation == '{ANY}' || datum.domain == costimulation)"
        f" && (who == '{PREFERRED}' ? datum.preferred : datum.patients == who)"
        " && datum.n >= least)"
    )
    out = (
        "datum.label == without"
        # the typed names as alternatives, each character other than letters and digits as any one
        " || (test(regexp('[a-z0-9]', 'i'), also)"
        " && test(regexp(replace(replace(trim(replace(also, regexp('[^a-z0-9 ,]', 'gi'), '.')),"
        " regexp('^[ ,]+|[ ,]+$', 'g'), ''), regexp(' *,[ ,]*', 'g'), '|'), 'i'), datum.label))"
        " || (isValid(dropped.study) && indexof(dropped.study, datum.study) >= 0)"
    )
    chart: Any = alt.Chart(data).transform_filter(fits)
    chart = chart.transform_calculate(used=f"datum.kind == 'study' && !({out}) ? 1 : 0")
    chart = pooled_in_vega(chart).transform_filter("datum.kind == 'study' || datum.k >= 3")
    for end, pooled, prediction in (
        ("at", "estimate", "estimate"),
        ("low", "ci_low", "pi_low"),
        ("high", "ci_high", "pi_high"),
    ):
        chart = chart.transform_calculate(
            **{
                end: f"datum.kind == 'pooled' ? datum.{pooled}"
                f" : datum.kind == 'prediction' ? datum.{prediction} : datum.{end}"
            }
        )
    spelled = {
        "pooled": _format(("at", ".1f", "% ("), ("low", ".1f", "–"), ("high", ".1f", ")")),
        "prediction": _format(("low", ".1f", "% to "), ("high", ".1f", "%")),
        "study": "datum.x + '/' + datum.n + (datum.used ? ' · ' + "
        + _format(("at", ".0f", "% ("), ("low", ".0f", "–"), ("high", ".0f", ")"))
        + " : ', left out')",
    }
    chart = chart.transform_calculate(
        written=f"datum.kind == 'pooled' ? {spelled['pooled']}"
        f" : datum.kind == 'prediction' ? {spelled['prediction']} : {spelled['study']}"
    )
    chart = chart.transform_calculate(area="datum.kind == 'study' ? max(50, 1.2 * datum.n) : 130")
    return _steered_layers(chart, dropped).add_params(*controls)


def _format(*parts: tuple[str, str, str]) -> str:
    return " + ".join(
        f"format(datum.{field}, '{spec}') + '{after}'" for field, spec, after in parts
    )


def _steered_layers(chart: Any, dropped: alt.Parameter) -> Layers:
    sort = alt.EncodingSortField("order", op="min")
    base = alt.Chart().encode(y=alt.Y("name:N", sort=sort, axis=None))
    grey, blue, red = colour("line"), colour("blue"), colour("vermillion")
    tint = {
        "condition": [
            {"test": "datum.kind != 'study'", "value": red},
            {"test": "!datum.used", "value": grey},
        ],
        "value": blue,
    }
    span = pooled_span(base, "Percent of the patients counted", tint)
    point = base.mark_point(strokeWidth=2, filled=False, cursor="pointer", opacity=1).encode(
        x="at:Q",
        size=alt.Size("area:Q", scale=None),
        color=tint,
        fill={
            "condition": [
                {"test": "datum.kind != 'study'", "value": red},
                {"test": "!datum.used", "value": colour("paper")},
            ],
            "value": blue,
        },
        shape=STUDY_OR_POOLED,
        tooltip=[alt.Tooltip("name:N", title="Study"), alt.Tooltip("written:N", title="Patients")],
    )
    name, number = row_texts(base, "name")
    once = alt.Chart().transform_aggregate(
        [
            alt.AggregatedFieldDef(op="max", field=one, **{"as": one})
            for one in ("k", "tau2", "i2", "events", "patients_used")
        ]
    )
    few = "datum.k < 1 ? 'Undo the last one.' : datum.k < 3 ? '' : "
    lines = (
        "datum.k < 1 ? 'No study fits these choices'"
        " : datum.k < 3 ? 'Fewer than three studies: no pooled rate' : datum.k + ' studies, '"
        " + datum.events + '/' + datum.patients_used + ' patients; τ² '"
        " + format(datum.tau2, '.3f') + ', I² ' + format(datum.i2, '.0f') + '%'",
        few + "'No control group: not a treatment effect.'",
    )
    words = [
        once.transform_calculate(words=line)
        .mark_text(
            align="left",
            baseline="bottom",
            fontWeight=600,
            limit=0,
            aria=False,
            color=colour("text"),
        )
        .encode(x=alt.value(0), y=alt.value(18 * place - 28), text="words:N")
        for place, line in enumerate(lines)
    ]
    layered = alt.layer(span, point.add_params(dropped), name, number, *words)
    layered = layered.properties(data=chart.data, height=alt.Step(40))
    layered.transform = chart.transform
    return layered
