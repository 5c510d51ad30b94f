"""The systems compared. Each returns, for questions, passage ids, best first, at most `DEPTH`."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import bm25s
import numpy as np
from bench.retrieval.datasets import Set

from genaiops.core import Embedder, Principal, digest_bytes
from genaiops.knowledge import (
    EmbeddingCache,
    LocalIndex,
    Query,
    ReadyPassages,
    TokenCache,
    index_passages,
    retrieve_all,
)
from genaiops.knowledge.passages import in_context
from genaiops.models.providers.onnx import OnnxEmbedder

DEPTH = 10
NOBODY = Principal(id="bench")
_RRF = 60
_RRF_DEPTH = 50
_TOKEN_BYTES = 4_000_000_000

Search = Callable[[Query], list[str]]


def bm25_peer(data: Set, depth: int = DEPTH) -> Search:
    """Return bm25s over whole passages with their titles, English stop words, its defaults."""
    retriever = bm25s.BM25()
    texts = [in_context(passage) for passage in data.passages]
    retriever.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)

    def search(query: Query) -> list[str]:
        words = bm25s.tokenize([joined(query)], stopwords="en", show_progress=False)
        found, scores = retriever.retrieve(words, k=min(depth, len(texts)), show_progress=False)
        return [data.passages[int(at)].id for at, score in zip(found[0], scores[0], strict=True) if score > 0]

    return search


def dense_peer(
    data: Set, embedder: Embedder, cache: EmbeddingCache, runner: asyncio.Runner, depth: int = DEPTH
) -> Search:
    """Return exact search over one vector a passage, title above text, as long as the embedder reads."""
    texts = [in_context(passage) for passage in data.passages]
    digests = [digest_bytes(text.encode()) for text in texts]
    known = cache.texts(embedder.spec, digests)
    vectors = np.stack([known[digest] for digest in digests])

    def search(query: Query) -> list[str]:
        vector = runner.run(_embed(embedder, joined(query)))
        order = np.argsort(-np.round(vectors @ vector, 6), kind="stable")[:depth]
        return [data.passages[int(at)].id for at in order]

    return search


def rrf_peer(searches: Sequence[Search]) -> Search:
    """Return reciprocal rank fusion of what two searches find, both counting alike."""

    def search(query: Query) -> list[str]:
        scores: dict[str, float] = {}
        for one in searches:
            for rank, id in enumerate(one(query)[:_RRF_DEPTH], start=1):
                scores[id] = scores.get(id, 0.0) + 1 / (_RRF + rank)
        return sorted(scores, key=lambda id: -scores[id])[:DEPTH]

    return search


def joined(query: Query) -> str:
    """Return what a system that knows no conversation is given."""
    return " ".join((*query.history, query.text))


async def make_index(data: Set, embedder: Embedder, folder: Path, cache: EmbeddingCache) -> LocalIndex:
    """Return our index of the set, as `genaiops index build --passages` makes it."""
    digest = digest_bytes("\n".join(f"{one.id} {one.title} {one.text}" for one in data.passages).encode())
    ready = ReadyPassages(tuple(data.passages), digest, ())
    index = await index_passages(ready, embedder, folder=folder, cache=cache)
    index.tokens = TokenCache(max_bytes=_TOKEN_BYTES, stored=cache)  # times are those of known passages
    return index


def ours(index: LocalIndex, embedder: Embedder, runner: asyncio.Runner, *, rerank: bool) -> Search:
    """Return a search of our index, as `genaiops index search NAME --queries` makes it."""

    def search(query: Query) -> list[str]:
        found = runner.run(retrieve_all(index, embedder, [query], DEPTH, principal=NOBODY, rerank=rerank))
        return [passage.id for passage in found[0]]

    return search


class Remembering:
    """An embedder that computes what it is asked again once only: all systems share its vectors."""

    def __init__(self, inner: OnnxEmbedder) -> None:
        self.spec, self.window, self.count_tokens, self.close = (
            inner.spec,
            inner.window,
            inner.count_tokens,
            inner.close,
        )
        self._inner = inner
        self._known: dict[tuple[str, str], np.ndarray] = {}

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> np.ndarray:
        """Return a unit vector a text."""
        missing = [text for text in dict.fromkeys(texts) if ("text", text) not in self._known]
        for text, row in zip(missing, await self._inner.embed(missing, kind), strict=True):
            self._known["text", text] = row
        return np.stack([self._known["text", text] for text in texts])

    async def token_vectors(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return a unit vector a token of each text."""
        missing = [text for text in dict.fromkeys(texts) if ("tokens", text) not in self._known]
        for text, rows in zip(missing, await self._inner.token_vectors(missing), strict=True):
            self._known["tokens", text] = rows
        return [self._known["tokens", text] for text in texts]


async def _embed(embedder: Embedder, text: str) -> np.ndarray:
    return np.asarray((await embedder.embed([text], "query"))[0], dtype=np.float32)
