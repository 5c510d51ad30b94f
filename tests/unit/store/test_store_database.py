import stat
import subprocess
import sys
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from genaiops.core import OutsideError, UserError
from genaiops.store import Database, Store


def _numbers(connection):
    connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT")


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "genaiops.db", busy_seconds=0.05)
    opened.migrate("test", [_numbers])
    yield opened
    opened.close()


def _insert(database, *numbers):
    with database.write() as connection:
        for number in numbers:
            connection.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})


def _insert_then_zero(connection):
    connection.execute(text("INSERT INTO numbers VALUES (7)"))
    return 0


def _all(database):
    with database.read() as connection:
        return list(connection.execute(text("SELECT n FROM numbers ORDER BY n")).scalars())


def test_what_is_committed_is_read_back_after_opening_again(database, tmp_path):
    _insert(database, 1, 2)
    database.close()
    again = Database(tmp_path / "genaiops.db")
    assert _all(again) == [1, 2]
    again.close()


def test_an_error_inside_a_write_undoes_all_of_it(database):
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": 7 / _insert_then_zero(connection)})
    assert _all(database) == []
    _insert(database, 8)
    assert _all(database) == [8]


def test_a_broken_constraint_stays_a_programming_error(database):
    with pytest.raises(IntegrityError):
        _insert(database, 1, 1)


def test_a_reader_cannot_write(database):
    with pytest.raises(OutsideError), database.read() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (1)"))


def test_a_reader_sees_one_snapshot_while_others_write(database):
    _insert(database, 1)
    with database.read() as connection:
        count = text("SELECT count(*) FROM numbers")
        before = connection.execute(count).scalar_one()
        _insert(database, 2)
        assert connection.execute(count).scalar_one() == before == 1


def test_a_transaction_does_not_nest(database):
    with pytest.raises(RuntimeError, match="does not nest"), database.write(), database.write():
        pass


def test_threads_take_turns_at_the_one_writer(database):
    threads = [
        threading.Thread(target=lambda k=k: [_insert(database, 10 * k + i) for i in range(5)])
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_all(database)) == 20


def test_another_process_that_writes_too_long_is_named_as_the_reason(database, tmp_path):
    other = Database(tmp_path / "genaiops.db", busy_seconds=0.05)
    with other.write(), pytest.raises(OutsideError) as caught:
        _insert(database, 1)
    assert caught.value.code == "GAO-STORE-009"
    _insert(database, 1)
    assert _all(database) == [1]
    other.close()


def test_the_database_is_readable_for_its_owner_only(tmp_path):
    with Store.open(tmp_path / ".genaiops") as store:
        store.database.migrate("test", [_numbers])
        _insert(store.database, 1)
        files = list(store.path.glob("genaiops.db*"))
        assert len(files) >= 2
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_each_schema_step_is_applied_once_and_a_new_one_loses_no_row(database, tmp_path):
    _insert(database, 1)

    def add_column(connection):
        connection.exec_driver_sql("ALTER TABLE numbers ADD COLUMN name TEXT")

    later = Database(tmp_path / "genaiops.db")
    for _ in range(2):
        later.migrate("test", [_numbers, add_column])
    with later.read() as connection:
        assert connection.execute(text("SELECT n, name FROM numbers")).one() == (1, None)
    later.close()


def test_a_step_that_fails_leaves_no_half_of_its_room(database):
    def broken(connection):
        connection.exec_driver_sql("CREATE TABLE other (n INTEGER)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.migrate("other", [broken])
    with database.read() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_schema WHERE name = 'other'")).all()
    assert names == []


def test_a_store_written_by_a_newer_version_is_not_touched(database, tmp_path):
    older = Database(tmp_path / "genaiops.db")
    with pytest.raises(UserError) as caught:
        older.migrate("test", [])
    assert caught.value.code == "GAO-STORE-011"
    older.close()


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path):
    path = tmp_path / "genaiops.db"
    path.write_bytes(b"this is not a database, and it is long enough to be read as a header" * 20)
    broken = Database(path)
    with pytest.raises(OutsideError) as caught:
        broken.migrate("test", [_numbers])
    assert caught.value.code == "GAO-STORE-010"
    broken.close()


def test_importing_the_store_does_not_import_sqlalchemy():
    code = "import sys; from genaiops.store import Store, Database; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
