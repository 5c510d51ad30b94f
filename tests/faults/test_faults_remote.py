"""The shared store when database or bucket fail: one clear error, nothing half, a retry that works."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.support import stores
from tests.support.access import event
from tests.support.cutting import Cutting
from tests.support.documents import ROOT
from tests.support.shelves import Bucket

from genaiops.access import append, prepare, verify
from genaiops.core import OutsideError, UserError, digest_bytes
from genaiops.store import Store

pytestmark = pytest.mark.system

LARGE = os.urandom(1 << 20) * 24


@pytest.fixture
def env(monkeypatch):
    made = stores.remote()
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def store(env, tmp_path):
    with Store.open(tmp_path) as opened:
        opened.database.migrate("test", [_numbers])
        yield opened


def _numbers(connection):
    connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")


def _insert(store, number):
    with store.database.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})


def _count(store):
    with store.database.read() as connection:
        return connection.execute(text("SELECT count(*) FROM numbers")).scalar_one()


def _end(pid):
    with stores.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.proves("C-STORE-BAD-DATABASE")
def test_a_database_that_ends_the_connection_inside_a_transaction_keeps_none_of_it(store):
    def insert_and_lose_the_server():
        with store.database.write() as connection:
            connection.execute(text("INSERT INTO numbers VALUES (1)"))
            _end(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
            connection.execute(text("INSERT INTO numbers VALUES (2)"))

    with pytest.raises(OutsideError) as caught:
        insert_and_lose_the_server()
    assert caught.value.code == "GAO-STORE-016"
    assert _count(store) == 0
    _insert(store, 1)
    assert _count(store) == 1


@pytest.mark.proves("C-STORE-BAD-DATABASE")
def test_a_database_that_was_started_again_between_two_commands_costs_nobody_an_error(store):
    for door in (store.database.write, store.database.read):
        with door() as connection:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        _end(pid)
    _insert(store, 1)
    assert _count(store) == 1


@pytest.mark.proves("C-STORE-BAD-DATABASE", "C-STORE-SECRET")
@pytest.mark.parametrize(
    ("address", "why"),
    [
        (lambda: "postgresql://me:hunter2@127.0.0.1:1/db", "refused"),
        (lambda: stores.postgres().url(user="guarded", password="hunter2"), "password authentication failed"),
        (lambda: stores.postgres().url(database="nowhere", password="hunter2"), "does not exist"),
    ],
)
def test_a_database_that_is_gone_or_says_no_is_one_clear_error(tmp_path, address, why):
    cannot = pytest.raises(OutsideError, match="the database cannot be used")
    with Store.open(tmp_path, {"GENAIOPS_DATABASE": address()}) as store, cannot as caught:
        store.database.migrate("test", [_numbers])
    assert why in caught.value.why
    assert "hunter2" not in str(caught.value)


@pytest.mark.proves("C-STORE-BAD-DATABASE")
def test_a_user_who_may_not_make_tables_is_told_so(env, tmp_path):
    schema = env["GENAIOPS_BLOBS"].rpartition("/")[2]
    guarded = env["GENAIOPS_DATABASE"].replace("postgres:@", "guarded:secret@")
    with Store.open(tmp_path, {"GENAIOPS_DATABASE": guarded}) as store:
        with pytest.raises(OutsideError) as caught:
            store.database.migrate("test", [_numbers])
        assert caught.value.code == "GAO-STORE-015"
        assert "no schema" in caught.value.why
        with stores.connect() as connection:
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO guarded")
        with pytest.raises(OutsideError) as caught:
            store.database.migrate("test", [_numbers])
        assert caught.value.code == "GAO-STORE-004"


@pytest.mark.proves("C-STORE-BAD-FULL")
def test_a_database_whose_disk_is_full_keeps_nothing_of_the_transaction(store):
    with store.database.write() as connection:  # the server's own error, with its own code
        connection.exec_driver_sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER no_room BEFORE INSERT ON numbers FOR EACH ROW WHEN (new.n > 1) "
            "EXECUTE FUNCTION full_disk()"
        )
    with pytest.raises(OutsideError) as caught, store.database.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (1), (2)"))
    assert caught.value.code == "GAO-STORE-003"
    assert _count(store) == 0
    _insert(store, 1)
    assert _count(store) == 1


@pytest.mark.proves("C-STORE-BAD-TEXT")
def test_a_text_that_postgres_does_not_keep_is_refused_in_words(store):
    with pytest.raises(UserError) as caught, store.database.write() as connection:
        connection.execute(text("SELECT CAST(:it AS TEXT)"), {"it": "a\x00b"})
    assert caught.value.code == "GAO-STORE-021"


@pytest.mark.proves("C-STORE-BAD-BUCKET")
def test_a_bucket_that_is_cut_half_way_through_an_upload_holds_nothing_and_a_retry_works(env, tmp_path):
    way = Cutting(env["AWS_ENDPOINT_URL"], after=17 << 20)
    source = tmp_path / "large.bin"
    source.write_bytes(LARGE)
    with Store.open(tmp_path / "store", {**env, "AWS_ENDPOINT_URL": way.url}) as store:
        with pytest.raises(OutsideError) as caught:
            store.blobs.put_file(source)
        assert way.cut
        assert caught.value.code == "GAO-STORE-019"
        way.mend()
        assert not store.blobs.has(digest_bytes(LARGE))
        assert store.blobs.get(store.blobs.put_file(source)) == LARGE
    way.close()


@pytest.mark.proves("C-STORE-BAD-BUCKET")
def test_a_bucket_that_is_not_there_is_named(env, tmp_path):
    with Store.open(tmp_path, {**env, "GENAIOPS_BLOBS": "s3://no-such-bucket/x"}) as store:
        for ask in (lambda: store.blobs.put(b"x"), lambda: store.blobs.get(digest_bytes(b"x"))):
            with pytest.raises(OutsideError) as caught:
                ask()
            assert caught.value.code == "GAO-STORE-017"
            assert caught.value.where == "s3://no-such-bucket/x"


@pytest.mark.proves("C-STORE-BAD-BUCKET")
def test_an_object_store_that_cannot_be_reached_is_one_clear_error(env, tmp_path):
    with Store.open(tmp_path, {**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}) as store:
        put = store.blobs.put
    with pytest.raises(OutsideError) as caught:
        put(b"x")
    assert caught.value.code == "GAO-STORE-019"
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.proves("C-STORE-VERIFIED")
def test_a_file_that_changes_while_it_is_sent_is_not_kept_under_a_wrong_name(store, tmp_path, monkeypatch):
    source = tmp_path / "growing.bin"
    source.write_bytes(LARGE)

    class Moved(type(store.blobs)):
        def _holds(self, digest, size):
            with source.open("r+b") as file:  # somebody writes between the hashing and the sending
                file.write(b"other")
            return super()._holds(digest, size)

    with pytest.raises(UserError) as caught:
        Moved(os.environ["GENAIOPS_BLOBS"], os.environ).put_file(source)
    assert caught.value.code == "GAO-STORE-020"
    assert Bucket().names() == []


WRITE = """
import sys
from pathlib import Path
from genaiops.access import append, prepare
from genaiops.store import Store
from tests.support.access import event
with Store.open(Path(sys.argv[1])) as store:
    prepare(store.database)
    number = 0
    while True:
        with store.database.write() as connection:
            append(connection, event(number))
        store.blobs.put(f"{sys.argv[2]} {number}".encode())
        number += 1
        print("written", flush=True)
"""


@pytest.mark.proves("C-STORE-KILL")
def test_writers_that_are_killed_leave_whole_entries_and_let_the_others_go_on(env, tmp_path):
    for turn in range(4):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", WRITE, str(tmp_path / str(k)), f"{turn}.{k}"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
            for k in range(2)
        ]
        for process in running:
            for _ in range(3 + turn):
                assert process.stdout.readline() == "written\n"
        for process in running:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        with Store.open(Path(tmp_path)) as store:
            prepare(store.database)
            with store.database.write() as connection:
                append(connection, event(turn))
            with store.database.read() as connection:
                assert verify(connection).holds
    shelf = Bucket()
    names = shelf.names()
    assert len(names) >= 4 * 2 * 3
    with Store.open(Path(tmp_path)) as store:
        assert all(digest_bytes(store.blobs.get(f"sha256:{name}")) == f"sha256:{name}" for name in names)
