"""Text to numbers, all of it at once: words and byte runs as 64-bit hashes, cut into segments.

A segment is a sentence, a line or a long stretch's part: the smallest piece that can carry an instruction.
Everything is linear in the bytes and done in numpy: a hash of a span is a difference of prefix sums of
`byte * BASE ** place` modulo 2 ** 64, shifted back by the inverse power (Karp and Rabin, 1987).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BLOCK = 16_384
"""Bytes read at once; a longer text is read in blocks of this size."""

LONGEST = 40
"""A segment of more words is cut."""

RUN = 5
"""Bytes in a run."""

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_NONE = np.zeros(0, dtype=np.int64)
MIX = np.uint64(0xFF51AFD7ED558CCD)
HALF = np.uint64(32)


def _lowered() -> NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    table[65:91] += 32
    return table


def _wordly() -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[[*range(48, 58), *range(97, 123), *range(128, 256), ord("_")]] = True
    return table


_LOWERED = _lowered()
_STOPS = np.isin(np.arange(256), (33, 46, 59, 63))
_WORDLY = _wordly()


@dataclass(frozen=True, slots=True)
class Reading:
    """One block, read: `words [n]` and `runs` of bytes as hashes.

    `starts` and `ends` are byte offsets of words, `stops` those of wide full stops, `data` the lower-cased
    bytes, `raw` the bytes as given.
    """

    words: Hashes
    starts: Places
    ends: Places
    stops: Places
    runs: Hashes
    data: NDArray[np.uint8]
    raw: NDArray[np.uint8]


@lru_cache(maxsize=1)
def _powers() -> tuple[Hashes, Hashes]:
    """Return the powers of the base and of its inverse up to a block's length."""
    base = np.full(BLOCK + 8, _BASE, dtype=np.uint64)
    inverse = np.full(BLOCK + 8, _INVERSE, dtype=np.uint64)
    base[0] = inverse[0] = 1
    return np.cumprod(base, dtype=np.uint64), np.cumprod(inverse, dtype=np.uint64)


def mixed(hashes: Hashes) -> Hashes:
    """Return hashes whose high bits depend on all bits (the finisher of MurmurHash3)."""
    hashes = (hashes ^ (hashes >> HALF)) * MIX
    return hashes ^ (hashes >> HALF)


def read(raw: bytes) -> Reading:
    """Return the words and runs of at most `BLOCK` bytes of UTF-8."""
    given = np.frombuffer(raw, dtype=np.uint8)
    data = _LOWERED.take(given)
    size = len(data)
    powers, inverses = _powers()
    sums: Hashes = np.empty(size + 1, dtype=np.uint64)
    sums[0] = 0
    (data * powers[:size]).cumsum(out=sums[1:])
    within = np.zeros(size + 2, dtype=bool)
    _WORDLY.take(data, out=within[1:-1])
    stops = _NONE if raw.isascii() else _wide_stops(data)
    for byte in (1, 2, 3) if len(stops) else ():
        within[stops + byte] = False
    edges: Places = (within[1:] != within[:-1]).nonzero()[0]
    starts, ends = edges[::2], edges[1::2]
    words = mixed((sums.take(ends) - sums.take(starts)) * inverses.take(starts))
    runs = mixed((sums[RUN:] - sums[:-RUN]) * inverses[: max(0, size + 1 - RUN)])
    return Reading(words, starts, ends, stops, runs, data, given)


def _wide_stops(data: NDArray[np.uint8]) -> Places:
    """Return where the full stop of Chinese and Japanese begins: E3 80 82."""
    at = np.flatnonzero(data[:-2] == 0xE3)
    return at[(data[at + 1] == 0x80) & (data[at + 2] == 0x82)]


def segments(reading: Reading) -> Places:
    """Return the index of each segment's first word, and behind them the number of words."""
    data, starts = reading.data, reading.starts
    if not len(starts):
        return np.zeros(1, dtype=np.int64)
    ends = data == 10
    ends[1:] |= (data[1:] <= 32) & _STOPS.take(data[:-1])
    ends[reading.stops + 2] = True
    number = ends.cumsum().take(starts)
    new: Places = np.flatnonzero(np.diff(number, prepend=-1))
    lengths: Places = np.diff(new, append=len(starts))
    if lengths.max() > LONGEST:
        each: Places = -(-lengths // LONGEST)
        within: Places = np.arange(int(each.sum())) - np.repeat(np.cumsum(each) - each, each)
        new = np.repeat(new, each) + within * LONGEST
    return np.append(new, len(starts))
