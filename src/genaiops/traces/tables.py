"""The tables of traces. Rows are added and never changed."""

import sqlalchemy as sa

from genaiops.store import freeze

_META = sa.MetaData()

# a company's traces outgrow 32 bits, as nanoseconds do; SQLite's INTEGER has 64 and is the row's own number
_LONG = sa.BigInteger().with_variant(sa.Integer, "sqlite")

TRACES = sa.Table(
    "traces",
    _META,
    sa.Column("seq", _LONG, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
)

SPANS = sa.Table(
    "spans",
    _META,
    sa.Column("seq", _LONG, primary_key=True),
    sa.Column("trace_id", sa.Text, sa.ForeignKey("traces.id"), nullable=False),
    sa.Column("span_id", sa.Text, nullable=False),
    sa.Column("parent_id", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("start_ns", _LONG, nullable=False),
    sa.Column("end_ns", _LONG, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attributes", sa.Text, nullable=False),
    sa.UniqueConstraint("trace_id", "span_id"),
)


def create(connection: sa.Connection) -> None:
    """Step 1."""
    _META.create_all(connection)
    for table in (TRACES, SPANS):
        freeze(connection, table, "traces are append-only", "update")


STEPS = (create,)
