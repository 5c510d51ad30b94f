"""The store under kill -9, a full disk and several writers, each in processes of their own."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from genaiops.core import OutsideError, digest_bytes
from genaiops.store import Store

_OPEN = """
import sys
from pathlib import Path
from sqlalchemy import text
from genaiops.store import Store
def numbers(connection):
    connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY, filler BLOB) STRICT")
store = Store.open(Path(sys.argv[1]))
store.database.migrate("test", [numbers])
def say(word):
    print(word, flush=True)
"""


def _start(folder: Path, code: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _OPEN + code, str(folder), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _count(store: Store) -> int:
    with store.database.read() as connection:
        return connection.execute(text("SELECT count(*) FROM numbers")).scalar_one()


def test_a_process_killed_inside_a_transaction_leaves_none_of_it(tmp_path):
    process = _start(
        tmp_path,
        """
with store.database.write() as connection:
    connection.execute(text("INSERT INTO numbers VALUES (1, NULL)"))
with store.database.write() as connection:
    connection.execute(text("INSERT INTO numbers VALUES (2, zeroblob(5000000))"))
    say("inside")
    sys.stdin.read()
""",
    )
    assert process.stdout.readline() == "inside\n"
    _kill(process)
    with Store.open(tmp_path) as store:
        assert _count(store) == 1
        with store.database.write() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (3, NULL)"))
        assert _count(store) == 2


def test_what_was_committed_survives_a_kill_right_after_it(tmp_path):
    process = _start(
        tmp_path,
        """
n = 0
while True:
    with store.database.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (:n, NULL)"), {"n": n})
    say(n)
    n += 1
""",
    )
    seen = [int(process.stdout.readline()) for _ in range(50)]
    _kill(process)
    with Store.open(tmp_path) as store:
        assert _count(store) >= len(seen)
        with store.database.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"


def test_a_process_killed_while_it_writes_blobs_leaves_only_whole_ones(tmp_path):
    process = _start(
        tmp_path,
        """
import os
say("ready")
while True:
    store.blobs.put(os.urandom(200_000))
    say("put")
""",
    )
    for _ in range(20):
        process.stdout.readline()
    _kill(process)
    files = [path for path in (tmp_path / "blobs").glob("??/*") if path.is_file()]
    assert len(files) >= 19
    assert all(digest_bytes(path.read_bytes()) == f"sha256:{path.name}" for path in files)


def test_a_killed_process_gives_its_lock_back(tmp_path):
    process = _start(tmp_path, 'with store.lock("run"):\n    say("held")\n    sys.stdin.read()\n')
    assert process.stdout.readline() == "held\n"
    with Store.open(tmp_path) as store:
        with pytest.raises(OutsideError) as caught, store.lock("run"):
            pass
        assert str(process.pid) in caught.value.why
        _kill(process)
        with store.lock("run"):
            pass


def test_processes_that_start_and_write_at_once_lose_nothing(tmp_path):
    code = """
for i in range(25):
    with store.database.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (:n, NULL)"), {"n": int(sys.argv[2]) * 100 + i})
    store.blobs.put(b"the same bytes in every process")
"""
    processes = [_start(tmp_path, code, str(k)) for k in range(4)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    with Store.open(tmp_path) as store:
        assert _count(store) == 100
        assert store.blobs.has(digest_bytes(b"the same bytes in every process"))


@pytest.fixture
def full_disk():
    """Let no file of this process grow beyond 256 KiB: the kernel answers like a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_leaves_no_blob_and_no_rest_of_one(tmp_path, full_disk):
    content = os.urandom(1 << 20)
    with Store.open(tmp_path) as store:
        with pytest.raises(OutsideError) as caught:
            store.blobs.put(content)
        assert caught.value.code == "GAO-STORE-003"
        assert not store.blobs.has(digest_bytes(content))
        assert list((tmp_path / "blobs/tmp").iterdir()) == []
        assert store.blobs.get(store.blobs.put(b"small ones still fit")) == b"small ones still fit"


def test_a_full_disk_undoes_the_transaction_that_did_not_fit(tmp_path, full_disk):
    with Store.open(tmp_path) as store:
        database = store.database
        database.migrate(
            "test", [lambda c: c.exec_driver_sql("CREATE TABLE numbers (n INTEGER, filler BLOB)")]
        )
        with database.write() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (1, NULL)"))
        with pytest.raises(OutsideError) as caught, database.write() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (2, zeroblob(3000000))"))
        assert caught.value.code in ("GAO-STORE-003", "GAO-STORE-012")
        assert _count(store) == 1
