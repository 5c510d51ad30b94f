"""Many draws at once: the limits of a difference or a rate for each row of a matrix of draws × cases.

20,000 draws of every regime take hours call by call. So limits are computed here for all draws of a batch, by
the same formulas over a second axis, and `agree` decides a sample of each batch again with the product's own
call: a limit that differs by more than 1e-9, or another decision, ends the benchmark. Clusters must lie side
by side, and their numbers must rise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from genaiops import stats

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
TIE = 1e-9
FEWEST_CLUSTERS = 8.0


@dataclass(frozen=True)
class Guard:
    """The pseudo-case: its value for either limit, and how many cases are taken to break together.

    `together` is a number of cases, or None for what the data say after a `guess` (in clusters).
    """

    least: float = -1.0
    greatest: float = 1.0
    together: float | None = None
    guess: float = 0.25


class Limits(NamedTuple):
    """One entry a draw: the limits, and the estimate and its error without pseudo-case."""

    low: Array
    high: Array
    estimate: Array
    se: Array
    df: float
    decidable: bool

    def proven(self, bound: float) -> Flags:
        """Return where "above `bound`" is proven."""
        return (self.low > bound + TIE) & self.decidable

    def refuted(self, bound: float) -> Flags:
        """Return where "above `bound`" is refuted, before Holm's correction."""
        return (self.high < bound - TIE) & self.decidable


def limits(pairs: Array, codes: Codes, alpha: float, guard: Guard | None = None) -> Limits:
    """Return the limits at `alpha` of each draw's mean difference (one row of `pairs` a draw)."""
    starts, sizes = _clusters(codes)
    sums = np.add.reduceat(pairs, starts, axis=1)
    g_eff = codes.size**2 / float((sizes * sizes).sum())
    estimate, se = _jackknife(sums, sizes, np.zeros(len(pairs)), 0.0)
    low, high = (estimate, se), (estimate, se)
    if guard is not None:
        weights = [_weight(pairs, sums, sizes, alpha, guard, end) for end in (guard.least, guard.greatest)]
        low = _jackknife(sums, sizes, weights[0], guard.least)
        high = _jackknife(sums, sizes, weights[1], guard.greatest)
    steps = t_quantile(g_eff - 1.0, alpha)
    return Limits(
        low[0] - steps * low[1],
        high[0] + steps * high[1],
        estimate,
        se,
        g_eff - 1.0,
        g_eff >= FEWEST_CLUSTERS - TIE,
    )


def agree(
    pairs: Array, codes: Codes, alpha: float, guard: Guard | None, found: Limits, bound: float, sample: int
) -> int:
    """Decide the first `sample` draws by the product's own call; return how many that were.

    Raises AssertionError where a limit or a decision differs.
    """
    ends = {} if guard is None else {"least": guard.least, "greatest": guard.greatest}
    nothing = np.zeros(codes.size)
    intervals = [stats.difference(row, nothing, codes, alpha, **ends) for row in pairs[:sample]]
    return same(intervals, found, bound)


def same(intervals: Sequence[stats.Interval], found: Limits, bound: float) -> int:
    """Return how many intervals were compared with the first of `found`.

    Raises AssertionError where a limit or a decision differs.
    """
    for index, interval in enumerate(intervals):
        ours = found.low[index], found.high[index]
        assert np.allclose(ours, (interval.low, interval.high), rtol=0.0, atol=1e-9), (ours, interval)
        proven, refuted = found.proven(bound)[index], found.refuted(bound)[index]
        decision = "proven" if proven else "refuted" if refuted else "open"
        assert decision == stats.decide(interval, bound, "above"), (bound, interval)
    return len(intervals)


def rate_limits(hits: Array, codes: Codes, alpha: float) -> Limits:
    """Return the limits of each draw's rate of 1, as `genaiops.stats.rate_interval` has them."""
    starts, sizes = _clusters(codes)
    n, g_eff = codes.size, codes.size**2 / float((sizes * sizes).sum())
    rate, se = _jackknife(np.add.reduceat(hits, starts, axis=1), sizes, np.zeros(len(hits)), 0.0)
    alone = rate * (1.0 - rate) / (n - 1)
    effect = np.divide(se * se, alone, out=np.ones_like(se), where=alone > 0.0)
    shrink = min(1.0, t_quantile(n - 1.0, alpha) / t_quantile(g_eff - 1.0, alpha))
    worth = np.maximum(n / np.where(effect < 1.0 + TIE, 1.0, effect) * shrink**2, 1.0)
    worth = np.where(alone > 0.0, worth, g_eff)
    z = float(scipy_stats.norm.isf(alpha))
    centre, scale = rate + z * z / (2.0 * worth), 1.0 + z * z / worth
    half = z * np.sqrt(rate * (1.0 - rate) / worth + z * z / (4.0 * worth * worth))
    right, wrong = rate * worth, (1.0 - rate) * worth
    exact_low = np.where(rate > 0.0, scipy_stats.beta.ppf(alpha, np.maximum(right, TIE), wrong + 1.0), 0.0)
    exact_high = np.where(rate < 1.0, scipy_stats.beta.isf(alpha, right + 1.0, np.maximum(wrong, TIE)), 1.0)
    most = alpha ** (1.0 / g_eff)
    low = np.minimum(np.minimum((centre - half) / scale, exact_low), most)
    high = np.maximum(np.maximum((centre + half) / scale, exact_high), 1.0 - most)
    return Limits(low, high, rate, se, g_eff - 1.0, g_eff >= FEWEST_CLUSTERS - TIE)


@lru_cache(maxsize=4096)
def t_quantile(df: float, alpha: float) -> float:
    """Return the quantile of 1 − alpha, by scipy: nothing here is shared with the estimators."""
    return float(scipy_stats.t.ppf(1.0 - alpha, df))


def _clusters(codes: Codes) -> tuple[Codes, Array]:
    """Return where each cluster begins, and its cases."""
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    return starts, np.diff(starts, append=codes.size).astype(float)


def _jackknife(sums: Array, sizes: Array, weights: Array, pseudo: float) -> tuple[Array, Array]:
    total, cases = sums.sum(axis=1) + pseudo * weights, sizes.sum() + weights
    count = sizes.size + (weights > 0.0)
    estimate = total / cases
    moves = (total[:, None] - sums) / (cases[:, None] - sizes) - estimate[:, None]
    own = np.where(weights > 0.0, sums.sum(axis=1) / sizes.sum() - estimate, 0.0)
    return estimate, np.sqrt((count - 1) / count * ((moves * moves).sum(axis=1) + own * own))


def _weight(pairs: Array, sums: Array, sizes: Array, alpha: float, guard: Guard, pseudo: float) -> Array:
    one = stats.pseudo_weight(alpha)
    if guard.together is not None:
        return np.full(len(pairs), one * guard.together)
    cases = sizes.sum()
    size = float((sizes * sizes).sum() / cases)
    first = guard.guess * size
    middle = (sums.sum(axis=1) + first * pseudo) / (cases + first)
    guess = first * (pseudo - middle) ** 2
    within = ((pairs - middle[:, None]) ** 2).sum(axis=1) + guess
    between = ((sums - sizes * middle[:, None]) ** 2).sum(axis=1) + size * guess
    ratio = np.divide(between, within, out=np.full(len(pairs), size), where=within > 0.0)
    return one * np.clip(ratio, 1.0, size)
