"""Charts of products: what was licensed where, how long patients wait, and who is not infused."""

from __future__ import annotations

from typing import Literal

import altair as alt
import pandas as pd

from cartbook.charts import SHAPES, Layers, menu, row_texts, slider
from cartbook.licensing import AGENCIES
from cartbook.tables import evidence, load
from cartbook.theme import colour

PLACES = {"FDA": "US", "EMA": "EU", "NMPA": "China"}
COLUMNS = {agency: f"{agency} ({place})" for agency, place in PLACES.items()}
TINTS = {"FDA": "blue", "EMA": "green", "NMPA": "vermillion"}
#: what becomes of a patient from whom cells were collected for a product
FATES = {"infused": "blue", "no product made": "vermillion", "other reasons": "grey"}


def licence_grid(rows: pd.DataFrame) -> Layers:
    """Draw which products each agency has licensed for which disease by the end of a year.

    ``rows`` is from `cartbook.licensing.licences`. The reader moves the year; a cell names the
    earliest line that the licence covers by then. The number above each column counts licensed
    pairs of product and disease.
    """
    rows = rows[rows["agency"].isin(AGENCIES)]
    diseases = sorted(dict.fromkeys(rows["disease"]), key=list(rows["disease"]).index)
    places = []
    for disease in diseases:
        names = dict.fromkeys(rows.loc[rows["disease"].eq(disease), "short_name"])
        places += [f"|{disease}", *(f"{name}|{disease}" for name in names)]
    later = rows.groupby(["product_id", "disease", "agency"])["year"].shift(-1)
    cells = pd.DataFrame(
        {
            "row": rows["short_name"] + "|" + rows["disease"],
            "place": rows["agency"].map(COLUMNS),
            "agency": rows["agency"],
            "line": rows["from_line"],
            "year": rows["year"],
            "until": later.fillna(9999).astype(int),
            "first": rows["step"].eq(1).astype(int),
        }
    )
    first, last = int(rows["year"].min()), int(rows["year"].max())
    year = slider("year", last, first, last, 1, "Licensed by the end of ")
    columns = [COLUMNS[agency] for agency in AGENCIES]
    x = alt.X(
        "place:N",
        title=None,
        sort=columns,
        scale=alt.Scale(domain=columns, paddingInner=0.08, paddingOuter=0),
        axis=alt.Axis(
            orient="top",
            labelAngle=0,
            labelFontSize=13,
            ticks=False,
            domain=False,
            offset=20,
        ),
    )
    y = alt.Y(
        "row:N",
        title=None,
        sort=places,
        scale=alt.Scale(domain=places, paddingInner=0.12),
        axis=alt.Axis(labelExpr="split(datum.label, '|')[0]", labelFontSize=13, labelPadding=6),
    )
    shown = alt.Chart(cells).transform_filter("datum.year <= year && year < datum.until")
    tint = alt.Color(
        "agency:N",
        legend=None,
        scale=alt.Scale(domain=list(AGENCIES), range=[colour(TINTS[one]) for one in AGENCIES]),
    )
    box = shown.mark_rect(cornerRadius=5).encode(x=x, y=y, color=tint)
    line = shown.mark_text(fontWeight=600, color=colour("paper")).encode(x=x, y=y, text="line:N")
    heads = pd.DataFrame(
        {
            "row": [f"|{one}" for one in diseases],
            "name": [one[0].upper() + one[1:] for one in diseases],
        }
    )
    head = (
        alt.Chart(heads)
        .mark_text(align="left", fontWeight=700, fontSize=13, dy=3)
        .encode(x=alt.value(0), y=y, text="name:N")
    )
    number = (
        alt.Chart(cells)
        .transform_calculate(counts="datum.first && datum.year <= year ? 1 : 0")
        .transform_aggregate(n="sum(counts)", groupby=["place"])
        .mark_text(fontSize=13, baseline="bottom", color=colour("quiet"))
        .transform_calculate(text="datum.n + (datum.n == 1 ? ' licence' : ' licences')")
        .encode(x=x, y=alt.value(-6), text="text:N")
    )
    chart = alt.layer(box, line, head, number).add_params(year)
    return chart.properties(height=alt.Step(25))


def delay_plot(pairs: pd.DataFrame, title: str) -> Layers:
    """Draw `cartbook.licensing.delays`, one line per licence, with the median as a dashed rule.

    Pairs of which the second agency has licensed none are hollow triangles, come last and are no part
    of the median; of a delay known to the year the line spans the possible months. Where the two licences
    begin at different lines of treatment, the name says both.
    """
    known = pairs["known"] if "known" in pairs else pd.Series("to the month", pairs.index)
    latest = pairs["latest"] if "latest" in pairs else pairs["months"]
    lines = pairs[["licence", "months"]].assign(known=known, latest=latest)
    unlike = (
        pairs["from_line_first"].ne(pairs["from_line_second"]) & pairs["from_line_second"].notna()
    )
    both = (
        ", "
        + pairs["from_line_first"].str.removesuffix(" line")
        + " v "
        + pairs["from_line_second"].str.removesuffix(" line")
    )
    lines["licence"] += both.where(unlike, "")
    lines = lines.sort_values("known", key=lambda how: how.eq("no licence"), kind="stable")
    signed = [f"{one:+d}".replace("-", "−") if one else "0" for one in lines["months"]]
    spans = zip(signed, lines["latest"], lines["known"], strict=True)
    lines["written"] = [
        {"to the year": f"{one} to +{last}", "no licence": f"none after {one[1:]}"}.get(how, one)
        for one, last, how in spans
    ]
    axis = alt.Axis(orient="top", tickCount=6, grid=True, offset=8)
    x = alt.X("months:Q", title=title, axis=axis, scale=alt.Scale(nice=True))
    base = alt.Chart(lines).encode(y=alt.Y("licence:N", sort=None, axis=None))
    stem = base.mark_rule(strokeWidth=2.5, color=colour("line"), aria=False).encode(
        x=x, x2=alt.datum(0)
    )
    span = base.mark_rule(strokeWidth=5, color=colour("green"), aria=False).encode(
        x=x, x2="latest:Q"
    )
    there = alt.FieldEqualPredicate(field="known", equal="no licence")
    point = base.mark_point(size=110, strokeWidth=2).encode(
        x=x,
        stroke=alt.value(colour("green")),
        shape=alt.condition(there, alt.value("triangle-right"), alt.value("circle")),
        fill=alt.condition(there, alt.value(colour("paper")), alt.value(colour("green"))),
        tooltip=[
            alt.Tooltip("licence:N", title="Licence"),
            alt.Tooltip("written:N", title=title),
        ],
    )
    counted = lines.loc[lines["known"].ne("no licence"), "months"]
    middle = (
        alt.Chart(pd.DataFrame({"months": [counted.median()]}))
        .mark_rule(color=colour("text"), strokeDash=[5, 4], aria=False)
        .encode(x=x)
    )
    name, number = row_texts(base, "licence", dy=-8)
    paper = colour("paper")  # an outline that keeps the rules out of the letters
    behind = base.mark_text(
        align="left",
        baseline="bottom",
        dy=-8,
        fontWeight=600,
        color=paper,
        stroke=paper,
        strokeWidth=5,
        strokeJoin="round",
        aria=False,
    ).encode(x=alt.value(0), text="licence:N")
    layers = [middle, stem, span, behind, point, name, number]
    return alt.layer(*layers).properties(height=alt.Step(38))


def waiting_times() -> pd.DataFrame:
    """Return median days from leukapheresis to infusion by product and place, the shortest first.

    Lymphoma: medians over published studies, for all studies and for those of one region.
    Myeloma: the randomised trials. A time whose label does not fit is left out. Columns are ``line`` (product and place), ``product``, ``where``, ``days`` and, where a range
    is printed, ``shortest`` and ``longest``.
    """
    rows = evidence(
        endpoint="vein-to-vein time", source_id=["hemasphere-2023-v2v", "jtct-2024-review"]
    )
    where = {"not applicable": "all studies", "United States": "United States", "Europe": "Europe"}
    rows = rows[rows["subgroup"].isin(list(where)) & ~rows["flag"].str.contains("label does not")]
    names = load("products").set_index("product")["short_name"]
    product = [
        names.get(arm, names.get(name))
        for arm, name in zip(rows["arm"], rows["product"], strict=True)
    ]
    trial = rows["trial_name"].mask(rows["trial_name"].eq("not reported"), "")
    place = trial.mask(trial.eq(""), rows["subgroup"].map(where))
    times = pd.DataFrame(
        {
            "line": [f"{one}, {at}" for one, at in zip(product, place, strict=True)],
            "product": product,
            "where": rows["subgroup"].map(where).mask(trial.ne(""), "randomised trial").to_numpy(),
            "days": rows["value"].astype(float).to_numpy(),
            "outcome_id": rows["outcome_id"].to_numpy(),
        }
    )
    ends = rows["printed"].str.extract(r"\((\d+)-(\d+)\)").to_numpy()
    times[["shortest", "longest"]] = pd.DataFrame(ends).astype(float)
    return times.sort_values("days", kind="stable", ignore_index=True)


#: where the number of a median is written: alignment, horizontal and vertical shift
WRITTEN: dict[str, tuple[Literal["left", "right", "center"], int, int]] = {
    "United States": ("right", 4, -11),
    "all studies": ("center", 0, 17),
    "Europe": ("left", -4, -11),
    "randomised trial": ("left", -4, -11),
}


def waits_plot(times: pd.DataFrame) -> Layers:
    """Draw `waiting_times`, a line per product: a mark for each median, and a rule for a printed range."""
    lines = times.assign(
        written=[
            f"{days:g}" if pd.isna(low) else f"{days:g} (range {low:.0f}–{high:.0f})"
            for days, low, high in times[["days", "shortest", "longest"]].to_numpy()
        ]
    )
    order = list(dict.fromkeys(lines["product"]))
    base = alt.Chart(lines).encode(y=alt.Y("product:N", sort=order, axis=None))
    scale = alt.Scale(domain=[0, 130], nice=False)
    axis = alt.Axis(values=[0, 30, 60, 90, 120], grid=True)
    x = alt.X("days:Q", title="Days from leukapheresis to infusion", scale=scale, axis=axis)
    span = (
        base.transform_filter("isValid(datum.longest)")
        .mark_rule(strokeWidth=2.5, color=colour("line"), aria=False)
        .encode(x=alt.X("shortest:Q", scale=scale), x2="longest:Q")
    )
    groups = [one for one in WRITTEN if one in set(lines["where"])]
    tints = [colour(one) for one in ("blue", "vermillion", "green", "purple")]
    point = base.mark_point(size=110, filled=True).encode(
        x=x,
        color=alt.Color(
            "where:N",
            legend=alt.Legend(title=None),
            scale=alt.Scale(domain=groups, range=tints[: len(groups)]),
        ),
        shape=alt.Shape(
            "where:N",
            legend=alt.Legend(title=None),
            scale=alt.Scale(domain=groups, range=SHAPES[: len(groups)]),
        ),
        tooltip=[
            alt.Tooltip("product:N", title="Product"),
            alt.Tooltip("where:N", title="Studies"),
            alt.Tooltip("written:N", title="Days"),
        ],
    )
    numbers = [
        base.transform_filter(f"datum.where == '{group}'")
        .mark_text(align=align, dx=dx, dy=dy, aria=False)
        .encode(x=alt.X("days:Q", scale=scale), text="written:N")
        for group, (align, dx, dy) in WRITTEN.items()
        if group in groups
    ]
    name = (
        base.transform_aggregate(groupby=["product"])
        .mark_text(align="left", fontWeight=600, aria=False)
        .encode(x=alt.value(0), text="product:N")
    )
    return alt.layer(span, point, name, *numbers).properties(height=alt.Step(58))


def fates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what became of the patients of each trial: infused, no product made, other reasons.

    ``rows`` are rows of `evidence` with the end points infused, not infused, manufactured and
    manufacturing failure. Of each trial the largest denominator counts for which both the
    patients infused and those without a product are known. The trial with the smallest share
    infused comes first.

    Raise ValueError if a trial lacks one of the two numbers, or if its sources disagree.
    """
    counted = rows[rows["events"].notna() & rows["denominator"].notna()]
    found = []
    for trial, group in counted.groupby("trial_name", sort=False):
        infused, failed = (
            _counts(group, "infused", "not infused"),
            _counts(group, "manufacturing failure", "manufactured"),
        )
        lost = {n - events: n for n, one in infused.items() for events in one}
        failed |= {lost[n]: one for n, one in failed.items() if n in lost and lost[n] not in failed}
        both = sorted(set(infused) & set(failed))
        if not both:
            raise ValueError(f"{trial}: no denominator with patients infused and without a product")
        n = both[-1]
        if len(infused[n]) > 1 or len(failed[n]) > 1:
            raise ValueError(f"{trial}: the sources disagree on what became of {n} patients")
        (given,), (none,) = infused[n], failed[n]
        found.append((trial, n, given, none, n - given - none))
    table = pd.DataFrame(found, columns=["trial", "enrolled", *FATES])
    order = (table["infused"] / table["enrolled"]).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _counts(rows: pd.DataFrame, endpoint: str, opposite: str) -> dict[int, set[int]]:
    """Return, for each denominator, the numbers of patients that rows give for an end point or for its opposite."""
    found: dict[int, set[int]] = {}
    for name, events, n in rows[["endpoint", "events", "denominator"]].itertuples(index=False):
        if name in (endpoint, opposite):
            count = int(events) if name == endpoint else int(n) - int(events)
            found.setdefault(int(n), set()).add(count)
    return found


def fate_bars(rows: pd.DataFrame) -> Layers:
    """Draw `fates` as bars of 100%, of all enrolled or, by the reader's choice, of those not infused."""
    parts = rows.melt(["trial", "enrolled"], list(FATES), "fate", "patients")
    parts = parts[parts["patients"].gt(0)]
    parts["place"] = parts["fate"].map({fate: place for place, fate in enumerate(FATES)})
    options = ["all enrolled", "those not infused"]
    shown = menu("shown", options[0], options, "Patients: ", radio=True)
    y = alt.Y("trial:N", sort=list(rows["trial"]), axis=None)
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%", grid=True)
    kept = alt.Chart(parts).transform_filter("shown == 'all enrolled' || datum.fate != 'infused'")
    scale = alt.Scale(domain=list(FATES), range=[colour(hue) for hue in FATES.values()])
    named = f"shown == 'all enrolled' ? {list(FATES)} : {list(FATES)[1:]}"
    bar = kept.mark_bar(height=14).encode(
        x=alt.X("patients:Q", stack="normalize", title="Share of patients", axis=axis),
        y=y,
        color=alt.Color(
            "fate:N",
            scale=scale,
            legend=alt.Legend(title=None, symbolType="square", values=alt.ExprRef(named)),
        ),
        order="place:Q",
        tooltip=[
            alt.Tooltip("trial:N", title="Trial"),
            alt.Tooltip("fate:N", title="Patients"),
            alt.Tooltip("patients:Q", title="Number"),
        ],
    )
    counts = rows[["enrolled", "infused", "no product made"]].to_numpy()
    lines = rows.assign(
        written=[
            f"{infused} of {n} infused, {failed} without a product" for n, infused, failed in counts
        ],
        lost=[f"{failed} of {n - infused} without a product" for n, infused, failed in counts],
    )
    base = alt.Chart(lines[["trial", "written", "lost"]]).encode(y=y)
    words = "shown == 'all enrolled' ? datum.written : datum.lost"
    name, number = row_texts(base.transform_calculate(written=words), "trial")
    return alt.layer(bar, name, number).add_params(shown).properties(height=alt.Step(44))
