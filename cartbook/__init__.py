"""The tables, intervals, charts and quizzes of *CAR-T in Numbers*: all that a chapter imports.

>>> from cartbook import evidence, proportions, interval_plot, figure
"""

from cartbook.charts import dot_plot, drawable, interval_plot, paired_bars
from cartbook.exercises import check
from cartbook.figures import drawing, figure, table
from cartbook.forest import forest
from cartbook.licensing import delays, england, licences
from cartbook.pivotal_trials import overview, overview_plot
from cartbook.plots_aml import coverage, coverage_plot, killed, window_explorer
from cartbook.plots_products import delay_plot, fate_bars, fates, licence_grid, waiting_times
from cartbook.plots_reading import (
    difference_explorer,
    joined_rates,
    of_all_enrolled,
    survival_plot,
    trial_simulator,
)
from cartbook.plots_toxicity import (
    clinical_course,
    course_plot,
    gates_plot,
    logic_gates,
    risk_plot,
    severe_by_costimulation,
)
from cartbook.quizzes import Choice, Number, Order, Spot, Stem, quiz
from cartbook.simulation import (
    hazard_ratio,
    kaplan_meier,
    landmark,
    median_survival,
    numbers_at_risk,
    simulate_trial,
)
from cartbook.stats import difference, proportion, proportions
from cartbook.tables import agreement, evidence, history, load, quote
from cartbook.theme import colour

__all__ = [
    "Choice",
    "Number",
    "Order",
    "Spot",
    "Stem",
    "agreement",
    "check",
    "clinical_course",
    "colour",
    "course_plot",
    "coverage",
    "coverage_plot",
    "delay_plot",
    "delays",
    "difference",
    "difference_explorer",
    "dot_plot",
    "drawable",
    "drawing",
    "england",
    "evidence",
    "fate_bars",
    "fates",
    "figure",
    "forest",
    "gates_plot",
    "hazard_ratio",
    "history",
    "interval_plot",
    "joined_rates",
    "kaplan_meier",
    "killed",
    "landmark",
    "licence_grid",
    "licences",
    "load",
    "logic_gates",
    "median_survival",
    "numbers_at_risk",
    "of_all_enrolled",
    "overview",
    "overview_plot",
    "paired_bars",
    "proportion",
    "proportions",
    "quiz",
    "quote",
    "risk_plot",
    "severe_by_costimulation",
    "simulate_trial",
    "survival_plot",
    "table",
    "trial_simulator",
    "waiting_times",
    "window_explorer",
]
