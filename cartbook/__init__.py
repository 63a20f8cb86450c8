"""The tables, intervals, charts and quizzes of *CAR-T in Numbers*: all that a chapter imports.

>>> from cartbook import evidence, proportions, interval_plot, figure
"""

from cartbook.charts import dot_plot, drawable, interval_plot, paired_bars
from cartbook.exercises import check
from cartbook.figures import drawing, figure, table
from cartbook.forest import forest
from cartbook.licensing import delays, england, licences
from cartbook.meta_analysis import pool
from cartbook.plots.aml import coverage, coverage_plot, killed, window_explorer
from cartbook.plots.binomial import binomial_plot, chance_of_at_least
from cartbook.plots.cd19 import cd19_trials, infused_and_enrolled
from cartbook.plots.early_events import early_events_plot, early_risk_trial, hazard_ratio_after
from cartbook.plots.editing import (
    allogeneic_responses,
    edited_share,
    editing_explorer,
    graft_versus_host,
    receptor_left,
    wrong_joins,
)
from cartbook.plots.estimates import estimates_plot
from cartbook.plots.landmarks import landmark_plot
from cartbook.plots.pivotal_trials import overview, overview_plot
from cartbook.plots.precision import chance_of_excluding, fewest_responders, precision_plot
from cartbook.plots.products import delay_plot, fate_bars, fates, licence_grid, waiting_times
from cartbook.plots.publication import (
    chance_to_pass,
    deal,
    dealing_table,
    passing_plot,
    published,
    selection_explorer,
    simulated_reports,
    unlikely,
)
from cartbook.plots.reading import (
    difference_explorer,
    joined_rates,
    of_all_enrolled,
    survival_plot,
    trial_simulator,
)
from cartbook.plots.registry import (
    composition_plot,
    feature_shares,
    features_plot,
    leaders,
    leaders_plot,
    registry_counts,
    yearly_counts,
    yearly_plot,
)
from cartbook.plots.remission import remission_plot, share_in_remission
from cartbook.plots.second_line import (
    average_hazard_ratio,
    fit_control,
    waiting_plot,
    waiting_trial,
)
from cartbook.plots.targets import (
    aims_by_country,
    aims_plot,
    escape_explorer,
    escaping,
    overlap_limits,
    overlap_plot,
    results_by_target,
)
from cartbook.plots.toxicity import (
    clinical_course,
    costimulation_plot,
    course_plot,
    gates_plot,
    logic_gates,
    risk_plot,
    severe_by_costimulation,
)
from cartbook.plots.transplant import transplant_hazard_ratio, transplant_model, transplant_plot
from cartbook.plots.zoom import zoom
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
    "aims_by_country",
    "aims_plot",
    "allogeneic_responses",
    "average_hazard_ratio",
    "binomial_plot",
    "cd19_trials",
    "chance_of_at_least",
    "chance_of_excluding",
    "chance_to_pass",
    "check",
    "clinical_course",
    "colour",
    "composition_plot",
    "costimulation_plot",
    "course_plot",
    "coverage",
    "coverage_plot",
    "deal",
    "dealing_table",
    "delay_plot",
    "delays",
    "difference",
    "difference_explorer",
    "dot_plot",
    "drawable",
    "drawing",
    "early_events_plot",
    "early_risk_trial",
    "edited_share",
    "editing_explorer",
    "england",
    "escape_explorer",
    "escaping",
    "estimates_plot",
    "evidence",
    "fate_bars",
    "fates",
    "feature_shares",
    "features_plot",
    "fewest_responders",
    "figure",
    "fit_control",
    "forest",
    "gates_plot",
    "graft_versus_host",
    "hazard_ratio",
    "hazard_ratio_after",
    "history",
    "infused_and_enrolled",
    "interval_plot",
    "joined_rates",
    "kaplan_meier",
    "killed",
    "landmark",
    "landmark_plot",
    "leaders",
    "leaders_plot",
    "licence_grid",
    "licences",
    "load",
    "logic_gates",
    "median_survival",
    "numbers_at_risk",
    "of_all_enrolled",
    "overlap_limits",
    "overlap_plot",
    "overview",
    "overview_plot",
    "paired_bars",
    "passing_plot",
    "pool",
    "precision_plot",
    "proportion",
    "proportions",
    "published",
    "quiz",
    "quote",
    "receptor_left",
    "registry_counts",
    "remission_plot",
    "results_by_target",
    "risk_plot",
    "selection_explorer",
    "severe_by_costimulation",
    "share_in_remission",
    "simulate_trial",
    "simulated_reports",
    "survival_plot",
    "table",
    "transplant_hazard_ratio",
    "transplant_model",
    "transplant_plot",
    "trial_simulator",
    "unlikely",
    "waiting_plot",
    "waiting_times",
    "waiting_trial",
    "window_explorer",
    "wrong_joins",
    "yearly_counts",
    "yearly_plot",
    "zoom",
]
