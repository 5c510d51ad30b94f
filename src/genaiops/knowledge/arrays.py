"""Array files as `numpy.save` writes them, read without `numpy.load`, and written from parts of others.

`numpy.load` parses the header with `ast`, which in Python 3.11 now and then fails where two threads do so at
once: of two indexes opened in one process, one would look damaged. A header of ours is a fixed text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(<[fi][48])', 'fortran_order': False, 'shape': \((\d+),(?: (\d+))?\), \} *\n"
)


_BLOCK = 2_048
"""Rows written at once: a copy of all of them would cost more than writing them."""

_LONG = 8
"""So many rows must stand together on average to be written as they stand, without being gathered."""

Rows = NDArray[np.float32]


def read_array(file: Path) -> NDArray[Any]:
    """Return the array in `file`; raises `ValueError` where there is none, or only a part of it."""
    with file.open("rb") as opened:
        kind, shape = _header(opened, file)
        return np.fromfile(opened, kind, int(np.prod(shape))).reshape(shape)


def map_array(file: Path) -> NDArray[Any]:
    """Return the array in `file` memory-mapped, for reading; raises `ValueError` as `read_array` does."""
    with file.open("rb") as opened:
        kind, shape = _header(opened, file)
        return np.memmap(opened, kind, "r", opened.tell(), shape)


def save_rows(file: Path, sources: Sequence[Rows], chosen: NDArray[np.int64]) -> int:
    """Write the `chosen` rows of `sources`, counted through one array after the other; return their width."""
    width = max(source.shape[1] for source in sources) if len(chosen) else 0
    with file.open("wb") as out:
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(chosen), width)}
        np.lib.format.write_array_header_1_0(out, header)
        for block in _blocks(sources, chosen, width):
            out.write(block.data)
    return width


def _header(opened: BinaryIO, file: Path) -> tuple[DTypeLike, tuple[int, ...]]:
    """Return type and shape; what follows in `opened` are the numbers."""
    start = opened.read(len(_MAGIC) + 2)
    header = opened.read(int.from_bytes(start[len(_MAGIC) :], "little"))
    found = _HEADER.fullmatch(header) if start.startswith(_MAGIC) else None
    if found is None:
        raise ValueError(f"{file.name} holds no array of ours")
    return found[1].decode(), tuple(int(size) for size in found.groups()[1:] if size)


def _blocks(sources: Sequence[Rows], chosen: NDArray[np.int64], width: int) -> Iterator[Rows]:
    """Yield the `chosen` rows in parts: those that stand together as they are, else gathered."""
    ends = [*accumulate(map(len, sources))]
    follows = (np.diff(chosen) == 1) & ~np.isin(chosen[1:], ends)
    starts: list[int] = (1 + np.flatnonzero(~follows)).tolist()
    cuts = [0, *starts, len(chosen)]
    if len(chosen) < _LONG * len(cuts):
        for at in range(0, len(chosen), _BLOCK):
            yield _gathered(sources, chosen[at : at + _BLOCK], width)
        return
    plain = [
        source.view(np.ndarray) for source in sources
    ]  # a slice of a mapped array costs ten times as much
    for start, end in pairwise(cuts):
        row = int(chosen[start])
        at = bisect_right(ends, row)
        first = row - ends[at] + len(sources[at])
        yield plain[at][first : first + end - start]


def _gathered(sources: Sequence[Rows], chosen: NDArray[np.int64], width: int) -> Rows:
    found, first = np.empty((len(chosen), width), dtype="<f4"), 0
    for source in sources:
        here = (chosen >= first) & (chosen < first + len(source))
        if here.any():
            found[here] = source[chosen[here] - first]
        first += len(source)
    return found
