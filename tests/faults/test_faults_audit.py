"""The audit chain under kill -9 and several writers, each in processes of their own."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from genaiops.access import entries, verify
from genaiops.store import Store

_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from genaiops.access import people, prepare
from genaiops.core import Principal
from genaiops.store import Store
store = Store.open(Path(sys.argv[1]))
prepare(store.database)
for number in range(int(sys.argv[3])):
    with store.database.write() as connection:
        people.add(connection, Principal(id="user:root"), f"user:{sys.argv[2]}-{number}", datetime.now(UTC))
    print(number, flush=True)
"""
_FIRST = """
    people.add(connection, Principal(id="local"), "user:root", datetime.now(UTC))
"""


def writer(folder, name, changes):
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder), name, str(changes)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def folder(tmp_path):
    first = _WRITER.split("for number")[0] + "with store.database.write() as connection:" + _FIRST
    subprocess.run([sys.executable, "-c", first, str(tmp_path)], check=True)
    return tmp_path


def check(folder):
    """Return how many users there are; the chain must hold, with one entry for each of them."""
    with Store.open(folder) as store, store.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert verify(connection).holds
        users = connection.exec_driver_sql("SELECT id FROM access_subjects").scalars().all()
        told = [each.subject for each in entries(connection, limit=100_000) if each.action == "user.add"]
    assert Counter(told) == Counter(users)
    return len(users)


@pytest.mark.proves("C-AUDIT-KILLED")
def test_after_kill_9_at_any_point_the_chain_holds_and_every_change_has_its_entry(folder):
    chance = random.Random(4)
    known = check(folder)
    for kill in range(8):
        process = writer(folder, f"k{kill}", 10_000)
        seen = [process.stdout.readline() for _ in range(chance.randrange(1, 12))]
        spin_until = (
            time.perf_counter() + chance.random() / 200
        )  # inside the next transaction, or between two
        while time.perf_counter() < spin_until:
            pass
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now = check(folder)
        assert now >= known + len(seen)
        known = now


@pytest.mark.proves("C-AUDIT-ONE-TRANSACTION")
def test_of_four_writers_at_once_no_entry_is_lost_and_the_chain_holds(folder):
    running = [writer(folder, f"w{number}", 25) for number in range(4)]
    assert [process.communicate() and process.returncode for process in running] == [0, 0, 0, 0]
    assert check(folder) == 101
