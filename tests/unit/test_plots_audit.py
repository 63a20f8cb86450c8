"""GRIM, agreement and appraisals: computed rightly, and the charts show what is computed."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers import chart_words

from cartbook.plots.audit import (
    appraised,
    cited_statements,
    findings_plot,
    grim,
    grim_plot,
    grim_power,
    in_the_whole,
    judgement_matrix,
    kappa,
    overall,
    printed_percentages,
    quotation_rates,
)
from cartbook.tables import load


@pytest.mark.parametrize(
    ("percent", "n", "decimals", "fits"),
    [
        (71, 55, 0, [39]),
        (72, 55, 0, []),
        (84.4, 277, 1, []),
        (84.4, 276, 1, [233]),
        (50, 1000, 0, list(range(495, 506))),
        (12.5, 8, 1, [1]),
        (12, 8, 0, [1]),  # half-way: 12.5 may have been rounded down
        (13, 8, 0, [1]),  # ... or up
        (0, 20, 0, [0]),
        (100, 20, 0, [20]),
    ],
)
def test_grim_finds_the_whole_numbers_that_fit(
    percent: float, n: int, decimals: int, fits: list[int]
) -> None:
    assert grim(percent, n, decimals) == fits


def test_grim_refuses_what_is_no_percentage() -> None:
    for percent, n in [(101, 20), (-1, 20), (50, 0)]:
        with pytest.raises(ValueError, match="cannot be checked"):
            grim(percent, n)


@pytest.mark.parametrize(("n", "decimals"), [(7, 0), (20, 0), (55, 1), (99, 0), (277, 1)])
def test_the_power_of_grim_is_the_share_of_impossible_percentages(n: int, decimals: int) -> None:
    printed = {round(100 * k / n, decimals) for k in range(n + 1)}
    assert grim_power(n, decimals) == pytest.approx(1 - len(printed) / (100 * 10**decimals + 1))


def test_grim_is_powerless_in_large_groups() -> None:
    assert grim_power(277, 0) == 0 < grim_power(277, 1)


@pytest.mark.parametrize(
    ("patients", "printed", "digits"), [(277, 84.4, 1), (55, 70.9, 1), (20, 85, 0), (23, 66, 0)]
)
def test_the_chart_says_what_grim_finds(patients: int, printed: float, digits: int) -> None:
    shown = chart_words(grim_plot(), patients=patients, printed=printed, digits=digits)
    fits = grim(printed, patients, digits)
    (verdict,) = [one for one in shown if "possible" in one and " of " in one and "all" not in one]
    assert verdict.startswith(f"{printed:.{digits}f}% of {patients} is ")
    assert verdict.endswith("is impossible") == (not fits)
    assert not fits or f"is possible: {fits[0]}" in verdict
    assert f"Impossible, of all percentages: {100 * grim_power(patients, digits):.0f}%" in shown


def test_kappa_and_its_interval_are_those_of_fleiss() -> None:
    """The worked example of Fleiss, Statistical methods for rates and proportions: 0.676, error 0.0877."""
    counts = {"aa": 75, "ab": 1, "ac": 4, "ba": 5, "bb": 4, "bc": 1, "cc": 10}
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    found = kappa([one[0] for one in pairs], [one[1] for one in pairs])
    assert (found.same, found.n) == (89, 100)
    assert found.kappa == pytest.approx(0.676, abs=0.001)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(0.0877, abs=0.0005)


def test_weighted_kappa_counts_neighbours_as_partial_agreement() -> None:
    """Three words in order; by hand: observed agreement 0.875, expected 0.5625."""
    first, second = list("aabc"), list("abbc")
    found = kappa(first, second, order="abc")
    assert found.kappa == pytest.approx((0.875 - 0.5625) / (1 - 0.5625))
    assert (found.same, found.n) == (3, 4)
    assert found.kappa > kappa(first, second).kappa
    assert kappa(list("aabb"), list("abab"), order="ab").kappa == 0  # two words: no neighbours
    with pytest.raises(ValueError, match="lacks c"):
        kappa(first, second, order="ab")


def test_negative_numbers_have_a_minus() -> None:
    assert "(95% CI −0." in str(
        kappa(["no"] * 93 + ["yes"] * 7, ["no"] * 88 + ["yes"] * 7 + ["no"] * 5)
    )


def test_a_sample_of_the_whole_list_bounds_the_whole() -> None:
    assert in_the_whole(3, 40, 135) == (4, 24)
    assert in_the_whole(0, 10, 10) == (0, 0)
    assert in_the_whole(0, 1, 2) == (0, 1)
    with pytest.raises(ValueError, match="cannot be"):
        in_the_whole(3, 40, 39)


def test_kappa_is_one_nought_or_undefined() -> None:
    assert kappa(list("aabb"), list("aabb")).kappa == 1
    assert kappa(list("aabb"), list("abab")).kappa == 0
    with pytest.raises(ValueError, match="not defined"):
        kappa(list("aa"), list("aa"))
    with pytest.raises(ValueError, match="cannot be compared"):
        kappa(list("aa"), list("a"))


def test_the_review_has_one_impossible_percentage() -> None:
    rows = printed_percentages()
    assert list(rows.query("verdict == 'impossible'")["percent"]) == [84.4]
    with_fraction = rows.dropna(subset=["events", "denominator"])
    assert set(with_fraction["verdict"]) == {"follows"}


def test_a_statement_counts_once_however_many_comparisons_it_needed() -> None:
    statements = cited_statements()
    assert not statements.duplicated(["study_id", "topic", "review_says"]).any()
    harms = statements[statements["review_says"] == "harms could be controlled"]
    assert harms["verdict"].tolist() == ["differs"]
    both = statements[statements["review_says"] == "75 (15/20), blood and marrow"]
    assert both["matters"].tolist() == ["changes the reading"]  # one of two agrees
    assert "left out" not in set(statements["review_says"])
    assert statements["verdict"].value_counts().to_dict() == {"agrees": 76, "differs": 13}


def test_quotation_rates_have_three_sources_and_two_kinds() -> None:
    rates = quotation_rates(10, 5, 100).set_index(["label", "counted"])["value"]
    assert len(rates) == 6
    assert rates["This review", "any error"] == pytest.approx(10)
    assert rates["46 studies (2025)", "serious error"] == 8.0


def test_the_bars_count_the_notes_of_the_chosen_chapter() -> None:
    findings = load("findings")
    kinds = findings.loc[findings["chapter"] == "08-b-cell", "kind"].value_counts()
    shown = chart_words(findings_plot(findings), part="B-cell cancers")
    assert {str(count) for count in kinds} <= set(shown)


def test_a_result_is_as_biased_as_its_worst_domain() -> None:
    assert overall(["low", "low"]) == "low"
    assert overall(["low", "high", "some concerns"]) == "high"
    results = appraised("RoB 2")
    for _, one in results.groupby("label"):
        judged = one.set_index("item")["judgement"]
        assert judged["all"] == overall(list(judged.drop("all")))
    assert not results["sources"].str.contains("not reported|nan").any()
    (one,) = results.query("label == 'CARTITUDE-4: OS' and item == '1'")["sources"]
    assert one == "Einsele H 2026"
    with pytest.raises(ValueError, match="nothing is appraised"):
        appraised("AMSTAR")


def test_every_appraised_item_is_answered_once() -> None:
    questions = load("checklists").groupby("checklist")["item"].agg(set)
    rows = load("appraisals")
    for (checklist, *_), one in rows.groupby(["checklist", "study_id", "outcome_id"], dropna=False):
        assert set(one["item"]) == questions[checklist]
        assert one["item"].is_unique


@pytest.mark.parametrize("place", [("B", "2"), ("A", "1")])
def test_the_matrix_gives_the_reason_of_the_chosen_cell(place: tuple[str, str]) -> None:
    rows = pd.DataFrame(
        [
            (label, item, judgement, f"because of {label}{item}")
            for label, item, judgement in [
                ("A", "1", "low"),
                ("A", "2", "high"),
                ("B", "1", "some concerns"),
                ("B", "2", "low"),
            ]
        ],
        columns=["label", "item", "judgement", "reason"],
    )
    items = {"1": "First", "2": "Second"}
    chart = judgement_matrix(rows, items, row="A", item="1")
    shown = " ".join(chart_words(chart, line=place[0], question=place[1]))
    assert f"because of {''.join(place)}" in shown
    assert shown.count("because of") == 1
    with pytest.raises(ValueError, match="one judgement"):
        judgement_matrix(rows.iloc[1:], items, row="A", item="1")
    with pytest.raises(ValueError, match="short heading"):
        judgement_matrix(rows, items, row="A", item="1", short=["one"])


def test_the_second_reading_is_of_the_notes_drawn() -> None:
    """Anyone can draw the same forty notes."""
    drawn = load("findings").sample(40, random_state=2026)["finding_id"]
    assert sorted(drawn) == list(load("second_pass")["finding_id"])
