"""Conversations: each turn is scored as a case of its own, and the whole is the mean over its turns.

A conversation's case says what each turn must meet in `expected.turns`; its answers are `Output.turns`. A
scorer that reads what is expected looks at each turn; one that does not (time, cost) at the whole.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from genaiops.arena.conversation import is_turns, turn_inputs
from genaiops.arena.scorers.base import (
    Mark,
    ScorerContext,
    applies_to,
    is_right,
    right_by,
    score_of,
    take_parameters,
)
from genaiops.core import Case, Json, Output, Reads, Score, Scorer, ScorerSpec, Trace
from genaiops.stats import round_sig

_READS: frozenset[Reads] = frozenset({"expected", "output"})


def is_conversation(case: Case) -> bool:
    """Say whether a case says what each turn must meet."""
    return isinstance(case.expected.get("turns"), list) and is_turns(case.inputs.get("turns"))


def turns_of(case: Case, output: Output) -> list[tuple[Case, Output]]:
    """Return each turn as a case with its output; a turn that was never reached failed as the one before.

    A case that is no conversation has none.
    """
    said, wanted = case.inputs.get("turns"), case.expected.get("turns")
    if not is_turns(said) or not isinstance(wanted, list):
        return []
    missing = Output(
        status="app_error" if output.status == "ok" else output.status,
        error=output.error or "the turn was not answered",
    )
    found: list[tuple[Case, Output]] = []
    for index, expected in enumerate(wanted[: len(said)]):
        turn = replace(
            case,
            inputs=turn_inputs(case.inputs, said, index, output.turns),
            expected=expected if isinstance(expected, dict) else {},
        )
        found.append((turn, output.turns[index] if index < len(output.turns) else missing))
    return found


def over_turns(scorer: Scorer, case: Case, told: Sequence[Score]) -> Score:
    """Return a scorer's view of the whole: the mean of its views of the turns, the least for `every_turn`.

    Turns where the scorer does not apply are left out; where it failed on one, it failed on the whole.
    """
    applied = [(number, one) for number, one in enumerate(told, 1) if one.status != "not_applicable"]
    if not applied:
        return score_of(scorer.spec, case, None)
    for number, one in applied:
        if one.value is None:
            return score_of(scorer.spec, case, Mark(None, f"turn {number}: {one.reason or 'no value'}"))
    values = [one.value for _, one in applied if one.value is not None]
    whole = min(values) if isinstance(scorer, EveryTurn) else math.fsum(values) / len(values)
    said = ", ".join(
        f"turn {number}: {one.value:g}" + (f" ({one.reason})" if one.reason else "")
        for number, one in applied
    )
    return score_of(scorer.spec, case, Mark(round_sig(whole), said))


def every_turn(parameters: Mapping[str, Json], context: ScorerContext) -> "EveryTurn":
    """1 where every turn of a conversation is right, told by the scorer `right` from the value `from` on.

    A case that is no conversation has one turn.
    """
    given = take_parameters("every_turn", parameters, {"right": "answer_f1", "from": 0.5})
    right, threshold = right_by("every_turn", given, context)
    spec = ScorerSpec(
        name="every_turn",
        reads=right.spec.reads | _READS,
        deterministic=right.spec.deterministic,
    )
    return EveryTurn(spec, right, threshold)


@dataclass(frozen=True, slots=True)
class EveryTurn:
    """Whether an answer is right, told by another scorer; a conversation is where all of its turns are."""

    spec: ScorerSpec
    right: Scorer
    threshold: float

    def applies(self, case: Case) -> bool:
        """Say whether the case, or the turn, tells right from wrong."""
        return applies_to(self.right, case)

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the one score of one turn."""
        (told,) = await self.right.score(case, output, trace)
        if told.status == "not_applicable":
            return (score_of(self.spec, case, None),)
        right = is_right(told, self.threshold)
        return (score_of(self.spec, case, Mark(None if right is None else float(right), told.reason)),)
