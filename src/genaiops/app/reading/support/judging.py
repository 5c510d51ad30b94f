"""From an answer and its passages to how likely each claim is supported, and by which sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genaiops.app.reading.evidence import Sentence
from genaiops.app.reading.support.claims import Claim, claims_of
from genaiops.app.reading.support.evidence import choose, evidence_text, read_sources
from genaiops.app.reading.support.features import Floats, align, word_features
from genaiops.app.reading.support.model import SUPPORTED, probability, support_model
from genaiops.core import Passage, TokenEmbedder


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim, how likely it is supported, and the sentence of a passage that comes nearest to supporting it.

    `start` and `end` are that sentence's offsets in the text of the passage with the id `passage`.
    """

    claim: Claim
    probability: float
    passage: str
    start: int
    end: int

    @property
    def supported(self) -> bool:
        """Whether it is more likely supported than not."""
        return self.probability >= SUPPORTED - 1e-9


async def judge_claims(
    embedder: TokenEmbedder, question: str, answer: str, passages: Sequence[Passage]
) -> list[Judged]:
    """Return a judgement of every claim of `answer`, in order.

    [] where it claims nothing or no passage has words. `embedder` must be the one that the model learnt
    with (`VECTORS`); `question` may be empty.
    """
    sources = read_sources(passages)
    found = claims_of(answer) if sources.sentences else []
    evidence = [choose(claim.text, sources) for claim in found]
    texts = [claim.text for claim in found] + [evidence_text(one) for some in evidence for one in some]
    wanted = list(dict.fromkeys(texts))
    vectors = dict(zip(wanted, await embedder.token_vectors(wanted), strict=True)) if wanted else {}
    return [_judge(question, claim, some, vectors) for claim, some in zip(found, evidence, strict=True)]


def _judge(
    question: str, claim: Claim, evidence: Sequence[Sentence], vectors: Mapping[str, Floats]
) -> Judged:
    texts = [evidence_text(sentence) for sentence in evidence]
    aligned = align(vectors[claim.text], np.concatenate([vectors[text] for text in texts]))
    likely = probability(support_model(), word_features(question, claim.text, texts), aligned)
    best = evidence[0]
    return Judged(claim, likely, best.passage, best.start, best.start + len(best.text))
