"""What an archive says, checked whole before anything is taken; then taken in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Literal

import sqlalchemy as sa

from genaiops.core import (
    Digest,
    Json,
    KindSpec,
    Reference,
    decode,
    digest_json,
    parse_digest,
    parse_reference,
)
from genaiops.hub import decisions, describing, faults, imports, keeping, queries
from genaiops.hub.contents import faults as refusals
from genaiops.hub.contents.archive import ArchivedVersion, Listing, opened, read_blobs, read_listing
from genaiops.hub.model import ImportedRecord, Version
from genaiops.hub.schema import misfit
from genaiops.hub.tables import EDGES, VERSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A version of an archive, and what became of it here."""

    version: str
    became: Literal["new", "unchanged", "restored"]


def check_archive(file: BinaryIO, path: Path, kinds: Mapping[str, KindSpec]) -> tuple[Listing, bytes]:
    """Return the list of an archive that is sound to its last byte, and the list's bytes.

    Raises `UserError` where a digest is wrong, a name plays tricks, a manifest does not fit its kind,
    something is missing, is too much, or was made from itself.
    """
    listing, listed = read_listing(file, path)
    for version in listing.versions:
        _check_version(version, path, kinds)
    _check_listing(listing, path, kinds)
    for blob, pieces in read_blobs(file, listing, path):
        hasher = sha256()
        for piece in pieces:
            hasher.update(piece)
        if f"sha256:{hasher.hexdigest()}" != blob.digest:
            raise refusals.bad_archive(path, f"the content that is called {blob.digest} is another")
    return listing, listed


def read_archive(path: Path, kinds: Mapping[str, KindSpec]) -> tuple[Listing, bytes]:
    """Return what `check_archive` does, of the archive at `path`."""
    with opened(path) as file:
        return check_archive(file, path, kinds)


def take(connection: sa.Connection, listing: Listing, archive: Digest, *, by: str, at: str) -> list[Taken]:
    """Add what is new in `listing`; its blobs are in the store already.

    Labels and what is said of a version are set where nothing is set here. What was decided is kept as a
    record.
    """
    rows: list[int] = []
    taken: list[Taken] = []
    fresh: set[int] = set()
    for version in listing.versions:
        row, became = _take_version(connection, version, by, at)
        rows.append(row)
        fresh |= {row} if became == "new" else set()
        _take_words(connection, row, version, by, at)
        _take_record(connection, row, version, archive, by, at)
        [(_, here)] = queries.find(connection, VERSIONS.c.id == row)
        taken.append(Taken(version=here.reference, became=became))
    for version, row in zip(listing.versions, rows, strict=True):
        _take_deprecation(connection, listing.versions, rows, version, row, by, at)
    _take_edges(connection, listing, rows, fresh)
    return taken


def _check_version(version: ArchivedVersion, path: Path, kinds: Mapping[str, KindSpec]) -> None:
    place = (
        f"{version.kind}/{version.project}/{version.name}"
        if version.project
        else f"{version.kind}/{version.name}"
    )
    parse_reference(place)
    spec = kinds.get(version.kind)
    if spec is None:
        raise faults.unknown_kind(version.kind, kinds)
    why = misfit(spec.schema, version.manifest)
    if why:
        raise faults.bad_manifest(version.kind, version.name, why)
    if spec.shape is not None:
        decode(spec.shape, version.manifest, where=f"{path}: {place}", code=faults.BAD_MANIFEST)
    for digest in version.blobs.values():
        parse_digest(digest)
    content: dict[str, Json] = {
        "kind": version.kind,
        "manifest": version.manifest,
        "blobs": dict(version.blobs),
    }
    if digest_json(content) != version.digest or version.number < 1:
        raise refusals.bad_archive(path, f"{place} has another content than its digest says")
    describing.checked(version.described)


def _check_listing(listing: Listing, path: Path, kinds: Mapping[str, KindSpec]) -> None:
    names = [
        (each.kind, each.project, each.name, key)
        for each in listing.versions
        for key in (each.number, each.digest)
    ]
    if len(set(names)) != len(names):
        raise refusals.bad_archive(path, "a version stands in it twice")
    blobs = [blob.digest for blob in listing.blobs]
    wanted = {digest for each in listing.versions if each.content for digest in each.blobs.values()}
    if set(blobs) != wanted or len(set(blobs)) != len(blobs):
        raise refusals.bad_archive(path, "its blobs are not those of its versions")
    known = wanted | {each.digest for each in listing.versions}
    for each in listing.versions:
        for digest in kinds[each.kind].closure(each.manifest) - set(each.blobs.values()):
            if digest not in known:
                raise faults.absent(each.kind, each.name, digest)
    _check_edges(listing, path)


def _check_edges(listing: Listing, path: Path) -> None:
    parents: dict[int, set[int]] = {}
    for edge in listing.edges:
        if not (0 <= edge.child < len(listing.versions) and 0 <= edge.parent < len(listing.versions)):
            raise refusals.bad_archive(path, "an edge of its lineage leads nowhere")
        parents.setdefault(edge.child, set()).add(edge.parent)
    left = {child: set(above) for child, above in parents.items()}
    children: dict[int, list[int]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(child)
    free = [place for place in range(len(listing.versions)) if place not in left]
    while free:
        place = free.pop()
        for child in children.get(place, ()):
            left[child].discard(place)
            if not left[child]:
                del left[child]
                free.append(child)
    if left:
        raise refusals.bad_archive(path, "something in it was made from itself")


def _take_version(
    connection: sa.Connection, version: ArchivedVersion, by: str, at: str
) -> tuple[int, Literal["new", "unchanged", "restored"]]:
    found = queries.find(
        connection,
        VERSIONS.c.kind == version.kind,
        VERSIONS.c.project == (version.project or ""),
        VERSIONS.c.name == version.name,
        VERSIONS.c.digest == version.digest,
    )
    if found:
        row, here = found[0]
        if here.removed and version.content:
            keeping.note(connection, [row], present=True, by=by, at=at)
            return row, "restored"
        return row, "unchanged"
    row = queries.add_version(
        connection,
        Version(
            kind=version.kind,
            project=version.project,
            name=version.name,
            number=version.number,
            digest=version.digest,
            manifest=version.manifest,
            blobs=version.blobs,
            activity=version.activity,
            created_at=at,  # a lock is proven by this Hub's time, never by what an archive says
        ),
    )
    decisions.add_author(connection, row, by, at)
    if not version.content:
        keeping.note(connection, [row], present=False, by=by, at=at)
    return row, "new"


def _take_words(connection: sa.Connection, row: int, version: ArchivedVersion, by: str, at: str) -> None:
    [(_, here)] = queries.find(connection, VERSIONS.c.id == row)
    labels = {key: value for key, value in version.labels.items() if key not in here.labels}
    if labels:
        queries.set_labels(connection, row, labels)
    said = {field: value for field, value in version.described.items() if field not in here.described}
    describing.add(connection, row, describing.checked(said), by, at)


def _take_record(
    connection: sa.Connection, row: int, version: ArchivedVersion, archive: Digest, by: str, at: str
) -> None:
    record = ImportedRecord(
        number=version.number,
        created_at=version.created_at,
        author=version.author,
        approvals=version.approvals,
        moves=version.moves,
        by=by,
        at=at,
        archive=archive,
    )
    imports.add(connection, row, record)


def _take_deprecation(
    connection: sa.Connection,
    versions: Sequence[ArchivedVersion],
    rows: Sequence[int],
    version: ArchivedVersion,
    row: int,
    by: str,
    at: str,
) -> None:
    [(_, here)] = queries.find(connection, VERSIONS.c.id == row)
    said = version.deprecated
    if said is None or here.deprecated is not None:
        return
    after = [
        of
        for each, of in zip(versions, rows, strict=True)
        if str(Reference(kind=each.kind, project=each.project, name=each.name, number=each.number))
        == said.successor
    ]
    who = f"{said.by} (imported by {by})"
    decisions.deprecate(connection, row, after[0] if after else None, said.reason, who, at)


def _take_edges(connection: sa.Connection, listing: Listing, rows: Sequence[int], fresh: set[int]) -> None:
    edges = connection.execute(sa.select(EDGES.c.child, EDGES.c.parent, EDGES.c.activity))
    there = {(edge.child, edge.parent, edge.activity) for edge in edges}
    for edge in listing.edges:
        child, parent = rows[edge.child], rows[edge.parent]
        if (child, parent, edge.activity) in there:
            continue
        # what is new has no children yet but those of this archive, which is without circles
        if child not in fresh and queries.closing_circle(connection, child, [parent]):
            found = dict(queries.find(connection, VERSIONS.c.id.in_([child, parent])))
            raise faults.circle(found[child], found[parent])
        queries.add_edges(connection, child, [parent], edge.activity, edge.at)
