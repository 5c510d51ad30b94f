"""Limits for a mean that hold at every moment of a stream: one may look after each value, and stop when one
likes.

A gambler bets that the mean is above m, another that it is below; no strategy is expected to gain where m is
right, so a fortune of 1/alpha refutes m (Ville's inequality). For streams of independent values (canaries);
a suite's clustered, small samples are decided by `difference`, which there has far more power.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024):
the hedged capital process with predictable plug-in bets, both fortunes weighing one half.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from genaiops.stats.clusters import FloatArray, as_floats, exact_sum, round_sig
from genaiops.stats.intervals import require_alpha
from genaiops.stats.model import Basis, Interval

_LARGEST_STAKE = 0.5  # of what one has: no value can ruin the gambler
_PRECISION = 1e-10


def betting_interval(
    values: Sequence[float] | FloatArray, alpha: float, *, least: float = 0.0, greatest: float = 1.0
) -> Interval:
    """The mean behind a stream of independent `values` in [least, greatest], in order of arrival.

    The chance that the low limit ever, after any number of values, lies above the mean is at most `alpha`;
    likewise the high limit. Limits only narrow as the stream goes on: each keeps the best it ever showed.
    Values need not be alike, but all have the same mean given the past. `estimate` is the mean so far. Raises
    ValueError where a value is not finite or out of range, least is not below greatest, or alpha is not in
    (0, 0.5).
    """
    require_alpha(alpha)
    if not -math.inf < least < greatest < math.inf:
        raise ValueError(f"least must be below greatest, both finite, not {least!r} and {greatest!r}")
    raw = as_floats("values", values)
    if float(raw.min()) < least or float(raw.max()) > greatest:
        raise ValueError(f"every value must lie in [{least!r}, {greatest!r}]")
    width = greatest - least
    stream = (raw - least) / width
    stakes = _stakes(stream, alpha)
    low = _largest_refuted(stream, stakes, alpha)
    high = 1.0 - _largest_refuted(1.0 - stream, stakes, alpha)
    estimate = exact_sum(raw) / raw.size
    spread = exact_sum((raw - estimate) ** 2) / max(raw.size - 1, 1)
    basis = Basis(estimate, math.sqrt(spread / raw.size), raw.size - 1.0)
    return Interval(
        estimate=estimate,
        low=round_sig(least + width * low),
        high=round_sig(least + width * high),
        se=basis.se,
        df=basis.df,
        alpha=alpha,
        n=raw.size,
        clusters=raw.size,
        g_eff=float(raw.size),
        method="betting",
        lower=basis,
        upper=basis,
    )


def _stakes(stream: FloatArray, alpha: float) -> FloatArray:
    """Each bet's size, from the values before it only."""
    count = np.arange(1, stream.size + 1, dtype=np.float64)
    means = (0.5 + np.cumsum(stream)) / (count + 1.0)
    variances = (0.25 + np.cumsum((stream - means) ** 2)) / (count + 1.0)
    before = np.concatenate(([0.25], variances[:-1]))
    return np.sqrt(2.0 * math.log(1.0 / alpha) / (before * count * np.log(count + 1.0)))


def _largest_refuted(stream: FloatArray, stakes: FloatArray, alpha: float) -> float:
    """The largest m at which betting on "above m" ever made 1/alpha out of 1: it makes less as m grows."""

    def rich(m: float) -> bool:
        bets = np.minimum(stakes, _LARGEST_STAKE / m)
        with np.errstate(over="ignore", under="ignore"):
            fortunes = np.multiply.accumulate(1.0 + bets * (stream - m))
        return bool((fortunes >= 1.0 / alpha).any())

    return _bisect(rich)


def _bisect(rich: Callable[[float], bool]) -> float:
    known, beyond = 0.0, 1.0
    while beyond - known > _PRECISION:
        middle = 0.5 * (known + beyond)
        known, beyond = (middle, beyond) if rich(middle) else (known, middle)
    return known
