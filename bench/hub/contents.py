"""Does a push of 1 GB take constant memory, and one of 1 MB less than 20 ms?

    python -m bench.hub.contents

Each size is pushed as a blob in a process of its own, whose peak memory (VmHWM) is read when it has ended its work;
beside it stands the peak of pushing one byte. The file is random, so that nothing is stored sparsely. 1 MB is pushed
50 times, each another content.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from genaiops.arena import KINDS
from genaiops.core import Principal
from genaiops.hub import Contents
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "hub_contents.json"
SIZES = {"1 byte": 1, "1 MB": 10**6, "100 MB": 10**8, "1 GB": 10**9}
PUSHES, MOST_MS, MOST_GROWTH_MB = 50, 20.0, 16.0


def make(path: Path, size: int) -> None:
    """Write a file of so many random bytes."""
    with path.open("wb") as file:
        while size:
            size -= file.write(os.urandom(min(size, 1 << 20)))


def child(folder: Path) -> None:
    """Push the file in `folder`, pull and export it again, and say how long the push took and the peak in MB."""
    with Store.open(folder / "store") as store:
        contents = Contents(store, KINDS, by=Principal(id="bench"))
        began = time.perf_counter()
        contents.push("blob/file", [folder / "file"])
        pushed = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        contents.pull("blob/file", folder / "out")
        contents.export(None, folder / "all.tar")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "seconds": round(pushed, 3),
                "peak_mb": round(peak, 1),
                "peak_with_pull_export_mb": round(after, 1),
            }
        )
    )


def small(folder: Path) -> dict[str, float]:
    """Return median and 95th percentile, in milliseconds, of pushing 1 MB."""
    taken: list[float] = []
    with Store.open(folder / "store") as store:
        contents = Contents(store, KINDS, by=Principal(id="bench"))
        for _ in range(PUSHES + 1):
            make(folder / "file", 10**6)
            began = time.perf_counter()
            contents.push("blob/file", [folder / "file"])
            taken.append((time.perf_counter() - began) * 1000)
    ordered = sorted(taken[1:])
    return {"p50": round(ordered[PUSHES // 2], 2), "p95": round(ordered[int(PUSHES * 0.95)], 2)}


def main() -> None:
    """Measure, write the results."""
    found: dict[str, dict[str, float]] = {}
    before = os.getloadavg()
    for name, size in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder) / "file", size)
            ran = subprocess.run(
                [sys.executable, "-m", "bench.hub.contents", folder],
                check=True,
                capture_output=True,
                text=True,
            )
            found[name] = json.loads(ran.stdout)
    with tempfile.TemporaryDirectory() as folder:
        milliseconds = small(Path(folder))
    growth = found["1 GB"]["peak_with_pull_export_mb"] - found["1 byte"]["peak_mb"]
    facts = {
        "question": "does pushing 1 GB take constant memory, and pushing 1 MB less than 20 ms?",
        "pushes": found,
        "growth_mb": round(growth, 1),
        "one_mb_ms": milliseconds,
        "met": {"memory": growth < MOST_GROWTH_MB, "speed": milliseconds["p50"] < MOST_MS},
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load_before": [round(one, 2) for one in before],
            "python": platform.python_version(),
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(Path(sys.argv[1]))
    else:
        main()
