"""A file of lines that is read as it is worked through, with how far the work is."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from genaiops.core import split_lines
from genaiops.work import Progress

_PIECE = 1024 * 1024


def worked_lines(opened: BinaryIO, longest: int, name: str, progress: Progress) -> Iterator[bytes]:
    """Yield the lines of a file; the bytes of each count as done when the next one is asked for.

    Raises `UserError` for a line of more than `longest` bytes.
    """
    left = os.fstat(opened.fileno()).st_size
    for line in split_lines(iter(lambda: opened.read(_PIECE), b""), longest, name):
        yield line
        size = min(len(line) + 1, left)  # the last line may have no end
        left -= size
        progress.advance(size)
