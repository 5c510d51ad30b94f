"""`/api/users`, `services`, `groups`, `projects` and roles: thin over `people`."""

from genaiops.access import people
from genaiops.access.bodies import At, NewGrant, NewMember, NewName, NewState
from genaiops.access.login import login
from genaiops.access.model import Changed, Grant, Grants, Projects, Role, Subjects
from genaiops.core import Route


def list_users(asked: At) -> Subjects:
    """List the users."""
    return _subjects(asked, "user")


def add_user(asked: At, body: NewName) -> Changed:
    """Add a user, who may do nothing yet. The first one is who started the server, and becomes admin."""
    with asked.room.database.read() as connection:
        people.check_first(connection, body.name, login())
    return _add(asked, f"user:{body.name}")


def set_user(asked: At, name: str, body: NewState) -> Changed:
    """Disable a user at once, or enable them again."""
    return _switch(asked, f"user:{name}", body)


def list_services(asked: At) -> Subjects:
    """List the service accounts."""
    return _subjects(asked, "service")


def add_service(asked: At, body: NewName) -> Changed:
    """Add a service account, which may do nothing yet."""
    return _add(asked, f"service:{body.name}")


def set_service(asked: At, name: str, body: NewState) -> Changed:
    """Disable a service account at once, or enable it again."""
    return _switch(asked, f"service:{name}", body)


def list_groups(asked: At) -> Subjects:
    """List the groups with their members."""
    return _subjects(asked, "group")


def add_group(asked: At, body: NewName) -> Changed:
    """Add an empty group."""
    return _add(asked, f"group:{body.name}")


def join_group(asked: At, name: str, body: NewMember) -> Changed:
    """Put a user or a service account into a group."""
    return _member(asked, name, body.member, there=True)


def leave_group(asked: At, name: str, member: str) -> Changed:
    """Take a user or a service account out of a group."""
    return _member(asked, name, member, there=False)


def list_projects(asked: At) -> Projects:
    """List the projects in which roles can be given."""
    with asked.room.database.read() as connection:
        return Projects(projects=tuple(people.list_projects(connection, asked.by)))


def add_project(asked: At, body: NewName) -> Changed:
    """Add a project."""
    with asked.room.database.write() as connection:
        people.add_project(connection, asked.by, body.name, asked.at)
    return Changed(subject=f"project:{body.name}", changed=True)


def list_roles(asked: At, project: str) -> Grants:
    """List who has which role in a project; `*`: everywhere."""
    with asked.room.database.read() as connection:
        return Grants(grants=tuple(people.grants(connection, asked.by, project)))


def grant_role(asked: At, project: str, body: NewGrant) -> Changed:
    """Give a role in a project; `*`: everywhere, and over people."""
    wanted = Grant(subject=body.subject, project=project, role=body.role)
    with asked.room.database.write() as connection:
        changed = people.grant(connection, asked.by, wanted, asked.at)
    return Changed(subject=wanted.subject, changed=changed)


def revoke_role(asked: At, project: str, subject: str, role: Role) -> Changed:
    """Take a role away. The last admin of a project stays."""
    wanted = Grant(subject=subject, project=project, role=role)
    with asked.room.database.write() as connection:
        changed = people.revoke(connection, asked.by, wanted, asked.at)
    return Changed(subject=subject, changed=changed)


def _subjects(asked: At, kind: str) -> Subjects:
    with asked.room.database.read() as connection:
        return Subjects(subjects=tuple(people.subjects(connection, asked.by, kind)))


def _add(asked: At, subject: str) -> Changed:
    with asked.room.database.write() as connection:
        people.add(connection, asked.by, subject, asked.at)
    return Changed(subject=subject, changed=True)


def _switch(asked: At, subject: str, body: NewState) -> Changed:
    with asked.room.database.write() as connection:
        changed = people.set_disabled(connection, asked.by, subject, asked.at, disabled=body.disabled)
    return Changed(subject=subject, changed=changed)


def _member(asked: At, name: str, member: str, *, there: bool) -> Changed:
    with asked.room.database.write() as connection:
        changed = people.set_member(connection, asked.by, f"group:{name}", member, asked.at, there=there)
    return Changed(subject=f"group:{name}", changed=changed)


_ROLES = "/api/projects/{project}/roles"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/users", list_users, "people.read", "*"),
    Route("POST", "/api/users", add_user, "people.change", "*", status=201),
    Route("PUT", "/api/users/{name}", set_user, "people.change", "*"),
    Route("GET", "/api/services", list_services, "people.read", "*"),
    Route("POST", "/api/services", add_service, "people.change", "*", status=201),
    Route("PUT", "/api/services/{name}", set_service, "people.change", "*"),
    Route("GET", "/api/groups", list_groups, "people.read", "*"),
    Route("POST", "/api/groups", add_group, "people.change", "*", status=201),
    Route("POST", "/api/groups/{name}/members", join_group, "people.change", "*"),
    Route("DELETE", "/api/groups/{name}/members/{member}", leave_group, "people.change", "*"),
    Route("GET", "/api/projects", list_projects, "people.read", "*"),
    Route("POST", "/api/projects", add_project, "people.change", "*", status=201),
    Route("GET", _ROLES, list_roles, "people.read", "{project}"),
    Route("POST", _ROLES, grant_role, "role.change", "{project}"),
    Route("DELETE", f"{_ROLES}/{{subject}}/{{role}}", revoke_role, "role.change", "{project}"),
)
