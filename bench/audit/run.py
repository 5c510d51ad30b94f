"""How long does it take to verify an audit log of 100,000 entries, and how much memory?

    python -m bench.audit.run

Entries hold what moving an alias would write. Appending is measured with one transaction an entry, as changes
are made, and with all in one. Verifying is measured in time, then again under tracemalloc for its peak, which
must not grow with the log. Beside it, what `require` costs in a store with 1,000 users.
"""

import json
import os
import platform
import sqlite3
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

from genaiops.access import Event, append, people, prepare, require, verify
from genaiops.access.model import Grant
from genaiops.core import Principal
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "audit.json"
ENTRIES, SMALL, SINGLY, USERS, CHECKS, REPEATS = 100_000, 10_000, 2_000, 1_000, 2_000, 5
START = datetime(2026, 3, 3, tzinfo=UTC)
LOCAL, ROOT = Principal(id="local"), Principal(id="user:root")


def event(number: int) -> Event:
    """Return what a moved alias would write."""
    return Event(
        actor="user:anna",
        action="alias.move",
        subject=f"app/support/assistant{number % 50}:prod",
        at=START + timedelta(seconds=number),
        details={
            "from": "sha256:" + f"{number:064x}",
            "to": "sha256:" + f"{number + 1:064x}",
            "why": "the verdict of the nightly run is a pass",
            "evidence": "evidence/support/qa:v12",
        },
    )


def filled(folder: Path, size: int) -> tuple[Store, float]:
    """Return a store with so many entries, and the CPU seconds that appending them at once took."""
    store = Store.open(folder)
    prepare(store.database)
    began = time.process_time()
    with store.database.write() as connection:
        for number in range(size):
            append(connection, event(number))
    return store, time.process_time() - began


def singly(store: Store) -> float:
    """Return microseconds of CPU an entry, one transaction each."""
    began = time.process_time()
    for number in range(SINGLY):
        with store.database.write() as connection:
            append(connection, event(number))
    return (time.process_time() - began) / SINGLY * 1e6


def verifying(store: Store) -> tuple[list[tuple[float, float]], int]:
    """Return wall and CPU seconds of each walk, and the peak of memory in KiB that Python took for one."""
    seconds: list[tuple[float, float]] = []
    with store.database.read() as connection:
        for _ in range(REPEATS):
            began = time.perf_counter(), time.process_time()
            assert verify(connection).holds
            wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
            seconds.append((round(wall, 2), round(cpu, 2)))
        tracemalloc.start()
        verify(connection)
        peak = tracemalloc.get_traced_memory()[1] // 1024
        tracemalloc.stop()
    return sorted(seconds), peak


def checking(folder: Path) -> float:
    """Return microseconds of CPU a call of `require` for a user whose role comes from a group."""
    with Store.open(folder) as store:
        prepare(store.database)
        with store.database.write() as connection:
            people.add(connection, LOCAL, "user:root", START)
            people.add(connection, ROOT, "group:team", START)
            people.add_project(connection, ROOT, "support", START)
            people.grant(
                connection, ROOT, Grant(subject="group:team", project="support", role="builder"), START
            )
            for number in range(USERS):
                people.add(connection, ROOT, f"user:u{number}", START)
                people.set_member(connection, ROOT, "group:team", f"user:u{number}", START, there=True)
        with store.database.read() as connection:
            began = time.process_time()
            for number in range(CHECKS):
                require(connection, Principal(id=f"user:u{number % USERS}"), "alias.move", "support")
            return (time.process_time() - began) / CHECKS * 1e6


def main() -> None:
    """Measure, write the results."""
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        small, _ = filled(folder / "small", SMALL)
        large, together = filled(folder / "large", ENTRIES)
        _, small_peak = verifying(small)
        seconds, peak = verifying(large)
        facts = {
            "question": "how long does it take to verify an audit log, and how much memory?",
            "entries": ENTRIES,
            "verify_wall_s": [wall for wall, _ in seconds],
            "verify_cpu_s": sorted(cpu for _, cpu in seconds),
            "verify_peak_kib": {str(SMALL): small_peak, str(ENTRIES): peak},
            "append_cpu_us": {
                "in one transaction": round(together / ENTRIES * 1e6),
                "one each": round(singly(small)),
            },
            "require_cpu_us": round(checking(folder / "people")),
            "machine": {
                "cores": os.cpu_count(),
                "load_before": before,
                "load_after": os.getloadavg(),
                "python": platform.python_version(),
                "sqlite": sqlite3.sqlite_version,
            },
        }
        small.close()
        large.close()
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
