"""One writer a process: what both databases have in common."""

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Turns:
    """Threads take turns. A turn inside a turn is a mistake in our code: a transaction does not nest."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._taken = False

    @contextmanager
    def take(self) -> Generator[None]:
        """Wait for this thread's turn and hold it; raises `RuntimeError` where it is held already."""
        with self._lock:
            if self._taken:
                raise RuntimeError("write() inside write(): a transaction does not nest")
            self._taken = True
            try:
                yield
            finally:
                self._taken = False
