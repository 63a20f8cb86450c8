"""The reports of anti-CD19 CAR-T trials that the chapter on B-cell cancers compares."""

from __future__ import annotations

import pandas as pd

from cartbook.stats import proportions
from cartbook.tables import evidence, load

#: best complete response: one report per trial, the latest that counts infused or evaluable patients
RESPONSE = [
    "lt-zuma1-5y.complete-response",
    "abramson2020.group.complete-response.abramson2024",
    "ying2021.group.complete-response.ying2024",
    "schuster2021.complete-response",
    "jacobson2022.complete-response",
    "fowler2022.group.complete-response.elara-2025",
    "lt-transcend-fl.complete-response",
    "morschhauser2024.marginal-zone-lymphoma-cohort.complete-response.fda-2025-12-04",
    "wang2020.group.complete-response.wang2023",
    "abramson2020.mantle-cell-lymphoma-cohort.complete-response.fda-2024-05-30",
    "xie2025.group.complete-response.xie2025",
    "maude2018.group.cr-or-cri.rives2022",
    "roddie2024.group.cr-or-cri.roddie2024",
    "shah2021.cr-or-cri",
    "wang-y2025.group.cr-or-cri.wang-y2025",
    "siddiqi2022.cr-or-cri-later",
]
BEST, FREE, ALIVE = "complete remission at best", "without relapse or progression", "alive"
#: from best response to the latest landmark of trials with three years of follow-up or more
DURABILITY = {
    "lt-zuma1-5y.complete-response": BEST,
    "neelapu2017.group.progression-free-survival.month-60.neelapu2023": FREE,
    "lt-zuma1-5y.overall-survival-year-5": ALIVE,
    "schuster2021.complete-response": BEST,
    "lt-juliet-5y.progression-free-survival-month-60": FREE,
    "lt-juliet-5y.overall-survival-month-60": ALIVE,
    "abramson2020.group.complete-response.abramson2024": BEST,
    "abramson2020.group.overall-survival.month-60.survivornet-2024": ALIVE,
    "kamdar2022.liso-cel.complete-response.abramson2023": BEST,
    "rct-transform-3y.progression-free-survival-month-36": FREE,
    "rct-transform-3y.overall-survival-month-36": ALIVE,
    "locke2022.axi-cel.complete-response": BEST,
    "rct-zuma7-os.progression-free-survival-year-4": FREE,
    "rct-zuma7-os.overall-survival-year-4": ALIVE,
    "lt-zuma5-5y.complete-response": BEST,
    "jacobson2022.group.progression-free-survival.month-60.neelapu2024b": FREE,
    "jacobson2022.group.overall-survival.month-60.neelapu2024b": ALIVE,
    "fowler2022.group.complete-response.elara-2025": BEST,
    "fowler2022.group.progression-free-survival.month-48.thieblemont2024-elara": FREE,
    "wang2020.group.complete-response.wang2023": BEST,
    "lt-zuma2-5y.overall-survival-year-5": ALIVE,
    "maude2018.group.cr-or-cri.rives2022": BEST,
    "lt-eliana-3y.event-free-survival-year-3": FREE,
    "maude2018.group.overall-survival.month-60.rives2022": ALIVE,
}
#: severe cytokine release syndrome and neurotoxicity, of which both are reported with a denominator
TOXICITY = [
    "neelapu2017.group.cytokine-release-syndrome.grade-3-or-higher.fda-label-yescarta-2017",
    "neelapu2017.group.neurotoxicity.grade-3-or-higher.jain2023",
    "locke2022.crs-grade-3-agency",
    "locke2022.neurotoxicity-grade-3-agency",
    "jacobson2022.single-group.cytokine-release-syndrome.grade-3-table-1",
    "jacobson2022.single-group.neurotoxicity.grade-3-table-1",
    "shah2021.single-group.cytokine-release-syndrome.grade-3-table-1",
    "shah2021.single-group.neurotoxicity.grade-3-table-1",
    "wang2020.group.cytokine-release-syndrome.grade-3-or-higher.wang2020",
    "wang2020.group.neurotoxicity.grade-3-or-higher.wang2020",
    "schuster2021.group.cytokine-release-syndrome.grade-3-or-4.schuster2019",
    "schuster2021.group.neurotoxicity.grade-3-or-4.month-2.schuster2019",
    "abramson2020.group.cytokine-release-syndrome.grade-3-or-higher.abramson2020",
    "abramson2020.group.neurotoxicity.grade-3-or-higher.abramson2020",
    "morschhauser2024.all.cytokine-release-syndrome.grade-3-or-higher.morschhauser2024",
    "morschhauser2024.all.neurotoxicity.grade-3-or-higher.morschhauser2024",
    "lt-felix-primary.crs-grade-3",
    "lt-felix-primary.neurotoxicity-grade-3",
    "ying2021.single-group.cytokine-release-syndrome.grade-3-table-1",
    "ying2021.single-group.neurotoxicity.grade-3-table-1",
    "siddiqi2022.group.cytokine-release-syndrome.grade-3-or-higher.table-4.siddiqi2023",
    "siddiqi2022.group.neurotoxicity.grade-3-or-higher.table-4.siddiqi2023",
]
#: cohorts of a trial in another disease than that of the trial, and what a row calls them
COHORTS = {
    "mantle cell lymphoma": "TRANSCEND MCL",
    "marginal zone lymphoma": "TRANSCEND FL, MZL",
}
#: of how many patients who enrolled, or had leukapheresis, how many were infused
INFUSED = [
    "neelapu2017.group.infused.neelapu2017",
    "abramson2020.group.infused.abramson2020",
    "schuster2021.group.infused.schuster2021",
    "ying2021.group.infused.ying2024",
    "maude2018.group.infused.rives2022",
    "roddie2024.group.infused.roddie2024",
    "shah2021.group.infused.shah2021",
    "wang2020.group.infused.wang2020",
]


def cd19_trials(what: str) -> pd.DataFrame:
    """Return one report per trial of anti-CD19 CAR-T cells, as `evidence` gives it.

    ``what`` is ``"response"`` (best complete response), ``"durability"`` (with a column ``measure``:
    best response, without progression, alive) or ``"toxicity"`` (severe, with a column ``harm``). A
    column ``domain`` has the costimulatory domain, and the label names the product. ELARA has its own
    disease, follicular lymphoma, not its group of the studies table, and so have the cohorts of a
    trial that are rows of their own. Raise ValueError for anything else.
    """
    chosen = {"response": RESPONSE, "durability": list(DURABILITY), "toxicity": TOXICITY}
    if what not in chosen:
        raise ValueError(f"choose {', '.join(map(repr, chosen))}, not {what!r}")
    ids = chosen[what]
    rows = evidence(outcome_id=ids).set_index("outcome_id").loc[ids].reset_index()
    # The studies table groups ELARA with the indolent lymphomas; its report is of follicular lymphoma.
    rows.loc[rows["study_id"].eq("fowler2022"), "disease"] = "follicular lymphoma"
    products = load("products").set_index("product")
    rows["domain"] = rows["product"].map(products["costimulation"])
    short = rows["product"].map(products["short_name"])
    names = rows["trial_name"].where(rows["trial_name"].ne("not reported"), rows["label"])
    cohort = rows["subgroup"].isin(COHORTS)
    rows["disease"] = rows["disease"].where(~cohort, rows["subgroup"])
    names = names.where(~cohort, rows["subgroup"].map(COHORTS))
    rows["label"] = [
        name if cells in name else f"{name} ({cells})"
        for name, cells in zip(names, short, strict=True)
    ]
    if what == "durability":
        rows["measure"] = rows["outcome_id"].map(DURABILITY)
        rows["label"] += ", " + rows.groupby("study_id")["at_month"].transform(_years)
    if what == "toxicity":
        rows["harm"] = "severe " + rows["endpoint"]
    return rows


def infused_and_enrolled(rates: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of ``rates`` that report how many enrolled, each with two denominators.

    ``rates`` is what `cd19_trials` gives of responses. A column ``counted`` says whether a row counts
    the patients of the rate or all who enrolled (or had leukapheresis); in the second, those outside
    the rate count as not responding. Rates and their Wilson intervals are in per cent.
    """
    enrolled = evidence(outcome_id=INFUSED).set_index("study_id")["denominator"]
    whole = rates["study_id"].isin(enrolled.index) & ~rates["subgroup"].isin(COHORTS)
    of_rate = proportions(rates[whole])
    of_all = of_rate[["study_id", "label", "disease", "events"]].assign(
        denominator=of_rate["study_id"].map(enrolled)
    )
    both = [
        of_rate.assign(counted="of infused or evaluable"),
        proportions(of_all).assign(counted="of enrolled"),
    ]
    columns = ["label", "disease", "counted", "events", "denominator", "percent", "low", "high"]
    rows = pd.concat([one[columns] for one in both])
    order = dict(zip(of_rate["label"], of_rate["percent"], strict=True))
    rows["best"] = rows["label"].map(order)
    rows = rows.sort_values("best", ascending=False, kind="stable")
    return rows.drop(columns="best").reset_index(drop=True)


def _years(months: pd.Series[float]) -> str:
    """Return when the estimates were made, in whole years: "5 years", "3 and 5 years"."""
    years = sorted({round(one / 12) for one in months.dropna()})
    return f"{' and '.join(map(str, years))} years"
