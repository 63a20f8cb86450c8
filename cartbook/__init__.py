"""The tables, intervals, charts and quizzes of *CAR-T in Numbers*: all that a chapter imports.

>>> from cartbook import evidence, proportions, interval_plot, figure
"""

from cartbook.charts import dot_plot, drawable, interval_plot, paired_bars
from cartbook.figures import drawing, figure, table
from cartbook.quizzes import Choice, Number, Order, Spot, Stem, quiz
from cartbook.stats import proportion, proportions
from cartbook.tables import counted, evidence, load, paper, reported, since
from cartbook.theme import colour

__all__ = [
    "Choice",
    "Number",
    "Order",
    "Spot",
    "Stem",
    "colour",
    "counted",
    "dot_plot",
    "drawable",
    "drawing",
    "evidence",
    "figure",
    "interval_plot",
    "load",
    "paired_bars",
    "paper",
    "proportion",
    "proportions",
    "quiz",
    "reported",
    "since",
    "table",
]
