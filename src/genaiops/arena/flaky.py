"""Whether a case that is asked again is answered alike: right every time, wrong every time, or flaky.

pass^k, the chance that k answers to a case are all right, is estimated from n ≥ k answers of which c were
right by C(c, k) ÷ C(n, k), without bias, and averaged over cases. Source: Yao, Shinn, Razavi and Narasimhan,
"τ-bench: A Benchmark for Tool-Agent-User Interaction in Real-World Domains" (2024).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from genaiops.arena.changes import ids_of
from genaiops.arena.grid import Grid
from genaiops.arena.model import Role, Ruler
from genaiops.arena.right import Told, correct_words, told_right
from genaiops.core import Flakiness, Score, Steadiness
from genaiops.stats import round_sig


def flakiness_of(ruler: Ruler, grid: Grid, scores: Mapping[Role, Sequence[Score]]) -> Flakiness | None:
    """Return how steady both arms are; None without repeats, or where the suite says not what is correct."""
    correct = ruler.correct
    if ruler.repeats < 2 or correct is None or correct.scorer not in grid.columns:
        return None
    baseline, candidate = (
        _steadiness(grid, told_right(grid, correct, scores.get(role, ())), ruler.repeats)
        for role in ("baseline", "candidate")
    )
    return Flakiness(by=correct_words(correct), repeats=ruler.repeats, baseline=baseline, candidate=candidate)


def flaky_on_baseline(ruler: Ruler, grid: Grid, scores: Mapping[Role, Sequence[Score]]) -> frozenset[str]:
    """Return the cases whose repeats are mixed on the baseline."""
    if ruler.correct is None or ruler.correct.scorer not in grid.columns:
        return frozenset()
    told = told_right(grid, ruler.correct, scores.get("baseline", ()))
    mixed = (told.right > 0) & (told.right < told.scored)
    return frozenset(grid.cases[row].id for row in np.flatnonzero(mixed).tolist())


def pass_k(right: int, scored: int, k: int) -> float:
    """Return the unbiased estimate of pass^k of one case; raises ValueError unless 0 < k <= scored."""
    if not 0 < k <= scored:
        raise ValueError(f"pass^{k} cannot be told from {scored} answers")
    return math.comb(right, k) / math.comb(scored, k)


def _steadiness(grid: Grid, told: Told, repeats: int) -> Steadiness:
    often = told.scored >= 2
    always, never = often & (told.right == told.scored), often & (told.right == 0)
    flaky = np.flatnonzero(often & ~always & ~never)
    pairs = list(zip(told.right.tolist(), told.scored.tolist(), strict=True))
    return Steadiness(
        stable_pass=int(always.sum()),
        stable_fail=int(never.sum()),
        flaky=int(flaky.size),
        unknown=int((~often).sum()),
        pass_k=tuple(_mean_pass(pairs, k) for k in range(1, min(repeats, int(told.scored.max())) + 1)),
        flaky_cases=ids_of(grid, flaky),
    )


def _mean_pass(pairs: Sequence[tuple[int, int]], k: int) -> float:
    known = [pass_k(right, scored, k) for right, scored in pairs if scored >= k]
    return round_sig(math.fsum(known) / len(known))
