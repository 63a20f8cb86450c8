"""An interval plot of rare events has an axis that ends earlier."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cartbook import interval_plot, proportions
from cartbook.figures import specification
from cartbook.plots.zoom import zoom

RARE = proportions(pd.DataFrame({"label": ["A", "B"], "events": [3, 5], "denominator": [100, 97]}))


def test_every_layer_has_the_shorter_axis_and_the_original_keeps_its_own() -> None:
    chart = interval_plot(RARE)
    assert domains(zoom(chart, 20)) == [[0, 20]] * 2
    assert domains(chart) == [[0, 100]] * 2


def domains(chart: Any) -> list[list[int]]:
    places = [layer["encoding"]["x"] for layer in specification(chart)["layer"]]
    return [place["scale"]["domain"] for place in places if "scale" in place]


def test_an_interval_is_never_cut_off() -> None:
    with pytest.raises(ValueError, match="outside an axis that ends at 5%"):
        zoom(interval_plot(RARE), 5)
