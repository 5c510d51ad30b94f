"""What goes wrong on a disk, in a database or in a bucket, in words."""

import errno
from pathlib import Path

from genaiops.core import Digest, OutsideError, UserError, one_line

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def disk_error(error: OSError, path: Path) -> OutsideError:
    """Return what to tell a person about `error`, which came from reading or writing `path`."""
    if error.errno in _FULL:
        return disk_full(str(path))
    if error.errno in _DENIED:
        return not_permitted(str(path))
    return OutsideError(
        "GAO-STORE-005",
        "a file could not be read or written",
        why=error.strerror or str(error),
        fix="check the disk; what was written before is untouched",
        where=str(path),
    )


def disk_full(where: str) -> OutsideError:
    """Return the error for a disk, quota or file-size limit that is used up."""
    return OutsideError(
        "GAO-STORE-003",
        "the disk is full",
        why="there was no room for what had to be written; nothing was half-written",
        fix="free some space, then run the same command again",
        where=where,
    )


def not_permitted(where: str) -> OutsideError:
    """Return the error for what this user may not read or write."""
    return OutsideError(
        "GAO-STORE-004",
        "the store may not be read or written",
        why="it belongs to somebody else, or may only be read",
        fix="run as the user who made it, or give yourself the rights",
        where=where,
    )


def absent(digest: Digest, where: str) -> OutsideError:
    """Return the error for bytes that are not kept."""
    return OutsideError(
        "GAO-STORE-006",
        f"{digest} is not in the store",
        why="the blob was never written here, or was removed",
        fix="run again the command that makes it",
        where=where,
    )


def damaged(digest: Digest, where: str) -> OutsideError:
    """Return the error for bytes that are no longer what their name says."""
    return OutsideError(
        "GAO-STORE-007",
        f"{digest} is damaged",
        why="its bytes no longer have the digest that is their name",
        fix="remove it, then run again the command that makes it",
        where=where,
    )


def busy(where: str) -> OutsideError:
    """Return the error for a writer that others kept waiting."""
    return OutsideError(
        "GAO-STORE-009",
        "the store is busy",
        why="another process has been writing for longer than we wait",
        fix="wait until it has ended, then run the same command again",
        where=where,
    )


def failing_disk(why: str, where: str) -> OutsideError:
    """Return the error for a database whose disk fails."""
    return OutsideError(
        "GAO-STORE-012",
        "the store could not be read or written",
        why=f"{one_line(why)}: a full or failing disk; nothing was half-written",
        fix="check the disk and its free space, then run the same command again",
        where=where,
    )


def newer(where: str, room: str) -> UserError:
    """Return the error for a database that a newer version has changed."""
    return UserError(
        "GAO-STORE-011",
        "the store was written by a newer genaiops",
        why=f"it knows more about {room!r} than this version does",
        fix="install the newer version again: pip install --upgrade genaiops",
        where=where,
    )


def extra_missing(package: str, extra: str, setting: str) -> UserError:
    """Return the error for a store whose library is not installed."""
    return UserError(
        "GAO-STORE-013",
        f"{setting} needs {package}, which is not installed",
        fix=f"pip install 'genaiops[{extra}]'",
        where=setting,
    )


def bad_address(setting: str, wanted: str, why: str) -> UserError:
    """Return the error for a setting that does not name a store; its value may hold a password."""
    return UserError(
        "GAO-STORE-014",
        f"{setting} does not name a store",
        why=why,
        fix=f"set it to {wanted}, or unset it to keep everything in the project's folder",
        where=setting,
    )


def database_unreachable(why: str, where: str) -> OutsideError:
    """Return the error for a database that cannot be reached or refuses the sign-in."""
    return OutsideError(
        "GAO-STORE-015",
        "the database cannot be used",
        why=one_line(why),
        fix="see that it runs, and that GENAIOPS_DATABASE has the right host, name, user and password",
        where=where,
    )


def database_broke(where: str) -> OutsideError:
    """Return the error for a connection that ended while it was used."""
    return OutsideError(
        "GAO-STORE-016",
        "the connection to the database broke",
        why="the server ended it, or the network failed; what was being written is there whole or not at all",
        fix="run the same command again",
        where=where,
    )


def bucket_missing(where: str) -> OutsideError:
    """Return the error for a bucket that is not there."""
    return OutsideError(
        "GAO-STORE-017",
        "there is no such bucket",
        why="the object store knows no bucket of this name at this endpoint",
        fix="make the bucket, or correct GENAIOPS_BLOBS and AWS_ENDPOINT_URL",
        where=where,
    )


def bucket_refuses(where: str) -> OutsideError:
    """Return the error for keys that do not open the bucket."""
    return OutsideError(
        "GAO-STORE-018",
        "the bucket refuses the request",
        why="the keys are wrong, have expired, or may not do this",
        fix="check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do in the bucket",
        where=where,
    )


def bucket_fails(why: str, where: str) -> OutsideError:
    """Return the error for an object store that cannot be reached or fails half way."""
    return OutsideError(
        "GAO-STORE-019",
        "the bucket could not be read or written",
        why=f"{one_line(why)}; an object is there whole or not at all",
        fix="check AWS_ENDPOINT_URL and the network, then run the same command again",
        where=where,
    )


def file_changed(path: Path) -> UserError:
    """Return the error for a file that was written while it was being kept."""
    return UserError(
        "GAO-STORE-020",
        f"{path.name} changed while it was read",
        why="what was sent is no longer what its digest was made of; nothing was kept",
        fix="wait until the file is complete, then run the same command again",
        where=str(path),
    )


def text_with_nul(where: str) -> UserError:
    """Return the error for text that PostgreSQL does not keep."""
    return UserError(
        "GAO-STORE-021",
        "a text holds the character NUL",
        why="PostgreSQL keeps no such text; nothing was written",
        fix="take the character (U+0000) out of names, labels and reasons",
        where=where,
    )
