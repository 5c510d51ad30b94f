"""A question in, the best passages out: embed, search, rerank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

from genaiops.core import Embedder, Json, Passage, Principal, TokenEmbedder, UserError
from genaiops.knowledge.index import LocalIndex, other_embedding
from genaiops.knowledge.maxsim import TokenCache, rank
from genaiops.knowledge.passages import in_context

Mode = Literal["hybrid", "dense", "lexical"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and what was said before it, oldest first."""

    text: str
    history: tuple[str, ...] = ()


async def retrieve(
    index: LocalIndex,
    embedder: Embedder,
    query: str,
    k: int,
    *,
    principal: Principal,
    mode: Mode = "hybrid",
    rerank: bool = True,
    candidates: int = 20,
    where: Mapping[str, Json] | None = None,
) -> list[Passage]:
    """Return the `k` best passages for `query` that `principal` may read, best first.

    With `rerank`, the best `candidates` are ordered again token by token, where the embedder can tell
    token vectors; else the order of the search stands. `score` is that of the last step.
    """
    if embedder.spec != index.embedder:
        raise other_embedding(embedder.spec.reference, index.embedder.reference, index.folder)
    query = query.encode("utf-8", "replace").decode().strip()
    if not query:
        raise UserError("GAO-KNOWLEDGE-027", "the question is empty", fix="ask something")
    tokens = embedder if rerank and can_rerank(embedder) else None
    wanted = max(k, candidates) if tokens else k
    found = await _search(index, embedder, query, wanted, principal, mode, where)
    if tokens is None:
        return found[:k]
    return (await _reranked(tokens, query, found, index.tokens))[:k]


async def retrieve_all(
    index: LocalIndex,
    embedder: Embedder,
    queries: Sequence[Query],
    k: int,
    *,
    principal: Principal,
    mode: Mode = "hybrid",
    rerank: bool = True,
) -> list[list[Passage]]:
    """Return for each query what `retrieve` does, in their order; an empty query finds nothing."""
    return [
        await retrieve(index, embedder, query.text, k, principal=principal, mode=mode, rerank=rerank)
        if query.text.strip()
        else []
        for query in queries
    ]


def can_rerank(embedder: Embedder) -> TypeGuard[TokenEmbedder]:
    """Whether `embedder` can tell token vectors."""
    return hasattr(embedder, "token_vectors")


async def _search(
    index: LocalIndex,
    embedder: Embedder,
    query: str,
    k: int,
    principal: Principal,
    mode: Mode,
    where: Mapping[str, Json] | None,
) -> list[Passage]:
    snapshot = index.snapshot()
    if mode == "lexical":
        return index.lexical(snapshot, query, k, principal=principal, where=where)
    vector = (await embedder.embed([query], "query"))[0]
    if mode == "dense":
        return index.dense(snapshot, vector, k, principal=principal, where=where)
    return index.search(snapshot, query, vector, k, principal=principal, where=where)


async def _reranked(
    embedder: TokenEmbedder, query: str, found: Sequence[Passage], cache: TokenCache
) -> list[Passage]:
    scores = await rank(embedder, query, [in_context(passage) for passage in found], cache=cache)
    scored = [replace(passage, score=score) for passage, score in zip(found, scores, strict=True)]
    return sorted(scored, key=lambda passage: (-(passage.score or 0.0), passage.id))
