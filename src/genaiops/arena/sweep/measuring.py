"""What the answers of every cell were worth: quality by the suite, money and time as they were spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genaiops.arena.engine import Answered
from genaiops.arena.grid import MOST_MISSING, Grid, IntArray, lay_out
from genaiops.arena.model import Ruler, Suite
from genaiops.arena.right import correct_words, told_right
from genaiops.arena.sweep.model import Values, Yardstick
from genaiops.core import NANO, Output, Score, UserError, one_line


@dataclass(frozen=True, slots=True)
class Measurements:
    """The values of each cell by case, the cluster of each case, and why they may not decide anything."""

    yardstick: Yardstick
    values: list[Values]
    codes: IntArray
    doubt: str


def measure(
    suite: Suite,
    labels: Sequence[str],
    scores: Mapping[str, Sequence[Score]],
    outputs: Mapping[str, Sequence[Answered]],
) -> Measurements:
    """Return the cells' values in the order of `labels`, the reference's first.

    Raises `UserError` where the suite has no scorer that measures quality.
    """
    ruler = suite.ruler
    scorer, yardstick = _yardstick(ruler)
    grids = {
        label: lay_out(ruler, suite.cases, {"baseline": scores[labels[0]], "candidate": scores[label]})
        for label in labels
    }
    values = [_values(ruler, grids[label], scorer, scores[label], outputs[label]) for label in labels]
    return Measurements(yardstick, values, grids[labels[0]].codes, _doubt(grids, scorer))


def _yardstick(ruler: Ruler) -> tuple[str, Yardstick]:
    """Return what quality is read from: what the suite calls right, else its first bounded scorer."""
    if ruler.correct is not None and any(spec.name == ruler.correct.scorer for spec in ruler.specs):
        spec = next(spec for spec in ruler.specs if spec.name == ruler.correct.scorer)
        return spec.name, Yardstick(f"right answers ({correct_words(ruler.correct)})")
    for spec in ruler.specs:
        if spec.low is not None and spec.high is not None:
            return spec.name, Yardstick(spec.name, spec.better == "higher", spec.low, spec.high)
    raise UserError(
        "GAO-ARENA-269",
        f"the suite {ruler.name!r} has no scorer that measures quality",
        why="time, tokens and money alone are best where nothing is answered",
        fix="add a scorer such as answer_f1",
        where=f"suites.{ruler.name}.scorers",
    )


def _values(
    ruler: Ruler, grid: Grid, scorer: str, scores: Sequence[Score], answered: Sequence[Answered]
) -> Values:
    by_case: dict[str, list[Output]] = {}
    for one in answered:
        by_case.setdefault(one.step.case.id, []).append(one.kept.output)
    quality = grid.columns[scorer].sides["candidate"].values
    if ruler.correct is not None and ruler.correct.scorer == scorer:
        quality = told_right(grid, ruler.correct, scores).shares
    outputs = [by_case[case.id] for case in grid.cases]
    return Values(
        quality=quality,
        cost=np.array([_mean([_cost(one) for one in some]) for some in outputs]),
        latency=np.array([_mean([_latency(one) for one in some]) for some in outputs]),
    )


def _cost(output: Output) -> float:
    return np.nan if output.cost_nanousd is None else output.cost_nanousd / NANO


def _latency(output: Output) -> float:
    return output.latency_ns / 1e6 if output.status == "ok" and output.latency_ns else np.nan


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _doubt(grids: Mapping[str, Grid], scorer: str) -> str:
    """Return which cells lack too many scores for a winner to be named, or nothing."""
    for label, grid in grids.items():
        share = grid.columns[scorer].missing_share("candidate", grid.everything)
        if share > MOST_MISSING + 1e-9:
            return f"{share:.1%} of the rows of {label} are missing (at most {MOST_MISSING:.0%} may be)"
    return ""


def failures(outputs: Mapping[str, Sequence[Answered]]) -> list[str]:
    """Return what is to be said of answers that failed, a line a cell."""
    said: list[str] = []
    for label, mine in outputs.items():
        bad = [one.kept.output for one in mine if one.kept.output.status != "ok"]
        if bad:
            reason = one_line(bad[0].error or "", 160)
            said.append(f"{len(bad)} of {len(mine)} answers of {label} ended {bad[0].status}: {reason}")
    return said
