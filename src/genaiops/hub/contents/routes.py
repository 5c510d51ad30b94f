"""`/api/hub/…`: content. Blobs and archives stream, in constant memory; the rest is JSON."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from genaiops.core import Content, Digest, FileContent, Route
from genaiops.hub import bodies
from genaiops.hub.answers import Files, Unsent
from genaiops.hub.bodies import At, Ref, Sha256, Word
from genaiops.hub.contents.answers import Became, Imported
from genaiops.hub.contents.contents import Pruned, Pushed, SealedFiles
from genaiops.hub.contents.retention import Retention
from genaiops.store import write_new

_MOST_LISTED = 32 << 20
_MOST_CONTENT = 64 << 30


def unsent(asked: At, body: bodies.NewUpload) -> Unsent:
    """Say which blobs have to be sent before they can be published: all that the caller never sent."""
    wanted = [Digest(each) for each in body.digests]
    found = bodies.contents_of(asked).unsent(body.target, wanted, manifest=body.manifest, sealed=body.sealed)
    return Unsent(digests=tuple(found))


def upload(asked: At, digest: Sha256, target: Ref) -> None:
    """Send a blob for a version of `target`; content that is not what the digest names is refused."""
    bodies.contents_of(asked).receive(target, Digest(digest), asked.content)


def seal(asked: At, target: Ref, name: Ref, subject: Word) -> SealedFiles:
    """Send a file whose rows belong to people: each is sealed for the person it names at `subject`.

    What comes back is pushed then; nothing of the file is kept in clear.
    """
    with _as_file(asked.content) as path:
        return bodies.contents_of(asked).seal(target, name, path, subject)


def push(asked: At, body: bodies.NewPush) -> Pushed:
    """Make files, whose content was sent, a version: the kind reads its manifest in them."""
    return bodies.contents_of(asked).publish(
        body.target,
        body.files,
        manifest=body.manifest,
        parents=body.parents,
        labels=body.labels,
        described=body.described,
    )


def files(asked: At, ref: Ref) -> Files:
    """List the files that a version is written as, by path, each with the digest of its content."""
    version, found = bodies.contents_of(asked).files(ref)
    return Files(version=version, files=found)


def content(asked: At, ref: Ref, digest: Sha256) -> Content:
    """Return the content of one of a version's files."""
    return Content(chunks=bodies.contents_of(asked).content(ref, Digest(digest)))


def export(asked: At, body: bodies.NewExport) -> Content:
    """Return an archive of projects or versions, with all that they rest on; `what` null: of everything."""
    return Content(chunks=bodies.contents_of(asked).export(body.what), media_type="application/x-tar")


def import_(asked: At) -> Imported:
    """Take what is new in an archive, all of it or nothing."""
    with _as_file(asked.content) as path:
        taken = bodies.contents_of(asked).import_(path)
    return Imported(versions=tuple(Became(version=each.version, became=each.became) for each in taken))


def prune(asked: At, body: bodies.NewPruning) -> Pruned:
    """Remove content that nothing needs, or with `dry_run` only say what would go."""
    retention = Retention(keep=body.keep, older_than=body.older_than, kinds=frozenset(body.kinds))
    return bodies.contents_of(asked).prune(retention, dry_run=body.dry_run)


@contextmanager
def _as_file(given: Iterable[bytes]) -> Generator[Path]:
    """Give content as a file: it is read twice, checked whole before anything is taken."""
    if isinstance(given, FileContent):
        yield given.path
        return
    with TemporaryDirectory(prefix="genaiops-") as folder:
        path = Path(folder) / "content"
        write_new(path, given, 0o600)
        yield path


ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/hub/uploads", unsent, "artifact.publish", None, most_bytes=_MOST_LISTED),
    Route(
        "PUT",
        "/api/hub/blobs/{digest}",
        upload,
        "artifact.publish",
        None,
        status=204,
        most_bytes=_MOST_CONTENT,
        raw=True,
    ),
    Route(
        "POST",
        "/api/hub/seals",
        seal,
        "artifact.publish",
        None,
        most_bytes=_MOST_CONTENT,
        raw=True,
    ),
    Route("POST", "/api/hub/pushes", push, "artifact.publish", None, most_bytes=_MOST_LISTED),
    Route("GET", "/api/hub/files", files, "artifact.read", None),
    Route("GET", "/api/hub/content", content, "artifact.read", None),
    Route("POST", "/api/hub/exports", export, "artifact.read", None),
    Route("POST", "/api/hub/imports", import_, "artifact.publish", None, most_bytes=_MOST_CONTENT, raw=True),
    Route("POST", "/api/hub/prunes", prune, "content.remove", "*"),
)
