"""What the rooms' schema steps need beside SQLAlchemy: how far a database is, and rows that never change."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from genaiops.store.faults import newer

if TYPE_CHECKING:  # SQLAlchemy takes 180 ms to import
    from sqlalchemy import Connection, Table

_STEPS = """CREATE TABLE IF NOT EXISTS schema_steps (
    room TEXT NOT NULL, step INTEGER NOT NULL, PRIMARY KEY (room, step)
)"""

_SQLITE = "CREATE TRIGGER {name} BEFORE {action} ON {table} BEGIN SELECT raise(ABORT, '{why}'); END"
_POSTGRES = """CREATE TRIGGER {name} BEFORE {action} ON {table}
FOR EACH {each} EXECUTE FUNCTION genaiops_frozen('{why}')"""
# the same class of error as SQLite's: a broken constraint
_FUNCTION = """CREATE OR REPLACE FUNCTION genaiops_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$"""


def apply(
    connection: "Connection", room: str, steps: "Sequence[Callable[[Connection], None]]", where: str
) -> None:
    """Apply the steps of `room` that are missing; raises `UserError` where `where` knows more of them."""
    from sqlalchemy import text  # 180 ms

    connection.execute(text(_STEPS))
    done = steps_done(connection, room)
    if done > len(steps):
        raise newer(where, room)
    for number, step in enumerate(steps[done:], start=done + 1):
        step(connection)
        add = text("INSERT INTO schema_steps (room, step) VALUES (:room, :step)")
        connection.execute(add, {"room": room, "step": number})


def steps_done(connection: "Connection", room: str) -> int:
    """Return the last step of `room` that was applied; 0 where there was none."""
    from sqlalchemy import text  # 180 ms

    query = text("SELECT max(step) FROM schema_steps WHERE room = :room")
    return connection.execute(query, {"room": room}).scalar_one() or 0


def freeze(connection: "Connection", table: "Table", why: str, *actions: str) -> None:
    """Let the database itself refuse that rows of `table` are changed (`update`) or removed (`delete`).

    Whoever tries meets SQLAlchemy's `IntegrityError` with `why` in it.
    """
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        connection.exec_driver_sql(_FUNCTION)
    for action in actions:
        name = f"{table.name}_{action}"
        form = _POSTGRES if postgres else _SQLITE
        statement = form.format(name=name, action=action, table=table.name, why=why, each="ROW")
        connection.exec_driver_sql(statement)
    if postgres and "delete" in actions:
        name = f"{table.name}_truncate"
        connection.exec_driver_sql(
            _POSTGRES.format(name=name, action="truncate", table=table.name, why=why, each="STATEMENT")
        )
