"""Whether a case that is asked again is answered alike: right every time, wrong every time, or flaky."""

from collections.abc import Mapping, Sequence

import numpy as np

from genaiops import stats
from genaiops.arena.changes import ids_of
from genaiops.arena.compare import nothing_to_show, shown
from genaiops.arena.grid import FloatArray, Grid
from genaiops.arena.model import ROLES, Role, Ruler
from genaiops.arena.right import Told, correct_words, told_right
from genaiops.core import Flakiness, Interval, Score, Steadiness


def flakiness_of(ruler: Ruler, grid: Grid, scores: Mapping[Role, Sequence[Score]]) -> Flakiness | None:
    """Return how steady both arms are; None without repeats, or where the suite says not what is correct."""
    correct = ruler.correct
    if ruler.repeats < 2 or correct is None or correct.scorer not in grid.columns:
        return None
    told = {role: told_right(grid, correct, scores.get(role, ())) for role in ROLES}
    passed = {role: _pass_every_time(told[role], ruler.repeats) for role in ROLES}
    pairs = np.flatnonzero(np.isfinite(passed["baseline"]) & np.isfinite(passed["candidate"]))
    diff = nothing_to_show(f"no case has {ruler.repeats} scored repeats on both sides")
    if pairs.size:
        after, before = passed["candidate"][pairs], passed["baseline"][pairs]
        diff = shown(stats.difference(after, before, grid.codes[pairs], ruler.gate.alpha))
    return Flakiness(
        by=correct_words(correct),
        repeats=ruler.repeats,
        baseline=_steadiness(ruler, grid, told["baseline"]),
        candidate=_steadiness(ruler, grid, told["candidate"]),
        pass_diff=diff,
    )


def flaky_on_baseline(ruler: Ruler, grid: Grid, scores: Mapping[Role, Sequence[Score]]) -> frozenset[str]:
    """Return the cases whose repeats are mixed on the baseline."""
    if ruler.correct is None or ruler.correct.scorer not in grid.columns:
        return frozenset()
    told = told_right(grid, ruler.correct, scores.get("baseline", ()))
    mixed = (told.right > 0) & (told.right < told.scored)
    return frozenset(grid.cases[int(row)].id for row in np.flatnonzero(mixed))


def _steadiness(ruler: Ruler, grid: Grid, told: Told) -> Steadiness:
    often = told.scored >= 2
    always, never = often & (told.right == told.scored), often & (told.right == 0)
    flaky = np.flatnonzero(often & ~always & ~never)
    most = min(ruler.repeats, int(told.scored.max()))
    return Steadiness(
        stable_pass=int(always.sum()),
        stable_fail=int(never.sum()),
        flaky=int(flaky.size),
        unknown=int((~often).sum()),
        pass_k=tuple(_mean_pass(ruler, grid, told, k) for k in range(1, most + 1)),
        flaky_cases=ids_of(grid, flaky),
    )


def _mean_pass(ruler: Ruler, grid: Grid, told: Told, k: int) -> Interval:
    passed = _pass_every_time(told, k)
    known = np.flatnonzero(np.isfinite(passed))
    return shown(stats.mean_interval(passed[known], grid.codes[known], ruler.gate.alpha))


def _pass_every_time(told: Told, k: int) -> FloatArray:
    """Return pass^k of each case; NaN where fewer than `k` repeats were scored."""
    values = np.full(told.scored.size, np.nan)
    known = np.flatnonzero(told.scored >= k)
    values[known] = stats.pass_every_time(told.right[known].tolist(), told.scored[known].tolist(), k)
    return values
