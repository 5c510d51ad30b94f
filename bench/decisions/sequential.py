"""What does looking early cost and save, where runs stop when they are decided or futile?

    python -m bench.decisions.sequential [--draws 20000]

The nulls are those of simulate.py, cut at the looks that a suite of those clusters would get: each draw is
looked at as `arena run --sequential` does, and stops at the first look that decides or is futile. The naive
rule looks as often and stops when its 5 % test is significant. Draws are walked many at once, and a sample of
each batch again by the product's own calls (`one_by_one`); another ending stops the benchmark.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from bench.decisions.many import TIE, Array, Codes, Flags, Guard, Limits, limits
from bench.decisions.naive import paired_t
from bench.decisions.power import planned_effect
from bench.decisions.record import ALPHA, Row, allowed, run
from bench.decisions.regimes import Batch, Regime, Rng, equal, normal, regimes
from scipy import stats as scipy_stats

from genaiops import stats
from genaiops.core import Spending

SEED = 20261125
FUTILE, FAILING = 0.1, 0.5
MOST_LOST, LEAST_SAVED = 0.03, 0.4  # of power and of cases, where the effect is at least twice the planned
BATCH, CHECKED = 500, 1
SPENDINGS: tuple[Spending, ...] = ("obrien_fleming", "pocock")
OPEN, PROVEN, REFUTED, FUTILE_END = range(4)
SUITES = ((20, 5, 0.3), (50, 4, 0.0), (50, 4, 0.3), (100, 4, 0.3), (200, 1, 0.0))
TIMES = (0.0, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Claim:
    """What is claimed, "above `bound`", and the pseudo-case that guards it."""

    bound: float
    guard: Guard | None = None

    @property
    def distance(self) -> float:
        """Return the planning distance: the claim's margin; at bound 0, one that a suite just detects."""
        return abs(self.bound) or 0.15


Pairs = Callable[[int], tuple[Array, Codes]]


class Looks(NamedTuple):
    """A suite's looks: after how many cases, which share of them that is, and the level of each."""

    cuts: tuple[int, ...]
    shares: tuple[float, ...]
    levels: tuple[float, ...]


class Endings(NamedTuple):
    """One entry a draw: how its run ended, and what other rules would have said."""

    share: Array
    how: Array
    estimate: Array
    proven_at_any_look: Flags
    proven_at_once: Flags
    naive: Flags


def looks_of(codes: Codes, spending: Spending) -> Looks:
    """Return the looks that the product plans for clusters that come in the order of their numbers."""
    sizes = np.bincount(codes).astype(float)
    cuts = np.cumsum(sizes)[np.array(stats.look_sizes(sizes)) - 1].astype(int).tolist()
    shares = tuple(cut / codes.size for cut in cuts)
    levels = stats.look_levels(shares, ALPHA, spending, stats.effective_clusters(sizes))
    return Looks(tuple(cuts), shares, levels)


def walk(pairs: Array, codes: Codes, looks: Looks, claim: Claim) -> Endings:
    """Look at each draw (a row of `pairs`) until it is decided or futile."""
    draws, bound, guard = len(pairs), claim.bound, claim.guard
    share, how, estimate = np.ones(draws), np.full(draws, OPEN), np.zeros(draws)
    running, crossed, naive = np.ones(draws, bool), np.zeros(draws, bool), np.zeros(draws, bool)
    for cut, part, level in zip(*looks, strict=True):
        seen, here = pairs[:, :cut], codes[:cut]
        found = limits(seen, here, level, guard)
        quiet = (seen == 0.0).all(axis=1) & (part < 1.0)  # as `gate` has it: such a look decides nothing
        now = np.where(found.proven(bound) & ~quiet, PROVEN, OPEN)
        now = np.where(found.refuted(bound) & ~quiet, REFUTED, now)
        crossed |= now == PROVEN
        naive |= paired_t(seen, bound)
        if part < 1.0:
            hopeless = _conditional_power(found, bound, claim.distance, part, looks.levels[-1]) < FUTILE
            failing = _conditional_power(found, bound, 0.0, part, looks.levels[-1], -1.0) >= FAILING
            now = np.where((now == OPEN) & hopeless & ~failing, FUTILE_END, now)
        ends = running & ((now != OPEN) | (part == 1.0))
        share[ends], how[ends], estimate[ends] = part, now[ends], found.estimate[ends]
        running &= ~ends
    once = limits(pairs, codes, ALPHA, guard).proven(bound)
    return Endings(share, how, estimate, crossed, once, naive)


def one_by_one(pairs: Array, codes: Codes, looks: Looks, claim: Claim) -> tuple[float, int]:
    """Walk one draw by the product's own calls; return the share asked and how it ended."""
    names = {"open": OPEN, "proven": PROVEN, "refuted": REFUTED}
    ends = {"least": -1.0, "greatest": 1.0} if claim.guard else {}
    for cut, share, level in zip(*looks, strict=True):
        part = pairs[:cut], np.zeros(cut), codes[:cut]
        decision = stats.decide(stats.difference(*part, level, **ends), claim.bound, "above")
        if share < 1.0 and not part[0].any():
            decision = "open"
        if decision != "open" or share == 1.0:
            return share, names[decision]
        plain = stats.difference(*part, level)
        ahead = {"fraction": share, "final_level": looks.levels[-1]}
        chance = stats.conditional_power(plain, claim.bound, "above", distance=claim.distance, **ahead)
        failing = stats.conditional_power(plain, claim.bound, "below", distance=0.0, **ahead)
        if chance < FUTILE and failing < FAILING:
            return share, FUTILE_END
    raise AssertionError("the last look has the whole suite")


def _conditional_power(
    found: Limits, bound: float, distance: float, share: float, level: float, side: float = 1.0
) -> Array:
    """Return `stats.conditional_power` for each draw, "above" or with `side` −1 "below"; 1 for no spread."""
    if not found.decidable:
        return np.ones(found.se.size)
    se = np.where(found.se > 0.0, found.se, 1.0)
    away = np.where(np.abs(found.estimate - bound) <= TIE, 0.0, side * (found.estimate - bound))
    p = np.clip(scipy_stats.t.sf(away / se, found.df), 1e-15, 1.0 - 1e-15)
    z = scipy_stats.norm.isf(p)
    drift = np.maximum(distance / se, z) / np.sqrt(share)
    ahead = z * np.sqrt(share) + drift * (1.0 - share) - scipy_stats.norm.isf(level)
    return np.where(found.se > 0.0, scipy_stats.norm.cdf(ahead / np.sqrt(1.0 - share)), 1.0)


def null_rows(index: int, draws: int) -> list[Row]:
    """Return how often one null passes falsely under looks."""
    regime = null_regimes()[index]
    rng = np.random.default_rng([SEED, index])

    def pairs(count: int) -> tuple[Array, Codes]:
        batch = regime.draw(rng, count)
        return batch.candidate - batch.baseline, batch.codes

    ends, checked = _run(pairs, Claim(regime.bound, regime.guard), "obrien_fleming", draws)
    crossed = float(ends.proven_at_any_look.mean())
    return [
        {
            "group": regime.group,
            "regime": regime.name,
            "draws": draws,
            "checked by calls": checked,
            "allowed": allowed(draws),
            "false_proven": float((ends.how == PROVEN).mean()),
            "false_proven_ignoring_futility": crossed,
            "false_proven_without_looks": float(ends.proven_at_once.mean()),
            "naive": {"stop when significant": float(ends.naive.mean())},
            "saved": 1.0 - float(ends.share.mean()),
            "holds": crossed <= allowed(draws),
        }
    ]


def null_regimes() -> list[Regime]:
    """Return the nulls of simulate.py whose clusters can be looked at, and unbounded skewed costs."""

    def skewed(clusters: int) -> Regime:
        def draw(rng: Rng, draws: int) -> Batch:
            codes = equal(clusters, 4)
            arms = [np.exp(normal(rng, draws, codes, 0.3)) for _ in range(2)]
            return Batch(arms[0], arms[1], codes)

        return Regime("unbounded and skewed", f"log-normal costs, {clusters} clusters of 4", 0.0, draw)

    return [*regimes(), skewed(20), skewed(100)]


def power_rows(
    clusters: int, size: int, icc: float, times: float, spending: Spending, draws: int
) -> list[Row]:
    """Return power and cases saved where the truth lies `times` the planned effect from the bound.

    Planned is what one look proves with 80 % power; the bound lies that far below 0, so that the planning
    distance is that effect.
    """
    codes = equal(clusters, size)
    effect = planned_effect(codes, icc)
    rng = np.random.default_rng([SEED, clusters, size, round(1000 * icc)])
    truth = (times - 1.0) * effect
    claim = Claim(-effect)
    ends, checked = _run(lambda n: (truth + normal(rng, n, codes, icc), codes), claim, spending, draws)
    once, power = float(ends.proven_at_once.mean()), float((ends.how == PROVEN).mean())
    lost, saved = once - power, 1.0 - float(ends.share.mean())
    return [
        {
            "group": "power",
            "regime": f"{clusters} clusters of {size}, ICC {icc:g}",
            "spending": spending,
            "times_planned": times,
            "draws": draws,
            "checked by calls": checked,
            "power_without_looks": once,
            "power": power,
            "lost": lost,
            "saved": saved,
            "estimate_over_truth": float(ends.estimate.mean()) - truth,
            "effect": effect,
            "holds": times < 2.0 or (lost <= MOST_LOST and saved >= LEAST_SAVED),
        }
    ]


def _run(pairs: Pairs, claim: Claim, spending: Spending, draws: int) -> tuple[Endings, int]:
    parts: list[Endings] = []
    checked = done = 0
    while done < draws:
        values, codes = pairs(min(BATCH, draws - done))
        looks = looks_of(codes, spending)
        ends = walk(values, codes, looks, claim)
        for index in range(CHECKED):
            again = one_by_one(values[index], codes, looks, claim)
            assert again == (ends.share[index], ends.how[index]), (claim, again, index)
        checked += CHECKED
        parts.append(ends)
        done += len(values)
    return Endings(*(np.concatenate(column) for column in zip(*parts, strict=True))), checked


def main() -> None:
    """Run everything, write bench/results/sequential.json."""
    nulls = [(null_rows, (index,)) for index in range(len(null_regimes()))]
    powers = [
        (power_rows, (*suite, times, spending))
        for spending in SPENDINGS
        for suite in SUITES
        for times in TIMES
    ]
    run("sequential", str(__doc__).splitlines()[0], [*nulls, *powers])


if __name__ == "__main__":
    main()
