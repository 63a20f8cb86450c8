"""Targets: which cells escape them, how often they are lost, and what the registry's trials aim at."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from cartbook.charts import Layers, menu, percent_axis, slider
from cartbook.tables import evidence
from cartbook.theme import colour

#: how cells without the first antigen lack the second one: label -> share of them
LINKS: dict[str, float] = {
    "independently of the first": 0.0,
    "in 1 of 1,000 cells that lost the first": 1e-3,
    "in 1 of 10 cells that lost the first": 1e-1,
    "always with the first (lineage switch)": 1.0,
}
MARKED = -6.0  # the share of cells that carries numbers in the picture, as a power of ten


def escaping(burden: float, lacking: float, *, targets: int = 1, linked: float = 0.0) -> float:
    """Return how many cancer cells are expected to lack every target.

    ``burden`` is the number of cancer cells, ``lacking`` the share that lacks an antigen, the same
    for each. With two ``targets`` the share that lacks the second, among cells without the first,
    is ``lacking`` or ``linked``, whichever is larger. Raise ValueError for a share outside 0 to 1,
    a negative burden, or another number of targets than one or two.

    >>> escaping(1e12, 1e-6), round(escaping(1e12, 1e-6, targets=2), 3)
    (1000000.0, 1.0)
    """
    if burden < 0 or not 0 <= lacking <= 1 or not 0 <= linked <= 1:
        raise ValueError("burden is not negative, and lacking and linked lie between 0 and 1")
    if targets not in (1, 2):
        raise ValueError(f"the model has one or two targets, not {targets}")
    return burden * lacking * (1 if targets == 1 else max(lacking, linked))


def escape_explorer() -> Layers:
    """Draw the cells that escape one and two targets, with a burden and a link that the reader sets."""
    burden = slider("burden", 12, 6, 12, 1, "Cancer cells, power of ten ")
    link = menu("link", next(iter(LINKS)), list(LINKS), "The second antigen is missing ")
    names = ["one target", "two targets"]
    points = pd.DataFrame(
        [{"lost": lost, "targets": name} for name in names for lost in np.arange(-9, -0.99, 0.25)]
    )
    logs = {name: (f"{np.log10(share):g}" if share else "-99") for name, share in LINKS.items()}
    linked = "".join(f"link == '{name}' ? {share} : " for name, share in logs.items()) + "0"
    base = alt.Chart(points).transform_calculate(
        left=f"burden + datum.lost + (datum.targets == 'two targets' ? max(datum.lost, {linked}) : 0)"
    )
    x = alt.X(
        "lost:Q",
        title="Share of the cells that lacks an antigen",
        scale=alt.Scale(domain=[-9, -1], nice=False),
        axis=alt.Axis(
            values=[-9, -6, -3, -1],
            labelExpr="{'-9': '1 in 10⁹', '-6': '1 in 10⁶', '-3': '1 in 10³', "
            "'-1': '1 in 10'}[datum.value]",
            labelFlush=True,
        ),
    )
    y = alt.Y(
        "left:Q",
        title="Cells that escape",
        scale=alt.Scale(domain=[-6, 11.5], nice=False),
        axis=alt.Axis(
            values=[-3, 0, 3, 6, 9],
            labelExpr="{'-3': '0.001', '0': '1', '3': '1,000', '6': '1 million', "
            "'9': '1 billion'}[datum.value]",
        ),
    )
    hues = [colour("vermillion"), colour("blue")]
    tint = alt.Color("targets:N", scale=alt.Scale(domain=names, range=hues), legend=None)
    dash = alt.StrokeDash(
        "targets:N", scale=alt.Scale(domain=names, range=[[1, 0], [6, 3]]), legend=None
    )
    line = base.mark_line(strokeWidth=3, clip=True).encode(x=x, y=y, color=tint, strokeDash=dash)
    single = (
        alt.Chart(pd.DataFrame({"at": [0]}))
        .mark_rule(color=colour("quiet"), strokeDash=[2, 3], aria=False)
        .encode(y=alt.Y("at:Q", scale=alt.Scale(domain=[-6, 11.5], nice=False)))
    )
    marked = base.transform_filter(f"datum.lost == {MARKED:g}")
    dot = marked.mark_point(size=90, filled=True, aria=False).encode(x=x, y=y, color=tint)
    # at fixed places, because the two points meet where both antigens are lost together
    numbers = [
        marked.transform_filter(f"datum.targets == '{name}'")
        .transform_calculate(
            written="datum.targets + ': ' + "
            "(datum.left >= 0 ? format(pow(10, datum.left), ',.0f') : 'fewer than 1')"
        )
        .mark_text(align="left", fontWeight=600, fontSize=13, limit=0, aria=False)
        .encode(x=alt.value(8), y=alt.value(14 + 18 * row), text="written:N", color=tint)
        for row, name in enumerate(names)
    ]
    return alt.layer(single, line, dot, *numbers).add_params(burden, link).properties(height=300)


ANY, CR, CRI = "any response", "complete response (CR)", "CR or CRi"
#: outcome -> target with the disease (or, where two trials of a target are drawn, the product or
#: trial) and what was counted; all are single-arm trials
RESULTS: Mapping[str, tuple[str, str]] = {
    "lt-zuma1-5y.objective-response": ("CD19, LBCL", ANY),
    "lt-eliana-3y.remission": ("CD19, B-ALL", CRI),
    "fry2018.group.complete-response.ten-years": ("CD22, B-ALL", CR),
    "firce-1.complete-response": ("CD22, LBCL after CD19", CR),
    "munshi2021.objective-response": ("BCMA, myeloma", ANY),
    "mailankody2022.group.objective-response.mskcc-2022": ("GPRC5D, MCARH109", ANY),
    "mm-polaris.objective-response": ("GPRC5D, OriCAR-017", ANY),
    "ramos2020.objective-response": ("CD30, Hodgkin lymphoma", ANY),
    "tc-cd7-ph2.response": ("CD7, T-ALL or T-LBL", ANY),
    "hill2024.group.objective-response.hill2024": ("CD5, T-cell lymphoma", ANY),
    "jin2022.group.cr-or-cri.jin2022": ("CLL-1, AML", CRI),
    "nct03766126.group.objective-response.cart123-2024": ("CD123, AML", ANY),
    "sallman2023.objective-response": ("NKG2D ligands, THINK", ANY),
    "deplethink-pollyea2025.objective-response": ("NKG2D ligands, DEPLETHINK", ANY),
}


def results_by_target() -> pd.DataFrame:
    """Return reported responses by target, one for each trial, with columns ``name`` and ``what``.

    ``what`` is the end point: any response, complete response, or complete response with or without
    recovered blood counts.

    >>> results_by_target()["target"].nunique() > 8
    True
    """
    rows = evidence(outcome_id=list(RESULTS))
    rows["name"] = [RESULTS[key][0] for key in rows["outcome_id"]]
    rows["what"] = [RESULTS[key][1] for key in rows["outcome_id"]]
    return rows


#: outcome -> what was targeted in which disease and what counts as lost, and the number of targets
LOSSES: Mapping[str, tuple[str, str]] = {
    "rel-ball-420.cd19-absent": ("CD19, B-ALL (absent)", "one target"),
    "spiegel2021.after-cd19-cells.cd19-absent-or-low.progression-after-cd19-cells.spiegel2021": (
        "CD19, LBCL (absent or low)",
        "one target",
    ),
    "neelapu2017.group.lower-cd19-at-relapse.paired-biopsies.plaks2021": (
        "CD19, LBCL (lower than before)",
        "one target",
    ),
    "tc-cd7-2y.cd7-lost": ("CD7, T-ALL (absent)", "one target"),
    "spiegel2021.cd19-cd22-cells.cd19-absent-or-low.b-cell-acute-lymphoblastic-leukaemia.spiegel2021": (
        "CD19/CD22, B-ALL (absent or low)",
        "two targets",
    ),
    "spiegel2021.cd19-cd22-cells.cd19-absent-or-low.large-b-cell-lymphoma.spiegel2021": (
        "CD19/CD22, LBCL (absent or low)",
        "two targets",
    ),
    "wang2023.group.antigen-negative-relapse.with-or-without-cd22.wang2023": (
        "CD19 + CD22, ALL (no CD19)",
        "two targets",
    ),
    "wang2023.group.relapse-without-cd19-and-cd22.wang2023": (
        "… of these, both lost",
        "two targets",
    ),
}
#: the study's label names its product; these relapses followed another one
AXI_CEL = "spiegel2021.after-cd19-cells.cd19-absent-or-low.progression-after-cd19-cells.spiegel2021"


def measured_losses() -> pd.DataFrame:
    """Return relapses whose cells lacked the target or had less of it, by target and definition.

    The denominators are relapses, or progressions, and not patients; a lineage switch counts as a
    relapse without CD19. ``name`` says what was targeted and what was counted, ``targets`` whether
    the CAR-T cells had one target or two.

    >>> measured_losses()["name"].tolist()[0]
    'CD19, B-ALL (absent)'
    """
    rows = evidence(outcome_id=list(LOSSES))
    rows["name"] = [LOSSES[key][0] for key in rows["outcome_id"]]
    rows["targets"] = [LOSSES[key][1] for key in rows["outcome_id"]]
    rows.loc[rows["outcome_id"] == AXI_CEL, "label"] = "axi-cel"
    return rows.sort_values(
        "outcome_id", key=lambda keys: keys.map(list(LOSSES).index)
    ).reset_index(drop=True)


PERIODS = {
    "before": "before 2018",
    "in": "January 2018 to March 2022",
    "after": "April 2022 to August 2026",
}
COUNTRIES = ["China", "United States"]


def aims_by_country(recount: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of China and the United States by target and period, from the recount.

    Only trials are counted (no follow-up studies, no withdrawn records), and no trial with sites in
    both countries. Targets are in the order of their trials in the review's window.
    """
    rows = recount[
        (recount["dimension"] == "target")
        & (recount["record_kind"] == "trial")
        & recount["country_group"].isin(COUNTRIES)
    ]
    counts = rows.pivot_table(
        index=["value", "window", "country_group"],
        values="trials",
        aggfunc="sum",
        observed=True,
    )
    every = pd.MultiIndex.from_product(
        [rows["value"].unique(), list(PERIODS), COUNTRIES],
        names=["target", "window", "country"],
    )
    table = counts["trials"].reindex(every, fill_value=0).astype(int).reset_index(name="trials")
    order = table[table["window"] == "in"].groupby("target")["trials"].sum()
    last = [name for name in ("other", "not stated") if name in order]
    names = [one for one in order.sort_values(ascending=False).index if one not in last] + last
    table["target"] = pd.Categorical(table["target"], names, ordered=True)
    table["period"] = table["window"].map(PERIODS)
    return table.sort_values(["window", "target", "country"], kind="stable").reset_index(drop=True)


def aims_plot(table: pd.DataFrame) -> Layers:
    """Draw the shares of the trials of `aims_by_country` as bars by target, with a menu of periods."""
    names = list(table["target"].cat.categories)
    rows = table[["target", "period", "country", "trials"]].astype({"target": str})
    period = menu("period", PERIODS["in"], list(PERIODS.values()), "Registered ")
    sums = rows.groupby(["period", "country"])["trials"].transform("sum")
    rows["percent"] = 100 * rows["trials"] / sums
    rows["written"] = [
        f"{trials} · {percent:.0f}%"
        for trials, percent in zip(rows["trials"], rows["percent"], strict=True)
    ]
    base = alt.Chart(rows).transform_filter("datum.period == period")
    y = alt.Y("target:N", sort=names, axis=None)
    offset = alt.YOffset("country:N", scale=alt.Scale(domain=COUNTRIES, paddingOuter=0.35))
    middle = alt.YOffset(
        "country:N", bandPosition=0.5, scale=alt.Scale(domain=COUNTRIES, paddingOuter=0.35)
    )
    most = float(rows["percent"].max())
    x = alt.X(
        "percent:Q",
        title="Share of the country’s trials of the period",
        scale=alt.Scale(domain=[0, 1.25 * most], nice=False),  # room for the numbers
        axis=percent_axis(None, tickCount=5),
    )
    tint = alt.Color(
        "country:N",
        scale=alt.Scale(domain=COUNTRIES, range=[colour(one) for one in COUNTRIES]),
        legend=alt.Legend(title=None, symbolType="square"),
    )
    bar = base.mark_bar().encode(x=x, y=y, yOffset=offset, color=tint)
    number = base.mark_text(align="left", dx=5, color=colour("quiet"), aria=False).encode(
        x=x, y=y, yOffset=middle, text="written:N"
    )
    name = (
        base.transform_filter(f"datum.country == '{COUNTRIES[0]}'")
        .mark_text(align="left", baseline="bottom", dy=-10, fontWeight=600, aria=False)
        .encode(x=alt.value(0), y=y, yOffset=middle, text="target:N")
    )
    height = alt.Step(60, **{"for": "position"})
    return alt.layer(bar, number, name).add_params(period).properties(height=height)
