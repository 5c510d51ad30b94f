"""How often each arm was right in each case, by what the suite calls correct."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genaiops.arena.grid import FloatArray, Grid, IntArray
from genaiops.arena.model import Correct
from genaiops.core import Score

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Told:
    """One arm, an entry a case of the grid: of `scored` repeats `right` were right."""

    right: IntArray
    scored: IntArray

    @property
    def shares(self) -> FloatArray:
        """The share of the repeats that are right; NaN where none was scored."""
        return np.divide(self.right, self.scored, out=np.full(self.right.size, np.nan), where=self.scored > 0)


def correct_words(correct: Correct) -> str:
    """Return what counts as right: `answer_f1 ≥ 0.5`."""
    return f"{correct.scorer} ≥ {correct.threshold:g}"


def told_right(grid: Grid, correct: Correct, scores: Sequence[Score]) -> Told:
    """Return how often an arm was right; `scores` are that arm's."""
    sign = 1.0 if grid.columns[correct.scorer].spec.better == "higher" else -1.0
    index = {case.id: row for row, case in enumerate(grid.cases)}
    right, scored = (np.zeros(len(grid.cases), dtype=np.int64) for _ in range(2))
    for score in scores:
        if score.scorer == correct.scorer and score.value is not None and score.case in index:
            row = index[score.case]
            scored[row] += 1
            right[row] += sign * score.value >= sign * correct.threshold - _TOLERANCE
    return Told(right, scored)
