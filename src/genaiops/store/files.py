"""Bytes on their way to a file of the user's: in pieces, whole or not at all."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from genaiops.store.faults import disk_error


def write_new(path: Path, chunks: Iterable[bytes], mode: int = 0o666) -> None:
    """Write a file that must not exist yet, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def write_pieces(path: Path, chunks: Iterable[bytes]) -> None:
    """Write `chunks` as the file `path` in one step; raises `OutsideError` where that fails."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        write_new(part, chunks)
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        part.unlink(missing_ok=True)
