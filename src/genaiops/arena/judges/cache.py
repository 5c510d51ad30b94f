"""Verdicts that a judge gave before, by the digest of everything that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from genaiops.arena.judges.asking import Reply
from genaiops.core import decode_json, encode_json
from genaiops.store import Store

_metadata = sa.MetaData()

_verdicts = sa.Table(
    "arena_verdicts",
    _metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
)

_KEEP = sa.text(
    "INSERT INTO arena_verdicts (key, at, reply) VALUES (:key, :at, :reply)"
    " ON CONFLICT (key) DO UPDATE SET at = excluded.at, reply = excluded.reply"
)


def _create(connection: sa.Connection) -> None:
    _metadata.create_all(connection)


@dataclass(frozen=True, slots=True)
class VerdictCache:
    """Replies in the project's store. Only those that hold a verdict are kept."""

    store: Store

    def __post_init__(self) -> None:
        self.store.database.migrate("arena_verdicts", (_create,))

    def find(self, keys: Sequence[str], *, longest: timedelta | None) -> dict[str, Reply]:
        """Return what is known of `keys`, not older than `longest` where that is said."""
        # a moment yet to come is a clock that was set back: its age is unknown
        now = datetime.now(UTC)
        oldest = "" if longest is None else _text(now - longest)
        found: dict[str, Reply] = {}
        with self.store.database.read() as connection:
            for start in range(0, len(keys), 500):
                query = sa.select(_verdicts).where(
                    _verdicts.c.key.in_(keys[start : start + 500]),
                    _verdicts.c.at >= oldest,
                    _verdicts.c.at <= _text(now),
                )
                found |= {row.key: decode_json(Reply, row.reply) for row in connection.execute(query)}
        return found

    def keep(self, replies: Mapping[str, Reply]) -> None:
        """Write replies, durably; one that is there already is replaced, being older."""
        if not replies:
            return
        rows = [
            {"key": key, "at": _text(datetime.now(UTC)), "reply": encode_json(reply)}
            for key, reply in replies.items()
        ]
        with self.store.database.write() as connection:
            connection.execute(_KEEP, rows)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
