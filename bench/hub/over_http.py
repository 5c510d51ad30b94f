"""How long does an alias take over HTTP? Under 5 ms (p50), with a key and a connection that is kept.

    python -m bench.hub.over_http

A real `genaiops up` on loopback, a viewer's API key, one client; beside it the same question in one process.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bench.hub.run import KIND, LOCAL, PROJECT
from bench.hub.timing import milliseconds

from genaiops.access import people
from genaiops.access.keys import create_key
from genaiops.access.login import login
from genaiops.access.model import Grant
from genaiops.core import Principal, Scope
from genaiops.hub import Governance, Hub
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "hub_http.json"
ASKED, MOST_MS = 2_000, 5.0
REF = f"prompt/{PROJECT}/answer:prod"
SERVICE = Principal(id="service:app")


def fill(store: Store) -> str:
    """Publish a prompt with an alias, add people, and return a viewer's key."""
    version = Hub(store, [KIND], by=LOCAL).publish("prompt", "answer", {"text": "hi"}, project=PROJECT)
    Governance(store, by=LOCAL).move(f"prompt/{PROJECT}/answer", "prod", version.reference, read=None)
    now, owner = datetime.now(UTC), Principal(id=f"user:{login()}")
    with store.database.write() as connection:
        people.add(connection, LOCAL, owner.id, now)
        people.add_project(connection, owner, PROJECT, now)
        people.add(connection, owner, SERVICE.id, now)
        grant = Grant(subject=SERVICE.id, project=PROJECT, role="viewer")
        people.grant(connection, owner, grant, now)
        scope = Scope(project=PROJECT, actions=frozenset({"artifact.read"}))
        made = create_key(
            connection, owner, owner=SERVICE.id, scope=scope, lifetime=timedelta(days=1), at=now
        )
    return made.text


def ask(connection: http.client.HTTPConnection, key: str) -> None:
    """Ask for the alias."""
    connection.request("GET", f"/api/hub/version?ref={REF}", headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    assert json.loads(answer.read())["number"] == 1


def measure(folder: Path, key: str) -> dict[str, float]:
    """Serve the project, and return the times of asking it."""
    command = [sys.executable, "-m", "genaiops", "up", "--port", "0"]
    serving = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    try:
        place = urlsplit(serving.stdout.readline().strip())
        connection = http.client.HTTPConnection(str(place.hostname), place.port)
        return milliseconds(lambda: ask(connection, key), ASKED)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait()


def main() -> None:
    """Measure, write the results."""
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "genaiops.yaml").write_text("project: x\n", encoding="utf-8")
        with Store.open(folder / ".genaiops") as store:
            key = fill(store)
            hub = Hub(store, [KIND], by=SERVICE)
            here = milliseconds(lambda: hub.get(REF), ASKED)
            there = measure(folder, key)
    facts = {
        "question": "how long does an alias take over HTTP, with a key and a connection that is kept?",
        "milliseconds": {"over HTTP": there, "in one process": here},
        "met": {"alias over HTTP": there["p50"] < MOST_MS},
        "load_before": [round(one, 2) for one in before],
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
