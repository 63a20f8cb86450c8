"""Escape from one and two targets, counts of the registry by target, and limits of an overlap."""

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
    overlap_limits,
    overlap_plot,
    results_by_target,
)
from cartbook.figures import VEGALITE


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


def test_an_overlap_moves_the_unreported_part_only_and_within_its_limits() -> None:
    limits = overlap_limits({"China": ("ALL", 144, "lymphoma", 187)})
    assert limits[["fewest", "upmost"]].to_numpy().tolist() == [[144, 144], [43, 187]]
    spec = overlap_plot(limits).to_dict()
    slider = spec["params"][0]["bind"]["max"]
    assert limits["least"][1] + slider <= 100
