"""PostgreSQL, shared by many machines: the same promises as the embedded database.

Writers take turns by one advisory lock a schema, held to the end of their transaction. Numbers, the
compare-and-swap of an alias and the audit chain rest on nobody writing between a read and its commit, as
under SQLite's BEGIN IMMEDIATE; serializable isolation would promise the same by failing one of two, and every
caller would have to try again. The lock comes first and isolation is READ COMMITTED, so that each statement
sees what the writer before has committed; REPEATABLE READ would see what was there before the wait. Readers
take no lock: REPEATABLE READ, READ ONLY.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from genaiops.core import GenaiopsError
from genaiops.store import faults, schema
from genaiops.store.turns import Turns

if TYPE_CHECKING:  # SQLAlchemy takes 180 ms to import: only what reads or writes pays for it
    from psycopg import Connection as DriverConnection
    from psycopg import Error as DriverError
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.exc import DBAPIError

SETTING = "GENAIOPS_DATABASE"
_BUSY_SECONDS = 30.0
_IDLE_SECONDS = 120
_CONNECT_SECONDS = 10

# one statement, one way there and back; the functions run from left to right. A writer that has died with its
# machine gives the lock back after _IDLE_SECONDS
_TAKE_LOCK = """SELECT set_config('lock_timeout', %s, true),
    set_config('idle_in_transaction_session_timeout', %s, true),
    pg_advisory_xact_lock(1196314960, hashtext(coalesce(current_schema(), '') || %s))"""

_FULL = "53100"
_BUSY = ("55P03", "57014")
_DENIED = ("42501", "25006")
_DISK = ("58030", "XX001", "XX002")
_NO_SCHEMA = "3F000"


class PostgresDatabase:
    """A schema of a PostgreSQL database. Safe to share between threads; every process opens its own.

    Writers wait for those of the same `turn` only: whoever has one writes to tables that are its own.
    """

    def __init__(self, url: str, *, busy_seconds: float = _BUSY_SECONDS, turn: str = "") -> None:
        self._url = url
        self._where = shown(url)
        self._limits = (f"{round(busy_seconds * 1000)}ms", f"{_IDLE_SECONDS}s", turn)
        self._turns = Turns()
        self._open_lock = threading.Lock()
        self._reader: Engine | None = None
        self._writer: Engine | None = None
        self._migrated: dict[str, int] = {}

    @contextmanager
    def read(self) -> Generator["Connection"]:
        """Give a connection that sees one snapshot and cannot write."""
        with self._explained(), self._engines()[0].begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator["Connection"]:
        """Give a transaction under the schema's lock: committed at the end, rolled back on an error.

        Other threads, processes and machines wait. Never await inside: the whole process would wait with you.
        """
        with self._turns.take(), self._explained(), self._engines()[1].begin() as connection:
            connection.exec_driver_sql(_TAKE_LOCK, self._limits)
            yield connection

    def migrate(self, room: str, steps: "Sequence[Callable[[Connection], None]]") -> None:
        """Apply the steps of `room` that this database has not seen, in order, each once, all or none."""
        if self._migrated.get(room) == len(steps):
            return
        if self._done(room) != len(steps):  # nobody waits for a command that has nothing to change
            with self.write() as connection:
                schema.apply(connection, room, steps, self._where)
        self._migrated[room] = len(steps)

    def scrub(self) -> bool:
        """Return False: what the server keeps of rows that are gone, here and in its log, is its own."""
        return False

    def close(self) -> None:
        """Close every connection; a later `read` or `write` opens them again."""
        with self._open_lock:
            for engine in (self._reader, self._writer):
                if engine is not None:
                    engine.dispose()
            self._reader = self._writer = None

    def _done(self, room: str) -> int:
        with self.read() as connection:
            known = connection.exec_driver_sql("SELECT to_regclass('schema_steps')").scalar()
            return schema.steps_done(connection, room) if known else -1

    def _engines(self) -> "tuple[Engine, Engine]":
        with self._open_lock:
            if self._reader is None or self._writer is None:
                url = _address(self._url)
                self._reader = _engine(url, read_only=True)
                self._writer = _engine(url, read_only=False)
            return self._reader, self._writer

    @contextmanager
    def _explained(self) -> Generator[None]:
        from sqlalchemy.exc import DBAPIError  # 180 ms

        try:
            yield
        except DBAPIError as error:
            raise self._in_words(error) or error from error

    def _in_words(self, error: "DBAPIError") -> GenaiopsError | None:
        """Return what to tell a person; None where the fault is ours and should keep its traceback."""
        driver = cast("DriverError", error.orig)
        state = driver.sqlstate
        if error.connection_invalidated:
            return faults.database_broke(self._where)
        if state is None:
            return self._without_state(driver)
        if state == _FULL:
            return faults.disk_full(self._where)
        if state in _BUSY:
            return faults.busy(self._where)
        if state in _DENIED:
            return faults.not_permitted(self._where)
        if state == _NO_SCHEMA:
            return faults.database_unreachable(str(driver).partition("\n")[0], self._where)
        if state in _DISK:
            return faults.failing_disk(str(driver), self._where)
        return None

    def _without_state(self, driver: "DriverError") -> GenaiopsError | None:
        """Explain what the driver said itself, before the server was asked."""
        from psycopg import DataError, OperationalError  # optional: extra [postgres]

        if isinstance(driver, OperationalError):
            return faults.database_unreachable(str(driver), self._where)
        if isinstance(driver, DataError) and "NUL" in str(driver):
            return faults.text_with_nul(self._where)
        return None


def shown(url: str) -> str:
    """Return a database's address without password and options, fit to be shown."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"postgresql://{host}{parts.path}"


def _address(url: str) -> "URL":
    from sqlalchemy import make_url  # 180 ms
    from sqlalchemy.exc import ArgumentError

    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise faults.bad_address(
            SETTING, "postgresql://USER:PASSWORD@HOST/NAME", "it is no address"
        ) from error
    return found.set(drivername="postgresql+psycopg")


def _engine(url: "URL", *, read_only: bool) -> "Engine":
    from sqlalchemy import create_engine, event  # 180 ms

    try:
        from psycopg import IsolationLevel  # optional: extra [postgres]
    except ImportError as error:
        raise faults.extra_missing("psycopg", "postgres", SETTING) from error
    size = {"pool_size": 4, "max_overflow": 28} if read_only else {"pool_size": 1, "max_overflow": 0}
    engine = create_engine(
        url,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "genaiops"},
        use_native_hstore=False,
        pool_pre_ping=True,  # a server that was started again meanwhile costs nobody an error
        **size,
    )
    level = IsolationLevel.REPEATABLE_READ if read_only else IsolationLevel.READ_COMMITTED

    def on_connect(connection: "DriverConnection[Any]", _record: object) -> None:
        connection.isolation_level = level
        connection.read_only = read_only

    event.listen(engine, "connect", on_connect)
    _sort_by_bytes(engine)
    return engine


def _sort_by_bytes(engine: "Engine") -> None:
    """Let text columns that are made sort as SQLite's do, whatever the language of the database is."""
    from sqlalchemy import Column
    from sqlalchemy.dialects.postgresql.base import PGTypeCompiler  # 180 ms

    class _Types(PGTypeCompiler):
        def visit_TEXT(self, type_: Any, **options: Any) -> str:
            made = super().visit_TEXT(type_, **options)
            column = isinstance(options.get("type_expression"), Column)
            return f'{made} COLLATE "C"' if column else made

    engine.dialect.type_compiler_instance = _Types(engine.dialect)
