"""The Hub itself: publish, get, list, lineage, diff; and activities, which write the edges."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
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
    digest_bytes,
    digest_json,
    parse_reference,
)
from genaiops.hub import decisions, faults, queries, resolving, rights
from genaiops.hub.differences import diff_json
from genaiops.hub.model import Edge, EvidenceVerifier, Version
from genaiops.hub.schema import misfit
from genaiops.hub.steps import STEPS
from genaiops.hub.tables import VERSIONS
from genaiops.store import Store

_NO_BLOBS: Mapping[str, bytes] = MappingProxyType({})
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
        blobs: Mapping[str, bytes] = _NO_BLOBS,
        parents: Sequence[Version] = (),
        project: str | None = None,
        labels: Mapping[str, str] = _NO_LABELS,
        activity: str = "publish",
    ) -> Version:
        """Return the version that has this content, making it where it is new.

        Equal content is one version: publishing it again adds only edges and labels. Raises `UserError`
        where somebody may not do so, the kind is unknown, or the manifest does not fit it or rests on what is
        not here.
        """
        wanted = self._draft(kind, name, manifest, blobs, project, activity)
        with self._database.read() as connection:  # before anything is kept
            self._may_publish(connection, wanted, parents)
            found = self._same(connection, wanted)
            complete = found and self._complete(connection, found, parents, labels, activity)
        self._check(wanted, blobs)
        for content in blobs.values():
            self._blobs.put(content)
        if found and complete:
            return found[1]
        facts = self._verifier(wanted) if self._verifier and kind == decisions.EVIDENCE_KIND else None
        with self._database.write() as connection:
            self._may_publish(connection, wanted, parents)
            found = self._same(connection, wanted)
            if found and self._complete(connection, found, parents, labels, activity):
                return found[1]
            row = found[0] if found else queries.add_version(connection, wanted)
            made_from = queries.ids_of(connection, parents)
            queries.add_edges(connection, row, made_from, activity, wanted.created_at)
            if labels:
                queries.set_labels(connection, row, labels)
            if not found:
                decisions.add_author(connection, row, self._by.id, wanted.created_at)
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

        Raises `UserError` where it names nothing, or more than one artifact.
        """
        with self._database.read() as connection:
            return resolving.resolve(connection, ref, self._seen(connection))[1]

    def list(self, kind: str | None = None, name: str | None = None) -> "list[Version]":
        """Return versions in the order in which they were published."""
        wanted = {"kind": kind, "name": name}
        conditions = [VERSIONS.c[column] == value for column, value in wanted.items() if value is not None]
        with self._database.read() as connection:
            return [
                version for _, version in queries.find(connection, *conditions, *self._seen(connection).rows)
            ]

    def artifacts(
        self,
        kind: str | None = None,
        name: str | None = None,
        *,
        text: str | None = None,
        labels: Mapping[str, str] = _NO_LABELS,
        limit: int = 100,
    ) -> "list[Version]":
        """Return of each artifact the newest version that fits; the artifact changed last comes first.

        Every word of `text` must begin a word of the version's name, labels or manifest.
        """
        with self._database.read() as connection:
            seen = self._seen(connection)
            return queries.newest(
                connection, seen, kind=kind, name=name, text=text, labels=labels, limit=limit
            )

    def lineage(self, ref: str | Reference, direction: Literal["up", "down"] = "up") -> "list[Edge]":
        """Return every edge from a version back to its last inputs, or on to all that was made from it."""
        with self._database.read() as connection:
            seen = self._seen(connection)
            row, _ = resolving.resolve(connection, ref, seen)
            return queries.edges_from(connection, row, seen, up=direction == "up")

    def diff(self, a: str | Reference, b: str | Reference) -> "list[str]":
        """Return in lines how `b` differs from `a`; empty where they are equal."""
        old, new = self.get(a), self.get(b)
        if old.kind != new.kind:
            raise faults.different_kinds(old.short, new.short)
        spec = self._kinds.get(old.kind)
        return (spec.diff if spec else diff_json)(old.manifest, new.manifest)

    def _draft(
        self,
        kind: str,
        name: str,
        manifest: Mapping[str, Json],
        blobs: Mapping[str, bytes],
        project: str | None,
        activity: str,
    ) -> Version:
        if kind not in self._kinds:
            raise faults.unknown_kind(kind, self._kinds)
        parse_reference(f"{kind}/{project}/{name}" if project else f"{kind}/{name}")  # says what is wrong
        kept = {key: digest_bytes(content) for key, content in sorted(blobs.items())}
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

    def _check(self, wanted: Version, blobs: Mapping[str, bytes]) -> None:
        spec = self._kinds[wanted.kind]
        why = misfit(spec.schema, wanted.manifest)
        if why:
            raise faults.bad_manifest(wanted.kind, wanted.name, why)
        given = set(wanted.blobs.values())
        for digest in sorted(spec.closure(wanted.manifest) - given):
            if not self._blobs.has(digest) and not self._has_version(digest):
                raise faults.absent(wanted.kind, wanted.name, digest)

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
        """Write down what changed: a version that is new, or labels or edges of one that was there."""
        made_from: list[Json] = [*sorted({parent.digest for parent in parents})]
        rights.log(
            connection,
            self._by,
            "artifact.publish" if not found else "artifact.label" if labels else "artifact.link",
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
        activity: str,
    ) -> bool:
        row, version = found
        made_from = set(queries.ids_of(connection, parents)) - {row}
        edges_there = made_from <= queries.parents_of(connection, row, activity)
        return edges_there and labels.items() <= version.labels.items()


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
        blobs: Mapping[str, bytes] = _NO_BLOBS,
        project: str | None = None,
        labels: Mapping[str, str] = _NO_LABELS,
    ) -> Version:
        """Publish what was made, with everything used so far as its parents."""
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
