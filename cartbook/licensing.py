"""Licences of CAR-T products: which agency licensed a product for which disease and line, and when."""

from __future__ import annotations

import pandas as pd

from cartbook.tables import load

#: a licence, or a change of one; recommendations and safety actions are none
KINDS = ("approval", "label change")
AGENCIES = ("FDA", "EMA", "NMPA")
#: earliest line of treatment that a licence covers, as clinicians write it
LINES = {
    "second line": "2nd line",
    "after one or more lines": "2nd line",
    "after two or more lines": "3rd line",
    "after three or more lines": "4th line",
    "after four or more lines": "5th line",
}
OTHER_LINE = "relapsed"
#: short names of diseases whose own would not fit a line of a chart
SHORT = {"B-cell acute lymphoblastic leukaemia": "B-ALL", "chronic lymphocytic leukaemia": "CLL"}


def licences() -> pd.DataFrame:
    """Return every licence of a CAR-T product, the earliest first, one row per decision.

    To the columns of the table of approvals come the product's ``short_name`` and ``target``,
    ``from_line`` (the earliest line of treatment that the licence covers, "relapsed" where it
    names no number of lines), the ``year``, and ``step``: 1 for the first licence of a product
    in a disease by an agency, 2 for the next.
    """
    names = load("products")[["product_id", "short_name", "target"]]
    rows = load("approvals").merge(names, on="product_id", validate="many_to_one")
    rows = rows[rows["kind"].isin(KINDS) & rows["precision"].ne("not reported")]
    rows = rows.sort_values("date", kind="stable").reset_index(drop=True)
    steps = rows.groupby(["product_id", "disease", "agency"]).cumcount() + 1
    lines = [LINES.get(line, OTHER_LINE) for line in rows["line"]]
    return rows.assign(year=rows["date"].str[:4].astype(int), step=steps, from_line=lines)


def delays(first: str = "FDA", second: str = "EMA", until: str | None = None) -> pd.DataFrame:
    """Return how many months after one agency another licensed the same product.

    Licences meet by product, disease and step, so an extension to an earlier line is compared
    with the other agency's extension. ``months`` is negative where the second agency was earlier;
    the longest delay comes first. Where only the year of the second decision is known, the pair is
    left out.

    With ``until``, a month as in "2026-06", two more kinds of pairs are kept and a column ``known``
    tells them apart: "to the year", where the delay lies between ``months`` and ``latest``, and
    "no licence", where the second agency has licensed the product for no line of the disease by
    then and ``months`` counts to it. The others are known "to the month".
    """
    rows = licences()
    rows["month"] = 12 * rows["year"] + rows["date"].str[5:7].replace("", "1").astype(int)
    rows["last"] = rows["month"] + rows["precision"].eq("year") * 11
    keys = ["short_name", "disease", "step"]
    columns = [*keys, "month", "last", "date", "from_line", "indication"]
    one, two = (rows.loc[rows["agency"].eq(name), columns] for name in (first, second))
    one = one[one["month"].eq(one["last"])].drop(columns="last")
    pairs = one.merge(
        two,
        on=keys,
        how="left" if until else "inner",
        suffixes=("_first", "_second"),
        validate="one_to_one",
    )
    if until:
        absent = pairs["month_second"].isna()
        year, month = map(int, until.split("-"))
        pairs["month_second"] = pairs["month_second"].fillna(12 * year + month)
        pairs["last"] = pairs["last"].fillna(pairs["month_second"])
        inexact = pairs["last"].ne(pairs["month_second"])
        pairs["known"] = "to the month"
        pairs["known"] = pairs["known"].mask(inexact, "to the year").mask(absent, "no licence")
        pairs = pairs[~absent | pairs["step"].eq(1)]
    else:
        pairs = pairs[pairs["month_second"].eq(pairs["last"])]
    pairs["months"] = (pairs["month_second"] - pairs["month_first"]).astype(int)
    pairs["latest"] = (pairs["last"] - pairs["month_first"]).astype(int)
    earlier = [", earlier line" if step > 1 else "" for step in pairs["step"]]
    pairs["licence"] = pairs["short_name"] + ": " + pairs["disease"].replace(SHORT) + earlier
    return pairs.sort_values("months", ascending=False, kind="stable", ignore_index=True)


#: what NICE decided on the funding of a treatment by the NHS in England, by the first words of a note
FUNDING = ("Routine use", "Managed access", "Not recommended", "Appraisal ended")


def england() -> pd.DataFrame:
    """Return NICE's decisions on CAR-T products, one row per appraisal, with ``funding``.

    The note of a row begins with the funding in words. Raise ValueError if one does not.
    """
    names = load("products")[["product_id", "short_name"]]
    rows = load("approvals").merge(names, on="product_id", validate="many_to_one")
    rows = rows[rows["agency"].eq("NICE")]
    funding = [next((one for one in FUNDING if note.startswith(one)), "") for note in rows["note"]]
    if "" in funding:
        raise ValueError(f"a note of NICE's decisions begins with none of {', '.join(FUNDING)}")
    lines = [LINES.get(line, OTHER_LINE) for line in rows["line"]]
    order = {name: place for place, name in enumerate(FUNDING)}
    rows = rows.assign(funding=funding, from_line=lines)
    return rows.sort_values(
        ["funding", "disease", "document"],
        key=lambda one: one.map(order) if one.name == "funding" else one,
        ignore_index=True,
    )
