"""The rules that people use instead, on the same draws: how often does each let a null pass?

All take a claim "above bound" as passed where their number lies beyond it.
"""

import numpy as np
from bench.decisions.many import TIE, Array, Flags, t_quantile
from bench.decisions.regimes import Batch, Rng

ALPHA = 0.05
RESAMPLES = 200
RULES = {
    "compare means": "the candidate's mean is beyond the bound",
    "unpaired t-test on rows": "two samples, rows taken as independent",
    "paired t-test on rows": "pairs of rows, taken as independent",
    "bootstrap of rows": f"percentiles of {RESAMPLES} resamples of single rows",
    "repeats counted as cases": "paired t-test, each repeat a case of its own",
    "rerun until it passes": "our own test, the candidate run again up to five times",
    "stop when significant": "paired t-test on rows at each of up to five looks",
}


def passes(batch: Batch, bound: float, rng: Rng) -> dict[str, Flags]:
    """Return where each rule lets a draw of the batch pass."""
    pairs = batch.candidate - batch.baseline
    n, mean = pairs.shape[1], pairs.mean(axis=1)
    spread = np.sqrt((batch.candidate.var(axis=1, ddof=1) + batch.baseline.var(axis=1, ddof=1)) / n)
    found = {
        "compare means": mean > bound + TIE,
        "unpaired t-test on rows": mean - t_quantile(2 * n - 2, ALPHA) * spread > bound + TIE,
        "paired t-test on rows": paired_t(pairs, bound),
        "bootstrap of rows": _bootstrap(pairs, rng) > bound + TIE,
    }
    if batch.rows is not None:
        found["repeats counted as cases"] = paired_t(batch.rows, bound)
    return found


def paired_t(pairs: Array, bound: float) -> Flags:
    """Return where the t test of independent pairs proves "above bound"."""
    n = pairs.shape[1]
    spread = pairs.std(axis=1, ddof=1) / np.sqrt(n)
    return pairs.mean(axis=1) - t_quantile(n - 1, ALPHA) * spread > bound + TIE


def _bootstrap(pairs: Array, rng: Rng) -> Array:
    n = pairs.shape[1]
    picks = rng.integers(0, n, (RESAMPLES, n)) + n * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(picks.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n)
    place = round(ALPHA * RESAMPLES)
    return np.partition(pairs @ (counts.T / n), place, axis=1)[:, place]
