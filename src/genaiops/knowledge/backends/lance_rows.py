"""The rows of one version of the table: which passage each belongs to, and how near its vector is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genaiops.knowledge.backends.codes import closest, codes_of, width
from genaiops.knowledge.backends.lance_faults import broken
from genaiops.knowledge.backends.lance_queries import condition, row_ids
from genaiops.knowledge.backends.sieve import Sieve

_DIGITS = 6
NARROW = 100_000
"""Rows that a sieve may let through for their codes to be compared one by one."""
FEW = 2_000
"""Rows whose vectors are compared without a look at their codes."""


@dataclass(frozen=True, slots=True)
class Some:
    """The rows that a sieve lets through, in order, and a column of each word of their codes."""

    rows: NDArray[np.int64]
    codes: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, vector: NDArray[np.float32], n: int) -> NDArray[np.int64]:
        """Return the `n` rows whose codes are nearest to a vector's."""
        if len(self.rows) <= max(n, FEW):
            return self.rows
        return self.rows[closest(self.codes, codes_of(vector[None])[0], n)]

    def among(self, keys: Sequence[int]) -> set[int]:
        """Return which of `keys` it lets through."""
        if not len(self.rows):
            return set()
        asked = np.array(keys, np.int64)
        at = np.minimum(np.searchsorted(self.rows, asked), len(self.rows) - 1)
        return set(asked[self.rows[at] == asked].tolist())


class Rows:
    """One version of the table, with the vectors of its rows."""

    def __init__(self, folder: Path, table: Any, end: int, dimension: int) -> None:
        self.table, self.end = table, end
        self._folder = folder
        self.indexed = any(index.columns[0] == "vector" for index in table.list_indices())
        self._vectors = _mapped(folder / "vectors.f32", "<f4", (end, dimension))
        self._codes = _mapped(folder / "codes.u8", "<u8", (end, width(dimension)))
        self._parts = _mapped(folder / "parts.i4", "<i4", (end,))

    def some(self, sieve: Sieve) -> Some | None:
        """Return the rows that a sieve lets through; None where they are too many to compare each."""
        rows = np.sort(row_ids(self.table.search().where(condition(sieve)).limit(NARROW + 1)))
        return Some(rows, self._codes[rows].T.copy()) if len(rows) <= NARROW else None

    def owners(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the keys of the passages that rows belong to, in order."""
        keys = rows
        while (inside := self._parts[keys] == 0).any():
            keys = np.unique(keys - inside)
            if keys[0] < 0:
                raise broken(self._folder, "parts.i4 is not as it was written: its first rows are nobody's")
        return keys

    def rows_of(self, keys: Iterable[int]) -> list[int]:
        """Return all rows of these passages."""
        return [row for key in keys for row in range(key, key + int(self._parts[key]))]

    def cosines(self, keys: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the largest cosine of each passage's parts."""
        parts = self._parts[keys]
        if int(parts.max(initial=1)) == 1:
            return _products(self._vectors[keys], vector)
        scores = _products(self._vectors[self.rows_of(keys.tolist())], vector)
        return np.maximum.reduceat(scores, np.cumsum(parts) - parts)

    def best(self, keys: NDArray[np.int64], vector: NDArray[np.float32], n: int) -> dict[int, float]:
        """Return the `n` passages nearest to `vector`, of equal ones those that come first."""
        scores = np.round(self.cosines(keys, vector).astype(np.float64), _DIGITS)
        order = np.argsort(-scores, kind="stable")[:n]
        return dict(zip(keys[order].tolist(), scores[order].tolist(), strict=True))


def _mapped(path: Path, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    # as a plain array: a memmap's rows are memmaps again, which takes longer than to read them
    return np.memmap(path, kind, "r", shape=shape).view(np.ndarray)


def _products(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    # not by BLAS, whose threads stand in each other's way where several search at once
    return np.einsum("ij,j->i", rows, vector)
