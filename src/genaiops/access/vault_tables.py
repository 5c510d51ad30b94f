"""The tables of the vault: a key for each person whose content is sealed, and what stays of an erased one."""

import sqlalchemy as sa

from genaiops.store import freeze

_META = sa.MetaData()

# subject: a pseudonym; secret: a mark of the secret that it and the key were made under
KEYS = sa.Table(
    "vault_keys",
    _META,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
)

TOMBSTONES = sa.Table(
    "vault_tombstones",
    _META,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("erased_at", sa.Text, nullable=False),
)

USES = sa.Table(
    "vault_uses",
    _META,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),
)


def create_vault(connection: sa.Connection) -> None:
    """Make the tables."""
    _META.create_all(connection)
    freeze(connection, TOMBSTONES, "a tombstone stays", "update", "delete")
