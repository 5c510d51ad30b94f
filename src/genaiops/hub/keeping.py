"""Whether the content of versions is here: events of its removal and return, and of sweeps.

A sweep has two events. Between them blobs go; whoever put a blob before the sweep had ended looks again
whether it is there. Every function runs inside its caller's transaction.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from genaiops.hub.events import freeze, version_column
from genaiops.hub.tables import META

PRESENCE = sa.Table(
    "hub_presence",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    version_column("version", index=True),
    sa.Column("present", sa.Boolean, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

SWEEPS = sa.Table(
    "hub_sweeps",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ended", sa.Boolean, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

_EVENTS = sa.select(PRESENCE.c.version, PRESENCE.c.present, PRESENCE.c.at).order_by(PRESENCE.c.id)
_IDS: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)
_EVENTS_OF = _EVENTS.where(PRESENCE.c.version.in_(_IDS))


def create(connection: sa.Connection) -> None:
    """Make the tables."""
    META.create_all(connection, [PRESENCE, SWEEPS])
    freeze(connection, [PRESENCE, SWEEPS])


def removed(connection: sa.Connection, ids: Sequence[int] | None) -> dict[int, str]:
    """Return when the content of versions was removed, of those without it; `ids` None: of all."""
    rows = connection.execute(_EVENTS) if ids is None else connection.execute(_EVENTS_OF, {"ids": ids})
    last = {version: (present, at) for version, present, at in rows}
    return {version: at for version, (present, at) in last.items() if not present}


def note(connection: sa.Connection, rows: Sequence[int], *, present: bool, by: str, at: str) -> None:
    """Append that the content of versions went, or came back."""
    if rows:
        values = [{"version": row, "present": present, "by": by, "at": at} for row in rows]
        connection.execute(sa.insert(PRESENCE), values)


def sweep(connection: sa.Connection, *, ended: bool, by: str, at: str) -> None:
    """Append that a sweep began, or ended."""
    connection.execute(sa.insert(SWEEPS).values(ended=ended, by=by, at=at))


def last_sweep(connection: sa.Connection) -> int | None:
    """Return the number of the last event of a sweep, 0 where there was none; None while one goes on.

    None is equal to no number: a sweep that was killed counts as going on until the next one has ended.
    """
    last = connection.execute(
        sa.select(SWEEPS.c.id, SWEEPS.c.ended).order_by(SWEEPS.c.id.desc()).limit(1)
    ).first()
    if last is None:
        return 0
    return last.id if last.ended else None
