"""A Hub to work with, in a folder or behind a URL: the same questions, and the same answers, either way."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

from genaiops.core import Digest, FileContent, FileEntry, Json, KindSpec, decode
from genaiops.hub import bodies, routes
from genaiops.hub.answers import Approved, Difference, Listed, Shown
from genaiops.hub.contents import faults
from genaiops.hub.contents import routes as contents
from genaiops.hub.contents.answers import Became
from genaiops.hub.contents.archive import Listing, opened, read_listing
from genaiops.hub.contents.contents import Pruned, Pushed, SealedFiles
from genaiops.hub.contents.importing import read_archive
from genaiops.hub.contents.reading import Checked, Told, entry_of, find_files, read_manifest
from genaiops.hub.contents.retention import Retention
from genaiops.hub.contents.writing import write_files
from genaiops.hub.governance import Override
from genaiops.hub.model import Move, Version
from genaiops.hub.transport import Transport
from genaiops.hub.tree import LineageReport
from genaiops.store import write_whole

B = TypeVar("B", bound=bodies.Body)

_NO_WORDS: Mapping[str, str] = MappingProxyType({})


def _quiet(size: int) -> None:
    return None


class Client:
    """What people and programs do with a Hub. Every method raises `UserError` for what they may not do.

    `ask` is the transport's, for the routes of rooms above. `kinds` are those that archives are checked with.
    """

    def __init__(self, transport: Transport, kinds: Callable[[], Sequence[KindSpec]]) -> None:
        self.transport = transport
        self._kinds = kinds

    def artifacts(
        self,
        kind: str | None = None,
        name: str | None = None,
        *,
        text: str | None = None,
        labels: Mapping[str, str] = _NO_WORDS,
        described: Mapping[str, str] = _NO_WORDS,
        limit: int = 100,
    ) -> tuple[Listed, ...]:
        """Return of each artifact the newest version that fits, the artifact changed last first."""
        found = self.transport.ask(
            routes.list_artifacts,
            kind=kind,
            name=name,
            search=text,
            label="\n".join(f"{key}={value}" for key, value in labels.items()) or None,
            owner=described.get("owner"),
            licence=described.get("licence"),
            sensitivity=described.get("sensitivity"),
            limit=limit,
        )
        return found.versions

    def published(self, limit: int = 100) -> tuple[Listed, ...]:
        """Return the versions that were published last, the newest first."""
        return self.transport.ask(routes.list_versions, limit=limit).versions

    def get(self, ref: str) -> Version:
        """Return the version that `ref` names: a reference or a digest; without a number, the newest."""
        return self.transport.ask(routes.get, ref=ref)

    def show(self, ref: str) -> Shown:
        """Return a version with what was decided about it."""
        return self.transport.ask(routes.show, ref=ref)

    def diff(self, a: str, b: str) -> Difference:
        """Return in lines how the version `b` differs from `a`; none where they are equal."""
        return self.transport.ask(routes.diff, a=a, b=b)

    def lineage(
        self, ref: str, direction: Literal["up", "down"] = "up", *, depth: int | None = None
    ) -> LineageReport:
        """Return every edge from a version back to its inputs, or on to all that was made from it."""
        return self.transport.ask(routes.lineage, ref=ref, direction=direction, depth=depth)

    def history(self, alias: str, at: str | None = None, limit: int = 20) -> tuple[Move, ...]:
        """Return the moves of an alias, newest first; with `at`, those that made what was live then."""
        return self.transport.ask(routes.history, alias=alias, at=at, limit=limit).moves

    def live(self, artifact: str, alias: str) -> Version | None:
        """Return the version that `alias` of `artifact` points at; None where nobody has set it."""
        return self.transport.ask(routes.live, artifact=artifact, alias=alias).version

    def publish(
        self,
        kind: str,
        name: str,
        manifest: Mapping[str, Json],
        *,
        parents: Sequence[str] = (),
        project: str | None = None,
        labels: Mapping[str, str] = _NO_WORDS,
        activity: str = "publish",
    ) -> Version:
        """Publish a version that has no content besides its manifest; `push` brings files."""
        body = _made(
            bodies.NewVersion,
            kind=kind,
            name=name,
            project=project,
            manifest=dict(manifest),
            parents=list(parents),
            labels=dict(labels),
            activity=activity,
        )
        return self.transport.ask(routes.publish, body=body)

    def move(
        self,
        artifact: str,
        alias: str,
        to: str,
        *,
        read: Digest | None,
        why: str = "",
        allow_deprecated: bool = False,
        override: Override | None = None,
    ) -> Move:
        """Point `alias` at the version `to`, if the policy allows it; `read`: what the caller saw there."""
        emergency = override and _made(bodies.Emergency, ticket=override.ticket, expires=override.expires)
        body = _made(
            bodies.NewMove,
            artifact=artifact,
            alias=alias,
            to=to,
            read=read,
            why=why,
            allow_deprecated=allow_deprecated,
            override=emergency,
        )
        return self.transport.ask(routes.move, body=body)

    def rollback(self, alias: str, *, why: str, allow_deprecated: bool = False) -> Move:
        """Move an alias back to the version before."""
        body = _made(bodies.NewRollback, alias=alias, why=why, allow_deprecated=allow_deprecated)
        return self.transport.ask(routes.rollback, body=body)

    def approve(self, ref: str, role: str, *, note: str = "", withdraw: bool = False) -> Approved:
        """Approve exactly the version `ref` in a role, or take that back."""
        body = _made(bodies.NewApproval, version=ref, role=role, note=note, withdraw=withdraw)
        return self.transport.ask(routes.approve, body=body)

    def deprecate(self, ref: str, *, reason: str, successor: str | None = None) -> Version:
        """Mark a version as not to be used any more."""
        body = _made(bodies.NewDeprecation, version=ref, reason=reason, successor=successor)
        return self.transport.ask(routes.deprecate, body=body)

    def set_policy(self, text: str, *, why: str = "") -> Move:
        """Publish a policy, given as the text of its file, and put it in force."""
        return self.transport.ask(routes.set_policy, body=_made(bodies.NewPolicy, text=text, why=why))

    def describe(self, ref: str, **said: str) -> Version:
        """Say something of a version: `owner`, `licence`, `sensitivity`, `description`; '' takes it back."""
        return self.transport.ask(routes.describe, body=_made(bodies.NewDescription, version=ref, said=said))

    def agreements(self, project: str | None = None) -> str:
        """Return how a project works together, as Markdown."""
        return self.transport.ask(routes.agreements, project=project).text

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

        Only content that was not sent before is sent, in pieces; `told` hears of every file's bytes. What
        `manifest`, a file of JSON, says stands beside what the kind reads in the files. With `subject`, a
        place in a row (`tags.customer`), every row is sealed under the key of the person there, where the
        store is, and the first such version is `personal` unless something else is said.
        """
        found = find_files(paths)
        said = read_manifest(manifest) if manifest else None
        unsent = partial(self._unsent, target, manifest=said is not None, sealed=subject is not None)
        unsent([])  # whether it can be published, before files are read
        left_out = 0
        if subject is None:
            entries = [entry_of(path, file) for path, file in found.items()]
            self._send(target, entries, unsent([Digest(entry.digest) for entry in entries]), found, told)
        else:
            sealed = self._sealed(target, found, subject, told)
            entries, said, left_out = list(sealed.files), {**(said or {}), **sealed.manifest}, sealed.left_out
        body = _made(
            bodies.NewPush,
            target=target,
            files=entries,
            manifest=said,
            parents=list(parents),
            labels=dict(labels),
            described=dict(described),
        )
        return replace(self.transport.ask(contents.push, body=body), left_out=left_out)

    def pull(self, ref: str, folder: Path, *, force: bool = False) -> tuple[Version, list[Path]]:
        """Write a version as files below `folder`, each checked against its digest; return it and the files.

        All are there at the end, or none is new. Raises `UserError` where a file that is there would be
        replaced (`force` does so), where a name leads out of the folder, and where the content was removed.
        """
        found = self.transport.ask(contents.files, ref=ref)
        version = found.version

        def read(digest: Digest) -> Iterator[bytes]:
            given = self.transport.ask(contents.content, ref=version.reference, digest=digest)
            return iter(Checked(given.chunks, digest))

        return version, write_files(folder, found.files, read, force=force, where=version.short)

    def export(self, what: Sequence[str] | None, to: Path) -> Listing:
        """Write versions, and all that they rest on, to the archive `to`; whole or not at all.

        `what` are projects by name (`default`: what has no project) and versions by reference; None:
        everything.
        """
        body = _made(bodies.NewExport, what=None if what is None else list(what))
        write_whole(to, self.transport.ask(contents.export, body=body).chunks, 0o666)
        with opened(to) as archive:
            return read_listing(archive, to)[0]

    def check(self, path: Path) -> Listing:
        """Return the list of the archive at `path`; raises `UserError` where anything in it is not sound."""
        return read_archive(path, {spec.kind: spec for spec in self._kinds()})[0]

    def import_(self, path: Path, *, told: Told = _quiet) -> tuple[Became, ...]:
        """Take what is new in an archive, all of it or nothing; the same archive again changes nothing."""
        return self.transport.send(FileContent(path, told), contents.import_).versions

    def prune(self, retention: Retention, *, dry_run: bool = False) -> Pruned:
        """Remove the content that `retention` does not keep and nothing needs; with `dry_run` say which."""
        body = _made(
            bodies.NewPruning,
            keep=retention.keep,
            older_than=retention.older_than,
            kinds=sorted(retention.kinds),
            dry_run=dry_run,
        )
        return self.transport.ask(contents.prune, body=body)

    def _unsent(
        self, target: str, digests: list[Digest], *, manifest: bool, sealed: bool
    ) -> tuple[Digest, ...]:
        body = _made(bodies.NewUpload, target=target, digests=digests, manifest=manifest, sealed=sealed)
        return self.transport.ask(contents.unsent, body=body).digests

    def _send(
        self,
        target: str,
        entries: Sequence[FileEntry],
        unsent: Iterable[Digest],
        files: Mapping[str, Path],
        told: Told,
    ) -> None:
        wanted = set(unsent)
        for entry in entries:
            digest = Digest(entry.digest)
            if digest in wanted:
                wanted.remove(digest)
                sent = FileContent(files[entry.path], told)
                self.transport.send(sent, contents.upload, digest=digest, target=target)
            else:
                told(entry.size)

    def _sealed(self, target: str, files: Mapping[str, Path], subject: str, told: Told) -> SealedFiles:
        if len(files) != 1:
            raise faults.not_one_file(len(files))
        [(name, path)] = files.items()
        sent = FileContent(path, told)
        return self.transport.send(sent, contents.seal, target=target, name=name, subject=subject)


def _made(kind: type[B], /, **given: object) -> B:
    """Return a body; raises `UserError` for a value that cannot stand in it."""
    return decode(kind, given, code="GAO-HUB-086")
