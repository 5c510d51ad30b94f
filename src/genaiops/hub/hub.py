"""The Hub itself: publish, get, list, lineage, diff; and activities, which write the edges."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal

import sqlalchemy as sa

from genaiops.access import EVERYWHERE, prepare, require
from genaiops.core import (
    Digest,
    Json,
    KindSpec,
    Principal,
    Reference,
    decode,
    digest_bytes,
    digest_json,
    parse_digest,
    parse_reference,
)
from genaiops.hub import decisions, describing, faults, keeping, queries, resolving, rights
from genaiops.hub.differences import diff_json
from genaiops.hub.model import Edge, EvidenceVerifier, Version
from genaiops.hub.schema import misfit
from genaiops.hub.steps import STEPS
from genaiops.hub.tables import VERSIONS
from genaiops.store import Store

Content = bytes | Path | Digest
"""What a blob is given as: its bytes, a file, or the digest of what is in the store already."""

_NO_BLOBS: Mapping[str, Content] = MappingProxyType({})
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


def _now() -> datetime:
    return datetime.now(UTC)


class Hub:
    """The registry in one store, for `by`: the author of what is new, who is shown what they may read.

    `kinds` are what may be published; what is there can be read without them. Evidence that is published is
    recomputed by `verifier` at once, and what that found is kept beside it.
    """

    def __init__(
        self,
        store: Store,
        kinds: Sequence[KindSpec],
        *,
        by: Principal,
        verifier: EvidenceVerifier | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._blobs = store.blobs
        self._database = store.database
        self._kinds: dict[str, KindSpec] = {spec.kind: spec for spec in kinds}
        self._by = by
        self._verifier = verifier
        self._clock = clock
        prepare(self._database)
        self._database.migrate("hub", STEPS)

    def publish(
        self,
        kind: str,
        name: str,
        manifest: Mapping[str, Json],
        *,
        blobs: Mapping[str, Content] = _NO_BLOBS,
        parents: Sequence[Version] = (),
        project: str | None = None,
        labels: Mapping[str, str] = _NO_LABELS,
        described: Mapping[str, str] = describing.NOTHING,
        activity: str = "publish",
        circles: Literal["refuse", "leave out"] = "refuse",
    ) -> Version:
        """Return the version that has this content, making it where it is new.

        Blobs are bytes, files that are read in pieces, or digests of what is in the store already. Equal
        content is one version: publishing it again adds only edges, labels and what is said of it, and brings
        back content that was removed. A new version keeps its predecessor's owner, licence and sensitivity.
        Raises `UserError` where somebody may not do so, the kind is unknown, the manifest does not fit it or
        rests on what is not here, or a parent was made from this version (`circles`: such a parent may be
        left out instead).
        """
        said = describing.checked(described)
        sweep = self._last_sweep()
        wanted = self._draft(kind, name, manifest, blobs, project, activity)
        with self._database.read() as connection:  # before anything is kept
            self._may_publish(connection, wanted, parents)
        self._check(wanted)
        self._keep(wanted, blobs)
        with self._database.read() as connection:
            found = self._same(connection, wanted)
            if found and self._complete(connection, found, parents, labels, said, activity):
                return found[1]
        facts = self._verifier(wanted) if self._verifier and kind == decisions.EVIDENCE_KIND else None
        with self._database.write() as connection:
            self._may_publish(connection, wanted, parents)
            if sweep is None or keeping.last_sweep(connection) != sweep:
                self._check(wanted)  # what was there, or was put, may have been swept away since
                self._keep(wanted, blobs)
            found = self._same(connection, wanted)
            if found and self._complete(connection, found, parents, labels, said, activity):
                return found[1]
            row = found[0] if found else queries.add_version(connection, wanted)
            made_from = self._made_from(connection, found, parents, circles)
            if not found:
                said = {**describing.inherited(connection, row), **said}
                decisions.add_author(connection, row, self._by.id, wanted.created_at)
            elif found[1].removed:
                keeping.note(connection, [row], present=True, by=self._by.id, at=wanted.created_at)
            describing.add(connection, row, said, self._by.id, wanted.created_at)
            queries.add_edges(connection, row, made_from, activity, wanted.created_at)
            if labels:
                queries.set_labels(connection, row, labels)
            if facts:
                decisions.add_evidence(connection, row, facts, wanted.created_at)
            version = queries.find(connection, VERSIONS.c.id == row)[0][1]
            self._log(connection, version, found, parents, labels, activity)
            return version

    def check_may_publish(self, project: str | None = None) -> None:
        """Raise `UserError` where nothing may be published in `project`: before work is spent on it."""
        with self._database.read() as connection:
            require(connection, self._by, "artifact.publish", project or EVERYWHERE)

    def activity(self, name: str) -> "Activity":
        """Return a context in which what is used becomes the parents of what is produced."""
        return Activity(self, name)

    def get(self, ref: str | Reference) -> Version:
        """Return the version that `ref` names: a reference or a digest; without a number, the newest.

        Raises `UserError` where it names nothing, or more than one artifact, and for a sensitive one that may
        not be read. That a sensitive version was read is written down.
        """
        with self._database.read() as connection:
            version = resolving.resolve(connection, ref, self._seen(connection))[1]
        self.note_reading(version)
        return version

    def list(self, kind: str | None = None, name: str | None = None) -> "list[Version]":
        """Return versions in the order in which they were published; of a sensitive one no manifest."""
        wanted = {"kind": kind, "name": name}
        conditions = [VERSIONS.c[column] == value for column, value in wanted.items() if value is not None]
        with self._database.read() as connection:
            found = queries.find(connection, *conditions, *self._seen(connection).rows)
        return [describing.veiled(version) for _, version in found]

    def artifacts(
        self,
        kind: str | None = None,
        name: str | None = None,
        *,
        text: str | None = None,
        labels: Mapping[str, str] = _NO_LABELS,
        described: Mapping[str, str] = describing.NOTHING,
        limit: int = 100,
    ) -> "list[Version]":
        """Return of each artifact the newest version that fits; the artifact changed last comes first.

        Every word of `text` must begin a word of the version's name, labels, manifest, or of what is said of
        it. Of a sensitive one no manifest is returned: `get` does, and writes that down; who may not read it
        does not find it by words of its manifest either.
        """
        wanted = describing.checked(described)
        with self._database.read() as connection:
            found = queries.newest(
                connection,
                self._seen(connection),
                kind=kind,
                name=name,
                text=text,
                legible=() if text is None else rights.legible(connection, self._by),
                labels=labels,
                described=wanted,
                limit=limit,
            )
        return [describing.veiled(version) for version in found]

    def describe(self, ref: str | Reference, **said: str) -> Version:
        """Say something of a version: `owner`, `licence`, `sensitivity`, `description`; '' takes it back.

        The history is kept. Raises `UserError` for what cannot be said.
        """
        wanted = describing.checked(said)
        at = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._database.write() as connection:
            row, version = resolving.resolve(connection, ref, self._seen(connection))
            rights.ask(connection, self._by, "artifact.publish", version)
            describing.add(connection, row, wanted, self._by.id, at)
            changed = queries.find(connection, VERSIONS.c.id == row)[0][1]
            if changed.described != version.described:
                words: dict[str, Json] = {key: value for key, value in wanted.items() if key != "description"}
                rights.log(
                    connection,
                    self._by,
                    "artifact.describe",
                    version.short,
                    self._clock(),
                    said=words,
                    fields=[*sorted(wanted)],
                )
            return changed

    def note_reading(self, version: Version) -> None:
        """Write down that a version is read, where it is sensitive; raises where `by` may not read it."""
        if version.described.get("sensitivity") not in describing.SENSITIVE:
            return
        with self._database.write() as connection:
            rights.ask(connection, self._by, "artifact.read_sensitive", version)
            rights.log(
                connection,
                self._by,
                "artifact.read_sensitive",
                version.short,
                self._clock(),
                digest=version.digest,
            )

    def lineage(
        self, ref: str | Reference, direction: Literal["up", "down"] = "up", *, depth: int | None = None
    ) -> "list[Edge]":
        """Return every edge from a version back to its last inputs, or on to all that was made from it.

        With `depth`, only those within so many steps.
        """
        with self._database.read() as connection:
            seen = self._seen(connection)
            row, _ = resolving.resolve(connection, ref, seen)
            return queries.edges_from(connection, row, seen, up=direction == "up", depth=depth)

    def diff(self, a: str | Reference | Version, b: str | Reference | Version) -> "list[str]":
        """Return in lines how `b` differs from `a`; empty where they are equal. A `Version` was got here."""
        old, new = (each if isinstance(each, Version) else self.get(each) for each in (a, b))
        if old.kind != new.kind:
            raise faults.different_kinds(old.short, new.short)
        for version in (old, new):
            if version.removed:
                raise faults.content_removed(version)
        spec = self._kinds.get(old.kind)
        return (spec.diff if spec else diff_json)(old.manifest, new.manifest, self._blobs.chunks)

    @property
    def kinds(self) -> Mapping[str, KindSpec]:
        """What may be published here, by kind."""
        return MappingProxyType(self._kinds)

    def _draft(
        self,
        kind: str,
        name: str,
        manifest: Mapping[str, Json],
        blobs: Mapping[str, Content],
        project: str | None,
        activity: str,
    ) -> Version:
        if kind not in self._kinds:
            raise faults.unknown_kind(kind, self._kinds)
        parse_reference(f"{kind}/{project}/{name}" if project else f"{kind}/{name}")  # says what is wrong
        kept = {key: self._digest(content) for key, content in sorted(blobs.items())}
        return Version(
            kind=kind,
            name=name,
            project=project,
            number=0,
            digest=digest_json({"kind": kind, "manifest": dict(manifest), "blobs": dict(kept)}),
            manifest=dict(manifest),
            blobs=kept,
            activity=activity,
            created_at=self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    def _check(self, wanted: Version) -> None:
        spec = self._kinds[wanted.kind]
        why = misfit(spec.schema, wanted.manifest)
        if why:
            raise faults.bad_manifest(wanted.kind, wanted.name, why)
        if spec.shape is not None:
            decode(
                spec.shape, wanted.manifest, where=f"{wanted.kind}/{wanted.name}", code=faults.BAD_MANIFEST
            )
        given = set(wanted.blobs.values())
        for digest in sorted(spec.closure(wanted.manifest) - given):
            if not self._blobs.has(digest) and not self._has_version(digest):
                raise faults.absent(wanted.kind, wanted.name, digest)

    def _digest(self, content: Content) -> Digest:
        if isinstance(content, Path):
            return self._blobs.put_file(content)  # read once: a refused version leaves a blob to be collected
        return digest_bytes(content) if isinstance(content, bytes) else parse_digest(content)

    def _keep(self, wanted: Version, blobs: Mapping[str, Content]) -> None:
        for key, content in blobs.items():
            digest = wanted.blobs[key]
            if isinstance(content, bytes):
                self._blobs.put(content)
            elif self._blobs.has(digest):
                continue
            elif isinstance(content, str):
                raise faults.absent(wanted.kind, wanted.name, digest)
            elif self._blobs.put_file(content) != digest:
                raise faults.changed_meanwhile(wanted.kind, wanted.name, key)

    def _last_sweep(self) -> int | None:
        with self._database.read() as connection:
            return keeping.last_sweep(connection)

    def _made_from(
        self,
        connection: sa.Connection,
        found: queries.Row | None,
        parents: Sequence[Version],
        circles: Literal["refuse", "leave out"],
    ) -> "list[int]":
        rows = queries.ids_of(connection, parents)
        if found is None:  # nothing can have been made from what is new
            return rows
        closing = queries.closing_circle(connection, found[0], rows)
        if closing and circles == "refuse":
            raise faults.circle(found[1], parents[rows.index(min(closing))])
        return [row for row in rows if row not in closing]

    def _seen(self, connection: sa.Connection) -> rights.Seen:
        return rights.seen(connection, self._by)

    def _may_publish(self, connection: sa.Connection, wanted: Version, parents: Sequence[Version]) -> None:
        rights.ask(connection, self._by, "artifact.publish", wanted)
        here = rights.place_of(wanted)
        for there, parent in {rights.place_of(parent): parent for parent in parents}.items():
            if there != here:
                rights.ask(connection, self._by, "artifact.read", parent)

    def _log(
        self,
        connection: sa.Connection,
        version: Version,
        found: queries.Row | None,
        parents: Sequence[Version],
        labels: Mapping[str, str],
        activity: str,
    ) -> None:
        """Write down what changed: a version that is new, or what is beside one that was there."""
        made_from: list[Json] = [*sorted({parent.digest for parent in parents})]
        rights.log(
            connection,
            self._by,
            _changed(found, parents, labels),
            version.short,
            self._clock(),
            digest=version.digest,
            activity=activity,
            labels=dict(labels),
            parents=len(made_from),
            # not the list: an entry is small, and a version may be made of thousands
            parents_digest=digest_json(made_from) if made_from else None,
        )

    def _has_version(self, digest: Digest) -> bool:
        with self._database.read() as connection:
            return queries.has_digest(connection, digest)

    def _same(self, connection: sa.Connection, wanted: Version) -> queries.Row | None:
        rows = queries.find(
            connection,
            VERSIONS.c.kind == wanted.kind,
            VERSIONS.c.name == wanted.name,
            VERSIONS.c.project == (wanted.project or ""),
            VERSIONS.c.digest == wanted.digest,
        )
        return rows[0] if rows else None

    def _complete(
        self,
        connection: sa.Connection,
        found: queries.Row,
        parents: Sequence[Version],
        labels: Mapping[str, str],
        said: Mapping[str, str],
        activity: str,
    ) -> bool:
        row, version = found
        if version.removed or any(version.described.get(field, "") != value for field, value in said.items()):
            return False
        made_from = set(queries.ids_of(connection, parents)) - {row}
        edges_there = made_from <= queries.parents_of(connection, row, activity)
        return edges_there and labels.items() <= version.labels.items()


def _changed(found: queries.Row | None, parents: Sequence[Version], labels: Mapping[str, str]) -> str:
    if found is None:
        return "artifact.publish"
    if found[1].removed:
        return "artifact.restore"
    return "artifact.label" if labels else "artifact.link" if parents else "artifact.describe"


class Activity:
    """A piece of work that reads versions and makes new ones. Ends with its `with` block."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub = hub
        self._name = name
        self._used: dict[str, Version] = {}
        self._ended = False

    def use(self, version: Version) -> Version:
        """Note that `version` was read: it becomes a parent of whatever is produced from now on."""
        self._must_run()
        self._used[version.reference] = version
        return version

    def produce(
        self,
        kind: str,
        name: str,
        manifest: Mapping[str, Json],
        *,
        blobs: Mapping[str, Content] = _NO_BLOBS,
        project: str | None = None,
        labels: Mapping[str, str] = _NO_LABELS,
    ) -> Version:
        """Publish what was made, with everything used so far as its parents.

        What was itself made from equal content is left out: that content was there first.
        """
        self._must_run()
        return self._hub.publish(
            kind,
            name,
            manifest,
            blobs=blobs,
            parents=tuple(self._used.values()),
            project=project,
            labels=labels,
            activity=self._name,
            circles="leave out",
        )

    def __enter__(self) -> "Activity":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True

    def _must_run(self) -> None:
        if self._ended:
            raise RuntimeError(f"the activity {self._name!r} has ended")
