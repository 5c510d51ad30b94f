"""What every script here writes down beside its rows: draws, versions, machine, load, time."""

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

Row = dict[str, Any]
ALPHA = 0.05
RESULTS = Path(__file__).parent.parent / "results"


def allowed(draws: int) -> float:
    """Return alpha and three Monte-Carlo errors of so many draws."""
    return ALPHA + 3.0 * math.sqrt(ALPHA * (1.0 - ALPHA) / draws)


def asked(what: str | None) -> argparse.Namespace:
    """Read the command line: draws and jobs."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def run(name: str, question: str, jobs: Sequence[tuple[Callable[..., list[Row]], tuple[Any, ...]]]) -> None:
    """Run the jobs in as many processes as were asked for, and write their rows to `name`.json."""
    options, began, load = asked(question), time.time(), os.getloadavg()
    with ProcessPoolExecutor(options.jobs) as pool:
        found = [pool.submit(work, *given, options.draws) for work, given in jobs]
        rows = [row for one in found for row in one.result()]
    facts = {
        "question": question,
        "alpha": ALPHA,
        "machine": {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "jobs": options.jobs,
            "load_before": load,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "numpy": version("numpy"),
            "seconds": round(time.time() - began, 1),
        },
        "exceeding": [row["regime"] for row in rows if not row.get("holds", True)],
        "rows": rows,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(rows)} rows in {facts['machine']['seconds']} s; beyond: {facts['exceeding']}")
