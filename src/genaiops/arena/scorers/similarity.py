"""Likeness of meaning, by an embedding model: the one built-in scorer that reads a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genaiops.arena.scorers.answers import abstention_mark, has_reference
from genaiops.arena.scorers.base import Mark, ScorerContext, score_of, take_parameters
from genaiops.arena.scorers.expected import answers
from genaiops.core import Case, Embedder, Json, Output, Score, ScorerSpec, Trace

_SPEC = ScorerSpec(
    name="semantic_similarity", reads=frozenset({"expected", "output", "model"}), deterministic=False
)


def semantic_similarity(parameters: Mapping[str, Json], context: ScorerContext) -> "SemanticSimilarity":
    """Cosine with the nearest reference answer, never below 0; cases without an answer as in answer_f1."""
    take_parameters("semantic_similarity", parameters, {})
    return SemanticSimilarity(_SPEC, context.embedder)


@dataclass(frozen=True, slots=True)
class SemanticSimilarity:
    """Compares meanings with `embedder`; without one it can be named but not asked."""

    spec: ScorerSpec
    embedder: Embedder | None

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the one score of this output."""
        return (score_of(self.spec, case, await self._mark(case, output) if has_reference(case) else None),)

    async def _mark(self, case: Case, output: Output) -> Mark:
        decided = abstention_mark(case, output)
        if decided is not None:
            return decided
        if not output.text or not output.text.strip():
            return Mark(0.0, "the answer is empty")
        if self.embedder is None:
            return Mark(None, "the project names no embedding model (models.embed)")
        vectors = await self.embedder.embed([output.text, *answers(case)], "passage")
        said, *meant = vectors.tolist()
        likeness = max(sum(a * b for a, b in zip(said, reference, strict=True)) for reference in meant)
        return Mark(min(1.0, max(0.0, likeness)))
