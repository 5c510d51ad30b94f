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


def _wordly() -> bytes:
    """Return for each lower-case byte whether it is of a word."""
    table = bytearray(256)
    for byte in (*range(48, 58), *range(97, 123), *range(128, 256), ord("_")):
        table[byte] = 1
    return bytes(table)


def _breaking() -> bytes:
    """Return of each byte whether it is a break, a stop or a blank."""
    table = bytearray(_BLANK if byte <= ord(" ") else 0 for byte in range(256))
    for byte in b"!.;?":
        table[byte] = _STOP
    table[ord("\n")] = _BREAK | _BLANK
    return bytes(table)


_BREAK, _STOP, _BLANK = 4, 2, 1
_BREAKING = _breaking()
_WORDLY = _wordly()


@dataclass(frozen=True, slots=True)
class Reading:
    """One block, read: `words [n]` and `runs` of bytes as hashes.

    `starts` and `ends` are byte offsets of words, `stops` those of wide full stops, `data` the bytes in lower
    case as far as they are ASCII, `raw` the bytes as given.
    """

    words: Hashes
    starts: Places
    ends: Places
    stops: Places
    runs: Hashes
    data: NDArray[np.uint8]
    raw: bytes


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
    low = raw.lower()  # of bytes only the letters of ASCII have another case
    data = np.frombuffer(low, dtype=np.uint8)
    size = len(low)
    powers, inverses = _powers()
    sums: Hashes = np.empty(size + 1, dtype=np.uint64)
    sums[0] = 0
    np.add.accumulate(data * powers[:size], out=sums[1:])
    stops = _NONE if raw.isascii() else _wide_stops(data)
    edges = _edges(low, stops)
    starts, ends = edges[::2], edges[1::2]
    words = len(starts)
    hashes: Hashes = np.empty(words + max(0, size + 1 - RUN), dtype=np.uint64)
    at_edges = sums.take(edges)
    np.subtract(at_edges[1::2], at_edges[::2], out=hashes[:words])
    np.subtract(sums[RUN:], sums[:-RUN], out=hashes[words:])
    hashes[:words] *= inverses.take(starts)
    hashes[words:] *= inverses[: len(hashes) - words]
    hashes = mixed(hashes)
    return Reading(hashes[:words], starts, ends, stops, hashes[words:], data, raw)


def _edges(low: bytes, stops: Places) -> Places:
    """Return where words begin and end, by turns; a wide full stop is of none."""
    within = bytearray(len(low) + 2)
    within[1:-1] = low.translate(_WORDLY)
    wordly = np.frombuffer(within, dtype=np.bool_)
    for byte in (1, 2, 3) if len(stops) else ():
        wordly[stops + byte] = False
    return (wordly[1:] != wordly[:-1]).nonzero()[0]


def _wide_stops(data: NDArray[np.uint8]) -> Places:
    """Return where the full stop of Chinese and Japanese begins: E3 80 82."""
    at = np.flatnonzero(data[:-2] == 0xE3)
    return at[(data[at + 1] == 0x80) & (data[at + 2] == 0x82)]


def segments(reading: Reading) -> Places:
    """Return the index of each segment's first word, and behind them the number of words."""
    starts = reading.starts
    if not len(starts):
        return np.zeros(1, dtype=np.int64)
    marks = np.frombuffer(reading.raw.translate(_BREAKING), dtype=np.uint8)
    ends = marks & _BREAK
    ends[1:] |= (marks[1:] & _BLANK) & (marks[:-1] >> 1)
    ends[reading.stops + 2] = _BREAK
    ends = ends > 0
    number = ends.cumsum().take(starts)
    new: Places = np.flatnonzero(np.diff(number, prepend=-1))
    lengths: Places = np.diff(new, append=len(starts))
    if lengths.max() > LONGEST:
        each: Places = -(-lengths // LONGEST)
        within: Places = np.arange(int(each.sum())) - np.repeat(np.cumsum(each) - each, each)
        new = np.repeat(new, each) + within * LONGEST
    return np.append(new, len(starts))
