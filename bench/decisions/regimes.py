"""The nulls: data whose true value lies exactly on the claim's bound, so that every "proven" is false.

Drawn with numpy alone, a batch of draws at a time. The draws of a batch share their clusters; where sizes are
random, each batch has new ones.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from bench.decisions.many import Array, Codes, Guard

Rng = np.random.Generator
MARGIN = 0.05
DOCUMENTS = np.repeat(np.arange(29), [1] * 20 + [2] * 7 + [3] * 2)
"""40 questions in 29 documents, as in the demo."""


class Batch(NamedTuple):
    """Draws × cases of either arm, the cases' clusters, and draws × rows where cases were repeated."""

    candidate: Array
    baseline: Array
    codes: Codes
    rows: Array | None = None


@dataclass(frozen=True)
class Regime:
    """A null to simulate; `draw` makes a batch of so many draws."""

    group: str
    name: str
    bound: float
    draw: Callable[[Rng, int], Batch]
    guarded: bool = False

    @property
    def guard(self) -> Guard | None:
        """Return the pseudo-case of a score from 0 to 1, where the regime's scores are bounded."""
        return Guard() if self.guarded else None


def equal(clusters: int, size: int) -> Codes:
    """Return the clusters of cases, `size` each."""
    return np.repeat(np.arange(clusters), size)


def pareto(rng: Rng, clusters: int) -> Codes:
    """Return clusters of Pareto sizes from 2 to 40."""
    sizes = np.minimum(np.ceil(2.0 * (1.0 + rng.pareto(2.0, clusters))), 40).astype(int)
    return np.repeat(np.arange(clusters), sizes)


def normal(rng: Rng, draws: int, codes: Codes, icc: float) -> Array:
    """Return standard normal values that correlate by `icc` within a cluster."""
    own = rng.standard_normal((draws, codes.size))
    if icc == 0.0:
        return own
    shared = rng.standard_normal((draws, int(codes.max()) + 1))
    return math.sqrt(icc) * shared[:, codes] + math.sqrt(1.0 - icc) * own


def breaks(rng: Rng, draws: int, codes: Codes, rate: float, icc: float) -> Array:
    """Return 1 where a case breaks outright: beta-binomial by cluster, whole clusters at icc 1."""
    clusters = int(codes.max()) + 1
    if icc == 0.0:
        return (rng.random((draws, codes.size)) < rate).astype(float)
    if icc == 1.0:
        return (rng.random((draws, clusters)) < rate).astype(float)[:, codes]
    strength = (1.0 - icc) / icc
    chance = rng.beta(rate * strength, (1.0 - rate) * strength, (draws, clusters))
    return (rng.random((draws, codes.size)) < chance[:, codes]).astype(float)


def normal_null(clusters: int, icc: float, sizes: str) -> Regime:
    """Return a null of unbounded scores, where half of what varies is common to both arms."""

    def draw(rng: Rng, draws: int) -> Batch:
        codes = pareto(rng, clusters) if sizes == "Pareto" else equal(clusters, 5)
        hardness = normal(rng, draws, codes, icc)
        return Batch(hardness + 0.5 * normal(rng, draws, codes, icc), hardness, codes)

    return Regime("clusters", f"G {clusters}, ICC {icc:g}, {sizes} sizes", 0.0, draw)


def rare_null(what: str, codes: Callable[[Rng], Codes], icc: float, margin: float) -> Regime:
    """Return a null where just the margin's share of the cases breaks outright and nothing else changes."""

    def draw(rng: Rng, draws: int) -> Batch:
        here = codes(rng)
        broken = breaks(rng, draws, here, margin, icc)
        return Batch(1.0 - broken, np.ones_like(broken), here)

    alone = "independent" in what
    name = f"{what}, margin {margin:g}" if alone else f"{what}, ICC of breaks {icc:g}, margin {margin:g}"
    group = "rare breaks of single cases" if alone or icc == 0.0 else "rare breaks within clusters"
    return Regime(group, name, -margin, draw, True)


def rare_nulls() -> Iterator[Regime]:
    """Yield breaks of independent cases, and breaks that strike several cases of a cluster at once."""
    for n in (60, 100, 132, 150, 266, 400):
        yield rare_null(f"{n} independent cases", lambda _, n=n: equal(n, 1), 0.0, 0.02)
    for n in (60, 86, 150, 400):
        yield rare_null(f"{n} independent cases", lambda _, n=n: equal(n, 1), 0.0, MARGIN)
    for clusters, size in ((20, 10), (50, 4), (50, 10), (100, 4), (100, 10), (200, 4)):
        for icc in (0.0, 0.1, 0.3, 0.6, 1.0):
            what = f"{clusters} clusters of {size}"
            yield rare_null(what, lambda _, g=clusters, m=size: equal(g, m), icc, MARGIN)
    for icc in (0.3, 1.0):
        yield rare_null("60 clusters of Pareto sizes", lambda rng: pareto(rng, 60), icc, MARGIN)
        yield rare_null("40 questions in 29 documents", lambda _: DOCUMENTS, icc, 0.15)
        yield rare_null("20 clusters of 10", lambda _: equal(20, 10), icc, 0.1)
        yield rare_null("100 clusters of 10", lambda _: equal(100, 10), icc, 0.02)


def repeats(clusters: int, size: int, times: int) -> Regime:
    """Return a null of right and wrong answers, where either arm has cases that suit it better."""
    codes = equal(clusters, size)

    def draw(rng: Rng, draws: int) -> Batch:
        hardness = normal(rng, draws, codes, 0.3)
        arms: list[Array] = []
        for _ in range(2):
            chance = 1.0 / (1.0 + np.exp(-hardness - normal(rng, draws, codes, 0.3)))
            arms.append((rng.random((times, *chance.shape)) < chance).astype(float))
        rows = (arms[0] - arms[1]).transpose(1, 2, 0).reshape(draws, -1)
        return Batch(arms[0].mean(axis=0), arms[1].mean(axis=0), codes, rows)

    name = f"{times} repeats averaged, {clusters} clusters of {size}"
    return Regime("repeats", name, 0.0, draw, True)


def lumpy_nulls() -> Iterator[Regime]:
    """Yield ties, point masses, gains that hide breaks, and no difference at all."""

    def ties(rng: Rng, draws: int) -> Batch:
        codes = equal(20, 5)
        arms = np.round(2.0 * rng.random((2, draws, codes.size))) / 2
        return Batch(arms[0], arms[1], codes)

    def masses(rng: Rng, draws: int) -> Batch:
        codes = equal(50, 2)
        moved = rng.choice([-0.5, 0.0, 0.5], p=[0.05, 0.9, 0.05], size=(draws, codes.size))
        return Batch(0.5 + moved, np.full_like(moved, 0.5), codes)

    def mixed(rng: Rng, draws: int) -> Batch:
        codes = equal(150, 1)
        base = 0.7 + 0.2 * rng.random((draws, codes.size))
        broken = breaks(rng, draws, codes, 0.1 / 0.85, 0.0)
        gain = 0.1 * rng.random(base.shape)
        return Batch(np.where(broken == 1.0, 0.0, base + gain), base, codes)

    def still(rng: Rng, draws: int) -> Batch:
        del rng
        same = np.ones((draws, 60))
        return Batch(same, same, equal(60, 1))

    yield Regime("lumpy", "ties: scores 0, ½, 1; 20 clusters of 5", 0.0, ties, True)
    yield Regime("lumpy", "point masses: 90 % of differences 0; 50 clusters of 2", 0.0, masses, True)
    yield Regime("lumpy", "small gains, 12 % total breaks; 150 independent cases", -MARGIN, mixed, True)
    yield Regime("lumpy", "zero discordance; 60 independent cases", 0.0, still, True)


def regimes() -> list[Regime]:
    """Return every null, in groups."""
    normals = [
        normal_null(clusters, icc, sizes)
        for clusters in (8, 10, 20, 50, 200)
        for icc in (0.0, 0.1, 0.3, 0.6)
        for sizes in ("equal", "Pareto")
    ]
    repeated = [repeats(20, 3, 3), repeats(50, 4, 3), repeats(60, 1, 5)]
    return [*normals, *rare_nulls(), *lumpy_nulls(), *repeated]
