"""How long something takes when it is asked often. Peers run it too: only the standard library."""

import time
from collections.abc import Callable


def milliseconds(ask: Callable[[], object], times: int) -> dict[str, float]:
    """Return median, 95th percentile and mean processor time of asking so often, after having asked once."""
    ask()
    taken: list[float] = []
    spent = time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    spent = (time.process_time() - spent) / times * 1000
    taken.sort()
    half, most = taken[times // 2], taken[int(times * 0.95)]
    return {"p50": round(half, 3), "p95": round(most, 3), "processor": round(spent, 3)}
