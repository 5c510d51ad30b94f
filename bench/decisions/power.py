"""Power of a claim on normal differences, against the formula of the clustered t test (noncentral t, scipy).

The formula knows the variance of the mean, σ²·Σ(n(1 − ρ) + n²ρ)/N², and takes the statistic to follow a
noncentral t with as many degrees of freedom as clusters (effective ones, where they are unequal), less one.
"""

import math

import numpy as np
from bench.decisions.many import Codes, agree, limits, t_quantile
from bench.decisions.record import ALPHA, Row
from bench.decisions.regimes import DOCUMENTS, equal, normal, pareto
from scipy import stats as scipy_stats

SEED = 20261127
BATCH, CHECKED, AWAY = 500, 2, 0.02
EQUAL = (
    (30, 1, 0.0),
    (30, 5, 0.1),
    (30, 5, 0.3),
    (50, 4, 0.0),
    (50, 4, 0.3),
    (100, 4, 0.3),
    (200, 1, 0.0),
    (200, 4, 0.6),
)
SUITES: dict[str, tuple[Codes, float]] = {
    **{
        f"{clusters} clusters of {size}, ICC {icc:g}": (equal(clusters, size), icc)
        for clusters, size, icc in EQUAL
    },
    "40 questions in 29 documents, ICC 0.3": (DOCUMENTS, 0.3),
    "60 clusters of Pareto sizes, ICC 0.3": (pareto(np.random.default_rng(SEED), 60), 0.3),
    "200 clusters of Pareto sizes, ICC 0.3": (pareto(np.random.default_rng(SEED), 200), 0.3),
}


def power_rows(name: str, draws: int) -> list[Row]:
    """Return the power of one suite at effects that the formula gives 50, 80 and 95 %."""
    codes, icc = SUITES[name]
    rng = np.random.default_rng([SEED, list(SUITES).index(name)])
    return [_row(rng, name, codes, icc, target, draws) for target in (0.5, 0.8, 0.95)]


def planned_effect(codes: Codes, icc: float, target: float = 0.8) -> float:
    """Return the distance that the fixed clustered t test proves with probability `target`."""
    sizes = np.bincount(codes).astype(float)
    spread = math.sqrt(float((sizes * (1.0 - icc) + sizes * sizes * icc).sum())) / codes.size
    df = codes.size**2 / float((sizes * sizes).sum()) - 1.0
    needed = t_quantile(df, ALPHA)
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        short = float(scipy_stats.nct.sf(needed, df, middle)) < target
        low, high = (middle, high) if short else (low, middle)
    return high * spread


def _row(rng: np.random.Generator, name: str, codes: Codes, icc: float, target: float, draws: int) -> Row:
    effect = planned_effect(codes, icc, target)
    proven = checked = done = 0
    while done < draws:
        pairs = effect + normal(rng, min(BATCH, draws - done), codes, icc)
        found = limits(pairs, codes, ALPHA)
        checked += agree(pairs, codes, ALPHA, None, found, 0.0, CHECKED)
        proven += int(found.proven(0.0).sum())
        done += len(pairs)
    return {
        "group": "power",
        "regime": name,
        "draws": draws,
        "checked by calls": checked,
        "formula": target,
        "power": proven / draws,
        "holds": abs(proven / draws - target) <= AWAY,
    }
