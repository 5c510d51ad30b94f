"""Who sent which blob over HTTP. A digest names content, and proves nothing: whoever publishes a blob by its
digest must have sent it, or anybody who learnt a digest could read what it names.

Every function runs inside its caller's transaction.
"""

from collections.abc import Collection

import sqlalchemy as sa

from genaiops.core import Digest
from genaiops.hub.tables import META

_AT_ONCE = 500

UPLOADS = sa.Table(
    "hub_uploads",
    META,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("by", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)
_NOTE = sa.text(
    'INSERT INTO hub_uploads (digest, "by", size, at) VALUES (:digest, :by, :size, :at)'
    " ON CONFLICT DO NOTHING"
)


def create(connection: sa.Connection) -> None:
    """Make the table."""
    META.create_all(connection, [UPLOADS])


def note(connection: sa.Connection, digest: Digest, size: int, by: str, at: str) -> None:
    """Keep that `by` sent a blob of `size` bytes."""
    connection.execute(_NOTE, {"digest": digest, "size": size, "by": by, "at": at})


def sent(connection: sa.Connection, digests: Collection[Digest], by: str) -> dict[Digest, int]:
    """Return which of the blobs `by` sent, now or before, with their sizes in bytes."""
    wanted, found = sorted(digests), dict[Digest, int]()
    for at in range(0, len(wanted), _AT_ONCE):
        some = UPLOADS.c.digest.in_(wanted[at : at + _AT_ONCE])
        query = sa.select(UPLOADS.c.digest, UPLOADS.c.size).where(some, UPLOADS.c.by == by)
        found |= {Digest(row.digest): row.size for row in connection.execute(query)}
    return found
