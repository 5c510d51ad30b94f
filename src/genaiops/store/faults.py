"""What goes wrong on a disk, in words."""

import errno
from pathlib import Path

from genaiops.core import OutsideError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def disk_error(error: OSError, path: Path) -> OutsideError:
    """Return what to tell a person about `error`, which came from reading or writing `path`."""
    if error.errno in _FULL:
        return disk_full(path)
    if error.errno in _DENIED:
        return not_permitted(path)
    return OutsideError(
        "GAO-STORE-005",
        "a file could not be read or written",
        why=error.strerror or str(error),
        fix="check the disk; what was written before is untouched",
        where=str(path),
    )


def disk_full(path: Path) -> OutsideError:
    """Return the error for a disk, quota or file-size limit that is used up."""
    return OutsideError(
        "GAO-STORE-003",
        "the disk is full",
        why="there was no room for what had to be written; nothing was half-written",
        fix="free some space, then run the same command again",
        where=str(path),
    )


def not_permitted(path: Path) -> OutsideError:
    """Return the error for a file that this user may not read or write."""
    return OutsideError(
        "GAO-STORE-004",
        "the store may not be read or written",
        why="the file or its folder belongs to somebody else, or the disk is read-only",
        fix="run as the user who made it, or give yourself the rights",
        where=str(path),
    )
