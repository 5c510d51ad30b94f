"""What waits for the next snapshot, and what every backend asks of it."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Passage, UserError
from genaiops.knowledge.filters import check_readers


class Staged:
    """Passages with their vectors, a row for each part, in the order in which they came."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self.vectors: list[NDArray[np.float32]] = []

    def add(
        self, passages: Sequence[Passage], vectors: Sequence[Sequence[float] | NDArray[np.float32]]
    ) -> None:
        """Stage more; raises `UserError` where it is not clear who may read a passage."""
        if len(passages) != len(vectors):
            raise ValueError(f"{len(passages)} passages, {len(vectors)} vectors")
        check_readers(passages)
        self.passages += passages
        self.vectors += [np.atleast_2d(np.asarray(vector, dtype=np.float32)) for vector in vectors]

    def documents(self) -> set[str]:
        """Return the documents staged: each replaces all its earlier passages."""
        return {passage.document for passage in self.passages}

    def remove(self, documents: Collection[str]) -> None:
        """Take documents out."""
        kept = [at for at, passage in enumerate(self.passages) if passage.document not in documents]
        self.passages = [self.passages[at] for at in kept]
        self.vectors = [self.vectors[at] for at in kept]

    def clear(self) -> None:
        """Forget everything: it is published."""
        self.passages, self.vectors = [], []


def check_unique(passages: Sequence[Passage]) -> None:
    """Raise `UserError` where two passages have one id."""
    first: dict[str, Passage] = {}
    for passage in passages:
        other = first.setdefault(passage.id, passage)
        if other is not passage:
            raise same_id(passage.id, other.document, passage.document)


def same_id(id: str, one: str, other: str) -> UserError:
    """Return the refusal of two passages with one id."""
    return UserError(
        "GAO-KNOWLEDGE-024",
        f"two passages have the id {id!r}",
        why=f"one is of {one}, one of {other}",
        fix="give each passage its own id",
    )


def check_k(k: int) -> None:
    """Raise `UserError` where a search cannot return so many passages."""
    if not 1 <= k <= 1000:
        raise UserError(
            "GAO-KNOWLEDGE-021",
            f"k is {k!r}",
            why="a search returns between 1 and 1000 passages",
            fix="ask for between 1 and 1000",
        )
