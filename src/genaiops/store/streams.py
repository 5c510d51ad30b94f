"""Bytes in pieces: read, hashed on the way, checked before the last of them."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from genaiops.core import Digest
from genaiops.store.faults import damaged

CHUNK = 1 << 20


class Hashing:
    """Passes pieces on; `digest` and `size` are of what has passed so far."""

    def __init__(self) -> None:
        self._hasher = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> Digest:
        """The digest of what has passed."""
        return Digest(f"sha256:{self._hasher.hexdigest()}")

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield `chunks` as they are."""
        for chunk in chunks:
            self._hasher.update(chunk)
            self.size += len(chunk)
            yield chunk


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """Yield what is left of `source`."""
    while chunk := source.read(CHUNK):
        yield chunk


def verified(chunks: Iterable[bytes], digest: Digest, where: str) -> Iterator[bytes]:
    """Yield `chunks`; raises `OutsideError` before the last of them where together they are not `digest`."""
    hashing = Hashing()
    waiting: bytes | None = None
    for chunk in hashing.through(chunks):
        if waiting is not None:
            yield waiting
        waiting = chunk
    if hashing.digest != digest:
        raise damaged(digest, where)
    if waiting is not None:
        yield waiting
