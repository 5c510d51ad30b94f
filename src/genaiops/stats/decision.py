"""From limits to decisions: proven, refuted or open, and corrections for several claims.

A claim is one-sided: the true value lies "above" or "below" a bound; equivalence is two such claims at once.
Sources: Holm (1979); Benjamini and Hochberg (1995); Schuirmann, Journal of Pharmacokinetics and
Biopharmaceutics 15 (1987), for equivalence. Nothing is decided within 1e-9 of its bound, so that rounding on
another CPU cannot turn a decision.
"""

import math
from collections.abc import Sequence

from genaiops.stats.distributions import beta_cdf, normal_cdf, student_t_cdf
from genaiops.stats.model import Decision, Direction, Interval

TIE = 1e-9


def decide(interval: Interval, bound: float, direction: Direction, tie: float = TIE) -> Decision:
    """Whether the claim that the true value lies `direction` of `bound` is proven, refuted or open.

    Proven: the limit facing the bound is beyond it by more than `tie`; refuted: the other limit falls short
    of it by more than `tie`; open otherwise, and whenever the interval is not decidable. A refutation is
    final only after `holm` over all claims. Raises ValueError where the bound is not finite or tie is
    negative.
    """
    if not math.isfinite(bound) or not tie >= 0.0:
        raise ValueError(f"a finite bound and a tie of at least 0 are needed, not {bound!r} and {tie!r}")
    if not interval.decidable:
        return "open"
    if interval.low > bound + tie:
        return "proven" if direction == "above" else "refuted"
    if interval.high < bound - tie:
        return "proven" if direction == "below" else "refuted"
    return "open"


def decide_equivalent(interval: Interval, margin: float, tie: float = TIE) -> Decision:
    """Whether the claim that the true value lies within ±`margin` of 0 is proven, refuted or open.

    Two one-sided tests: proven where the value is proven to lie above −margin and below margin, refuted where
    either is refuted. Each test is at the interval's alpha and both must hold, so the claim needs no
    correction: the 1 − 2·alpha interval lies inside the margin. Raises ValueError where the margin is not
    positive and finite, or tie is negative.
    """
    if not 0.0 < margin < math.inf:
        raise ValueError(f"a margin above 0 is needed, not {margin!r}")
    sides = {decide(interval, -margin, "above", tie), decide(interval, margin, "below", tie)}
    if "refuted" in sides:
        return "refuted"
    return "proven" if sides == {"proven"} else "open"


def equivalence_p_values(interval: Interval, margin: float) -> tuple[float, float]:
    """The p-values of the claim that the true value lies within ±`margin` of 0, and of its refutation.

    The claim's is the larger of two one-sided tests'. A refutation may come from either of two sides, so its
    is twice the smaller. Raises ValueError where the margin is not positive and finite, or as `p_value` does.
    """
    if not 0.0 < margin < math.inf:
        raise ValueError(f"a margin above 0 is needed, not {margin!r}")
    claim = max(p_value(interval, -margin, "above"), p_value(interval, margin, "below"))
    refuted = min(p_value(interval, margin, "above"), p_value(interval, -margin, "below"))
    return claim, min(1.0, 2.0 * refuted)


def p_value(interval: Interval, bound: float, direction: Direction) -> float:
    """The one-sided p-value for the claim that the true value lies `direction` of `bound`.

    It is below alpha exactly where the interval's limit is beyond the bound. Call it with the opposite
    direction for the p-value of a claim's refutation. It is 1 where the interval is not decidable. Raises
    ValueError unless the interval is one of a mean, a difference or a rate.
    """
    if interval.method not in ("t", "rate"):
        raise ValueError(f"an interval by {interval.method} has no p-value: compare its limits")
    if not interval.decidable:
        return 1.0
    if interval.method == "t":
        return _t_tail(interval, bound, direction)
    if direction == "above":
        return _rate_tail(interval, interval.estimate, bound)
    return _rate_tail(interval, 1.0 - interval.estimate, 1.0 - bound)


def holm(p_values: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Which hypotheses Holm's step-down rejects at family-wise error `alpha`, in the order given.

    A p-value within 1e-9 of its step is not rejected. Raises ValueError where a p-value is outside [0, 1] or
    alpha outside (0, 1).
    """
    order = _ordered(p_values, alpha)
    rejected = [False] * len(order)
    for rank, index in enumerate(order):
        if not p_values[index] < alpha / (len(order) - rank) - TIE:
            break
        rejected[index] = True
    return tuple(rejected)


def benjamini_hochberg(p_values: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Which hypotheses the step-up procedure rejects at false discovery rate `alpha`, in the order given.

    For slices: reported, never deciding. Raises ValueError where a p-value is outside [0, 1] or alpha outside
    (0, 1).
    """
    order = _ordered(p_values, alpha)
    passing = [
        rank for rank, index in enumerate(order, 1) if p_values[index] < alpha * rank / len(order) - TIE
    ]
    chosen = set(order[: max(passing, default=0)])
    return tuple(index in chosen for index in range(len(order)))


def _ordered(p_values: Sequence[float], alpha: float) -> list[int]:
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie strictly between 0 and 1, not {alpha!r}")
    for p in p_values:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"a p-value lies in [0, 1], not {p!r}")
    return sorted(range(len(p_values)), key=lambda index: p_values[index])


def _t_tail(interval: Interval, bound: float, direction: Direction) -> float:
    basis = interval.lower if direction == "above" else interval.upper
    distance = basis.estimate - bound if direction == "above" else bound - basis.estimate
    if abs(distance) <= TIE:
        return 0.5
    if basis.se == 0.0:
        return 0.0 if distance > 0.0 else 1.0
    return student_t_cdf(-distance / basis.se, basis.df)


def _rate_tail(interval: Interval, rate: float, bound: float) -> float:
    """The p-value for "the rate lies above `bound`": the largest of the three tests behind the limit."""
    n = interval.n_eff
    if n is None:
        raise ValueError("a rate's interval must carry n_eff")
    if not 0.0 < bound < 1.0:
        return 0.0 if bound <= 0.0 < rate else 1.0
    wilson = normal_cdf((bound - rate) / math.sqrt(bound * (1.0 - bound) / n))
    exact = beta_cdf(bound, rate * n, (1.0 - rate) * n + 1.0) if rate > 0.0 else 1.0
    return max(wilson, exact, bound**interval.g_eff)
