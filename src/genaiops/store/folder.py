"""Content-addressed bytes: `blobs/ab/<64 hexadecimal digits>`, written whole or not at all."""

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from genaiops.core import Digest, digest_bytes, hex_of, parse_digest
from genaiops.store.faults import absent, damaged, disk_error
from genaiops.store.streams import pieces, verified, write_new, write_whole

_STALE_SECONDS = 3600
_PREFIX = 2
"""How many hexadecimal digits name a folder of blobs."""


class FolderBlobs:
    """Bytes by digest in a folder, readable for their owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary = folder / "tmp"

    def prepare(self) -> None:
        """Make the folders, and sweep what a killed process left unfinished."""
        self._temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        limit = time.time() - _STALE_SECONDS
        for leftover in self._temporary.iterdir():
            with suppress(FileNotFoundError):  # another process swept it first
                if leftover.stat().st_mtime < limit:
                    leftover.unlink()

    def put(self, content: bytes) -> Digest:
        """Keep `content` and return its digest."""
        digest = digest_bytes(content)
        if not self._holds(digest, len(content)):
            self._write([content])
        return digest

    def put_file(self, path: Path) -> Digest:
        """Keep a file's content and return its digest, without holding it in memory."""
        try:
            with path.open("rb") as source:
                return self._write(pieces(source))
        except OSError as error:
            raise disk_error(error, path) from error

    def put_chunks(self, chunks: Iterable[bytes]) -> Digest:
        """Keep what comes in pieces and return its digest; what `chunks` raises leaves nothing behind."""
        return self._write(chunks)

    def kept(self) -> Iterator[tuple[Digest, int, float]]:
        """Yield every blob here: its digest, its size in bytes, when it was written last (seconds, Unix)."""
        for folder in sorted(self._folder.iterdir()):
            if len(folder.name) == _PREFIX:
                for path in sorted(folder.iterdir()):
                    with suppress(FileNotFoundError):  # another process removed it first
                        facts = path.stat()
                        yield Digest(f"sha256:{path.name}"), facts.st_size, facts.st_mtime

    def remove(self, digest: Digest) -> None:
        """Remove a blob; one that is not here is removed already."""
        path = self.path(digest)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(error, path) from error

    def get(self, digest: Digest) -> bytes:
        """Return the bytes; raises `OutsideError` where they are absent or no longer what they were."""
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise absent(digest, str(path)) from error
        except OSError as error:
            raise disk_error(error, path) from error
        if digest_bytes(content) != digest:
            raise damaged(digest, str(path))
        return content

    def chunks(self, digest: Digest) -> Iterator[bytes]:
        """Yield the bytes in pieces of about 1 MB; raises as `get` does, before the last of them."""
        path = self.path(digest)
        try:
            with path.open("rb") as source:
                yield from verified(pieces(source), digest, str(path))
        except FileNotFoundError as error:
            raise absent(digest, str(path)) from error
        except OSError as error:
            raise disk_error(error, path) from error

    def copy_to(self, digest: Digest, path: Path) -> None:
        """Write the bytes as the file `path`, whole or not at all, without holding them in memory."""
        write_whole(path, self.chunks(digest))

    def has(self, digest: Digest) -> bool:
        """Return whether the bytes are kept here."""
        return self.path(digest).is_file()

    def path(self, digest: Digest) -> Path:
        """Return where the bytes are, or would be."""
        name = hex_of(parse_digest(digest))
        return self._folder / name[:2] / name

    def _holds(self, digest: Digest, size: int) -> bool:
        # a file of another size was cut off by a crash of the machine: write it again
        with suppress(FileNotFoundError):
            return self.path(digest).stat().st_size == size
        return False

    def _write(self, chunks: Iterable[bytes]) -> Digest:
        temporary = self._temporary / secrets.token_hex(16)
        try:
            digest = write_new(temporary, chunks)
            self._settle(temporary, self.path(digest))
        except OSError as error:
            raise disk_error(error, self._folder) from error
        finally:
            temporary.unlink(missing_ok=True)
        return digest

    def _settle(self, temporary: Path, target: Path) -> None:
        if not target.parent.is_dir():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self._folder)
        temporary.replace(target)
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    # without this the name may be lost with the power, though the bytes are on the disk
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
