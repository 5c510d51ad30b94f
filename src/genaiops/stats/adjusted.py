"""Means made surer by what is known of more cases than were measured: covariates, or a judge's scores.

The estimate is ȳ − θ·(x̄ − centre): where the measured cases have, by luck, other covariates than the source,
the mean is moved back. θ is the slope that minimises the error of the clusters' sums, and the cluster
jackknife (CV3) estimates it again with each cluster left out, so that the error counts what θ costs.
Limits are rounded to 9 significant digits: slopes come from LAPACK.

Sources: Deng, Xu, Kohavi and Walker, "Improving the sensitivity of online controlled experiments by utilizing
pre-experiment data" (2013), CUPED; Angelopoulos, Duchi and Zrnic, "PPI++: efficient prediction-powered
inference" (2023), for labels beside scores with the slope tuned; Cochran, "Sampling Techniques" (1977),
chapter 7, for the regression estimator; MacKinnon, Nielsen and Webb (2023), CV3.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from genaiops.stats.clusters import (
    FloatArray,
    IntArray,
    as_floats,
    column_sums,
    dense_codes,
    effective_clusters,
    exact_sum,
    round_sig,
)
from genaiops.stats.intervals import limit, pseudo_weight, reach, require_alpha, require_range, undecidable
from genaiops.stats.model import Basis, Interval


def adjusted_difference(
    candidate: Sequence[float] | FloatArray,
    baseline: Sequence[float] | FloatArray,
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    covariates: Sequence[Sequence[float]] | FloatArray,
    centre: Sequence[float] | FloatArray,
    least: float | None = None,
    greatest: float | None = None,
) -> Interval:
    """The mean of candidate − baseline, paired by case, adjusted by covariates known before the change.

    `covariates` holds one row a case (length of a question, an earlier run's score), `centre` each
    covariate's mean over the source: from quotas of the design, or from so many cases that its own error does
    not count. The mean of these very cases is no centre: both arms answered the same cases, so nothing would
    move, and the limits would hold for suites of the same mix only. For a centre from a sample, use
    `corrected_mean` with the differences as labels. Each covariate costs a degree of freedom. `least` and
    `greatest` as in `difference`.

    Raises ValueError where lengths differ, a value is not finite, a difference lies outside [least,
    greatest], or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    treated, control = as_floats("candidate", candidate), as_floats("baseline", baseline)
    if treated.shape != control.shape:
        raise ValueError(f"{treated.size} candidate values but {control.size} baseline values")
    pairs = treated - control
    require_range(pairs, least, greatest)
    known, means = _matrix(covariates, pairs.size), as_floats("centre", centre)
    if means.size != known.shape[1]:
        raise ValueError(f"{known.shape[1]} covariates but {means.size} means of the source")
    codes = dense_codes(clusters, pairs.size)
    parts = _Parts.of(pairs, known, codes, int(codes.max()) + 1)
    return _interval(parts, means[None, :], means, alpha, (least, greatest), pairs.size)


def corrected_mean(
    labels: Sequence[float | None],
    scores: Sequence[float] | FloatArray,
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    least: float | None = None,
    greatest: float | None = None,
) -> Interval:
    """The mean that labels on all cases would have, from labels on some and a ruler's score on all.

    One entry a case; a label is None where nobody labelled. The labelled cases must be a random sample of
    all. However bad the ruler, the limits hold; a ruler that agrees with the labels makes them narrower. For
    a paired comparison, labels and scores are differences candidate − baseline of cases labelled on both
    arms.

    The mean meant is that over new clusters from the same source; for the mean over exactly these cases the
    limits are wider than they need be, the more so the larger the share labelled. `least` and `greatest` are
    the smallest and largest label possible: they join, for their own limit only, as a labelled pseudo-case
    with an average score (see `difference`). `n`, `clusters` and `g_eff` count what is labelled.

    Raises ValueError where lengths differ, a number is not finite, nothing is labelled, a label lies outside
    [least, greatest], or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    ruler = as_floats("scores", scores)
    if len(labels) != ruler.size:
        raise ValueError(f"{len(labels)} labels (or None) but {ruler.size} scores")
    told = np.array([index for index, label in enumerate(labels) if label is not None], dtype=np.int64)
    values = as_floats("labels", [label for label in labels if label is not None])
    require_range(values, least, greatest)
    codes = dense_codes(clusters, ruler.size)
    count = int(codes.max()) + 1
    parts = _Parts.of(values, ruler[told][:, None], codes[told], count)
    sizes, sums = np.bincount(codes, minlength=count), np.bincount(codes, ruler, count)
    total = exact_sum(ruler)
    centre = np.array([total / ruler.size])
    centres = ((total - sums) / np.maximum(ruler.size - sizes, 1))[:, None]
    return _interval(parts, centres, centre, alpha, (least, greatest), values.size)


@dataclass(frozen=True, slots=True)
class _Parts:
    """By cluster: the measured cases' number, sum of values, and sums of covariates (one column each)."""

    sizes: FloatArray
    sums: FloatArray
    covariates: FloatArray

    @classmethod
    def of(cls, values: FloatArray, known: FloatArray, codes: IntArray, count: int) -> "_Parts":
        columns = column_sums(np.column_stack([np.ones(values.size), values, known]), codes, count)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2:])


def _interval(
    parts: _Parts,
    centres: FloatArray,
    centre: FloatArray,
    alpha: float,
    bounds: tuple[float | None, float | None],
    n: int,
) -> Interval:
    used = parts.sizes[parts.sizes > 0.0]
    g_eff = effective_clusters(used)
    df = g_eff - 1.0 - parts.covariates.shape[1]
    estimate, left = _estimates(parts, centres, centre)
    plain = _basis(estimate, left, parts.sizes, df)
    weight = pseudo_weight(alpha)
    lower, upper = (
        plain if pseudo is None else _basis(estimate, left, parts.sizes, df, pseudo, weight)
        for pseudo in bounds
    )
    steps = reach(df, alpha)
    reason = undecidable(g_eff) or (None if df >= 1.0 else "too many covariates for so few clusters")
    return Interval(
        estimate=plain.estimate,
        low=round_sig(limit(lower, -steps)),
        high=round_sig(limit(upper, steps)),
        se=plain.se,
        df=df,
        alpha=alpha,
        n=n,
        clusters=used.size,
        g_eff=g_eff,
        method="t",
        lower=lower,
        upper=upper,
        decidable=reason is None,
        reason=reason,
    )


def _estimates(parts: _Parts, centres: FloatArray, centre: FloatArray) -> tuple[float, FloatArray]:
    """The adjusted mean, and that without each cluster (NaN where a single one is measured)."""
    cases = exact_sum(parts.sizes)
    mean = exact_sum(parts.sums) / cases
    means = np.array([exact_sum(column) / cases for column in parts.covariates.T])
    sums = parts.sums - parts.sizes * mean
    known = parts.covariates - parts.sizes[:, None] * means
    noise = 1e-12 * np.abs(parts.covariates).max(axis=0)
    known = np.where(np.abs(known) <= noise, 0.0, known)
    whole = mean - float(((means - centre) * _slopes(parts.sizes, sums, known)[0]).sum())
    if np.count_nonzero(parts.sizes) < 2:
        return round_sig(whole), np.full(parts.sizes.size, math.nan)
    left = cases - parts.sizes
    moved = means - known / left[:, None]
    slopes = _slopes(parts.sizes, sums, known, leave_out=True)
    return whole, mean - sums / left - ((moved - centres) * slopes).sum(axis=1)


def _slopes(sizes: FloatArray, sums: FloatArray, known: FloatArray, leave_out: bool = False) -> FloatArray:
    """The slopes of the clusters' sums on their covariates' sums, both about the means of the clusters taken:
    all of them (one row), or all but one (a row for each)."""
    rows = np.concatenate([sums[:, None], known, sizes[:, None]], axis=1)
    products = rows[:, :, None] * rows[:, None, :]
    width = rows.shape[1]
    total = np.array([exact_sum(column) for column in products.reshape(len(rows), -1).T])
    moments = total.reshape(1, width, width)
    first = np.array([[exact_sum(column) for column in rows.T]])
    if leave_out:
        moments, first = moments - products, first - rows
    means = first[:, :-1] / first[:, -1:]
    crossed = moments[:, :-1, -1, None] * means[:, None, :]
    spread = moments[:, :-1, :-1] - crossed - np.swapaxes(crossed, 1, 2)
    spread += moments[:, -1, -1, None, None] * means[:, :, None] * means[:, None, :]
    scale = np.sqrt(np.maximum(total.reshape(width, width).diagonal()[1:-1], 0.0))
    scale = np.where(scale > 0.0, scale, 1.0)
    matrix = spread[:, 1:, 1:] / (scale[:, None] * scale)
    sizes_along, axes = np.linalg.eigh(matrix)
    # a covariate that is constant, or a mixture of others, adjusts nothing
    inverse = np.where(sizes_along > 1e-9, 1.0 / np.where(sizes_along > 1e-9, sizes_along, 1.0), 0.0)
    along = (axes * (spread[:, 0, 1:] / scale)[:, :, None]).sum(axis=1)
    return (axes * (inverse * along)[:, None, :]).sum(axis=2) / scale


def _basis(
    estimate: float,
    left: FloatArray,
    sizes: FloatArray,
    df: float,
    pseudo: float = 0.0,
    weight: float = 0.0,
) -> Basis:
    """The jackknife over the estimates without each cluster, with a pseudo-case where it has a weight."""
    if math.isnan(float(left[0])):
        return Basis(round_sig(estimate), math.inf, df, pseudo, weight)
    cases = exact_sum(sizes)
    guarded = (cases * estimate + weight * pseudo) / (cases + weight)
    remaining = cases - sizes
    moves = (remaining * left + weight * pseudo) / (remaining + weight) - guarded
    own = estimate - guarded
    count = sizes.size + (1 if weight > 0.0 else 0)
    square = (count - 1) / count * (exact_sum(moves * moves) + own * own)
    return Basis(round_sig(guarded), round_sig(math.sqrt(square)), df, pseudo, weight)


def _matrix(covariates: Sequence[Sequence[float]] | FloatArray, rows: int) -> FloatArray:
    matrix = np.asarray(covariates, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != rows or matrix.shape[1] == 0:
        raise ValueError(f"covariates must be a table of {rows} rows, one a case, not {matrix.shape}")
    if not bool(np.isfinite(matrix).all()):
        raise ValueError("covariates must be finite: leave cases without them out before")
    return matrix
