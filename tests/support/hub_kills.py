"""A process that publishes, moves and approves until it is killed, and what must hold of its store then."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from sqlalchemy import text
from tests.support.documents import ROOT
from tests.unit.hub.hub_sample import RITA, Place

from genaiops.access import Entry, entries, verify
from genaiops.core import digest_bytes, digest_json
from genaiops.hub import Move, Version, search
from genaiops.store import Store

MOST_ENTRIES = 1_000_000
_DECIDE = """
import sys
from itertools import count
from pathlib import Path
from genaiops.core import GateSaidNo
from genaiops.store import Store
from tests.unit.hub.hub_sample import RITA, Place

def move(alias, version):
    live = governance.live("app/bot", alias)
    read = live.digest if live else None
    governance.move("app/bot", alias, version.reference, read=read)

with Store.open(Path(sys.argv[1])) as store:
    place = Place(store)
    place.clock.pass_by(days=int(sys.argv[2]))
    governance = place.governance
    if sys.argv[2] == "0":
        place.govern(risk="approvals.risk >= 1", proven="evidence.pass == 1")
    for number in count(int(sys.argv[2]) * 100_000):
        blobs = {"big": b"%d" % number * 20_000, "small": b"%d" % number}
        version = place.hub.publish("app", "bot", {"n": number}, blobs=blobs, labels={"n": str(number)})
        place.evidence(f"run{number}", version)
        try:
            move("prod", version)
        except GateSaidNo:
            place.by(RITA).approve(version.digest, "risk")
        move("prod", version)
        move("staging", version)
        print("decided", flush=True)
"""


def kill_once(folder: Path, turn: int, random: Random) -> None:
    """Let a process decide for a random time, at least once, then kill it."""
    running = subprocess.Popen(
        [sys.executable, "-c", _DECIDE, str(folder), str(turn)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "decided\n"
    time.sleep(random.uniform(0.0, 0.5))  # the moment of the kill, not a wait for anything
    running.send_signal(signal.SIGKILL)
    running.communicate()


def assert_whole(folder: Path) -> int:
    """Open the store, hold it to all that must hold, and return how many blobs no version names."""
    with Store.open(folder) as store:
        place = Place(store)
        with store.database.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            assert verify(connection).holds
            told = entries(connection, limit=MOST_ENTRIES)
            found = len(connection.execute(search.matching(connection, "bot", "app", {})).all())
        versions = place.hub.list()
        assert found == sum(version.kind == "app" for version in versions)
        _digests_hold(store, versions)
        histories = [history for alias in ("prod", "staging") if (history := _linked(place, alias))]
        _told_once(place, versions, histories, told)
        named = {digest for version in versions for digest in version.blobs.values()}
        kept = {f"sha256:{path.name}" for path in (folder / "blobs").glob("??/*")}
        assert named <= kept
        return len(kept - named)


def _digests_hold(store: Store, versions: list[Version]) -> None:
    for version in versions:
        body = {"kind": version.kind, "manifest": version.manifest, "blobs": dict(version.blobs)}
        assert digest_json(body) == version.digest
        for digest in version.blobs.values():
            assert digest_bytes(store.blobs.get(digest)) == digest


def _told_once(place: Place, versions: list[Version], histories: list[list[Move]], told: list[Entry]) -> None:
    """Every change has its entry, and every entry its change."""
    published = [entry.details["digest"] for entry in told if entry.action == "artifact.publish"]
    assert sorted(map(str, published)) == sorted(version.digest for version in versions)
    moves = [entry for entry in told if entry.subject.startswith("app/bot:") and entry.action == "alias.move"]
    assert sorted(entry.details["sequence"] for entry in moves) == sorted(
        move.sequence for history in histories for move in history
    )
    approved = [entry.subject for entry in told if entry.action == "approval.give"]
    assert sorted(approved) == sorted(
        version.short
        for version in versions
        if version.kind == "app" and place.governance.standing(version.reference).approvals
    )


def _linked(place: Place, alias: str) -> list[Move]:
    """Follow the moves of an alias from the first to what it points at now."""
    if place.governance.live("app/bot", alias) is None:
        return []
    history, at = place.governance.history(f"app/bot:{alias}"), None
    for move in history:
        assert move.from_version == at
        at = move.to_version
        if alias == "prod":
            _approved(place, place.hub.get(at))
            assert [condition.holds for condition in move.conditions] == [True, True]
    assert place.hub.get(f"app/bot:{alias}").pinned == at
    assert [move.sequence for move in history] == sorted({move.sequence for move in history})
    return history


def _approved(place: Place, version: Version) -> None:
    """What went to production had been approved, and its evidence recomputed."""
    standing = place.governance.standing(version.reference)
    assert [approval.by for approval in standing.approvals] == [RITA.id]
    assert [evidence.facts.outcome for evidence in standing.evidence] == ["pass"]
