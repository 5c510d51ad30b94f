"""The tables of access: the audit chain, and who may do what. Names of people, never their secrets."""

import sqlalchemy as sa

from genaiops.access.oidc.tables import create_oidc
from genaiops.access.session_tables import create_sessions
from genaiops.access.vault_tables import create_vault
from genaiops.store import Database, freeze

_META = sa.MetaData()

# STRICT: a column holds text or it holds nothing, so that no value has a second type to hide behind
AUDIT = sa.Table(
    "audit",
    _META,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sqlite_strict=True,
)

# id: 'user:anna', 'service:ci', 'group:risk'
SUBJECTS = sa.Table(
    "access_subjects",
    _META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("disabled", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", sa.Text, nullable=False),
)

MEMBERS = sa.Table(
    "access_members",
    _META,
    sa.Column("group", sa.Text, sa.ForeignKey("access_subjects.id"), primary_key=True),
    sa.Column("member", sa.Text, sa.ForeignKey("access_subjects.id"), primary_key=True, index=True),
)

PROJECTS = sa.Table(
    "access_projects",
    _META,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("created_at", sa.Text, nullable=False),
)

# project '*': every project, and the people themselves
GRANTS = sa.Table(
    "access_grants",
    _META,
    sa.Column("subject", sa.Text, sa.ForeignKey("access_subjects.id"), primary_key=True),
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
)

API_KEYS = sa.Table(
    "access_api_keys",
    _META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, sa.ForeignKey("access_subjects.id"), nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("actions", sa.Text, nullable=False),
    sa.Column("secret_sha256", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
    sa.Column("replaces", sa.Text),
    sa.Column("last_used_on", sa.Text),
)

PASSWORDS = sa.Table(
    "access_passwords",
    _META,
    sa.Column("subject", sa.Text, sa.ForeignKey("access_subjects.id"), primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("locked_until", sa.Text),
)


def create(connection: sa.Connection) -> None:
    """Step 1."""
    _META.create_all(connection)
    freeze(connection, AUDIT, "the audit log is append-only", "update", "delete")


STEPS = (create, create_sessions, create_oidc, create_vault)


def prepare(database: Database) -> None:
    """Make the tables of access in a database that does not have them yet."""
    database.migrate("access", STEPS)
