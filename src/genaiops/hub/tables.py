"""The tables of the Hub: versions, edges, labels. The first two never change."""

import sqlalchemy as sa

from genaiops.store import freeze

META = sa.MetaData()

VERSIONS = sa.Table(
    "hub_versions",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    # '' for none: NULLs are all different to UNIQUE
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, index=True),
    sa.Column("manifest", sa.Text, nullable=False),
    sa.Column("blobs", sa.Text, nullable=False),
    sa.Column("activity", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.UniqueConstraint("kind", "name", "project", "number"),
    sa.UniqueConstraint("kind", "name", "project", "digest"),
)

EDGES = sa.Table(
    "hub_edges",
    META,
    sa.Column("child", sa.Integer, sa.ForeignKey("hub_versions.id"), primary_key=True),
    sa.Column("parent", sa.Integer, sa.ForeignKey("hub_versions.id"), primary_key=True, index=True),
    sa.Column("activity", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
)

LABELS = sa.Table(
    "hub_labels",
    META,
    sa.Column("version", sa.Integer, sa.ForeignKey("hub_versions.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


def create(connection: sa.Connection) -> None:
    """Step 1."""
    META.create_all(connection, [VERSIONS, EDGES, LABELS])
    for table in (VERSIONS, EDGES):
        freeze(connection, table, "a published version never changes", "update", "delete")
