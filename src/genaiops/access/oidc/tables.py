"""The tables of signing in through a provider: who is linked, what its groups gave, what was begun."""

import sqlalchemy as sa

_META = sa.MetaData()

LINKS = sa.Table(
    "access_oidc_links",
    _META,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False, unique=True),
)

# what was given by hand is not here, and no sign-in takes it away
GIVEN = sa.Table(
    "access_oidc_given",
    _META,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
)

BEGUN = sa.Table(
    "access_oidc_begun",
    _META,
    sa.Column("state_sha256", sa.Text, primary_key=True),
    sa.Column("browser_sha256", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
)


def create_oidc(connection: sa.Connection) -> None:
    """Step 3."""
    _META.create_all(connection)
