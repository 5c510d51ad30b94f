"""Local accounts: a password set, and a sign-in that tells a guesser nothing and makes guessing slow."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from genaiops.access import faults
from genaiops.access.audit import append, stamp
from genaiops.access.checks import enabled, groups, require
from genaiops.access.model import EVERYWHERE, Event
from genaiops.access.names import check_subject, is_name
from genaiops.access.passwords import HashCost, check_password, hash_password, is_password
from genaiops.access.sessions import end_sessions_of
from genaiops.access.tables import PASSWORDS, SUBJECTS
from genaiops.core import Principal
from genaiops.store import Database

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
_SALT = 16
_COST = HashCost()


def wait_after(failures: int) -> timedelta:
    """Return for how long an account accepts nobody after so many wrong passwords in a row."""
    beyond = failures - FREE_FAILURES
    if beyond < 0:
        return timedelta(0)
    return min(FIRST_WAIT * 2 ** min(beyond, 16), LONGEST_WAIT)


def set_password(
    database: Database, by: Principal, name: str, password: str, at: datetime, cost: HashCost = _COST
) -> None:
    """Set the password of the user `name`: their own, or anybody's by an admin. Ends a lockout,
    and every session of theirs.

    Raises `UserError` where the password is too easily guessed. Opens a transaction of its own.
    """
    subject = f"user:{name}"
    check_subject(subject)
    with database.read() as connection:  # before the slow part
        _may_set(connection, by, subject)
    check_password(password, name)
    kept = hash_password(password, secrets.token_bytes(_SALT), cost)
    with database.write() as connection:
        _may_set(connection, by, subject)
        connection.execute(sa.delete(PASSWORDS).where(PASSWORDS.c.subject == subject))
        connection.execute(sa.insert(PASSWORDS).values(subject=subject, hash=kept, failures=0))
        end_sessions_of(connection, subject)
        append(connection, Event(actor=by.id, action="password.set", subject=subject, at=at))


def sign_in(database: Database, name: str, password: str, at: datetime, cost: HashCost = _COST) -> Principal:
    """Return the user whose name and password these are.

    Every refusal raises the same `UserError` after the same work, one hash, also where nobody has the name;
    the reason is in the audit log. After 5 wrong passwords in a row the account accepts nobody for 30 s,
    doubling with each further one up to an hour; attempts during that time count for nothing. A hash of
    another cost is made anew. Opens transactions of its own.
    """
    subject = f"user:{name}"
    kept = _kept(database, subject) if is_name(name) else None
    if kept is None:
        hash_password(password, secrets.token_bytes(_SALT), cost)
        right, again = False, None
    else:
        right = is_password(password, kept)
        stale = right and not kept.startswith(cost.prefix)
        again = hash_password(password, secrets.token_bytes(_SALT), cost) if stale else None
    with database.write() as connection:
        reason = _settle(connection, subject, kept, right, at)
        if not reason and again:
            _update(connection, subject, hash=again)
        # a name that nobody has may be a password in the wrong field
        who = subject if kept else "unknown"
        action, details = ("sign_in.refused", {"reason": reason}) if reason else ("sign_in", {})
        append(connection, Event(actor=who, action=action, subject=who, at=at, details={**details}))
        belongs = groups(connection, who)
    if reason:
        raise faults.sign_in_refused()
    return Principal(id=subject, groups=belongs)


def _kept(database: Database, subject: str) -> str | None:
    with database.read() as connection:
        wanted = sa.select(PASSWORDS.c.hash).where(PASSWORDS.c.subject == subject)
        return connection.execute(wanted).scalar_one_or_none()


def _settle(connection: sa.Connection, subject: str, kept: str | None, right: bool, at: datetime) -> str:
    """Count what happened and return why it is refused, '' where it is not.

    Decided on what is in the store now, so that many guesses at once are counted one by one.
    """
    if kept is None:
        return "unknown"
    row = connection.execute(sa.select(PASSWORDS).where(PASSWORDS.c.subject == subject)).one()
    if row.locked_until and stamp(at) < row.locked_until:
        return "locked"
    if not right or row.hash != kept:
        failures = row.failures + 1
        wait = wait_after(failures)
        _update(connection, subject, failures=failures, locked_until=stamp(at + wait) if wait else None)
        return "wrong password"
    if not enabled(connection, subject):
        return "disabled"
    _update(connection, subject, failures=0, locked_until=None)
    return ""


def _may_set(connection: sa.Connection, by: Principal, subject: str) -> None:
    if by.id != subject or by.scope or not enabled(connection, subject):
        require(connection, by, "people.change", EVERYWHERE)
    known = list(connection.execute(sa.select(SUBJECTS.c.id).where(SUBJECTS.c.id.like("user:%"))).scalars())
    if subject not in known:
        raise faults.unknown(subject, "user", known)


def _update(connection: sa.Connection, subject: str, **values: object) -> None:
    connection.execute(sa.update(PASSWORDS).where(PASSWORDS.c.subject == subject).values(**values))
