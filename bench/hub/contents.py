"""Does a push of 1 GB take constant memory, and one of 1 MB less than 20 ms?

    python -m bench.hub.contents

Each size is pushed as a blob in a process of its own, which says its peak resident memory after the push,
and after pulling and exporting the same; beside it stands the peak of pushing one byte. 1 MB is pushed 50
times, each another content; much of that time the disk takes to confirm, so the processor's stands beside it.
None of its confirmations can go: the bytes have to be safe before they get their name, and the name (in a new
folder its own name too) before the transaction that counts on it. The database itself waits for no disk.
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

from genaiops.cli import open_hub

RESULTS = Path(__file__).parent.parent / "results" / "hub_contents.json"
SIZES = {"1 byte": 1, "1 MB": 10**6, "100 MB": 10**8, "1 GB": 10**9}
PUSHES, MOST_MS, MOST_GROWTH_MB = 50, 20.0, 16.0


def make(path: Path, size: int) -> None:
    """Write a file of so many random bytes."""
    with path.open("wb") as file:
        while size:
            size -= file.write(os.urandom(min(size, 1 << 20)))


def child(folder: Path) -> None:
    """Push the file in `folder`, pull and export it; say how long the push took, and the peaks in MB."""
    (folder / ".genaiops").mkdir()
    with open_hub(folder) as contents:
        began = time.perf_counter()
        contents.push("blob/file", [folder / "file"])
        pushed = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        contents.pull("blob/file", folder / "out")
        contents.export(None, folder / "all.tar")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"seconds": pushed, "peak_mb": peak, "peak_with_pull_export_mb": after}
    print(json.dumps({name: round(value, 3) for name, value in found.items()}))


def small(folder: Path) -> dict[str, float]:
    """Return median, 95th percentile and mean processor time, in milliseconds, of pushing 1 MB."""
    taken: list[float] = []
    spent = 0.0
    (folder / ".genaiops").mkdir()
    with open_hub(folder) as contents:
        for _ in range(PUSHES + 1):
            make(folder / "file", 10**6)
            began, busy = time.perf_counter(), time.process_time()
            contents.push("blob/file", [folder / "file"])
            spent += (time.process_time() - busy) * 1000
            taken.append((time.perf_counter() - began) * 1000)
    ordered = sorted(taken[1:])
    half, most = ordered[PUSHES // 2], ordered[int(PUSHES * 0.95)]
    return {"p50": round(half, 2), "p95": round(most, 2), "processor": round(spent / (PUSHES + 1), 2)}


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
