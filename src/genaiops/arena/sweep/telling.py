"""A sweep's measures put together as its report, with the one sentence that says what they show. Pure."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.arena.grid import IntArray
from genaiops.arena.model import Reuse
from genaiops.arena.sweep.model import SweepCell, SweepReport, Values, Yardstick
from genaiops.arena.sweep.weigh import PLANNED, Leader, Weighed, known_in_all, lead, weigh
from genaiops.core import Digest

AS_IT_IS = "as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that a report is told from. `values[0]` is the reference; `codes` numbers the cluster of each case.

    `asked` holds the options that every cell was run with, `key` fixes the resampling, and `doubt` says why
    nothing may be decided although there are numbers.
    """

    project: str
    suite: str
    asked: Sequence[str]
    alpha: float
    yardstick: Yardstick
    sets: Sequence[tuple[str, ...]]
    digests: Sequence[Digest]
    values: Sequence[Values]
    codes: IntArray
    key: int
    side_by_side: bool
    doubt: str
    model_calls: int
    reused: Reuse
    warnings: tuple[str, ...]


def tell(answers: Answers) -> SweepReport:
    """Return the report of a sweep: every cell against the reference, and the winner where there is one."""
    values, codes, yardstick = answers.values, answers.codes, answers.yardstick
    leader = lead(values, codes, yardstick, answers.alpha, key=answers.key)
    weighed = weigh(
        values, codes, yardstick, answers.alpha, key=answers.key, side_by_side=answers.side_by_side
    )
    won = leader is not None and not leader.open_against and not answers.doubt
    rows = known_in_all([one.quality for one in values])
    return SweepReport(
        project=answers.project,
        suite=answers.suite,
        quality=yardstick.name,
        higher_is_better=yardstick.higher_is_better,
        alpha=answers.alpha,
        cases=int(rows.size),
        clusters=len(set(codes[rows].tolist())),
        headline=_headline(answers, leader),
        winner=answers.sets[leader.best] if leader is not None and won else None,
        next=_next(answers, leader) if leader is not None and won else "",
        planned=PLANNED * (yardstick.high - yardstick.low),
        needed=None if leader is None else leader.needed,
        front_by=weighed.front_by,
        cells=tuple(_cell(answers, weighed, leader, at) for at in range(len(values))),
        model_calls=answers.model_calls,
        reused=answers.reused,
        warnings=answers.warnings,
    )


def named(chosen: tuple[str, ...]) -> str:
    """Return what a cell is called."""
    return " ".join(chosen) or AS_IT_IS


def _cell(answers: Answers, weighed: Weighed, leader: Leader | None, at: int) -> SweepCell:
    behind = None if leader is None else leader.ahead[at]
    return SweepCell(
        set=answers.sets[at],
        reference=at == 0,
        digest=answers.digests[at],
        quality=weighed.quality[at],
        cost_usd=weighed.cost[at],
        latency_ms=weighed.latency[at],
        front=weighed.front[at],
        best=leader is not None and leader.best == at,
        behind=behind,
        beaten=leader is not None and behind is not None and at not in leader.open_against,
    )


def _next(answers: Answers, leader: Leader) -> str:
    if leader.best == 0:
        return ""
    sets = [word for text in answers.sets[leader.best] for word in ("--set", text)]
    return shlex.join(["genaiops", "arena", "run", *answers.asked, *sets])


def _headline(answers: Answers, leader: Leader | None) -> str:
    name = answers.yardstick.name
    if leader is None:
        return f"nothing can be said: no case has a value of {name} in every cell"
    best = named(answers.sets[leader.best])
    if answers.doubt:
        return f"no winner is named: {answers.doubt}"
    others = len(answers.sets) - 1
    if leader.open_against:
        few = next((one.reason for one in leader.ahead if one is not None and not one.decidable), "")
        return (
            f"no cell stands out: the best by estimate, {best}, is not proven better than "
            f"{len(leader.open_against)} of {others} others{f' ({few})' if few else ''}"
        )
    if leader.best == 0:
        return f"keep what you have: proven better than every other cell in {name}"
    return f"{best} wins: proven better than every other cell in {name}"
