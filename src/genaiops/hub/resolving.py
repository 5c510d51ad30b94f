"""From a reference to the one version that it names. Every function runs inside its caller's transaction."""

import sqlalchemy as sa

from genaiops.core import Reference, parse_digest, parse_reference
from genaiops.hub import aliases, faults, queries
from genaiops.hub.rights import Seen
from genaiops.hub.tables import VERSIONS

NEWEST = "latest"
"""The alias that every artifact has; nobody can set it."""

_PROJECTS = (
    sa.select(VERSIONS.c.project)
    .where(*(VERSIONS.c[key] == sa.bindparam(f"of_{key}") for key in ("kind", "name")))
    .distinct()
)


def resolve(connection: sa.Connection, ref: str | Reference, seen: Seen) -> queries.Row:
    """Return the version that `ref` names among those `seen`, with its row id; a bare name is the newest.

    Raises `UserError` where it names nothing, or more than one artifact.
    """
    if isinstance(ref, str) and ref.startswith("sha256:"):
        return _one(queries.find(connection, VERSIONS.c.digest == parse_digest(ref), *seen.rows), ref, None)
    reference = parse_reference(ref) if isinstance(ref, str) else ref
    if reference.alias not in (None, NEWEST):
        project = of_one_project(connection, reference, seen)
        row = aliases.target(connection, reference.kind, project, reference.name, reference.alias)
        if row is None:
            known = aliases.names(connection, reference.kind, project, reference.name)
            raise faults.unknown_alias(reference, known)
        found = queries.find(connection, VERSIONS.c.id == row)
        same = [each for each in found if reference.digest in (None, each[1].digest)]
        return _one(same, str(ref), reference.kind)
    conditions = queries.matching(reference)
    if reference.project is None:
        conditions.append(VERSIONS.c.project == of_one_project(connection, reference, seen))
    elif not seen.has(reference.kind, reference.project, reference.name):
        raise faults.not_found(str(ref), reference.kind)
    return _one(queries.find(connection, *conditions), str(ref), reference.kind)


def of_one_project(connection: sa.Connection, reference: Reference, seen: Seen) -> str:
    """Return the project that `reference` means, '' for none: without one, the only one `seen` of that name.

    Raises `UserError` where nothing has the name, or several projects have.
    """
    of = {"of_kind": reference.kind, "of_name": reference.name}
    projects = set(connection.execute(_PROJECTS, of).scalars())
    projects = {project for project in projects if seen.has(reference.kind, project, reference.name)}
    if reference.project is not None:
        projects &= {reference.project}
    if not projects:
        raise faults.not_found(str(reference), reference.kind)
    if "" in projects or len(projects) == 1:
        return "" if "" in projects else projects.pop()
    choices = sorted(f"{reference.kind}/{project}/{reference.name}" for project in projects)
    raise faults.ambiguous(f"{reference.kind}/{reference.name}", choices)


def _one(rows: list[queries.Row], what: str, kind: str | None) -> queries.Row:
    if not rows:
        raise faults.not_found(what, kind)
    return max(rows, key=lambda row: row[1].number)
