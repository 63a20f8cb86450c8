"""Pooling studies: the rows that can be pooled, and forest and funnel plots with a pooled rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis, row_texts
from cartbook.meta_analysis import Pooled, pool, pooled_in_r
from cartbook.stats import proportions
from cartbook.tables import evidence, load
from cartbook.theme import colour

CRS, NEUROTOXICITY = "cytokine release syndrome", "neurotoxicity"
COMPLETE, RESPONSE = "complete response", "objective response"
#: end point of the data -> end point of the plot; definitions of complete response differ by disease
END_POINTS = {
    CRS: CRS,
    NEUROTOXICITY: NEUROTOXICITY,
    RESPONSE: RESPONSE,
    COMPLETE: COMPLETE,
    "CR or CRi": COMPLETE,
    "CR or stringent CR": COMPLETE,
}
GRADES = ("3 or higher", "any")
DISEASES = {
    "large B-cell lymphoma": "large B-cell lymphoma",
    "indolent non-Hodgkin lymphoma": "other B-cell lymphoma or CLL",
    "follicular lymphoma": "other B-cell lymphoma or CLL",
    "mantle cell lymphoma": "other B-cell lymphoma or CLL",
    "chronic lymphocytic leukaemia": "other B-cell lymphoma or CLL",
    "B-cell acute lymphoblastic leukaemia": "acute lymphoblastic leukaemia",
    "multiple myeloma": "multiple myeloma",
}
POPULATIONS = {
    "infused": "infused",
    "safety": "infused",
    "efficacy-evaluable": "evaluable",
    "not reported": "evaluable",
    "enrolled": "enrolled or randomised",
    "randomised": "enrolled or randomised",
    "leukapheresed": "enrolled or randomised",
}
#: designs of studies of routine practice, which are no trials
OBSERVATIONAL = ("cohort", "registry study", "case report", "meta-analysis")
#: parts of a trial whose report on all patients is pooled instead, in the wider set
PARTS = ("zhao2018", "xu2019")  # the sites of legend-2
KINDS = ("article", "label", "agency document", "abstract", "company release", "review")
SETS = ("the review’s tables", "all trials of licensed products")
PRODUCT = r" \(\S+-cel\)$"  # the end of a label, left out where a phone is too narrow for it
LEAST = 15  # patients; smaller groups of the wider set are cohorts or first cases

#: points of studies are round, what is pooled from them is a diamond
STUDY_OR_POOLED: Any = alt.condition(
    "datum.kind == 'study'", alt.value("circle"), alt.value("diamond")
)


def pooling_rows() -> pd.DataFrame:
    """Return the studies that can be pooled, one row per set, study, end point, grade and population.

    ``set`` is *the review's tables*, as the review prints them, or *all trials of licensed products*:
    there the latest report of each trial is used, an article before a label, an abstract or the
    review, groups of fewer than 15 patients are left out, and a trial reported by site counts once. ``preferred`` marks one population of
    each study: those infused, else those evaluable, else those enrolled. Columns are those of
    `proportions` and ``costimulation`` of the product, ``end_point``, ``disease_group``,
    ``patients`` (the population) and ``name``.
    """
    rows = evidence(endpoint=list(END_POINTS), target=["CD19", "BCMA"])
    domains = load("products").set_index("product")["costimulation"]
    rows = rows[rows["product"].isin(domains.index) & rows["arm"].ne("standard of care")]
    rows = rows[rows["subgroup"].isin(["not applicable", "phase 1 and 2"])]
    rows = rows[~rows["design"].isin(OBSERVATIONAL)]
    found = proportions(rows)
    found = found.assign(
        costimulation=found["product"].map(domains),
        end_point=found["endpoint"].map(END_POINTS),
        disease_group=found["disease"].map(DISEASES),
        patients=found["population"].map(POPULATIONS),
        rank=found["source_kind"].map({kind: place for place, kind in enumerate(KINDS)}),
        from_review=found["source_kind"].eq("review"),
        date=found["as_of"].astype(str).str[:4],
        landmark=found["at_month"].notna(),
    )
    found = found[found["grade"].isin([*GRADES, "not applicable"])]
    found = found.dropna(subset=["disease_group", "patients", "rank"])
    whole = found[found["denominator"].ge(LEAST) & ~found["study_id"].isin(PARTS)]
    wide = whole.sort_values(
        ["from_review", "landmark", "date", "rank", "denominator"],
        ascending=[True, True, False, True, False],
        kind="stable",
    )
    review = found[found["from_review"] & found["section"].isin(["table-1", "table-2"])]
    both = pd.concat([review.assign(set=SETS[0]), wide.assign(set=SETS[1])])
    both = both.drop_duplicates(["set", "study_id", "end_point", "grade", "patients"])
    order = list(dict.fromkeys(POPULATIONS.values()))
    both["place"] = both["patients"].map(order.index)
    both = both.sort_values(["set", "place"], kind="stable")
    both["preferred"] = ~both.duplicated(["set", "study_id", "end_point", "grade"])
    short = {"CR or CRi": ", CR/CRi", "CR or stringent CR": ", CR or better"}
    suffix = both["endpoint"].map(short).fillna("")
    trial = both["label"].str.replace(PRODUCT, "", regex=True)
    both["name"] = both["label"].where(suffix.eq(""), trial + suffix)
    both = both.sort_values(
        ["set", "end_point", "grade", "percent"], ascending=[False, *3 * [True]]
    )
    return both.drop(columns=["rank", "from_review", "date", "landmark", "place"]).reset_index(
        drop=True
    )


def line_of(name: str, found: Pooled) -> dict[str, Any]:
    """Return a pooled rate as a line for `pooled_plot`, in per cent."""
    ends = ("estimate", "low", "high", "prediction_low", "prediction_high")
    numbers = {one: 100 * getattr(found, one) for one in ends}
    return {"name": name, **numbers, "tau": found.tau, "studies": found.studies}


def leave_one_out(rows: pd.DataFrame, *, label: str = "label") -> pd.DataFrame:
    """Return the pooled rate of all studies, and that without each one, the largest change first.

    One row per line: ``name``, ``estimate``, ``low``, ``high``, ``prediction_low`` and
    ``prediction_high`` in per cent, ``tau`` and ``studies``.
    """
    whole = line_of("all studies", pool(rows))
    lines = [
        line_of(f"without {name}", pool(rows.drop(index=place)))
        for place, name in rows[label].items()
    ]
    lines.sort(key=lambda one: one["tau"])
    return pd.DataFrame([whole, *lines])


def pooled_by(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the pooled rate of each group of at least three studies, as `leave_one_out` does.

    ``rates`` has the rates of the studies in a group.
    """
    groups = [(name, part) for name, part in rows.groupby(by, sort=True) if len(part) >= 3]
    return pd.DataFrame(
        [
            line_of(str(name), pool(part)) | {"rates": part["percent"].tolist()}
            for name, part in groups
        ]
    )


def pooled_plot(
    lines: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    title: str = "Percent of patients",
    most: float = 100,
) -> Layers:
    """Draw pooled rates: a dot, a thick line for the confidence and a thin one for the prediction interval.

    ``lines`` is from `leave_one_out` or `pooled_by`, or several of them by name, between which the
    reader switches; the axis runs from 0 to ``most`` per cent. Lines with ``rates`` have the rates of
    their studies as small dots below.
    """
    choice = None
    if isinstance(lines, Mapping):
        parts = [
            part.assign(
                part=name,
                name=[f"{one.name} ({one.studies})" for one in part.itertuples()],
            )
            for name, part in lines.items()
        ]
        options = list(lines)
        choice = menu("shown", options[0], options, "Show ")
        lines = pd.concat(parts, ignore_index=True)
    shown = lines.assign(
        written=[
            f"{one.estimate:.1f}% · CI {one.low:.1f}–{one.high:.1f}" for one in lines.itertuples()
        ],
        spread=[
            f"{one.prediction_low:.1f} to {one.prediction_high:.1f}%" for one in lines.itertuples()
        ],
    )
    part_of = ["part"] if choice else []
    rates = lines[["name", "rates", *part_of]].explode("rates") if "rates" in lines else None
    columns = ["name", "estimate", "low", "high", "prediction_low", "prediction_high"]
    shown = shown[[*columns, "written", "spread", *part_of]]
    base = alt.Chart(shown).encode(y=alt.Y("name:N", sort=None, axis=None))
    x: dict[str, Any] = {
        "scale": alt.Scale(domain=[0, most], nice=False),
        "axis": percent_axis(None, tickCount=5, grid=True),
    }
    tooltip = [
        alt.Tooltip("name:N", title="Pooled"),
        alt.Tooltip("written:N", title="Rate"),
        alt.Tooltip("spread:N", title="95% prediction interval"),
    ]
    wide = base.mark_rule(strokeWidth=1.5, clip=True, color=colour("blue"), aria=False).encode(
        x=alt.X("prediction_low:Q", title=title, **x), x2="prediction_high:Q"
    )
    narrow = base.mark_rule(strokeWidth=5, clip=True, color=colour("blue"), aria=False).encode(
        x=alt.X("low:Q", **x), x2="high:Q"
    )
    dot = base.mark_point(
        size=110, filled=True, shape="diamond", color=colour("text"), opacity=1
    ).encode(x=alt.X("estimate:Q", **x), tooltip=tooltip)
    layers: list[Any] = [wide, narrow, dot, *row_texts(base, "name", dy=-10)]
    if rates is not None:
        studies = alt.Chart(rates.astype({"rates": float})).mark_point(
            size=26, filled=True, opacity=0.7, color=colour("vermillion"), yOffset=11, aria=False
        )
        layers.append(
            studies.encode(x=alt.X("rates:Q", **x), y=alt.Y("name:N", sort=None, axis=None))
        )
    if choice:
        layers = [layer.transform_filter("datum.part == shown") for layer in layers]
    chart = alt.layer(*layers).properties(height=alt.Step(44))
    return chart.add_params(choice) if choice else chart


def pooled_forest(rows: pd.DataFrame, found: Pooled, *, label: str = "label") -> Layers:
    """Draw studies with their Wilson intervals, and below them the pooled rate and its prediction interval.

    ``rows`` is from `proportions`; the largest rate comes first, and the area of a study's circle
    grows with its number of patients.
    """
    lines = rows.sort_values("percent", ascending=False, kind="stable")
    studies = pd.DataFrame(
        {
            "name": lines[label],
            "at": lines["percent"],
            "low": lines["low"],
            "high": lines["high"],
            "kind": "study",
            "area": (1.2 * lines["denominator"]).clip(lower=30),
            "written": [
                f"{k}/{n} · {p:.0f}% ({low:.0f}–{high:.0f})"
                for k, n, p, low, high in zip(
                    *(lines[one] for one in ("events", "denominator", "percent", "low", "high")),
                    strict=True,
                )
            ],
        }
    )
    one = {name: 100 * getattr(found, name) for name in vars(found) if name not in ("studies",)}
    pooled = pd.DataFrame(
        [
            ("Pooled rate, 95% CI", one["estimate"], one["low"], one["high"], "pooled"),
            (
                "95% prediction interval",
                one["estimate"],
                one["prediction_low"],
                one["prediction_high"],
                "prediction",
            ),
        ],
        columns=["name", "at", "low", "high", "kind"],
    )
    pooled["written"] = [
        f"{at:.1f}% ({low:.1f}–{high:.1f})" if kind == "pooled" else f"{low:.1f}% to {high:.1f}%"
        for _, at, low, high, kind in pooled.itertuples(index=False)
    ]
    pooled["area"] = 100.0
    return _forest_layers(alt.Chart(pd.concat([studies, pooled], ignore_index=True)), None)


def pooled_span(base: Any, title: str, tint: Any) -> Any:
    """Return the intervals of studies and, thicker, of what is pooled from them, on an axis in per cent."""
    return base.mark_rule(aria=False).encode(
        x=alt.X("low:Q", title=title, scale=PERCENT, axis=percent_axis(grid=True)),
        x2="high:Q",
        color=tint,
        strokeWidth=alt.condition("datum.kind == 'pooled'", alt.value(5), alt.value(2.5)),
    )


def _forest_layers(chart: alt.Chart, y: alt.Y | None) -> Layers:
    """Return the layers of a forest plot of rows with name, at, low, high, kind and written."""
    base = chart.encode(y=y or alt.Y("name:N", sort=None, axis=None))
    tint = alt.condition(
        "datum.kind == 'study'", alt.value(colour("blue")), alt.value(colour("vermillion"))
    )
    span = pooled_span(base, "Percent of patients", tint)
    point = (
        base.transform_filter("datum.kind != 'prediction'")
        .mark_point(filled=True, opacity=1)
        .encode(
            x="at:Q",
            size=alt.Size("area:Q", scale=None),
            color=tint,
            shape=STUDY_OR_POOLED,
            tooltip=[
                alt.Tooltip("name:N", title="Study"),
                alt.Tooltip("written:N", title="Patients"),
            ],
        )
    )
    return alt.layer(span, point, *row_texts(base, "name")).properties(height=alt.Step(40))


def funnel_limits(found: Pooled, sizes: list[int]) -> pd.DataFrame:
    """Return the rates between which 95% of studies of each size should lie, in per cent.

    ``limits`` says whether chance alone moves the studies, all with the pooled rate, or chance and
    τ. Both are central intervals of the (mixed) binomial distribution.
    """
    from scipy import stats
    from scipy.special import expit, logit

    nodes = np.linspace(-4.5, 4.5, 181)
    weight = stats.norm.pdf(nodes)
    weight /= weight.sum()
    rates = {
        "chance alone": (np.array([found.estimate]), np.array([1.0])),
        "chance and τ": (expit(logit(found.estimate) + found.tau * nodes), weight),
    }
    lines = []
    for name, (rate, share) in rates.items():
        for n in sizes:
            below = (stats.binom.cdf(np.arange(n + 1)[:, None], n, rate) * share).sum(axis=1)
            ends = [100 * int(np.searchsorted(below, tail)) / n for tail in (0.025, 0.975)]
            lines.append((name, n, *ends))
    return pd.DataFrame(lines, columns=["limits", "denominator", "low", "high"])


def funnel_plot(rows: pd.DataFrame, found: Pooled, *, label: str = "label") -> Layers:
    """Draw each study's rate by its number of patients, with limits for chance alone or chance and τ.

    The reader chooses the limits; studies outside them have another colour, those above their name.
    """
    most = 20 * int(np.ceil((rows["denominator"].max() + 5) / 20))
    sizes = sorted({*range(10, most + 1, 5), *rows["denominator"]})
    limits = funnel_limits(found, [int(one) for one in sizes])
    kinds = list(dict.fromkeys(limits["limits"]))
    own = rows.merge(limits.rename(columns={"low": "least", "high": "greatest"}), on="denominator")
    points = pd.DataFrame(
        {
            "name": own[label],
            "short": own[label].str.replace(PRODUCT, "", regex=True),
            "percent": own["percent"],
            "denominator": own["denominator"],
            "limits": own["limits"],
            "outside": (own["percent"] < own["least"]) | (own["percent"] > own["greatest"]),
            "above": own["percent"] > own["greatest"],
            "written": [
                f"{k} of {n}" for k, n in zip(own["events"], own["denominator"], strict=True)
            ],
        }
    )
    control = menu("limits", kinds[0], kinds, "95% limits for ", radio=True)
    x = alt.X(
        "denominator:Q",
        title="Patients in the study",
        scale=alt.Scale(domain=[10, most], nice=False),
        axis=alt.Axis(tickCount=5, grid=False),
    )
    y_axis = percent_axis([0, 10, 20, 30, 40, 50], grid=True)
    y_scale = alt.Scale(domain=[0, 60], nice=False)
    area = (
        alt.Chart(limits)
        .transform_filter("datum.limits == limits")
        .mark_area(color=colour("band"), opacity=1, clip=True, aria=False)
        .encode(
            x=x,
            y=alt.Y("low:Q", title="Percent of patients", scale=y_scale, axis=y_axis),
            y2="high:Q",
        )
    )
    middle = (
        alt.Chart(pd.DataFrame({"at": [100 * found.estimate]}))
        .mark_rule(color=colour("quiet"), strokeDash=[4, 3], aria=False)
        .encode(y=alt.Y("at:Q", scale=y_scale))
    )
    base = alt.Chart(points).transform_filter("datum.limits == limits")
    dot = base.mark_point(size=100, filled=True, opacity=1).encode(
        x=x,
        y=alt.Y("percent:Q", scale=y_scale),
        color=alt.condition(
            "datum.outside", alt.value(colour("vermillion")), alt.value(colour("blue"))
        ),
        tooltip=[alt.Tooltip("name:N", title="Study"), alt.Tooltip("written:N", title="Patients")],
    )
    name = (
        base.transform_filter("datum.above")
        .mark_text(align="left", dx=8, dy=-8, aria=False, color=colour("vermillion"))
        .encode(x=x, y=alt.Y("percent:Q", scale=y_scale), text="short:N")
    )
    count = (
        base.transform_calculate(out="datum.outside ? 1 : 0")
        .transform_aggregate(out="sum(out)", all="count()")
        .transform_calculate(
            words="datum.out + ' of ' + datum.all + ' studies are outside the limits'"
        )
        .mark_text(align="right", baseline="top", fontWeight=600, aria=False)
        .encode(x=alt.value("width"), y=alt.value(4), text="words:N")
    )
    return alt.layer(area, middle, dot, name, count).add_params(control).properties(height=300)


def beside_r(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the pooled rates of the review's studies beside those of metafor and lme4, a row per end point.

    ``rows`` is from `pooling_rows`; rates are in per cent.
    """
    from scipy.special import expit

    programs = {(one["end_point"], one["grade"], one["program"]): one for one in pooled_in_r()}
    ours = rows[rows["set"].eq(SETS[0])]
    lines = []
    for end_point, grade in dict.fromkeys(key[:2] for key in programs):
        found = pool(ours[ours["end_point"].eq(end_point) & ours["grade"].eq(grade)])
        metafor, lme4 = (programs[end_point, grade, one] for one in ("metafor", "lme4"))
        lines.append(
            {
                "End point": f"{end_point}, "
                + ("any grade" if grade == "any" else f"grade {grade}"),
                "Rate, %": 100 * found.estimate,
                "metafor": metafor["estimate"],
                "lme4": 100 * float(expit(lme4["mean"])),
                "τ": found.tau,
                "τ, metafor": metafor["tau"],
                "τ, lme4": lme4["tau"],
            }
        )
    return pd.DataFrame(lines)


def published_rates(rows: Mapping[str, str]) -> pd.DataFrame:
    """Return published pooled rates by a name, one row per outcome key, in per cent with printed intervals."""
    table = evidence(statistic="pooled proportion").set_index("outcome_id")
    found = table.loc[list(rows.values())].assign(name=list(rows))
    found["value"] = found["value"].astype(float)
    return found.reset_index()
