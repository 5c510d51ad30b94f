"""The interval of mean(candidate) ÷ mean(baseline), for example of cost or tokens.

Fieller's interval with the cluster jackknife's covariance. Every limit is the paired t test of candidate −
r · baseline, so it inherits that test's error: 4.2–5.3 % a side at alpha 0.05 on log-normal costs, where the
jackknife of the log ratio errs 4.8–6.2 %. Source: Fieller, JRSS B 16 (1954).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from genaiops.stats.clusters import (
    ClusterSums,
    FloatArray,
    IntArray,
    as_floats,
    effective_clusters,
    exact_sum,
    sums_by_cluster,
)
from genaiops.stats.intervals import reach, require_alpha, undecidable
from genaiops.stats.model import Basis, Interval, Method


def ratio_of_means(
    candidate: Sequence[float] | FloatArray,
    baseline: Sequence[float] | FloatArray,
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
) -> Interval:
    """mean(candidate) ÷ mean(baseline), paired by case, over new clusters from the same source.

    The values are in one unit, the ratio has none. Not decidable (limits infinite) where the baseline's mean
    is not clearly above 0: the ratio then has no bounded interval. Raises ValueError where lengths differ, a
    value is negative or not finite, or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    above, below = paired_values(candidate, baseline)
    top, bottom = sums_by_cluster(above, clusters), sums_by_cluster(below, clusters)
    g_eff = effective_clusters(top.sizes)
    means, spread = _covariance(top, bottom)
    steps = reach(g_eff - 1.0, alpha)
    low, high = _fieller(means, spread, steps)
    estimate = means[0] / means[1] if means[1] > 0.0 else math.nan
    se = math.sqrt(max(0.0, _spread_at(estimate, spread))) / means[1] if means[1] > 0.0 else math.inf
    shape = Shape(above.size, top.sizes.size, g_eff, alpha, "fieller")
    reason = None if math.isfinite(high) else "the baseline's mean is not clearly above 0"
    return ratio_interval(shape, estimate, low, high, se, reason)


@dataclass(frozen=True, slots=True)
class Shape:
    """What every ratio's interval says about its data; `clusters` and `g_eff` as in `Interval`."""

    n: int
    clusters: int
    g_eff: float
    alpha: float
    method: Method


def paired_values(
    first: Sequence[float] | FloatArray, second: Sequence[float] | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Both as arrays. Raises ValueError where lengths differ or a value is negative or not finite."""
    one, two = as_floats("values", first), as_floats("values", second)
    if one.shape != two.shape:
        raise ValueError(f"{one.size} values but {two.size} values to pair them with")
    if min(float(one.min()), float(two.min())) < 0.0:
        raise ValueError("a ratio needs values of at least 0")
    return one, two


def _covariance(
    top: ClusterSums, bottom: ClusterSums
) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """Both means; the cluster jackknife's variance of the first, covariance, variance of the second."""
    means = top.total / top.cases, bottom.total / bottom.cases
    count = top.sizes.size
    if count < 2:
        return means, (math.inf, 0.0, math.inf)
    left = top.cases - top.sizes
    first = (top.total - top.sums) / left - means[0]
    second = (bottom.total - bottom.sums) / left - means[1]
    share = (count - 1) / count
    variance, joint, other = (
        share * exact_sum(product) for product in (first * first, first * second, second * second)
    )
    return means, (variance, joint, other)


def _spread_at(r: float, spread: tuple[float, float, float]) -> float:
    """The variance of mean(candidate) − r · mean(baseline)."""
    return spread[0] - 2.0 * r * spread[1] + r * r * spread[2]


def _fieller(
    means: tuple[float, float], spread: tuple[float, float, float], steps: float
) -> tuple[float, float]:
    if math.isinf(steps) or math.isinf(spread[2]):
        return -math.inf, math.inf
    square = steps * steps
    leading = means[1] * means[1] - square * spread[2]
    if leading <= 1e-12 * means[1] * means[1]:
        return -math.inf, math.inf
    half = means[0] * means[1] - square * spread[1]
    constant = means[0] * means[0] - square * spread[0]
    root = math.sqrt(max(0.0, half * half - leading * constant))
    return (half - root) / leading, (half + root) / leading


def ratio_interval(
    shape: Shape, estimate: float, low: float, high: float, se: float, reason: str | None
) -> Interval:
    """A ratio's interval; not decidable for too few clusters or for the `reason` given."""
    why = undecidable(shape.g_eff) or reason
    basis = Basis(estimate, se, shape.g_eff - 1.0)
    return Interval(
        estimate=estimate,
        low=low,
        high=high,
        se=se,
        df=basis.df,
        alpha=shape.alpha,
        n=shape.n,
        clusters=shape.clusters,
        g_eff=shape.g_eff,
        method=shape.method,
        lower=basis,
        upper=basis,
        decidable=why is None,
        reason=why,
    )
