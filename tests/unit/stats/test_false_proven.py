"""With the truth on the bound, claims are falsely proven no more often than alpha (+ 3 Monte-Carlo errors).

The data are drawn with numpy alone; nothing here shares code with the estimators. The 20,000-draw version
with naive rules beside it is `make bench-decisions`.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from genaiops import stats

ALPHA = 0.05
Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray, np.ndarray]]


def allowed(draws: int) -> float:
    return ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / draws)


def shares(draw: Draw, bound: float, draws: int, guarded: bool = False) -> dict[str, float]:
    rng = np.random.default_rng(20261123)
    least, greatest = (-1.0, 1.0) if guarded else (None, None)
    counts = {"proven": 0, "refuted": 0, "open": 0}
    for _ in range(draws):
        candidate, baseline, clusters = draw(rng)
        interval = stats.difference(candidate, baseline, clusters, ALPHA, least=least, greatest=greatest)
        counts[stats.decide(interval, bound, "above")] += 1
    return {decision: count / draws for decision, count in counts.items()}


def hard_cases(rng: np.random.Generator, clusters: np.ndarray, icc: float) -> np.ndarray:
    shared = rng.standard_normal(clusters.max() + 1)[clusters]
    return math.sqrt(icc) * shared + math.sqrt(1 - icc) * rng.standard_normal(clusters.size)


@pytest.mark.parametrize("icc", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("count", [8, 10, 20, 50])
def test_equal_clusters(count: int, icc: float) -> None:
    clusters = np.repeat(np.arange(count), 5)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        baseline = hard_cases(rng, clusters, icc)
        return baseline + 0.4 * hard_cases(rng, clusters, icc), baseline, clusters

    found = shares(draw, 0.0, 400)
    assert found["proven"] <= allowed(400)
    assert found["refuted"] <= allowed(400)


@pytest.mark.parametrize("icc", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("count", [20, 50])
def test_pareto_cluster_sizes(count: int, icc: float) -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sizes = np.minimum(np.ceil(2 * (1 + rng.pareto(2.0, count))), 40).astype(int)
        clusters = np.repeat(np.arange(count), sizes)
        return hard_cases(rng, clusters, icc), np.zeros(clusters.size), clusters

    found = shares(draw, 0.0, 400)
    assert found["proven"] <= allowed(400)
    assert found["refuted"] <= allowed(400)


@pytest.mark.parametrize(("n", "margin"), [(60, 0.02), (132, 0.02), (150, 0.02), (86, 0.05), (150, 0.05)])
def test_rare_total_regressions_do_not_pass_on_luck(n: int, margin: float) -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return 1.0 - (rng.random(n) < margin), np.ones(n), np.arange(n)

    assert shares(draw, -margin, 600, guarded=True)["proven"] <= allowed(600)


@pytest.mark.proves("B-GUARD-TOGETHER")
@pytest.mark.parametrize("icc", [0.3, 1.0])
@pytest.mark.parametrize(("count", "size"), [(20, 10), (50, 4), (100, 4)])
def test_breaks_of_whole_documents_do_not_pass_on_luck(count: int, size: int, icc: float) -> None:
    clusters = np.repeat(np.arange(count), size)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chance = rng.random(count) < 0.05 if icc == 1.0 else rng.beta(0.05 * 7 / 3, 0.95 * 7 / 3, count)
        broken = rng.random(clusters.size) < chance.astype(float)[clusters]
        return 1.0 - broken, np.ones(clusters.size), clusters

    assert shares(draw, -0.05, 500, guarded=True)["proven"] <= allowed(500)


def test_without_the_pseudo_case_rare_regressions_do_pass_on_luck() -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return 1.0 - (rng.random(60) < 0.02), np.ones(60), np.arange(60)

    assert shares(draw, -0.02, 300)["proven"] > 0.2


def test_rare_total_gains_do_not_refute_on_luck() -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return (rng.random(132) < 0.02) * 1.0, np.zeros(132), np.arange(132)

    assert shares(draw, 0.02, 600, guarded=True)["refuted"] <= allowed(600)


def test_small_gains_do_not_hide_total_breaks() -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        baseline = 0.7 + 0.2 * rng.random(150)
        better = baseline + 0.1 * rng.random(150)
        return np.where(rng.random(150) < 0.1 / 0.85, 0.0, better), baseline, np.arange(150)

    assert shares(draw, -0.05, 400, guarded=True)["proven"] <= allowed(400)


def test_zero_discordance_proves_nothing_at_its_bound() -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.ones(60), np.ones(60), np.arange(60)

    for guarded in (False, True):
        assert shares(draw, 0.0, 1, guarded)["open"] == 1.0


def test_ties_and_point_masses() -> None:
    clusters = np.repeat(np.arange(50), 2)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        moves = rng.choice([-0.5, 0.0, 0.5], p=[0.05, 0.9, 0.05], size=100)
        return 0.5 + moves, np.full(100, 0.5), clusters

    found = shares(draw, 0.0, 400)
    assert found["proven"] <= allowed(400)
    assert found["refuted"] <= allowed(400)


def test_three_repeats_averaged_inside_their_case() -> None:
    clusters = np.repeat(np.arange(20), 3)
    names = [f"q{case}" for case in range(60) for _ in range(3)]

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chance = np.repeat(1 / (1 + np.exp(-hard_cases(rng, clusters, 0.3))), 3)
        arms = [(rng.random(180) < chance).astype(float) for _ in range(2)]
        first, second = (np.array(stats.average_repeats(arm, names).values) for arm in arms)
        return first, second, clusters

    assert shares(draw, 0.0, 300)["proven"] <= allowed(300)


@pytest.mark.parametrize(
    ("count", "size", "rate"), [(20, 10, 0.5), (20, 10, 0.95), (50, 4, 0.8), (60, 1, 0.98)]
)
def test_clustered_rates(count: int, size: int, rate: float) -> None:
    rng = np.random.default_rng(5)
    clusters = np.repeat(np.arange(count), size)
    proven = 0
    for _ in range(400):
        chance = rng.beta(rate * 7 / 3, (1 - rate) * 7 / 3, count)[clusters] if size > 1 else rate
        interval = stats.rate_interval((rng.random(clusters.size) < chance) * 1.0, clusters, ALPHA)
        proven += stats.decide(interval, rate, "above") == "proven"
    assert proven / 400 <= allowed(400)


def test_cost_ratios_of_skewed_clustered_costs() -> None:
    rng = np.random.default_rng(6)
    clusters = np.repeat(np.arange(20), 6)
    above = below = 0
    for _ in range(400):
        shared = hard_cases(rng, clusters, 0.3)
        arms = [np.exp(0.5 * shared + 0.5 * hard_cases(rng, clusters, 0.3)) for _ in range(2)]
        interval = stats.ratio_of_means(arms[0], arms[1], clusters, ALPHA)
        above += interval.low > 1.0
        below += interval.high < 1.0
    assert above / 400 <= allowed(400)
    assert below / 400 <= allowed(400)
