"""The shape of a stretch: its length, shares of kinds of bytes, long words, words that nobody knows."""

import math

import numpy as np
from numpy.typing import NDArray

from genaiops.guard.injection.reading import Places, Reading
from genaiops.guard.injection.stretches import Stretches
from genaiops.guard.injection.vocabulary import Floats

SHAPES = 14
"""So many features."""

_KINDS = 10


def _kind_of() -> bytes:
    """Return what each byte is, as `_SHARES` counts it."""
    kinds = bytearray(256)
    for kind, members in enumerate((range(65, 91), range(48, 58), range(128, 256), b"?", b"!"), start=1):
        for byte in members:
            kinds[byte] = kind
    for kind, members in enumerate((b"<>[]{}", b"\"'", b"#$%&()*+,-./", b"\n"), start=6):
        for byte in members:
            kinds[byte] = kind
    return bytes(kinds)


_KIND_OF = _kind_of()
_SHARES = np.zeros((_KINDS, 8))
"""From counts of nothing, capitals, digits, bytes beyond ASCII, `?`, `!`, brackets, quotes, other marks and
breaks to eight shares: brackets hold the quotes, marks hold `!` and quotes; rare ones weigh twenty times."""
_SHARES[[1, 2, 3], [0, 1, 2]] = 1
_SHARES[[4, 5, 6, 7, 5, 7, 8, 9], [3, 4, 5, 5, 6, 6, 6, 7]] = 20
_MOST = np.array([np.inf, 1, 1, 1, 2, 2, 2, 2, 2, 1, 60, np.inf, np.inf, 1])
_UNITS = 1 / np.array([5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 30, 8, 4, 1])
"""The most that each shape counts, and what it is multiplied with."""

_MOST_OF, _UNIT_OF = _MOST.tolist(), _UNITS.tolist()
_ALONE = math.log1p(1)


def shape(reading: Reading, unknown: int) -> list[float]:
    """Return the shape of all of a block as one stretch; `unknown`: how many words nobody knows."""
    start = int(reading.starts[0])
    kinds = np.frombuffer(reading.raw[start:].translate(_KIND_OF), dtype=np.uint8)
    shares = (np.bincount(kinds, minlength=_KINDS) @ _SHARES / len(kinds)).tolist()
    lengths = reading.ends - reading.starts
    words = len(lengths)
    longest, letters = int(np.maximum.reduce(lengths)), int(np.add.reduce(lengths))
    own = (math.log1p(words), *shares, unknown / words, longest, letters / words, _ALONE, 1)
    return [min(value, most) * unit for value, most, unit in zip(own, _MOST_OF, _UNIT_OF, strict=True)]


def shapes(reading: Reading, unknown: NDArray[np.bool_], each: Stretches) -> Floats:
    """Return the shapes of stretches `[n, SHAPES]`; `unknown [words]` says which words nobody knows."""
    count = len(each.counts)
    starts: Places = reading.starts.take(each.begins)
    kinds = np.frombuffer(reading.raw[int(starts[0]) :].translate(_KIND_OF), dtype=np.uint8)
    sizes: Places | int = len(kinds)
    if each.owner is not None:
        sizes = np.diff(starts, append=len(reading.raw))
        kinds = kinds + np.repeat(np.arange(count) * _KINDS, sizes)
    tallies = np.bincount(kinds, minlength=count * _KINDS).reshape(count, _KINDS)
    lengths = reading.ends - reading.starts
    out = np.empty((count, SHAPES))
    out[:, 0] = np.log1p(each.counts)
    out[:, 1:9] = (tallies @ _SHARES) / np.reshape(sizes, (-1, 1))
    out[:, 9] = each.count(unknown) / each.counts
    out[:, 10] = np.maximum.reduceat(lengths, each.begins)
    out[:, 11] = np.add.reduceat(lengths, each.begins) / each.counts
    out[:, 12] = math.log1p(count)
    out[:, 13] = 0
    out[-1, 13] = 1
    return np.minimum(out, _MOST) * _UNITS
