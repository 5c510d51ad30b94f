"""How far a ruler agrees with people: kappa, alpha, the rates of a judge, and flips of anchors.

Kappa and alpha are functions of sums over cases, so the cluster jackknife (CV3) gives their error: the sums
are taken again without each cluster. The reference is Student's t with G_eff − 1 degrees of freedom. Good
raters differ rarely, so the estimate is skewed: a plain low limit errs 9–14 % at alpha 0.05, one on the scale
of log(1 − agreement) at most 6 %, and there the high limit errs up to 7 %. So the low limit is taken on the
logarithm's scale and the high one as it is: the wider of the two, each time. Where everybody agrees on
everything the error cannot be estimated, and nothing is decided.

Sources: Cohen (1960), kappa; Krippendorff, "Computing Krippendorff's alpha-reliability" (2011); McNemar
(1947) with the exact binomial tail; Efron and Tibshirani (1993), chapter 11, for the jackknife.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Literal

import numpy as np

from genaiops.stats.clusters import (
    FloatArray,
    IntArray,
    as_floats,
    cluster_codes,
    column_sums,
    dense_codes,
    effective_clusters,
    exact_sum,
    round_sig,
)
from genaiops.stats.intervals import reach, require_alpha, undecidable
from genaiops.stats.model import Basis, Interval
from genaiops.stats.rates import rate_interval

Level = Literal["nominal", "interval"]
_ALL = 1e-12  # agreement this near 1 is complete but for rounding


def cohens_kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
) -> Interval:
    """Cohen's kappa of two raters: (agreement − agreement by chance) ÷ (1 − agreement by chance).

    One label a case from each; 1 is perfect, 0 is chance. Not decidable where it is not defined (one label
    everywhere), or all agree. Raises ValueError where lengths differ, a label is None, or alpha is not in (0,
    0.5).
    """
    require_alpha(alpha)
    if len(first) != len(second):
        raise ValueError(f"{len(first)} labels but {len(second)} labels to compare them with")
    if None in first or None in second:
        raise ValueError("a label is missing: leave cases without two labels out before")
    codes = dense_codes(clusters, len(first))
    labels = cluster_codes([*first, *second]).reshape(2, -1)
    width = int(labels.max()) + 1
    hot = np.eye(width)[labels]
    agree = (labels[0] == labels[1]).astype(np.float64)
    columns = np.column_stack([np.ones(agree.size), agree, hot[0], hot[1]])

    def kappa(sums: FloatArray) -> FloatArray:
        cases = sums[:, 0]
        chance = (sums[:, 2 : 2 + width] * sums[:, 2 + width :]).sum(axis=1) / cases
        return _share(sums[:, 1] - chance, cases - chance)

    return _jackknifed(columns, codes, kappa, alpha)


def krippendorff_alpha(
    ratings: Sequence[Sequence[float | None]],
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    level: Level = "nominal",
) -> Interval:
    """Krippendorff's alpha: 1 − disagreement observed ÷ disagreement by chance, for any number of raters.

    `ratings` holds one row a case, with a number for each rater and None where one gave none. Two ratings
    disagree by 1 where they differ (`level` "nominal"), or by the square of their distance ("interval").
    Cases with fewer than two ratings do not count. `alpha` is the error of each limit, as everywhere. Not
    decidable where it is not defined (one rating everywhere), or all agree. Raises ValueError where lengths
    differ, no case has two ratings, a rating is not finite, or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    codes = dense_codes(clusters, len(ratings))
    rows = [[float(one) for one in row if one is not None] for row in ratings]
    kept = [index for index, row in enumerate(rows) if len(row) > 1]
    if not kept:
        raise ValueError("no case has two ratings: agreement needs at least two")
    given = [rows[index] for index in kept]
    values = as_floats("ratings", [one for row in given for one in row])
    owner = np.repeat(np.arange(len(kept)), [len(row) for row in given])
    if level == "nominal":
        columns = np.eye(np.unique(values).size)[np.unique(values, return_inverse=True)[1]]
    else:
        centred = values - exact_sum(values) / values.size
        scaled = centred / max(float(np.abs(centred).max()), _ALL)
        columns = np.column_stack([scaled, scaled * scaled])
    by_case = column_sums(columns, owner, len(kept))
    counts = np.bincount(owner, minlength=len(kept)).astype(np.float64)
    observed = _disagreement(counts, by_case, level) / (counts - 1.0)

    def agreement(sums: FloatArray) -> FloatArray:
        chance = _disagreement(sums[:, 1], sums[:, 3:], level)
        return _share(chance - (sums[:, 1] - 1.0) * sums[:, 2], chance)

    table = np.column_stack([np.ones(len(kept)), counts, observed, by_case])
    return _jackknifed(table, cluster_codes(codes[kept].tolist()), agreement, alpha)


def judge_rates(
    judge: Sequence[float] | FloatArray,
    human: Sequence[float] | FloatArray,
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
) -> tuple[Interval, Interval]:
    """A judge's true positive and true negative rate: how often it says 1 where people say 1, and 0 where
    they say 0, each with the limits of `rate_interval`.

    One 0 or 1 a case. Raises ValueError where lengths differ, a value is neither 0 nor 1, people said only 0
    or only 1, or alpha is not in (0, 0.5).
    """
    said, true = as_floats("judge", judge), as_floats("human", human)
    if said.shape != true.shape:
        raise ValueError(f"{said.size} verdicts of the judge but {true.size} labels of people")
    if not bool(np.isin(true, (0.0, 1.0)).all()):
        raise ValueError("labels of people must be 0 or 1")
    codes = dense_codes(clusters, said.size)
    if np.unique(true).size < 2:
        raise ValueError("people gave every case the same label: one of the two rates has no case")
    positive = true == 1.0
    return (
        rate_interval(said[positive], codes[positive], alpha),
        rate_interval(1.0 - said[~positive], codes[~positive], alpha),
    )


def mcnemar(before: Sequence[float] | FloatArray, after: Sequence[float] | FloatArray) -> float:
    """The exact two-sided p-value that rows flip from 0 to 1 as often as from 1 to 0.

    For anchors: one 0 or 1 a row from the same ruler at two times, rows independent. 1 where none flipped.
    Raises ValueError where lengths differ or a value is neither 0 nor 1.
    """
    first, second = as_floats("before", before), as_floats("after", after)
    if first.shape != second.shape:
        raise ValueError(f"{first.size} values before but {second.size} after")
    if not bool(np.isin(np.concatenate([first, second]), (0.0, 1.0)).all()):
        raise ValueError("flips are counted between values 0 and 1 only")
    up, down = int((second > first).sum()), int((second < first).sum())
    tail = sum(math.comb(up + down, flips) for flips in range(min(up, down) + 1))
    return min(1.0, 2 * tail / 2 ** (up + down))


def _disagreement(counts: FloatArray, sums: FloatArray, level: Level) -> FloatArray:
    """Σ over all ordered pairs of ratings of how far they disagree, for each row of sums."""
    if level == "nominal":
        return counts * counts - (sums * sums).sum(axis=1)
    return 2.0 * (counts * sums[:, 1] - sums[:, 0] * sums[:, 0])


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """`part` ÷ `whole`, NaN where the whole is nothing but rounding."""
    defined = whole > 1e-9
    return np.where(defined, part / np.where(defined, whole, 1.0), math.nan)


def _jackknifed(
    columns: FloatArray, codes: IntArray, statistic: Callable[[FloatArray], FloatArray], alpha: float
) -> Interval:
    """The interval of a statistic of column sums; the first column counts cases."""
    by_cluster = column_sums(columns, codes, int(codes.max()) + 1)
    total = np.array([[exact_sum(column) for column in by_cluster.T]])
    estimate = float(statistic(total)[0])
    left = statistic(total - by_cluster) if len(by_cluster) > 1 else np.array([math.nan])
    g_eff = effective_clusters(by_cluster[:, 0])
    steps = reach(g_eff - 1.0, alpha)
    low, high, se = _limits(estimate, left, steps)
    reason = _undefined(estimate, left) or undecidable(g_eff)
    basis = Basis(estimate, se, g_eff - 1.0)
    return Interval(
        estimate=estimate,
        low=low,
        high=high,
        se=se,
        df=basis.df,
        alpha=alpha,
        n=codes.size,
        clusters=len(by_cluster),
        g_eff=g_eff,
        method="jackknife",
        lower=basis,
        upper=basis,
        decidable=reason is None,
        reason=reason,
    )


def _undefined(estimate: float, left: FloatArray) -> str | None:
    if math.isnan(estimate) or (left.size > 1 and bool(np.isnan(left).any())):
        return "one label everywhere, at least but for one cluster: agreement by chance is certain"
    if estimate > 1.0 - _ALL:
        return "all agree on everything: how often they would differ cannot be estimated"
    return None


def _limits(estimate: float, left: FloatArray, steps: float) -> tuple[float, float, float]:
    """The low limit on the scale of log(1 − agreement), the high one as it is, and the standard error."""
    if not bool(np.isfinite(left).all()):
        return -math.inf, 1.0, math.inf
    se = math.sqrt((left.size - 1) / left.size * exact_sum((left - estimate) ** 2))
    lacking = 1.0 - estimate
    if math.isinf(steps) or lacking < _ALL:
        return -math.inf, 1.0, se
    low = 1.0 - lacking * math.exp(min(steps * se / lacking, 700.0))
    return round_sig(low), round_sig(min(estimate + steps * se, 1.0)), se
