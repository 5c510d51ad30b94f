"""Intervals for candidate ÷ baseline of statistics that are no means: quantiles, and cost per correct answer.

Studentised cluster bootstrap of the log ratio, with linearised errors. Sources: Woodruff (1952) and Hall and
Sheather (1988) for a quantile's error; Binder (1983) for linearisation.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from genaiops.stats.bootstrap import resampled_counts, studentised_limits
from genaiops.stats.clusters import (
    FloatArray,
    IntArray,
    dense_codes,
    effective_clusters,
    sums_by_cluster,
)
from genaiops.stats.distributions import normal_ppf
from genaiops.stats.intervals import require_alpha
from genaiops.stats.model import Interval
from genaiops.stats.ratio import Shape, paired_values, ratio_interval

_FEWEST_BEYOND_QUANTILE = 20.0
_MOST_UNDEFINED = 0.001
_LARGEST_LOG = 700.0


def quantile_ratio(
    candidate: Sequence[float] | FloatArray,
    baseline: Sequence[float] | FloatArray,
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    key: int,
    q: float = 0.95,
) -> Interval:
    """The `q` quantile of candidate ÷ that of baseline, for example p95 latencies (in one unit; the ratio has
    none).

    `key` fixes the resampling. Not decidable unless 20 cases are expected beyond the quantile: 400 cases at
    0.95, 40 at 0.5. Raises ValueError where lengths differ, a value is not positive and finite, q is not in
    (0, 1), or alpha not in (0, 0.5).
    """
    require_alpha(alpha)
    if not 0.0 < q < 1.0:
        raise ValueError(f"a quantile strictly between 0 and 1 is needed, not {q!r}")
    above, below = paired_values(candidate, baseline)
    if min(float(above.min()), float(below.min())) <= 0.0:
        raise ValueError("a ratio of quantiles needs positive values")
    codes = dense_codes(clusters, above.size)
    sizes = np.bincount(codes)
    shape = Shape(above.size, sizes.size, effective_clusters(sizes.astype(np.float64)), alpha, "bootstrap")
    arms = (_Arm.of(np.log(above), q), _Arm.of(np.log(below), q))
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    groups = _Groups(codes, order, starts)
    estimates, errors = _log_quantile_ratios(arms, groups, np.ones((1, sizes.size), dtype=np.int64))
    tail = above.size * min(q, 1.0 - q)
    reason = None
    if tail < _FEWEST_BEYOND_QUANTILE - 1e-9:
        fewest = math.ceil(_FEWEST_BEYOND_QUANTILE / min(q, 1.0 - q) - 1e-9)
        reason = f"{above.size} cases; a ratio of {q:g} quantiles needs at least {fewest}"
    blocks = [
        _log_quantile_ratios(arms, groups, counts)
        for counts in resampled_counts(sizes.size, key, cells=-(-above.size // sizes.size))
    ]
    return _bootstrapped(shape, float(estimates[0]), float(errors[0]), blocks, reason)


def ratio_of_ratios(
    candidate: tuple[Sequence[float] | FloatArray, Sequence[float] | FloatArray],
    baseline: tuple[Sequence[float] | FloatArray, Sequence[float] | FloatArray],
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    key: int,
) -> Interval:
    """(Σa ÷ Σb of candidate) ÷ (Σa ÷ Σb of baseline), each arm being its pair (a, b), one value a case.

    Cost and correctness (0 or 1) give the ratio of costs per correct answer. `key` fixes the resampling. Not
    decidable where a sum is 0, or is in more than 1 of 1,000 resamples. Raises ValueError where lengths
    differ, a value is negative or not finite, or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    pairs = [*paired_values(*candidate), *paired_values(*baseline)]
    if pairs[0].size != pairs[2].size:
        raise ValueError(f"{pairs[0].size} candidate values but {pairs[2].size} baseline values")
    by_cluster = [sums_by_cluster(values, clusters) for values in pairs]
    sizes = by_cluster[0].sizes
    shape = Shape(pairs[0].size, sizes.size, effective_clusters(sizes), alpha, "bootstrap")
    sums = np.stack([one.sums for one in by_cluster])
    if not bool((sums.sum(axis=1) > 0.0).all()):
        reason = "a sum is 0, so the ratio is not defined"
        return ratio_interval(shape, math.nan, -math.inf, math.inf, math.inf, reason)
    estimates, errors = _log_ratios(sums, np.ones((1, sizes.size), dtype=np.int64))
    blocks = [_log_ratios(sums, counts) for counts in resampled_counts(sizes.size, key, cells=4)]
    return _bootstrapped(shape, float(estimates[0]), float(errors[0]), blocks, None)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Each case's cluster, the cases in cluster order, and where each cluster starts in that order."""

    codes: IntArray
    order: IntArray
    starts: IntArray


@dataclass(frozen=True, slots=True)
class _Arm:
    """One arm's logarithms: as given, sorted, and the three quantile levels (around, at and above q)."""

    logs: FloatArray
    ranking: IntArray
    ordered: FloatArray
    levels: tuple[float, float, float]

    @classmethod
    def of(cls, logs: FloatArray, q: float) -> "_Arm":
        ranking = np.argsort(logs, kind="stable")
        width = _bandwidth(q, logs.size)
        return cls(logs, ranking, logs[ranking], (q - width, q, q + width))


def _bandwidth(q: float, n: int) -> float:
    """Hall and Sheather's half-width for the slope of the quantile function at q, kept inside (0, 1)."""
    z = normal_ppf(q)
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    width = n ** (-1 / 3) * 1.96 ** (2 / 3) * (1.5 * density * density / (2.0 * z * z + 1.0)) ** (1 / 3)
    return min(width, 0.8 * min(q, 1.0 - q))


def _log_ratios(sums: FloatArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """The log ratio of ratios and its linearised error, one a row of `counts`; NaN where a sum is 0."""
    totals = (counts[None, :, :] * sums[:, None, :]).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = sums[:, None, :] / totals[:, :, None]
        estimates = np.log(totals[0] / totals[1]) - np.log(totals[2] / totals[3])
        moves = shares[0] - shares[1] - shares[2] + shares[3]
        return estimates, np.sqrt((counts * moves * moves).sum(axis=1))


def _log_quantile_ratios(
    arms: tuple[_Arm, _Arm], groups: _Groups, counts: IntArray
) -> tuple[FloatArray, FloatArray]:
    """The log ratio of quantiles and its linearised cluster error, one a row of `counts`."""
    weights = counts[:, groups.codes]
    total = weights.sum(axis=1)
    quantiles: list[FloatArray] = []
    moves = np.zeros(weights.shape)
    for arm, sign in zip(arms, (1.0, -1.0), strict=True):
        running = np.cumsum(weights[:, arm.ranking], axis=1)
        low, middle, high = (
            arm.ordered[np.argmax(running >= level * total[:, None] - 1e-9, axis=1)] for level in arm.levels
        )
        slope = sign * (high - low) / (arm.levels[2] - arm.levels[0])
        moves += slope[:, None] * (arm.levels[1] - (arm.logs <= middle[:, None]))
        quantiles.append(middle)
    by_cluster = np.add.reduceat(moves[:, groups.order], groups.starts, axis=1)
    errors = np.sqrt((counts * by_cluster * by_cluster).sum(axis=1)) / total
    return quantiles[0] - quantiles[1], errors


def _bootstrapped(
    shape: Shape,
    estimate: float,
    se: float,
    blocks: Sequence[tuple[FloatArray, FloatArray]],
    reason: str | None,
) -> Interval:
    estimates = np.concatenate([block[0] for block in blocks])
    errors = np.concatenate([block[1] for block in blocks])
    defined = np.isfinite(estimates) & np.isfinite(errors)
    if reason is None and float(np.mean(~defined)) > _MOST_UNDEFINED:
        reason = "a sum is 0 in too many resamples: too few cases count"
    if not bool(defined.any()):
        return ratio_interval(shape, math.exp(estimate), -math.inf, math.inf, math.inf, reason)
    low, high = studentised_limits(estimate, se, estimates[defined], errors[defined], shape.alpha)
    ratio = math.exp(estimate)
    if high > _LARGEST_LOG:  # hardly any cluster varies, so a few resamples have almost no error
        reason = reason or "too few clusters vary to limit the ratio"
    least, most = (math.exp(one) if one <= _LARGEST_LOG else math.inf for one in (low, high))
    return ratio_interval(shape, ratio, least, most, ratio * se, reason)
