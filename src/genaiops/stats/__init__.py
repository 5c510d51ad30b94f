"""The estimators behind every verdict: what the scores of a suite prove about new cases from the same source.

Pure functions over plain sequences or numpy arrays; frozen results; no file, no clock, no hidden randomness.
A verdict takes four steps: `average_repeats` makes one value a case, `cluster_codes` numbers the clusters,
`difference` (or `mean_interval`, `rate_interval`, a ratio) gives the limits, `decide` compares them with the
claim's bound; then `holm` over the refutations' `p_value`s, and `clusters_needed` for what stayed open.
Importing this room costs nothing: numpy is loaded when a name is first used.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.stats.clusters import average_repeats, cluster_codes, effective_clusters, round_sig
    from genaiops.stats.contrast import contrast
    from genaiops.stats.decision import benjamini_hochberg, decide, holm, p_value
    from genaiops.stats.intervals import difference, mean_interval, pseudo_weight
    from genaiops.stats.model import Basis, Decision, Direction, Interval, Need, Plan, Repeats
    from genaiops.stats.power import claim_power, clusters_needed, detectable_effect
    from genaiops.stats.rates import rate_interval
    from genaiops.stats.ratio import ratio_of_means
    from genaiops.stats.ratio_bootstrap import quantile_ratio, ratio_of_ratios

__all__ = [
    "Basis",
    "Decision",
    "Direction",
    "Interval",
    "Need",
    "Plan",
    "Repeats",
    "average_repeats",
    "benjamini_hochberg",
    "claim_power",
    "cluster_codes",
    "clusters_needed",
    "contrast",
    "decide",
    "detectable_effect",
    "difference",
    "effective_clusters",
    "holm",
    "mean_interval",
    "p_value",
    "pseudo_weight",
    "quantile_ratio",
    "rate_interval",
    "ratio_of_means",
    "ratio_of_ratios",
    "round_sig",
]

_HOMES = {
    "Basis": "model",
    "Decision": "model",
    "Direction": "model",
    "Interval": "model",
    "Need": "model",
    "Plan": "model",
    "Repeats": "model",
    "average_repeats": "clusters",
    "benjamini_hochberg": "decision",
    "claim_power": "power",
    "cluster_codes": "clusters",
    "clusters_needed": "power",
    "contrast": "contrast",
    "decide": "decision",
    "detectable_effect": "power",
    "difference": "intervals",
    "effective_clusters": "clusters",
    "holm": "decision",
    "mean_interval": "intervals",
    "p_value": "decision",
    "pseudo_weight": "intervals",
    "quantile_ratio": "ratio_bootstrap",
    "rate_interval": "rates",
    "ratio_of_means": "ratio",
    "ratio_of_ratios": "ratio_bootstrap",
    "round_sig": "clusters",
}
__getattr__ = attach(__name__, _HOMES)
