"""One of many writers: publishes versions under one name, moves one alias, appends to the audit log.

python -m bench.stores.writers FOLDER NUMBER ROUNDS
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from genaiops.access import Event, append, prepare
from genaiops.core import Digest, KindSpec, Principal, UserError
from genaiops.hub import Governance, Hub, Version, diff_json
from genaiops.store import Store

KIND = KindSpec(kind="app", schema={"type": "object"}, diff=diff_json, closure=lambda manifest: frozenset())
NAME = "app/shared"
DONE = "bench.done"


def write(folder: Path, writer: int, rounds: int) -> int:
    """Write so many rounds, and return how many moves of the alias were lost to others and tried again."""
    by, lost = Principal(id="local"), 0
    with Store.open(folder) as store:
        prepare(store.database)
        hub, governance = Hub(store, [KIND], by=by), Governance(store, by=by)
        for number in range(rounds):
            mine = {"writer": writer, "number": number}
            content = f"{writer} {number}".encode()
            version = hub.publish("app", "shared", mine, blobs={"content": content})
            lost += move(governance, version)
            with store.database.write() as connection:
                at = datetime.now(UTC)
                append(
                    connection, Event(actor=f"writer{writer}", action=DONE, subject=version.reference, at=at)
                )
    return lost


def move(governance: Governance, version: Version) -> int:
    """Point the alias at `version`, again and again until no other was faster; return how often one was."""
    lost = 0
    while True:
        live = governance.live(NAME, "prod")
        read: Digest | None = live.digest if live else None
        try:
            governance.move(NAME, "prod", version.reference, read=read)
        except UserError:
            lost += 1
        else:
            return lost


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
