"""Keeping answers as they come: each at once where they come slowly, in one transaction where they do not.

A commit takes longer than the answer of an app that computes. What comes within a moment of the last write
waits for the rest of that moment, so that a kill loses at most what finished in it.
"""

import asyncio
import time

from genaiops.arena.ledger import Kept, Ledger

MOMENT_SECONDS = 0.02


class Keeping:
    """Writes what it is given; `flush` writes what still waits and must be the last call."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: dict[str, Kept] = {}
        self._written = 0.0
        self._later: asyncio.Task[None] | None = None

    def keep(self, key: str, kept: Kept) -> None:
        """Keep an output; raises what an earlier write of this object met, a full disk say."""
        self._waiting.setdefault(key, kept)
        if self._later is not None and self._later.done():
            done, self._later = self._later, None
            done.result()
        if time.monotonic() - self._written >= MOMENT_SECONDS:
            self._write()
        elif self._later is None:
            self._later = asyncio.create_task(self._write_later())

    def flush(self) -> None:
        """Write what waits; raises what cannot be written."""
        if self._later is not None and not self._later.cancel() and not self._later.cancelled():
            self._later.exception()  # seen: what it could not write is tried once more here
        self._write()

    async def _write_later(self) -> None:
        await asyncio.sleep(MOMENT_SECONDS)
        self._write()

    def _write(self) -> None:
        if self._waiting:
            self._ledger.keep(self._waiting)
            self._waiting = {}
            self._written = time.monotonic()
