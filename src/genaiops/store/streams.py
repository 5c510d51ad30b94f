"""Bytes on their way: in pieces, checked against their digest, written whole or not at all."""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from genaiops.core import Digest
from genaiops.store.faults import damaged, disk_error

CHUNK = 1 << 20


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """Yield what is left of `source`."""
    while chunk := source.read(CHUNK):
        yield chunk


def verified(chunks: Iterable[bytes], digest: Digest, where: str) -> Iterator[bytes]:
    """Yield `chunks`; raises `OutsideError` before the last of them where together they are not `digest`."""
    hasher = hashlib.sha256()
    waiting: bytes | None = None
    for chunk in chunks:
        if waiting is not None:
            yield waiting
        hasher.update(chunk)
        waiting = chunk
    if f"sha256:{hasher.hexdigest()}" != digest:
        raise damaged(digest, where)
    if waiting is not None:
        yield waiting


def write_new(path: Path, chunks: Iterable[bytes], mode: int = 0o600) -> Digest:
    """Write a file that must not exist yet, down to the disk, and return its digest."""
    hasher = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in chunks:
            hasher.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Digest(f"sha256:{hasher.hexdigest()}")


def write_whole(path: Path, chunks: Iterable[bytes], mode: int = 0o600) -> None:
    """Write `chunks` as the file `path` in one step; raises `OutsideError` where that fails."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        write_new(part, chunks, mode)
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        part.unlink(missing_ok=True)
