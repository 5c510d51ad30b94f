"""Sessions of people who signed in: 256 random bits in a cookie, of which the SHA-256 is kept.

A session ends 12 hours after the sign-in, after 2 hours without a request, by its owner, and with the
account: a new password or a disabled account ends all of them.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from genaiops.access import faults
from genaiops.access.audit import append, stamp
from genaiops.access.checks import LOCAL, enabled, groups, has_users
from genaiops.access.model import Event, HowSignedIn, Session
from genaiops.access.session_tables import SESSIONS
from genaiops.core import Principal
from genaiops.store import Database

LONGEST = timedelta(hours=12)
IDLE = timedelta(hours=2)
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just opened. `token` goes into the cookie and is kept nowhere else."""

    session: Session
    token: str = field(repr=False)


def open_session(connection: sa.Connection, subject: str, how: HowSignedIn, at: datetime) -> NewSession:
    """Open a session for somebody who just proved who they are; that they did stands in the log already."""
    token, now = secrets.token_hex(32), stamp(at)
    connection.execute(
        sa.delete(SESSIONS).where((SESSIONS.c.ends_at <= now) | (SESSIONS.c.seen_at <= stamp(at - IDLE)))
    )
    session = Session(
        id=secrets.token_hex(6),
        subject=subject,
        how=how,
        created_at=now,
        seen_at=now,
        ends_at=stamp(at + LONGEST),
    )
    connection.execute(
        sa.insert(SESSIONS).values(
            id=session.id,
            token_sha256=_sha256(token),
            subject=subject,
            how=how,
            created_at=now,
            seen_at=now,
            ends_at=session.ends_at,
        )
    )
    return NewSession(session, token)


def authenticate_session(database: Database, token: str, at: datetime) -> tuple[Principal, str]:
    """Return whose session this is, and its id.

    Raises `NotSignedIn`, the same for a token that nobody has, a session that is over and a disabled account.
    Opens transactions of its own; one that writes once a minute.
    """
    with database.read() as connection:
        wanted = sa.select(SESSIONS).where(SESSIONS.c.token_sha256 == _sha256(token))
        row = connection.execute(wanted).one_or_none()
        if row is None or not _lives(connection, row, at):
            raise faults.session_over()
        principal = Principal(id=row.subject, groups=groups(connection, row.subject))
    if row.seen_at <= stamp(at - _NOTED_EVERY):
        with database.write() as connection:
            connection.execute(sa.update(SESSIONS).where(SESSIONS.c.id == row.id).values(seen_at=stamp(at)))
    return principal, row.id


def list_sessions(connection: sa.Connection, by: Principal, at: datetime) -> list[Session]:
    """Return the caller's sessions that live, oldest first. Raises `NotAllowed` for an API key."""
    _not_by_key(by)
    wanted = (
        sa.select(SESSIONS)
        .where(
            SESSIONS.c.subject == by.id,
            SESSIONS.c.ends_at > stamp(at),
            SESSIONS.c.seen_at > stamp(at - IDLE),
        )
        .order_by(SESSIONS.c.created_at, SESSIONS.c.id)
    )
    rows = connection.execute(wanted).mappings()
    return [Session(**{name: value for name, value in row.items() if name != "token_sha256"}) for row in rows]


def end_session(connection: sa.Connection, by: Principal, session: str, at: datetime) -> bool:
    """End a session of the caller; return whether there was one. Raises `NotAllowed` for an API key."""
    _not_by_key(by)
    gone = connection.execute(
        sa.delete(SESSIONS).where(SESSIONS.c.id == session, SESSIONS.c.subject == by.id)
    ).rowcount
    if gone:
        append(connection, Event(actor=by.id, action="session.end", subject=f"session:{session}", at=at))
    return bool(gone)


def end_sessions_of(connection: sa.Connection, subject: str) -> None:
    """End every session of an account, as a part of what ends them, which stands in the log itself."""
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.subject == subject))


def _lives(connection: sa.Connection, row: sa.Row[tuple[str, ...]], at: datetime) -> bool:
    if row.ends_at <= stamp(at) or row.seen_at <= stamp(at - IDLE):
        return False
    return not has_users(connection) if row.subject == LOCAL else enabled(connection, row.subject)


def _not_by_key(by: Principal) -> None:
    if by.scope:
        raise faults.no_session(by.id)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
