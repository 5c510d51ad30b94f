"""The studentised cluster bootstrap, for statistics that are no mean.

Whole clusters are drawn with replacement. The draws come from raw Philox words and a bounded-integer
reduction of our own (the high half of a 32 × 32 bit product; its bias is below clusters/2³²), so that they do
not depend on numpy's version. Limits are rounded to 9 significant digits: numpy's logarithms and long sums
differ between CPUs in the last bits. Sources: Efron and Tibshirani, "An Introduction to the Bootstrap"
(1993), chapter 12; Salmon and others, "Parallel random numbers: as easy as 1, 2, 3" (2011), for Philox;
Lemire, ACM TOMACS 29 (2019), for the reduction.
"""

import math
from collections.abc import Iterator

import numpy as np

from genaiops.stats.clusters import FloatArray, IntArray, round_sig

RESAMPLES = 1999
_CHUNK_CELLS = 1_000_000


def resampled_counts(
    clusters: int, key: int, resamples: int = RESAMPLES, cells: int = 1
) -> Iterator[IntArray]:
    """How often each of `clusters` clusters is drawn, in blocks of rows, one row a resample.

    `key` (0 to 2**128 − 1) fixes the draws. `cells` is how many numbers the caller keeps for each cluster: it
    bounds the size of a block. Raises ValueError where a number is out of range.
    """
    if not 0 <= key < 2**128 or not 1 <= clusters < 2**31 or resamples < 1:
        raise ValueError(f"cannot draw {resamples} resamples of {clusters} clusters with key {key!r}")
    source = np.random.Philox(key=key)
    step = max(1, _CHUNK_CELLS // (clusters * max(1, cells)))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        picks = _bounded(source, rows * clusters, clusters).reshape(rows, clusters)
        flat = (picks + clusters * np.arange(rows, dtype=np.int64)[:, None]).ravel()
        yield np.bincount(flat, minlength=rows * clusters).reshape(rows, clusters)


def random_signs(clusters: int, key: int, resamples: int = RESAMPLES) -> FloatArray:
    """Fair random signs, −1 or 1: one row a resample, one column a cluster.

    `key` as in `resampled_counts`. Raises ValueError where a number is out of range.
    """
    if not 0 <= key < 2**128 or clusters < 1 or resamples < 1:
        raise ValueError(f"cannot draw {resamples} rows of {clusters} signs with key {key!r}")
    words = np.random.Philox(key=key).random_raw(-(-resamples * clusters // 64))
    bits = np.unpackbits(np.asarray(words, dtype="<u8").view(np.uint8), bitorder="little")
    return 2.0 * bits[: resamples * clusters].reshape(resamples, clusters).astype(np.float64) - 1.0


def studentised_limits(
    estimate: float, se: float, estimates: FloatArray, errors: FloatArray, alpha: float
) -> tuple[float, float]:
    """The limits of `estimate` ± `se` from the resamples' estimates and errors, each one-sided at `alpha`."""
    moves = estimates - estimate
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(moves == 0.0, 0.0, moves / errors)
    ordered = np.sort(ratios)
    rank = math.floor((ordered.size + 1) * alpha)
    smallest = float(ordered[rank - 1]) if rank >= 1 else -math.inf
    largest = float(ordered[ordered.size - rank]) if rank >= 1 else math.inf
    if se == 0.0:
        return estimate, estimate
    return round_sig(estimate - largest * se), round_sig(estimate - smallest * se)


def _bounded(source: np.random.Philox, size: int, bound: int) -> IntArray:
    words = np.asarray(source.random_raw((size + 1) // 2), dtype=np.uint64)
    halves = np.empty(2 * words.size, dtype=np.uint64)
    halves[0::2] = words >> np.uint64(32)
    halves[1::2] = words & np.uint64(0xFFFFFFFF)
    return ((halves[:size] * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)
