"""The tables of signing in over HTTP: sessions. Of a token only its SHA-256 is kept."""

import sqlalchemy as sa

_META = sa.MetaData()

# a session that ended is no row any more: the audit log has it. `subject` may be 'local', which is no account
SESSIONS = sa.Table(
    "access_sessions",
    _META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
)


def create_sessions(connection: sa.Connection) -> None:
    """Step 2."""
    _META.create_all(connection)
