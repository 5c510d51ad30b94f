"""Looking at a suite before it is complete, at most five times, without erring more often than alpha says.

The error is spent over the looks (Lan and DeMets, Biometrika 70, 1983): at each look a claim is tested at a
nominal one-sided level, which every estimator of this room takes as its alpha. So a look's limits are
Student's t with the G_eff − 1 degrees of freedom of that look, pseudo-cases weigh what the level asks for,
and together they are repeated confidence intervals (Jennison and Turnbull, JRSS B 51, 1989): all cover
at once with probability 1 − alpha on each side, for whatever reason a run stops.

The levels come from the recursion of Armitage, McPherson and Rowe (JRSS A 132, 1969) on the partial sums of
clusters, whose increments are independent. They are a normal statistic's. With few clusters Student's t
crosses them up to 0.3 points more often than alpha says, so that alpha·(1 − 1/G_eff) is spent: a correction
of our own, checked by simulation from 10 clusters on. Stopping for futility is not used in the recursion: a
run that goes on although it may stop errs no more often.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from genaiops.stats.clusters import FloatArray, as_floats, round_sig
from genaiops.stats.decision import TIE, p_value
from genaiops.stats.distributions import normal_cdf, normal_ppf
from genaiops.stats.intervals import FEWEST_CLUSTERS, require_alpha
from genaiops.stats.model import Direction, Interval

Spending = Literal["obrien_fleming", "pocock"]
"""How the error is spent: nearly all of it at the end (O'Brien and Fleming), or evenly (Pocock)."""

_APART = 0.002  # looks closer than this share of the suite are one look
_LEAST_LEVEL = 1e-8  # a look may always test at this level: five of them spend nothing that counts
_FAR = 8.0
_FEWEST_NODES = 201
_NODES_PER_DEVIATION = 4.0
_MOST_STEPS = 50
_SMALL_STEP = 1e-12


def look_sizes(sizes: Sequence[float] | FloatArray, most: int = 5) -> tuple[int, ...]:
    """After how many whole clusters to look, where `sizes` are their cases in the order in which they come.

    Looks are evenly spread over the cases; one whose clusters are worth fewer than 8 equal ones could decide
    nothing and is left out. The last look has every cluster. Raises ValueError where there are no clusters,
    or `most` is below 1.
    """
    counts = as_floats("sizes", sizes)
    if most < 1:
        raise ValueError(f"at least one look is needed, not {most!r}")
    cases: FloatArray = np.cumsum(counts)
    squares: FloatArray = np.cumsum(counts * counts)
    enough = cases * cases >= (FEWEST_CLUSTERS - TIE) * squares
    targets = float(cases[-1]) / most * np.arange(1, most) - TIE
    places = sorted(set(np.searchsorted(cases, targets).tolist()))
    return (*(place + 1 for place in places if enough[place] and place + 1 < counts.size), counts.size)


def spent(fraction: float, alpha: float, spending: Spending = "obrien_fleming") -> float:
    """The error that may be spent when `fraction` of the suite is there: α*(t) of Lan and DeMets (1983).

    2 − 2·Φ(z/√t) with z the normal quantile of 1 − alpha/2, or alpha·log(1 + (e − 1)·t). Raises ValueError
    unless 0 <= fraction <= 1 and 0 < alpha < 0.5.
    """
    require_alpha(alpha)
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"a fraction of the suite lies in [0, 1], not {fraction!r}")
    if fraction in (0.0, 1.0):
        return alpha * fraction
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1.0) * fraction)
    return 2.0 * normal_cdf(normal_ppf(0.5 * alpha) / math.sqrt(fraction))


@lru_cache(maxsize=4096)  # every scorer, slice and step of Holm's correction asks for the same few
def look_levels(
    fractions: tuple[float, ...],
    alpha: float,
    spending: Spending = "obrien_fleming",
    clusters: float = math.inf,
) -> tuple[float, ...]:
    """The nominal one-sided level of each look: what the estimators take as alpha there, at least 1e-8.

    `fractions` says which share of the suite each look has, and must not fall. A look within 1/500 of the one
    before has its level: it sees the same data. `clusters`: how many equal ones the suite is worth; with
    infinitely many, the levels are a normal statistic's; fewer than two count as two. Raises ValueError where
    fractions fall or lie outside [0, 1], or alpha is not in (0, 0.5).
    """
    require_alpha(alpha)
    _require_fractions(fractions)
    if fractions and fractions[0] < 1.0 - _APART:  # a single look is no more than a plain test
        alpha *= 1.0 - 1.0 / max(clusters, 2.0)
    levels: list[float] = []
    state, used, given = _START, 0.0, 0.0
    for fraction in fractions:
        if fraction - used < _APART:
            levels.append(levels[-1] if levels else _LEAST_LEVEL)
            continue
        budget = spent(fraction, alpha, spending) - given
        level = _LEAST_LEVEL if budget <= _LEAST_LEVEL else _level(state, fraction, budget)
        state = _advance(state, fraction, level, 0.0)
        given += max(budget, 0.0)
        used = fraction
        levels.append(round_sig(level))
    return tuple(levels)


def stopping_shares(fractions: Sequence[float], levels: Sequence[float], drift: float) -> tuple[float, ...]:
    """The probability that a claim is first proven at each look, where the final statistic has mean `drift`.

    `levels` are the nominal levels of the looks; their sum over the looks is the power, or the error at a
    drift of 0. Raises ValueError where fractions fall, or the lengths differ.
    """
    _require_fractions(fractions)
    if len(levels) != len(fractions):
        raise ValueError(f"{len(fractions)} looks but {len(levels)} levels")
    shares: list[float] = []
    state = _START
    for fraction, level in zip(fractions, levels, strict=True):
        if fraction - state.fraction < _APART:
            shares.append(0.0)
            continue
        shares.append(_beyond(state, fraction, _bound(level), drift))
        state = _advance(state, fraction, level, drift)
    return tuple(shares)


def conditional_power(
    interval: Interval,
    bound: float,
    direction: Direction,
    *,
    distance: float,
    fraction: float,
    final_level: float,
) -> float:
    """The probability that the complete suite proves the claim "`direction` of `bound`", given what is seen.

    The rest of the suite is taken to show the planning `distance` beyond the bound, or what was seen so far
    where that is better for the claim. Stopping where this falls below γ costs at most γ/(1 − γ) times the
    error of the second kind (Lan, Simon and Halperin, Sequential Analysis 1, 1982): 2.2 points of a power of
    80 % at γ = 0.1. `interval` is the plain one of the `fraction` seen, without pseudo-case, which makes the
    answer larger rather than smaller. 1 where the data show no spread at all. Raises ValueError unless
    0 < fraction <= 1 and 0 < final_level < 0.5.
    """
    require_alpha(final_level)
    if not 0.0 < fraction <= 1.0:
        raise ValueError(f"a fraction of the suite lies in (0, 1], not {fraction!r}")
    se = _spread(interval, bound)
    if se <= 0.0 or math.isinf(se) or not interval.decidable:
        return 1.0
    z = -normal_ppf(min(max(p_value(interval, bound, direction), 1e-15), 1.0 - 1e-15))
    rest = 1.0 - fraction
    drift = max(distance / (se * math.sqrt(fraction)), z / math.sqrt(fraction))
    ahead = z * math.sqrt(fraction) + drift * rest - _bound(final_level)
    if rest <= TIE:
        return 1.0 if ahead > 0.0 else 0.0
    return normal_cdf(ahead / math.sqrt(rest))


class _State(NamedTuple):
    """The runs that go on: the density of their partial sum at `nodes` (with the integration `weights`)."""

    fraction: float
    nodes: FloatArray
    mass: FloatArray


_START = _State(0.0, np.zeros(1), np.ones(1))


def _bound(level: float) -> float:
    return -normal_ppf(level)


def _level(state: _State, fraction: float, budget: float) -> float:
    """The level at which exactly `budget` of the runs stops here: Newton on the logarithm, from far out."""
    step, scale = fraction - state.fraction, math.sqrt(fraction)
    bound = _bound(budget)  # what a first look would have; the bound sought is never further out
    for _ in range(_MOST_STEPS):
        away = (bound * scale - state.nodes) / math.sqrt(step)
        slope = float((state.mass * np.exp(-0.5 * away * away)).sum()) * scale
        now = _beyond(state, fraction, bound, 0.0)
        move = math.log(now / budget) * now / (slope / math.sqrt(2.0 * math.pi * step))
        bound += move
        if abs(move) < _SMALL_STEP:
            break
    return normal_cdf(-bound)


def _beyond(state: _State, fraction: float, bound: float, drift: float) -> float:
    """The probability that a run goes on until this look and is beyond `bound` (a z value) here."""
    step = fraction - state.fraction
    needed = bound * math.sqrt(fraction) - drift * step
    tails = [normal_cdf((node - needed) / math.sqrt(step)) for node in state.nodes.tolist()]
    return math.fsum(mass * tail for mass, tail in zip(state.mass.tolist(), tails, strict=True))


def _advance(state: _State, fraction: float, level: float, drift: float) -> _State:
    """The runs that go on after this look, by Simpson's rule over the partial sums below its bound."""
    step = fraction - state.fraction
    deviation = math.sqrt(fraction)
    middle = drift * fraction
    top = min(_bound(level) * deviation, middle + _FAR * deviation)
    bottom = min(middle - _FAR * deviation, top - deviation)
    finest = math.ceil((top - bottom) / math.sqrt(step) * _NODES_PER_DEVIATION)
    count = max(_FEWEST_NODES, finest) | 1
    nodes = np.linspace(bottom, top, count)
    away = (nodes[:, None] - state.nodes[None, :] - drift * step) / math.sqrt(step)
    density = (np.exp(-0.5 * away * away) * state.mass).sum(axis=1) / math.sqrt(2.0 * math.pi * step)
    simpson = np.full(count, 2.0)
    simpson[1::2] = 4.0
    simpson[[0, -1]] = 1.0
    return _State(fraction, nodes, density * simpson * ((top - bottom) / (count - 1) / 3.0))


def _spread(interval: Interval, bound: float) -> float:
    """The standard error; for a rate as Wilson's test has it, at the bound."""
    if interval.n_eff is not None:
        return math.sqrt(max(bound * (1.0 - bound), 0.0) / interval.n_eff)
    return interval.se


def _require_fractions(fractions: Sequence[float]) -> None:
    before = 0.0
    for fraction in fractions:
        if not before <= fraction <= 1.0:
            raise ValueError(f"fractions rise from 0 to 1: {fraction!r} comes after {before!r}")
        before = fraction
