"""How the answers of a variant ended, by what the study calls right, and on which context. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genaiops.arena.engine import Answered
from genaiops.arena.grid import FloatArray
from genaiops.arena.scorers.abstention import ABSTAINED, RIGHT
from genaiops.arena.scorers.expected import answerable, answers, gold, matches
from genaiops.arena.study.model import Answers, Share
from genaiops.core import NANO, Case, Output, Passage, Score, normalise
from genaiops.stats import round_sig

End = Literal["right", "wrong", "silent", "missing"]


@dataclass(frozen=True, slots=True)
class Ended:
    """One answer: how it ended, its scores by scorer, and whether its context was sufficient."""

    case: Case
    answered: Answered
    end: End
    scores: Mapping[str, Score]
    sufficient: bool

    @property
    def output(self) -> Output:
        """The answer."""
        return self.answered.kept.output


def sufficient(case: Case, passages: Sequence[Passage]) -> bool:
    """Say whether the passages hold, whole, all that a question names; where it names none, an answer.

    A question without an answer has no sufficient context (Joren et al., "Sufficient Context", 2024).
    """
    if answerable(case) is False:
        return False
    items = gold(case)
    if items:
        return all(any(matches(item, passage) for passage in passages) for item in items)
    texts = [f" {normalise(passage.text)} " for passage in passages]
    return any(f" {normalise(one)} " in text for one in answers(case) for text in texts)


def ended(case: Case, answered: Answered, scores: Sequence[Score]) -> Ended:
    """Return how an answer ended; `scores` are all of this answer."""
    by_name = {score.scorer: score for score in scores}
    output, told = answered.kept.output, by_name["wrong_answers"]
    if output.status == "infra_error" or told.status != "ok":
        end: End = "missing"
    elif told.label == ABSTAINED:
        end = "right" if answerable(case) is False else "silent"
    else:
        end = "right" if told.label == RIGHT else "wrong"
    return Ended(case, answered, end, by_name, sufficient(case, output.passages))


def values_of(rows: Sequence[Ended]) -> dict[str, FloatArray]:
    """Return a value a question: 1 for right, and 1 for not wrong; NaN where the answer is missing."""
    return {
        "right": _column(rows, ("right",)),
        "not wrong": _column(rows, ("right", "silent")),
    }


def _column(rows: Sequence[Ended], good: Sequence[End]) -> FloatArray:
    return np.array([np.nan if row.end == "missing" else float(row.end in good) for row in rows])


def summed(variant: str, title: str, rows: Sequence[Ended], fresh: frozenset[str]) -> Answers:
    """Return what the rows of one variant amount to; `fresh` are traces of answers computed just now."""
    known = [row for row in rows if row.end != "missing"]
    silent = [row for row in known if row.output.abstained]
    unanswerable = [row for row in known if answerable(row.case) is False]
    timed = sorted(
        row.output.latency_ns / 1e6
        for row in known
        if row.output.trace_id in fresh and row.output.status == "ok"
    )
    right = sum(row.end == "right" for row in known)
    costs = [row.output.cost_nanousd for row in known]
    cost = None if None in costs else sum(one for one in costs if one is not None) / NANO
    return Answers(
        variant=variant,
        title=title,
        right=right,
        wrong=sum(row.end == "wrong" for row in known),
        silent=sum(row.end == "silent" for row in known),
        failed=sum(row.output.status != "ok" for row in known),
        missing=len(rows) - len(known),
        wrong_sufficient=_share(known, "wrong", enough=True),
        wrong_insufficient=_share(known, "wrong", enough=False),
        right_sufficient=_share(known, "right", enough=True),
        abstention_precision=Share(
            part=sum(answerable(row.case) is False for row in silent), whole=len(silent)
        ),
        abstention_recall=Share(
            part=sum(row.output.abstained for row in unanswerable), whole=len(unanswerable)
        ),
        citation_precision=_mean_score(known, "citation_precision"),
        citation_recall=_mean_score(known, "citation_recall"),
        groundedness=_mean_score(known, "groundedness"),
        truncated=sum(_cut(row.output) for row in known),
        calls=sum(row.output.usage.calls for row in known),
        tokens_in=_mean([row.output.usage.input_tokens for row in known]),
        tokens_out=_mean([row.output.usage.output_tokens for row in known]),
        cost_usd=None if cost is None or not known else round_sig(cost / len(known), 6),
        cost_per_right_usd=None if cost is None or not right else round_sig(cost / right, 6),
        p50_ms=quantile(timed, 0.5),
        p95_ms=quantile(timed, 0.95),
        timed=len(timed),
        reused=len(known) - len(timed),
    )


def quantile(ordered: Sequence[float], q: float) -> float | None:
    """Return the smallest of sorted values that at least a share `q` does not exceed; None for none."""
    return round_sig(ordered[max(0, math.ceil(q * len(ordered) - 1e-9) - 1)], 4) if ordered else None


def _share(rows: Sequence[Ended], end: End, *, enough: bool) -> Share:
    mine = [row for row in rows if row.sufficient == enough]
    return Share(part=sum(row.end == end for row in mine), whole=len(mine))


def _mean_score(rows: Sequence[Ended], scorer: str) -> float | None:
    told = [row.scores[scorer].value for row in rows if scorer in row.scores]
    return _mean([value for value in told if value is not None])


def _mean(values: Sequence[float]) -> float | None:
    return round_sig(sum(values) / len(values), 6) if values else None


def _cut(output: Output) -> bool:
    data = output.data
    return isinstance(data, dict) and data.get("shown") != data.get("given")
