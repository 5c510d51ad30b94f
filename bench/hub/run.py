"""How fast is the Hub? An alias under 1 ms (p50), a search of 10,000 artifacts × 20 versions under 50 ms.

    python -m bench.hub.run

Versions are written in bulk, the rows that `publish` writes. A word of a search is in one version, in
one in a hundred, or in all; each question is asked 30 times, an alias 2,000 times, in one process: by the
local user of a store without accounts, then by a viewer of the project among 1,000 accounts.
"""

import json
import os
import platform
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from bench.hub.timing import milliseconds

from genaiops.access import people
from genaiops.access.model import Grant
from genaiops.core import Json, KindSpec, Principal, digest_json
from genaiops.hub import Governance, Hub, diff_json, search
from genaiops.hub.tables import LABELS
from genaiops.hub.tables import VERSIONS as VERSION_ROWS
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "hub.json"
ARTIFACTS, VERSIONS, RESOLUTIONS, SEARCHES, MOVES = 10_000, 20, 2_000, 30, 100
PROJECT, ARTIFACT, PEOPLE = "support", "prompt/artifact-4000", 1_000
LOCAL, ADMIN, VIEWER = (Principal(id=name) for name in ("local", "user:root", "user:u500"))
MOST_ALIAS_MS, MOST_SEARCH_MS = 1.0, 50.0
WORDS = [
    f"{a}{b}{c}" for a in ("ba", "ke", "li", "mo", "nu") for b in "rstvz" for c in ("an", "el", "im", "os")
]
KINDS = ("prompt", "dataset", "app", "scorer")
KIND = KindSpec(
    kind="prompt", schema={"type": "object"}, diff=diff_json, closure=lambda manifest: frozenset()
)


def manifest(number: int, edition: int) -> dict[str, Json]:
    """Return a manifest of about sixty words."""
    chosen = random.Random(number * VERSIONS + edition).choices(WORDS, k=60)
    marks = [f"unique{number}x{edition}", "everywhere", *(["seldom"] if number % 100 == 0 else [])]
    return {"text": " ".join([*chosen, *marks]), "edition": edition, "number": number}


def fill(store: Store) -> None:
    """Write every version of every artifact, and a label on the last of each."""
    for first in range(0, ARTIFACTS, 500):
        rows = [row(number, edition) for number in range(first, first + 500) for edition in range(VERSIONS)]
        labels = [
            {"version": each["id"], "key": "team", "value": f"team{each['id'] % 50}"}
            for each in rows
            if each["number"] == VERSIONS
        ]
        team = {each["version"]: f"team {each['value']}" for each in labels}
        words: list[dict[str, str | int]] = [
            {
                "id": each["id"],
                "kind": each["kind"],
                "text": f"{each['kind']} {each['name']} {team.get(each['id'], '')}",
                "manifest": f"text {each['words']}",
            }
            for each in rows
        ]
        with store.database.write() as connection:
            connection.execute(
                sa.insert(VERSION_ROWS), [{k: v for k, v in r.items() if k != "words"} for r in rows]
            )
            connection.execute(sa.insert(LABELS), labels)
            search.write(connection, words)


def row(number: int, edition: int) -> dict[str, Any]:
    """Return the row of a version, and its words."""
    made, kind = manifest(number, edition), KINDS[number % len(KINDS)]
    return {
        "id": number * VERSIONS + edition + 1,
        "kind": kind,
        "project": PROJECT,
        "name": f"artifact-{number}",
        "number": edition + 1,
        "digest": digest_json({"kind": kind, "manifest": made, "blobs": {}}),
        "manifest": json.dumps(made),
        "blobs": "{}",
        "activity": "bench",
        "created_at": "2026-01-01T00:00:00Z",
        "words": made["text"],
    }


def move(store: Store, artifact: str) -> None:
    """Move an alias a hundred times."""
    hub, governance, seen = Hub(store, [KIND], by=LOCAL), Governance(store, by=LOCAL), None
    for number in range(MOVES):
        to = hub.get(f"{artifact}:v{number % VERSIONS + 1}")
        governance.move(artifact, "prod", to.reference, read=seen)
        seen = to.digest


def add_people(store: Store) -> None:
    """Add an admin, and many who may look at the project."""
    now = datetime.now(UTC)
    with store.database.write() as connection:
        people.add(connection, LOCAL, ADMIN.id, now)
        people.add_project(connection, ADMIN, PROJECT, now)
        for number in range(PEOPLE):
            people.add(connection, ADMIN, f"user:u{number}", now)
            grant = Grant(subject=f"user:u{number}", project=PROJECT, role="viewer")
            people.grant(connection, ADMIN, grant, now)


def measure(store: Store, artifact: str, by: Principal) -> dict[str, dict[str, float]]:
    """Return the times of every question."""
    hub, governance = Hub(store, [KIND], by=by), Governance(store, by=by)
    asked: dict[str, Callable[[], object]] = {
        "a word of one version": lambda: hub.artifacts(text="unique77x3"),
        "a word of one artifact in a hundred": lambda: hub.artifacts(text="seldom"),
        "a word of every version": lambda: hub.artifacts(text="everywhere"),
        "two words and a beginning": lambda: hub.artifacts(text="baran kesel lit"),
        "a word, a kind and a label": lambda: hub.artifacts(
            "app", text="everywhere", labels={"team": "team2"}
        ),
        "a label": lambda: hub.artifacts(labels={"team": "team7"}),
        "no word: the first hundred artifacts": lambda: hub.artifacts(),
    }
    return {
        "an alias": milliseconds(lambda: hub.get(f"{artifact}:prod"), RESOLUTIONS),
        "a number": milliseconds(lambda: hub.get(f"{artifact}:v7"), RESOLUTIONS),
        "the history of 100 moves": milliseconds(lambda: governance.history(f"{artifact}:prod"), SEARCHES),
        **{name: milliseconds(ask, SEARCHES) for name, ask in asked.items()},
    }


def main() -> None:
    """Measure, write the results."""
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        Hub(store, [KIND], by=LOCAL)
        began = time.perf_counter()
        fill(store)
        filled = time.perf_counter() - began
        move(store, ARTIFACT)
        found = measure(store, ARTIFACT, LOCAL)
        add_people(store)
        of_a_viewer = measure(store, ARTIFACT, VIEWER)
        size = (store.path / "genaiops.db").stat().st_size
    facts = {
        "question": "how long do an alias and a search take in a Hub of 10,000 artifacts × 20 versions?",
        "milliseconds": found,
        "milliseconds_of_a_viewer_among_1000_accounts": of_a_viewer,
        "met": {
            "alias": all(each["an alias"]["p50"] < MOST_ALIAS_MS for each in (found, of_a_viewer)),
            "search": all(
                each[name]["p50"] < MOST_SEARCH_MS
                for each in (found, of_a_viewer)
                for name in each
                if name.startswith(("a word", "two", "a label"))
            ),
        },
        "filled_s": round(filled, 1),
        "database_mb": round(size / 1e6, 1),
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
