"""Scoring one output: failures of the app, of the outside and of a scorer, each as its own kind of score."""

import math
from collections.abc import Sequence
from dataclasses import replace

from genaiops.arena.scorers.base import applies_to
from genaiops.arena.scorers.turns import is_conversation, over_turns, turns_of
from genaiops.core import Case, Output, Score, Scorer, ScorerSpec, Trace, one_line
from genaiops.stats import round_sig

_TOLERANCE = 1e-9


async def score_output(
    scorers: Sequence[Scorer], case: Case, repeat: int, output: Output, trace: Trace
) -> list[Score]:
    """Return one score for each scorer, values with at most 9 significant digits.

    An app's failure scores the scorer's worst value, or is missing where there is none; an infrastructure
    error, and a scorer that raises or answers nonsense, is missing (`failed`) with the reason. A conversation
    is scored turn by turn.
    """
    scores = [await _score(scorer, case, output, trace) for scorer in scorers]
    return [score if score.repeat == repeat else replace(score, repeat=repeat) for score in scores]


def check_expectations(scorers: Sequence[Scorer], cases: Sequence[Case]) -> None:
    """Raise `UserError` for the first case that states what is expected in a form that a scorer refuses."""
    for case in cases:
        one_by_one = [case, *(turn for turn, _ in turns_of(case, Output()))]
        for scorer in scorers:
            for one in one_by_one:
                applies_to(scorer, one)


async def _score(scorer: Scorer, case: Case, output: Output, trace: Trace) -> Score:
    if not is_conversation(case) or "expected" not in scorer.spec.reads:
        return await _score_one(scorer, case, output, trace)
    return over_turns(
        scorer, case, [await _score_one(scorer, *turn, trace) for turn in turns_of(case, output)]
    )


async def _score_one(scorer: Scorer, case: Case, output: Output, trace: Trace) -> Score:
    spec = scorer.spec
    if not applies_to(scorer, case):
        return Score(scorer=spec.name, case=case.id, status="not_applicable")
    if output.status == "infra_error":
        return _failed(spec, case, f"infrastructure error: {output.error or 'no reason given'}")
    if output.status != "ok":
        return _app_failure(spec, case, output)
    try:
        scores = await scorer.score(case, output, trace)
    except Exception as error:  # noqa: BLE001  a scorer can be anybody's code: its failure is a result
        return _failed(spec, case, f"{type(error).__name__}: {error}")
    return _checked(spec, case, scores)


def _app_failure(spec: ScorerSpec, case: Case, output: Output) -> Score:
    reason = f"{output.status}: {output.error or 'no reason given'}"
    if spec.failure_score is None:
        return _failed(spec, case, reason)
    return Score(
        scorer=spec.name, case=case.id, value=spec.failure_score, label=output.status, reason=one_line(reason)
    )


def _checked(spec: ScorerSpec, case: Case, scores: Sequence[Score]) -> Score:
    if len(scores) != 1 or scores[0].scorer != spec.name:
        return _failed(spec, case, f"the scorer gave {len(scores)} scores, not one of its own name")
    score, value = scores[0], scores[0].value
    if score.status != "ok":
        value = None
    elif value is None or not math.isfinite(value) or not _within(spec, value):
        return _failed(spec, case, f"the scorer gave {value!r}, outside of what its spec allows")
    else:
        value = round_sig(float(value))
    reason = one_line(score.reason) if score.reason else None
    return replace(score, case=case.id, value=value, reason=reason)


def _within(spec: ScorerSpec, value: float) -> bool:
    low = -math.inf if spec.low is None else spec.low
    high = math.inf if spec.high is None else spec.high
    return low - _TOLERANCE <= value <= high + _TOLERANCE


def _failed(spec: ScorerSpec, case: Case, reason: str) -> Score:
    return Score(scorer=spec.name, case=case.id, status="failed", reason=one_line(reason))
