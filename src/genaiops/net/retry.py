"""When to ask again, and how long to wait: pure decisions, no clock and no network."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRYABLE = frozenset({408, 409, 429, *range(500, 600)}) - {501, 505}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounds of one call, in attempts and seconds. `silence`: the longest wait for the next bytes."""

    attempts: int = 5
    total: float = 180.0
    silence: float = 60.0
    base: float = 0.5
    cap: float = 20.0

    def wait(self, attempt: int, retry_after: float | None, draw: random.Random) -> float:
        """Return the seconds to wait after failed `attempt` (from 0): full jitter, at least Retry-After."""
        jitter = draw.uniform(0.0, min(self.cap, self.base * 2**attempt))
        return max(jitter, retry_after or 0.0)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or an HTTP date), None without one."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdigit() and text.isascii():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
