"""The tables, intervals and figures of *CAR-T in Numbers*.

Everything a chapter may use is named here, and nothing else is public:

>>> from cartbook import evidence, proportions, interval_plot, figure
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what an editor and a type checker see; at run time names load on first use
    from cartbook.cd19 import cd19_trials as cd19_trials
    from cartbook.cd19 import infused_and_enrolled as infused_and_enrolled
    from cartbook.charts import dot_plot as dot_plot
    from cartbook.charts import drawable as drawable
    from cartbook.charts import interval_plot as interval_plot
    from cartbook.charts import paired_bars as paired_bars
    from cartbook.exercises import check as check
    from cartbook.figures import drawing as drawing
    from cartbook.figures import figure as figure
    from cartbook.figures import table as table
    from cartbook.forest import forest as forest
    from cartbook.licensing import delays as delays
    from cartbook.licensing import england as england
    from cartbook.licensing import licences as licences
    from cartbook.meta_analysis import pool as pool
    from cartbook.plots_estimates import estimates_plot as estimates_plot
    from cartbook.plots_products import delay_plot as delay_plot
    from cartbook.plots_products import fate_bars as fate_bars
    from cartbook.plots_products import fates as fates
    from cartbook.plots_products import licence_grid as licence_grid
    from cartbook.plots_products import waiting_times as waiting_times
    from cartbook.plots_reading import difference_explorer as difference_explorer
    from cartbook.plots_reading import joined_rates as joined_rates
    from cartbook.plots_reading import of_all_enrolled as of_all_enrolled
    from cartbook.plots_reading import survival_plot as survival_plot
    from cartbook.plots_reading import trial_simulator as trial_simulator
    from cartbook.quizzes import Choice as Choice
    from cartbook.quizzes import Number as Number
    from cartbook.quizzes import Order as Order
    from cartbook.quizzes import Spot as Spot
    from cartbook.quizzes import Stem as Stem
    from cartbook.quizzes import quiz as quiz
    from cartbook.second_line import average_hazard_ratio as average_hazard_ratio
    from cartbook.second_line import fit_control as fit_control
    from cartbook.second_line import waiting_plot as waiting_plot
    from cartbook.second_line import waiting_trial as waiting_trial
    from cartbook.simulation import hazard_ratio as hazard_ratio
    from cartbook.simulation import kaplan_meier as kaplan_meier
    from cartbook.simulation import landmark as landmark
    from cartbook.simulation import median_survival as median_survival
    from cartbook.simulation import numbers_at_risk as numbers_at_risk
    from cartbook.simulation import simulate_trial as simulate_trial
    from cartbook.stats import difference as difference
    from cartbook.stats import proportion as proportion
    from cartbook.stats import proportions as proportions
    from cartbook.tables import agreement as agreement
    from cartbook.tables import evidence as evidence
    from cartbook.tables import history as history
    from cartbook.tables import load as load
    from cartbook.tables import quote as quote
    from cartbook.theme import colour as colour

#: public name -> the module that defines it; a chapter depends on just the modules whose names it imports
FACE = {
    "pool": "meta_analysis",
    "waiting_trial": "second_line",
    "waiting_plot": "second_line",
    "infused_and_enrolled": "cd19",
    "fit_control": "second_line",
    "estimates_plot": "plots_estimates",
    "cd19_trials": "cd19",
    "average_hazard_ratio": "second_line",
    "Choice": "quizzes",
    "Number": "quizzes",
    "Order": "quizzes",
    "Spot": "quizzes",
    "Stem": "quizzes",
    "check": "exercises",
    "colour": "theme",
    "delay_plot": "plots_products",
    "delays": "licensing",
    "difference": "stats",
    "difference_explorer": "plots_reading",
    "joined_rates": "plots_reading",
    "of_all_enrolled": "plots_reading",
    "survival_plot": "plots_reading",
    "trial_simulator": "plots_reading",
    "hazard_ratio": "simulation",
    "kaplan_meier": "simulation",
    "landmark": "simulation",
    "median_survival": "simulation",
    "numbers_at_risk": "simulation",
    "simulate_trial": "simulation",
    "dot_plot": "charts",
    "drawable": "charts",
    "drawing": "figures",
    "agreement": "tables",
    "england": "licensing",
    "evidence": "tables",
    "fate_bars": "plots_products",
    "fates": "plots_products",
    "figure": "figures",
    "forest": "forest",
    "interval_plot": "charts",
    "history": "tables",
    "licence_grid": "plots_products",
    "licences": "licensing",
    "load": "tables",
    "paired_bars": "charts",
    "proportion": "stats",
    "proportions": "stats",
    "quiz": "quizzes",
    "quote": "tables",
    "table": "figures",
    "waiting_times": "plots_products",
}
__all__ = sorted(FACE)


def __getattr__(name: str) -> Any:
    if name not in FACE:
        raise AttributeError(f"cartbook has no {name!r}; it offers {', '.join(__all__)}")
    value = getattr(import_module(f"cartbook.{FACE[name]}"), name)
    globals()[name] = value  # importing cartbook.forest has just put the module under this name
    return value
