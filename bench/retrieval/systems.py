"""The systems compared. Each returns, for a question, document ids, best first, at most `DEPTH`."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import bm25s
from bench.retrieval.datasets import Set

from genaiops.core import Embedder, Principal
from genaiops.knowledge import ChunkOptions, EmbeddingCache, LocalIndex, Recipe, build_index, retrieve

DEPTH = 10
CHUNKS = 20
"""Passages asked of the index: as many as an app's search reranks by default."""

Search = Callable[[str], list[str]]
NOBODY = Principal(id="bench")


def peer_bm25(data: Set) -> Search:
    """Return bm25s over whole documents with their titles, English stop words, its defaults."""
    documents = data.corpus.documents
    retriever = bm25s.BM25()
    texts = [f"{document.title}\n{document.text}" for document in documents]
    retriever.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)

    def search(question: str) -> list[str]:
        words = bm25s.tokenize([question], stopwords="en", show_progress=False)
        found, _ = retriever.retrieve(words, k=DEPTH, show_progress=False)
        return [documents[int(at)].id for at in found[0]]

    return search


async def make_index(data: Set, embedder: Embedder, folder: Path, cache: EmbeddingCache) -> LocalIndex:
    """Return our index of the set, by the recipe that a new project gets."""
    recipe = Recipe(corpus=data.corpus.digest, embedder=embedder.spec, chunk=ChunkOptions())
    return await build_index(data.corpus, recipe, embedder, folder=folder, cache=cache)


def ours(index: LocalIndex, embedder: Embedder, runner: asyncio.Runner, **options: object) -> Search:
    """Return a search of our index."""

    def search(question: str) -> list[str]:
        found = runner.run(
            retrieve(index, embedder, question, CHUNKS, principal=NOBODY, **options)  # type: ignore[arg-type]
        )
        return list(dict.fromkeys(passage.document for passage in found))[:DEPTH]

    return search
