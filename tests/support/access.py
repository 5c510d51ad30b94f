"""A log to tamper with, and a clock that goes where the test wants it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa
from tests.support import stores

from genaiops.access import Entry, Event, append, entries, people, prepare, verify
from genaiops.access.model import Grant
from genaiops.core import Principal
from genaiops.store import Store

START = datetime(2026, 3, 3, 9, tzinfo=UTC)


class Clock:
    """Calling it gives its time; `forward` moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class _Undone(Exception):
    pass


def thaw(connection: sa.Connection, table: str, action: str) -> None:
    """Let rows be changed, as whoever owns the database can."""
    of = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"DROP TRIGGER {table}_{action}{of}")


def log_of(folder: Path, size: int) -> Store:
    """Return an open store whose log has `size` entries, a second apart."""
    store = stores.opened(folder, _prepared)
    if size:
        with store.database.write() as connection:
            for number in range(size):
                append(connection, event(number))
    return store


def _prepared(store: Store) -> None:
    prepare(store.database)


def event(number: int) -> Event:
    return Event(
        actor="user:anna",
        action="alias.move",
        subject=f"app/x{number}:prod",
        at=START + timedelta(seconds=number),
        details={"from": None, "to": number, "why": "größer", "rate": 0.5},
    )


@contextmanager
def tampering(store: Store) -> Generator[sa.Connection]:
    """Give a connection that may do anything to the log, and undo it all at the end."""
    try:
        with store.database.write() as connection:
            for action in ("update", "delete"):
                thaw(connection, "audit", action)
            yield connection
            raise _Undone
    except _Undone:
        pass


LOCAL = Principal(id="local")
ADMIN = Principal(id="user:root")


def peopled(folder: Path) -> Store:
    """Return an open store with the admin `root`, the user `anna`, the service `ci` and two projects."""
    return stores.opened(folder, _peopled)


def _peopled(store: Store) -> None:
    prepare(store.database)
    with store.database.write() as connection:
        people.add(connection, LOCAL, "user:root", START)
        for subject in ("user:anna", "user:bea", "service:ci", "group:team"):
            people.add(connection, ADMIN, subject, START)
        for project in ("support", "finance"):
            people.add_project(connection, ADMIN, project, START)


def give(store: Store, subject: str, role: str, project: str = "support") -> None:
    """Give a role, as the admin."""
    with store.database.write() as connection:
        people.grant(connection, ADMIN, Grant(subject=subject, project=project, role=role), START)


def logged(store: Store) -> list[Entry]:
    """Return every entry of the log, oldest first; the log must hold."""
    with store.database.read() as connection:
        assert verify(connection).holds
        return entries(connection, limit=10_000)[::-1]


def everything_on_disk(folder: Path) -> bytes:
    """Return every byte that the store holds: the database, what SQLite keeps beside it, blobs."""
    files = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return files + rows_of(os.environ["GENAIOPS_DATABASE"]) if "GENAIOPS_DATABASE" in os.environ else files


def rows_of(url: str) -> bytes:
    """Return every row of every table of a schema of PostgreSQL's."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        rows = [
            row
            for (table,) in tables.fetchall()
            for (row,) in connection.execute(f'SELECT each::text FROM "{table}" AS each').fetchall()
        ]
    assert rows
    return "\n".join(rows).encode()
