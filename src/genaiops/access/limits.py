"""How often something may be tried: token buckets in memory, of a bounded number of callers.

Each server process counts for itself and forgets with its end. Where more callers come than are remembered,
the one that was seen longest ago is forgotten: a flood from many addresses makes room, never a wrong refusal.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from genaiops.access import faults

_MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` at once, then one each `seconds`."""

    burst: int
    seconds: float


class Limit:
    """A bucket for each caller. Safe to share between threads."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, caller: str, at: datetime) -> None:
        """Raise `TooMany` where the caller has used up what it may; counts nothing."""
        with self._lock:
            self._enough(caller, at.timestamp())

    def spend(self, caller: str, at: datetime) -> None:
        """Count one try; raises `TooMany` where the caller has used up what it may."""
        now = at.timestamp()
        with self._lock:
            self._buckets[caller] = (self._enough(caller, now) - 1, now)
            self._buckets.move_to_end(caller)
            if len(self._buckets) > _MOST_CALLERS:
                self._buckets.popitem(last=False)

    def _enough(self, caller: str, now: float) -> float:
        left = self._left(caller, now)
        if left < 1:
            raise faults.too_often(max(1, round((1 - left) * self._rate.seconds)))
        return left

    def _left(self, caller: str, now: float) -> float:
        left, since = self._buckets.get(caller, (float(self._rate.burst), now))
        return min(float(self._rate.burst), left + max(0.0, now - since) / self._rate.seconds)
