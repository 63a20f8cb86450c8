"""The tables, intervals and figures of *CAR-T in Numbers*.

Everything a chapter may use is named here, and nothing else is public:

>>> from cartbook import evidence, proportions, interval_plot, figure
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what an editor and a type checker see; at run time names load on first use
    from cartbook.charts import dot_plot as dot_plot
    from cartbook.charts import drawable as drawable
    from cartbook.charts import interval_plot as interval_plot
    from cartbook.charts import paired_bars as paired_bars
    from cartbook.exercises import check as check
    from cartbook.figures import drawing as drawing
    from cartbook.figures import figure as figure
    from cartbook.figures import table as table
    from cartbook.forest import forest as forest
    from cartbook.quizzes import Choice as Choice
    from cartbook.quizzes import Number as Number
    from cartbook.quizzes import Order as Order
    from cartbook.quizzes import Spot as Spot
    from cartbook.quizzes import Stem as Stem
    from cartbook.quizzes import quiz as quiz
    from cartbook.stats import difference as difference
    from cartbook.stats import proportion as proportion
    from cartbook.stats import proportions as proportions
    from cartbook.tables import counted as counted
    from cartbook.tables import evidence as evidence
    from cartbook.tables import load as load
    from cartbook.tables import paper as paper
    from cartbook.tables import reported as reported
    from cartbook.tables import since as since
    from cartbook.theme import colour as colour

#: public name -> the module that defines it; a chapter depends on just the modules whose names it imports
FACE = {
    "Choice": "quizzes",
    "Number": "quizzes",
    "Order": "quizzes",
    "Spot": "quizzes",
    "Stem": "quizzes",
    "check": "exercises",
    "colour": "theme",
    "counted": "tables",
    "paper": "tables",
    "since": "tables",
    "difference": "stats",
    "dot_plot": "charts",
    "drawable": "charts",
    "drawing": "figures",
    "evidence": "tables",
    "figure": "figures",
    "forest": "forest",
    "interval_plot": "charts",
    "load": "tables",
    "paired_bars": "charts",
    "proportion": "stats",
    "proportions": "stats",
    "quiz": "quizzes",
    "reported": "tables",
    "table": "figures",
}
__all__ = sorted(FACE)


def __getattr__(name: str) -> Any:
    if name not in FACE:
        raise AttributeError(f"cartbook has no {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(f"cartbook.{FACE[name]}"), name)
