"""Rows as matrices: one line a prompt, or a segment of a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scripts.injection.rows import Row

from genaiops.guard.injection.features import (
    TABLE_BITS,
    Beside,
    Features,
    Floats,
    Vocabulary,
    beside,
    features,
)
from genaiops.guard.injection.reading import BLOCK, read
from genaiops.guard.injection.scoring import windows


@dataclass(frozen=True, slots=True)
class Reader:
    """What features need beside a text."""

    vocabulary: Vocabulary
    stop: int
    barring: tuple[int, ...]
    window_words: int


@dataclass(frozen=True, slots=True)
class Lines:
    """`lines [n]`: sparse and dense features, the row of each, and whether it lies in a known attack."""

    sparse: Any
    dense: Floats
    row: NDArray[np.int64]
    inside: NDArray[np.bool_]


def prompt_lines(rows: Sequence[Row], reader: Reader, parts: bool) -> Lines:
    """Return one line a prompt, or its parts (only of prompts that have more than one)."""
    found: list[Features] = []
    owner: list[int] = []
    for at, row in enumerate(rows):
        reading = read(row.text.encode("utf-8", "replace")[:BLOCK])
        first = windows(reading, reader.window_words) if parts else np.zeros(1, dtype=np.int64)
        if len(reading.words) and not (parts and len(first) < 2):
            found.append(features(reading, first, reader.vocabulary, reader.stop, _context(row, reader)))
            owner += [at] * len(first)
    return _lines(found, owner, [False] * len(owner))


def segment_lines(rows: Sequence[Row], reader: Reader) -> Lines:
    """Return one line a segment."""
    found: list[Features] = []
    owner: list[int] = []
    inside: list[bool] = []
    for at, row in enumerate(rows):
        reading = read(row.text.encode("utf-8", "replace")[:BLOCK])
        if not len(reading.words):
            continue
        first = np.arange(reading.segments)
        found.append(features(reading, first, reader.vocabulary, reader.stop, _context(row, reader)))
        owner += [at] * len(first)
        start, end = (len(row.text[:place].encode("utf-8", "replace")) for place in (row.start, row.end))
        edges = np.append(reading.starts[reading.first[:-1]], len(reading.data))
        shared = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
        inside += list(shared > 0.5 * np.minimum(np.diff(edges), max(1, end - start)))
    return _lines(found, owner, inside)


def _context(row: Row, reader: Reader) -> Beside | None:
    reading = read(row.context.encode("utf-8", "replace")[:BLOCK])
    if not len(reading.words):
        return None
    return beside(reading, reader.vocabulary, frozenset(reader.barring), reader.stop)


def _lines(found: Sequence[Features], owner: Sequence[int], inside: Sequence[bool]) -> Lines:
    offsets = np.cumsum([0, *(len(one.dense) for one in found)])
    owners = np.concatenate([one.owners + at for one, at in zip(found, offsets, strict=False)])
    slots = np.concatenate([one.slots for one in found])
    weights = np.concatenate([one.weights for one in found])
    matrix: Any = sparse.csr_matrix(
        (weights, (owners, slots)), shape=(int(offsets[-1]), 1 << TABLE_BITS), dtype=np.float32
    )
    matrix.sum_duplicates()
    dense = np.concatenate([one.dense for one in found])
    return Lines(matrix, dense, np.array(owner), np.array(inside, dtype=bool))
