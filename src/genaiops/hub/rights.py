"""Who may see and decide what in the Hub, and that they did. Every function runs in its caller's transaction.

What one may not see is not there: not in a list, not by name, not by digest. So whatever somebody names is
first looked for among what they may see, and only then asked whether they may do with it what they want to.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from genaiops.access import EVERYWHERE, Event, append, projects, require
from genaiops.core import Json, Principal
from genaiops.hub.describing import SENSITIVE_ROW
from genaiops.hub.policy import NO_PROJECT
from genaiops.hub.tables import VERSIONS

_READ = "artifact.read"
_READ_SENSITIVE = "artifact.read_sensitive"
_POLICY = VERSIONS.c.kind == "policy"


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody may see: the artifacts of these projects; of every one, and of none, where it is None.

    The policy of no project may govern any of them: whoever may read something may read it.
    """

    projects: frozenset[str] | None

    def has(self, kind: str, project: str, name: str) -> bool:
        """Return whether they may see what has this kind, project ('' for none) and name."""
        if self.projects is None:
            return True
        if kind == "policy" and name == NO_PROJECT:
            return bool(self.projects)
        return place(kind, project, name) in self.projects

    @property
    def rows(self) -> tuple[sa.ColumnElement[bool], ...]:
        """The conditions that `has` sets on rows of `VERSIONS`; none where they may see all."""
        if self.projects is None:
            return ()
        mine = sorted(self.projects)
        return (_in_projects(mine, [*mine, NO_PROJECT] if mine else []),)


EVERYTHING = Seen(None)
"""What the Hub itself sees, where it decides."""


def seen(connection: sa.Connection, by: Principal) -> Seen:
    """Return what `by` may see; raises `UserError` for an account, or a key, that may read nothing at all."""
    return Seen(projects(connection, by, _READ))


def legible(connection: sa.Connection, by: Principal) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition for rows of `VERSIONS` whose words `by` may look for in the manifest, too.

    Those are what is not sensitive, and what is where `by` may read it; no condition where that is all.
    """
    if by.scope and _READ_SENSITIVE not in by.scope.actions:
        return (sa.not_(SENSITIVE_ROW),)
    found = projects(connection, by, _READ_SENSITIVE)
    if found is None:
        return ()
    mine = sorted(found)
    return (sa.or_(sa.not_(SENSITIVE_ROW), _in_projects(mine, mine)),)


def _in_projects(mine: list[str], governed: list[str]) -> sa.ColumnElement[bool]:
    policies = VERSIONS.c.name.in_(governed)
    return sa.or_(_POLICY & policies, sa.not_(_POLICY) & VERSIONS.c.project.in_(mine))


def place(kind: str, project: str | None, name: str) -> str:
    """Return the project in which rights over an artifact are asked.

    A policy belongs to the project that it governs. What belongs to no project is asked everywhere: a role in
    one project says nothing about it.
    """
    if kind == "policy":
        return EVERYWHERE if name == NO_PROJECT else name
    return project or EVERYWHERE


class Named(Protocol):
    """What has a place: a version, or what will be one."""

    @property
    def kind(self) -> str:
        """The kind of artifact."""
        ...

    @property
    def project(self) -> str | None:
        """The project, if it has one."""
        ...

    @property
    def name(self) -> str:
        """The artifact's name."""
        ...


def place_of(version: Named) -> str:
    """Return the project in which rights over a version are asked."""
    return place(version.kind, version.project, version.name)


def ask(connection: sa.Connection, by: Principal, action: str, of: Named) -> None:
    """Raise `UserError` unless `by` may do `action` with a version; with a policy, that is to set one."""
    changes = action in ("artifact.publish", "artifact.deprecate", "alias.move")
    wanted = "policy.set" if of.kind == "policy" and changes else action
    require(connection, by, wanted, place_of(of))


def log(
    connection: sa.Connection, by: Principal, action: str, subject: str, at: datetime, **details: Json
) -> None:
    """Append what `by` did to the audit log; details that say nothing stay out."""
    said: dict[str, Json] = {key: value for key, value in details.items() if value not in (None, "", [], {})}
    append(connection, Event(actor=by.id, action=action, subject=subject, at=at, details=said))
