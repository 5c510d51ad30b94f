"""`local:extractive`: the sentence that the texts support best, verbatim. It cannot invent anything."""

import math
import re
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from genaiops.core import (
    ChatDelta,
    ChatRequest,
    Grounding,
    Message,
    ModelSpec,
    TokenEmbedder,
    Usage,
    UserError,
)
from genaiops.models.cutting import cut, words

ABSTENTION = "I don't know."
_COVERAGE = 0.25
_LEAST = 1e-4
_SENTENCE = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n+")
_FUNCTION_WORDS = frozenset(
    [
        "a",
        "about",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "than",
        "that",
        "the",
        "their",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "was",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
    ]
)


class ExtractiveChat:
    """A chat model without a generator: it answers out of `request.grounding`.

    A sentence's support is its token-level similarity to the question (MaxSim) with the share of the
    question's words that it holds; the reply's `logprob` is the logarithm of that support.
    """

    def __init__(self, embedder: TokenEmbedder) -> None:
        self._embedder = embedder
        below = embedder.spec
        self._spec = ModelSpec(
            provider="local",
            model="extractive",
            digest=below.digest,
            version="1",
            settings={**below.settings, "coverage": _COVERAGE},
        )

    @property
    def spec(self) -> ModelSpec:
        """The digest is that of the embedder's weights."""
        return self._spec

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield the best sentence, or an abstention where there is no text."""
        grounding = request.grounding
        if grounding is None:
            raise UserError(
                "GAO-MODELS-040",
                "local:extractive answers only out of texts, and this request carries none",
                fix="pass grounding=Grounding(question=…, texts=…), or name a model that generates",
            )
        text, support = await self._best(grounding)
        text, finish = cut(text, request.stop, request.max_tokens)
        read = sum(map(words, (grounding.question, *grounding.texts)))
        if text:
            yield ChatDelta(text=text)
        yield ChatDelta(
            finish_reason=finish,
            usage=Usage(input_tokens=read, output_tokens=words(text), calls=1),
            logprob=math.log(support),
            model=self._spec.reference,
        )

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return a simple count of words and marks."""
        return sum(words(message.content) for message in messages)

    async def close(self) -> None:
        """Free the embedder."""
        await self._embedder.close()

    async def _best(self, grounding: Grounding) -> tuple[str, float]:
        sentences = list(dict.fromkeys(s for text in grounding.texts for s in sentences_of(text)))
        if not sentences:
            return ABSTENTION, _LEAST
        query, *found = await self._embedder.token_vectors([grounding.question, *sentences])
        support = [
            (1 - _COVERAGE) * _max_similarity(query, vectors) + _COVERAGE * coverage(grounding.question, text)
            for text, vectors in zip(sentences, found, strict=True)
        ]
        best = max(range(len(sentences)), key=support.__getitem__)
        return sentences[best], min(1.0, max(_LEAST, support[best]))


def sentences_of(text: str) -> list[str]:
    """Return the sentences of `text`, each verbatim."""
    return [piece.strip() for piece in _SENTENCE.split(text) if piece and words(piece)]


def coverage(question: str, text: str) -> float:
    """Return the share of the question's content words that `text` holds."""
    asked = {word for word in _lower_words(question) if word not in _FUNCTION_WORDS}
    return len(asked & _lower_words(text)) / len(asked) if asked else 0.0


def _lower_words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _max_similarity(
    query: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
    text: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
) -> float:
    if not len(query) or not len(text):
        return 0.0
    return float((query @ text.T).max(axis=1).mean())
