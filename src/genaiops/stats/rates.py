"""The interval of a rate: the wider of Wilson's and Clopper and Pearson's on the effective number of cases.

The effective number is n ÷ deff, where deff is the cluster jackknife's variance over that of independent
cases (never below 1), shrunk for the few degrees of freedom that deff itself rests on. Wilson alone is meant
for two sides at once: the limit on the far side from 0 or 1 errs up to 12 % one-sided at alpha 0.05 (60
cases, rate 0.98) and Clopper and Pearson's is wider there; at 0 and n it alone holds. Where nothing differs,
deff cannot be estimated; so no limit goes beyond the one that G_eff unanimous clusters give.

Sources: Wilson (1927); Clopper and Pearson (1934); Korn and Graubard, Survey Methodology 24 (1998); Cai
(2005) on one-sided limits.
"""

import math
from collections.abc import Hashable, Sequence

import numpy as np

from genaiops.stats.clusters import FloatArray, IntArray, as_floats, effective_clusters, sums_by_cluster
from genaiops.stats.distributions import beta_ppf, normal_ppf
from genaiops.stats.intervals import jackknife, reach, require_alpha, undecidable
from genaiops.stats.model import Basis, Interval


def rate_interval(
    hits: Sequence[float] | FloatArray, clusters: Sequence[Hashable] | IntArray, alpha: float
) -> Interval:
    """The rate of 1 among `hits` (one 0 or 1 a case) over new clusters from the same source.

    Raises ValueError where lengths differ, a value is neither 0 nor 1, or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    values = as_floats("hits", hits)
    if not bool(np.isin(values, (0.0, 1.0)).all()):
        raise ValueError("a rate is taken of values 0 and 1 only; for other values use mean_interval")
    by_cluster = sums_by_cluster(values, clusters)
    g_eff = effective_clusters(by_cluster.sizes)
    rate, se = jackknife(by_cluster)
    n_eff = _effective_cases(rate, se, values.size, g_eff, alpha)
    lows, highs = zip(_wilson(rate, n_eff, alpha), _clopper_pearson(rate, n_eff, alpha), strict=True)
    unanimous = alpha ** (1.0 / g_eff)
    reason = undecidable(g_eff)
    basis = Basis(rate, se, g_eff - 1.0)
    return Interval(
        estimate=rate,
        low=min(*lows, unanimous),
        high=max(*highs, 1.0 - unanimous),
        se=se,
        df=basis.df,
        alpha=alpha,
        n=values.size,
        clusters=by_cluster.sizes.size,
        g_eff=g_eff,
        method="rate",
        lower=basis,
        upper=basis,
        n_eff=n_eff,
        decidable=reason is None,
        reason=reason,
    )


def _effective_cases(rate: float, se: float, n: int, g_eff: float, alpha: float) -> float:
    independent = rate * (1.0 - rate) / max(n - 1, 1)
    if independent <= 0.0 or math.isinf(se) or g_eff < 2.0:
        return g_eff
    design_effect = se * se / independent
    if design_effect < 1.0 + 1e-9:
        design_effect = 1.0
    shrink = min(1.0, reach(n - 1.0, alpha) / reach(g_eff - 1.0, alpha))
    return max(n / design_effect * shrink * shrink, 1.0)


def _wilson(rate: float, n: float, alpha: float) -> tuple[float, float]:
    z = normal_ppf(1.0 - alpha)
    scale = 1.0 + z * z / n
    centre = (rate + z * z / (2.0 * n)) / scale
    half = z / scale * math.sqrt(rate * (1.0 - rate) / n + z * z / (4.0 * n * n))
    return centre - half, centre + half


def _clopper_pearson(rate: float, n: float, alpha: float) -> tuple[float, float]:
    hits, misses = rate * n, (1.0 - rate) * n
    low = beta_ppf(alpha, hits, misses + 1.0) if rate > 0.0 else 0.0
    high = beta_ppf(1.0 - alpha, hits + 1.0, misses) if rate < 1.0 else 1.0
    return low, high
