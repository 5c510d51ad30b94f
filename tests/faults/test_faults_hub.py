"""Decisions under kill -9: whatever the moment, the store opens and the history is whole."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from tests.support.documents import ROOT
from tests.unit.hub.hub_sample import Place

from genaiops.hub import Move, Version, search
from genaiops.store import Store

KILLS = 8
DECIDE = """
import sys
from itertools import count
from pathlib import Path
from genaiops.core import GateSaidNo
from genaiops.store import Store
from tests.unit.hub.hub_sample import ANN, RITA, Place

def move(alias, version):
    live = governance.live("app/bot", alias)
    read = live.digest if live else None
    governance.move("app/bot", alias, version.reference, by=ANN, read=read)

with Store.open(Path(sys.argv[1])) as store:
    place = Place(store)
    place.clock.pass_by(days=int(sys.argv[2]))
    governance = place.governance
    if sys.argv[2] == "0":
        place.govern(risk="approvals.risk >= 1", proven="evidence.pass == 1")
    for number in count(int(sys.argv[2]) * 100_000):
        version = place.app(number)
        place.evidence(f"run{number}", version)
        try:
            move("prod", version)
        except GateSaidNo:
            governance.approve(version.digest, "risk", by=RITA)
        move("prod", version)
        move("staging", version)
        print("decided", flush=True)
"""


@pytest.mark.system
@pytest.mark.proves("C-HUB-KILL")
def test_a_kill_at_any_moment_leaves_a_whole_history(tmp_path: Path) -> None:
    random = Random(4)
    for turn in range(KILLS):
        running = subprocess.Popen(
            [sys.executable, "-c", DECIDE, str(tmp_path), str(turn)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert running.stdout is not None
        assert running.stdout.readline() == "decided\n"
        time.sleep(random.uniform(0.0, 0.5))  # the moment of the kill, not a wait for anything
        running.send_signal(signal.SIGKILL)
        running.communicate()
        with Store.open(tmp_path) as store:
            assert_whole(Place(store))
    with Store.open(tmp_path) as store:
        assert len(Place(store).governance.history("app/bot:prod")) > KILLS


def assert_whole(place: Place) -> None:
    """Every move begins where the one before ended, and rests on what the policy asked for."""
    with place.store.database.read() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        found = search.matching(connection, "bot", "app", {})
        assert len(connection.execute(found).all()) == len(place.hub.list("app"))
    for alias in ("prod", "staging"):
        if place.governance.live("app/bot", alias) is not None:
            assert_linked(place, alias, place.governance.history(f"app/bot:{alias}"))


def assert_linked(place: Place, alias: str, history: list[Move]) -> None:
    """Follow the moves of an alias from the first to what it points at now."""
    at = None
    for move in history:
        assert move.from_version == at
        at = move.to_version
        if alias == "prod":
            approved(place, place.hub.get(at))
            assert [condition.holds for condition in move.conditions] == [True, True]
    assert place.hub.get(f"app/bot:{alias}").pinned == at
    assert [move.sequence for move in history] == sorted({move.sequence for move in history})


def approved(place: Place, version: Version) -> None:
    """What went to production had been approved, and its evidence recomputed."""
    standing = place.governance.standing(version.reference)
    assert [approval.by for approval in standing.approvals] == ["rita"]
    assert [evidence.facts.outcome for evidence in standing.evidence] == ["pass"]
