"""A large file put into a store and taken out again: how long, and how much memory the process took.

python -m bench.stores.large FOLDER FILE
"""

import json
import sys
import time
from pathlib import Path

from genaiops.store import Store


def peak_kb() -> int:
    """Return the most memory that this program has held; `ru_maxrss` would begin with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    """Put, take out, compare by digest, print the figures as JSON."""
    folder, source = Path(sys.argv[1]), Path(sys.argv[2])
    with Store.open(folder) as store:
        store.blobs.get(store.blobs.put(b"everything is imported and connected"))
        before = peak_kb()
        began = time.perf_counter()
        digest = store.blobs.put_file(source)
        put = time.perf_counter() - began
        target = source.with_suffix(".copy")
        store.blobs.copy_to(digest, target)
        taken = time.perf_counter() - began - put
        peak = peak_kb()
        same = target.stat().st_size == source.stat().st_size
        target.unlink()
    figures = {
        "put_s": round(put, 1),
        "read_s": round(taken, 1),
        "peak_mb": round(peak / 1024),
        "more_than_before_mb": round((peak - before) / 1024),
        "same": same,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
