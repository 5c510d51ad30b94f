"""The one place where it is decided who may do something. Denied unless all of it says yes."""

import sqlalchemy as sa

from genaiops.access import faults
from genaiops.access.model import EVERYWHERE, ROLES, Grant
from genaiops.access.names import check_project_name
from genaiops.access.permissions import PERMISSIONS, allowed
from genaiops.access.tables import GRANTS, MEMBERS, SUBJECTS
from genaiops.core import Principal

LOCAL = "local"
"""The id of whoever runs genaiops on a store that has no users."""

_GROUPS = sa.select(MEMBERS.c.group).where(MEMBERS.c.member == SUBJECTS.c.id).correlate(SUBJECTS)
# asked before every action: one statement, built once
_STANDING = (
    sa.select(SUBJECTS.c.disabled, GRANTS.c.role)
    .select_from(
        SUBJECTS.outerjoin(
            GRANTS,
            ((GRANTS.c.project == sa.bindparam("project")) | (GRANTS.c.project == EVERYWHERE))
            & ((GRANTS.c.subject == SUBJECTS.c.id) | GRANTS.c.subject.in_(_GROUPS)),
        )
    )
    .where(SUBJECTS.c.id == sa.bindparam("subject"))
)
_ANYWHERE = (
    sa.select(SUBJECTS.c.disabled, GRANTS.c.project, GRANTS.c.role)
    .select_from(
        SUBJECTS.outerjoin(GRANTS, (GRANTS.c.subject == SUBJECTS.c.id) | GRANTS.c.subject.in_(_GROUPS))
    )
    .where(SUBJECTS.c.id == sa.bindparam("subject"))
)
_GROUPS_OF = sa.select(MEMBERS.c.group).where(MEMBERS.c.member == sa.bindparam("subject"))
_DISABLED = sa.select(SUBJECTS.c.disabled).where(SUBJECTS.c.id == sa.bindparam("subject"))
# as text: it is asked before every read of a store without users
_A_USER = "SELECT 1 FROM access_subjects WHERE substr(id, 1, 5) = 'user:' LIMIT 1"


def require(connection: sa.Connection, principal: Principal, action: str, project: str) -> None:
    """Return where `principal` may do `action` in `project`, else raise `UserError` that says why not.

    Call it on the connection of the transaction that makes the change, so that a role that is taken away
    meanwhile counts. `project` is `*` for what concerns all of them: people, the audit log. Nobody gets
    past a disabled account, a key's scope, an unknown action or an unknown role.
    """
    if action not in PERMISSIONS:
        raise faults.unknown_action(action, PERMISSIONS)
    check_project_name(project)
    scope = principal.scope
    if scope and (action not in scope.actions or scope.project not in (EVERYWHERE, project)):
        raise faults.beyond_scope(principal.id, action, project)
    if principal.id == LOCAL and not has_users(connection):
        return
    found = _standing(connection, principal.id, project)
    if found is None:
        raise faults.no_account(principal.id)
    if not found:
        raise faults.no_member(principal.id, project)
    if not allowed(found, action):
        raise faults.lacks_role(principal.id, action, project, found, PERMISSIONS[action])


def projects(connection: sa.Connection, principal: Principal, action: str) -> frozenset[str] | None:
    """Return the projects in which `principal` may do `action`; None where that is every one, and `*`.

    For what has to be kept out of a list, where `require` would refuse all of it. Raises `UserError` for an
    unknown action, an account that may not be used, and a key that was not made for the action.
    """
    if action not in PERMISSIONS:
        raise faults.unknown_action(action, PERMISSIONS)
    scope = principal.scope
    if scope and action not in scope.actions:
        raise faults.beyond_scope(principal.id, action, scope.project)
    if principal.id == LOCAL and not has_users(connection):
        return None
    rows = connection.execute(_ANYWHERE, {"subject": principal.id}).all()
    if not rows or any(row.disabled for row in rows):
        raise faults.no_account(principal.id)
    found = {row.project for row in rows if allowed({row.role}, action)}
    if scope and scope.project != EVERYWHERE:
        found = {scope.project} if found & {scope.project, EVERYWHERE} else set[str]()
    return None if EVERYWHERE in found else frozenset(found)


def roles(connection: sa.Connection, principal: Principal, project: str) -> frozenset[str]:
    """Return the roles of an enabled account in a project: its own and its groups', there or everywhere.

    The local user of a store without users has every role. Memberships are read from the store, not from
    `principal.groups`, which may be older.
    """
    if principal.id == LOCAL:
        return frozenset() if has_users(connection) else frozenset(ROLES)
    return _standing(connection, principal.id, project) or frozenset()


def _standing(connection: sa.Connection, subject: str, project: str) -> frozenset[str] | None:
    """Return the roles that count for a subject in a project; None where it is not there or disabled."""
    rows = connection.execute(_STANDING, {"subject": subject, "project": project}).all()
    if not rows or any(row.disabled for row in rows):
        return None
    return frozenset(row.role for row in rows) & frozenset(ROLES)


def held(connection: sa.Connection, principal: Principal) -> list[Grant]:
    """Return the roles of an account and of its groups, in all projects."""
    holders = [principal.id, *groups(connection, principal.id)]
    wanted = sa.select(GRANTS).where(GRANTS.c.subject.in_(holders)).order_by(GRANTS.c.project, GRANTS.c.role)
    return [Grant(**row) for row in connection.execute(wanted).mappings()]


def groups(connection: sa.Connection, subject: str) -> frozenset[str]:
    """Return the groups (`group:risk`) that a user or a service account belongs to."""
    return frozenset(connection.execute(_GROUPS_OF, {"subject": subject}).scalars())


def has_users(connection: sa.Connection) -> bool:
    """Say whether anybody was added: before, the local user may do everything."""
    return connection.exec_driver_sql(_A_USER).first() is not None


def enabled(connection: sa.Connection, subject: str) -> bool:
    """Say whether `subject` is there and not disabled."""
    found = connection.execute(_DISABLED, {"subject": subject}).first()
    return found is not None and not found.disabled


def principal_of(connection: sa.Connection, login: str) -> Principal:
    """Return who the person is that runs genaiops on this machine's store.

    Without any user: the local one. Else the user whose name is the login; that there is one, and what it
    may do, is for `require`.
    """
    if not has_users(connection):
        return Principal(id=LOCAL)
    subject = f"user:{login}"
    return Principal(id=subject, groups=groups(connection, subject))
