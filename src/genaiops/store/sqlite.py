"""One SQLite file in WAL mode: many readers, one writer connection a process, schema in numbered steps.

A commit survives `kill -9`. A power cut may take the last ones, never half of one (`synchronous=NORMAL`).
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from genaiops.core import OutsideError
from genaiops.store import schema
from genaiops.store.faults import busy, disk_error, disk_full, failing_disk, not_permitted
from genaiops.store.locks import hold
from genaiops.store.turns import Turns

if TYPE_CHECKING:  # SQLAlchemy takes 180 ms to import: only what reads or writes pays for it
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import DBAPIError

_BUSY_SECONDS = 30.0


class SqliteDatabase:
    """The embedded database. Safe to share between threads; every process opens its own.

    `mapped` bytes of the file are read as memory: scattered rows cost half as much as by system calls.
    """

    def __init__(self, path: Path, *, busy_seconds: float = _BUSY_SECONDS, mapped: int = 0) -> None:
        self._path = path
        self._mapped = mapped
        self._busy_seconds = busy_seconds
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
        """Give the process' one writer in a transaction: committed at the end, rolled back on an error.

        Other threads and processes wait. Never await inside: the whole process would wait with you.
        """
        with self._turns.take(), self._explained(), self._engines()[1].begin() as connection:
            yield connection

    def migrate(self, room: str, steps: "Sequence[Callable[[Connection], None]]") -> None:
        """Apply the steps of `room` that this database has not seen, in order, each once, all or none."""
        if self._migrated.get(room) == len(steps):
            return
        with self.write() as connection:
            schema.apply(connection, room, steps, str(self._path))
        self._migrated[room] = len(steps)

    def scrub(self) -> bool:
        """Empty the write-ahead log, which holds pages as they were; False where somebody still reads it."""
        with self._turns.take():
            try:
                with closing(sqlite3.connect(self._path, timeout=self._busy_seconds)) as connection:
                    held: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as error:
                raise _explain(error, self._path) or error from error
        return not held

    def close(self) -> None:
        """Close every connection; a later `read` or `write` opens them again."""
        with self._open_lock:
            for engine in (self._reader, self._writer):
                if engine is not None:
                    engine.dispose()
            self._reader = self._writer = None

    def _engines(self) -> "tuple[Engine, Engine]":
        with self._open_lock:
            if self._reader is None or self._writer is None:
                self._create()
                self._reader = self._engine("BEGIN", read_only=True)
                self._writer = self._engine("BEGIN IMMEDIATE", read_only=False)
            return self._reader, self._writer

    def _create(self) -> None:
        # the file first, so that it and SQLite's files beside it are never readable by others; WAL mode under
        # a lock, since two processes that switch at once get "database is locked" without any waiting
        with hold(self._path.parent / "locks", "database", wait=True):
            try:
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            except OSError as error:
                raise disk_error(error, self._path) from error
            try:
                connection = sqlite3.connect(self._path, timeout=self._busy_seconds)
                try:
                    connection.execute("PRAGMA journal_mode=WAL")
                finally:
                    connection.close()
            except sqlite3.Error as error:
                raise _explain(error, self._path) or error from error

    def _engine(self, begin: str, *, read_only: bool) -> "Engine":
        from sqlalchemy import create_engine, event  # 180 ms

        # isolation_level None: the driver sends no BEGIN of its own, ours says which kind
        arguments = {"check_same_thread": False, "timeout": self._busy_seconds, "isolation_level": None}
        size = {"pool_size": 4, "max_overflow": 28} if read_only else {"pool_size": 1, "max_overflow": 0}
        engine = create_engine(f"sqlite+pysqlite:///{self._path}", connect_args=arguments, **size)

        def on_connect(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA secure_delete=ON")  # what is taken out is overwritten, not only freed
            connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
            connection.execute(f"PRAGMA mmap_size={self._mapped}")

        def on_begin(connection: "Connection") -> None:
            connection.exec_driver_sql(begin)

        event.listen(engine, "connect", on_connect)
        event.listen(engine, "begin", on_begin)
        return engine

    @contextmanager
    def _explained(self) -> Generator[None]:
        from sqlalchemy.exc import DBAPIError  # 180 ms

        try:
            yield
        except DBAPIError as error:
            raise self._in_words(error) or error from error

    def _in_words(self, error: "DBAPIError") -> OutsideError | None:
        return _explain(error.orig, self._path) if isinstance(error.orig, sqlite3.Error) else None


def _explain(error: sqlite3.Error, path: Path) -> OutsideError | None:
    """Return what to tell a person; None where the fault is ours and should keep its traceback."""
    # the low byte is the primary code, the rest says more; absent where the driver itself complained
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return disk_full(str(path))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return not_permitted(str(path))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return busy(str(path))
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return OutsideError(
            "GAO-STORE-010",
            "the store is damaged",
            why=str(error),
            fix="move the folder away and run again; what can be computed is computed anew",
            where=str(path),
        )
    if code == sqlite3.SQLITE_IOERR:
        return failing_disk(str(error), str(path))
    return None
