"""The trials of anti-CD19 CAR-T cells: cohorts in their own disease, and grades that are alike."""

import pytest

from cartbook import cd19_trials, forest, infused_and_enrolled, interval_plot, proportions


def test_severe_toxicity_counts_every_grade_from_three() -> None:
    harms = proportions(cd19_trials("toxicity"))
    assert set(harms["grade"]) == {"3 or higher", "3 or 4"}
    cll = harms.set_index(["trial_name", "endpoint"]).loc[("TRANSCEND CLL 004", "neurotoxicity")]
    assert (cll["events"], cll["denominator"]) == (22, 117)


def test_cohort_has_its_own_disease_and_no_denominator_of_the_whole_trial() -> None:
    rates = cd19_trials("response").set_index("label")
    assert rates.loc["TRANSCEND FL, MZL (liso-cel)", "disease"] == "marginal zone lymphoma"
    mantle = "TRANSCEND MCL (liso-cel)"
    assert rates.loc[mantle, "disease"] == "mantle cell lymphoma"
    assert mantle not in set(infused_and_enrolled(cd19_trials("response"))["label"])


def test_headings_stand_above_their_rows_and_replace_the_legend() -> None:
    spec = forest(cd19_trials("response"), group="disease", heads=True).to_dict()
    order = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    heads = [one for one in order if one.startswith("|")]
    assert order[0] == heads[0] == "|follicular lymphoma"  # the largest rate of all
    assert heads[-1] == "|chronic lymphocytic leukaemia"
    assert len(heads) == 7
    assert spec["layer"][1]["encoding"]["color"]["legend"] is None
    assert spec["layer"][1]["encoding"]["shape"] == {"value": "circle"}  # seen on its interval


def test_axis_ends_where_it_is_told_and_a_line_has_one_heading() -> None:
    harms = proportions(cd19_trials("toxicity"))
    spec = interval_plot(harms, by="harm", heads="domain", end=50).to_dict()
    assert spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 50]
    with pytest.raises(ValueError, match="two headings"):
        interval_plot(harms, by="harm", heads="harm")


def test_heading_of_the_chosen_disease_is_not_faded() -> None:
    chart = forest(cd19_trials("response"), group="disease", heads=True, choose="disease")
    spec = chart.to_dict()
    headings = [
        row for rows in spec["datasets"].values() for row in rows if "heading" in row
    ]  # the condition of each layer compares the choice with this column
    assert len(headings) == 7
    assert all(row["label"] == "|" + row["disease"] for row in headings if "label" in row)
    assert all("disease" in row for row in headings)
