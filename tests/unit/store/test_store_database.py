import os
import stat
import subprocess
import sys
import threading

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, inspect, text
from sqlalchemy.exc import IntegrityError

from genaiops.core import OutsideError, UserError
from genaiops.store import Store, freeze
from genaiops.store.postgres import PostgresDatabase
from genaiops.store.sqlite import SqliteDatabase


def _numbers(connection):
    connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")


@pytest.fixture
def another(each_store, tmp_path):
    """Open the same database once more, as another process would."""
    opened = []

    def one_more():
        if each_store == "embedded":
            opened.append(SqliteDatabase(tmp_path / "genaiops.db", busy_seconds=0.05))
        else:
            opened.append(PostgresDatabase(os.environ["GENAIOPS_DATABASE"], busy_seconds=0.05))
        return opened[-1]

    yield one_more
    for database in opened:
        database.close()


@pytest.fixture
def database(another):
    opened = another()
    opened.migrate("test", [_numbers])
    return opened


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


@pytest.mark.proves("C-STORE-TWO")
def test_what_is_committed_is_read_back_after_opening_again(database, another):
    _insert(database, 1, 2)
    database.close()
    assert _all(another()) == [1, 2]
    assert _all(database) == [1, 2]


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


def test_another_process_that_writes_too_long_is_named_as_the_reason(database, another):
    with another().write(), pytest.raises(OutsideError) as caught:
        _insert(database, 1)
    assert caught.value.code == "GAO-STORE-009"
    _insert(database, 1)
    assert _all(database) == [1]


def test_the_database_is_readable_for_its_owner_only(tmp_path):
    with Store.open(tmp_path / ".genaiops") as store:
        store.database.migrate("test", [_numbers])
        _insert(store.database, 1)
        files = list(store.path.glob("genaiops.db*"))
        assert len(files) >= 2
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_each_schema_step_is_applied_once_and_a_new_one_loses_no_row(database, another):
    _insert(database, 1)

    def add_column(connection):
        connection.exec_driver_sql("ALTER TABLE numbers ADD COLUMN name TEXT")

    later = another()
    for _ in range(2):
        later.migrate("test", [_numbers, add_column])
    with later.read() as connection:
        assert connection.execute(text("SELECT n, name FROM numbers")).one() == (1, None)


def test_a_step_that_fails_leaves_no_half_of_its_room(database):
    def broken(connection):
        connection.exec_driver_sql("CREATE TABLE other (n INTEGER)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.migrate("other", [broken])
    with database.read() as connection:
        assert "numbers" in inspect(connection).get_table_names()
        assert "other" not in inspect(connection).get_table_names()


@pytest.mark.proves("C-STORE-BAD-NEWER")
def test_a_store_written_by_a_newer_version_is_not_touched(database, another):
    _insert(database, 1)
    with pytest.raises(UserError) as caught:
        another().migrate("test", [])
    assert caught.value.code == "GAO-STORE-011"
    assert _all(database) == [1]


@pytest.mark.proves("C-STORE-TWO")
def test_a_frozen_row_is_neither_changed_nor_removed_whoever_asks(another):
    table = Table("facts", MetaData(), Column("n", Integer, primary_key=True))

    def facts(connection):
        table.metadata.create_all(connection)
        freeze(connection, table, "facts stay", "update", "delete")
        connection.execute(table.insert(), {"n": 1})

    database = another()
    database.migrate("facts", [facts])
    for change in (table.update().values(n=2), table.delete()):
        with pytest.raises(IntegrityError, match="facts stay"), database.write() as connection:
            connection.execute(change)
    with database.read() as connection:
        assert connection.execute(table.select()).all() == [(1,)]


@pytest.mark.proves("C-STORE-TWO")
def test_text_sorts_by_its_bytes_and_differs_by_case(another):
    table = Table("words", MetaData(), Column("word", Text, primary_key=True))
    database = another()
    database.migrate("words", [table.metadata.create_all])
    words = ["b", "a", "B", "A", "ä", "a b", "a-b", "ab", "z", "_"]
    with database.write() as connection:
        connection.execute(table.insert(), [{"word": word} for word in words])
    with database.read() as connection:
        found = connection.execute(table.select().order_by(table.c.word)).scalars().all()
        assert found == sorted(words)
        if connection.dialect.name == "postgresql":  # this server would sort so anyway: others would not
            (column,) = inspect(connection).get_columns("words")
            assert column["type"].collation == "C"


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path):
    path = tmp_path / "genaiops.db"
    path.write_bytes(b"this is not a database, and it is long enough to be read as a header" * 20)
    broken = SqliteDatabase(path)
    with pytest.raises(OutsideError) as caught:
        broken.migrate("test", [_numbers])
    assert caught.value.code == "GAO-STORE-010"
    broken.close()


def test_importing_the_store_imports_nothing_heavy():
    heavy = "{'sqlalchemy', 'psycopg', 'obstore'}"
    code = f"import sys; from genaiops.store import Store; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
