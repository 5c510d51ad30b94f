"""The archive that moves versions between Hubs: a plain tar, one list of contents and then each blob once.

It is written so that equal contents are equal bytes: sorted, without times, owners or compression. It is read
more strictly than tar: regular files, in the order that the list says, of exactly the sizes that it says. So
no header can name a path, a link or a size that was not announced, and nothing expands.
"""

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from genaiops.core import Digest, Json, canonical, decode_json, encode, hex_of, parse_digest
from genaiops.hub.contents import faults
from genaiops.hub.model import Approval, Deprecation, Move

FORMAT = 1
CONTENTS = "genaiops-hub.json"
LARGEST_CONTENTS = 256 * 1024 * 1024
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedVersion:
    """A version as it was in the Hub that it comes from, and what was decided about it there.

    `content`: whether its blobs are in the archive; retention may have removed them.
    """

    kind: str
    project: str | None
    name: str
    number: int
    digest: Digest
    manifest: dict[str, Json]
    blobs: dict[str, Digest]
    activity: str
    created_at: str
    labels: dict[str, str] = field(default_factory=dict[str, str])
    described: dict[str, str] = field(default_factory=dict[str, str])
    deprecated: Deprecation | None = None
    author: str | None = None
    approvals: tuple[Approval, ...] = ()
    moves: tuple[Move, ...] = ()
    content: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedEdge:
    """`child` was made from `parent`: their places in the list of versions."""

    child: int
    parent: int
    activity: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedBlob:
    """A blob: its digest and its size in bytes."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything of an archive but the bytes of its blobs, which follow in the order given here."""

    format: int
    versions: tuple[ArchivedVersion, ...]
    edges: tuple[ArchivedEdge, ...]
    blobs: tuple[ArchivedBlob, ...]


def opened(path: Path) -> BinaryIO:
    """Open an archive; raises `OutsideError` where it cannot be read."""
    try:
        return path.open("rb")
    except OSError as error:
        raise faults.not_written(path, error.strerror or str(error)) from error


def pieces_of(listing: Listing, blobs: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """Yield the bytes of an archive; `blobs` are the contents of `listing.blobs`, in that order."""
    listed = canonical(encode(listing))
    yield _header(CONTENTS, len(listed))
    yield listed
    yield _padding(len(listed))
    for blob, pieces in zip(listing.blobs, blobs, strict=True):
        yield _header(_name(blob.digest), blob.size)
        yield from pieces
        yield _padding(blob.size)
    yield bytes(2 * _BLOCK)


def read_listing(file: BinaryIO, path: Path) -> tuple[Listing, bytes]:
    """Return the list at the head of an archive, and its bytes; raises `UserError` where it is none."""
    size = _expect(file, CONTENTS, None, path)
    if size > LARGEST_CONTENTS:
        raise faults.bad_archive(path, f"its list of contents has more than {LARGEST_CONTENTS >> 20} MiB")
    listed = b"".join(_exactly(file, size, path))
    listing = decode_json(Listing, listed, where=str(path), code="GAO-HUB-072")
    if listing.format != FORMAT:
        raise faults.bad_archive(path, f"it has the format {listing.format}, and {FORMAT} can be read here")
    for blob in listing.blobs:
        if blob.size < 0:
            raise faults.bad_archive(path, "a size is negative")
    return listing, listed


def read_blobs(
    file: BinaryIO, listing: Listing, path: Path
) -> Iterator[tuple[ArchivedBlob, Iterator[bytes]]]:
    """Yield each blob with its content, to be read before the next; then see that nothing follows."""
    for blob in listing.blobs:
        _expect(file, _name(blob.digest), blob.size, path)
        yield blob, _exactly(file, blob.size, path)
    rest = file.read(2 * _BLOCK + 1)
    if rest != bytes(2 * _BLOCK):
        raise faults.bad_archive(path, "it is cut off, or more follows than its list says")


def _name(digest: Digest) -> str:
    return f"blobs/{hex_of(parse_digest(digest))}"


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _expect(file: BinaryIO, name: str, size: int | None, path: Path) -> int:
    block = file.read(_BLOCK)
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise faults.bad_archive(path, f"it is cut off or no archive of a Hub ({error})") from error
    expected = info.size if size is None else size
    if info.size < 0 or block != _header(name, expected):
        raise faults.bad_archive(
            path, f"where {name} has to stand there is {info.name!r}, of {info.size} bytes"
        )
    return info.size


def _exactly(file: BinaryIO, size: int, path: Path) -> Iterator[bytes]:
    left = size
    while left:
        piece = file.read(min(_CHUNK, left))
        if not piece:
            raise faults.bad_archive(path, "it is cut off")
        left -= len(piece)
        yield piece
    if file.read(-size % _BLOCK).strip(b"\0"):
        raise faults.bad_archive(path, "something stands where nothing may")
