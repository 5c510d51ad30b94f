"""So many at once, first come, first served.

Threads that all compute wait for each other at Python's lock, in no order and at every step. Where no more of
them compute than there are cores, a search takes less of the processor, and none is overtaken.
"""

import os
import threading
from collections import deque
from types import TracebackType


class Gate:
    """Lets `places` threads in at once; the others wait in the order in which they came."""

    def __init__(self, places: int | None = None) -> None:
        """Make a gate; without `places` it has one for each core."""
        self._free = places or os.cpu_count() or 1
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            mine.acquire()
        except BaseException:  # Ctrl-C
            self._gone(mine)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._pass_on()

    def _gone(self, mine: threading.Lock) -> None:
        """Wait no longer; a place that was given meanwhile is the next one's."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            else:
                self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().release()  # the place is theirs: nobody slips in between
        else:
            self._free += 1
