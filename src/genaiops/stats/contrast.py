"""Whether a part of the cases differs from the rest: two means over the same clusters, and their difference.

The error is the same cluster jackknife (CV3) as elsewhere: a cluster that has cases on both sides is left out
of both at once, so that what its cases share is not counted twice. Source: MacKinnon, Nielsen and Webb,
"Leverage, influence, and the jackknife in clustered regression models" (2023).
"""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genaiops.stats.clusters import (
    FloatArray,
    IntArray,
    as_floats,
    cluster_codes,
    effective_clusters,
    exact_sum,
)
from genaiops.stats.intervals import limit, reach, require_alpha, undecidable
from genaiops.stats.model import Basis, Interval


def contrast(
    values: Sequence[float] | FloatArray,
    inside: Sequence[bool] | NDArray[np.bool_],
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
) -> Interval:
    """The mean of `values` (one a case) where `inside`, minus the mean of the others.

    `clusters` is one key a case, or an integer array such as `cluster_codes` returns (fast). The degrees of
    freedom, and whether anything can be decided, follow the side whose clusters are worth less. Raises
    ValueError where lengths differ, a value is not finite, a side has no case, or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    scores, part = as_floats("values", values), np.asarray(inside, dtype=np.bool_)
    codes = clusters if isinstance(clusters, np.ndarray) else cluster_codes(clusters)
    if not scores.shape == part.shape == codes.shape:
        raise ValueError(f"{scores.size} values but {part.size} sides and {codes.size} cluster keys")
    if part.all() or not part.any():
        raise ValueError("both sides need at least one case")
    estimate, se, g_eff, count = _jackknife(scores, part, codes)
    basis = Basis(estimate, se, g_eff - 1.0)
    steps = reach(g_eff - 1.0, alpha)
    reason = undecidable(g_eff)
    return Interval(
        estimate=estimate,
        low=limit(basis, -steps),
        high=limit(basis, steps),
        se=se,
        df=g_eff - 1.0,
        alpha=alpha,
        n=scores.size,
        clusters=count,
        g_eff=g_eff,
        method="t",
        lower=basis,
        upper=basis,
        decidable=reason is None,
        reason=reason,
    )


def _jackknife(
    values: FloatArray, part: NDArray[np.bool_], codes: IntArray
) -> tuple[float, float, float, int]:
    """Return estimate, error (inf where one cluster is a whole side), effective clusters, and clusters."""
    used = np.bincount(codes) > 0
    count = int(used.sum())
    inside, outside = (_side(values[side], codes[side], used.size) for side in (part, ~part))
    estimate = inside.mean - outside.mean
    worth = min(inside.worth, outside.worth)
    if worth < 1.0 + 1e-9:
        return estimate, math.inf, worth, count
    moves = inside.left_out - outside.left_out - estimate
    return estimate, math.sqrt((count - 1) / count * exact_sum(moves * moves)), worth, count


class _Side(NamedTuple):
    """A side's mean, its mean without each cluster, and how many equal clusters its own are worth."""

    mean: float
    left_out: FloatArray
    worth: float


def _side(values: FloatArray, codes: IntArray, length: int) -> _Side:
    sums = np.bincount(codes, weights=values, minlength=length).astype(np.float64)
    sizes = np.bincount(codes, minlength=length).astype(np.float64)
    total, cases = exact_sum(sums), float(values.size)
    rest = cases - sizes
    left_out = np.divide(total - sums, rest, out=np.zeros(length), where=rest > 0.0)
    return _Side(total / cases, left_out, effective_clusters(sizes[sizes > 0.0]))
