"""Several differences at once: the alpha of each at which all their limits hold together, and the best arm.

Whoever tries twelve settings finds one that looks good. The largest of the t statistics (max-T) is compared
with what it reaches where nothing differs: whole clusters' residuals keep or change their sign at random, all
differences together, so that the correlation between them is kept and nothing is paid for near copies. Each
resample has its own CV3 error. No limit is narrower than a single one's.

Sources: Romano and Wolf, "Exact and approximate stepwise methods for multiple hypothesis testing", JASA 100
(2005), for max-T; Cameron, Gelbach and Miller, "Bootstrap-based improvements for inference with clustered
errors" (2008), for the wild cluster bootstrap; Hsu, "Multiple comparisons: theory and methods" (1996), for
the best of several.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from genaiops.stats.bootstrap import RESAMPLES, random_signs
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
from genaiops.stats.decision import decide
from genaiops.stats.distributions import student_t_cdf
from genaiops.stats.intervals import difference, require_alpha
from genaiops.stats.model import Interval


@dataclass(frozen=True, slots=True)
class Best:
    """The arm with the highest mean, and whether it is a winner.

    `ahead[i]` is the interval of the leading arm − arm i (None for itself), at the alpha that makes `proven`
    honest. `proven` says that every one lies above 0: only then is the leader a winner.
    """

    leader: int
    ahead: tuple[Interval | None, ...]
    proven: bool


def joint_alpha(
    differences: Sequence[Sequence[float] | FloatArray],
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    key: int,
) -> float:
    """The error at which to take each limit, so that all low limits hold together but for `alpha`; likewise
    all high limits.

    `differences` holds one row of candidate − baseline (one value a case) for each comparison. Pass the
    result as alpha to `difference`, once a comparison. It lies between alpha ÷ comparisons (Bonferroni),
    where they are unrelated, and alpha, where they are copies. Where nothing varies in one of them, how it is
    related to the others cannot be seen, and it is Bonferroni's. `key` fixes the resampling. Raises
    ValueError where there is no comparison, lengths differ, a value is not finite, or alpha is not in (0,
    0.5).
    """
    require_alpha(alpha)
    if len(differences) == 0:
        raise ValueError("no comparison: at least one row of differences is needed")
    rows = [as_floats("differences", row) for row in differences]
    codes = dense_codes(clusters, rows[0].size)
    if any(row.size != codes.size for row in rows):
        raise ValueError("every comparison needs one difference a case")
    sizes = np.bincount(codes).astype(np.float64)
    g_eff = effective_clusters(sizes)
    sums = column_sums(np.stack(rows, axis=1), codes, sizes.size)
    means = np.array([exact_sum(column) / codes.size for column in sums.T])
    residuals = sums - sizes[:, None] * means
    varies = np.abs(residuals).max(axis=0) > 1e-12 * np.abs(sums).max(axis=0)
    if g_eff < 2.0 or not bool(varies.all()):
        return alpha / len(rows)
    largest = np.sort(_largest(residuals, sizes, random_signs(sizes.size, key)))
    reached = float(largest[math.ceil((RESAMPLES + 1) * (1.0 - alpha) - 1e-9) - 1])
    each = 1.0 - student_t_cdf(reached, g_eff - 1.0)
    return min(alpha, max(alpha / len(rows), round_sig(each)))


def best_of(
    arms: Sequence[Sequence[float] | FloatArray],
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    key: int,
    least: float | None = None,
    greatest: float | None = None,
) -> Best:
    """Which of several arms (one value a case each, higher is better) is best, and whether that is proven.

    The chance that an arm which is not better than all others is called the winner is at most `alpha`: such
    an arm would have to be proven above the truly best one, so every arm in turn is taken to be that one, and
    all others are held together against it. `least`, `greatest` as in `difference`; `key` fixes the
    resampling. Raises ValueError where there are fewer than two arms, lengths differ, a value is not finite,
    or alpha is not in (0, 0.5).
    """
    if len(arms) < 2:
        raise ValueError(f"a winner needs at least two arms, not {len(arms)}")
    values = [as_floats("arms", arm) for arm in arms]
    if any(arm.size != values[0].size for arm in values):
        raise ValueError("every arm needs one value a case")
    means = [exact_sum(arm) / arm.size for arm in values]
    leader = means.index(max(means))
    codes = dense_codes(clusters, values[0].size)
    each = min(
        joint_alpha([arm - top for arm in values[:at] + values[at + 1 :]], codes, alpha, key=key)
        for at, top in enumerate(values)
    )
    ahead = tuple(
        None
        if index == leader
        else difference(values[leader], arm, codes, each, least=least, greatest=greatest)
        for index, arm in enumerate(values)
    )
    proven = all(one is None or decide(one, 0.0, "above") == "proven" for one in ahead)
    return Best(leader, ahead, proven)


def _largest(residuals: FloatArray, sizes: FloatArray, signs: FloatArray) -> FloatArray:
    """The largest t statistic of each resample."""
    cases = exact_sum(sizes)
    left = (cases - sizes)[:, None]
    share = (sizes.size - 1) / sizes.size
    moved = signs @ residuals / cases
    squares = ((residuals / left) ** 2).sum(axis=0)
    crossed = signs @ (residuals * sizes[:, None] / left**2)
    own = float(((sizes[:, None] / left) ** 2).sum())
    variance = share * (squares - 2.0 * moved * crossed + moved * moved * own)
    return np.asarray((moved / np.sqrt(np.maximum(variance, 1e-300))).max(axis=1))
