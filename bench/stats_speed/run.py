"""How long do 10 scorers on 20 slices of 10,000 paired cases take? Must: at most 0.5 s.

    python -m bench.stats_speed.run

Each scorer's difference is taken on each slice, with pseudo-cases, as a verdict does: 200 intervals. Three
ways to slice: one tag of 20 values (each slice 500 cases), ten tags of two (5,000 cases each), and every
slice holding every case; each with 2,000 clusters of 5 cases and with every case its own cluster. The time
of picking a slice's rows is counted in.
"""

import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genaiops import stats

RESULTS = Path(__file__).parent.parent / "results" / "stats_speed.json"
CASES, SCORERS, SLICES, REPEATS, MOST_SECONDS = 10_000, 10, 20, 7, 0.5
SLICED = {"one tag of 20 values": 500, "ten tags of two values": 5_000, "every case in every slice": 10_000}
CLUSTERED = {"2,000 clusters of 5": 5, "each case its own cluster": 1}


def once(
    arms: tuple[NDArray[np.float64], NDArray[np.float64]],
    codes: NDArray[np.int64],
    slices: list[NDArray[np.int64]],
) -> tuple[float, float]:
    """Return wall and CPU seconds for all scorers and slices."""
    began = time.perf_counter(), time.process_time()
    for candidate, baseline in zip(*arms, strict=True):
        for rows in slices:
            stats.difference(candidate[rows], baseline[rows], codes[rows], 0.05, least=-1.0, greatest=1.0)
    return time.perf_counter() - began[0], time.process_time() - began[1]


def main() -> None:
    """Measure, write the results."""
    rng = np.random.default_rng(1)
    arms = rng.random((SCORERS, CASES)), rng.random((SCORERS, CASES))
    before = os.getloadavg()
    found: dict[str, dict[str, object]] = {}
    for sliced, size in SLICED.items():
        slices = [np.sort(rng.permutation(CASES)[:size]) for _ in range(SLICES)]
        for clustered, together in CLUSTERED.items():
            codes = np.arange(CASES) // together
            runs = [once(arms, codes, slices) for _ in range(REPEATS)]
            wall, cpu = (sorted(round(run[at], 3) for run in runs) for at in (0, 1))
            found[f"{sliced}, {clustered}"] = {
                "wall_s": wall,
                "cpu_s": cpu,
                "met": wall[REPEATS // 2] <= MOST_SECONDS,
            }
    facts = {
        "question": "how long do 10 scorers on 20 slices of 10,000 paired cases take?",
        "cases": CASES,
        "scorers": SCORERS,
        "slices": SLICES,
        "must_s": MOST_SECONDS,
        "seconds": found,
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "numpy": version("numpy"),
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
