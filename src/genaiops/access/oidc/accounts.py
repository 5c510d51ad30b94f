"""From who the issuer says somebody is to an account here, and to the roles of its groups."""

from datetime import datetime

import sqlalchemy as sa

from genaiops.access import faults
from genaiops.access.audit import append, stamp
from genaiops.access.checks import enabled, has_users, require
from genaiops.access.model import EVERYWHERE, Event, Grant
from genaiops.access.names import check_subject, is_name
from genaiops.access.oidc.settings import OidcFile
from genaiops.access.oidc.tables import GIVEN, LINKS
from genaiops.access.oidc.token import Identity, Refusal
from genaiops.access.people import give, is_there, list_project_names, take_away
from genaiops.access.sessions import end_sessions_of
from genaiops.access.tables import SUBJECTS
from genaiops.core import Principal

_ISSUER = Principal(id="oidc")
"""Who acts in the log where the provider's word makes an account or gives a role."""


def link(
    connection: sa.Connection, by: Principal, name: str, issuer: str, subject: str, at: datetime
) -> None:
    """Let who the issuer knows as `subject` sign in as the user `name`, and nobody else of any issuer.

    Raises `Conflict` where that identity is another account's already.
    """
    require(connection, by, "people.change", EVERYWHERE)
    account = f"user:{name}"
    check_subject(account)
    if not is_there(connection, account):
        raise faults.unknown(account, "user", ())
    if _linked(connection, issuer, subject) not in (None, account):
        raise faults.is_there("this identity of the provider")
    connection.execute(sa.delete(LINKS).where(LINKS.c.account == account))
    end_sessions_of(connection, account)
    _link(connection, by, account, issuer, subject, at)


def settle(connection: sa.Connection, who: Identity, file: OidcFile, at: datetime) -> str:
    """Return the account of an identity, made where the file says so, with the roles of its groups.

    Raises `Refusal` where there is none, or where it is disabled.
    """
    account = _linked(connection, who.issuer, who.subject)
    if account is None:
        account = _create(connection, who, file, at)
    if not enabled(connection, account):
        raise Refusal("the account is disabled")
    _refresh(connection, account, who, file, at)
    return account


def _create(connection: sa.Connection, who: Identity, file: OidcFile, at: datetime) -> str:
    account = f"user:{who.name}"
    if not file.create:
        raise Refusal("no account is linked to it")
    if not has_users(connection):  # the first user rules here: that is decided at the keyboard
        raise Refusal("there are no users yet")
    if not is_name(who.name):
        raise Refusal("its name cannot be an account's")
    if is_there(connection, account):  # a provider's name proves nothing: an admin links, or nobody does
        raise Refusal("another account has its name")
    connection.execute(sa.insert(SUBJECTS).values(id=account, disabled=False, created_at=stamp(at)))
    append(connection, Event(actor=_ISSUER.id, action="user.add", subject=account, at=at))
    _link(connection, _ISSUER, account, who.issuer, who.subject, at)
    return account


def _refresh(connection: sa.Connection, account: str, who: Identity, file: OidcFile, at: datetime) -> None:
    wanted = {(each.project, each.role) for each in file.roles if each.group in who.groups}
    rows = connection.execute(sa.select(GIVEN).where(GIVEN.c.account == account))
    held = {(row.project, row.role) for row in rows}
    missing = {project for project, _ in wanted} - {EVERYWHERE, *list_project_names(connection)}
    if missing:
        raise Refusal(f"there is no project {min(missing)}, which the settings name")
    for project, role in sorted(held - wanted):
        connection.execute(
            sa.delete(GIVEN).where(
                GIVEN.c.account == account, GIVEN.c.project == project, GIVEN.c.role == role
            )
        )
        take_away(connection, _ISSUER, Grant(subject=account, project=project, role=role), at)
    for project, role in sorted(wanted):
        new = give(connection, _ISSUER, Grant(subject=account, project=project, role=role), at)
        if new and (project, role) not in held:  # what was given by hand before stays by hand
            connection.execute(sa.insert(GIVEN).values(account=account, project=project, role=role))


def _linked(connection: sa.Connection, issuer: str, subject: str) -> str | None:
    wanted = sa.select(LINKS.c.account).where(LINKS.c.issuer == issuer, LINKS.c.subject == subject)
    return connection.execute(wanted).scalar_one_or_none()


def _link(
    connection: sa.Connection, by: Principal, account: str, issuer: str, subject: str, at: datetime
) -> None:
    connection.execute(sa.insert(LINKS).values(issuer=issuer, subject=subject, account=account))
    append(
        connection,
        Event(actor=by.id, action="user.link", subject=account, at=at, details={"issuer": issuer}),
    )
