"""Advisory locks between processes: they end with the process that holds them, however it ends."""

import fcntl
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from genaiops.core import OutsideError
from genaiops.store.faults import disk_error

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@contextmanager
def hold(folder: Path, name: str, *, wait: bool = False) -> Generator[None]:
    """Hold the lock `name`; raises `OutsideError` with the holder's process id where it is taken."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a lock name: {name!r}")
    path = folder / f"{name}.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise disk_error(error, path) from error
    try:
        _take(descriptor, path, name, wait)
        yield
    finally:
        os.close(descriptor)  # gives the lock back; the file stays, so that nobody locks an unlinked one


def _take(descriptor: int, path: Path, name: str, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise OutsideError(
            "GAO-STORE-008",
            f"another process holds {name!r}",
            why=f"process {holder} is at work in this project",
            fix="wait until it has ended, or stop it; then run the same command again",
            where=str(path),
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
