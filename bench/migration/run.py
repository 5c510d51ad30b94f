"""Does an index answer everybody while it is written, migrated, withdrawn from and rolled back?

    python -m bench.migration.run

Expected before measuring: none of 10,000 concurrent questions fails, none is answered from two releases, and
none that begins after a withdrawal returned shows the withdrawn document, while writes go to both indexes.
Four processes ask, eight questions at a time each; a fifth rewrites documents and publishes; a sixth migrates
to another embedder under ARENA's gate, withdraws a document and rolls back, again and again. The embedders
are hashed words (tests/support/index_load.py): what is measured is releases, not models. Results go into
bench/results/migration.json.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.index_load import (
    DIMENSIONS,
    GONE,
    ask,
    keep_writing,
    services_in,
    start,
    tally,
    write_project,
)

from genaiops.access import acting
from genaiops.app import load_project
from genaiops.app.releasing import publish_documents
from genaiops.arena.kinds import KINDS
from genaiops.arena.migrating import Asked, migrate_index
from genaiops.arena.withdrawing import withdraw
from genaiops.hub import Hub

RESULTS = Path(__file__).parent.parent / "results" / "migration.json"


async def change(folder: Path, readers: Sequence[BaseProcess]) -> tuple[dict[str, object], dict[str, int]]:
    """Migrate, withdraw, roll back; then migrate and roll back while somebody asks.

    Returns what each took, and when the first round did what.
    """
    took: dict[str, list[float]] = {"migration_s": [], "withdrawal_ms": [], "rollback_ms": []}
    marks: dict[str, int] = {"start": time.monotonic_ns()}
    outcomes: list[str] = []
    async with services_in(folder, serving=False) as (services, _):
        hub = Hub(services.store, KINDS, by=acting(services.store.database, {}))
        while not outcomes or any(one.is_alive() for one in readers):
            live = services.releases.names()["docs"].live.embedder
            other = next(one for one in DIMENSIONS if one != live)
            project = load_project(folder, [f"models.embed={other}"])
            began = time.perf_counter()
            report = await migrate_index(services, hub, folder, project, Asked(name="docs"))
            outcomes.append(report.outcome)
            took["migration_s"].append(round(time.perf_counter() - began, 2))
            marks.setdefault("switched", time.monotonic_ns())
            if "withdrawn" not in marks:
                began = time.perf_counter()
                await withdraw(services, hub, project, "docs", [GONE], reason="bench", everywhere=False)
                took["withdrawal_ms"].append(round(1000 * (time.perf_counter() - began), 1))
                marks["withdrawn"] = time.monotonic_ns()
            await asyncio.sleep(1.0)
            began = time.perf_counter()
            services.releases.roll_back("docs")
            took["rollback_ms"].append(round(1000 * (time.perf_counter() - began), 2))
            marks.setdefault("rolled_back", time.monotonic_ns())
            (folder / "over").write_text("over")
    return {**took, "outcomes": outcomes}, marks


async def build(folder: Path) -> None:
    """Make the first release."""
    async with services_in(folder, serving=False) as (services, project):
        await publish_documents(services, project, "docs")


def measure(folder: Path, queries: int, documents: int, processes: int, editions: int) -> dict[str, object]:
    """Run it all in `folder` and return the facts."""
    write_project(folder, documents)
    asyncio.run(build(folder))
    outs = [folder / f"asked-{at}.jsonl" for at in range(processes)]
    each = queries // processes
    readers = [start(ask, folder, out, each, at, documents) for at, out in enumerate(outs)]
    writer = start(keep_writing, folder, editions, documents, folder / "written")
    took, marks = asyncio.run(change(folder, readers))
    for process in (*readers, writer):
        process.join()
    answered = tally(folder, outs, marks)
    written = (folder / "written").exists()
    return {**asdict(answered), **took, "editions_published": editions if written else "not all"}


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--documents", type=int, default=300)
    arguments = parser.parse_args()
    before, began = os.getloadavg(), time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        measured = measure(Path(name), arguments.queries, arguments.documents, 4, 12)
    facts = {
        "question": "what becomes of questions while an index is written, migrated, withdrawn from?",
        "embedder": "hashed words, 32 and 48 dimensions",
        "documents": arguments.documents,
        **measured,
        "seconds": round(time.perf_counter() - began),
        "processors": os.cpu_count(),
        "load_before": [round(one, 2) for one in before],
        "load_after": [round(one, 2) for one in os.getloadavg()],
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
