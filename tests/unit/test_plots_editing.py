"""Shares of cells with every edit, cells that keep their receptor, and trials of donor cells."""

from __future__ import annotations

import pytest

from cartbook import (
    allogeneic_responses,
    edited_share,
    editing_explorer,
    graft_versus_host,
    receptor_left,
    wrong_joins,
)


@pytest.mark.parametrize(("efficiency", "edits"), [(0.9, 1), (0.5, 3), (0.99, 5), (1.0, 2)])
def test_shares_add_up_and_all_edits_multiply(efficiency: float, edits: int) -> None:
    shares = edited_share(efficiency, edits)
    assert shares.sum() == pytest.approx(1)
    assert shares["all edits"] == pytest.approx(efficiency**edits)


def test_impossible_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="efficiency"):
        edited_share(1.2, 2)
    with pytest.raises(ValueError, match="at least one edit"):
        edited_share(0.9, 0)
    with pytest.raises(ValueError, match="depletion"):
        receptor_left(1e8, 0.9, 2)


def test_purification_and_pairs_of_cuts() -> None:
    assert receptor_left(120_000_000, 0.97, 0.99) == pytest.approx(36_000)
    assert wrong_joins(5) == 10


def test_the_explorer_stacks_the_shares_of_each_column() -> None:
    spec = editing_explorer().to_dict()
    assert spec["params"][0]["bind"]["max"] == 99  # at 100% there is nothing left to see
    assert spec["layer"][0]["encoding"]["y"]["stack"] == "zero"


def test_trials_of_donor_cells_have_denominators_and_three_kinds_of_cell() -> None:
    for rows in (allogeneic_responses(), graft_versus_host()):
        assert rows["denominator"].notna().all()
        assert rows["cells"].nunique() == 3
    assert rows["cells"].ne(rows["cells"].shift()).sum() == 3  # each kind is one block


def test_edited_cells_come_first_under_each_end_point() -> None:
    rows = allogeneic_responses()
    assert rows["what"].ne(rows["what"].shift()).sum() == 2  # each end point is one block
    assert (rows.groupby("what")["cells"].first() == "edited T cells").all()
    assert (rows.groupby("what")["cells"].last() == "unedited donor T cells").all()


def test_the_explorer_counts_the_pairs_of_cut_genes_above_each_column() -> None:
    spec = editing_explorer().to_dict()
    written = {row["pairs"] for rows in spec["datasets"].values() for row in rows if "pairs" in row}
    assert written == {"0 pairs", "1 pair", "3 pairs", "6 pairs", "10 pairs"}
