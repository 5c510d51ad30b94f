"""A judge as a scorer: its verdicts were asked for before, and are found by what it was shown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genaiops.arena.judges.asking import Reply, question_digest, record_of
from genaiops.arena.model import Judge
from genaiops.arena.said import answer_digest
from genaiops.arena.scale import value_of
from genaiops.core import (
    Case,
    Json,
    ModelSpec,
    Output,
    Reads,
    Score,
    ScorerSpec,
    Trace,
    digest_json,
    encode,
    hex_of,
)
from genaiops.stats import round_sig

_PAIR_VALUES = {"tie": 0.5}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge said of one arm's answers: replies by the digest of the question, or why there is none.

    `rivals` are the other arm's answers to the same case, by the case and the digest of one's own answer.
    """

    model: ModelSpec
    replies: Mapping[str, Reply | str]
    rivals: Mapping[tuple[str, str], tuple[Output, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[Output, ...]]
    )


def judge_spec(judge: Judge) -> ScorerSpec:
    """Return what a judge measures: 0 to 1, higher is better; its version names rubric, model and form."""
    reads: set[Reads] = {"output", "model", *(part for part in judge.sees if part != "passages")}
    if judge.form == "pair":
        reads.discard("expected")  # what reads it is laid on each turn; a pair is compared as a whole
    version = hex_of(digest_json(encode(judge)))[:12]
    return ScorerSpec(name=judge.name, version=version, reads=frozenset(reads), deterministic=False)


@dataclass(frozen=True, slots=True)
class JudgeScorer:
    """Looks verdicts up. A judge that was not asked has none: its rows are missing."""

    spec: ScorerSpec
    judge: Judge
    judged: Judged | None

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the one score of this output."""
        value, label, reason = self._mark(case, output)
        status = "failed" if value is None else "ok"
        return (
            Score(
                scorer=self.spec.name, case=case.id, value=value, label=label, reason=reason, status=status
            ),
        )

    def _mark(self, case: Case, output: Output) -> tuple[float | None, str | None, str | None]:
        if self.judged is None:
            return None, None, "the judge was not asked"
        if self.judge.form == "pair":
            return self._against(case, output, self.judged)
        reply = self._reply(record_of(self.judge, case, answer=output), self.judged)
        if isinstance(reply, str):
            return None, None, reply
        return round_sig(value_of(self.judge, reply.verdict)), reply.verdict, reply.reason

    def _against(
        self, case: Case, output: Output, judged: Judged
    ) -> tuple[float | None, str | None, str | None]:
        """Return the mean over the rivals, each met in both orders."""
        own = answer_digest(case.id, output)
        values: list[float] = []
        reasons: list[str] = []
        for rival in judged.rivals.get((case.id, own), ()):
            if rival.status != "ok":
                values.append(1.0)
                reasons.append("the other answer failed")
            elif answer_digest(case.id, rival) == own:
                values.append(0.5)
                reasons.append("both say the same")
            else:
                for win, answers in (
                    ("first", {"first": output, "second": rival}),
                    ("second", {"first": rival, "second": output}),
                ):
                    reply = self._reply(record_of(self.judge, case, **answers), judged)
                    if isinstance(reply, str):
                        return None, None, reply
                    values.append(_PAIR_VALUES.get(reply.verdict, float(reply.verdict == win)))
                    reasons.append(f"shown {win}: {reply.verdict}, {reply.reason}")
        if not values:
            return None, None, "the other arm has no answer to compare with"
        value = round_sig(math.fsum(values) / len(values))
        return value, "won" if value > 0.5 else "lost" if value < 0.5 else "tie", "; ".join(reasons)

    def _reply(self, record: dict[str, Json], judged: Judged) -> Reply | str:
        key = question_digest(self.judge, judged.model, record)
        return judged.replies.get(key, "the judge was not asked")
