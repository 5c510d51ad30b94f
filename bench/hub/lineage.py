"""How fast is lineage? Depth 10 in a Hub of 100,000 edges under 100 ms.

    python -m bench.hub.lineage

Eleven layers of 2,500 versions, each made from four of the layer before: 100,000 edges. *Near*: the four are
neighbours, as where a team's versions rest on its own, and ten steps reach some hundred versions. *Anywhere*:
they are drawn at random, and ten steps reach nearly everything, which is returned whole. Each question is
asked 30 times in one process (anywhere: 5 times).
"""

import json
import os
import platform
import random
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from bench.hub.run import KIND, LOCAL
from bench.hub.timing import milliseconds

from genaiops.core import digest_json
from genaiops.hub import Governance, Hub, impact_of
from genaiops.hub.tables import EDGES, VERSIONS
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "hub_lineage.json"
LAYERS, WIDE, PARENTS, MOST_MS = 11, 2_500, 4, 100.0
TIMES = {"near": 30, "anywhere": 5}
AT = "2026-01-01T00:00:00Z"


def version(layer: int, place: int) -> dict[str, Any]:
    """Return the row of a version."""
    manifest = {"layer": layer, "place": place, "text": "word " * 20}
    return {
        "id": layer * WIDE + place + 1,
        "kind": "prompt",
        "project": "",
        "name": f"of-{layer}-{place}",
        "number": 1,
        "digest": digest_json(manifest),
        "manifest": json.dumps(manifest),
        "blobs": "{}",
        "activity": "bench",
        "created_at": AT,
    }


def parents(layer: int, place: int, near: bool) -> list[int]:
    """Return the row ids of what a version was made from."""
    drawn = random.Random(layer * WIDE + place)
    places = range(place, place + PARENTS) if near else drawn.sample(range(WIDE), PARENTS)
    return [(layer - 1) * WIDE + each % WIDE + 1 for each in places]


def fill(store: Store, near: bool) -> None:
    """Write the versions and their edges, the rows that `publish` writes."""
    rows = [version(layer, place) for layer in range(LAYERS) for place in range(WIDE)]
    edges = [
        {"child": layer * WIDE + place + 1, "parent": parent, "activity": "bench", "at": AT}
        for layer in range(1, LAYERS)
        for place in range(WIDE)
        for parent in parents(layer, place, near)
    ]
    with store.database.write() as connection:
        connection.execute(sa.insert(VERSIONS), rows)
        connection.execute(sa.insert(EDGES), edges)


def measure(store: Store, times: int) -> dict[str, Any]:
    """Return how many edges are walked, and the times of every question."""
    hub, governance = Hub(store, [KIND], by=LOCAL), Governance(store, by=LOCAL)
    last, first = f"prompt/of-{LAYERS - 1}-1000", "prompt/of-0-1000"

    def impact() -> object:
        below = hub.lineage(first, "down")
        evidence = governance.recomputed(edge.child for edge in below)
        return impact_of([hub.get(first)], below, governance.aliases(), evidence)

    asked: dict[str, Callable[[], object]] = {
        "back to every input": lambda: hub.lineage(last),
        "on to all that was made": lambda: hub.lineage(first, "down"),
        "three steps back": lambda: hub.lineage(last, depth=3),
        "impact": impact,
    }
    return {
        "edges_walked": len(hub.lineage(last)),
        "milliseconds": {name: milliseconds(ask, times) for name, ask in asked.items()},
    }


def main() -> None:
    """Measure, write the results."""
    before = os.getloadavg()
    found: dict[str, Any] = {}
    for name, times in TIMES.items():
        with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
            Hub(store, [KIND])
            fill(store, name == "near")
            found[name] = measure(store, times)
    near = found["near"]["milliseconds"]
    facts = {
        "question": "how long does lineage of depth 10 take in a Hub of 100,000 edges?",
        "found": found,
        "met": {
            "lineage": near["back to every input"]["p50"] < MOST_MS,
            "impact": near["impact"]["p50"] < MOST_MS,
        },
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load_before": [round(one, 2) for one in before],
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
