"""Array files as `numpy.save` writes them, read without `numpy.load`, and written from parts of others.

`numpy.load` parses the header with `ast`, which in Python 3.11 now and then fails where two threads do so at
once: of two indexes opened in one process, one would look damaged. A header of ours is a fixed text.
"""

import math
import os
import re
from collections.abc import Iterator
from itertools import pairwise
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

_BUFFER = 1 << 20
"""Bytes that the system is given at once: of a hundred rows each, it takes half as long again."""

_LONG = 8
"""So many rows must stand together on average to be written as they stand, without being gathered."""

Rows = NDArray[np.float32]


def read_array(file: Path) -> NDArray[Any]:
    """Return the array in `file`; raises `ValueError` where there is none, or only a part of it."""
    with file.open("rb") as opened:
        kind, shape = _header(opened, file)
        return np.fromfile(opened, kind, math.prod(shape)).reshape(shape)


def map_array(file: Path) -> NDArray[Any]:
    """Return the array in `file` memory-mapped, for reading; raises `ValueError` as `read_array` does."""
    with file.open("rb") as opened:
        kind, shape = _header(opened, file)
        return np.memmap(opened, kind, "r", opened.tell(), shape)


def save_rows(file: Path, source: Rows, chosen: NDArray[np.int64]) -> None:
    """Write the rows `chosen` of `source`; for those beyond its end room is left (`fill_rows`)."""
    width = source.shape[1] if len(chosen) else 0
    with file.open("wb", _BUFFER) as out:
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(chosen), width)}
        np.lib.format.write_array_header_1_0(out, header)
        # a slice of a mapped array costs ten times as much
        for block in _blocks(source.view(np.ndarray), chosen):
            if isinstance(block, int):
                out.writelines(_zeros(block * width * source.itemsize))
            else:
                out.write(block.data)


def fill_rows(file: Path, rows: Rows, at: NDArray[np.int64]) -> None:
    """Write `rows` into the array in `file`, at the places `at`, which ascend."""
    size = rows.shape[1] * rows.itemsize
    # not through a mapped array: where the disk is full that ends the process without a word
    with file.open("r+b") as opened:
        _header(opened, file)
        begin = opened.tell()
        for start, end in _runs(at, 0):
            opened.seek(begin + int(at[start]) * size)
            opened.write(rows[start:end].data)


def to_disk(path: Path) -> None:
    """Wait until what was written to a file, or the names in a folder, outlast a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _header(opened: BinaryIO, file: Path) -> tuple[DTypeLike, tuple[int, ...]]:
    """Return type and shape; what follows in `opened` are the numbers."""
    start = opened.read(len(_MAGIC) + 2)
    header = opened.read(int.from_bytes(start[len(_MAGIC) :], "little"))
    found = _HEADER.fullmatch(header) if start.startswith(_MAGIC) else None
    if found is None:
        raise ValueError(f"{file.name} holds no array of ours")
    kind, shape = found[1].decode(), tuple(int(size) for size in found.groups()[1:] if size)
    # before room is made for it: a header may say anything
    if math.prod(shape) * np.dtype(kind).itemsize > os.fstat(opened.fileno()).st_size - opened.tell():
        raise ValueError(f"{file.name} holds only a part of its array")
    return kind, shape


def _zeros(size: int) -> Iterator[bytes]:
    # not by seeking over them, which would write what waits in the buffer each time
    for at in range(0, size, _BUFFER):
        yield bytes(min(_BUFFER, size - at))


def _blocks(source: Rows, chosen: NDArray[np.int64]) -> Iterator[Rows | int]:
    """Yield the `chosen` rows in parts, those that stand together as they are, or how many are left out."""
    runs = _runs(chosen, len(source))
    if len(chosen) < _LONG * len(runs):
        for at in range(0, len(chosen), _BLOCK):
            yield _gathered(source, chosen[at : at + _BLOCK])
        return
    for start, end in runs:
        row = int(chosen[start])
        yield source[row : row + end - start] if row < len(source) else end - start


def _runs(chosen: NDArray[np.int64], bound: int) -> list[tuple[int, int]]:
    """Return from where to where numbers follow one another, on one side of `bound`."""
    follows = (np.diff(chosen) == 1) & (chosen[1:] != bound)
    cuts: list[int] = (1 + np.flatnonzero(~follows)).tolist()
    return list(pairwise([0, *cuts, len(chosen)])) if len(chosen) else []


def _gathered(source: Rows, chosen: NDArray[np.int64]) -> Rows:
    found, here = np.zeros((len(chosen), source.shape[1]), dtype="<f4"), chosen < len(source)
    found[here] = source[chosen[here]]
    return found
