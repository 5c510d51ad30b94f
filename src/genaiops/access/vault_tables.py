"""The tables of the vault: a key for each person whose content is sealed, and what rests on that content."""

import sqlalchemy as sa

_META = sa.MetaData()

# subject: a pseudonym; wrapped: its key under this user's secret, NULL once it is destroyed
KEYS = sa.Table(
    "vault_keys",
    _META,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("wrapped", sa.LargeBinary),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("erased_at", sa.Text),
)

USES = sa.Table(
    "vault_uses",
    _META,
    sa.Column("subject", sa.Text, sa.ForeignKey("vault_keys.subject"), primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),
)

_LASTING = (
    """CREATE TRIGGER vault_keys_kept BEFORE DELETE ON vault_keys
BEGIN SELECT raise(ABORT, 'a tombstone stays'); END""",
    """CREATE TRIGGER vault_keys_erased BEFORE UPDATE ON vault_keys WHEN old.wrapped IS NULL
BEGIN SELECT raise(ABORT, 'a tombstone stays'); END""",
)


def create_vault(connection: sa.Connection) -> None:
    """Make the tables."""
    _META.create_all(connection)
    for trigger in _LASTING:
        connection.exec_driver_sql(trigger)
