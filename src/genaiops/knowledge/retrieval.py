"""A question in, the best passages out: rewrite, embed, search, rerank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Embedder, Json, Passage, Principal, TokenEmbedder, UserError
from genaiops.knowledge.build import text_reader
from genaiops.knowledge.fusion import default_weights
from genaiops.knowledge.index import other_embedding
from genaiops.knowledge.maxsim import maxsims
from genaiops.knowledge.seams import Index
from genaiops.knowledge.vectors import differing, embed_texts, embed_tokens

Mode = Literal["hybrid", "dense", "lexical"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and what the asker said before, oldest first."""

    text: str
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _clean(self.text))
        object.__setattr__(self, "history", tuple(turn for turn in map(_clean, self.history) if turn))

    @property
    def in_context(self) -> str:
        """The question, then what was said before, newest first: a long talk loses its beginning."""
        return " ".join((self.text, *reversed(self.history)))


async def retrieve(
    index: Index,
    embedder: Embedder,
    query: str,
    k: int,
    *,
    principal: Principal,
    history: Sequence[str] = (),
    mode: Mode = "hybrid",
    rerank: bool = True,
    candidates: int = 20,
    where: Mapping[str, Json] | None = None,
) -> list[Passage]:
    """Return the `k` best passages for `query` that `principal` may read, best first.

    `history` is what the asker said before. With `rerank`, the best `candidates` are ordered again with
    their similarity token by token, where the embedder can tell token vectors; else the order of the search
    stands. `score` is that of the last step.
    """
    asked = Query(query, tuple(history))
    if not asked.text:
        raise UserError("GAO-KNOWLEDGE-027", "the question is empty", fix="ask something")
    found = await retrieve_all(
        index,
        embedder,
        [asked],
        k,
        principal=principal,
        mode=mode,
        rerank=rerank,
        candidates=candidates,
        where=where,
    )
    return found[0]


async def retrieve_all(
    index: Index,
    embedder: Embedder,
    queries: Sequence[Query],
    k: int,
    *,
    principal: Principal,
    mode: Mode = "hybrid",
    rerank: bool = True,
    candidates: int = 20,
    where: Mapping[str, Json] | None = None,
) -> list[list[Passage]]:
    """Return for each query what `retrieve` does, in their order; an empty query finds nothing."""
    if embedder.spec != index.embedder:
        raise other_embedding(*differing(embedder.spec, index.embedder), index.folder)
    asked = [query for query in queries if query.text]
    tokens = embedder if rerank and can_rerank(embedder) else None
    wanted = max(k, candidates) if tokens else k
    if asked and (tokens or mode != "lexical"):
        await index.anchors.check(embedder)
    vectors = None if mode == "lexical" else await _vectors(embedder, asked)
    snapshot = index.snapshot()
    found: list[list[Passage]] = []
    for at, query in enumerate(asked):
        if vectors is None:
            found.append(index.lexical(snapshot, query.text, wanted, principal=principal, where=where))
        elif mode == "dense":
            found.append(index.dense(snapshot, vectors[at], wanted, principal=principal, where=where))
        else:
            context = " ".join(query.history)
            found.append(
                index.search(
                    snapshot,
                    query.text,
                    vectors[at],
                    wanted,
                    principal=principal,
                    where=where,
                    context=context,
                )
            )
    if tokens is not None:
        found = await _reranked(tokens, index, asked, found, add=mode == "hybrid")
    answers = iter(found)
    return [next(answers)[:k] if query.text else [] for query in queries]


def can_rerank(embedder: Embedder) -> TypeGuard[TokenEmbedder]:
    """Whether `embedder` can tell token vectors."""
    return hasattr(embedder, "token_vectors")


async def _vectors(embedder: Embedder, queries: Sequence[Query]) -> NDArray[np.float32]:
    """Return a unit vector a query: of its text, and of its text within what was said before."""
    said = [query for query in queries if query.history]
    texts = [query.text for query in queries] + [query.in_context for query in said]
    rows = await embed_texts(embedder, texts, "query")
    vectors = rows[: len(queries)].copy()
    weight = default_weights().history_vector
    for at, row in zip(
        (at for at, one in enumerate(queries) if one.history), rows[len(queries) :], strict=True
    ):
        both = vectors[at] + np.float32(weight) * row
        vectors[at] = both / np.maximum(np.linalg.norm(both), np.float32(1e-12))
    return vectors


async def _reranked(
    embedder: TokenEmbedder,
    index: Index,
    queries: Sequence[Query],
    found: Sequence[Sequence[Passage]],
    *,
    add: bool,
) -> list[list[Passage]]:
    """Return each query's passages ordered by MaxSim: alone, or with `add` beside the score of the search.

    A passage of several parts has the MaxSim of its best part, as it has the cosine of its best.
    """
    read = text_reader(embedder, index.tokens.lengths)
    parts = {passage.id: read(passage) for some in found for passage in some}
    # the first of several parts is the whole, of which the embedder reads the beginning only
    parts = {id: texts[1:] or texts for id, texts in parts.items()}
    texts = list(dict.fromkeys(text for some in parts.values() for text in some))
    packed = dict(zip(texts, await index.tokens.vectors(embedder, texts), strict=True))
    asked = await embed_tokens(embedder, [query.text for query in queries])
    weights = default_weights()
    ranked: list[list[Passage]] = []
    for query, question, some in zip(queries, asked, found, strict=True):
        share = weights.tokens * index.trust(query.text) ** weights.tokens_trust_power
        wanted = [text for passage in some for text in parts[passage.id]]
        fits = dict(zip(wanted, maxsims(question, [packed[text] for text in wanted]), strict=True))
        scored: list[Passage] = []
        for passage in some:
            best = max(fits[text] for text in parts[passage.id])
            score = (passage.score or 0.0) + share * best if add else best
            scored.append(replace(passage, score=round(score, 6)))
        ranked.append(sorted(scored, key=lambda passage: (-(passage.score or 0.0), passage.id)))
    return ranked


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().strip()
