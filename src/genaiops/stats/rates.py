"""The interval of a rate: Wilson's on the effective number of cases, Clopper and Pearson's near 0 and 1.

The effective number is n ÷ deff, where deff is the cluster jackknife's variance over that of independent
cases (never below 1), shrunk for the few degrees of freedom that deff itself rests on. Where fewer than five
effective cases lie on one side, Wilson's outer limit errs up to 12 % at alpha 0.05, so Clopper and Pearson's
takes over. Where nothing differs, deff cannot be estimated; so no limit ever goes beyond the one that G_eff
unanimous clusters give. That also keeps the limits monotone: one more success never lowers one.

Sources: Wilson (1927); Clopper and Pearson (1934); Korn and Graubard, Survey Methodology 24 (1998).
"""

import math
from collections.abc import Hashable, Sequence

import numpy as np

from genaiops.stats.clusters import FloatArray, IntArray, as_floats, effective_clusters, sums_by_cluster
from genaiops.stats.distributions import beta_ppf, normal_ppf
from genaiops.stats.intervals import jackknife, reach, require_alpha, undecidable
from genaiops.stats.model import Basis, Interval

_FEWEST_FOR_WILSON = 5.0


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
    wilson = min(rate, 1.0 - rate) * n_eff >= _FEWEST_FOR_WILSON
    low, high = _wilson(rate, n_eff, alpha) if wilson else _clopper_pearson(rate, n_eff, alpha)
    unanimous = alpha ** (1.0 / g_eff)
    reason = undecidable(g_eff)
    basis = Basis(rate, se, g_eff - 1.0)
    return Interval(
        estimate=rate,
        low=min(low, unanimous),
        high=max(high, 1.0 - unanimous),
        se=se,
        df=basis.df,
        alpha=alpha,
        n=values.size,
        clusters=by_cluster.sizes.size,
        g_eff=g_eff,
        method="wilson" if wilson else "clopper_pearson",
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
