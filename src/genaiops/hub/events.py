"""The tables of what people decide and say: alias moves, approvals, deprecations, authors, descriptions; and
of evidence recomputed.

Every row is an event: it is added and never changed. What holds now is what the last event says.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from genaiops import store
from genaiops.hub.tables import META


def version_column(
    name: str, *, nullable: bool = False, key: bool = False, index: bool = False
) -> "sa.Column[int]":
    """Return a column that names a version by its row id."""
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
    version_column("from_version", nullable=True),
    version_column("to_version"),
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
    version_column("version", index=True),
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
    version_column("version", index=True),
    version_column("successor", nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

AUTHORS = sa.Table(
    "hub_authors",
    META,
    version_column("version", key=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

EVIDENCE = sa.Table(
    "hub_evidence",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    version_column("version", index=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
)

DESCRIPTIONS = sa.Table(
    "hub_descriptions",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    version_column("version", index=True),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Index("hub_descriptions_value", "field", "value"),
)


def create(connection: sa.Connection) -> None:
    """Make the tables, and let the database itself refuse to change a row."""
    tables = [MOVES, APPROVALS, DEPRECATIONS, AUTHORS, EVIDENCE]
    META.create_all(connection, tables)
    freeze(connection, tables)


def freeze(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Let the database itself refuse to change or delete a row of `tables`."""
    for table in tables:
        store.freeze(connection, table, "what was decided is history and never changes", "update", "delete")
