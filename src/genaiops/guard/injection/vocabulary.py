"""The words that the classifier knows, and the slots of its table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genaiops.guard.injection.reading import HALF, MIX, Hashes

Floats = NDArray[np.floating[Any]]
Slots = NDArray[np.int64]
Rows = NDArray[np.int32]

TABLE_BITS = 17
"""The sparse table has `2 ** TABLE_BITS` slots; no two words of the vocabulary share one."""

_SHIFT = np.uint64(64 - TABLE_BITS)
_GROUP_SALT = np.uint64(0x85EBCA77C2B2AE63)
_SET_SALT = np.uint64(0xD6E8FEB86659FD93)


def slots_of(hashes: Hashes) -> Slots:
    """Return the slot of each hash: its first bits."""
    return (hashes >> _SHIFT).view(np.int64)


def mixed_slots(hashes: Hashes) -> Slots:
    """Return the slots of hashes, mixed but for the last step, which does not reach the bits of a slot."""
    return slots_of((hashes ^ (hashes >> HALF)) * MIX)


class Vocabulary:
    """Words by hash, each with a group (0: none) and a vector: `vectors [words, dimensions]` times `scale`.

    What depends on groups alone is worked out once: the slots of pairs of groups `near` each other
    `[groups + 1, groups + 1]` and `together` in one stretch `[groups, groups]`, of which those above the
    diagonal count.
    """

    def __init__(
        self,
        keys: Hashes,
        groups: NDArray[np.uint8],
        vectors: NDArray[np.int8],
        scale: float,
        group_count: int,
    ) -> None:
        self.groups = np.append(groups, 0).astype(np.int64)
        self.vectors = np.vstack([vectors, np.zeros((1, vectors.shape[1]), dtype=np.int8)])
        self.scale = np.float32(scale)
        self.group_count = group_count
        self._keys = np.append(keys, np.uint64(0))
        self._rows = np.full(1 << TABLE_BITS, len(keys), dtype=np.int32)
        self._rows[slots_of(keys)] = np.arange(len(keys))
        kinds = np.arange(group_count + 1, dtype=np.uint64)
        pairs: Hashes = (kinds[:, None] << np.uint64(8)) | kinds
        self.near = mixed_slots(pairs * _GROUP_SALT)
        self.together = mixed_slots(pairs[:-1, :-1] * _SET_SALT)

    @property
    def missing(self) -> int:
        """The row of a word that is not in it."""
        return len(self.groups) - 1

    def units(self, rows: Rows) -> Floats:
        """Return the vectors of words, each of length one; that of a word without one is nothing."""
        found = self.vectors.take(rows, axis=0) * self.scale
        return found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-6)

    def rows(self, words: Hashes, slots: Slots) -> Rows:
        """Return the row of each word; `slots` are theirs."""
        rows = self._rows.take(slots)
        rows[self._keys.take(rows) != words] = self.missing
        return rows
