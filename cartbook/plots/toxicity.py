"""Tables and charts of toxicity: course, costimulation, late risks, and logic gates."""

from __future__ import annotations

import altair as alt
import pandas as pd

from cartbook.charts import Layers, menu, percent_axis, row_texts
from cartbook.meta_analysis import pool
from cartbook.stats import proportions
from cartbook.tables import evidence, load
from cartbook.theme import colour

SYNDROMES = ("cytokine release syndrome", "neurotoxicity")
TINTS = {"cytokine release syndrome": "vermillion", "neurotoxicity": "indigo"}
#: what a CAR-T cell with a rule for two antigens does to cells that carry both, one or neither
CELLS = {"A and B": (1, 1), "A only": (1, 0), "B only": (0, 1), "neither": (0, 0)}
DOMAINS = {"CD28": ("vermillion", "circle"), "4-1BB": ("blue", "square")}

RULES = ("A OR B", "A AND B", "A AND NOT B")


#: rows of neurotoxicity from papers and registries: of grade 3 or higher, or of grade 3 and grade 4
#: apart, to be added; each replaces the row of its study in the review's tables
FROM_PAPERS = (
    ("neelapu2017.group.neurotoxicity.grade-3-or-higher.jain2023",),
    ("maude2018.group.neurotoxicity.grade-3.month-2.authorea-482710",),
    ("wang2020.group.neurotoxicity.grade-3-or-higher.wang2020",),
    ("ahmed2025.group.neurotoxicity.grade-3-or-higher.ahmed2025",),
    ("abramson2020.group.neurotoxicity.grade-3-or-higher.abramson2020",),
    ("schuster2021.group.neurotoxicity.grade-3-or-4.month-2.schuster2019",),
    ("lt-felix-primary.neurotoxicity-grade-3",),
    ("morschhauser2024.all.neurotoxicity.grade-3-or-higher.morschhauser2024",),
    (
        "siddiqi2022.group.neurotoxicity.grade-3.table-4.siddiqi2023",
        "siddiqi2022.group.neurotoxicity.grade-4.table-4.siddiqi2023",
    ),
)
#: names as long as the chart on a telephone has room for beside a fraction
SHORT = {
    "CIBMTR, brexu-cel in mantle cell lymphoma": "CIBMTR (brexu-cel)",
    "TRANSCEND NHL 001 (liso-cel)": "TRANSCEND (liso-cel)",
    "JULIET": "JULIET (tisa-cel)",
    "CARTITUDE-1 (cilta-cel)": "CARTITUDE-1 (cilta)",
}
#: what the reader compares -> Vega's test of a study, and the same in pandas
AMONG = {
    "all studies": ("true", "events >= 0"),
    "anti-CD19 products": ("datum.target == 'CD19'", "target == 'CD19'"),
    "large B-cell lymphoma": (
        "datum.disease == 'large B-cell lymphoma'",
        "disease == 'large B-cell lymphoma'",
    ),
}
FEWEST = 3  # studies for an average


def severe_by_costimulation() -> pd.DataFrame:
    """Return severe neurotoxicity of each study, with the costimulatory domain of its product.

    One row per study: from its paper or registry where the table of outcomes holds a larger or later
    count (`FROM_PAPERS`), otherwise from the review's two tables. Columns are those of `proportions`,
    and ``costimulation``, "CD28" or "4-1BB". CD28 comes first, and the highest rate within a domain.
    """
    reported = evidence(
        source="review",
        section=["table-1", "table-2"],
        endpoint="neurotoxicity",
        grade="3 or higher",
    )
    keys = [key for group in FROM_PAPERS for key in group]
    papers = proportions(evidence(outcome_id=keys)).set_index("outcome_id")
    rows = [papers.loc[list(group)] for group in FROM_PAPERS]
    latest = pd.concat([one.iloc[:1].assign(events=one["events"].sum()) for one in rows])
    latest = latest.reset_index()
    kept = reported[~reported["study_id"].isin(latest["study_id"])]
    found = proportions(pd.concat([kept, latest], ignore_index=True))
    domains = load("products").set_index("product")["costimulation"]
    found["costimulation"] = found["product"].map(domains)
    found["label"] = found["label"].replace(SHORT)
    order = ["costimulation", "percent"]
    return found.sort_values(order, ascending=[False, False], kind="stable", ignore_index=True)


def averages(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the random-effects average of each domain among the studies of each choice, in per cent.

    ``rows`` is `severe_by_costimulation`. Columns: ``among``, ``domain``, ``label``, ``percent``, ``low``
    and ``high`` (95% confidence interval), ``next_low`` and ``next_high`` (95% prediction interval for a
    new study). A domain with fewer than three studies has no row.
    """
    found = []
    for among, (_, test) in AMONG.items():
        for domain, studies in rows.query(test).groupby("costimulation", sort=False):
            if len(studies) < FEWEST:
                continue
            one = pool(studies)
            found.append(
                {
                    "among": among,
                    "domain": domain,
                    "label": f"Average, {domain}",
                    "percent": 100 * one.estimate,
                    "low": 100 * one.low,
                    "high": 100 * one.high,
                    "next_low": 100 * one.prediction_low,
                    "next_high": 100 * one.prediction_high,
                }
            )
    return pd.DataFrame(found)


def costimulation_plot(rows: pd.DataFrame) -> Layers:
    """Draw `severe_by_costimulation`; the reader chooses the studies, and the averages follow.

    The rows that begin with "Average" are `averages`: a thick line is the confidence interval, the thin
    line the prediction interval for a new study.
    """
    numbers = rows[["percent", "low", "high", "events", "denominator"]].to_numpy()
    lines = rows[["label", "percent", "low", "high", "target", "disease"]].assign(
        domain=rows["costimulation"],
        written=[f"{k:.0f}/{n:.0f} · {p:.0f}% ({a:.0f}–{b:.0f})" for p, a, b, k, n in numbers],
    )
    means = averages(rows)
    means["written"] = [
        f"{p:.0f}% ({a:.0f}–{b:.0f})"
        for p, a, b in means[["percent", "low", "high"]].itertuples(index=False)
    ]
    among = menu("among", "all studies", list(AMONG), "Compare among ")
    shown = " || ".join(f"(among == '{name}' && {test})" for name, (test, _) in AMONG.items())
    studies = alt.Chart(lines).transform_filter(shown)
    together = alt.Chart(means).transform_filter("datum.among == among")
    domains = list(DOMAINS)
    scale = alt.Scale(domain=domains, range=[colour(hue) for hue, _ in DOMAINS.values()])
    shapes = alt.Scale(domain=domains, range=[shape for _, shape in DOMAINS.values()])
    legend = alt.Legend(title=None)
    tint = alt.Color("domain:N", scale=scale, legend=legend)
    form = alt.Shape("domain:N", scale=shapes, legend=legend)
    axis = percent_axis([0, 20, 40, 60], grid=True)

    def place(field: str) -> alt.X:
        return alt.X(
            field,
            title="Patients with grade 3 or higher",
            scale=alt.Scale(domain=[0, 60], nice=False, clamp=True),
            axis=axis,
        )

    y = alt.Y("label:N", sort=None, axis=None)
    tooltip = [alt.Tooltip("label:N", title="Row"), alt.Tooltip("written:N", title="Patients")]
    layers = []
    for base, width, size in ((together, 6, 190), (studies, 2.5, 100)):
        span = base.mark_rule(strokeWidth=width, aria=False).encode(
            x=place("low:Q"), x2="high:Q", y=y, color=tint
        )
        point = base.mark_point(size=size, filled=True, opacity=1).encode(
            x=alt.X("percent:Q"), y=y, color=tint, shape=form, tooltip=tooltip
        )
        layers += [span, point, *row_texts(base.encode(y=y), "label")]
    new = together.mark_rule(strokeWidth=1.5, aria=False).encode(
        x=place("next_low:Q"), x2="next_high:Q", y=y, color=tint
    )
    layers.insert(1, new)  # after the first span, which gives the rows their order
    return alt.layer(*layers).add_params(among).properties(height=alt.Step(42))


def clinical_course() -> pd.DataFrame:
    """Return when CRS and neurotoxicity begin and how long they last, in days after infusion.

    One row per study and syndrome with a median onset: ``study``, ``syndrome``, ``onset`` and
    ``duration`` (missing where only the onset is in the table of outcomes). Medians of patients with
    the event; the earliest onset of each syndrome comes first.
    """
    found = []
    for syndrome in SYNDROMES:
        onset = evidence(endpoint=f"time to {syndrome}").set_index("study_id")
        duration = evidence(endpoint=f"duration of {syndrome}").set_index("study_id")
        for study in onset.index:
            first = float(onset["value"][study])
            long = float(duration["value"].get(study, float("nan")))
            found.append((onset["label"][study], syndrome, first, long))
    table = pd.DataFrame(found, columns=["study", "syndrome", "onset", "duration"])
    return table.sort_values(["syndrome", "onset", "study"], kind="stable", ignore_index=True)


def course_plot(rows: pd.DataFrame) -> Layers:
    """Draw `clinical_course`: a row for each study, with the median onset of each syndrome.

    The earliest CRS comes first. Durations are not drawn: the sum of two medians is not the median of
    the end.
    """
    short = dict(zip(SYNDROMES, ("CRS", "NT"), strict=True))
    lines = rows.assign(name=rows["study"].replace(SHORT)).sort_values(
        ["syndrome", "onset", "name"], kind="stable"
    )
    order = list(dict.fromkeys(lines["name"]))
    lines["written"] = lines["syndrome"].map(short) + lines["onset"].map(" day {:g}".format)
    lines["written"] = lines.groupby("name")["written"].transform(", ".join)
    names = list(TINTS)
    y = alt.Y("name:N", sort=order, axis=None)
    base = alt.Chart(lines).encode(y=y)
    x = alt.X(
        "onset:Q",
        title="Day of onset after infusion (median)",
        scale=alt.Scale(domain=[0, 10], nice=False),
        axis=alt.Axis(values=[0, 2, 4, 6, 8, 10], grid=True),
    )
    tint = alt.Color(
        "syndrome:N",
        scale=alt.Scale(domain=names, range=[colour(TINTS[one]) for one in names]),
        legend=alt.Legend(title=None),
    )
    tooltip = [
        alt.Tooltip("name:N", title="Study"),
        alt.Tooltip("written:N", title="Median onset"),
    ]
    line = base.mark_line(color=colour("quiet"), strokeWidth=1.5, aria=False).encode(
        x=x, detail="name:N"
    )
    dot = base.mark_point(size=130, filled=True, opacity=1).encode(
        x=x,
        color=tint,
        shape=alt.Shape(
            "syndrome:N",
            scale=alt.Scale(domain=names, range=["circle", "square"]),
            legend=alt.Legend(title=None),
        ),
        tooltip=tooltip,
    )
    one_each = alt.Chart(lines.drop_duplicates("name")).encode(y=y)
    name, number = row_texts(one_each, "name")
    return alt.layer(line, dot, name, number).properties(height=alt.Step(42))


def risk_plot(rows: pd.DataFrame) -> Layers:
    """Draw risks per 100 patients on a logarithmic axis, in the order of the rows.

    ``rows`` has ``risk`` (a name of at most 38 characters), ``percent`` (above zero), ``low`` and
    ``high`` (the interval in per cent, missing where there is none), ``kind`` (gives the colour) and
    ``written`` (events, patients and percentage: at most 18 characters).
    """
    lines = rows[["risk", "kind", "percent", "low", "high", "written"]]
    kinds = list(dict.fromkeys(lines["kind"]))
    hues = [colour(one) for one in ("ochre", "vermillion", "indigo", "teal")][: len(kinds)]
    shapes = ["circle", "square", "diamond", "triangle-up"][: len(kinds)]
    axis = percent_axis((0.1, 1, 10, 100), orient="top", offset=8, grid=True)
    again = percent_axis((0.1, 1, 10, 100))  # at the bottom: the chart is longer than a telephone
    scale = alt.Scale(type="log", domain=[0.02, 100], nice=False)
    base = alt.Chart(lines).encode(y=alt.Y("risk:N", sort=None, axis=None))
    tint = alt.Color(
        "kind:N", scale=alt.Scale(domain=kinds, range=hues), legend=alt.Legend(title=None)
    )
    # all rows, before the layer that lacks some, so that they stay in their order
    place = base.mark_rule(opacity=0, aria=False).encode(x=alt.value(0), x2=alt.value(1))
    span = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2.5, aria=False)
        .encode(x=alt.X("low:Q", scale=scale, axis=again, title=None), x2="high:Q", color=tint)
    )
    point = base.mark_point(size=110, filled=True, opacity=1).encode(
        x=alt.X(
            "percent:Q", title="Patients (each step ten times as many)", scale=scale, axis=axis
        ),
        color=tint,
        shape=alt.Shape(
            "kind:N", scale=alt.Scale(domain=kinds, range=shapes), legend=alt.Legend(title=None)
        ),
        tooltip=[
            alt.Tooltip("risk:N", title="Risk"),
            alt.Tooltip("written:N", title="Patients"),
        ],
    )
    name, number = row_texts(base, "risk")
    chart = alt.layer(place, span, point, name, number).properties(height=alt.Step(42))
    both_ends: alt.LayerChart = chart.resolve_axis(x="independent")
    return both_ends


def logic_gates() -> pd.DataFrame:
    """Return what three rules for two antigens do to four kinds of cell: killed or spared."""

    def kills(rule: str, a: int, b: int) -> bool:
        return bool({"A OR B": a or b, "A AND B": a and b, "A AND NOT B": a and not b}[rule])

    return pd.DataFrame(
        [
            {
                "rule": rule,
                "cell": cell,
                "a": bool(a),
                "b": bool(b),
                "fate": "killed" if kills(rule, a, b) else "spared",
            }
            for rule in RULES
            for cell, (a, b) in CELLS.items()
        ]
    )


def gates_plot(rows: pd.DataFrame) -> Layers:
    """Draw `logic_gates` as a truth table; the reader ticks the antigens that a cell carries."""
    has_a, has_b = (
        alt.param(
            name=f"has_{one.lower()}",
            value=one == "A",
            bind=alt.binding_checkbox(name=f"antigen {one} present "),
        )
        for one in "AB"
    )
    lit = "datum.a == has_a && datum.b == has_b"
    axis = alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False)
    base = alt.Chart(rows).encode(
        x=alt.X("cell:N", sort=None, title="What the cell carries", axis=axis),
        y=alt.Y("rule:N", sort=None, title=None),
    )
    boxes = base.mark_rect(cornerRadius=6, strokeWidth=3).encode(
        color=alt.condition(
            "datum.fate == 'killed'",
            alt.value(colour("vermillion")),
            alt.value(colour("teal")),
        ),
        opacity=alt.condition(lit, alt.value(1), alt.value(0.15)),
    )
    words = base.mark_text(fontSize=13, fontWeight=600).encode(
        text="fate:N",
        color=alt.condition(lit, alt.value(colour("paper")), alt.value(colour("text"))),
    )
    return alt.layer(boxes, words).add_params(has_a, has_b).properties(height=alt.Step(54))
