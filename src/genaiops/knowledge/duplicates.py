"""Documents that say almost the same: MinHash finds who may be alike, the shingles themselves decide.

Broder, "On the resemblance and containment of documents" (1997): the resemblance of two texts is the share
of runs of five words that both have, of those that either has (Jaccard).
"""

import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS = 5
ALIKE = 0.8
"""From this resemblance on two documents are near duplicates."""

_BANDS, _ROWS = 16, 4
"""A pair at 0.8 shares at least one band with probability 1 - (1 - 0.8^4)^16 = 0.9998."""

_BUCKET = 8
"""Documents of a band that a new one is compared with, so that a thousand copies cost no million pairs."""

_AT_ONCE = 4096
_WORD = re.compile(r"\w+")
_SEED = 20261125

Hashes = NDArray[np.uint64]


class Pair(NamedTuple):
    """Two texts by their number, the later one first, and their resemblance."""

    later: int
    earlier: int
    resemblance: float


def near_duplicates(texts: Sequence[str]) -> list[Pair]:
    """Return for each text that resembles an earlier one the first such, by at least 0.8."""
    generator = np.random.default_rng(_SEED)
    factors = generator.integers(0, 1 << 63, _BANDS * _ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = generator.integers(0, 1 << 63, _BANDS * _ROWS, dtype=np.uint64)
    known: dict[str, int] = {}
    shingles = [_shingles(text, known) for text in texts]
    buckets: dict[tuple[int, bytes], list[int]] = {}
    found: list[Pair] = []
    for at, own in enumerate(shingles):
        if not len(own):
            continue
        signature = _signature(own, factors, offsets)
        keys = [(band, signature[band * _ROWS : (band + 1) * _ROWS].tobytes()) for band in range(_BANDS)]
        candidates = sorted({other for key in keys for other in buckets.get(key, ())})
        alike = ((other, _resemblance(own, shingles[other])) for other in candidates)
        first = next(((other, value) for other, value in alike if value >= ALIKE), None)
        if first is not None:
            found.append(Pair(at, first[0], round(first[1], 3)))
        for key in keys:
            bucket = buckets.setdefault(key, [])
            if len(bucket) < _BUCKET:
                bucket.append(at)
    return found


def _shingles(text: str, known: dict[str, int]) -> Hashes:
    """Return the hashes of all runs of five words, each once, sorted; a shorter text is one run."""
    words = _WORD.findall(text.lower())
    if not words:
        return np.zeros(0, dtype=np.uint64)
    for word in words:
        if word not in known:
            known[word] = zlib.crc32(word.encode("utf-8", "replace"))
    hashes = np.array([known[word] for word in words], dtype=np.uint64)
    runs = max(1, len(words) - SHINGLE_WORDS + 1)
    total = np.zeros(runs, dtype=np.uint64)
    for at in range(min(SHINGLE_WORDS, len(words))):
        total = _mixed(total * np.uint64(31) + hashes[at : at + runs])
    return np.unique(total)


def _mixed(values: Hashes) -> Hashes:
    """Return the values with their bits spread (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _signature(shingles: Hashes, factors: Hashes, offsets: Hashes) -> Hashes:
    smallest = np.full(len(factors), np.iinfo(np.uint64).max, dtype=np.uint64)
    for at in range(0, len(shingles), _AT_ONCE):
        hashed = shingles[at : at + _AT_ONCE, None] * factors + offsets
        smallest = np.minimum(smallest, hashed.min(axis=0))
    return smallest


def _resemblance(one: Hashes, other: Hashes) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
