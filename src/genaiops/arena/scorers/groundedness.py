"""Groundedness: how much of an answer its own passages support, claim by claim, by a learnt support model.

The score is the mean over the claims of the probability that people would call each supported: the expected
share of supported claims. On labelled answers this mean agreed with people better than the least of them. An
answer that claims nothing, an abstention above all, has nothing unsupported in it and scores 1: read it
beside `abstention` and a correctness scorer. An output without passages is not applicable.

It tells support, not truth, and it reads English. docs/benchmarks.md says where it beats word overlap and
where it does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from genaiops.app.reading.support import VECTORS, Judged, claims_of, judge_claims
from genaiops.arena.scorers.base import Mark, ScorerContext, score_of, take_parameters
from genaiops.core import Case, Embedder, Json, Output, Score, ScorerSpec, TokenEmbedder, Trace

_SPEC = ScorerSpec(
    name="groundedness", unit="share", reads=frozenset({"inputs", "output", "model"}), deterministic=False
)
GROUNDED, UNSUPPORTED, SILENT = "grounded", "unsupported", "no claims"
_SHOWN = 3
_WORDS = 90


def groundedness(parameters: Mapping[str, Json], context: ScorerContext) -> "Groundedness":
    """Expected share of the answer's claims that the output's passages support."""
    take_parameters("groundedness", parameters, {})
    return Groundedness(_SPEC, context.embedder)


@dataclass(frozen=True, slots=True)
class Groundedness:
    """Asks the support model of each claim; its label says grounded, unsupported or no claims."""

    spec: ScorerSpec
    embedder: Embedder | None

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the one score of this output."""
        return (score_of(self.spec, case, await self._mark(case, output)),)

    async def _mark(self, case: Case, output: Output) -> Mark | None:
        if not any(passage.text.strip() for passage in output.passages):
            return None
        if not _reads_tokens(self.embedder):  # before all else: else only the silent answers had a score
            return Mark(None, f"it compares token vectors of {VECTORS}: set models.embed to it")
        if output.abstained or not claims_of(output.text or ""):
            return Mark(1.0, "abstained" if output.abstained else "claims nothing", SILENT)
        question = case.inputs.get("question")
        judged = await judge_claims(
            self.embedder, question if isinstance(question, str) else "", output.text or "", output.passages
        )
        return mark_of(judged)


def mark_of(judged: Sequence[Judged]) -> Mark:
    """Return the mean probability, and which claims are not supported, the least likely first."""
    likely = sum(one.probability for one in judged) / len(judged)
    weak = sorted(
        (one for one in judged if not one.supported), key=lambda one: (one.probability, one.claim.start)
    )
    said = f"{len(judged) - len(weak)} of {len(judged)} claims supported"
    shown = [_told(one) for one in weak[:_SHOWN]]
    more = [f"and {len(weak) - _SHOWN} more"] if len(weak) > _SHOWN else []
    return Mark(likely, "; ".join([said, *shown, *more]), UNSUPPORTED if weak else GROUNDED)


def _told(one: Judged) -> str:
    text = one.claim.text if len(one.claim.text) <= _WORDS else one.claim.text[: _WORDS - 1] + "…"
    return f"not supported ({one.probability:.2f}): {text!r}, nearest {one.passage}[{one.start}:{one.end}]"


def _reads_tokens(embedder: Embedder | None) -> TypeGuard[TokenEmbedder]:
    return embedder is not None and embedder.spec.reference == VECTORS
