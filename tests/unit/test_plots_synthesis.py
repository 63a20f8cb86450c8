"""What the charts on pooling show is what `cartbook.meta_analysis` computes, also after a reader's choice."""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import pandas as pd
import pytest
from helpers import chart_words

from cartbook.meta_analysis import pool, pool_logits
from cartbook.plots.naive_sum import naive_plot, naive_simulation
from cartbook.plots.steered_forest import pooled_in_vega, steered_forest
from cartbook.plots.synthesis import (
    CRS,
    NEUROTOXICITY,
    SETS,
    beside_r,
    funnel_limits,
    funnel_plot,
    leave_one_out,
    pooled_by,
    pooled_forest,
    pooled_plot,
    pooling_rows,
    published_rates,
)

NUMBERS = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2")


@cache
def studies() -> pd.DataFrame:
    return pooling_rows()


def severe(end_point: str = CRS) -> pd.DataFrame:
    rows = studies()
    return rows[
        rows["set"].eq(SETS[0]) & rows["end_point"].eq(end_point) & rows["grade"].eq("3 or higher")
    ]


def in_vega(rows: pd.DataFrame) -> list[float]:
    """Return what Vega's transforms compute from rows, with ten decimals."""
    data = rows[["events", "denominator"]].astype(float)
    data = data.rename(columns={"events": "x", "denominator": "n"}).assign(used=1)
    texts = " + ' ' + ".join(f"format(datum.{name}, '.10f')" for name in NUMBERS)
    chart = pooled_in_vega(alt.Chart(data)).transform_aggregate(
        [alt.AggregatedFieldDef(op="max", field=one, **{"as": one}) for one in NUMBERS]
    )
    chart = chart.transform_calculate(words=texts).mark_text(limit=0).encode(text="words:N")
    return [float(one) for one in chart_words(chart)[0].split()]


@pytest.mark.parametrize("end_point", sorted(set(pooling_rows()["end_point"])))
@pytest.mark.parametrize("which", SETS)
def test_vega_pools_as_python_does(end_point: str, which: str) -> None:
    rows = studies()
    rows = rows[rows["set"].eq(which) & rows["end_point"].eq(end_point) & rows["preferred"]]
    for _, part in rows.groupby("grade"):
        found = pool_logits(part)
        expected = [
            100 * getattr(found, name)
            for name in ("estimate", "low", "high", "prediction_low", "prediction_high")
        ]
        assert in_vega(part) == pytest.approx([*expected, found.tau**2], rel=1e-8, abs=1e-9)


def said(rows: pd.DataFrame) -> set[str]:
    found = pool_logits(rows)
    at, low, high, least, most = (
        f"{100 * one:.1f}"
        for one in (
            found.estimate,
            found.low,
            found.high,
            found.prediction_low,
            found.prediction_high,
        )
    )
    return {f"{at}% ({low}–{high})", f"{least}% to {most}%"}


SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({}, "index == index"),
    ({"without": "LCAR-B38M (Xu)"}, "study_id != 'xu2019'"),
    (
        {"dropped": [{"study": "xu2019"}, {"study": "shah2021"}]},
        "study_id not in ['xu2019', 'shah2021']",
    ),
    ({"also": " xu, ,zuma-3 (brexu"}, "study_id not in ['xu2019', 'shah2021']"),
    ({"also": "ZUMA"}, "study_id not in ['locke2022', 'jacobson2022', 'shah2021']"),
    ({"also": " ,( "}, "index == index"),
    ({"least": 50}, "denominator >= 50"),
    ({"cancer": "multiple myeloma"}, "disease_group == 'multiple myeloma'"),
    ({"costimulation": "CD28"}, "costimulation == 'CD28'"),
]


@pytest.mark.parametrize(("settings", "query"), SETTINGS)
def test_the_pooled_rate_follows_the_controls(settings: dict[str, Any], query: str) -> None:
    chosen = severe().query(query)
    shown = chart_words(steered_forest(studies()), **settings)
    assert said(chosen) <= set(shown)
    total = (
        f"{len(chosen)} studies, {chosen['events'].sum()}/{chosen['denominator'].sum()} patients"
    )
    assert any(one.startswith(f"{total}; τ² ") for one in shown)
    assert "No control group: not a treatment effect." in shown
    left_out = len(severe()) - len(chosen) if {"without", "dropped", "also"} & set(settings) else 0
    assert sum(one.endswith(", left out") for one in shown) == left_out


def test_population_end_point_and_set_choose_the_rows() -> None:
    rows = studies()
    shown = chart_words(
        steered_forest(rows),
        studies=SETS[1],
        outcome="objective response",
        who="enrolled or randomised",
    )
    chosen = rows[
        rows["set"].eq(SETS[1])
        & rows["end_point"].eq("objective response")
        & rows["patients"].eq("enrolled or randomised")
    ]
    assert said(chosen) <= set(shown)
    assert {"ZUMA-7 (axi-cel)", "143/159 · 90% (84–94)"} <= set(shown)


def test_fewer_than_three_studies_are_not_pooled() -> None:
    shown = chart_words(steered_forest(studies()), cancer="acute lymphoblastic leukaemia")
    assert "Fewer than three studies: no pooled rate" in shown
    assert "Pooled rate, 95% CI" not in shown
    assert "No control group: not a treatment effect." not in shown


def test_rows_count_each_study_once_and_the_review_as_it_prints() -> None:
    rows = studies()
    whole = rows[rows["preferred"]]
    assert not whole.duplicated(["set", "study_id", "end_point", "grade"]).any()
    assert (severe()["events"].sum(), severe()["denominator"].sum(), len(severe())) == (64, 807, 11)
    wide = rows[rows["set"].eq(SETS[1])].set_index(["study_id", "end_point", "grade", "patients"])
    # the latest report, not the review's or an earlier one; the best response, not that at a month
    assert wide.loc[("munshi2021", CRS, "3 or higher", "infused"), "events"] == 12
    none = "not applicable"
    assert wide.loc[("neelapu2017", "complete response", none, "infused"), "events"] == 59
    assert wide.loc[("wang-y2025", "complete response", none, "infused"), "events"] == 41
    assert "moreau2022" not in set(rows["study_id"])  # a bispecific antibody
    assert not rows["arm"].eq("standard of care").any()


#: studies of one registration whose patients differ: two cohorts of ZUMA-1, the sites of LEGEND-2
APART = [
    {"neelapu2017", "oluwole2021"},
    {"zhao2018", "xu2019"},
]  # the latter as the review prints them


def test_no_patient_is_counted_twice() -> None:
    rows = studies()
    for column in ("trial_name", "registry_id"):
        named = rows[~rows[column].isin(["not reported", "not applicable"])]
        for name, part in named.groupby([column, "set", "end_point", "grade"])["study_id"]:
            found = set(part)
            assert len(found) == 1 or found in APART, name


def test_leaving_out_keeps_all_studies_first_and_names_the_rest() -> None:
    found = leave_one_out(severe())
    assert found["name"].iloc[0] == "all studies"
    assert len(found) == 12
    assert found["name"].iloc[1] == "without LCAR-B38M (Xu)"  # the smallest τ
    assert found["estimate"].iloc[1] == pytest.approx(6.95, abs=0.006)
    shown = chart_words(pooled_plot(found, most=50))
    assert "7.0% · CI 4.4–10.8" not in shown  # 6.95 rounds to 6.9
    assert "6.9% · CI 4.4–10.8" in shown


def test_groups_of_two_studies_are_not_pooled() -> None:
    found = pooled_by(severe(NEUROTOXICITY), "costimulation")
    assert found["name"].tolist() == ["4-1BB", "CD28"]
    assert found["studies"].tolist() == [7, 3]
    assert found["rates"].map(len).tolist() == [7, 3]  # the dots below each line
    assert (
        pooled_by(severe(), "disease_group")["name"].tolist()
        == ["multiple myeloma", "other B-cell lymphoma or CLL"][:1]
    )
    both = {"a": found, "b": found.iloc[:1]}
    shown = chart_words(pooled_plot(both), shown="b")
    assert "4-1BB (7)" in shown
    assert "CD28 (3)" not in shown


def test_the_forest_has_its_pooled_rate_and_prediction_interval() -> None:
    shown = chart_words(pooled_forest(severe(), pool(severe())))
    assert {"8.0% (4.5–13.6)", "1.5% to 32.3%", "7/17 · 41% (22–64)"} <= set(shown)


def test_adding_up_covers_the_truth_only_without_heterogeneity() -> None:
    found = naive_simulation(severe()["denominator"].tolist(), repeats=2000, shown=5)
    covered = found.groupby(["method", "tau"])["coverage"].first()
    naive, effects = covered["add up the patients"], covered["random effects"]
    assert naive[0.0] == pytest.approx(95, abs=1.5)
    assert (naive.diff().dropna() < 0).all()
    assert naive[0.8] < 55
    assert (effects > 85).all()
    shown = chart_words(naive_plot(found), tau=0.0, method="add up the patients")
    assert f"{naive[0.0]:.0f}% contain the true rate (dashed); aim: 95%" in shown


def test_funnel_limits_hold_95_per_cent_and_widen_with_tau() -> None:
    found = pool(severe())
    limits = funnel_limits(found, [20, 170]).set_index(["limits", "denominator"])
    from scipy.stats import binom

    low, high = (limits.loc[("chance alone", 170), end] * 1.7 for end in ("low", "high"))
    inside = binom.cdf(high, 170, found.estimate) - binom.cdf(low - 1, 170, found.estimate)
    assert 0.95 <= inside < 0.98
    assert limits.loc[("chance and τ", 170), "high"] > limits.loc[("chance alone", 170), "high"]
    assert limits.loc[("chance alone", 20), "high"] > limits.loc[("chance alone", 170), "high"]
    shown = chart_words(funnel_plot(severe(), found))
    assert "2 of 11 studies are outside the limits" in shown
    assert {"LCAR-B38M (Xu)", "ZUMA-3"} <= set(shown)
    shown = chart_words(funnel_plot(severe(), found), limits="chance and τ")
    assert any(one.endswith("of 11 studies are outside the limits") for one in shown)


def test_published_rates_keep_their_order_and_names() -> None:
    found = published_rates(
        {
            "b": "roex2020.group.objective-response.roex2020",
            "a": "han2024.group.icans.any-grade.han2024",
        }
    )
    assert found["name"].tolist() == ["b", "a"]
    assert found["value"].tolist() == [80.5, 26.9]
    with pytest.raises(KeyError):
        published_rates({"a": "nothing"})


def test_rates_stand_beside_those_of_r() -> None:
    found = beside_r(studies())
    assert len(found) == 4
    for ours, *theirs in (("Rate, %", "metafor", "lme4"), ("τ", "τ, metafor", "τ, lme4")):
        for one in theirs:
            assert found[one].tolist() == pytest.approx(found[ours].tolist(), abs=2e-3)
