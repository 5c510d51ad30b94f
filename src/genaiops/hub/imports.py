"""What was decided elsewhere about versions that were imported: told to people, read by no policy.

Every function runs inside its caller's transaction.
"""

import sqlalchemy as sa

from genaiops.core import decode_json, encode_json
from genaiops.hub.events import freeze, version_column
from genaiops.hub.model import ImportedRecord
from genaiops.hub.tables import META

IMPORTS = sa.Table(
    "hub_imports",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    version_column("version", index=True),
    sa.Column("archive", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)


def create(connection: sa.Connection) -> None:
    """Make the table."""
    META.create_all(connection, [IMPORTS])
    freeze(connection, [IMPORTS])


def add(connection: sa.Connection, row: int, record: ImportedRecord) -> None:
    """Append what an archive says of a version; the same archive says it once."""
    there = sa.select(IMPORTS.c.id).where(IMPORTS.c.version == row, IMPORTS.c.archive == record.archive)
    if connection.execute(there).first() is None:
        values = {"version": row, "archive": record.archive, "record": encode_json(record)}
        connection.execute(sa.insert(IMPORTS).values(values))


def records(connection: sa.Connection, row: int) -> list[ImportedRecord]:
    """Return what archives said of a version, oldest first."""
    query = sa.select(IMPORTS.c.record).where(IMPORTS.c.version == row).order_by(IMPORTS.c.id)
    return [decode_json(ImportedRecord, text) for text in connection.execute(query).scalars()]
