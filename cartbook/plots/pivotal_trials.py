"""The landing page's chart: response, lasting response and severe toxicity in pivotal trials."""

from __future__ import annotations

from math import floor
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from cartbook.charts import PERCENT, Layers, menu, percent_axis
from cartbook.tables import Quote, evidence
from cartbook.theme import colour


class Number(NamedTuple):
    """Where one number of the chart is: a row of `evidence`, found by these columns."""

    endpoint: str
    source_id: str
    at_month: float | None = None
    arm: str = "single group"
    grade: str = "not applicable"


class Trial(NamedTuple):
    """A pivotal trial: its disease, its name in the chart, and its three numbers."""

    study_id: str
    disease: str
    name: str
    response: Number
    lasting: Number
    years: int  # after which the lasting response is reported
    harm: Number


AXI = "axicabtagene ciloleucel"
#: what a number is called in the chart where its end point is another than complete response
OTHER_RESPONSE = {"stringent CR": " stringent", "CR or CRi": " CR or CRi"}
CRS = "cytokine release syndrome"
SEVERE = "3 or higher"
KINDS = {
    "complete response": ("blue", "circle"),
    "alive without relapse or progression (year shown)": ("green", "diamond"),
    "severe cytokine release syndrome": ("vermillion", "triangle-up"),
}
RESPONSE, LASTING, HARM = KINDS
NOT_REPORTED = "not reported"
TRIALS = (
    Trial(
        "locke2022",
        "Large B-cell lymphoma",
        "axi-cel, second line (ZUMA-7)",
        Number("complete response", "locke2022", arm=AXI),
        Number("progression-free survival", "westin2023", 48, arm=AXI),
        4,
        Number(CRS, "sharma2023", arm=AXI, grade=SEVERE),
    ),
    Trial(
        "neelapu2017",
        "Large B-cell lymphoma",
        "axi-cel, third line (ZUMA-1)",
        Number("complete response", "neelapu2023"),
        Number("progression-free survival", "neelapu2023", 60),
        5,
        Number(CRS, "fda-label-yescarta-2017", grade=SEVERE),
    ),
    Trial(
        "schuster2021",
        "Large B-cell lymphoma",
        "tisa-cel, third line (JULIET)",
        Number("complete response", "schuster2021"),
        Number("progression-free survival", "maziarz2025", 60),
        5,
        Number(CRS, "fda-label-kymriah-2018", grade=SEVERE),
    ),
    Trial(
        "jacobson2022",
        "Follicular and marginal zone lymphoma",
        "axi-cel (ZUMA-5)",
        Number("complete response", "neelapu2024b"),
        Number("progression-free survival", "neelapu2024b", 60),
        5,
        Number(CRS, "fda-label-yescarta-2022", grade=SEVERE),
    ),
    Trial(
        "maude2018",
        "Acute lymphoblastic leukaemia",
        "tisa-cel, up to 25 years (ELIANA)",
        Number("CR or CRi", "rives2022"),
        Number("event-free survival", "laetsch2023", 36),
        3,
        Number(CRS, "fda-label-kymriah-2018", grade=SEVERE),
    ),
    Trial(
        "roddie2024",
        "Acute lymphoblastic leukaemia",
        "obe-cel, adults (FELIX)",
        Number("CR or CRi", "roddie2024", arm="single group"),
        Number("event-free survival", "roddie2024", 12),
        1,
        Number(CRS, "roddie2024", grade=SEVERE),
    ),
    Trial(
        "berdeja2021",
        "Multiple myeloma",
        "cilta-cel (CARTITUDE-1)",
        Number("stringent CR", "martin2023"),
        Number("progression-free for five years", "jagannath2025"),
        5,
        Number(CRS, "fda-summary-cilta-cel-2024", grade=SEVERE),
    ),
)


def _value(study: str, wanted: Number) -> pd.Series[Any]:
    """Return the row for a number: of all patients, and of those infused if also enrolled ones are counted."""
    rows = evidence(study_id=study, endpoint=wanted.endpoint, source_id=wanted.source_id)
    rows = rows[rows["arm"].eq(wanted.arm) & rows["grade"].eq(wanted.grade)]
    rows = rows[rows["population"].ne("responders") & rows["subgroup"].eq("not applicable")]
    if wanted.at_month is not None:
        rows = rows[rows["at_month"].eq(wanted.at_month)]
    if not rows["population"].eq("enrolled").all():
        rows = rows[rows["population"].ne("enrolled")]
    rows = rows.sort_values("denominator", ascending=False, kind="stable")
    if rows.empty:
        raise ValueError(f"{study}: no row for {wanted}")
    return rows.iloc[0]


def overview() -> pd.DataFrame:
    """Return three numbers of each pivotal trial on the landing page, one row per number.

    Columns: ``disease``, ``trial``, ``kind``, ``value``, ``low`` and ``high`` (per cent; the 95%
    interval that the source prints, else Wilson's for a count or a share of known patients),
    ``endpoint``, ``population`` and ``denominator`` as the source has them, ``years``, and
    ``source`` as a few words.
    """
    found = []
    for trial in TRIALS:
        for kind, wanted in zip(KINDS, (trial.response, trial.lasting, trial.harm), strict=True):
            row = _value(trial.study_id, wanted)
            low, high = _interval(row)
            found.append(
                {
                    "disease": trial.disease,
                    "trial": trial.name,
                    "kind": kind,
                    "value": _percent(row),
                    "low": low,
                    "high": high,
                    "endpoint": row["endpoint"],
                    "population": row["population"],
                    "denominator": str(row["denominator"])
                    if pd.notna(row["denominator"])
                    else NOT_REPORTED,
                    "years": trial.years if kind == LASTING else 0,
                    "source": row["source_citation"],
                    "outcome_id": row["outcome_id"],
                }
            )
    return pd.DataFrame(found)


def percent(value: float) -> str:
    """Return a percentage without decimals, halves rounded up: "83%"."""
    return f"{floor(value + 0.5)}%"


def _percent(row: pd.Series[Any]) -> float:
    """Return the value of a row in per cent, from its fraction where that is exact and known."""
    if pd.notna(row["events"]) and pd.notna(row["denominator"]):
        exact = 100 * float(row["events"]) / float(row["denominator"])
        if row["unit"] != "percent" or abs(exact - float(row["value"])) <= 0.5:
            return exact
    return float(row["value"])


def _interval(row: pd.Series[Any]) -> tuple[float, float]:
    """Return the printed interval of a row, else Wilson's where patients are counted, else missing values."""
    if pd.notna(row["low"]) and pd.notna(row["high"]):
        return float(row["low"]), float(row["high"])
    if row["statistic"] not in {"proportion", "count"} or pd.isna(row["denominator"]):
        return float("nan"), float("nan")
    share = Quote(row).proportion
    return 100 * share.low, 100 * share.high


def overview_plot(rows: pd.DataFrame) -> Layers:
    """Draw `overview`: a line per trial, headed by its disease.

    The reader chooses a disease, and the outcome whose 95% intervals are shown.
    """
    diseases = list(dict.fromkeys(rows["disease"]))
    lines: list[dict[str, Any]] = []
    for disease in diseases:
        lines.append({"row": disease, "name": disease, "disease": disease, "kind": "head"})
        for one in rows[rows["disease"].eq(disease)].to_dict("records"):
            years = int(one["years"])
            after = f" at {years} year{'' if years == 1 else 's'}" if years else ""
            after = OTHER_RESPONSE.get(str(one["endpoint"]), after)
            lines.append(
                {
                    "row": f"{disease}|{one['trial']}",
                    "name": one["trial"],
                    "disease": disease,
                    "kind": one["kind"],
                    "value": one["value"],
                    "low": one["low"],
                    "high": one["high"],
                    "text": f"{percent(one['value'])}{after}",
                }
            )
    data = pd.DataFrame(lines)
    options = ["all diseases", *diseases]
    chosen = menu("disease", options[0], options, "Disease: ")
    base = alt.Chart(data).transform_filter("disease == 'all diseases' || disease == datum.disease")
    y = alt.Y("row:N", sort=None, axis=None)
    axis = percent_axis(grid=True)
    x = alt.X("value:Q", title="Patients", scale=PERCENT, axis=axis)
    marks = base.transform_filter("datum.kind != 'head'")
    place = base.mark_rule(opacity=0, aria=False).encode(y=y, x=alt.value(0), x2=alt.value(1))
    # an arrow, since every other horizontal line of the book is an interval
    ends = marks.transform_filter(f"datum.kind != '{HARM}'").transform_aggregate(
        low="min(value)", high="max(value)", groupby=["row"]
    )
    track = alt.X("low:Q", scale=PERCENT)
    shaft: dict[str, Any] = {"strokeWidth": 1.5, "strokeDash": [2, 3], "aria": False}
    fall = ends.mark_rule(color=colour("line"), **shaft).encode(y=y, x=track, x2="high:Q")
    tip = (
        ends.transform_calculate(tip="datum.low + 1.9")
        .mark_point(shape="triangle-left", size=60, filled=True, color=colour("line"), aria=False)
        .encode(y=y, x=alt.X("tip:Q", scale=PERCENT))
    )
    outcome = menu("interval_of", LASTING, [*KINDS, "none of them"], "95% intervals: ")
    spans = [
        marks.transform_filter(f"interval_of == '{kind}' && datum.kind == interval_of")
        .transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=4, opacity=0.45, color=colour(hue), aria=False)
        .encode(x=track, x2="high:Q", y=y)
        for kind, (hue, _) in KINDS.items()
    ]
    names, tints = list(KINDS), [colour(hue) for hue, _ in KINDS.values()]
    legend = alt.Legend(title=None, columns=1, labelLimit=330)
    point = marks.mark_point(size=130, filled=True).encode(
        x=x,
        y=y,
        color=alt.Color("kind:N", scale=alt.Scale(domain=names, range=tints), legend=legend),
        shape=alt.Shape(
            "kind:N",
            scale=alt.Scale(domain=names, range=[shape for _, shape in KINDS.values()]),
            legend=legend,
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Trial"),
            alt.Tooltip("kind:N", title="Outcome"),
            alt.Tooltip("text:N", title="Patients"),
        ],
    )
    words: dict[str, Any] = {"aria": False}
    above = marks.transform_filter(f"datum.kind != '{LASTING}'").mark_text(dy=-12, **words)
    below = marks.transform_filter(f"datum.kind == '{LASTING}'").mark_text(dy=15, **words)
    name = marks.transform_filter(f"datum.kind == '{RESPONSE}'").mark_text(
        align="left", dy=-26, fontWeight=600, **words
    )
    head = base.transform_filter("datum.kind == 'head'").mark_text(
        align="left", dy=14, fontWeight=700, fontSize=14, **words
    )
    layers = [
        place,
        fall,
        tip,
        *spans,
        point,
        above.encode(x=x, y=y, text="text:N"),
        below.encode(x=x, y=y, text="text:N"),
        name.encode(x=alt.value(0), y=y, text="name:N"),
        head.encode(x=alt.value(0), y=y, text="name:N"),
    ]
    return alt.layer(*layers).add_params(chosen, outcome).properties(height=alt.Step(62))
