"""The tables, intervals, charts and quizzes of *CAR-T in Numbers*: all that a chapter imports.

>>> from cartbook import evidence, proportions, interval_plot, figure
"""

from types import ModuleType

from cartbook import startup as startup  # before Altair

# isort: split
from cartbook.charts import dot_plot, drawable, interval_plot
from cartbook.exercises import check
from cartbook.figures import drawing, figure, table
from cartbook.forest import forest
from cartbook.licensing import delays, england, licences
from cartbook.meta_analysis import compare_groups, pool, pool_logits
from cartbook.plots.aml import coverage, coverage_plot, killed, window_explorer
from cartbook.plots.audit import (
    appraised,
    cited_statements,
    findings_plot,
    grim,
    grim_plot,
    grim_power,
    in_the_whole,
    judgement_matrix,
    kappa,
    overall,
    printed_percentages,
    quotation_rates,
)
from cartbook.plots.availability import (
    days_and_infused,
    denominators_plot,
    flow_bars,
    patient_flow,
    share_infused,
    two_denominators,
    wait_plot,
    weekly_loss,
)
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
from cartbook.plots.escape import (
    competing_curves,
    competing_risks,
    lost_at_relapse,
    patients_needed,
    relapse_bars,
    relapse_kinds,
)
from cartbook.plots.estimates import estimates_plot
from cartbook.plots.landmarks import landmark_plot
from cartbook.plots.naive_sum import naive_plot, naive_simulation
from cartbook.plots.pivotal_trials import overview, overview_plot
from cartbook.plots.precision import chance_of_excluding, fewest_responders, precision_plot
from cartbook.plots.products import (
    delay_plot,
    fate_bars,
    fates,
    licence_grid,
    waiting_times,
    waits_plot,
)
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
    line_at_one,
    of_all_enrolled,
    repeated_trials,
    repeats_plot,
    survival_plot,
    trial_simulator,
)
from cartbook.plots.registry import (
    composition_plot,
    feature_shares,
    features_plot,
    later_means,
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
from cartbook.plots.since import (
    decisions,
    decisions_plot,
    first_and_later,
    five_years,
    pace,
    randomised_trials,
    recount_plot,
    recounted_trials,
    survival_by_arm,
    survival_gain_plot,
    survival_with,
)
from cartbook.plots.steered_forest import steered_forest
from cartbook.plots.summary import difference_plot, rate_plot, ratio_explorer
from cartbook.plots.synthesis import (
    beside_r,
    funnel_limits,
    funnel_plot,
    leave_one_out,
    pooled_by,
    pooled_forest,
    pooled_plot,
    pooling_rows,
    published_rates,
)
from cartbook.plots.targets import (
    aims_by_country,
    aims_plot,
    escape_explorer,
    escaping,
    measured_losses,
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
from cartbook.quizzes import Choice, Number, Order, Spot, Stem, packed_quiz, quiz, variants
from cartbook.simulation import (
    hazard_ratio,
    kaplan_meier,
    landmark,
    median_survival,
    numbers_at_risk,
    restricted_mean,
    simulate_trial,
)
from cartbook.stats import difference, proportion, proportions
from cartbook.summary import (
    certainty,
    evidence_profile,
    grade_limits,
    imprecision,
    pooled_studies,
    read_findings,
    summary_of_findings,
    summary_rows,
    with_ratio,
)
from cartbook.tables import agreement, evidence, history, load, quote
from cartbook.theme import colour

__all__ = [
    name for name, one in globals().items() if name[0] != "_" and not isinstance(one, ModuleType)
]
