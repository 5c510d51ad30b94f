"""Whether an app knows what it does not know: right to abstain, and wrong answers given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genaiops.arena.scorers.base import (
    Mark,
    PureScorer,
    ScorerContext,
    score_of,
    take_parameters,
    wrong_parameter,
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
    right, threshold = given["right"], given["from"]
    if not isinstance(right, str) or right == "wrong_answers":
        raise wrong_parameter("wrong_answers", "right", right, "the name of a scorer of this suite")
    if not isinstance(threshold, int | float) or isinstance(threshold, bool):
        raise wrong_parameter("wrong_answers", "from", threshold, "a number")
    scorer = context.scorer(right)
    if scorer.spec.better != "higher":
        raise wrong_parameter("wrong_answers", "right", right, "a scorer where higher is better")
    spec = ScorerSpec(
        name="wrong_answers",
        unit="share",
        better="lower",
        reads=scorer.spec.reads | _READS,
        deterministic=scorer.spec.deterministic,
    )
    return WrongAnswers(spec, scorer, float(threshold))


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """Answers that are not right, told by another scorer; its label says right, wrong or abstained."""

    spec: ScorerSpec
    right: Scorer
    threshold: float

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
        if told.value is None:
            return Mark(None, told.reason or f"{self.right.spec.name} could not tell")
        right = told.value >= self.threshold - 1e-9
        return Mark(0.0 if right else 1.0, label=RIGHT if right else WRONG)
