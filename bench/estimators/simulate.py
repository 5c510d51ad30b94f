"""How often does each limit of the newer estimators lie on the wrong side of the truth? Promised: alpha, 5 %.

    python -m bench.estimators.simulate [--draws 2000]

Each row draws data whose truth is known. `low` is the share of draws whose low limit lies above it, `high` of
those whose high limit lies below it; both may exceed 0.05 by three Monte-Carlo errors. For several
comparisons at once it is the share in which any limit does. Beside it stands what the obvious method does on
the same data. Data are drawn here with numpy alone. `bench/decisions` does this for the limits that verdicts
use.
"""

import argparse
import json
import math
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from genaiops import stats

RESULTS = Path(__file__).parent.parent / "results" / "estimators.json"
ALPHA, SEED = 0.05, 20261125
Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Wrong = tuple[bool, bool]


@dataclass(frozen=True)
class Draw:
    """One draw: ours and the obvious method, each with its low and its high limit wrong or not."""

    ours: Wrong
    naive: Wrong
    cost: float | None = None


@dataclass(frozen=True)
class Regime:
    """What is drawn, and what the two numbers beside it mean."""

    method: str
    name: str
    naive: str
    draw: Callable[[np.random.Generator, int], Draw]
    cost: str = ""


def alike(rng: np.random.Generator, codes: Codes, rows: int = 1) -> Array:
    """Return standard normal rows whose cases are alike within a cluster (intra-cluster correlation 0.3)."""
    shared = rng.standard_normal((rows, int(codes.max()) + 1))[:, codes]
    return math.sqrt(0.3) * shared + math.sqrt(0.7) * rng.standard_normal((rows, codes.size))


def clusters_of(rng: np.random.Generator, count: int, size: int) -> Codes:
    """Return cluster numbers: `size` cases each, or Pareto sizes where it is 0."""
    sizes = np.full(count, size) if size else np.minimum(np.ceil(2 * (1 + rng.pareto(2.0, count))), 40)
    return np.repeat(np.arange(count), sizes.astype(np.int64))


def wrong(interval: stats.Interval, truth: float) -> Wrong:
    """Return whether the low and the high limit lie on the wrong side of the truth."""
    return interval.decidable and interval.low > truth, interval.decidable and interval.high < truth


def sizes_said(count: int, size: int) -> str:
    return f"{count} clusters of {size}" if size else f"{count} clusters of Pareto sizes"


def covariates(count: int, size: int, known: int) -> Regime:
    def draw(rng: np.random.Generator, key: int) -> Draw:
        del key
        codes = clusters_of(rng, count, size)
        columns = alike(rng, codes, known)
        pairs = 0.7 * columns.sum(axis=0) / math.sqrt(known) + math.sqrt(0.51) * alike(rng, codes)[0]
        zero = np.zeros(codes.size)
        ours = stats.adjusted_difference(
            pairs, zero, codes, ALPHA, covariates=columns.T, centre=np.zeros(known)
        )
        plain = stats.difference(pairs, zero, codes, ALPHA)
        return Draw(wrong(ours, 0.0), wrong(plain, 0.0), ours.se**2 / plain.se**2)

    name = f"{sizes_said(count, size)}, {known} covariate{'s' * (known > 1)} with ρ 0.7"
    return Regime("covariates", name, "unadjusted", draw, "variance left")


def labels(count: int, told: int, size: int, closeness: float) -> Regime:
    def draw(rng: np.random.Generator, key: int) -> Draw:
        del key
        codes = clusters_of(rng, count, size)
        people = alike(rng, codes)[0]
        ruler = 0.3 + closeness * people + math.sqrt(1 - closeness**2) * alike(rng, codes)[0]
        kept = np.isin(codes, rng.choice(count, told, replace=False))
        given = [float(one) if one_kept else None for one, one_kept in zip(people, kept, strict=True)]
        ours = stats.corrected_mean(given, ruler, codes, ALPHA)
        alone = stats.mean_interval(people[kept], codes[kept], ALPHA)
        raw = stats.mean_interval(ruler, codes, ALPHA)
        return Draw(wrong(ours, 0.0), wrong(raw, 0.0), (ours.high - ours.low) / (alone.high - alone.low))

    name = f"{told} of {sizes_said(count, size)} labelled, ruler with ρ {closeness:g}, biased by 0.3"
    return Regime("labels beside a ruler", name, "the ruler alone", draw, "width to labels alone")


def kappa(count: int, size: int, right: float) -> Regime:
    def draw(rng: np.random.Generator, key: int) -> Draw:
        del key
        codes = clusters_of(rng, count, size)
        chance = rng.beta(right * 7 / 3, (1 - right) * 7 / 3, count)[codes]
        human = (rng.random(codes.size) < rng.beta(7 / 6, 7 / 6, count)[codes]).astype(float)
        judge = np.where(rng.random(codes.size) < chance, human, 1.0 - human)
        truth = 2.0 * right - 1.0
        ours = stats.cohens_kappa(human.tolist(), judge.tolist(), codes, ALPHA)
        reach = float(student.ppf(1.0 - ALPHA, ours.df)) * ours.se
        return Draw(wrong(ours, truth), (ours.estimate - reach > truth, ours.estimate + reach < truth))

    name = f"{sizes_said(count, size)}, judge right {right:.0%}"
    return Regime("kappa", name, "both limits by the jackknife and t, without the logarithm", draw)


def together(count: int, size: int, arms: int, related: bool) -> Regime:
    def draw(rng: np.random.Generator, key: int) -> Draw:
        codes = clusters_of(rng, count, size)
        rows = alike(rng, codes, arms)
        if related:
            rows = (rows + alike(rng, codes)) / math.sqrt(2.0)
        zero = np.zeros(codes.size)
        each = stats.joint_alpha(list(rows), codes, ALPHA, key=key)
        found = [
            [wrong(stats.difference(row, zero, codes, alpha), 0.0) for row in rows] for alpha in (each, ALPHA)
        ]
        ours, naive = ((any(low for low, _ in one), any(high for _, high in one)) for one in found)
        return Draw(ours, naive, each * arms / ALPHA)

    kind = "that share their baseline" if related else "unrelated"
    name = f"{arms} arms {kind}, {sizes_said(count, size)}"
    return Regime("several at once", name, "each at alpha", draw, "alpha of each to Bonferroni's")


def winner(count: int, arms: int, behind: float) -> Regime:
    def draw(rng: np.random.Generator, key: int) -> Draw:
        codes = clusters_of(rng, count, 4)
        rows = alike(rng, codes, arms)
        rows[2:] -= behind
        best = stats.best_of(list(rows), codes, ALPHA, key=key)
        first, second = np.argsort(rows.mean(axis=1))[[-1, -2]]
        lead = stats.difference(rows[first], rows[second], codes, ALPHA)
        return Draw((best.proven, False), (lead.low > 0.0, False))

    name = f"{arms} arms, {'all alike' if behind == 0.0 else 'two alike, the others far behind'}"
    return Regime("a winner", f"{name}, {sizes_said(count, 4)}", "leader against second at alpha", draw)


def stream(rate: float, length: int) -> Regime:
    def draw(rng: np.random.Generator, key: int) -> Draw:
        del key
        values = (rng.random(length) < rate).astype(float)
        count = np.arange(1, length + 1)
        means = np.cumsum(values) / count
        errors = 1.645 * np.sqrt(np.maximum(means * (1.0 - means), 1e-12) / count)
        naive = ((means - errors)[20:] > rate).any(), ((means + errors)[20:] < rate).any()
        ours = stats.betting_interval(values, ALPHA)
        return Draw(wrong(ours, rate), (bool(naive[0]), bool(naive[1])))

    return Regime(
        "streams", f"rate {rate:g}, a look after each of {length} values", "normal limits at each look", draw
    )


def equivalent(count: int, size: int) -> Regime:
    def draw(rng: np.random.Generator, key: int) -> Draw:
        del key
        codes = clusters_of(rng, count, size)
        values = 0.3 + alike(rng, codes)[0]
        interval = stats.difference(values, np.zeros(codes.size), codes, ALPHA)
        ours = stats.decide_equivalent(interval, 0.3) == "proven"
        refuted = stats.equivalence_p_values(interval, 0.3)[1] < ALPHA
        wide = stats.difference(values, np.zeros(codes.size), np.arange(codes.size), ALPHA)
        return Draw((ours, refuted), (stats.decide_equivalent(wide, 0.3) == "proven", wide.low > 0.3))

    name = f"truth on the margin, {sizes_said(count, size)} (low: proven, high: refuted)"
    return Regime("equivalence", name, "cases independent", draw)


def regimes() -> Iterator[Regime]:
    """Yield every regime."""
    yield from (equivalent(*shape) for shape in ((20, 5), (50, 10)))
    yield from (covariates(*shape) for shape in ((10, 5, 1), (20, 5, 1), (20, 0, 1), (50, 4, 1), (20, 5, 3)))
    for shape in ((75, 25, 1, 0.0), (75, 25, 1, 0.6), (75, 25, 3, 0.6), (40, 12, 5, 0.8), (400, 50, 1, 0.9)):
        yield labels(*shape)
    for kind in ((10, 10, 0.8), (20, 5, 0.8), (20, 0, 0.9), (50, 1, 0.9), (50, 4, 0.9)):
        yield kappa(*kind)
    for many in ((8, 5, 8, True), (20, 5, 8, True), (20, 0, 8, True), (50, 4, 8, True), (20, 5, 20, False)):
        yield together(*many)
    yield from (winner(*shape) for shape in ((20, 6, 0.0), (20, 6, 2.0), (50, 6, 2.0)))
    yield from (stream(*shape) for shape in ((0.5, 500), (0.9, 500), (0.99, 500)))


def row(regime: Regime, draws: int) -> dict[str, Any]:
    """Return the shares of one regime."""
    rng = np.random.default_rng(SEED)
    found = [regime.draw(rng, key) for key in range(draws)]
    allowed = ALPHA + 3.0 * math.sqrt(ALPHA * (1.0 - ALPHA) / draws)
    low, high = (sum(one.ours[side] for one in found) / draws for side in (0, 1))
    costs = [one.cost for one in found if one.cost is not None]
    return {
        "method": regime.method,
        "regime": regime.name,
        "draws": draws,
        "allowed": round(allowed, 4),
        "low": low,
        "high": high,
        "holds": max(low, high) <= allowed,
        "naive": regime.naive,
        "naive low": sum(one.naive[0] for one in found) / draws,
        "naive high": sum(one.naive[1] for one in found) / draws,
        **({regime.cost: round(float(np.mean(costs)), 3)} if costs else {}),
    }


def main() -> None:
    """Simulate, write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    draws = parser.parse_args().draws
    before = os.getloadavg()
    rows: list[dict[str, Any]] = []
    for regime in regimes():
        rows.append(row(regime, draws))
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    facts = {
        "question": "how often do the newer estimators' limits lie on the wrong side of the truth?",
        "seed": SEED,
        "alpha": ALPHA,
        "rows": rows,
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "numpy": version("numpy"),
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
