"""What is asked of the Hub's tables. Every function runs inside its caller's transaction."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from heapq import merge

import sqlalchemy as sa

from genaiops.core import Digest, Reference
from genaiops.hub import describing, keeping, search
from genaiops.hub.events import DEPRECATIONS
from genaiops.hub.model import Deprecation, Edge, Version
from genaiops.hub.rights import Seen
from genaiops.hub.tables import EDGES, LABELS, VERSIONS

Row = tuple[int, Version]
_Artifacts = sa.Select[int, str, str, str]

_AT_ONCE = 200
_COLUMNS = sa.select(VERSIONS.c.id, VERSIONS.c.kind, VERSIONS.c.project, VERSIONS.c.name).order_by(
    VERSIONS.c.id.desc()
)
_ADD_EDGE = sa.text(
    "INSERT INTO hub_edges (child, parent, activity, at) VALUES (:child, :parent, :activity, :at)"
    " ON CONFLICT DO NOTHING"
)
_SET_LABEL = sa.text(
    "INSERT INTO hub_labels (version, key, value) VALUES (:version, :key, :value)"
    " ON CONFLICT (version, key) DO UPDATE SET value = excluded.value"
)


def find(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Row]:
    """Return matching versions with their row ids, oldest first."""
    query = sa.select(VERSIONS).where(*conditions).order_by(VERSIONS.c.id)
    rows = connection.execute(query).mappings().all()
    if not rows:  # whoever publishes looks first whether it is there: nothing more to ask
        return []
    ids = [row["id"] for row in rows]
    few = ids if len(ids) < _MOST_IDS else None
    labels, deprecated = _labels(connection, ids), _deprecations(connection, ids)
    described, removed = describing.latest(connection, few), keeping.removed(connection, few)
    return [
        (of, _version(row, labels.get(of, {}), deprecated.get(of), described.get(of, {}), removed.get(of)))
        for of, row in zip(ids, rows, strict=True)
    ]


def newest(
    connection: sa.Connection,
    seen: Seen,
    *,
    kind: str | None = None,
    name: str | None = None,
    text: str | None = None,
    legible: Sequence[sa.ColumnElement[bool]] = (),
    labels: Mapping[str, str],
    described: Mapping[str, str] = describing.NOTHING,
    limit: int,
) -> list[Version]:
    """Return of each artifact `seen` the newest version that fits, the artifact changed last first.

    `text` is looked for as `search.matching` says, in manifests only of rows that are `legible`; at most
    `limit` artifacts are returned.
    """
    asked = [_COLUMNS]
    if text is not None:
        asked = [_found(search.matching(connection, text, kind, labels)).where(*legible)]
        if legible:
            asked.append(_found(search.matching(connection, text, kind, labels, manifests=False)))
    elif not labels and not described:
        of_each = sa.select(sa.func.max(VERSIONS.c.id)).group_by(*_COLUMNS.selected_columns[1:])
        asked = [_COLUMNS.where(VERSIONS.c.id.in_(of_each))]
    wanted = {"kind": kind, "name": name}
    fits = [VERSIONS.c[key] == value for key, value in wanted.items() if value is not None]
    for key, value in labels.items():
        has = sa.select(LABELS.c.version).where(LABELS.c.key == key, LABELS.c.value == value)
        fits.append(VERSIONS.c.id.in_(has))
    fits += [VERSIONS.c.id.in_(describing.holds(field, value)) for field, value in described.items()]
    chosen: dict[tuple[str, str, str], int] = {}
    for row, *artifact in _newest_first(connection, [query.where(*fits, *seen.rows) for query in asked]):
        chosen.setdefault((artifact[0], artifact[1], artifact[2]), row)
        if len(chosen) == limit:
            break
    versions = dict(find(connection, VERSIONS.c.id.in_(chosen.values())))
    return [versions[row] for row in chosen.values()]


def _found(matching: sa.Select[tuple[int]]) -> _Artifacts:
    found = matching.subquery()
    return _COLUMNS.join(found, found.c.id == VERSIONS.c.id).order_by(None).order_by(found.c.id.desc())


def _newest_first(
    connection: sa.Connection, queries: Sequence[_Artifacts]
) -> Iterator[sa.Row[int, str, str, str]]:
    """Yield rows of queries that are each newest first, as they come: whoever reads may stop."""
    with ExitStack() as open_results:
        options = {"yield_per": _AT_ONCE}
        rows = [
            open_results.enter_context(connection.execute(each, execution_options=options))
            for each in queries
        ]
        yield from merge(*rows, key=lambda row: -row[0])


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
    return [id_of(connection, version) for version in versions]


def id_of(connection: sa.Connection, version: Version | Reference) -> int:
    """Return the row id of a version that this Hub gave out, by its digest."""
    query = sa.select(VERSIONS.c.id).where(
        VERSIONS.c.kind == version.kind,
        VERSIONS.c.name == version.name,
        VERSIONS.c.project == (version.project or ""),
        VERSIONS.c.digest == version.digest,
    )
    return connection.execute(query).scalar_one()


def add_version(connection: sa.Connection, version: Version) -> int:
    """Insert `version` and return its row id: under its number where that is set and free, else the next."""
    same_name = (
        VERSIONS.c.kind == version.kind,
        VERSIONS.c.name == version.name,
        VERSIONS.c.project == (version.project or ""),
    )
    highest = connection.execute(sa.select(sa.func.max(VERSIONS.c.number)).where(*same_name)).scalar_one()
    same_number = sa.select(VERSIONS.c.id).where(*same_name, VERSIONS.c.number == version.number)
    taken = connection.execute(same_number).first() is not None
    row = {
        "kind": version.kind,
        "project": version.project or "",
        "name": version.name,
        "number": version.number if version.number and not taken else (highest or 0) + 1,
        "digest": version.digest,
        "manifest": json.dumps(version.manifest),
        "blobs": json.dumps(version.blobs),
        "activity": version.activity,
        "created_at": version.created_at,
    }
    inserted = connection.execute(sa.insert(VERSIONS).values(row).returning(VERSIONS.c.id)).scalar_one()
    search.add(connection, inserted)
    return inserted


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
        connection.execute(_ADD_EDGE, rows)


def closing_circle(connection: sa.Connection, row: int, parents: Collection[int]) -> set[int]:
    """Return those of `parents` that were made from the version `row` themselves."""
    reached = sa.select(sa.literal(row).label("id")).cte("reached", recursive=True)
    reached = reached.union(sa.select(EDGES.c.child).where(EDGES.c.parent == reached.c.id))
    return set(parents) & set(connection.execute(sa.select(reached.c.id)).scalars()) - {row}


def set_labels(connection: sa.Connection, version: int, labels: Mapping[str, str]) -> None:
    """Set labels; a label that is there is replaced, others stay."""
    search.remove(connection, version)
    rows = [{"version": version, "key": key, "value": value} for key, value in labels.items()]
    connection.execute(_SET_LABEL, rows)
    search.add(connection, version)


def edges_from(
    connection: sa.Connection, start: int, seen: Seen, *, up: bool, depth: int | None = None
) -> list[Edge]:
    """Return every edge that can be walked from `start` over what is `seen`, towards parents or children.

    With `depth`, only those that are walked within so many steps.
    """
    here, there = (EDGES.c.child, EDGES.c.parent) if up else (EDGES.c.parent, EDGES.c.child)
    mine = [there.in_(sa.select(VERSIONS.c.id).where(*seen.rows))] if seen.rows else []
    # the steps are counted only where they end the walk: without an end, a circle would count for ever
    step = [] if depth is None else [sa.literal(0).label("step")]
    reached = sa.select(sa.literal(start).label("id"), *step).cte("reached", recursive=True)
    further = [] if depth is None else [reached.c.step + 1]
    nearer = [] if depth is None else [reached.c.step < depth]
    onward = sa.select(there, *further).where(here == reached.c.id, *nearer, *mine)
    reached = reached.union(onward)  # union, not all: cycles end
    walked = sa.select(reached.c.id).where(*([] if depth is None else [reached.c.step < depth]))
    query = sa.select(EDGES).where(here.in_(walked), *mine).order_by(EDGES.c.child, EDGES.c.parent)
    rows = connection.execute(query).mappings().all()
    versions = dict(find(connection, VERSIONS.c.id.in_(sa.select(reached.c.id))))
    return [
        Edge(
            child=versions[row["child"]],
            parent=versions[row["parent"]],
            activity=row["activity"],
            at=row["at"],
        )
        for row in rows
    ]


# built once: every version that is read asks both
_LABELS = sa.select(LABELS.c.version, LABELS.c.key, LABELS.c.value).order_by(LABELS.c.key)
_SUCCESSORS = VERSIONS.alias("successor")
_DEPRECATIONS = (
    sa.select(DEPRECATIONS, *(_SUCCESSORS.c[key] for key in ("kind", "project", "name", "number")))
    .outerjoin(_SUCCESSORS, _SUCCESSORS.c.id == DEPRECATIONS.c.successor)
    .order_by(DEPRECATIONS.c.id)
)
_IDS: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)
_LABELS_OF = _LABELS.where(LABELS.c.version.in_(_IDS))
_DEPRECATIONS_OF = _DEPRECATIONS.where(DEPRECATIONS.c.version.in_(_IDS))
_MOST_IDS = 1000
"""SQLite bounds the number of values in one statement."""


def _labels(connection: sa.Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    few = len(ids) < _MOST_IDS
    rows = connection.execute(_LABELS_OF, {"ids": ids}) if few else connection.execute(_LABELS)
    for version, key, value in rows:
        found.setdefault(version, {})[key] = value
    return found


def _deprecations(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Deprecation]:
    few = len(ids) < _MOST_IDS
    found = connection.execute(_DEPRECATIONS_OF, {"ids": ids}) if few else connection.execute(_DEPRECATIONS)
    return {row["version"]: _deprecation(row) for row in found.mappings()}


def _deprecation(row: sa.RowMapping) -> Deprecation:
    parts = {key: row[key] for key in ("kind", "name", "number")}
    successor = Reference(**parts, project=row["project"] or None) if row["successor"] else None
    return Deprecation(
        reason=row["reason"], successor=str(successor) if successor else None, by=row["by"], at=row["at"]
    )


def _version(
    row: sa.RowMapping,
    labels: dict[str, str],
    deprecated: Deprecation | None,
    described: dict[str, str],
    removed: str | None,
) -> Version:
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
        deprecated=deprecated,
        described=described,
        removed=removed,
    )
