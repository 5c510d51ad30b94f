"""A file as the content of a request, in constant memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20


def _quiet(size: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class FileBody:
    """A file, read in pieces as it is sent, again after a redirect. `told` hears of each piece's bytes."""

    path: Path
    told: Callable[[int], None] = _quiet

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes; raises `OSError` where it cannot be read."""
        with self.path.open("rb") as file:
            # in a thread: a slow disk does not stop the loop
            while piece := await asyncio.to_thread(file.read, _CHUNK):
                yield piece
                self.told(len(piece))
