"""What `retrieve` and `build_index` need of an index; one for each backend (docs/backends.md)."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Embedder, Json, ModelSpec, Passage, Principal, SnapshotId
from genaiops.knowledge.anchors import Anchors
from genaiops.knowledge.maxsim import TokenCache
from genaiops.knowledge.model import Recipe

Vector = Sequence[float] | NDArray[np.float32]
Where = Mapping[str, Json]


class Index(Protocol):
    """Passages one can search, by the recipe that made them; `core.VectorIndex` is a part of it.

    `search`, `dense` and `lexical` decide who may read what before they look. Several processes may read;
    of two that publish one waits or is refused. `tests/contracts/vector_index.py` says what each must do.
    """

    tokens: TokenCache
    """Token vectors of the passages that reranking met."""
    anchors: Anchors
    """What tells whether an embedder without a version is still the same."""

    @property
    def folder(self) -> Path:
        """Where its recipe stands, and all of it where it is kept on this machine."""
        ...

    @property
    def recipe(self) -> Recipe:
        """All that decides what it answers."""
        ...

    @property
    def embedder(self) -> ModelSpec:
        """The embedder that made the vectors; queries must use the same."""
        ...

    def __len__(self) -> int: ...

    def facts(self) -> dict[str, Json]:
        """Return what is kept: recipe, snapshot, counts, documents withdrawn."""
        ...

    def published(self) -> bool:
        """Whether it has a snapshot; one in a database may have been published by another machine."""
        ...

    def snapshot(self) -> SnapshotId:
        """Return the snapshot that is live now."""
        ...

    def search(
        self,
        snapshot: SnapshotId,
        query: str,
        vector: Vector,
        k: int,
        *,
        principal: Principal,
        where: Where | None = None,
        context: str = "",
    ) -> list[Passage]:
        """Return the `k` best passages by words, vectors and names, of those `principal` may read.

        Words of `context`, what was said before, count too, but less. `vector` may hold it already.
        """
        ...

    def dense(
        self,
        snapshot: SnapshotId,
        vector: Vector,
        k: int,
        *,
        principal: Principal,
        where: Where | None = None,
    ) -> list[Passage]:
        """Return the `k` passages nearest to `vector`, of those `principal` may read, by their cosine."""
        ...

    def lexical(
        self, snapshot: SnapshotId, query: str, k: int, *, principal: Principal, where: Where | None = None
    ) -> list[Passage]:
        """Return the `k` passages whose words fit best (BM25), of those `principal` may read."""
        ...

    def trust(self, query: str) -> float:
        """Return how far the embedder can be trusted with `query` here, from 0 to 1 (`trust.py`)."""
        ...

    async def measure(self, embedder: Embedder) -> None:
        """Find out how far `embedder` can be trusted with the live snapshot, and keep that."""
        ...

    def showing(self, documents: Collection[str]) -> set[str]:
        """Return which of `documents` are in the live snapshot and not withdrawn from it."""
        ...

    def passages_of(self, documents: Collection[str]) -> list[Passage]:
        """Return all passages of `documents` in the live snapshot, withdrawn ones too.

        This is for whoever keeps the index: nobody's access is asked.
        """
        ...

    def upsert(self, passages: Sequence[Passage], vectors: Sequence[Vector]) -> None:
        """Stage passages for the next snapshot; a document staged replaces all its earlier passages.

        A passage has one vector, or a row for each of its parts.
        """
        ...

    def tombstone(self, documents: Sequence[str]) -> None:
        """Withdraw documents at once, in every snapshot there is and from what is staged."""
        ...

    def publish(self) -> SnapshotId:
        """Make the live snapshot of what was live and what is staged, atomically."""
        ...

    def close(self) -> None:
        """Let go of all files and connections."""
        ...
