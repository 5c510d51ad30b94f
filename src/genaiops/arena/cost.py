"""What a correct answer costs on both arms, and candidate ÷ baseline with its interval."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from genaiops import stats
from genaiops.arena.compare import resampling_key, shown
from genaiops.arena.grid import FloatArray, Grid
from genaiops.arena.model import ROLES, Role, Ruler
from genaiops.arena.right import correct_words, told_right
from genaiops.core import CostPerCorrect, Score

COST = "cost_usd"


def cost_per_correct(
    ruler: Ruler, grid: Grid, scores: Mapping[Role, Sequence[Score]]
) -> CostPerCorrect | None:
    """Return the sums' ratio over cases that have a cost and a right-or-wrong on both arms.

    None where the suite does not say what is correct; without numbers, and with the reason, where a price is
    unknown, too many costs are missing, or nothing is correct.
    """
    correct = ruler.correct
    if correct is None or correct.scorer not in grid.columns:
        return None
    label = correct_words(correct)
    if COST not in grid.columns:
        return _unknown(label, "the suite does not score cost_usd")
    cost, right = grid.columns[COST], grid.columns[correct.scorer]
    rows = np.intersect1d(cost.paired(grid.everything), right.paired(grid.everything))
    if not rows.size:
        return _unknown(label, "no case has a known cost on both sides")
    if why := cost.too_much_missing(grid.everything):
        return _unknown(label, f"costs: {why}")
    shares = {role: told_right(grid, correct, scores[role]).shares[rows] for role in ROLES}
    costs = {role: cost.sides[role].values[rows] for role in ROLES}
    each: dict[Role, float | None] = {role: _per_correct(costs[role], shares[role]) for role in ROLES}
    usable = all(value is not None and value > 0.0 for value in each.values())
    return CostPerCorrect(
        correct=label,
        baseline_usd=each["baseline"],
        candidate_usd=each["candidate"],
        ratio=shown(
            stats.ratio_of_ratios(
                (costs["candidate"], shares["candidate"]),
                (costs["baseline"], shares["baseline"]),
                grid.codes[rows],
                ruler.gate.alpha,
                key=resampling_key(ruler),
            )
        )
        if usable
        else None,
        reason="" if usable else _why(each),
    )


def _per_correct(costs: FloatArray, shares: FloatArray) -> float | None:
    right = math.fsum(shares.tolist())
    return stats.round_sig(math.fsum(costs.tolist()) / right) if right > 0.0 else None


def _why(each: Mapping[Role, float | None]) -> str:
    none = [role for role in ROLES if each[role] is None]
    return f"the {' and the '.join(none)} has no correct answer" if none else "a price is 0"


def _unknown(label: str, reason: str) -> CostPerCorrect:
    return CostPerCorrect(correct=label, baseline_usd=None, candidate_usd=None, ratio=None, reason=reason)
