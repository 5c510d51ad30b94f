"""People, service accounts, groups, projects, and who has which role where.

Every function takes part in the caller's transaction: the right to do it is checked, the change made and its
audit entry appended on one connection. An account is never removed, since the audit log names it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from genaiops.access import faults
from genaiops.access.audit import append, stamp
from genaiops.access.checks import has_users, require
from genaiops.access.model import EVERYWHERE, ROLES, Event, Grant, Subject
from genaiops.access.names import check_project_name, check_subject
from genaiops.access.sessions import end_sessions_of
from genaiops.access.tables import GRANTS, MEMBERS, PROJECTS, SUBJECTS
from genaiops.core import Json, Principal


def add(connection: sa.Connection, by: Principal, subject: str, at: datetime) -> None:
    """Add a user, a service account or a group (`user:anna`, `service:ci`, `group:risk`).

    The first user becomes admin everywhere: from then on the local user is somebody, not everybody.
    """
    require(connection, by, "people.change", EVERYWHERE)
    check_subject(subject)
    kind = subject.partition(":")[0]
    if is_there(connection, subject):
        raise faults.is_there(subject)
    first = kind == "user" and not has_users(connection)
    connection.execute(sa.insert(SUBJECTS).values(id=subject, disabled=False, created_at=stamp(at)))
    _log(connection, by, f"{kind}.add", subject, at)
    if first:
        give(connection, by, Grant(subject=subject, project=EVERYWHERE, role="admin"), at)


def check_first(connection: sa.Connection, name: str, login: str) -> None:
    """Raise `UserError` where the first user is not the person who adds it, who then could do nothing."""
    if name != login and not has_users(connection):
        raise faults.first_user(login)


def set_disabled(
    connection: sa.Connection, by: Principal, subject: str, at: datetime, *, disabled: bool
) -> bool:
    """Disable an account, or enable it again; return whether that changed anything.

    A disabled account can do nothing, nor can its keys. Raises `UserError` where it is a last admin.
    """
    require(connection, by, "people.change", EVERYWHERE)
    _must_exist(connection, subject)
    with _keeping_admins(connection):
        changed = connection.execute(
            sa.update(SUBJECTS)
            .where(SUBJECTS.c.id == subject, SUBJECTS.c.disabled != disabled)
            .values(disabled=disabled)
        ).rowcount
    if changed:
        end_sessions_of(connection, subject)
        _log(connection, by, "account.disable" if disabled else "account.enable", subject, at)
    return bool(changed)


def set_member(
    connection: sa.Connection, by: Principal, group: str, member: str, at: datetime, *, there: bool
) -> bool:
    """Put a user or a service account into a group, or take it out; return whether that changed anything."""
    require(connection, by, "people.change", EVERYWHERE)
    for subject in (group, member):
        _must_exist(connection, subject)
    if not group.startswith("group:") or member.startswith("group:"):
        raise faults.not_for(
            f"{member} cannot be in {group}",
            "only users and service accounts are in groups",
            "name one of them",
        )
    link = {"group": group, "member": member}
    held = _has(connection, MEMBERS, link)
    if held == there:
        return False
    with _keeping_admins(connection):
        connection.execute(
            sa.insert(MEMBERS).values(link) if there else sa.delete(MEMBERS).where(*_equal(MEMBERS, link))
        )
    _log(connection, by, "group.join" if there else "group.leave", group, at, member=member)
    return True


def add_project(connection: sa.Connection, by: Principal, name: str, at: datetime) -> None:
    """Add a project, so that roles can be given in it."""
    require(connection, by, "people.change", EVERYWHERE)
    check_project_name(name)
    if name in (EVERYWHERE, *list_project_names(connection)):
        raise faults.is_there(f"project {name}")
    connection.execute(sa.insert(PROJECTS).values(name=name, created_at=stamp(at)))
    _log(connection, by, "project.add", f"project:{name}", at)


def grant(connection: sa.Connection, by: Principal, wanted: Grant, at: datetime) -> bool:
    """Give a role in a project (`*`: everywhere) to an account or a group; return whether that is new."""
    _check(connection, by, wanted)
    return give(connection, by, wanted, at)


def revoke(connection: sa.Connection, by: Principal, wanted: Grant, at: datetime) -> bool:
    """Take a role away; return whether it was there. Raises `UserError` where it is a last admin's."""
    _check(connection, by, wanted)
    return take_away(connection, by, wanted, at)


def give(connection: sa.Connection, by: Principal, wanted: Grant, at: datetime) -> bool:
    """Do what `grant` does, for a caller that has decided that it may be done."""
    if _has(connection, GRANTS, _row(wanted)):
        return False
    connection.execute(sa.insert(GRANTS).values(_row(wanted)))
    _log(connection, by, "role.grant", wanted.subject, at, project=wanted.project, role=wanted.role)
    return True


def take_away(connection: sa.Connection, by: Principal, wanted: Grant, at: datetime) -> bool:
    """Do what `revoke` does, for a caller that has decided that it may be done."""
    with _keeping_admins(connection):
        gone = connection.execute(sa.delete(GRANTS).where(*_equal(GRANTS, _row(wanted)))).rowcount
    if gone:
        _log(connection, by, "role.revoke", wanted.subject, at, project=wanted.project, role=wanted.role)
    return bool(gone)


def subjects(connection: sa.Connection, by: Principal, kind: str) -> list[Subject]:
    """Return the users, service accounts or groups with their roles, by name."""
    require(connection, by, "people.read", EVERYWHERE)
    rows = connection.execute(
        sa.select(SUBJECTS).where(SUBJECTS.c.id.like(f"{kind}:%")).order_by(SUBJECTS.c.id)
    ).all()
    links = connection.execute(sa.select(MEMBERS).order_by(MEMBERS.c.group, MEMBERS.c.member)).all()
    return [
        Subject(
            id=row.id,
            disabled=row.disabled,
            created_at=row.created_at,
            groups=tuple(link.group for link in links if link.member == row.id),
            members=tuple(link.member for link in links if link.group == row.id),
        )
        for row in rows
    ]


def grants(connection: sa.Connection, by: Principal, project: str) -> list[Grant]:
    """Return who has which role in a project, or with `*` in every one and everywhere."""
    require(connection, by, "people.read", project)
    wanted = sa.select(GRANTS).order_by(GRANTS.c.project, GRANTS.c.subject, GRANTS.c.role)
    if project != EVERYWHERE:
        wanted = wanted.where(GRANTS.c.project.in_((project, EVERYWHERE)))
    return [Grant(**row) for row in connection.execute(wanted).mappings()]


def list_projects(connection: sa.Connection, by: Principal) -> list[str]:
    """Return the names of all projects."""
    require(connection, by, "people.read", EVERYWHERE)
    return list_project_names(connection)


def list_project_names(connection: sa.Connection) -> list[str]:
    """Return the names of all projects, whoever asks."""
    return list(connection.execute(sa.select(PROJECTS.c.name).order_by(PROJECTS.c.name)).scalars())


def _check(connection: sa.Connection, by: Principal, wanted: Grant) -> None:
    require(connection, by, "role.change", wanted.project)
    _must_exist(connection, wanted.subject)
    if wanted.role not in ROLES:
        raise faults.unknown(wanted.role, "role", ROLES)
    check_project(connection, wanted.project)


def check_project(connection: sa.Connection, name: str) -> None:
    """Raise `UserError` where there is no such project; `*` stands for all."""
    known = list_project_names(connection)
    if name != EVERYWHERE and name not in known:
        raise faults.unknown(name, "project", known)


@contextmanager
def _keeping_admins(connection: sa.Connection) -> Generator[None]:
    before = _ruled(connection)
    yield
    for project in sorted(before - _ruled(connection)):
        raise faults.last_admin(project)


def _ruled(connection: sa.Connection) -> set[str]:
    """Return the projects that have an admin of their own: a person, enabled, directly or by a group."""
    holder = sa.func.coalesce(MEMBERS.c.member, GRANTS.c.subject)
    query = (
        sa.select(GRANTS.c.project)
        .select_from(GRANTS.outerjoin(MEMBERS, MEMBERS.c.group == GRANTS.c.subject))
        .join(SUBJECTS, SUBJECTS.c.id == holder)
        .where(GRANTS.c.role == "admin", SUBJECTS.c.id.like("user:%"), SUBJECTS.c.disabled.is_(False))
    )
    return set(connection.execute(query).scalars())


def _must_exist(connection: sa.Connection, subject: str) -> None:
    check_subject(subject)
    if not is_there(connection, subject):
        known = connection.execute(sa.select(SUBJECTS.c.id)).scalars()
        raise faults.unknown(subject, "account or group", known)


def is_there(connection: sa.Connection, subject: str) -> bool:
    """Say whether there is such an account or group."""
    return _has(connection, SUBJECTS, {"id": subject})


def _has(connection: sa.Connection, table: sa.Table, row: dict[str, str]) -> bool:
    return connection.execute(sa.select(table).where(*_equal(table, row)).limit(1)).first() is not None


def _equal(table: sa.Table, row: dict[str, str]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in row.items()]


def _row(wanted: Grant) -> dict[str, str]:
    return {"subject": wanted.subject, "project": wanted.project, "role": wanted.role}


def _log(
    connection: sa.Connection, by: Principal, action: str, subject: str, at: datetime, **details: Json
) -> None:
    append(connection, Event(actor=by.id, action=action, subject=subject, at=at, details=details))
