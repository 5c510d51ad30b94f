"""The tables of what people decide: alias moves, approvals, deprecations, authors, evidence recomputed.

Every row is an event: it is added and never changed. What holds now is what the last event says.
"""

import sqlalchemy as sa

from genaiops.hub.tables import META
from genaiops.store import freeze


def _version(
    name: str, *, nullable: bool = False, key: bool = False, index: bool = False
) -> "sa.Column[int]":
    of = sa.ForeignKey("hub_versions.id")
    return sa.Column(name, sa.Integer, of, nullable=nullable, primary_key=key, index=index)


MOVES = sa.Table(
    "hub_moves",
    META,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("alias", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    _version("from_version", nullable=True),
    _version("to_version"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("clock", sa.Text),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("policy", sa.Text),
    sa.Column("conditions", sa.Text, nullable=False),
    sa.Column("ticket", sa.Text, nullable=False),
    sa.Column("expires", sa.Text),
    sa.Index("hub_moves_alias", "kind", "name", "alias", "project", "sequence"),
    sqlite_autoincrement=True,
)

APPROVALS = sa.Table(
    "hub_approvals",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    _version("version", index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
)

DEPRECATIONS = sa.Table(
    "hub_deprecations",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    _version("version", index=True),
    _version("successor", nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

AUTHORS = sa.Table(
    "hub_authors",
    META,
    _version("version", key=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

EVIDENCE = sa.Table(
    "hub_evidence",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    _version("version", index=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
)


def create(connection: sa.Connection) -> None:
    """Make the tables, and let the database itself refuse to change a row."""
    tables = [MOVES, APPROVALS, DEPRECATIONS, AUTHORS, EVIDENCE]
    META.create_all(connection, tables)
    for table in tables:
        freeze(connection, table, "what was decided is history and never changes", "update", "delete")
