"""Rows to cases, cases to clusters: what the intervals are computed from.

Reproducible sums. Cluster sums are taken by `numpy.bincount`, which adds in row order, one number at a time;
totals over clusters by `exact_sum`; everything between is elementwise + − × ÷, which IEEE 754
fixes. So the same rows in the same order give the same bits on every CPU, and another order differs by
rounding only (below 1e-12 of the largest score, far inside the 1e-9 within which nothing is decided).

Sources: Kish, "Survey Sampling" (1965), for N²/Σn²; Searle, Casella and McCulloch, "Variance Components"
(1992), for the analysis of variance of unequally repeated cases; Rump, Ogita and Oishi, "Accurate
floating-point summation" (2008), for long exact sums.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.stats.model import Repeats

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LONG = 600  # from here on numpy's passes over the array are faster than one of Python's
_MOST_CUTS = 4
_HUGE = 1e290


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """The sums of a value and the number of cases, by cluster and in all."""

    sums: FloatArray
    sizes: FloatArray
    total: float
    cases: float


def round_sig(x: float, digits: int = 9) -> float:
    """`x` with at most `digits` significant decimal digits: the form in which scores are stored.

    Infinities and NaN pass unchanged. Raises ValueError unless digits >= 1.
    """
    if digits < 1:
        raise ValueError(f"digits must be at least 1, not {digits!r}")
    return float(f"{x:.{digits - 1}e}")


def cluster_codes(keys: Sequence[Hashable]) -> IntArray:
    """Each row's cluster as a number, 0 for the first key met, 1 for the next: compute it once, use it for
    all scorers.

    Raises ValueError where `keys` is empty or a key is None: a row without a cluster is the caller's to
    settle.
    """
    if len(keys) == 0:
        raise ValueError("no rows: at least one cluster key is needed")
    numbers: dict[Hashable, int] = {}
    codes = [numbers.setdefault(key, len(numbers)) for key in keys]
    if None in numbers:
        raise ValueError(f"row {codes.index(numbers[None])} has no cluster key")
    return np.array(codes, dtype=np.int64)


def dense_codes(clusters: Sequence[Hashable] | IntArray, size: int) -> IntArray:
    """`cluster_codes` of keys or numbers, without gaps.

    Raises ValueError unless there are `size` of them.
    """
    codes = cluster_codes(clusters.tolist() if isinstance(clusters, np.ndarray) else clusters)
    if codes.size != size:
        raise ValueError(f"{size} values but {codes.size} cluster keys")
    return codes


def effective_clusters(sizes: Sequence[float] | FloatArray) -> float:
    """G_eff = N²/Σn²: how many equally large clusters the clusters of these `sizes` (cases) are worth.

    Raises ValueError where there are none or one is not positive.
    """
    counts = as_floats("sizes", sizes)
    if counts.min() <= 0.0:
        raise ValueError("every cluster must hold at least one case")
    total = exact_sum(counts)
    return total * total / exact_sum(counts * counts)


def exact_sum(values: FloatArray) -> float:
    """Σ`values`, correctly rounded: the same on every CPU and in every order.

    Long arrays are cut into slices of bits so narrow that numpy adds each without rounding.
    """
    if values.size < _LONG:
        return math.fsum(values.tolist())
    parts: list[float] = []
    rest = values
    for _ in range(_MOST_CUTS):
        largest = float(np.abs(rest).max())
        if not 0.0 < largest < _HUGE:
            break
        cut = 2.0 ** (math.frexp(largest)[1] + values.size.bit_length() + 1)
        high = (rest + cut) - cut
        parts.append(float(high.sum()))
        rest = rest - high
    return math.fsum([*parts, *rest[rest != 0.0].tolist()])


def sums_by_cluster(values: FloatArray, clusters: Sequence[Hashable] | IntArray) -> ClusterSums:
    """`values` (one a case) summed by cluster; empty clusters are left out.

    `clusters` is one key a case, or an integer array such as `cluster_codes` returns (fast). Raises
    ValueError where the lengths differ.
    """
    codes = _codes(clusters)
    if codes.shape != values.shape:
        raise ValueError(f"{values.size} values but {codes.size} cluster keys")
    counts = np.bincount(codes)
    used = counts > 0
    sums = np.bincount(codes, weights=values)[used].astype(np.float64)
    return ClusterSums(sums, counts[used].astype(np.float64), exact_sum(sums), float(values.size))


def column_sums(columns: FloatArray, codes: IntArray, clusters: int) -> FloatArray:
    """The sums of each column (one row a case) by cluster 0 to `clusters` − 1: one row a cluster.

    Raises ValueError where there is not one code a row.
    """
    sums = [np.bincount(codes, column, clusters) for column in columns.T]
    return np.stack(sums, axis=1).astype(np.float64)


def average_repeats(values: Sequence[float] | FloatArray, cases: Sequence[str]) -> Repeats:
    """Average the rows of each case, in order of first appearance, and split the variance within and between
    cases.

    `values` and `cases` hold one entry a row. Raises ValueError where they are empty, of unequal length or
    not finite.
    """
    scores = as_floats("values", values)
    if scores.size != len(cases):
        raise ValueError(f"{scores.size} values but {len(cases)} case names")
    rows: dict[str, list[float]] = {}
    for case, score in zip(cases, scores.tolist(), strict=True):
        rows.setdefault(case, []).append(score)
    counts = tuple(len(group) for group in rows.values())
    means = tuple(math.fsum(group) / len(group) for group in rows.values())
    within, between = _components(list(rows.values()), means)
    return Repeats(tuple(rows), means, counts, within, between)


def as_floats(name: str, values: Sequence[float] | FloatArray) -> FloatArray:
    """`values` as a flat array of doubles.

    Raises ValueError (with `name`) where it is empty, nested or not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a flat, non-empty sequence of numbers")
    if not bool(np.isfinite(array).all()):
        raise ValueError(f"{name} must be finite: leave missing rows out before")
    return array


def _codes(clusters: Sequence[Hashable] | IntArray) -> IntArray:
    if not isinstance(clusters, np.ndarray):
        return cluster_codes(clusters)
    codes = clusters.astype(np.int64, casting="safe")
    if codes.size and (codes.min() < 0 or codes.max() >= 8 * codes.size + 65_536):
        return np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return codes


def _components(groups: list[list[float]], means: tuple[float, ...]) -> tuple[float | None, float | None]:
    rows = sum(len(group) for group in groups)
    cases = len(groups)
    if rows == cases or cases < 2:
        return None, None
    inside = math.fsum(
        (x - mean) * (x - mean) for group, mean in zip(groups, means, strict=True) for x in group
    )
    within = inside / (rows - cases)
    grand = math.fsum(x for group in groups for x in group) / rows
    spread = math.fsum(len(group) * (mean - grand) ** 2 for group, mean in zip(groups, means, strict=True))
    usual = (rows - math.fsum(len(group) ** 2 for group in groups) / rows) / (cases - 1)
    return within, max(0.0, (spread / (cases - 1) - within) / usual)
