"""Files of the user's, found and read in constant memory; and content that is checked as it comes."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from genaiops.core import Digest, FileEntry, Json, check_paths, decode_json
from genaiops.hub.contents import faults

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


def entry_of(path: str, file: Path) -> FileEntry:
    """Return what a file is under `path`: its size and digest, read in pieces."""
    size, hasher = 0, sha256()
    try:
        with file.open("rb") as source:
            while piece := source.read(_CHUNK):
                hasher.update(piece)
                size += len(piece)
    except OSError as error:
        raise faults.unreadable(file, error.strerror or str(error)) from error
    return FileEntry(path=path, size=size, digest=f"sha256:{hasher.hexdigest()}")


def read_manifest(path: Path) -> dict[str, Json]:
    """Return what a file of JSON says of a version."""
    try:
        return decode_json(dict[str, Json], path.read_bytes(), where=str(path), code="GAO-HUB-073")
    except OSError as error:
        raise faults.bad_manifest_file(path, error.strerror or str(error)) from error


class Checked:
    """What comes, counted. Its end raises where it is not what `digest` names: nothing of it is kept then."""

    def __init__(self, chunks: Iterable[bytes], digest: Digest) -> None:
        self._chunks = chunks
        self._digest = digest
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        hasher = sha256()
        for piece in self._chunks:
            hasher.update(piece)
            self.size += len(piece)
            yield piece
        if f"sha256:{hasher.hexdigest()}" != self._digest:
            raise faults.other_content(self._digest)


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
