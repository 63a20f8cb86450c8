"""The Summary of Findings: its numbers come from outcomes, its certainty from domains."""

from __future__ import annotations

import json
import re

import pytest

from cartbook.render import html, squares, text
from cartbook.stats import difference, proportion
from cartbook.summary import (
    DOMAINS,
    Finding,
    Rate,
    certainty,
    evidence_profile,
    imprecision,
    pooled_studies,
    rate_difference,
    read_findings,
    summary_of_findings,
    summary_rows,
    whole,
    with_ratio,
)

LINES = {one.row["finding_id"]: one for one in read_findings()}


def test_difference_of_two_wilson_intervals_is_newcombes() -> None:
    arms = proportion(56, 70), proportion(48, 80)
    rates = [Rate(100 * one.estimate, 100 * one.low, 100 * one.high) for one in arms]
    found, known = rate_difference(*rates), difference(*arms)
    assert [found.estimate, found.low, found.high] == pytest.approx(
        [100 * known.estimate, 100 * known.low, 100 * known.high]
    )


def test_ratio_of_one_changes_nothing_and_the_ends_stay() -> None:
    assert with_ratio(46, 1) == pytest.approx(46)
    assert (with_ratio(0, 0.5), with_ratio(100, 0.5)) == (0, 100)
    assert with_ratio(25, 0.5) == pytest.approx(50)  # the root of a quarter
    with pytest.raises(ValueError, match="between 0 and 100"):
        with_ratio(101, 0.5)


def test_certainty_is_lowered_step_by_step_to_very_low() -> None:
    assert certainty() == "high"
    assert certainty(imprecision="serious") == "moderate"
    assert certainty(imprecision="very serious", risk_of_bias="serious") == "very low"
    assert certainty(**dict.fromkeys(DOMAINS, "very serious")) == "very low"
    with pytest.raises(ValueError, match="not 'severe'"):
        certainty(imprecision="severe")
    with pytest.raises(ValueError, match="not bias"):
        certainty(bias="serious")


@pytest.mark.parametrize(
    ("difference", "rating"),
    [
        ((9, 1, 19), "not serious"),
        ((9, -2, 19), "serious"),
        ((9, -6, 19), "very serious"),
        ((-9, -19, -1), "not serious"),
    ],
)
def test_comparison_is_imprecise_if_its_interval_includes_zero(
    difference: tuple[int, int, int], rating: str
) -> None:
    found = Finding({}, "", "", Rate(50, 40, 60), difference=Rate(*difference))
    assert imprecision(found) == rating


@pytest.mark.parametrize(
    ("width", "rating"), [(20, "not serious"), (21, "serious"), (41, "very serious")]
)
def test_rate_is_imprecise_if_its_interval_is_wide(width: int, rating: str) -> None:
    assert imprecision(Finding({}, "", "", Rate(30, 10, 10 + width))) == rating


@pytest.mark.parametrize("name", LINES)
def test_ratings_that_are_computed_agree_with_the_table(name: str) -> None:
    one = LINES[name]
    assert one.row["imprecision"] == imprecision(one)
    assert one.row["certainty"] == certainty(**{domain: one.row[domain] for domain in DOMAINS})
    if one.prediction:
        wide = one.prediction[1] - one.prediction[0] > 20
        assert one.row["inconsistency"] == ("serious" if wide else "not serious")


def test_numbers_are_those_of_the_outcomes() -> None:
    """ZUMA-7 and CARTITUDE-1 by hand: 54.6 (47.0-61.6), 46.0 (38.4-53.2); 32 of 97."""
    survival = LINES["axi-cel-survival"]
    assert survival.numbers == (
        "axi-cel 55, standard treatment 46 of 100: 9 more (2 fewer to 19 more)"
    )
    assert survival.relative == "hazard ratio 0.73 (0.54 to 0.98)"
    assert LINES["cilta-cel-progression"].relative == ""
    assert survival.people == "359 people, 1 trial"
    assert LINES["myeloma-late"].rate.estimate == pytest.approx(100 * 32 / 97)
    assert LINES["tisa-cel-events"].numbers == (
        "median 3.0 months with tisa-cel, 3.0 with standard treatment"
    )
    assert LINES["large-b-cell-third-line"].numbers == "32 to 43 of 100 (range)"


def test_rates_that_a_trial_reports_are_not_replaced_by_its_ratio() -> None:
    """KarMMa-3 reports 41 and 19 of 100, where 19 to the power of the ratio would give 44."""
    one = LINES["ide-cel-progression"]
    assert one.numbers == "ide-cel 41, standard treatment 19 of 100: 22 more (12 to 30 more)"


def test_a_ratio_alone_gives_no_rates() -> None:
    alone = [name for name, one in LINES.items() if one.medians]
    assert alone == ["tisa-cel-events", "ide-cel-survival"]
    rows = summary_rows().set_index("finding_id").loc[alone]
    assert rows[["estimate", "control", "difference"]].isna().all(axis=None)
    assert rows["ratio"].tolist() == [1.07, 1.01]
    for name in alone:
        assert " of 100" not in LINES[name].numbers


def test_no_ratio_that_leaves_events_out_stands_beside_rates_that_count_them() -> None:
    assert not [
        name
        for name, one in LINES.items()
        if one.ratio and "weighted" in str(one.ratio.row["flag"])
    ]


def test_pooled_line_takes_a_missing_denominator_from_the_count_of_patients() -> None:
    """ELARA prints 0% after 97 infusions; TRANSFORM 1% of the 92 randomised to liso-cel."""
    rows = pooled_studies("severe-crs").set_index("trial_name")
    assert rows.loc["ELARA", ["events", "denominator"]].tolist() == [0, 97]
    assert rows.loc["TRANSFORM", ["events", "denominator"]].tolist() == [1, 92]
    line = LINES["severe-crs"]
    assert (line.studies, line.participants) == (len(rows), rows["denominator"].sum())
    with pytest.raises(ValueError, match="follicular is not pooled"):
        pooled_studies("follicular")


def test_estimates_lie_within_their_intervals() -> None:
    rows = summary_rows()
    single = rows[(rows["method"] != "range") & rows["estimate"].notna()]
    assert ((single["low"] <= single["estimate"]) & (single["estimate"] <= single["high"])).all()
    compared = rows[rows["difference"].notna()]
    assert (compared["difference_low"] < compared["difference"]).all()
    assert (compared["difference"] < compared["difference_high"]).all()


WORDS = {
    "half": 50, "a third": 33, "one in five": 20, "one in ten": 10, "one in seventeen": 6, "one in twenty": 5, "two in five": 40
}  # fmt: skip


def test_shares_in_words_lie_within_the_interval() -> None:
    found = 0
    for one in LINES.values():
        for words, percent in WORDS.items():
            if re.search(rf"about {words}\b", one.words):
                found += 1
                assert one.rate.low - 0.5 <= percent <= one.rate.high + 0.5, one.words
    assert found >= 8


def test_halves_are_rounded_up() -> None:
    assert [whole(one) for one in (24.5, 41.5, -2.5, 0.4)] == [25, 42, -2, 0]


def test_every_line_has_a_reason_for_each_domain() -> None:
    profile = evidence_profile()
    assert len(profile) == len(LINES) * len(DOMAINS)
    assert profile["Reason"].str.len().min() > 9


def test_table_has_each_line_in_words_numbers_and_a_picture() -> None:
    record = json.loads(
        json.dumps(summary_of_findings(id="f", caption="Findings", note="Ours.").to_record())
    )
    page = html(record, entry=lambda key: f"#{key}")
    assert page.count('class="cb-as-words"') == page.count('class="cb-as-numbers"') == len(LINES)
    assert page.count('<p class="cb-as-picture">') == len(LINES)
    assert page.count('type="radio"') == 4
    assert page.count(" checked") == 1
    assert 'aria-label="axi-cel: 55 of 100, interval 47 to 62"' in page
    assert "hazard ratio 0.73 (0.54 to 0.98)" in page
    plain = " ".join(text(record).split())
    assert "Certainty: moderate." in plain
    assert "9 more (2 fewer to 19 more)" in plain
    on_paper = html(record, "print", prefix="", paged=True, link=None)
    assert "<svg" not in on_paper
    assert "radio" not in on_paper
    assert "9 more" in on_paper
    in_notebook = html(record, notebook=True)
    assert "radio" not in in_notebook
    assert "9 more" in in_notebook


def test_a_hundred_squares_are_drawn_once_each() -> None:
    parts = [(0, 47), (47, 55), (55, 62), (62, 100)]
    drawn = [
        (int(x) + 10 * one, float(y))
        for part in parts
        for x, y, width in re.findall(r"M(\d+) ([\d.]+)h(\d+)", squares(*part))
        for one in range((int(width) + 1) // 10)
    ]
    assert len(drawn) == len(set(drawn)) == 100
    assert squares(5, 5) == ""
