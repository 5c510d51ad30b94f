"""Rows as matrices: one line a prompt, or a segment of a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scripts.injection.rows import Row

from genaiops.guard.injection.features import TOGETHER, WHOLE, Beside, Features, beside, features, mark
from genaiops.guard.injection.reading import BLOCK, Places, Reading, read, segments
from genaiops.guard.injection.scoring import windows
from genaiops.guard.injection.vocabulary import TABLE_BITS, Floats, Slots, Vocabulary


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
    """Return one line a prompt, or its parts (only of prompts that have more than one).

    A whole prompt counts as inside its attack, a part where it shares half with a known one.
    """
    found: list[Features] = []
    owner: list[int] = []
    inside: list[bool] = []
    for at, row in enumerate(rows):
        reading = read(row.text.encode("utf-8", "replace")[:BLOCK])
        begins = windows(reading, reader.window_words) if parts else WHOLE
        if len(reading.words) and not (parts and len(begins) < 2):
            marked = mark(reading, reader.vocabulary)
            found.append(features(marked, begins, reader.stop, _context(row, reader)))
            owner += [at] * len(begins)
            inside += _inside(row, reading, begins) if parts else [True]
    return _lines(found, owner, inside, reader)


def segment_lines(rows: Sequence[Row], reader: Reader) -> Lines:
    """Return one line a segment."""
    found: list[Features] = []
    owner: list[int] = []
    inside: list[bool] = []
    for at, row in enumerate(rows):
        reading = read(row.text.encode("utf-8", "replace")[:BLOCK])
        if not len(reading.words):
            continue
        begins = segments(reading)[:-1]
        marked = mark(reading, reader.vocabulary)
        found.append(features(marked, begins, reader.stop, _context(row, reader)))
        owner += [at] * len(begins)
        inside += _inside(row, reading, begins)
    return _lines(found, owner, inside, reader)


def _inside(row: Row, reading: Reading, begins: Places) -> list[bool]:
    """Return which stretches share half of themselves, or of the attack, with where that is known to lie."""
    start, end = (len(row.text[:place].encode("utf-8", "replace")) for place in (row.start, row.end))
    edges = np.append(reading.starts[begins], len(reading.data))
    shared = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
    return list(shared > 0.5 * np.minimum(np.diff(edges), max(1, end - start)))


def _context(row: Row, reader: Reader) -> Beside | None:
    reading = read(row.context.encode("utf-8", "replace")[:BLOCK])
    if not len(reading.words):
        return None
    return beside(reading, reader.vocabulary, frozenset(reader.barring), reader.stop)


def _entries(found: Features, vocabulary: Vocabulary) -> tuple[Slots, Places, Floats]:
    """Return the slots of sparse features, the stretch of each, and what it weighs."""
    both = found.held[:, :, None] * found.held[:, None, :]
    whose, first, second = np.triu(both, 1).nonzero()
    slots, owners = [vocabulary.together[first, second]], [whose]
    weights = [np.full(len(whose), 1 / TOGETHER, dtype=np.float32)]
    for family in found.families:
        each = np.zeros(len(family.slots), dtype=np.int64) if family.owners is None else family.owners
        slots.append(family.slots)
        owners.append(each)
        weights.append(family.scale[each])
    return np.concatenate(slots), np.concatenate(owners), np.concatenate(weights)


def _lines(found: Sequence[Features], owner: Sequence[int], inside: Sequence[bool], reader: Reader) -> Lines:
    offsets = np.cumsum([0, *(len(one.heads) for one in found)])
    entries = [_entries(one, reader.vocabulary) for one in found]
    owners = np.concatenate([whose + at for (_, whose, _), at in zip(entries, offsets, strict=False)])
    slots = np.concatenate([one for one, _, _ in entries])
    weights = np.concatenate([one for _, _, one in entries])
    matrix: Any = sparse.csr_matrix(
        (weights, (owners, slots)), shape=(int(offsets[-1]), 1 << TABLE_BITS), dtype=np.float32
    )
    matrix.sum_duplicates()
    dense = np.concatenate([one.dense() for one in found])
    return Lines(matrix, dense, np.array(owner), np.array(inside, dtype=bool))
