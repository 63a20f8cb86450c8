"""Edited and donor-derived cells: how many carry every edit, and what trials of them report."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb

import altair as alt
import pandas as pd

from cartbook.charts import Layers, percent_axis, slider
from cartbook.stats import proportions
from cartbook.tables import evidence
from cartbook.theme import colour

OUTCOMES = ("all edits", "one missing", "two or more missing")
MOST_EDITS = 5


def edited_share(efficiency: float, edits: int) -> pd.Series[float]:
    """Return the shares of cells that carry all edits, lack one, and lack two or more.

    Each gene is edited in the share ``efficiency`` of cells, independently of the others. Raise
    ValueError for an efficiency outside 0 to 1 or fewer than one edit.

    >>> edited_share(0.9, 3).round(3).tolist()
    [0.729, 0.243, 0.028]
    """
    if not 0 <= efficiency <= 1 or edits < 1:
        raise ValueError("efficiency lies between 0 and 1, and there is at least one edit")
    every = efficiency**edits
    one = edits * efficiency ** (edits - 1) * (1 - efficiency)
    return pd.Series([every, one, max(0.0, 1 - every - one)], index=OUTCOMES, name="share")


def wrong_joins(cuts: int) -> int:
    """Return how many pairs of cut places can be joined wrongly: two cuts make one pair.

    >>> [wrong_joins(cuts) for cuts in (1, 2, 3, 4)]
    [0, 1, 3, 6]
    """
    return comb(cuts, 2)


def receptor_left(dose: float, efficiency: float, depletion: float = 0.0) -> float:
    """Return the cells of a dose that still have their T cell receptor.

    ``efficiency`` is the share of cells in which its gene is disrupted, ``depletion`` the share of
    the remaining receptor-positive cells that purification removes. Raise ValueError for a share
    outside 0 to 1.

    >>> receptor_left(100_000_000, 0.98)
    2000000.0
    """
    if not 0 <= efficiency <= 1 or not 0 <= depletion <= 1:
        raise ValueError("efficiency and depletion lie between 0 and 1")
    return round(dose * (1 - efficiency) * (1 - depletion), 6)


def editing_explorer() -> Layers:
    """Draw the cells that carry all edits, by the number of edits, with a slider of the efficiency."""
    rows = pd.DataFrame(
        [
            {"edits": edits, "cells": cells, "order": order}
            for edits in range(1, MOST_EDITS + 1)
            for order, cells in enumerate(OUTCOMES)
        ]
    )
    efficiency = slider("efficiency", 90, 50, 99, 1, "Cells in which a gene is edited, % ")
    base = (
        alt.Chart(rows)
        .transform_calculate(p="efficiency / 100")
        .transform_calculate(
            every="pow(datum.p, datum.edits)",
            one="datum.edits * pow(datum.p, datum.edits - 1) * (1 - datum.p)",
        )
        .transform_calculate(
            share="100 * (datum.order == 0 ? datum.every : datum.order == 1 ? datum.one"
            " : max(0, 1 - datum.every - datum.one))"
        )
    )
    x = alt.X("edits:O", title="Genes edited in the same cells", axis=alt.Axis(labelAngle=0))
    scale = alt.Scale(
        domain=list(OUTCOMES), range=[colour("blue"), colour("ochre"), colour("grey")]
    )
    legend = alt.Legend(title=None, symbolType="square", offset=26)  # above the pairs
    tint = alt.Color("cells:N", scale=scale, legend=legend)
    y = alt.Y(
        "share:Q",
        title=None,
        stack="zero",
        scale=alt.Scale(domain=[0, 100]),
        axis=percent_axis(),
    )
    bar = base.mark_bar(size=36).encode(x=x, y=y, color=tint, order="order:Q")
    number = (
        base.transform_filter("datum.order == 0")
        .transform_calculate(written="format(datum.share, '.0f') + '%'")
        .mark_text(baseline="top", dy=6, fontWeight=600, color=colour("paper"), aria=False)
        .encode(x=x, y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 100])), text="written:N")
    )
    pairs = pd.DataFrame(
        [
            {"edits": edits, "pairs": f"{n} pair{'' if n == 1 else 's'}"}
            for edits in range(1, MOST_EDITS + 1)
            for n in [wrong_joins(edits)]
        ]
    )
    above = (
        alt.Chart(pairs)
        .mark_text(baseline="bottom", dy=-5, color=colour("quiet"), aria=False)
        .encode(x=x, y=alt.value(0), text="pairs:N")
    )
    return alt.layer(bar, number, above).add_params(efficiency).properties(height=260)


EDITED, UNEDITED, OTHER = "edited T cells", "unedited donor T cells", "NK cells"
CR, ANY = "complete response", "any response"
#: outcome -> short name and disease, kind of cell, what was counted
ALLOGENEIC: Mapping[str, tuple[str, str, str]] = {
    "allo-cemacel.complete-response": ("cema-cel, LBCL", EDITED, CR),
    "antler.complete-response.asco-2024": ("CB-010, B-cell lymphoma", EDITED, CR),
    "ghobadi2025.recommended-dose.cr-or-cri.ghobadi2025": (
        "WU-CART-007, T-ALL or T-LBL",
        EDITED,
        CR,
    ),
    "hu-y2022.complete-response": ("RD13-01, CD7-positive cancers", EDITED, CR),
    "allo-calm.objective-response": ("UCART19, adult B-ALL", EDITED, CR),
    "universal.objective-response": ("ALLO-715, myeloma", EDITED, ANY),
    "p-bcma-allo1.objective-response.arm-c": ("P-BCMA-ALLO1, myeloma", EDITED, ANY),
    "delbufalo2023.group.complete-response.delbufalo2023": (
        "unedited CD19, B-ALL",
        UNEDITED,
        CR,
    ),
    "tc-cd7-ph2.response": ("unedited CD7, T-ALL or T-LBL", UNEDITED, ANY),
    "marin2024.objective-response": ("NK cells, B-cell cancers", OTHER, ANY),
}
#: outcome -> short name with what was counted, kind of cell
GRAFT_VERSUS_HOST: Mapping[str, tuple[str, str]] = {
    "ghobadi2025.group.graft-versus-host-disease.grade-2.ghobadi2025": (
        "WU-CART-007, grade 2",
        EDITED,
    ),
    "benjamin2022.graft-versus-host-disease.calm-and-pall": ("UCART19, grade 1", EDITED),
    "allo-cemacel.graft-versus-host-disease": ("cema-cel, ALPHA, any", EDITED),
    "alpha3.graft-versus-host-disease": ("cema-cel, ALPHA3, any", EDITED),
    "carbon.graft-versus-host-disease": ("CTX110, any", EDITED),
    "hu-y2022.graft-versus-host-disease": ("RD13-01, any", EDITED),
    "cd7-phase-2.group.graft-versus-host-disease.any.cd7-donor-2025": (
        "donor CD7, phase II, any",
        UNEDITED,
    ),
    "pan2021.grade-1-2-graft-versus-host-disease": (
        "donor CD7, first trial, grade 1–2",
        UNEDITED,
    ),
    "delbufalo2023.group.graft-versus-host-disease.delbufalo2023": ("donor CD19, any", UNEDITED),
    "marin2024.graft-versus-host-disease": ("CD19 NK cells, any", OTHER),
}


def _listed(kinds: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    rows = evidence(outcome_id=list(kinds))
    rows["name"] = [kinds[key][0] for key in rows["outcome_id"]]
    rows["cells"] = [kinds[key][1] for key in rows["outcome_id"]]
    order = [EDITED, UNEDITED, OTHER]
    return rows.sort_values("cells", key=lambda column: column.map(order.index), kind="stable")


def allogeneic_responses() -> pd.DataFrame:
    """Return one response rate of each allogeneic product, with ``name``, ``cells`` and ``what``.

    ``what`` is the end point. Complete responses come first; within an end point edited T cells
    come before NK cells and unedited T cells, and of one kind the highest rate.
    """
    rows = _listed(ALLOGENEIC)
    rows["what"] = [ALLOGENEIC[key][2] for key in rows["outcome_id"]]
    place = {word: n for n, word in enumerate((CR, ANY, EDITED, OTHER, UNEDITED))}
    ranks = pd.DataFrame({name: rows[name].map(place) for name in ("what", "cells")})
    ranks["rate"] = -proportions(rows)["percent"]
    return rows.loc[ranks.sort_values(["what", "cells", "rate"], kind="stable").index].reset_index(
        drop=True
    )


def graft_versus_host() -> pd.DataFrame:
    """Return the patients with graft-versus-host disease in trials of donor cells."""
    return _listed(GRAFT_VERSUS_HOST)
