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
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


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
    """One block, read. Words `[n]`, segments `[m]`; segment `k` holds words `first[k]:first[k + 1]`.

    `starts` and `ends` are byte offsets of words, `runs` the hashes of byte runs and `run_segment` where each
    of them begins, `data` the lower-cased bytes, `raw` the bytes as given.
    """

    words: Hashes
    starts: Places
    ends: Places
    first: Places
    runs: Hashes
    run_segment: Places
    data: NDArray[np.uint8]
    raw: NDArray[np.uint8]

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self.first) - 1


@lru_cache(maxsize=1)
def _powers() -> tuple[Hashes, Hashes]:
    """Return the powers of the base and of its inverse up to a block's length."""
    base = np.full(BLOCK + 8, _BASE, dtype=np.uint64)
    inverse = np.full(BLOCK + 8, _INVERSE, dtype=np.uint64)
    base[0] = inverse[0] = 1
    return np.cumprod(base, dtype=np.uint64), np.cumprod(inverse, dtype=np.uint64)


def mixed(hashes: Hashes) -> Hashes:
    """Return hashes whose high bits depend on all bits (the finisher of MurmurHash3)."""
    hashes = (hashes ^ (hashes >> _HALF)) * _MIX
    return hashes ^ (hashes >> _HALF)


def read(raw: bytes) -> Reading:
    """Return the words, runs and segments of at most `BLOCK` bytes of UTF-8."""
    given = np.frombuffer(raw, dtype=np.uint8)
    data = _LOWERED[given]
    powers, inverses = _powers()
    sums = np.zeros(len(data) + 1, dtype=np.uint64)
    np.cumsum(data * powers[: len(data)], out=sums[1:])
    within = np.zeros(len(data) + 2, dtype=np.int8)
    within[1:-1] = _WORDLY[data]
    stops = _wide_stops(data) if not raw.isascii() else _NONE
    for byte in (1, 2, 3):
        within[stops + byte] = 0
    edges = within[1:] - within[:-1]
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    words = mixed((sums[ends] - sums[starts]) * inverses[starts])
    first = _segments(data, starts, stops)
    runs = mixed((sums[RUN:] - sums[:-RUN]) * inverses[: max(0, len(data) + 1 - RUN)])
    places = starts[first[1:-1]] if len(first) > 2 else np.zeros(0, dtype=np.int64)
    return Reading(
        words=words,
        starts=starts,
        ends=ends,
        first=first,
        runs=runs,
        run_segment=_owners(places, len(runs)),
        data=data,
        raw=given,
    )


def _wide_stops(data: NDArray[np.uint8]) -> Places:
    """Return where the full stop of Chinese and Japanese begins: E3 80 82."""
    at = np.flatnonzero(data[:-2] == 0xE3)
    return at[(data[at + 1] == 0x80) & (data[at + 2] == 0x82)]


def _segments(data: NDArray[np.uint8], starts: Places, stops: Places) -> Places:
    """Return the index of each segment's first word, and the number of words."""
    if not len(starts):
        return np.zeros(1, dtype=np.int64)
    ends = data == 10
    after = np.zeros(len(data), dtype=bool)
    after[1:] = (data[1:] <= 32) & _STOPS[data[:-1]]
    ends |= after
    ends[stops + 2] = True
    number = np.cumsum(ends)[starts]
    new: Places = np.flatnonzero(np.diff(number, prepend=-1))
    lengths: Places = np.diff(new, append=len(starts))
    if lengths.max() > LONGEST:
        each: Places = -(-lengths // LONGEST)
        within: Places = np.arange(int(each.sum())) - np.repeat(np.cumsum(each) - each, each)
        new = np.repeat(new, each) + within * LONGEST
    return np.append(new, len(starts))


def _owners(places: Places, count: int) -> Places:
    """Return for each of `count` offsets the segment in which it lies; segments begin at `places`."""
    edges = np.minimum(np.concatenate(([0], places, [count])), count)
    return np.repeat(np.arange(len(places) + 1), np.diff(edges))
