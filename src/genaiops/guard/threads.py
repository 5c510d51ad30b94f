"""Threads for work that may hang: so many at once, and what hangs is known by its text.

A thread cannot be killed: what never returns keeps its thread, and the text that it was given stays closed.
"""

import hashlib
import threading
from collections.abc import Callable
from typing import Literal

MOST_THREADS = 8
"""So many texts are with one detector at once; the next one waits, as long as one may take."""


class Threads:
    """Runs work in threads of their own, at most `MOST_THREADS` at once; for several callers at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: set[threading.Thread] = set()
        self._hanging: dict[threading.Thread, bytes] = {}
        self._changed = threading.Condition()

    def run(self, text: str, work: Callable[[], None], seconds: float) -> Literal["", "late", "busy"]:
        """Do `work` about `text` within `seconds`; say whether it was late, or could not begin.

        It may wait as long for a thread before it begins. A text that hangs is late at once where it comes
        again. Where all threads hang, others are not waited for.
        """
        thread = threading.Thread(target=self._do, args=(work,), name=self._name, daemon=True)
        with self._changed:
            self._changed.wait_for(self._is_decided, seconds)
            if self._hanging and _digest(text) in self._hanging.values():
                return "late"
            if len(self._running) >= MOST_THREADS:
                return "busy"
            self._running.add(thread)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            self._leave(thread)
            return "busy"
        try:
            thread.join(seconds)
        finally:
            hangs = self._gave_up(thread, text)
        return "late" if hangs else ""

    def _is_decided(self) -> bool:
        return len(self._running) < MOST_THREADS or len(self._hanging) >= MOST_THREADS

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._leave(threading.current_thread())

    def _leave(self, thread: threading.Thread) -> None:
        with self._changed:
            self._running.discard(thread)
            self._hanging.pop(thread, None)
            self._changed.notify_all()

    def _gave_up(self, thread: threading.Thread, text: str) -> bool:
        """Say whether `thread` is still at `text`, and keep that."""
        with self._changed:
            if thread not in self._running:
                return False
            self._hanging[thread] = _digest(text)
            self._changed.notify_all()
            return True


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
