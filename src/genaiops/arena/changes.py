"""Cases that a change newly breaks or newly mends, with what that says of new cases."""

from collections.abc import Mapping, Sequence

import numpy as np

from genaiops import stats
from genaiops.arena.compare import nothing_to_show, shown
from genaiops.arena.grid import FloatArray, Grid, IntArray
from genaiops.arena.model import ROLES, Role, Ruler
from genaiops.arena.right import correct_words, told_right
from genaiops.arena.suites import first_quality
from genaiops.core import Changes, Score

MOST_IDS = 100
_TOLERANCE = 1e-9


def changes_of(ruler: Ruler, grid: Grid, scores: Mapping[Role, Sequence[Score]]) -> Changes | None:
    """Return the cases that broke and those that were mended; None where no scorer measures quality.

    A case is right on an arm where more than half of its repeats are. Where the suite does not say what is
    correct, a case breaks where its mean by the first quality scorer falls, and is mended where it rises.
    """
    moved = _by_correctness(ruler, grid, scores) or _by_quality(grid)
    if moved is None:
        return None
    by, moves = moved
    rows = np.flatnonzero(np.isfinite(moves))
    broken, mended = (np.flatnonzero(moves == sign) for sign in (-1.0, 1.0))
    diff = nothing_to_show("no case has a value on both sides")
    if rows.size:
        known = moves[rows]
        diff = shown(stats.difference(known, np.zeros(rows.size), grid.codes[rows], ruler.gate.alpha))
    return Changes(
        by=by,
        cases=int(rows.size),
        broke=int(broken.size),
        mended=int(mended.size),
        diff=diff,
        broken_cases=ids_of(grid, broken),
        mended_cases=ids_of(grid, mended),
    )


def ids_of(grid: Grid, rows: IntArray) -> tuple[str, ...]:
    """Return the ids of the first cases of `rows`, at most `MOST_IDS`."""
    return tuple(grid.cases[int(row)].id for row in rows[:MOST_IDS])


def _by_correctness(
    ruler: Ruler, grid: Grid, scores: Mapping[Role, Sequence[Score]]
) -> tuple[str, FloatArray] | None:
    """Return −1 for a case that broke, 1 for one mended, 0 for neither; NaN without a value on a side."""
    correct = ruler.correct
    if correct is None or correct.scorer not in grid.columns:
        return None
    before, after = (told_right(grid, correct, scores.get(role, ())).shares for role in ROLES)
    moves = (after > 0.5).astype(np.float64) - (before > 0.5)
    return correct_words(correct), np.where(np.isfinite(before) & np.isfinite(after), moves, np.nan)


def _by_quality(grid: Grid) -> tuple[str, FloatArray] | None:
    name = first_quality({name: column.spec for name, column in grid.columns.items()})
    if name is None:
        return None
    column = grid.columns[name]
    sign = 1.0 if column.spec.better == "higher" else -1.0
    moves = sign * (column.sides["candidate"].values - column.sides["baseline"].values)
    small = np.abs(moves) <= _TOLERANCE  # of a NaN this is False, and its sign stays NaN
    return f"{name}, higher or lower than before", np.where(small, 0.0, np.sign(moves))
