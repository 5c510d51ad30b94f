"""Orders and how they are joined. Equal scores are ordered by row, and rows are sorted by passage id."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RRF_CONSTANT = 60
DEPTH = 50
"""How many of each half are fused."""

_DIGITS = 6


def top_rows(scores: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    """Return the `k` best (row, score), best first; rows whose score is -inf are left out.

    Scores are compared after rounding to six decimals: the last bits differ from machine to machine.
    """
    rows = np.arange(len(scores))
    if len(scores) > k:
        # everything that may tie with the k-th stays, so that the cut is made by row and not by chance
        bound = np.partition(scores, len(scores) - k)[len(scores) - k]
        rows = np.flatnonzero(scores >= bound - np.float32(2 * 10**-_DIGITS))
    rounded = np.round(scores[rows].astype(np.float64), _DIGITS)
    kept = np.isfinite(rounded)
    rows, rounded = rows[kept], rounded[kept]
    order = np.lexsort((rows, -rounded))[:k]
    return [(int(rows[at]), float(rounded[at])) for at in order]


def fuse(rankings: Sequence[Sequence[int]], k: int) -> list[tuple[int, float]]:
    """Return rows by reciprocal rank fusion, best first: the sum of 1 / (60 + rank) over the rankings.

    Cormack, Clarke and Büttcher (2009).
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1.0 / (RRF_CONSTANT + rank)
    ordered = sorted(scores.items(), key=lambda item: (-round(item[1], 12), item[0]))
    return ordered[:k]
