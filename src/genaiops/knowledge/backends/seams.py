"""What a backend brings: it finds passages by vector, among those that a sieve lets through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from genaiops.core import SnapshotId
from genaiops.knowledge.backends.sieve import Sieve

if TYPE_CHECKING:  # SQLAlchemy takes 180 ms to import
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot seen through a connection; `mark` is what the backend needs to see the same one.

    `length` is the number of tokens of all its passages together. Where it is what one may read that is seen,
    `readers` are the digests of the readers whose passages are, and alone counted; None: all.
    """

    connection: "Connection"
    number: int
    name: SnapshotId
    mark: str
    passages: int
    documents: int
    length: int
    dimension: int
    readers: frozenset[str] | None = None

    @property
    def mean_length(self) -> float:
        """Tokens of a passage."""
        return self.length / max(self.passages, 1)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A passage on its way in: what sieves compare, and its vectors (one row a part)."""

    access: list[str]
    tags: list[str]
    document: str
    vectors: NDArray[np.float32]


class Finder(Protocol):
    """One backend. Keys name passages within the index; they are never used again for another one."""

    def add(
        self,
        connection: "Connection",
        live: View | None,
        incoming: Sequence[Incoming],
        retired: Sequence[int],
        number: int,
    ) -> tuple[list[int], str]:
        """Keep snapshot `number`: `live` less the keys `retired`, with `incoming`; return their keys, a mark.

        Nobody sees any of it before the caller's transaction is committed.
        """
        ...

    def nearest(self, view: View, vector: NDArray[np.float32], n: int, sieve: Sieve) -> Mapping[int, float]:
        """Return about the `n` passages nearest to `vector`, with the largest cosine of their parts."""
        ...

    def cosines(self, view: View, keys: Sequence[int], vector: NDArray[np.float32]) -> Mapping[int, float]:
        """Return the largest cosine of each passage's parts."""
        ...

    def allowed(self, view: View, keys: Sequence[int], sieve: Sieve) -> set[int]:
        """Return which of `keys` the sieve lets through."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
