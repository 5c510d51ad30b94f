"""Are the decisions right as often as they say? Simulated nulls, with naive rules beside on the same data.

Every row draws data whose true value lies exactly on the claim's bound, so that each "proven" is false; the
share of them must not exceed alpha by more than three Monte-Carlo errors. The data are drawn here with numpy
alone; only `genaiops.stats` decides. Run: python bench/decisions/simulate.py [--draws 20000] [--out FILE]
"""

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from genaiops import stats

Array = NDArray[np.float64]
ALPHA = 0.05
SEED = 20261123
RESULTS = Path(__file__).resolve().parents[1] / "results" / "decisions.json"
BOOTSTRAPS = 400


@dataclass(frozen=True)
class Regime:
    """A null to simulate: `draw` gives candidate, baseline (one value a case) and cluster numbers."""

    group: str
    name: str
    bound: float
    draw: Callable[[np.random.Generator], tuple[Array, Array, NDArray[np.int64]]]
    guarded: bool = False
    together: float = 1.0


def clustered_normal(rng: np.random.Generator, codes: NDArray[np.int64], icc: float) -> Array:
    shared = rng.standard_normal(int(codes.max()) + 1)
    return math.sqrt(icc) * shared[codes] + math.sqrt(1.0 - icc) * rng.standard_normal(codes.size)


def equal(clusters: int, size: int) -> NDArray[np.int64]:
    return np.repeat(np.arange(clusters), size)


def pareto_codes(rng: np.random.Generator, clusters: int) -> NDArray[np.int64]:
    sizes = np.minimum(np.ceil(2.0 * (1.0 + rng.pareto(2.0, clusters))), 40).astype(int)
    return np.repeat(np.arange(clusters), sizes)


def breaks(rng: np.random.Generator, codes: NDArray[np.int64], rate: float, icc: float) -> Array:
    """1 where a case breaks outright: beta-binomial by cluster, whole clusters at icc 1."""
    clusters = int(codes.max()) + 1
    if icc == 0.0:
        return (rng.random(codes.size) < rate).astype(float)
    if icc == 1.0:
        return (rng.random(clusters) < rate).astype(float)[codes]
    strength = (1.0 - icc) / icc
    chance = rng.beta(rate * strength, (1.0 - rate) * strength, clusters)
    return (rng.random(codes.size) < chance[codes]).astype(float)


def normal_null(clusters: int, icc: float, sizes: str) -> Regime:
    def draw(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        codes = pareto_codes(rng, clusters) if sizes == "pareto" else equal(clusters, 5)
        hardness = clustered_normal(rng, codes, icc)
        return hardness + 0.5 * clustered_normal(rng, codes, icc), hardness, codes

    return Regime("clusters", f"G {clusters}, ICC {icc}, {sizes} sizes", 0.0, draw)


def rare_null(clusters: int, size: int, icc: float, margin: float, together: float = 1.0) -> Regime:
    def draw(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        codes = equal(clusters, size)
        return 1.0 - breaks(rng, codes, margin, icc), np.ones(codes.size), codes

    what = f"{clusters} clusters of {size}, ICC of breaks {icc}, margin {margin}"
    name = what if together == 1.0 else f"{what}, together {together:g}"
    return Regime("rare total regressions", name, -margin, draw, True, together)


def other_nulls() -> Iterator[Regime]:
    def repeats(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        codes = equal(20, 3)
        chance = 1.0 / (1.0 + np.exp(-clustered_normal(rng, codes, 0.3)))
        arms = (rng.random((2, 3, codes.size)) < chance).mean(axis=1)
        return arms[0], arms[1], codes

    def ties(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        codes = equal(20, 5)
        return np.round(2.0 * rng.random(codes.size)) / 2, np.round(2.0 * rng.random(codes.size)) / 2, codes

    def masses(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        codes = equal(50, 2)
        moved = rng.choice([-0.5, 0.0, 0.5], p=[0.05, 0.9, 0.05], size=codes.size)
        return 0.5 + moved, np.full(codes.size, 0.5), codes

    def mixed(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        codes = equal(150, 1)
        base = 0.7 + 0.2 * rng.random(codes.size)
        gain = 0.1 * rng.random(codes.size)
        broken = breaks(rng, codes, 0.1 / 0.85, 0.0)
        return np.where(broken == 1.0, 0.0, base + gain), base, codes

    def still(rng: np.random.Generator) -> tuple[Array, Array, NDArray[np.int64]]:
        del rng
        codes = equal(60, 1)
        return np.ones(60), np.ones(60), codes

    yield Regime("other", "repeats 3 averaged, binary, 20 clusters of 3", 0.0, repeats)
    yield Regime("other", "ties: scores 0, ½, 1; 20 clusters of 5", 0.0, ties)
    yield Regime("other", "point masses: 90 % of differences 0", 0.0, masses)
    yield Regime("other", "small gains, 12 % total breaks, margin 0.05, n 150", -0.05, mixed, True)
    yield Regime("other", "zero discordance, bound 0, n 60", 0.0, still, True)


def regimes() -> list[Regime]:
    found = [
        normal_null(clusters, icc, sizes)
        for clusters in (8, 10, 20, 50, 200)
        for icc in (0.0, 0.1, 0.3, 0.6)
        for sizes in ("equal", "pareto")
    ]
    found += [rare_null(n, 1, 0.0, 0.02) for n in (60, 100, 132, 150, 266, 400)]
    found += [rare_null(n, 1, 0.0, 0.05) for n in (60, 86, 150, 400)]
    for clusters, size in ((20, 10), (50, 4), (100, 4)):
        found += [rare_null(clusters, size, icc, 0.05) for icc in (0.0, 0.3, 0.6, 1.0)]
        found += [rare_null(clusters, size, icc, 0.05, float(size)) for icc in (0.3, 1.0)]
    return [*found, *other_nulls()]


def mean_interval_low(values: Array, spread: float, df: float) -> float:
    return float(values.mean()) - float(scipy_stats.t.ppf(1 - ALPHA, df)) * spread


def naive_lows(candidate: Array, baseline: Array, rng: np.random.Generator) -> dict[str, float]:
    """The lower limits of the rules people use: unpaired z, paired t and percentile bootstrap over cases."""
    pairs = candidate - baseline
    n = pairs.size
    unpaired = math.sqrt((candidate.var(ddof=1) + baseline.var(ddof=1)) / n)
    z = float(scipy_stats.norm.ppf(1 - ALPHA))
    picks = rng.integers(0, n, (BOOTSTRAPS, n))
    return {
        "unpaired z": float(pairs.mean()) - z * unpaired,
        "paired t": mean_interval_low(pairs, float(pairs.std(ddof=1)) / math.sqrt(n), n - 1),
        "percentile bootstrap": float(np.quantile(pairs[picks].mean(axis=1), ALPHA)),
    }


def run(regime: Regime, draws: int, naive_draws: int, seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    least, greatest = (-1.0, 1.0) if regime.guarded else (None, None)
    decisions = {"proven": 0, "refuted": 0, "open": 0}
    undecidable = unguarded = 0
    naive = {"unpaired z": 0, "paired t": 0, "percentile bootstrap": 0}
    for index in range(draws):
        candidate, baseline, codes = regime.draw(rng)
        interval = stats.difference(
            candidate, baseline, codes, ALPHA, least=least, greatest=greatest, together=regime.together
        )
        decisions[stats.decide(interval, regime.bound, "above")] += 1
        undecidable += not interval.decidable
        if regime.guarded:
            plain = stats.difference(candidate, baseline, codes, ALPHA)
            unguarded += stats.decide(plain, regime.bound, "above") == "proven"
        if index < naive_draws:
            for rule, low in naive_lows(candidate, baseline, rng).items():
                naive[rule] += low > regime.bound + 1e-9
    allowed = ALPHA + 3.0 * math.sqrt(ALPHA * (1 - ALPHA) / draws)
    return {
        "group": regime.group,
        "regime": regime.name,
        "draws": draws,
        "false_proven": decisions["proven"] / draws,
        "false_refuted": decisions["refuted"] / draws,
        "undecidable": undecidable / draws,
        "without_pseudo_case": unguarded / draws if regime.guarded else None,
        "allowed": allowed,
        "holds": decisions["proven"] / draws <= allowed,
        "naive_draws": naive_draws,
        "naive": {rule: count / naive_draws for rule, count in naive.items()},
    }


def null_row(index: int, draws: int, naive_draws: int) -> dict[str, object]:
    return run(regimes()[index], draws, naive_draws, SEED + index)


def rate_rows(draws: int) -> Iterator[dict[str, object]]:
    """A rate whose true value is the bound: proven and refuted are both false. A quarter of the draws."""
    draws = max(draws // 4, 1_000)
    rng = np.random.default_rng(SEED + 1)
    for clusters, size in ((60, 1), (200, 1), (20, 10), (50, 4), (10, 6)):
        for rate in (0.5, 0.8, 0.95, 0.98):
            for icc in (0.0,) if size == 1 else (0.0, 0.3, 0.6):
                yield rate_row(rng, clusters, size, rate, icc, draws)


def rate_row(
    rng: np.random.Generator, clusters: int, size: int, rate: float, icc: float, draws: int
) -> dict[str, object]:
    codes = equal(clusters, size)
    proven = refuted = wald = 0
    for _ in range(draws):
        hits = 1.0 - breaks(rng, codes, 1.0 - rate, icc)
        interval = stats.rate_interval(hits, codes, ALPHA)
        decision = stats.decide(interval, rate, "above")
        proven += decision == "proven"
        refuted += decision == "refuted"
        mean = float(hits.mean())
        wald += mean - 1.6449 * math.sqrt(mean * (1 - mean) / hits.size) > rate + 1e-9
    allowed = ALPHA + 3.0 * math.sqrt(ALPHA * (1 - ALPHA) / draws)
    return {
        "group": "rates",
        "regime": f"rate {rate}, {clusters} clusters of {size}, ICC {icc}",
        "draws": draws,
        "false_proven": proven / draws,
        "false_refuted": refuted / draws,
        "allowed": allowed,
        "holds": max(proven, refuted) / draws <= allowed,
        "naive": {"Wald": wald / draws},
    }


def ratio_rows(draws: int) -> Iterator[dict[str, object]]:
    """Ratios with the truth on the bound: both limits' errors."""
    rng = np.random.default_rng(SEED + 2)
    for clusters, size, icc in ((10, 6, 0.3), (20, 10, 0.3), (60, 1, 0.0), (200, 1, 0.0)):
        codes = equal(clusters, size)
        yield ratio_row("ratio of means", codes, icc, draws, rng)
        yield ratio_row("ratio of costs per correct", codes, icc, max(draws // 20, 300), rng)
    for clusters, size, icc in ((400, 1, 0.0), (50, 10, 0.3), (20, 25, 0.3)):
        yield ratio_row("ratio of p95", equal(clusters, size), icc, max(draws // 50, 150), rng)


def ratio_row(
    kind: str, codes: NDArray[np.int64], icc: float, draws: int, rng: np.random.Generator
) -> dict[str, object]:
    above = below = 0
    for key in range(draws):
        hardness = clustered_normal(rng, codes, icc)
        arms = [np.exp(0.5 * hardness + 0.5 * clustered_normal(rng, codes, icc)) for _ in range(2)]
        if kind == "ratio of means":
            interval = stats.ratio_of_means(arms[0], arms[1], codes, ALPHA)
        elif kind == "ratio of p95":
            interval = stats.quantile_ratio(arms[0], arms[1], codes, ALPHA, key=key)
        else:
            right = [(clustered_normal(rng, codes, icc) < 0.5).astype(float) for _ in range(2)]
            interval = stats.ratio_of_ratios((arms[0], right[0]), (arms[1], right[1]), codes, ALPHA, key=key)
        above += interval.decidable and interval.low > 1.0
        below += interval.decidable and interval.high < 1.0
    allowed = ALPHA + 3.0 * math.sqrt(ALPHA * (1 - ALPHA) / draws)
    clusters = int(codes.max()) + 1
    return {
        "group": "ratios",
        "regime": f"{kind}, {clusters} clusters of {codes.size // clusters}, ICC {icc}",
        "draws": draws,
        "false_proven": above / draws,
        "false_refuted": below / draws,
        "allowed": allowed,
        "holds": max(above, below) / draws <= allowed,
        "naive": {},
    }


def power_rows(draws: int) -> Iterator[dict[str, object]]:
    """What the pseudo-case costs: no true effect, 5 % of cases break and 5 % are mended, margin 0.05."""
    rng = np.random.default_rng(SEED + 3)
    draws = max(draws // 4, 1_000)
    for n in (150, 400):
        codes = equal(n, 1)
        counts = [0, 0]
        for _ in range(draws):
            pairs = rng.choice([-1.0, 0.0, 1.0], p=[0.05, 0.9, 0.05], size=n)
            for index, least in enumerate((None, -1.0)):
                interval = stats.difference(pairs, np.zeros(n), codes, ALPHA, least=least)
                counts[index] += stats.decide(interval, -0.05, "above") == "proven"
        yield {
            "regime": f"n {n}, margin 0.05, no effect",
            "draws": draws,
            "without_pseudo_case": counts[0] / draws,
            "with_pseudo_case": counts[1] / draws,
        }


def collect(name: str, draws: int) -> list[dict[str, object]]:
    source = {"ratio": ratio_rows, "rate": rate_rows, "power": power_rows}[name]
    return list(source(draws))


def table(rows: list[dict[str, object]]) -> str:
    lines = ["| regime | false pass | false refutation | allowed | naive rules |", "|---|---|---|---|---|"]
    for row in rows:
        naive = cast(dict[str, float], row["naive"])
        shown = ", ".join(f"{rule} {100 * share:.1f}" for rule, share in naive.items())
        mark = "" if row["holds"] else " **exceeds**"
        numbers = [
            f"{100 * float(str(row[key])):.1f}" for key in ("false_proven", "false_refuted", "allowed")
        ]
        lines.append(
            f"| {row['regime']} | {numbers[0]} %{mark} | {numbers[1]} % | {numbers[2]} % | {shown} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--naive-draws", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    began = time.time()
    load = os.getloadavg()
    count, naive_draws = len(regimes()), min(options.draws, options.naive_draws)
    with ProcessPoolExecutor(options.jobs) as pool:
        others = [pool.submit(collect, name, options.draws) for name in ("ratio", "rate", "power")]
        nulls = pool.map(null_row, range(count), [options.draws] * count, [naive_draws] * count)
        ratios, rates, power = (other.result() for other in others)
        rows = [*nulls, *rates, *ratios]
    result = {
        "question": "how often is a claim proven or refuted falsely, with the truth on its bound?",
        "alpha": ALPHA,
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
    print(table(rows))
    print(json.dumps(result["power"], indent=1))


if __name__ == "__main__":
    main()
