"""What is asked of the Hub's tables. Every function runs inside its caller's transaction."""

import json
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from genaiops.core import Digest, Reference
from genaiops.hub.model import Edge, Version
from genaiops.hub.tables import EDGES, LABELS, VERSIONS

Row = tuple[int, Version]


def find(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Row]:
    """Return matching versions with their row ids, oldest first."""
    query = sa.select(VERSIONS).where(*conditions).order_by(VERSIONS.c.id)
    rows = connection.execute(query).mappings().all()
    labels = _labels(connection, [row["id"] for row in rows])
    return [(row["id"], _version(row, labels.get(row["id"], {}))) for row in rows]


def matching(reference: Reference) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that `reference` sets, its alias apart."""
    wanted: dict[str, str | int | None] = {
        "kind": reference.kind,
        "name": reference.name,
        "project": reference.project,
        "number": reference.number,
        "digest": reference.digest,
    }
    return [VERSIONS.c[column] == value for column, value in wanted.items() if value is not None]


def has_digest(connection: sa.Connection, digest: Digest) -> bool:
    """Return whether some version has this digest."""
    query = sa.select(VERSIONS.c.id).where(VERSIONS.c.digest == digest).limit(1)
    return connection.execute(query).first() is not None


def ids_of(connection: sa.Connection, versions: Sequence[Version]) -> list[int]:
    """Return the row ids of versions that this Hub gave out."""
    found: list[int] = []
    for version in versions:
        query = sa.select(VERSIONS.c.id).where(
            VERSIONS.c.kind == version.kind,
            VERSIONS.c.name == version.name,
            VERSIONS.c.project == (version.project or ""),
            VERSIONS.c.digest == version.digest,
        )
        found.append(connection.execute(query).scalar_one())
    return found


def add_version(connection: sa.Connection, version: Version) -> int:
    """Insert `version` under the next number of its name; return its row id."""
    same_name = (
        VERSIONS.c.kind == version.kind,
        VERSIONS.c.name == version.name,
        VERSIONS.c.project == (version.project or ""),
    )
    highest = connection.execute(sa.select(sa.func.max(VERSIONS.c.number)).where(*same_name)).scalar_one()
    row = {
        "kind": version.kind,
        "project": version.project or "",
        "name": version.name,
        "number": (highest or 0) + 1,
        "digest": version.digest,
        "manifest": json.dumps(version.manifest),
        "blobs": json.dumps(version.blobs),
        "activity": version.activity,
        "created_at": version.created_at,
    }
    inserted = connection.execute(sa.insert(VERSIONS).values(row).returning(VERSIONS.c.id))
    return inserted.scalar_one()


def parents_of(connection: sa.Connection, child: int, activity: str) -> set[int]:
    """Return the row ids from which `activity` made `child`."""
    query = sa.select(EDGES.c.parent).where(EDGES.c.child == child, EDGES.c.activity == activity)
    return set(connection.execute(query).scalars())


def add_edges(
    connection: sa.Connection, child: int, parents: Collection[int], activity: str, at: str
) -> None:
    """Insert the edges that are new."""
    rows = [
        {"child": child, "parent": parent, "activity": activity, "at": at}
        for parent in parents
        if parent != child
    ]
    if rows:
        connection.execute(insert(EDGES).on_conflict_do_nothing(), rows)


def set_labels(connection: sa.Connection, version: int, labels: Mapping[str, str]) -> None:
    """Set labels; a label that is there is replaced, others stay."""
    for key, value in labels.items():
        statement = insert(LABELS).values(version=version, key=key, value=value)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["version", "key"], set_={"value": value})
        )


def edges_from(connection: sa.Connection, start: int, *, up: bool) -> list[Edge]:
    """Return every edge that can be walked from `start`, towards parents or towards children."""
    here, there = (EDGES.c.child, EDGES.c.parent) if up else (EDGES.c.parent, EDGES.c.child)
    reached = sa.select(sa.literal(start).label("id")).cte("reached", recursive=True)
    reached = reached.union(sa.select(there).where(here == reached.c.id))  # union, not all: cycles end
    query = sa.select(EDGES).where(here.in_(sa.select(reached.c.id))).order_by(EDGES.c.child, EDGES.c.parent)
    rows = connection.execute(query).mappings().all()
    touched = sa.select(reached.c.id)
    versions = dict(find(connection, VERSIONS.c.id.in_(touched)))
    return [
        Edge(
            child=versions[row["child"]],
            parent=versions[row["parent"]],
            activity=row["activity"],
            at=row["at"],
        )
        for row in rows
    ]


def _labels(connection: sa.Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    query = sa.select(LABELS.c.version, LABELS.c.key, LABELS.c.value)
    if len(ids) < 1000:  # SQLite bounds the number of values in one statement
        query = query.where(LABELS.c.version.in_(ids))
    for version, key, value in connection.execute(query.order_by(LABELS.c.key)):
        found.setdefault(version, {})[key] = value
    return found


def _version(row: sa.RowMapping, labels: dict[str, str]) -> Version:
    return Version(
        kind=row["kind"],
        name=row["name"],
        project=row["project"] or None,
        number=row["number"],
        digest=Digest(row["digest"]),
        manifest=json.loads(row["manifest"]),
        blobs=json.loads(row["blobs"]),
        activity=row["activity"],
        created_at=row["created_at"],
        labels=labels,
    )
