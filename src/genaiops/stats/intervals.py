"""Intervals for a mean and a paired difference, honest on small, clustered, lumpy suites.

The error is the cluster jackknife (CV3): leave one cluster out, centre on the full estimate. The reference is
Student's t with G_eff − 1 degrees of freedom. Sources: MacKinnon, Nielsen and Webb, "Leverage, influence, and
the jackknife in clustered regression models" (2023); Carter, Schnepel and Steigerwald, "Asymptotic behavior
of a t-test robust to cluster heterogeneity" (2017), for the effective number of clusters.
"""

import math
from collections.abc import Hashable, Sequence

from genaiops.stats.clusters import (
    ClusterSums,
    FloatArray,
    IntArray,
    as_floats,
    effective_clusters,
    exact_sum,
    sums_by_cluster,
)
from genaiops.stats.distributions import normal_ppf, student_t_ppf
from genaiops.stats.model import Basis, Interval

FEWEST_CLUSTERS = 8.0
_FIRST_GUESS = 0.25  # clusters that are taken to have broken whole, before the data say how cases break


def mean_interval(
    values: Sequence[float] | FloatArray, clusters: Sequence[Hashable] | IntArray, alpha: float
) -> Interval:
    """The case-weighted mean ΣS/Σn of `values` (one a case) over new clusters from the same source.

    `clusters` is one key a case. Raises ValueError where lengths differ, a value is not finite, or alpha is
    not in (0, 0.5).
    """
    return _mean(as_floats("values", values), clusters, alpha, None, None)


def difference(
    candidate: Sequence[float] | FloatArray,
    baseline: Sequence[float] | FloatArray,
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    *,
    least: float | None = None,
    greatest: float | None = None,
) -> Interval:
    """The mean of candidate − baseline, paired by case, over new clusters from the same source.

    `least` and `greatest` are the smallest and largest difference that one case can show (for a scorer on [0,
    1]: −1 and 1). Where given, that value joins the data as a pseudo-case, a cluster of its own weighing
    `pseudo_weight` cases: `least` for the low limit only, `greatest` for the high limit only. So neither a
    regression nor a gain too rare to have been met is ruled out by luck. Where clusters hold several cases,
    it weighs as many times that as `cases_together` finds: what breaks a document breaks its questions.
    `estimate` and `se` stay those of the data; `low` and `high` are the limits that decide, `lower` and
    `upper` what each rests on; the degrees of freedom stay those of the data.

    Raises ValueError where lengths differ, a value is not finite, a difference lies outside [least,
    greatest], or alpha is not in (0, 0.5).
    """
    treated, control = as_floats("candidate", candidate), as_floats("baseline", baseline)
    if treated.shape != control.shape:
        raise ValueError(f"{treated.size} candidate values but {control.size} baseline values")
    pairs = treated - control
    require_range(pairs, least, greatest)
    return _mean(pairs, clusters, alpha, least, greatest)


def pseudo_weight(alpha: float, together: float = 1.0) -> float:
    """How many cases a pseudo-case counts for: (z² + 5)/6 times the cases that break `together`.

    z is the normal quantile of 1 − alpha (1.28 cases at 0.05). With one case the limit errs 7 % at alpha 0.05
    where all cases but a few are equal (n near 2.6/margin: fewer than the 3/margin that prove anything when
    nothing broke). The second-order Poisson limit asks for (z² + 2)/3, which overdoes it when nothing broke;
    half-way between the two, exact enumeration gives at most 5.2, 2.7 and 1.1 % at alpha 0.05, 0.025 and
    0.01. Raises ValueError unless 0 < alpha < 0.5, together >= 1.
    """
    require_alpha(alpha)
    if not 1.0 <= together < math.inf:
        raise ValueError(f"together must be at least 1 case, not {together!r}")
    z = normal_ppf(1.0 - alpha)
    return together * (z * z + 5.0) / 6.0


def cases_together(between: float, within: float, size: float, gap: float) -> float:
    """How many cases break at once: the design effect of the deviations from the mean, from 1 to `size`.

    `between` is Σ(a cluster's deviations summed)², `within` Σ(a case's deviation)², `size` = Σn²/N the cases
    of the cluster that a case is in, `gap` the pseudo-case's deviation. Before the data speak, a quarter of a
    cluster is taken to have broken whole: so `size` where no case differs, and what the data say where many
    do. The quarter is set by simulation (bench/decisions/guards.py): it is the least, of those tried, that
    holds alpha in all regimes of breakage within clusters; a whole one costs up to twice as much power.
    """
    guess = _FIRST_GUESS * size * gap * gap
    if within + guess <= 0.0:
        return size
    return min(max((between + size * guess) / (within + guess), 1.0), size)


def jackknife(data: ClusterSums, pseudo: float = 0.0, weight: float = 0.0) -> tuple[float, float]:
    """The estimate ΣS/Σn and its CV3 standard error (inf for a single cluster).

    Where `weight` is positive, a cluster of `weight` cases of the value `pseudo` is counted in.
    """
    total, cases = data.total + pseudo * weight, data.cases + weight
    count = data.sizes.size + (1 if weight > 0.0 else 0)
    estimate = total / cases
    if count < 2:
        return estimate, math.inf
    moves = (total - data.sums) / (cases - data.sizes) - estimate
    own = data.total / data.cases - estimate if weight > 0.0 else 0.0
    return estimate, math.sqrt((count - 1) / count * (exact_sum(moves * moves) + own * own))


def undecidable(g_eff: float) -> str | None:
    """Why clusters worth `g_eff` equal ones cannot decide a claim, or None where they can."""
    if g_eff >= FEWEST_CLUSTERS - 1e-9:
        return None
    return f"the clusters are worth {g_eff:.3g} equal ones; at least {FEWEST_CLUSTERS:g} are needed to decide"


def require_alpha(alpha: float) -> None:
    """Raises ValueError unless 0 < alpha < 0.5: each limit is a one-sided test at alpha."""
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"alpha must lie strictly between 0 and 0.5, not {alpha!r}")


def require_range(pairs: FloatArray, least: float | None, greatest: float | None) -> None:
    """Raises ValueError where a value lies outside [least, greatest], by more than rounding."""
    smallest, largest = float(pairs.min()), float(pairs.max())
    if least is not None and smallest < least - 1e-9:
        raise ValueError(f"a value of {smallest!r} is below the least possible, {least!r}")
    if greatest is not None and largest > greatest + 1e-9:
        raise ValueError(f"a value of {largest!r} is above the greatest possible, {greatest!r}")


def reach(df: float, alpha: float) -> float:
    """The t quantile of 1 − alpha; inf below one degree of freedom, where a limit would say nothing."""
    return student_t_ppf(1.0 - alpha, df) if df >= 1.0 - 1e-9 else math.inf


def limit(basis: Basis, steps: float) -> float:
    """`steps` standard errors from the basis' estimate; infinite where either is."""
    if math.isinf(steps) or math.isinf(basis.se):
        return math.copysign(math.inf, steps)
    return basis.estimate + steps * basis.se


def _mean(
    values: FloatArray,
    clusters: Sequence[Hashable] | IntArray,
    alpha: float,
    least: float | None,
    greatest: float | None,
) -> Interval:
    require_alpha(alpha)
    by_cluster = sums_by_cluster(values, clusters)
    g_eff = effective_clusters(by_cluster.sizes)
    plain = Basis(*jackknife(by_cluster), g_eff - 1.0)
    lower, upper = (
        plain if pseudo is None else _guarded(values, by_cluster, g_eff, alpha, pseudo)
        for pseudo in (least, greatest)
    )
    steps = reach(g_eff - 1.0, alpha)
    reason = undecidable(g_eff)
    return Interval(
        estimate=plain.estimate,
        low=limit(lower, -steps),
        high=limit(upper, steps),
        se=plain.se,
        df=plain.df,
        alpha=alpha,
        n=values.size,
        clusters=by_cluster.sizes.size,
        g_eff=g_eff,
        method="t",
        lower=lower,
        upper=upper,
        decidable=reason is None,
        reason=reason,
    )


def _guarded(values: FloatArray, data: ClusterSums, g_eff: float, alpha: float, pseudo: float) -> Basis:
    """What a limit rests on where a pseudo-case of the value `pseudo` joins the data."""
    size = data.cases / g_eff
    together = 1.0 if size <= 1.0 + 1e-9 else _seen_together(values, data, size, pseudo)
    weight = pseudo_weight(alpha, together)
    return Basis(*jackknife(data, pseudo, weight), g_eff - 1.0, pseudo, weight)


def _seen_together(values: FloatArray, data: ClusterSums, size: float, pseudo: float) -> float:
    first = _FIRST_GUESS * size
    middle = (data.total + first * pseudo) / (data.cases + first)
    apart, moves = values - middle, data.sums - data.sizes * middle
    return cases_together(exact_sum(moves * moves), exact_sum(apart * apart), size, pseudo - middle)
