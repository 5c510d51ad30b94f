"""The two seams of the store. Each has two implementations, and one test-suite runs on both.

Database   SQLite in the project's folder    PostgreSQL, shared by many machines
Blobs      files in the project's folder     objects in an S3-compatible bucket
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from genaiops.core import Digest

if TYPE_CHECKING:  # SQLAlchemy takes 180 ms to import
    from sqlalchemy import Connection


class Database(Protocol):
    """Tables. Safe to share between threads; every process opens its own.

    Text sorts byte by byte, and equals only what has the same bytes. What goes wrong outside is an
    `OutsideError`; a broken constraint stays SQLAlchemy's `IntegrityError`.
    """

    def read(self) -> "AbstractContextManager[Connection]":
        """Give a connection that sees one snapshot and cannot write."""
        ...

    def write(self) -> "AbstractContextManager[Connection]":
        """Give a transaction: committed at the end, rolled back on an error, and no other beside it.

        Other threads, processes and machines wait, so that what is read inside is still true when it is
        committed. Never await inside: the whole process would wait with you.
        """
        ...

    def migrate(self, room: str, steps: "Sequence[Callable[[Connection], None]]") -> None:
        """Apply the steps of `room` that this database has not seen, in order, each once, all or none."""
        ...

    def scrub(self) -> bool:
        """Overwrite what is left of rows that were removed; False where that cannot be known to be done."""
        ...

    def close(self) -> None:
        """Close every connection; a later `read` or `write` opens them again."""
        ...


class Blobs(Protocol):
    """Bytes by digest. Equal bytes are kept once; what is read back is checked against its name."""

    def put(self, content: bytes) -> Digest:
        """Keep `content` and return its digest."""
        ...

    def put_file(self, path: Path) -> Digest:
        """Keep a file's content and return its digest, without holding it in memory."""
        ...

    def put_chunks(self, chunks: Iterable[bytes]) -> Digest:
        """Keep what comes in pieces and return its digest; what `chunks` raises leaves nothing behind."""
        ...

    def get(self, digest: Digest) -> bytes:
        """Return the bytes; raises `OutsideError` where they are absent or no longer what they were."""
        ...

    def chunks(self, digest: Digest) -> Iterator[bytes]:
        """Yield the bytes in pieces of about 1 MB; raises as `get` does, before the last of them."""
        ...

    def copy_to(self, digest: Digest, path: Path) -> None:
        """Write the bytes as the file `path`, whole or not at all, without holding them in memory."""
        ...

    def has(self, digest: Digest) -> bool:
        """Return whether the bytes are kept."""
        ...

    def kept(self) -> Iterator[tuple[Digest, int, float]]:
        """Yield every blob: its digest, its size in bytes, when it was written last (seconds, Unix)."""
        ...

    def remove(self, digest: Digest) -> None:
        """Remove a blob; one that is not there is removed already."""
        ...
