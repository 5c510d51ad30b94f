"""Versions, with all that they rest on and what was decided about them, as the list of an archive."""

from collections.abc import Callable, Collection, Iterable

import sqlalchemy as sa

from genaiops.core import Digest
from genaiops.hub import aliases, decisions
from genaiops.hub.contents.archive import FORMAT, ArchivedBlob, ArchivedEdge, ArchivedVersion, Listing
from genaiops.hub.contents.graph import Graph
from genaiops.hub.model import Move, Version
from genaiops.hub.tables import EDGES


def archived(
    connection: sa.Connection, graph: Graph, rows: Collection[int], size_of: Callable[[Digest], int]
) -> Listing:
    """Return the list of an archive of `rows`, in an order that depends on nothing but their content.

    `size_of` gives the size of a blob; it raises where the blob is absent or damaged.
    """
    chosen = {row: graph.versions[row] for row in rows}
    ordered = sorted(chosen, key=lambda row: _place(chosen[row]))
    places = {row: place for place, row in enumerate(ordered)}
    moves: dict[str, list[Move]] = {}
    for move in aliases.all_moves(connection):
        moves.setdefault(str(move.to_version), []).append(move)
    edges = [
        ArchivedEdge(child=places[edge.child], parent=places[edge.parent], activity=edge.activity, at=edge.at)
        for edge in connection.execute(sa.select(EDGES))
        if edge.child in places and edge.parent in places
    ]
    return Listing(
        format=FORMAT,
        versions=tuple(_version(connection, row, chosen[row], moves) for row in ordered),
        edges=tuple(sorted(edges, key=lambda edge: (edge.child, edge.parent, edge.activity))),
        blobs=tuple(ArchivedBlob(digest=each, size=size_of(each)) for each in _blobs(chosen.values())),
    )


def _place(version: Version) -> tuple[str, str, str, int]:
    return version.kind, version.project or "", version.name, version.number


def _blobs(versions: Iterable[Version]) -> list[Digest]:
    return sorted({digest for each in versions if not each.removed for digest in each.blobs.values()})


def _version(
    connection: sa.Connection, row: int, version: Version, moves: dict[str, list[Move]]
) -> ArchivedVersion:
    return ArchivedVersion(
        kind=version.kind,
        project=version.project,
        name=version.name,
        number=version.number,
        digest=version.digest,
        manifest=version.manifest,
        blobs=version.blobs,
        activity=version.activity,
        created_at=version.created_at,
        labels=version.labels,
        described=version.described,
        deprecated=version.deprecated,
        author=decisions.author(connection, row),
        approvals=tuple(decisions.approvals(connection, row)),
        moves=tuple(moves.get(version.reference, ())),
        content=not version.removed,
    )
