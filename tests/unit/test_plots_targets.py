"""Escape from one and two targets, measured losses, and counts of the registry by target."""

from __future__ import annotations

import re

import pytest
import vl_convert

from cartbook import (
    aims_by_country,
    aims_plot,
    escape_explorer,
    escaping,
    load,
    measured_losses,
    quote,
    results_by_target,
)
from cartbook.figures import VEGALITE
from cartbook.plots.targets import LOSSES


@pytest.mark.parametrize(
    ("targets", "linked", "cells"),
    [(1, 0.0, 1e6), (2, 0.0, 1.0), (2, 1e-3, 1e3), (2, 1.0, 1e6), (2, 1e-9, 1.0)],
)
def test_a_second_target_helps_unless_both_are_lost_together(
    targets: int, linked: float, cells: float
) -> None:
    assert escaping(1e12, 1e-6, targets=targets, linked=linked) == pytest.approx(cells)


@pytest.mark.parametrize(
    "wrong", [{"lacking": 2.0}, {"lacking": 0.1, "targets": 3}, {"lacking": 0.1, "linked": -1.0}]
)
def test_an_impossible_escape_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"burden|targets"):
        escaping(1e9, **wrong)  # type: ignore[arg-type]


def test_the_explorer_writes_the_numbers_that_the_model_gives() -> None:
    spec = escape_explorer().to_dict()
    assert [one["name"] for one in spec["params"]] == ["burden", "link"]
    assert spec["params"][0]["value"] == 12
    shares = spec["layer"][1]["transform"][0]["calculate"]
    assert "? -3 :" in shares
    assert "? -1 :" in shares


def test_the_numbers_do_not_overprint_where_both_antigens_are_lost_together() -> None:
    spec = escape_explorer().to_dict()
    spec["params"][1]["value"] = "always with the first (lineage switch)"
    drawn = vl_convert.vegalite_to_svg({**spec, "width": 340}, vl_version=VEGALITE)
    written = r'translate\([\d.]+,([\d.]+)\)"[^>]*>(?:one target|two targets): 1,000,000<'
    first, second = (float(y) for y in re.findall(written, drawn))
    assert abs(first - second) >= 13  # the size of the letters


def test_results_are_of_one_trial_each_and_have_an_interval() -> None:
    rows = results_by_target()
    assert not rows["study_id"].duplicated().any()
    assert rows["denominator"].notna().all()


def test_counts_agree_with_the_recount_and_keep_every_bar() -> None:
    recount = load("recount")
    table = aims_by_country(recount)
    rows = recount.query(
        "dimension == 'target' and record_kind == 'trial' and window == 'in' and country_group == 'China'"
    )
    mine = table.query("window == 'in' and country == 'China'")["trials"]
    assert mine.sum() == rows["trials"].sum()
    assert len(table) == 3 * 2 * table["target"].nunique()  # a target without trials has a zero
    assert list(table["target"].cat.categories[-2:]) == ["other", "not stated"]
    assert len(aims_plot(table).to_dict()["layer"]) == 3


def test_losses_are_counted_among_relapses() -> None:
    """A share of relapses is no share of patients: the denominators differ."""
    rows = measured_losses()
    assert rows["name"].tolist() == [name for name, _ in LOSSES.values()]
    assert set(rows["population"]) == {"relapsed"}
    assert (rows["events"] <= rows["denominator"]).all()
    assert not rows["label"].str.contains("CD19/CD22")[rows["targets"] == "one target"].any()


def test_a_lineage_switch_lacks_cd19_too() -> None:
    parts = [quote(f"rel-ball-420.{one}").events for one in ("cd19-negative", "lineage-switch")]
    first = measured_losses().iloc[0]
    assert first["outcome_id"] == "rel-ball-420.cd19-absent"
    assert first["events"] == sum(parts)
