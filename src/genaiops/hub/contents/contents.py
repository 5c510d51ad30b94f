"""Contents of one Hub as files: what goes in, what comes out, what moves to another Hub, what is removed."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa

from genaiops.access import EVERYWHERE, note_use, projects, require
from genaiops.core import (
    SEALED,
    Digest,
    FileEntry,
    Json,
    KindSpec,
    Principal,
    Reference,
    UserError,
    check_paths,
    decode,
    digest_bytes,
    parse_digest,
    parse_reference,
)
from genaiops.hub import aliases, decisions, keeping, queries, resolving, rights, uploads
from genaiops.hub import faults as hub_faults
from genaiops.hub.contents import faults
from genaiops.hub.contents.archive import opened, pieces_of, read_blobs, read_listing
from genaiops.hub.contents.exporting import archived
from genaiops.hub.contents.graph import read_graph
from genaiops.hub.contents.importing import Taken, read_archive, take
from genaiops.hub.contents.people import subjects_of
from genaiops.hub.contents.reading import Checked
from genaiops.hub.contents.retention import Retention, removable
from genaiops.hub.contents.writing import files_of
from genaiops.hub.events import APPROVALS
from genaiops.hub.governance import Governance
from genaiops.hub.hub import Content, Hub
from genaiops.hub.model import EvidenceVerifier, Version
from genaiops.hub.schema import misfit
from genaiops.hub.tables import VERSIONS
from genaiops.store import Store

SPARED_SECONDS = 3600.0
"""How long a blob that nothing needs is left alone after it was written: somebody may be publishing it."""

_NAMED = 20
"""How many versions an audit entry names."""

_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_PERSONAL: Mapping[str, str] = MappingProxyType({"sensitivity": "personal"})
_NO_BLOBS: Mapping[str, Content] = MappingProxyType({})


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The version that was pushed, and whether it is new: equal content is the version that was there.

    `left_out` rows belonged to people who were erased.
    """

    version: Version
    new: bool
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFiles:
    """What is kept of a file whose rows belong to people: the files to publish, and their manifest.

    `left_out` rows belonged to people who were erased.
    """

    files: tuple[FileEntry, ...]
    manifest: dict[str, Json]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was removed, or would be: versions whose content goes, and the blobs that nothing else needs."""

    versions: tuple[Version, ...]
    blobs: int
    orphans: int
    size: int


class Contents:
    """Files and archives of the Hub in one store. `by` is who acts, `clock` the Hub's.

    `direct`: who acts has the store itself at hand, so they need not prove that they have what is in it.
    """

    def __init__(
        self,
        store: Store,
        kinds: Sequence[KindSpec],
        *,
        by: Principal,
        verifier: EvidenceVerifier | None = None,
        clock: Callable[[], datetime] = _now,
        direct: bool = True,
    ) -> None:
        self._hub = Hub(store, kinds, by=by, verifier=verifier, clock=clock)
        self._governance = Governance(store, by=by, verifier=verifier, clock=clock)
        self._blobs = store.blobs
        self._database = store.database
        self._by = by
        self._clock = clock
        self._direct = direct

    def unsent(self, target: str, digests: Sequence[Digest], *, manifest: bool, sealed: bool) -> list[Digest]:
        """Return which blobs have to be sent for a version of `target` (`kind/[project/]name`).

        `manifest`: whether one will be given with the files; `sealed`: whether the rows will be.

        Raises `UserError` where nothing can be published there, or may not.
        """
        self._check_clear(self._target(target, manifest=manifest or sealed), sealed)
        wanted = list(dict.fromkeys(digests))
        proven = wanted if self._direct else self._sent(wanted)
        return [digest for digest in wanted if digest not in proven or not self._blobs.has(digest)]

    def receive(self, target: str, digest: Digest, chunks: Iterable[bytes]) -> None:
        """Keep a blob for a version of `target`, where it is what `digest` says; else nothing is kept."""
        self._target(target)
        received = Checked(chunks, digest)
        self._blobs.put_chunks(received)
        self._note_sent(digest, received.size)

    def seal(self, target: str, name: str, path: Path, subject: str) -> SealedFiles:
        """Keep a file, called `name`, whose rows belong to people, for a version of `target`.

        Every row is sealed under the key of the person at the place `subject` (`tags.customer`); nothing of
        it is kept in clear. Raises `UserError` where the kind has no such rows, or a row names nobody.
        """
        wanted = self._target(target)
        seal = self._hub.kinds[wanted.kind].seal
        if seal is None:
            raise faults.cannot_seal(wanted.kind)
        composed = seal({name: path}, subject)
        entries = tuple(self._kept(key, content) for key, content in composed.blobs.items())
        return SealedFiles(files=entries, manifest=composed.manifest, left_out=composed.left_out)

    def publish(
        self,
        target: str,
        entries: Sequence[FileEntry],
        *,
        manifest: Mapping[str, Json] | None = None,
        parents: Sequence[str] = (),
        labels: Mapping[str, str] = _NO_WORDS,
        described: Mapping[str, str] = _NO_WORDS,
    ) -> Pushed:
        """Make files, whose content was received, a version of `target`.

        What `manifest` says stands beside what the kind reads in the files, unless they were sealed: the
        first such version is `personal` unless something else is said. Raises `UserError` where they are not
        of that kind, `by` did not send them, or they would be kept in clear although the version before was
        sealed.
        """
        wanted = self._target(target, manifest=manifest is not None)
        spec = self._hub.kinds[wanted.kind]
        check_paths([entry.path for entry in entries], "what is pushed")
        self._check_sent(wanted, entries)
        made_from = [self._hub.get(parent) for parent in parents]
        said = dict(manifest or {})
        sealed = said.get(SEALED) is not None
        before = self._check_clear(wanted, sealed)
        blobs: Mapping[str, Content] = {entry.path: Digest(entry.digest) for entry in entries}
        if spec.compose is not None and entries and not sealed:
            composed = spec.compose(entries, self._blobs.chunks)
            said, blobs = {**said, **composed.manifest}, composed.blobs
        self.check_named(target, said, blobs)
        people = self._people(spec, said)
        first_sealed = sealed and not (before and before.manifest.get(SEALED) is not None)
        version = self._hub.publish(
            wanted.kind,
            wanted.name,
            said,
            blobs=blobs,
            parents=made_from,
            project=wanted.project,
            labels=labels,
            described={**_PERSONAL, **described} if first_sealed else described,
            activity="hub push",
        )
        note_use(self._database, people, version.reference)
        return Pushed(version=version, new=before is None or version.number > before.number)

    def check_named(
        self, target: str, manifest: Mapping[str, Json], blobs: Mapping[str, Content] = _NO_BLOBS
    ) -> None:
        """Raise `UserError` where a new version names content that `by` neither sent nor may see.

        A digest that is not here and one that is somebody else's are refused in the same words.
        """
        wanted = self._target(target)
        spec = self._hub.kinds[wanted.kind]
        if self._direct or not _fits(spec, manifest):  # what does not fit is refused when it is published
            return
        named = spec.closure(manifest) | {Digest(each) for each in blobs.values() if isinstance(each, str)}
        named -= {digest_bytes(each) for each in blobs.values() if isinstance(each, bytes)}
        with self._database.read() as connection:
            seen = rights.seen(connection, self._by)
            for digest in sorted(named - uploads.sent(connection, named, self._by.id).keys()):
                if not queries.find(connection, VERSIONS.c.digest == digest, *seen.rows):
                    raise hub_faults.absent(wanted.kind, wanted.name, digest)

    def files(self, ref: str) -> tuple[Version, dict[str, Digest]]:
        """Return a version, and by path the content of the files that it is written as.

        Raises `UserError` where its content was removed.
        """
        version, files = self._files(ref)
        return version, {path: _digest_of(content) for path, content in files.items()}

    def content(self, ref: str, digest: Digest) -> Iterable[bytes]:
        """Return the content of one of a version's files, or blobs, in pieces."""
        version, files = self._files(ref)
        if digest in version.blobs.values():
            return self._blobs.chunks(digest)
        found = next((content for content in files.values() if _digest_of(content) == digest), None)
        if found is None:
            raise faults.not_of(version, digest)
        return [found] if isinstance(found, bytes) else self._blobs.chunks(found)

    def export(self, what: Sequence[str] | None) -> Iterator[bytes]:
        """Return an archive of versions and all that they rest on, in pieces.

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
        return pieces_of(listing, (self._blobs.chunks(blob.digest) for blob in listing.blobs))

    def import_(self, path: Path) -> list[Taken]:
        """Take what is new in an archive, all of it or nothing; the same archive again changes nothing.

        What was decided about its versions is kept as a record: aliases and approvals count here only when
        they are given here, and evidence as it is recomputed here. Raises `UserError` where anything in it is
        not sound.
        """
        with self._database.read() as connection:
            if projects(connection, self._by, "artifact.publish") == frozenset():
                require(connection, self._by, "artifact.publish", EVERYWHERE)  # nothing is read for them
        listing, listed = read_archive(path, self._hub.kinds)
        self._may_publish(listing.versions)
        with self._database.read() as connection:
            sweep = keeping.last_sweep(connection)
        self._take_blobs(path)
        with self._database.write() as connection:
            if sweep is None or keeping.last_sweep(connection) != sweep:
                self._take_blobs(path)
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
        evidence = (one.version for one in taken if one.became != "unchanged")
        self._governance.look_again(one for one in evidence if one.startswith(f"{decisions.EVIDENCE_KIND}/"))
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

    def _take_blobs(self, path: Path) -> None:
        with opened(path) as file:
            listing, _ = read_listing(file, path)
            for blob, pieces in read_blobs(file, listing, path):
                if self._blobs.has(blob.digest):
                    for _ in pieces:
                        pass
                elif self._blobs.put_chunks(pieces) != blob.digest:
                    raise faults.bad_archive(path, "it changed while it was read")

    def _target(self, target: str, *, manifest: bool = True) -> Reference:
        """Return what `target` names, where a version of it may be published, with a manifest or without."""
        wanted = parse_reference(target)
        if wanted.alias or wanted.number or wanted.digest:
            raise faults.not_a_target(target)
        if wanted.kind not in self._hub.kinds:
            raise hub_faults.unknown_kind(wanted.kind, self._hub.kinds)
        if not manifest and self._hub.kinds[wanted.kind].compose is None:
            raise faults.needs_manifest(wanted.kind)
        self._may_publish([wanted])
        return wanted

    def _check_clear(self, wanted: Reference, sealed: bool) -> Version | None:
        """Return the version before; raises where rows would be kept in clear that it sealed."""
        before = self._newest(wanted)
        if before is not None and before.manifest.get(SEALED) is not None and not sealed:
            raise faults.sealed_before(str(wanted))
        return before

    def _people(self, spec: KindSpec, manifest: Mapping[str, Json]) -> frozenset[str]:
        """Return whose rows are sealed in what is published; raises where its boxes are none."""
        boxes = manifest.get(SEALED)
        if (
            not isinstance(boxes, str)
            or not _fits(spec, manifest)
            or not self._blobs.has(parse_digest(boxes))
        ):
            return frozenset()  # what does not fit, or is not here, is refused when it is published
        return subjects_of(manifest, self._blobs.chunks)

    def _kept(self, name: str, content: bytes | Digest) -> FileEntry:
        assert isinstance(content, bytes)  # what was sealed was made here
        digest = self._blobs.put(content)
        self._note_sent(digest, len(content))
        return FileEntry(path=name, size=len(content), digest=digest)

    def _note_sent(self, digest: Digest, size: int) -> None:
        if not self._direct:
            with self._database.write() as connection:
                uploads.note(connection, digest, size, self._by.id, _rfc3339(self._clock()))

    def _sent(self, digests: Collection[Digest]) -> dict[Digest, int]:
        with self._database.read() as connection:
            return uploads.sent(connection, digests, self._by.id)

    def _check_sent(self, wanted: Reference, entries: Sequence[FileEntry]) -> None:
        if self._direct:
            return
        sizes = self._sent({Digest(entry.digest) for entry in entries})
        for entry in entries:
            if sizes.get(Digest(entry.digest)) != entry.size:
                raise hub_faults.absent(wanted.kind, wanted.name, Digest(entry.digest))

    def _files(self, ref: str) -> tuple[Version, Mapping[str, bytes | Digest]]:
        version = self._hub.get(ref)
        if version.removed:
            raise hub_faults.content_removed(version)
        spec = self._hub.kinds.get(version.kind)
        if spec is None:
            raise faults.nothing_to_pull(version)
        return version, files_of(version, spec, self._blobs.chunks)

    def _size(self, digest: Digest) -> int:
        return sum(len(piece) for piece in self._blobs.chunks(digest))

    def _newest(self, wanted: Reference) -> Version | None:
        named = {"kind": wanted.kind, "project": wanted.project or "", "name": wanted.name}
        same = [VERSIONS.c[column] == value for column, value in named.items()]
        highest = sa.select(sa.func.max(VERSIONS.c.number)).where(*same).scalar_subquery()
        with self._database.read() as connection:
            found = queries.find(connection, *same, VERSIONS.c.number == highest)
        return found[0][1] if found else None


def _fits(spec: KindSpec, manifest: Mapping[str, Json]) -> bool:
    try:
        return not misfit(spec.schema, manifest) and bool(spec.shape is None or decode(spec.shape, manifest))
    except UserError:
        return False


def _digest_of(content: bytes | Digest) -> Digest:
    return digest_bytes(content) if isinstance(content, bytes) else content


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
