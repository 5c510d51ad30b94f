"""Whether many writers lost anything: run them, then look at every number, move, blob and audit entry."""

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from bench.stores.writers import DONE, KIND, NAME

from genaiops.access import entries, prepare, verify
from genaiops.core import Principal
from genaiops.hub import Governance, Hub
from genaiops.store import Store


def compete(folder: Path, writers: int, rounds: int) -> dict[str, float | int]:
    """Start the writers on the store that the environment names, wait, and return what was found.

    Raises `AssertionError` where anything is lost.
    """
    began = time.perf_counter()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.stores.writers", str(folder), str(number), str(rounds)],
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        for number in range(writers)
    ]
    said = [process.communicate()[0] for process in running]
    taken = time.perf_counter() - began
    assert [process.returncode for process in running] == [0] * writers
    with Store.open(folder) as store:
        whole(store, writers * rounds)
    return {
        "writers": writers,
        "versions": writers * rounds,
        "moves tried again": sum(map(int, said)),
        "seconds": round(taken, 1),
    }


def whole(store: Store, wanted: int) -> None:
    """Check that `wanted` versions, moves and entries are there, each following from the one before."""
    by = Principal(id="local")
    versions = Hub(store, [KIND], by=by).list("app", "shared")
    assert [version.number for version in versions] == list(range(1, wanted + 1))
    assert len({version.digest for version in versions}) == wanted
    assert all(store.blobs.get(version.blobs["content"]) for version in versions)
    moves = Governance(store, by=by).history(f"{NAME}:prod")
    assert len(moves) == wanted
    assert all(one.to_version == two.from_version for one, two in pairwise(moves))
    prepare(store.database)
    with store.database.read() as connection:
        found = verify(connection)
        done = [each for each in entries(connection, limit=10 * wanted) if each.action == DONE]
    assert found.holds
    assert len({each.subject for each in done}) == len(done) == wanted
