"""Contents of one Hub as files: what goes in, what comes out, what moves to another Hub, what is removed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import sqlalchemy as sa

from genaiops.access import EVERYWHERE, note_use, require
from genaiops.core import (
    SEALED,
    Composed,
    Digest,
    Json,
    KindSpec,
    Principal,
    Reference,
    decode_json,
    digest_bytes,
    parse_reference,
)
from genaiops.hub import aliases, decisions, describing, keeping, queries, resolving, rights
from genaiops.hub import faults as hub_faults
from genaiops.hub.contents import faults
from genaiops.hub.contents.archive import Listing, pieces_of, read_blobs, read_listing
from genaiops.hub.contents.exporting import archived
from genaiops.hub.contents.graph import read_graph
from genaiops.hub.contents.importing import Taken, check_archive, take
from genaiops.hub.contents.people import subjects_of
from genaiops.hub.contents.reading import Told, find_files, put_files
from genaiops.hub.contents.retention import Retention, removable
from genaiops.hub.contents.writing import files_of, write_files
from genaiops.hub.events import APPROVALS
from genaiops.hub.hub import Hub
from genaiops.hub.model import EvidenceVerifier, Version
from genaiops.hub.tables import VERSIONS
from genaiops.store import Store, write_whole

SPARED_SECONDS = 3600.0
"""How long a blob that nothing needs is left alone after it was written: somebody may be publishing it."""

_NAMED = 20
"""How many versions an audit entry names."""

_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_PERSONAL: Mapping[str, str] = MappingProxyType({"sensitivity": "personal"})


def _now() -> datetime:
    return datetime.now(UTC)


def _quiet(size: int) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The version that was pushed, and whether it is new: equal content is the version that was there.

    `left_out` rows belonged to people who were erased.
    """

    version: Version
    new: bool
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was removed, or would be: versions whose content goes, and the blobs that nothing else needs."""

    versions: tuple[Version, ...]
    blobs: int
    orphans: int
    size: int


class Contents:
    """Files and archives of the Hub in one store. `by` is who acts, `clock` the Hub's."""

    def __init__(
        self,
        store: Store,
        kinds: Sequence[KindSpec],
        *,
        by: Principal,
        verifier: EvidenceVerifier | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._hub = Hub(store, kinds, by=by, verifier=verifier, clock=clock)
        self._blobs = store.blobs
        self._database = store.database
        self._by = by
        self._clock = clock

    def push(
        self,
        target: str,
        paths: Sequence[Path],
        *,
        manifest: Path | None = None,
        subject: str | None = None,
        parents: Sequence[str] = (),
        labels: Mapping[str, str] = _NO_WORDS,
        described: Mapping[str, str] = _NO_WORDS,
        told: Told = _quiet,
    ) -> Pushed:
        """Make files, and folders of files, a version of `target` (`kind/[project/]name`).

        They are read in pieces; `told` hears of every file's bytes. What `manifest`, a file of JSON, says
        stands beside what the kind reads in the files. With `subject`, a place in a row (`tags.customer`),
        every row is sealed under the key of the person there, and the first such version is `personal` unless
        something else is said. Raises `UserError` where they are not of that kind, or would be kept in clear
        although the version before was sealed.
        """
        wanted = parse_reference(target)
        if wanted.alias or wanted.number or wanted.digest:
            raise faults.not_a_target(target)
        spec = self._hub.kinds.get(wanted.kind)
        if spec is None:
            raise hub_faults.unknown_kind(wanted.kind, self._hub.kinds)
        said = _read_manifest(manifest) if manifest else {}
        if spec.compose is None and manifest is None:
            raise faults.needs_manifest(wanted.kind)
        self._may_publish([wanted])
        made_from = [self._hub.get(parent) for parent in parents]
        describing.checked(described)
        before = self._newest(wanted)
        sealed_before = before is not None and before.manifest.get(SEALED) is not None
        if sealed_before and subject is None:
            raise faults.sealed_before(target)
        composed = self._composed(spec, find_files(paths), subject, told)
        first_sealed = SEALED in composed.manifest and not sealed_before
        version = self._hub.publish(
            wanted.kind,
            wanted.name,
            {**said, **composed.manifest},
            blobs=composed.blobs,
            parents=made_from,
            project=wanted.project,
            labels=labels,
            described={**_PERSONAL, **described} if first_sealed else described,
            activity="hub push",
        )
        note_use(self._database, subjects_of(version.manifest, self._blobs.chunks), version.reference)
        new = before is None or version.number > before.number
        return Pushed(version=version, new=new, left_out=composed.left_out)

    def pull(self, ref: str, folder: Path, *, force: bool = False) -> tuple[Version, list[Path]]:
        """Write a version as files below `folder`, each checked against its digest; return it and the files.

        All are there at the end, or none is new. Raises `UserError` where a file that is there would be
        replaced (`force` does so), where a name leads out of the folder, and where the content was removed.
        """
        version = self._hub.get(ref)
        if version.removed:
            raise hub_faults.content_removed(version)
        spec = self._hub.kinds.get(version.kind)
        if spec is None:
            raise faults.nothing_to_pull(version)
        files = files_of(version, spec, self._blobs.chunks)
        return version, write_files(folder, files, self._blobs.chunks, force=force, where=version.short)

    def export(self, what: Sequence[str] | None, to: Path, *, told: Told = _quiet) -> Listing:
        """Write versions, and all that they rest on, to the archive `to`; whole or not at all.

        `what` are projects by name (`default`: what has no project) and versions by reference; None:
        everything.
        """
        with self._database.read() as connection:
            graph = read_graph(connection, self._hub.kinds)
            rows = self._chosen(connection, what, graph.versions)
            if not rows:
                raise faults.nothing_to_export(", ".join(what or ["the Hub is empty"]))
            going = graph.with_ancestors(rows)
            for row in going:
                rights.ask(connection, self._by, "artifact.read", graph.versions[row])
            listing = archived(connection, graph, going, self._size)
        for row in going:
            self._hub.note_reading(graph.versions[row])
        contents = (self._told(blob.digest, told) for blob in listing.blobs)
        write_whole(to, pieces_of(listing, contents), 0o666)
        return listing

    def check(self, path: Path) -> Listing:
        """Return the list of the archive at `path`; raises `UserError` where anything in it is not sound."""
        with _opened(path) as file:
            return check_archive(file, path, self._hub.kinds)[0]

    def import_(self, path: Path, *, told: Told = _quiet) -> list[Taken]:
        """Take what is new in an archive, all of it or nothing; the same archive again changes nothing.

        What was decided about its versions is kept as a record: aliases, approvals and evidence count here
        only when they are given here. Raises `UserError` where anything in it is not sound.
        """
        with _opened(path) as file:
            listing, listed = check_archive(file, path, self._hub.kinds)
        self._may_publish(listing.versions)
        with self._database.read() as connection:
            sweep = keeping.last_sweep(connection)
        self._take_blobs(path, told)
        with self._database.write() as connection:
            if sweep is None or keeping.last_sweep(connection) != sweep:
                self._take_blobs(path, _quiet)
            for each in listing.versions:
                rights.ask(connection, self._by, "artifact.publish", each)
            now = self._clock()
            archive = digest_bytes(listed)
            taken = take(connection, listing, archive, by=self._by.id, at=_rfc3339(now))
            new: list[Json] = [one.version for one in taken if one.became != "unchanged"]
            if new:
                rights.log(
                    connection, self._by, "hub.import", archive, now, versions=len(new), first=new[:_NAMED]
                )
            return taken

    def prune(self, retention: Retention, *, dry_run: bool = False) -> Pruned:
        """Remove the content that `retention` does not keep and nothing needs, and blobs that no version has.

        The versions stay, with their lineage and all decisions. Killed half-way, it goes on when run again.
        """
        if retention.keep < 1 or retention.older_than < 0:
            raise faults.bad_retention("--keep is at least 1, and --older-than at least 0 days")
        now = self._clock()
        at = _rfc3339(now)
        if dry_run:
            with self._database.read() as connection:
                require(connection, self._by, "content.remove", EVERYWHERE)
                return self._to_prune(connection, retention)[1]
        with self._database.write() as connection:
            require(connection, self._by, "content.remove", EVERYWHERE)
            rows, pruned = self._to_prune(connection, retention)
            named: list[Json] = [version.short for version in pruned.versions[:_NAMED]]
            rights.log(
                connection,
                self._by,
                "hub.prune",
                "blobs",
                now,
                versions=len(pruned.versions),
                first=named,
                blobs=pruned.blobs + pruned.orphans,
            )
            keeping.sweep(connection, ended=False, by=self._by.id, at=at)
            keeping.note(connection, rows, present=False, by=self._by.id, at=at)
        with self._database.write() as connection:
            # committed before the first blob goes: whoever publishes meanwhile looks again
            for digest in self._unneeded(connection)[0]:
                self._blobs.remove(digest)
            keeping.sweep(connection, ended=True, by=self._by.id, at=at)
        return pruned

    def _composed(self, spec: KindSpec, files: dict[str, Path], subject: str | None, told: Told) -> Composed:
        if subject is not None:
            if spec.seal is None:
                raise faults.cannot_seal(spec.kind)
            return spec.seal(files, subject)
        entries = put_files(self._blobs, files, told)
        if spec.compose is not None and entries:
            return spec.compose(entries, self._blobs.chunks)
        return Composed(manifest={}, blobs={entry.path: Digest(entry.digest) for entry in entries})

    def _may_publish(self, wanted: Sequence[rights.Named]) -> None:
        with self._database.read() as connection:
            for place in {rights.place_of(each): each for each in wanted}.values():
                rights.ask(connection, self._by, "artifact.publish", place)

    def _to_prune(self, connection: sa.Connection, retention: Retention) -> tuple[list[int], Pruned]:
        graph = read_graph(connection, self._hub.kinds)
        since = _rfc3339(self._clock() - timedelta(days=retention.older_than))
        voted = connection.execute(sa.select(APPROVALS.c.version).distinct()).scalars()
        approved = [row for row in voted if decisions.approvals(connection, row)]
        rows = removable(graph, aliases.all_moves(connection), approved, retention, since)
        going = {digest for row in rows for digest in graph.versions[row].blobs.values()}
        unneeded, size = self._unneeded(connection, rows)
        versions = tuple(graph.versions[row] for row in rows)
        blobs = len(going & set(unneeded))
        return rows, Pruned(versions=versions, blobs=blobs, orphans=len(unneeded) - blobs, size=size)

    def _unneeded(self, connection: sa.Connection, going: Iterable[int] = ()) -> tuple[list[Digest], int]:
        """Return the blobs of no version whose content stays, and their bytes; young ones are spared."""
        rows = set(going)
        needed: set[str] = set()
        for row, version in queries.find(connection):
            if row in rows or version.removed:
                continue
            needed |= set(version.blobs.values())
            spec = self._hub.kinds.get(version.kind)
            needed |= spec.closure(version.manifest) if spec is not None else set()
        limit = self._clock().timestamp() - SPARED_SECONDS
        found = [
            (digest, size)
            for digest, size, written in self._blobs.kept()
            if digest not in needed and written < limit
        ]
        return [digest for digest, _ in found], sum(size for _, size in found)

    def _chosen(
        self, connection: sa.Connection, what: Sequence[str] | None, versions: Mapping[int, Version]
    ) -> list[int]:
        if what is None:
            return list(versions)
        rows: list[int] = []
        for one in what:
            if "/" in one or one.startswith("sha256:"):
                rows.append(resolving.resolve(connection, one, rights.seen(connection, self._by))[0])
                continue
            project = None if one == "default" else one
            seen = rights.seen(connection, self._by)
            found = [
                row
                for row, version in versions.items()
                if version.project == project and seen.has(version.kind, version.project or "", version.name)
            ]
            if not found:
                raise faults.nothing_to_export(f"no version belongs to the project {one!r}")
            rows += found
        return rows

    def _take_blobs(self, path: Path, told: Told) -> None:
        with _opened(path) as file:
            listing, _ = read_listing(file, path)
            for blob, pieces in read_blobs(file, listing, path):
                if self._blobs.has(blob.digest):
                    for _ in pieces:
                        pass
                elif self._blobs.put_chunks(pieces) != blob.digest:
                    raise faults.bad_archive(path, "it changed while it was read")
                told(blob.size)

    def _told(self, digest: Digest, told: Told) -> Iterable[bytes]:
        for piece in self._blobs.chunks(digest):
            yield piece
            told(len(piece))

    def _size(self, digest: Digest) -> int:
        return sum(len(piece) for piece in self._blobs.chunks(digest))

    def _newest(self, wanted: Reference) -> Version | None:
        named = {"kind": wanted.kind, "project": wanted.project or "", "name": wanted.name}
        same = [VERSIONS.c[column] == value for column, value in named.items()]
        highest = sa.select(sa.func.max(VERSIONS.c.number)).where(*same).scalar_subquery()
        with self._database.read() as connection:
            found = queries.find(connection, *same, VERSIONS.c.number == highest)
        return found[0][1] if found else None


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise faults.not_written(path, error.strerror or str(error)) from error


def _read_manifest(path: Path) -> dict[str, Json]:
    try:
        return decode_json(dict[str, Json], path.read_bytes(), where=str(path), code="GAO-HUB-073")
    except OSError as error:
        raise faults.bad_manifest_file(path, error.strerror or str(error)) from error


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
