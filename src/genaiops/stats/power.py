"""What a suite can decide: power, the smallest effect it detects, and the clusters an open claim needs.

The variance of one effective cluster is taken from the interval at hand; its own chi-squared interval gives
the range. A plan is made for a planning distance that the caller states, never from the observed effect
alone. Pseudo-cases of the interval are planned with, as heavy as they are there; more data that break case by
case would make them lighter, so a plan is rather too long. The noncentral t is approximated by Johnson and
Welch (Biometrika 31, 1940), within 0.01 of power.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.stats.clusters import FloatArray, as_floats, effective_clusters, exact_sum
from genaiops.stats.decision import TIE
from genaiops.stats.distributions import chi2_ppf, normal_cdf, student_t_ppf
from genaiops.stats.intervals import FEWEST_CLUSTERS, cases_together, pseudo_weight, reach
from genaiops.stats.model import Basis, Direction, Interval, Need, Plan

_MOST_CLUSTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Outlook:
    """A one-sided test to come: the truth lies `distance` beyond `bound`, to the side that `sign` gives."""

    alpha: float
    bound: float
    distance: float
    sign: float
    variance: float
    cases_per_cluster: float
    basis: Basis

    def power(self, g_eff: float) -> float:
        cases = self.cases_per_cluster * g_eff
        weight = self.basis.weight / (cases + self.basis.weight)
        truth = self.bound + self.sign * self.distance
        pull = weight * (self.basis.pseudo - truth)
        noise = (1.0 - weight) * math.sqrt(self.variance / g_eff)
        df = g_eff - 1.0
        quantile = student_t_ppf(1.0 - self.alpha, df)
        ahead = self.distance + self.sign * pull
        ahead -= quantile * math.hypot(noise, pull) * (1.0 - 0.25 / df)
        spread = noise * math.sqrt(1.0 + quantile * quantile / (2.0 * df))
        if spread <= 0.0:
            return 1.0 if ahead > 0.0 else 0.0
        return normal_cdf(ahead / spread)


def claim_power(
    interval: Interval, bound: float, direction: Direction, distance: float, clusters: float
) -> float:
    """The probability that `clusters` clusters like those at hand prove the claim "`direction` of `bound`".

    The truth is taken to lie `distance` > 0 (in the values' unit) beyond the bound, to the side claimed. 0
    where the clusters are worth fewer than 8 equal ones. Raises ValueError where the distance is not positive
    or the interval gives no variance.
    """
    ratio = _checked_ratio(interval, distance)
    outlook = _outlook(interval, bound, direction, distance, _variance(interval, bound))
    return outlook.power(clusters / ratio) if clusters / ratio >= FEWEST_CLUSTERS else 0.0


def detectable_effect(
    interval: Interval, bound: float, direction: Direction, clusters: float, power: float = 0.8
) -> float:
    """The smallest distance from the bound (in the values' unit) that `clusters` clusters prove with `power`.

    Infinite where the clusters are worth fewer than 8 equal ones. Raises ValueError unless 0 < power < 1, or
    where the interval gives no variance.
    """
    return _detectable(interval, bound, direction, clusters, power, _variance(interval, bound))


def detectable_range(
    interval: Interval, bound: float, direction: Direction, clusters: float, power: float = 0.8
) -> tuple[float, float]:
    """`detectable_effect` at both ends of the variance's own 1 − 2·alpha interval: the least and the most.

    Raises ValueError as `detectable_effect` does.
    """
    _checked_ratio(interval, 1.0)
    least, most = _variance_range(interval, bound)
    return (
        _detectable(interval, bound, direction, clusters, power, least),
        _detectable(interval, bound, direction, clusters, power, most),
    )


def assumed_interval(
    variance: float,
    sizes: Sequence[float] | FloatArray,
    alpha: float,
    *,
    alike: bool,
    least: float | None = None,
    greatest: float | None = None,
) -> Interval:
    """What to plan from before anything was measured: an interval around 0 of an assumed `variance` a case.

    `sizes` are the cases of each cluster to come. `alike`: cases of a cluster say the same, else they are
    unrelated. `least` and `greatest` are the pseudo-cases that the claim will be decided with. Raises
    ValueError unless the variance is positive and there are two clusters.
    """
    counts = as_floats("sizes", sizes)
    if not 0.0 < variance < math.inf or counts.size < 2:
        raise ValueError(f"a positive variance and two clusters are needed, not {variance!r}, {counts.size}")
    g_eff, cases = effective_clusters(counts), exact_sum(counts)
    se, df = math.sqrt(variance / (g_eff if alike else cases)), g_eff - 1.0
    within, size = variance * cases, cases / g_eff
    between = within * (size if alike else 1.0)
    lower, upper = (
        Basis(0.0, se, df)
        if pseudo is None
        else Basis(0.0, se, df, pseudo, pseudo_weight(alpha, cases_together(between, within, size, pseudo)))
        for pseudo in (least, greatest)
    )
    half = reach(df, alpha) * se
    return Interval(
        estimate=0.0,
        low=-half,
        high=half,
        se=se,
        df=df,
        alpha=alpha,
        n=round(cases),
        clusters=counts.size,
        g_eff=g_eff,
        method="t",
        lower=lower,
        upper=upper,
    )


def _detectable(
    interval: Interval, bound: float, direction: Direction, clusters: float, power: float, variance: float
) -> float:
    ratio = _checked_ratio(interval, 1.0)
    _require_power(power)
    if clusters / ratio < FEWEST_CLUSTERS:
        return math.inf

    def reached(distance: float) -> bool:
        return _outlook(interval, bound, direction, distance, variance).power(clusters / ratio) >= power

    large = max(math.sqrt(variance), 1e-9)
    while not reached(large):
        large *= 2.0
    small = 0.0
    while large - small > 1e-9 * large:
        middle = 0.5 * (small + large)
        small, large = (small, middle) if reached(middle) else (middle, large)
    return large


def clusters_needed(
    interval: Interval, bound: float, direction: Direction, distance: float, power: float = 0.8
) -> Plan:
    """How many clusters (in all, of the sizes at hand) settle the claim "`direction` of `bound`" with
    `power`.

    `distance` > 0 is the planning distance of the truth from the bound: the claim's margin or `by`. At the
    estimate, settling means proving or refuting, whichever side of the bound it lies on. Raises ValueError
    where distance or power is out of range or the interval gives no variance.
    """
    ratio = _checked_ratio(interval, distance)
    _require_power(power)
    planned = _need(interval, bound, direction, distance, power, ratio)
    observed = interval.estimate - bound
    if abs(observed) <= TIE:
        return Plan(power, planned, None)
    side: Direction = "above" if observed > 0.0 else "below"
    return Plan(power, planned, _need(interval, bound, side, abs(observed), power, ratio))


def _need(
    interval: Interval, bound: float, direction: Direction, distance: float, power: float, ratio: float
) -> Need:
    variance = _variance(interval, bound)
    least, most = _variance_range(interval, bound)
    expected, low, high = (
        _fewest(_outlook(interval, bound, direction, distance, size), power, ratio)
        for size in (variance, least, most)
    )
    return Need(expected, low, high)


def _fewest(outlook: _Outlook, power: float, ratio: float) -> int | None:
    """The smallest number of clusters with the power, by bisection: power grows with the number."""
    short, enough = math.ceil(FEWEST_CLUSTERS * ratio) - 1, _MOST_CLUSTERS
    if outlook.power(enough / ratio) < power:
        return None
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if outlook.power(middle / ratio) >= power else (middle, enough)
    return enough


def _outlook(
    interval: Interval, bound: float, direction: Direction, distance: float, variance: float
) -> _Outlook:
    above = direction == "above"
    return _Outlook(
        alpha=interval.alpha,
        bound=bound,
        distance=distance,
        sign=1.0 if above else -1.0,
        variance=variance,
        cases_per_cluster=interval.n / interval.g_eff,
        basis=interval.lower if above else interval.upper,
    )


def _variance(interval: Interval, bound: float) -> float:
    """The variance of one effective cluster; for a rate as Wilson's test has it, at the bound."""
    if interval.n_eff is not None:
        return max(bound * (1.0 - bound), 0.0) / interval.n_eff * interval.g_eff
    return interval.se * interval.se * interval.g_eff


def _variance_range(interval: Interval, bound: float) -> tuple[float, float]:
    variance, df = _variance(interval, bound), interval.df
    return (
        variance * df / chi2_ppf(1.0 - interval.alpha, df),
        variance * df / chi2_ppf(interval.alpha, df),
    )


def _checked_ratio(interval: Interval, distance: float) -> float:
    if not 0.0 < distance < math.inf:
        raise ValueError(f"the distance from the bound must be positive and finite, not {distance!r}")
    if interval.method not in ("t", "rate") or math.isinf(interval.se) or interval.df <= 0.0:
        raise ValueError(f"no plan can be made from {interval.clusters} clusters by {interval.method}")
    return interval.clusters / interval.g_eff


def _require_power(power: float) -> None:
    if not 0.0 < power < 1.0:
        raise ValueError(f"power must lie strictly between 0 and 1, not {power!r}")
