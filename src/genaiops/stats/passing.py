"""Whether a case passes every time: pass^k from repeated runs.

Source: Yao and others, "τ-bench: a benchmark for tool-agent-user interaction in real-world domains" (2024),
pass^k = C(c, k) ÷ C(n, k); the unbiased estimator is that of pass@k in Chen and others, "Evaluating large
language models trained on code" (2021).
"""

import math
from collections.abc import Sequence


def pass_every_time(passed: Sequence[int], runs: Sequence[int], k: int) -> tuple[float, ...]:
    """Each case's chance to pass `k` fresh runs in a row, from `passed[i]` of `runs[i]` runs: one value a
    case.

    Unbiased: the share of the sets of k runs in which all passed. The raw power (passed ÷ runs)^k is not: it
    is too high. Give the values to `difference` or `mean_interval` like any score on [0, 1]. Raises
    ValueError where lengths differ, k < 1, a case has fewer than k runs, or passed lies outside [0, runs].
    """
    if len(passed) != len(runs):
        raise ValueError(f"{len(passed)} counts of passes but {len(runs)} counts of runs")
    if k < 1:
        raise ValueError(f"k must be at least 1 run, not {k!r}")
    for case, (good, tried) in enumerate(zip(passed, runs, strict=True)):
        if not 0 <= good <= tried:
            raise ValueError(f"case {case} passed {good} of {tried} runs")
        if tried < k:
            raise ValueError(f"case {case} has {tried} runs; pass^{k} needs at least {k}")
    return tuple(math.comb(good, k) / math.comb(tried, k) for good, tried in zip(passed, runs, strict=True))
