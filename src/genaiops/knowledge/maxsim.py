"""Token-level similarity: each token of the question finds its nearest token in the text.

    score(question, text) = mean over question tokens of the largest cosine with a token of the text

Khattab and Zaharia (2020), ColBERT's late interaction, here over the vectors of the embedder itself.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Digest, ModelSpec, TokenEmbedder, digest_bytes
from genaiops.knowledge.passages import Lengths
from genaiops.knowledge.vectors import embed_tokens

if TYPE_CHECKING:  # a cache in a store needs SQLAlchemy, which is slow to import
    from genaiops.knowledge.cache import EmbeddingCache

_AT_ONCE = 16
_DIGITS = 6
_INT8 = 127.0
_ROWS_AT_ONCE = 32
_ALONE = 250_000
"""Multiplications of a product that OpenBLAS, numpy's BLAS, does on one thread (up to 262,144)."""


class TokenCache:
    """Token vectors of texts: in memory up to `max_bytes`, least recently used first out, then in a store."""

    def __init__(self, max_bytes: int = 128_000_000, stored: "EmbeddingCache | None" = None) -> None:
        self.lengths = Lengths()
        """How many tokens texts have, for the one embedder that an index has."""
        self._max_bytes = max_bytes
        self._stored = stored
        self._bytes = 0
        self._known: OrderedDict[tuple[str, Digest], NDArray[np.int8]] = OrderedDict()

    async def vectors(self, embedder: TokenEmbedder, texts: Sequence[str]) -> list[NDArray[np.int8]]:
        """Return the packed token vectors of each text, computing only those that are not known."""
        digests = [digest_bytes(text.encode("utf-8", "replace")) for text in texts]
        wanted = dict(zip(digests, texts, strict=True))
        found = self._remembered(embedder.spec, wanted)
        missing = [digest for digest in wanted if digest not in found]
        if missing and self._stored:
            stored = self._stored.tokens(embedder.spec, missing)
            found.update(stored)
            missing = [digest for digest in missing if digest not in stored]
        # by length, so that a batch is not padded to one long text
        missing.sort(key=lambda digest: (len(wanted[digest]), digest))
        for at in range(0, len(missing), _AT_ONCE):
            some = missing[at : at + _AT_ONCE]
            rows = await embed_tokens(embedder, [wanted[digest] for digest in some])
            fresh = {digest: pack(row) for digest, row in zip(some, rows, strict=True)}
            if self._stored:
                self._stored.put_tokens(embedder.spec, fresh)
            found.update(fresh)
        self._remember(embedder.spec, found)
        return [found[digest] for digest in digests]

    def _remembered(self, spec: ModelSpec, wanted: dict[Digest, str]) -> dict[Digest, NDArray[np.int8]]:
        found: dict[Digest, NDArray[np.int8]] = {}
        name = repr(spec)
        for digest in wanted:
            key = (name, digest)
            if key in self._known:
                self._known.move_to_end(key)
                found[digest] = self._known[key]
        return found

    def _remember(self, spec: ModelSpec, found: dict[Digest, NDArray[np.int8]]) -> None:
        name = repr(spec)
        for digest, vectors in found.items():
            key = (name, digest)
            if key not in self._known:
                self._known[key] = vectors
                self._bytes += vectors.nbytes
        while self._bytes > self._max_bytes:
            _, dropped = self._known.popitem(last=False)
            self._bytes -= dropped.nbytes


async def rank(
    embedder: TokenEmbedder, query: str, texts: Sequence[str], *, cache: TokenCache | None = None
) -> list[float]:
    """Return how well each text fits `query`, token by token; 0.0 where either has no token."""
    if not texts:
        return []
    question = (await embed_tokens(embedder, [query]))[0]
    return maxsims(question, await (cache or TokenCache()).vectors(embedder, texts))


def maxsims(question: NDArray[np.float32], texts: Sequence[NDArray[np.int8]]) -> list[float]:
    """Return for each text the mean over the question's tokens of the largest cosine with a token of it.

    `question` has a unit vector a token; `texts` are packed.
    """
    scores = [0.0] * len(texts)
    filled = [at for at, text in enumerate(texts) if len(text)]
    if not len(question) or not filled:
        return scores
    starts = np.cumsum([0, *(len(texts[at]) for at in filled[:-1])])
    cosines = _cosines(question, np.concatenate([texts[at] for at in filled]))
    means = np.maximum.reduceat(cosines, starts, axis=0).astype(np.float64).mean(axis=1)
    for at, mean in zip(filled, means, strict=True):
        scores[at] = round(float(mean), _DIGITS)
    return scores


def _cosines(question: NDArray[np.float32], packed: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return the cosine of each packed vector with each of the question's.

    In products so small that BLAS starts no thread for them: on a busy machine it would wait for the threads
    ten times as long as the work takes, and on an idle one they are no faster.
    """
    size = max(1, min(_ROWS_AT_ONCE, _ALONE // question.size))
    blocks = -(-len(packed) // size)
    wide = np.zeros((blocks * size, packed.shape[1]), dtype=np.float32)
    wide[: len(packed)] = packed
    products = np.matmul(wide.reshape(blocks, size, -1), question.T).reshape(len(wide), -1)[: len(packed)]
    lengths = np.sqrt(np.einsum("td,td->t", wide, wide)[: len(packed), None])
    return products / np.maximum(lengths, np.float32(1e-12))


def pack(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return token vectors as int8, each scaled to its own largest number."""
    if vectors.size == 0:
        return np.zeros(vectors.shape, dtype=np.int8)
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)
    return np.rint(vectors / largest * np.float32(_INT8)).astype(np.int8)
