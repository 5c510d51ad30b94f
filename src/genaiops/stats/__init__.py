"""The estimators behind every verdict: what the scores of a suite prove about new cases from the same source.

Pure functions over plain sequences or numpy arrays; frozen results; no file, no clock, no hidden randomness.
A verdict takes four steps: `average_repeats` makes one value a case, `cluster_codes` numbers the clusters,
`difference` (or `mean_interval`, `rate_interval`, a ratio) gives the limits, `decide` compares them with the
claim's bound; then `holm` over the refutations' `p_value`s, and `clusters_needed` for what stayed open.
Beside that: `decide_equivalent` for "no different", `adjusted_difference` and `corrected_mean` where more is
known than was measured, `pass_every_time` for repeats, agreement for rulers, `joint_alpha` and `best_of` for
sweeps, `betting_interval` for streams. docs/decisions.md says which of them verdicts use.
Importing this room costs nothing: numpy is loaded when a name is first used.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.stats.adjusted import adjusted_difference, corrected_mean
    from genaiops.stats.agreement import cohens_kappa, judge_rates, krippendorff_alpha, mcnemar
    from genaiops.stats.betting import betting_interval
    from genaiops.stats.clusters import average_repeats, cluster_codes, effective_clusters, round_sig
    from genaiops.stats.contrast import contrast
    from genaiops.stats.decision import (
        benjamini_hochberg,
        decide,
        decide_equivalent,
        equivalence_p_values,
        holm,
        p_value,
    )
    from genaiops.stats.intervals import difference, mean_interval, pseudo_weight
    from genaiops.stats.model import Basis, Decision, Direction, Interval, Need, Plan, Repeats
    from genaiops.stats.passing import pass_every_time
    from genaiops.stats.power import (
        assumed_interval,
        claim_power,
        clusters_needed,
        detectable_effect,
        detectable_range,
    )
    from genaiops.stats.rates import rate_interval
    from genaiops.stats.ratio import ratio_of_means
    from genaiops.stats.ratio_bootstrap import quantile_ratio, ratio_of_ratios
    from genaiops.stats.sequential import conditional_power, look_levels, look_sizes, stopping_shares
    from genaiops.stats.simultaneous import Best, best_of, joint_alpha

__all__ = [
    "Basis",
    "Best",
    "Decision",
    "Direction",
    "Interval",
    "Need",
    "Plan",
    "Repeats",
    "adjusted_difference",
    "assumed_interval",
    "average_repeats",
    "benjamini_hochberg",
    "best_of",
    "betting_interval",
    "claim_power",
    "cluster_codes",
    "clusters_needed",
    "cohens_kappa",
    "conditional_power",
    "contrast",
    "corrected_mean",
    "decide",
    "decide_equivalent",
    "detectable_effect",
    "detectable_range",
    "difference",
    "effective_clusters",
    "equivalence_p_values",
    "holm",
    "joint_alpha",
    "judge_rates",
    "krippendorff_alpha",
    "look_levels",
    "look_sizes",
    "mcnemar",
    "mean_interval",
    "p_value",
    "pass_every_time",
    "pseudo_weight",
    "quantile_ratio",
    "rate_interval",
    "ratio_of_means",
    "ratio_of_ratios",
    "round_sig",
    "stopping_shares",
]

_HOMES = {
    "Basis": "model",
    "Best": "simultaneous",
    "Decision": "model",
    "Direction": "model",
    "Interval": "model",
    "Need": "model",
    "Plan": "model",
    "Repeats": "model",
    "adjusted_difference": "adjusted",
    "assumed_interval": "power",
    "average_repeats": "clusters",
    "benjamini_hochberg": "decision",
    "best_of": "simultaneous",
    "betting_interval": "betting",
    "claim_power": "power",
    "cluster_codes": "clusters",
    "clusters_needed": "power",
    "cohens_kappa": "agreement",
    "conditional_power": "sequential",
    "contrast": "contrast",
    "corrected_mean": "adjusted",
    "decide": "decision",
    "decide_equivalent": "decision",
    "detectable_effect": "power",
    "detectable_range": "power",
    "difference": "intervals",
    "effective_clusters": "clusters",
    "equivalence_p_values": "decision",
    "holm": "decision",
    "joint_alpha": "simultaneous",
    "judge_rates": "agreement",
    "krippendorff_alpha": "agreement",
    "look_levels": "sequential",
    "look_sizes": "sequential",
    "mcnemar": "agreement",
    "mean_interval": "intervals",
    "p_value": "decision",
    "pass_every_time": "passing",
    "pseudo_weight": "intervals",
    "quantile_ratio": "ratio_bootstrap",
    "rate_interval": "rates",
    "ratio_of_means": "ratio",
    "ratio_of_ratios": "ratio_bootstrap",
    "round_sig": "clusters",
    "stopping_shares": "sequential",
}
__getattr__ = attach(__name__, _HOMES)
