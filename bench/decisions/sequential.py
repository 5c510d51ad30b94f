"""What looking early costs and saves: false passes with peeking, power, cases saved, beside naive stopping.

The nulls are those of simulate.py, cut at the looks that a suite of those clusters would get: each draw is
looked at as `arena run --sequential` does, and stops at the first look that decides or is futile. The naive
rule looks as often and stops when its 5 % test is significant. Only `genaiops.stats` decides.
Run: python bench/decisions/sequential.py [--draws 20000] [--out FILE]
"""

import argparse
import json
import math
import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats
from simulate import ALPHA, Array, Regime, clustered_normal, equal, pareto_codes, regimes

from genaiops import stats
from genaiops.core import Spending

SEED = 20261125
FUTILE = 0.1
RESULTS = Path(__file__).resolve().parents[1] / "results" / "sequential.json"
SPENDINGS: tuple[Spending, ...] = ("obrien_fleming", "pocock")


@dataclass(frozen=True)
class Ending:
    """How one run ended: at which share of the cases, proven or not, and how it would without looks."""

    share: float
    decision: str
    proven_ignoring_futility: bool
    proven_at_once: bool
    estimate: float
    naive: bool


def walk(
    candidate: Array, baseline: Array, codes: NDArray[np.int64], regime: Regime, spending: Spending
) -> Ending:
    """Look at one draw as a sequential run does; clusters come in the order of their numbers."""
    sizes = np.bincount(codes).astype(float)
    cuts = np.cumsum(sizes)[np.array(stats.look_sizes(sizes)) - 1].astype(int)
    shares = tuple(float(cut / codes.size) for cut in cuts)
    levels = stats.look_levels(shares, ALPHA, spending)
    ended: tuple[float, str, float] | None = None
    crossed = naive = False
    for cut, share, level in zip(cuts, shares, levels, strict=True):
        part = candidate[:cut], baseline[:cut], codes[:cut]
        decision = stats.decide(measured(part, regime, level), regime.bound, "above")
        if share < 1.0 and bool((part[0] == part[1]).all()):
            decision = "open"  # as `gate` has it: an early look at no difference decides nothing
        crossed |= decision == "proven"
        naive |= paired_t_proves(part[0] - part[1], regime.bound)
        if ended is not None:
            continue
        if decision == "open" and share < 1.0 and distance_of(regime) > 0.0:
            chance = stats.conditional_power(
                stats.difference(*part, level),
                regime.bound,
                "above",
                distance=distance_of(regime),
                fraction=share,
                final_level=levels[-1],
            )
            decision = "futile" if chance < FUTILE else decision
        if decision != "open" or share == 1.0:
            ended = share, decision, float((part[0] - part[1]).mean())
    assert ended is not None
    once = stats.decide(measured((candidate, baseline, codes), regime, ALPHA), regime.bound, "above")
    return Ending(ended[0], ended[1], crossed, once == "proven", ended[2], naive)


def measured(part: tuple[Array, Array, NDArray[np.int64]], regime: Regime, level: float) -> stats.Interval:
    least, greatest = (-1.0, 1.0) if regime.guarded else (None, None)
    return stats.difference(*part, level, least=least, greatest=greatest, together=regime.together)


def distance_of(regime: Regime) -> float:
    """The planning distance: the claim's margin; where the bound is 0, one that such a suite just detects."""
    return abs(regime.bound) or 0.15


def paired_t_proves(pairs: Array, bound: float) -> bool:
    spread = float(pairs.std(ddof=1)) / math.sqrt(pairs.size)
    return float(pairs.mean()) - t_quantile(pairs.size - 1) * spread > bound + 1e-9


@lru_cache
def t_quantile(df: int) -> float:
    return float(scipy_stats.t.ppf(1 - ALPHA, df))


def allowed(draws: int) -> float:
    return ALPHA + 3.0 * math.sqrt(ALPHA * (1 - ALPHA) / draws)


def null_row(index: int, draws: int) -> dict[str, object]:
    """One null of simulate.py under looks: how often it passes falsely."""
    regime = null_regimes()[index]
    rng = np.random.default_rng(SEED + index)
    ends = [walk(*regime.draw(rng), regime, "obrien_fleming") for _ in range(draws)]
    proven = sum(end.decision == "proven" for end in ends) / draws
    ignoring = sum(end.proven_ignoring_futility for end in ends) / draws
    return {
        "group": regime.group,
        "regime": regime.name,
        "draws": draws,
        "false_proven": proven,
        "false_proven_ignoring_futility": ignoring,
        "false_proven_without_looks": sum(end.proven_at_once for end in ends) / draws,
        "naive_stop_when_significant": sum(end.naive for end in ends) / draws,
        "saved": 1.0 - sum(end.share for end in ends) / draws,
        "allowed": allowed(draws),
        "holds": ignoring <= allowed(draws),
    }


def null_regimes() -> list[Regime]:
    def skewed(clusters: int) -> Regime:
        def draw(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
            codes = equal(clusters, 4)
            arms = [np.exp(clustered_normal(rng, codes, 0.3)) for _ in range(2)]
            return arms[0], arms[1], codes

        return Regime("unbounded and skewed", f"log-normal costs, {clusters} clusters of 4", 0.0, draw)

    others = [regime for regime in regimes() if "pareto" not in regime.name]
    pareto = [pareto_null(clusters, icc) for clusters in (10, 20, 50, 200) for icc in (0.0, 0.1, 0.3, 0.6)]
    return [*others, *pareto, skewed(20), skewed(100)]


def pareto_null(clusters: int, icc: float) -> Regime:
    """One of 40 suites of unequal clusters each time: new sizes each time would need new levels each time."""
    suites = [pareto_codes(np.random.default_rng(SEED + number), clusters) for number in range(40)]

    def draw(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        codes = suites[int(rng.integers(len(suites)))]
        return clustered_normal(rng, codes, icc), np.zeros(codes.size), codes

    return Regime("clusters", f"G {clusters}, ICC {icc}, pareto sizes", 0.0, draw)


def power_row(
    clusters: int, size: int, icc: float, times: float, spending: Spending, draws: int
) -> dict[str, object]:
    """Normal differences whose truth lies `times` the planned effect from the bound; planned: 80 % power."""
    codes, nothing = equal(clusters, size), np.zeros(clusters * size)
    rng = np.random.default_rng(SEED + clusters + round(1000 * icc))
    effect = planned_effect(clusters, size, icc)
    # the bound is the planned effect below 0, so that the planning distance is that effect
    regime = Regime("power", "", -effect, lambda rng: (clustered_normal(rng, codes, icc), nothing, codes))
    ends: list[Ending] = []
    for _ in range(draws):
        values, _, _ = regime.draw(rng)
        ends.append(walk(values + (times - 1.0) * effect, nothing, codes, regime, spending))
    once = sum(end.proven_at_once for end in ends) / draws
    power = sum(end.decision == "proven" for end in ends) / draws
    return {
        "regime": f"{clusters} clusters of {size}, ICC {icc}",
        "spending": spending,
        "times_planned": times,
        "draws": draws,
        "power_without_looks": once,
        "power": power,
        "lost": once - power,
        "saved": 1.0 - sum(end.share for end in ends) / draws,
        "estimate_over_truth": float(np.mean([end.estimate for end in ends])) - (times - 1.0) * effect,
        "effect": effect,
    }


def planned_effect(clusters: int, size: int, icc: float) -> float:
    """The distance that the fixed clustered t test proves with 80 % power, by scipy's noncentral t."""
    spread = math.sqrt((1.0 + (size - 1) * icc) / (clusters * size))
    reach = float(scipy_stats.t.ppf(1 - ALPHA, clusters - 1))
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        short = float(scipy_stats.nct.sf(reach, clusters - 1, middle)) < 0.8
        low, high = (middle, high) if short else (low, middle)
    return high * spread


SUITES = ((20, 5, 0.3), (50, 4, 0.0), (50, 4, 0.3), (100, 4, 0.3), (200, 1, 0.0))


def power_jobs() -> list[tuple[int, int, float, float, Spending]]:
    return [
        (*suite, times, spending)
        for spending in SPENDINGS
        for suite in SUITES
        for times in (0.0, 0.5, 1.0, 2.0)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    began, load, draws = time.time(), os.getloadavg(), options.draws
    with ProcessPoolExecutor(options.jobs) as pool:
        nulls = [pool.submit(null_row, index, draws) for index in range(len(null_regimes()))]
        powers = [pool.submit(power_row, *job, draws) for job in power_jobs()]
        rows, power = ([one.result() for one in jobs] for jobs in (nulls, powers))
    result = {
        "question": "what does looking early cost and save, where runs stop when decided or futile?",
        "alpha": ALPHA,
        "futile_below": FUTILE,
        "seed": SEED,
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "machine": platform.machine(),
        "load": {"before": load, "after": os.getloadavg()},
        "seconds": round(time.time() - began, 1),
        "rows": rows,
        "exceeding": [row["regime"] for row in rows if not row["holds"]],
        "power": power,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for row in [*rows, *power]:
        print({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()})


if __name__ == "__main__":
    main()
