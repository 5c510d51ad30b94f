"""Identities that vouched for evidence: what was found of each token when it came; the token is not kept.

Every function runs inside its caller's transaction.
"""

from collections.abc import Callable

import sqlalchemy as sa

from genaiops.access import TrustedIdentity, Vouched
from genaiops.hub.events import freeze, version_column
from genaiops.hub.model import Version, Vouching
from genaiops.hub.tables import META

Believed = Callable[[str, str], TrustedIdentity | None]
"""As whom somebody is believed now, by issuer and subject; None where they are not."""

VOUCHINGS = sa.Table(
    "hub_vouchings",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    version_column("version"),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.UniqueConstraint("version", "issuer", "subject"),
)


def create(connection: sa.Connection) -> None:
    """Make the table."""
    META.create_all(connection, [VOUCHINGS])
    freeze(connection, [VOUCHINGS])


def audience(evidence: Version) -> str | None:
    """Return what a token that vouches for `evidence` is asked for: the digest of its signed statement.

    None where there is no such statement.
    """
    statement = evidence.manifest.get("statement")
    return f"genaiops:{statement}" if evidence.kind == "evidence" and statement else None


def add(connection: sa.Connection, row: int, who: Vouched, by: str, at: str) -> bool:
    """Append that `who` vouched for the evidence in `row`; return whether they do so for the first time."""
    same = (VOUCHINGS.c.issuer == who.issuer, VOUCHINGS.c.subject == who.subject)
    there = sa.select(VOUCHINGS.c.id).where(VOUCHINGS.c.version == row, *same)
    if connection.execute(there).first() is not None:
        return False
    said = {"issuer": who.issuer, "subject": who.subject, "role": who.role, "name": who.name}
    connection.execute(sa.insert(VOUCHINGS).values(version=row, by=by, at=at, **said))
    return True


def vouched(connection: sa.Connection, row: int, believed: Believed) -> tuple[Vouching, ...]:
    """Return who vouched for the evidence in `row`, oldest first, and whether they are believed now."""
    query = sa.select(VOUCHINGS).where(VOUCHINGS.c.version == row).order_by(VOUCHINGS.c.id)
    found: list[Vouching] = []
    for each in connection.execute(query).mappings():
        now = believed(each["issuer"], each["subject"])
        found.append(
            Vouching(
                name=now.name if now else each["name"],
                role=now.role if now else each["role"],
                issuer=each["issuer"],
                subject=each["subject"],
                trusted=now is not None,
                by=each["by"],
                at=each["at"],
            )
        )
    return tuple(found)
