"""Whether an app knows what it does not know: right to abstain, and wrong answers given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genaiops.arena.scorers.base import (
    Mark,
    PureScorer,
    ScorerContext,
    applies_to,
    is_right,
    right_by,
    score_of,
    take_parameters,
)
from genaiops.arena.scorers.expected import answerable
from genaiops.core import Case, Json, Output, Reads, Score, Scorer, ScorerSpec, Trace

_READS: frozenset[Reads] = frozenset({"expected", "output"})
RIGHT, WRONG, ABSTAINED = "right", "wrong", "abstained"


def abstention(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """1 where the app abstained exactly when the case has no answer."""
    take_parameters("abstention", parameters, {})

    def mark(case: Case, output: Output) -> Mark:
        return Mark(float(output.abstained == (answerable(case) is False)))

    spec = ScorerSpec(name="abstention", unit="share")
    return PureScorer(spec, mark, lambda case: answerable(case) is not None)


def wrong_answers(parameters: Mapping[str, Json], context: ScorerContext) -> "WrongAnswers":
    """1 where the app answered and the answer is not right, or the case has no answer; an abstention is 0.

    `right` names the scorer that tells right from wrong, `from` the value from which on it is right.
    """
    given = take_parameters("wrong_answers", parameters, {"right": "answer_f1", "from": 0.5})
    scorer, threshold = right_by("wrong_answers", given, context)
    spec = ScorerSpec(
        name="wrong_answers",
        unit="share",
        better="lower",
        reads=scorer.spec.reads | _READS,
        deterministic=scorer.spec.deterministic,
    )
    return WrongAnswers(spec, scorer, threshold)


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """Answers that are not right, told by another scorer; its label says right, wrong or abstained."""

    spec: ScorerSpec
    right: Scorer
    threshold: float

    def applies(self, case: Case) -> bool:
        """Say whether the case tells right from wrong."""
        return answerable(case) is False or applies_to(self.right, case)

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the one score of this output."""
        return (score_of(self.spec, case, await self._mark(case, output, trace)),)

    async def _mark(self, case: Case, output: Output, trace: Trace) -> Mark | None:
        unanswerable = answerable(case) is False
        (told,) = await self.right.score(case, output, trace)
        if told.status == "not_applicable" and not unanswerable:
            return None
        if output.abstained:
            return Mark(0.0, label=ABSTAINED)
        if unanswerable:
            return Mark(1.0, "answered a question that has no answer", WRONG)
        right = is_right(told, self.threshold)
        if right is None:
            return Mark(None, told.reason or f"{self.right.spec.name} could not tell")
        return Mark(0.0 if right else 1.0, label=RIGHT if right else WRONG)
