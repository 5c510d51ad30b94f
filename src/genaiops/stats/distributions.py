"""Normal, Student t, chi-squared and beta probabilities, and their inverses, in plain Python.

Everything rests on two regularised incomplete functions. Their common factor is written with Loader's
saddle-point form, so that it stays accurate for a million degrees of freedom; their inverses are Newton steps
on the logarithm of the smaller tail in a coordinate where that logarithm is concave (logit for beta, log for
gamma), so that the steps converge from any start. Only `math` is used: the results do not depend on the CPU's
vector units.

Sources: Loader, "Fast and accurate computation of binomial probabilities" (2000); DiDonato and Morris, ACM
TOMS 708 (1992); Wichura, Applied Statistics 241 (1988) for the normal quantile, through the standard library.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

_LOG_SQRT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_TINY = 1e-300
_PRECISION = 5e-16
_MOST_TERMS = 200_000
_MOST_STEPS = 100
_SMALL_STEP = 1e-9  # Newton squares the error: after such a step it is below rounding


def normal_cdf(x: float) -> float:
    """The probability that a standard normal value is at most `x`."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_ppf(p: float) -> float:
    """The standard normal quantile of `p`. Raises ValueError unless 0 < p < 1."""
    _require_probability(p)
    return NormalDist().inv_cdf(p)


def student_t_cdf(x: float, df: float) -> float:
    """The probability that Student's t with `df` degrees of freedom is at most `x`.

    Raises ValueError unless df > 0.
    """
    _require_positive("df", df)
    if math.isinf(x):
        return 0.0 if x < 0.0 else 1.0
    square = x * x
    tail = 0.5 * _beta(0.5 * df, 0.5, df / (df + square), square / (df + square))
    return tail if x < 0.0 else 1.0 - tail


# all scorers of a slice share their degrees of freedom: a verdict asks for the same quantile many times
@lru_cache(maxsize=1024)
def student_t_ppf(p: float, df: float) -> float:
    """The quantile of `p` of Student's t with `df` degrees of freedom.

    Raises ValueError unless 0 < p < 1 and df > 0.
    """
    _require_probability(p)
    _require_positive("df", df)
    if p == 0.5:
        return 0.0
    tail = min(p, 1.0 - p)
    logit = _beta_logit(0.5 * df, 0.5, 2.0 * tail, 1.0 - 2.0 * tail)
    size = math.sqrt(df) * math.exp(-0.5 * logit)
    return -size if p < 0.5 else size


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    Raises ValueError unless 0 <= x <= 1, a > 0 and b > 0.
    """
    _require_positive("a", a)
    _require_positive("b", b)
    if not 0.0 <= x <= 1.0:
        raise ValueError(f"x must lie in [0, 1], not {x!r}")
    return _beta(a, b, x, 1.0 - x)


def beta_ppf(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = `p`. Raises ValueError unless 0 < p < 1, a > 0 and b > 0."""
    _require_probability(p)
    _require_positive("a", a)
    _require_positive("b", b)
    return _logistic(_beta_logit(a, b, p, 1.0 - p))


def chi2_cdf(x: float, df: float) -> float:
    """The probability that chi-squared with `df` degrees of freedom is at most `x`.

    Raises ValueError unless df > 0.
    """
    _require_positive("df", df)
    return _gamma_tails(0.5 * df, 0.5 * x)[0] if x > 0.0 else 0.0


def chi2_ppf(p: float, df: float) -> float:
    """The quantile of `p` of chi-squared with `df` degrees of freedom.

    Raises ValueError unless 0 < p < 1 and df > 0.
    """
    _require_probability(p)
    _require_positive("df", df)
    shape = 0.5 * df
    upper = p > 0.5

    def tail(log_x: float) -> tuple[float, float]:
        x = math.exp(log_x)
        factor = shape * _poisson(shape, x)
        return (_gamma_tails(shape, x)[1], -factor) if upper else (_gamma_tails(shape, x)[0], factor)

    start = math.log(shape) + (0.0 if shape >= 1.0 else math.log(p if not upper else 1.0) / shape)
    return 2.0 * math.exp(_solve(tail, 1.0 - p if upper else p, max(start, -700.0)))


def _require_probability(p: float) -> None:
    if not 0.0 < p < 1.0:
        raise ValueError(f"a probability strictly between 0 and 1 is needed, not {p!r}")


def _require_positive(name: str, value: float) -> None:
    if not (value > 0.0 and math.isfinite(value)):
        raise ValueError(f"{name} must be positive and finite, not {value!r}")


def _logistic(u: float) -> float:
    return 1.0 / (1.0 + math.exp(-u)) if u >= 0.0 else math.exp(u) / (1.0 + math.exp(u))


def _solve(tail: Callable[[float], tuple[float, float]], target: float, start: float) -> float:
    """Newton on log(tail), which is concave: from the second step on it nears the root from one side."""
    u = start
    goal = math.log(target)
    for _ in range(_MOST_STEPS):
        value, slope = tail(u)
        step = (
            (goal - math.log(max(value, _TINY))) * value / slope
            if value > _TINY
            else math.copysign(1.0, slope)
        )
        u += min(max(step, -50.0), 50.0)
        if abs(step) <= _SMALL_STEP * max(1.0, abs(u)):
            break
    return u


def _stirling_error(z: float) -> float:
    """log Γ(z + 1) less Stirling's formula."""
    if z < 16.0:
        return math.lgamma(z + 1.0) - (z + 0.5) * math.log(z) + z - _LOG_SQRT_TWO_PI
    inverse_square = 1.0 / (z * z)
    total = 0.0
    for coefficient in reversed(_STIRLING):
        total = total * inverse_square + coefficient
    return total / z


def _deviance(x: float, mean: float) -> float:
    """x·log(x/mean) + mean − x without cancellation where x is close to mean."""
    difference = x - mean
    if abs(difference) > 0.1 * (x + mean):
        return x * math.log(x / mean) - difference
    ratio = difference / (x + mean)
    total = difference * ratio
    term = 2.0 * x * ratio
    for k in range(1, 1000):
        term *= ratio * ratio
        larger = total + term / (2 * k + 1)
        if larger == total:
            break
        total = larger
    return total


def _poisson(shape: float, x: float) -> float:
    """x^shape · e^−x / Γ(shape + 1)."""
    exponent = -_stirling_error(shape) - _deviance(shape, x)
    return math.exp(exponent) / math.sqrt(2.0 * math.pi * shape)


def _beta_factor(a: float, b: float, x: float, y: float) -> float:
    """x^a · y^b / B(a, b), with y = 1 − x handed in so that neither loses digits."""
    n = a + b
    exponent = _stirling_error(n) - _stirling_error(a) - _stirling_error(b)
    exponent -= _deviance(a, n * x) + _deviance(b, n * y)
    return math.exp(exponent) * math.sqrt(a * b / (2.0 * math.pi * n))


def _beta(a: float, b: float, x: float, y: float) -> float:
    if x <= 0.0 or y <= 0.0:
        return 0.0 if x <= 0.0 else 1.0
    factor = _beta_factor(a, b, x, y)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - factor * _beta_fraction(b, a, y) / b
    return factor * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of I_x(a, b), by Lentz's method."""
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    total = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _away_from_zero(1.0 + even * d)
        c = _away_from_zero(1.0 + even / c)
        total *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _away_from_zero(1.0 + odd * d)
        c = _away_from_zero(1.0 + odd / c)
        total *= d * c
        if abs(d * c - 1.0) < _PRECISION:
            break
    return total


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _beta_logit(a: float, b: float, p: float, q: float) -> float:
    """logit(x) where I_x(a, b) = p and q = 1 − p; solved on the smaller of the two tails."""
    if p > q:
        return -_beta_logit(b, a, q, p)

    def tail(logit: float) -> tuple[float, float]:
        x, y = _logistic(logit), _logistic(-logit)
        return _beta(a, b, x, y), _beta_factor(a, b, x, y)

    return _solve(tail, p, math.log(a / b))


def _gamma_tails(shape: float, x: float) -> tuple[float, float]:
    """The lower and the upper regularised incomplete gamma function."""
    factor = _poisson(shape, x)
    if x < shape + 1.0:
        lower = factor * _gamma_series(shape, x)
        return lower, 1.0 - lower
    upper = factor * shape * _gamma_fraction(shape, x)
    return 1.0 - upper, upper


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0
    for k in range(1, _MOST_TERMS):
        term *= x / (shape + k)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _gamma_fraction(shape: float, x: float) -> float:
    b = x + 1.0 - shape
    c = 1.0 / _TINY
    d = 1.0 / _away_from_zero(b)
    total = d
    for k in range(1, _MOST_TERMS):
        a = -k * (k - shape)
        b += 2.0
        d = 1.0 / _away_from_zero(a * d + b)
        c = _away_from_zero(b + a / c)
        total *= d * c
        if abs(d * c - 1.0) < _PRECISION:
            break
    return total
