"""One look for every chart: colours that keep their meaning, an Altair theme, and its dark side.

The hues are Okabe and Ito's, darkened or lightened until each stands out 3 : 1 from its background.
Charts are drawn in the light colours; :func:`stylesheet` maps each of them to its dark partner.
"""

from __future__ import annotations

import sys
from typing import Any

import altair as alt

if sys.platform != "emscripten":  # in a page the browser measures, with its own fonts
    from cartbook.fonts import use_own_font

    use_own_font()

#: Inter comes first because it measures the pictures' text (see cartbook.fonts)
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

#: name -> (colour on a light page, colour on a dark page)
HUES = {
    "blue": ("#0072b2", "#56b4e9"),
    "vermillion": ("#c44e00", "#ff9a5c"),
    "green": ("#00795a", "#3fc79f"),
    "purple": ("#a2437e", "#e29ccb"),
    "ochre": ("#946200", "#f0b840"),
    "teal": ("#1f7a8c", "#5fd0e0"),
    "indigo": ("#4b3f9e", "#aaa4f5"),
    "grey": ("#5f6b76", "#a8b3bd"),
}
INK = {
    "text": ("#1f2730", "#e7ebef"),
    "quiet": ("#56616c", "#b0bac4"),
    "line": ("#8a949e", "#76818c"),
    "grid": ("#e4e8ec", "#353d46"),
    "paper": ("#ffffff", "#121417"),
    "band": ("#eef2f6", "#232a32"),
}

#: what a colour means, through the whole book
MEANING = {
    "large B-cell lymphoma": "blue",
    "indolent non-Hodgkin lymphoma": "teal",
    "B-cell non-Hodgkin lymphoma": "teal",
    "B-cell malignancies": "teal",
    "B-cell acute lymphoblastic leukaemia": "vermillion",
    "chronic lymphocytic leukaemia": "ochre",
    "Hodgkin lymphoma": "indigo",
    "multiple myeloma": "purple",
    "T-cell acute lymphoblastic leukaemia": "green",
    "acute myeloid leukaemia": "grey",
    "China": "vermillion",
    "United States": "blue",
    "other countries": "grey",
    "any grade": "ochre",
    "grade 3 or higher": "vermillion",
}
COLOURS = {meaning: HUES[hue][0] for meaning, hue in MEANING.items()}


def colour(name: str) -> str:
    """The light-page colour of a meaning ("multiple myeloma"), a hue ("blue") or an ink ("text")."""
    for names in (COLOURS, {k: v[0] for k, v in HUES.items()}, {k: v[0] for k, v in INK.items()}):
        if name in names:
            return names[name]
    raise KeyError(f"no colour is kept for {name!r}; add it to MEANING in cartbook/theme.py")


def _config() -> dict[str, Any]:
    text, quiet, line, grid = (INK[name][0] for name in ("text", "quiet", "line", "grid"))
    labels = {"labelColor": quiet, "labelFontSize": 12, "labelFont": FONT}
    titles = {
        "titleColor": quiet,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titleFont": FONT,
    }
    return {
        "background": "transparent",
        "font": FONT,
        "padding": {"left": 2, "right": 2, "top": 4, "bottom": 4},
        "view": {"stroke": None},
        "axis": labels
        | titles
        | {
            "gridColor": grid,
            "domainColor": line,
            "tickColor": line,
            "labelLimit": 220,
            "titlePadding": 8,
        },
        "axisY": {
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "start",
            "titleY": -8,
            "titleX": 0,
            "domain": False,
            "ticks": False,
        },
        "legend": labels
        | titles
        | {
            "orient": "top",
            "direction": "horizontal",
            "symbolSize": 90,
            "labelLimit": 260,
            "columnPadding": 30,
            "rowPadding": 4,
        },
        "text": {"color": text, "fontSize": 12, "font": FONT},
        "mark": {"color": HUES["blue"][0]},
        "rule": {"color": line},
        "point": {"filled": True, "size": 90, "opacity": 1},
        "bar": {"color": HUES["blue"][0]},
        "range": {"category": [light for light, _ in HUES.values()]},
        "title": {"anchor": "start", "color": text, "fontSize": 14, "font": FONT},
    }


@alt.theme.register("cartbook", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    return alt.theme.ThemeConfig(config=_config())  # type: ignore[typeddict-item]


def stylesheet() -> str:
    """CSS that shows charts in their dark colours where the page is dark, on screens only."""
    pairs = [*HUES.values(), *INK.values()]
    rules = [
        f'html[data-theme="dark"] .cb-picture [{what}="{light}" i]{{{what}:{dark}}}'
        for light, dark in pairs
        for what in ("fill", "stroke")
    ]
    names = {**HUES, **INK}
    light = "".join(f"--cb-{name}:{pair[0]};" for name, pair in names.items())
    dark = "".join(f"--cb-{name}:{pair[1]};" for name, pair in names.items())
    screen = "\n".join([f'html[data-theme="dark"]{{{dark}}}', *rules])
    return f":root{{{light}}}\n@media screen{{\n{screen}\n}}\n"
