"""What is held in memory for whoever asks next, up to a bound; what was used longest ago goes first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Held(Generic[K, V]):
    """Values by key, together no larger than `most`; threads may share it.

    Who asks for one that is being made waits for it; nobody waits for another one.
    """

    def __init__(self, most: int, size: Callable[[V], int] = lambda value: 1) -> None:
        self._most, self._size = most, size
        self._total = 0
        self._values: OrderedDict[K, V] = OrderedDict()
        self._making: dict[K, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`, which `make` makes where it is not held."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            mine = self._making.setdefault(key, threading.Lock())
        with mine:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = make()
                with self._lock:
                    self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
            return value

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._values.clear()
            self._total = 0

    def _keep(self, key: K, value: V) -> None:
        # one that could not be made leaves its lock to nobody: two may then have made the same
        self._total -= self._size(self._values.pop(key)) if key in self._values else 0
        self._values[key] = value
        self._total += self._size(value)
        while self._total > self._most and len(self._values) > 1:
            _, gone = self._values.popitem(last=False)
            self._total -= self._size(gone)
