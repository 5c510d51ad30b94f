"""Files of the user's, found and put into the store one after the other, in constant memory."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from genaiops.core import FileEntry, check_paths
from genaiops.hub.contents import faults
from genaiops.store import Blobs

_CHUNK = 1 << 20

Told = Callable[[int], None]
"""Is told of bytes that were read, piece by piece."""


def find_files(paths: Sequence[Path]) -> dict[str, Path]:
    """Return the files by the path that they get: of a folder all that are not hidden, relative to it.

    Raises `UserError` for what is no file, for a link that leads out of its folder, for a path that plays
    tricks.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = {file.relative_to(path).as_posix(): file for file in _walk(path)}
            if not inside:
                raise faults.unreadable(path, "the folder holds no file")
        elif path.is_file():
            inside = {path.name: path}
        else:
            raise faults.unreadable(
                path, "it is no file and no folder" if path.exists() else "it is not there"
            )
        twice = sorted(found.keys() & inside.keys())
        if twice:
            raise faults.unreadable(inside[twice[0]], f"another file is called {twice[0]} too")
        found |= inside
    check_paths(found, "what is pushed")
    return dict(sorted(found.items()))


def put_files(blobs: Blobs, files: dict[str, Path], told: Told) -> tuple[FileEntry, ...]:
    """Put each file into the store, in pieces, and return what was put, in the order of the paths."""
    return tuple(_put(blobs, path, file, told) for path, file in files.items())


def _put(blobs: Blobs, path: str, file: Path, told: Told) -> FileEntry:
    size = 0

    def pieces() -> Iterator[bytes]:
        nonlocal size
        try:
            with file.open("rb") as source:
                while piece := source.read(_CHUNK):
                    yield piece
                    size += len(piece)
                    told(len(piece))
        except OSError as error:
            raise faults.unreadable(file, error.strerror or str(error)) from error

    digest = blobs.put_chunks(pieces())
    return FileEntry(path=path, size=size, digest=digest)


def _walk(folder: Path) -> Iterator[Path]:
    inside = folder.resolve()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if Path(parent, name).is_symlink() and not Path(parent, name).resolve().is_relative_to(inside):
                raise faults.unreadable(Path(parent, name), "a link leads out of the folder")
        for name in sorted(names):
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if not path.resolve().is_relative_to(inside):
                raise faults.unreadable(path, "a link leads out of the folder")
            if not path.is_file():
                raise faults.unreadable(path, "it is no file")
            yield path
