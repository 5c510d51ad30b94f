"""The tables of traces. Rows are added and never changed."""

import sqlalchemy as sa

_META = sa.MetaData()

TRACES = sa.Table(
    "traces",
    _META,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
)

SPANS = sa.Table(
    "spans",
    _META,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("trace_id", sa.Text, sa.ForeignKey("traces.id"), nullable=False),
    sa.Column("span_id", sa.Text, nullable=False),
    sa.Column("parent_id", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("start_ns", sa.Integer, nullable=False),
    sa.Column("end_ns", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attributes", sa.Text, nullable=False),
    sa.UniqueConstraint("trace_id", "span_id"),
)

_FROZEN = """CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table}
BEGIN SELECT raise(ABORT, 'traces are append-only'); END"""


def create(connection: sa.Connection) -> None:
    """Step 1."""
    _META.create_all(connection)
    for table in ("traces", "spans"):
        connection.exec_driver_sql(_FROZEN.format(table=table))


STEPS = (create,)
