"""Verdicts that are known already, so that a conversation pays only for what is new."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

from genaiops.guard.model import GuardResult

_A_FINDING = 300  # about what it weighs beside a character


class ResultCache:
    """The results used last, up to `most_characters` in all; for several threads at once."""

    def __init__(self, most_characters: int) -> None:
        self._most = most_characters
        self._held: OrderedDict[Hashable, GuardResult] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> GuardResult | None:
        """Return what is known of `key`."""
        with self._lock:
            result = self._held.get(key)
            if result is not None:
                self._held.move_to_end(key)
            return result

    def put(self, key: Hashable, result: GuardResult) -> None:
        """Keep `result`, and let go of what was not used for longest."""
        with self._lock:
            if key in self._held:
                return
            self._held[key] = result
            self._weight += _weight(result)
            while self._weight > self._most:
                _, gone = self._held.popitem(last=False)
                self._weight -= _weight(gone)


def _weight(result: GuardResult) -> int:
    return _A_FINDING * (1 + len(result.findings)) + len(result.text)
