"""Tables and charts of toxicity: course, costimulation, late risks, and logic gates."""

from __future__ import annotations

import altair as alt
import pandas as pd

from cartbook.charts import Layers, row_texts
from cartbook.stats import proportions
from cartbook.tables import evidence, load
from cartbook.theme import colour

SYNDROMES = ("cytokine release syndrome", "neurotoxicity")
TINTS = {"cytokine release syndrome": "vermillion", "neurotoxicity": "indigo"}
#: what a CAR-T cell with a rule for two antigens does to cells that carry both, one or neither
CELLS = {"A and B": (1, 1), "A only": (1, 0), "B only": (0, 1), "neither": (0, 0)}
RULES = ("A OR B", "A AND B", "A AND NOT B")


def severe_by_costimulation() -> pd.DataFrame:
    """Return severe CRS and neurotoxicity in the review's two tables, with each product's costimulation.

    Columns are those of `proportions` and ``costimulation``, "CD28" or "4-1BB"; one row per study
    and syndrome.
    """
    rows = evidence(
        source="review",
        section=["table-1", "table-2"],
        endpoint=list(SYNDROMES),
        grade="3 or higher",
    )
    domains = load("products").set_index("product")["costimulation"]
    found = proportions(rows)
    found["costimulation"] = found["product"].map(domains)
    order = ["endpoint", "costimulation", "percent"]
    return found.sort_values(order, ascending=[False, False, False], kind="stable")


def clinical_course() -> pd.DataFrame:
    """Return when CRS and neurotoxicity begin and how long they last, in days after infusion.

    One row per study and syndrome with both medians: ``study``, ``syndrome``, ``onset``,
    ``duration`` and ``end``, their sum. Medians of patients with the event.
    """
    found = []
    for syndrome in SYNDROMES:
        onset = evidence(endpoint=f"time to {syndrome}").set_index("study_id")
        duration = evidence(endpoint=f"duration of {syndrome}").set_index("study_id")
        for study in onset.index.intersection(duration.index):
            first, long = float(onset["value"][study]), float(duration["value"][study])
            found.append((onset["label"][study], syndrome, first, long, first + long))
    table = pd.DataFrame(found, columns=["study", "syndrome", "onset", "duration", "end"])
    return table.sort_values(["onset", "study", "syndrome"], kind="stable", ignore_index=True)


def course_plot(rows: pd.DataFrame) -> Layers:
    """Draw `clinical_course`: a bar per study and syndrome, from median onset over the median duration."""
    lines = rows.assign(
        name=rows["study"] + ", " + rows["syndrome"].replace({SYNDROMES[0]: "CRS"}),
        written=[
            f"day {a:g}, for {b:g} days"
            for a, b in zip(rows["onset"], rows["duration"], strict=True)
        ],
    )
    names = list(TINTS)
    base = alt.Chart(lines).encode(y=alt.Y("name:N", sort=None, axis=None))
    bar = base.mark_bar(height=12, cornerRadius=5).encode(
        x=alt.X("onset:Q", title="Days after infusion", axis=alt.Axis(tickCount=8, grid=True)),
        x2="end:Q",
        color=alt.Color(
            "syndrome:N",
            scale=alt.Scale(domain=names, range=[colour(TINTS[one]) for one in names]),
            legend=alt.Legend(title=None, symbolType="square"),
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Study"),
            alt.Tooltip("written:N", title="Median onset and duration"),
        ],
    )
    name, number = row_texts(base, "name")
    return alt.layer(bar, name, number).properties(height=alt.Step(42))


def risk_plot(rows: pd.DataFrame) -> Layers:
    """Draw risks per 100 patients on a logarithmic axis, the largest first.

    ``rows`` has ``risk`` (a name), ``percent`` (above zero), ``kind`` (gives the colour) and
    ``of`` (a few words on the population).
    """
    lines = rows.assign(
        written=[f"{one:g}%, {of}" for one, of in zip(rows["percent"], rows["of"], strict=True)]
    )
    kinds = list(dict.fromkeys(lines["kind"]))
    hues = [colour(one) for one in ("vermillion", "ochre", "indigo", "grey")][: len(kinds)]
    axis = alt.Axis(
        orient="top", offset=8, values=[0.1, 1, 10, 100], labelExpr="datum.value + '%'", grid=True
    )
    x = alt.X(
        "percent:Q",
        title="Patients (each step ten times as many)",
        scale=alt.Scale(type="log", domain=[0.05, 100], nice=False),
        axis=axis,
    )
    base = alt.Chart(lines).encode(y=alt.Y("risk:N", sort=None, axis=None))
    point = base.mark_point(size=120, filled=True).encode(
        x=x,
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=kinds, range=hues), legend=alt.Legend(title=None)
        ),
        tooltip=[
            alt.Tooltip("risk:N", title="Risk"),
            alt.Tooltip("written:N", title="Patients"),
        ],
    )
    name, number = row_texts(base, "risk")
    return alt.layer(point, name, number).properties(height=alt.Step(42))


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
